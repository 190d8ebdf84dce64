"""The steps, oldest first; each file is one and is never edited once released."""
