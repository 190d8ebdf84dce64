"""Checks of a description by subject; each reads the raw tables and yields every fault it finds."""
