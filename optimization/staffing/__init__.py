"""Staff by block of the day and skill: stations where people wait in one line, first come first served.

Stations are played exactly and fast (``playing``), so that the cheapest staffing can be searched (``search``)
and bounded by cuts that the simulation itself gives (``late``, ``master``, ``bounding``; put together in
``part``, ``planning``, ``certified``). Queueing rules (``rules``) are what it must beat. A hospital's own
groups (``house``) are planned as stations on the work that it gives them (``tasks``), week by week of shifts,
and the hospital is played (``lives``) until its targets hold (``rounds``, ``neighbours``, ``hospital``).
"""
