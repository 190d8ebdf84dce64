"""Wards to staff: seeded instances of tactical cover.

Patients by hour come from a first-order autoregression over days with a weekly and a daily shape; people
needed follow by ratios. Sizes and ratios are assumed, in the range of adult wards: one registered nurse to
six to eight patients by day (NICE guideline SG1, 2014, warns beyond eight), one nurse in charge a shift.
"""

from dataclasses import dataclass

import numpy as np

from optimization.cover.needs import StaffNeeds
from optimization.cover.patterns import RosterRules, ShiftKind, weekly_patterns
from optimization.cover.terms import CoverPrices, CoverTerms, Crew, PoolCover, WardCover, premiums

SHIFTS = (
    ShiftKind("early", 7, 15, 7.5),
    ShiftKind("late", 13.5, 21.5, 7.5),
    ShiftKind("night", 21, 31.5, 10),
)
SKILLS = ("in charge", "registered", "assistant")
WAGE = (24.0, 18.0, 13.0)  # GBP/h, about bands 6, 5 and 3 with on-costs left out (assumed)
ABSENCE = 0.05  # NHS Digital, sickness absence rates: about 5 %
DIVISIONS = 4


@dataclass(frozen=True)
class Instance:
    """Terms made of training futures, and the needs behind them; ``fresh`` are those of other futures."""

    terms: CoverTerms
    train: dict
    fresh: dict
    census: dict  # ward -> mean patients (shift,), what a planner's rule reads


def draw_wards(seed: int, wards: int = 40, weeks: int = 4, futures: int = 24) -> Instance:
    """One hospital's wards, float pools and futures; half of them train."""
    rng = np.random.default_rng([20_251_123, seed])
    patterns = weekly_patterns(SHIFTS, RosterRules())
    days, made, train, fresh, census, loads = 7 * weeks, [], {}, {}, {}, {}
    for i in range(wards):
        name = f"ward {i + 1}"
        patients = _patients(rng, days, 2 * futures)
        ratio = {
            "day": rng.choice([5, 6, 7, 8]),
            "night": rng.choice([8, 9, 10]),
            "assist": rng.choice([7, 8, 10]),
        }
        needs = _needs(patients, ratio)
        train[name] = StaffNeeds(tuple(n[:futures] for n in needs), ABSENCE)
        fresh[name] = StaffNeeds(tuple(n[futures:] for n in needs), ABSENCE)
        census[name] = (np.array([patients[:futures, :, h].mean() for h in _hours()]), ratio)
        week = sum(7 * s.paid * n.mean(axis=(0, 1, 3)) for n, s in zip(needs, SHIFTS, strict=True))
        hours = np.diff(week, prepend=0.0)  # a week, by skill
        loads[name] = hours / 37.5 / (1 - ABSENCE)
        people = np.maximum(np.rint(loads[name] * rng.uniform(0.84, 0.98)), 1).astype(int)
        made.append(_ward(name, people, train[name], days))
    pools = _pools(made, loads, days)
    weekdays = np.arange(days) % 7
    terms = CoverTerms(
        wards=tuple(made),
        pools=pools,
        skills=SKILLS,
        patterns=patterns,
        weeks=tuple(range(0, days, 7)),
        premium=premiums(weekdays, [s.is_night for s in SHIFTS]),
        prices=CoverPrices.of_wages(WAGE),
    )
    return Instance(terms, train, fresh, census)


def _hours():
    return [list(range(7, 14)), list(range(14, 22)), list(range(22, 31))]


def _patients(rng, days, futures):
    """Patients by future, day and hour, the first hours of the next day included."""
    beds = int(rng.integers(18, 33))
    mean = beds * rng.uniform(0.80, 0.95)
    week = np.array([1.0, 1.03, 1.04, 1.02, 0.99, 0.95, 0.95])
    shape = 1 + 0.04 * np.cos((np.arange(31) - 10) / 24 * 2 * np.pi)
    swing = np.empty((futures, days))
    now = rng.normal(size=futures)
    for d in range(days):
        now = 0.8 * now + 0.6 * rng.normal(size=futures)
        swing[:, d] = now
    level = mean * week[np.arange(days) % 7] + 0.6 * np.sqrt(mean) * swing
    return np.clip(np.rint(level[:, :, None] * shape), 0, beds)


def _needs(patients, ratio):
    """For each shift (path, day, level, hour): one in charge, then registered, then all."""
    told = []
    for shift, hours in zip(SHIFTS, _hours(), strict=True):
        there = patients[:, :, hours]
        charge = np.ones_like(there)
        registered = charge + np.ceil(there / ratio["night" if shift.is_night else "day"]) - 1
        everyone = registered + np.ceil(there / ratio["assist"])
        told.append(np.stack([charge, np.maximum(registered, 1), everyone], axis=2).astype(int))
    return told


def _ward(name, people, needs, days):
    crew = Crew(name, tuple(int(n) for n in people), np.zeros((days, len(SHIFTS), len(SKILLS)), int))
    return WardCover(crew, needs.curves(SHIFTS), (2, 4, 4))


def _pools(wards, loads, days):
    """A pool for each division and one for the whole house, about one in twenty people each."""
    names = [w.name for w in wards]
    groups = {f"division {g + 1}": tuple(names[g::DIVISIONS]) for g in range(min(DIVISIONS, len(names)))}
    groups["site"] = tuple(names)
    pools = []
    for pool, own in groups.items():
        share = 0.05 if pool != "site" else 0.02
        people = np.ceil(share * sum(loads[w] for w in own)).astype(int)
        rostered = np.zeros((days, len(SHIFTS), len(SKILLS)), int)
        pools.append(PoolCover(Crew(pool, tuple(int(n) for n in people), rostered), own))
    return tuple(pools)
