"""Folding: from the set of all statements to what the hospital looked like.

The result depends on the set alone, never on the order in which statements came.
"""
