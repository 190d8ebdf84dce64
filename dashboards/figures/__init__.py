"""Drawings: each function turns a table into one picture, written as SVG, and knows nothing of pages or runs."""
