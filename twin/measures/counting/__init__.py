"""Counting: the compiled passes over one finished run from which its tally is made."""
