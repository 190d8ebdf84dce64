"""Records: what the hospital wrote down, and what is counted from it."""
