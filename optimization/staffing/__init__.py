"""Staff by block of the day and skill: stations where people wait in one line, first come first served.

Stations are played exactly and fast (``playing``), so that the cheapest staffing can be searched and
bounded by cuts that the simulation itself gives (``misses``, ``master``, ``planning``). Queueing rules
(``rules``) are what it must beat.
"""
