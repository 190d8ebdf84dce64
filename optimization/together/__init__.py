"""Beds and nurses in one plan: what is opened has its nurses, and the simulated hospital chooses.

Beds are planned at a price that holds what their nurses cost, nurses for the patients who then lie in those
beds, in turns (``proposals``); no bed stays open that nobody asked could look after (``agreement``); and the
whole is chosen among such pairs, and proved, in simulation (``choosing``, ``planning``).
"""
