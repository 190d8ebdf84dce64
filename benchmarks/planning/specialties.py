"""Drawn hospitals of 24 specialties that share 569 beds."""

from dataclasses import replace

import numpy as np

from optimization.beds.allocation.specialties import Specialty

SPECIALTIES, BEDS = 24, 569
#: offered load of all specialties together, of the beds (assumed: a house that is nearly always full)
LOAD = 0.95
#: sizes differ as gamma shares with this shape: the largest is about ten times the smallest (assumed)
SHAPE = 2.5
#: mean stays, log-uniform [days] (assumed: from day-and-a-half elective surgery to rehabilitation)
STAY = (1.5, 12.0)
#: standard deviation / mean of stays (assumed; most published wards lie between)
SPREAD = (0.6, 1.6)
#: weights of a refusal, log-uniform: the gravest counts five times the lightest (assumed)
WEIGHT = 5.0
#: Monday to Sunday and day against night, for the instances that follow the week (assumed: fewer at weekends,
#: three times as many by day)
WEEKDAYS = (1.1, 1.2, 1.1, 1.1, 1.1, 0.7, 0.7)
HOURS = tuple(np.repeat([0.5, 1.5], 12) / 24)


def draw_specialties(seed: int, *, load: float = LOAD, weight: float = WEIGHT, weekly: bool = False):
    """One instance: different loads, lengths of stay and weights."""
    draw = np.random.default_rng(seed)
    share = draw.gamma(SHAPE, 1, SPECIALTIES)
    offered = load * BEDS * share / share.sum()
    stay = np.exp(draw.uniform(*np.log(STAY), SPECIALTIES))
    spread = draw.uniform(*SPREAD, SPECIALTIES)
    weights = np.exp(draw.uniform(0, np.log(weight), SPECIALTIES))
    rows = [
        Specialty(f"specialty_{i:02d}", float(a / s), float(s), float(cv), float(w))
        for i, (a, s, cv, w) in enumerate(zip(offered, stay, spread, weights, strict=True))
    ]
    return [replace(s, weekdays=WEEKDAYS, hours=HOURS) for s in rows] if weekly else rows
