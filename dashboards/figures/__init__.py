"""Drawings: each function turns a table into one picture, in SVG, and knows nothing of pages or runs."""
