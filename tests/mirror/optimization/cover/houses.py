"""Small wards and pools to staff, checked by hand or solved whole."""

import numpy as np

from optimization.cover.needs import StaffNeeds
from optimization.cover.patterns import RosterRules, ShiftKind, weekly_patterns
from optimization.cover.terms import CoverPrices, CoverTerms, Crew, PoolCover, WardCover, premiums

DAY_AND_NIGHT = (ShiftKind("day", 7, 19.5, 11.5), ShiftKind("night", 19, 31.5, 11.5))
THREE_SHIFTS = (
    ShiftKind("early", 7, 15, 7.5),
    ShiftKind("late", 13.5, 21.5, 7.5),
    ShiftKind("night", 21, 31.5, 10),
)
SKILLS = ("registered", "assistant")


def needs(wanted, *, days=7, shifts=2, absence=0.0):
    """``wanted``: a list of futures, each (registered, all) people needed at every hour."""
    table = np.array(wanted)[:, None, :, None]  # (path, 1, level, 1)
    return StaffNeeds(tuple(np.repeat(table, days, axis=1) for _ in range(shifts)), absence)


def ward(name, people, need, *, shifts=DAY_AND_NIGHT, agency=(2, 2)):
    days = need.by_shift[0].shape[1]
    crew = Crew(name, people, np.zeros((days, len(shifts), len(people)), int))
    return WardCover(crew, need.curves(shifts), agency)


def terms(wards, pools=(), *, shifts=DAY_AND_NIGHT, weeks=1, rules=None, **parts):
    days = 7 * weeks
    made = [
        PoolCover(Crew(name, people, np.zeros((days, len(shifts), len(people)), int)), to)
        for name, people, to in pools
    ]
    told = {
        "wards": tuple(wards),
        "pools": tuple(made),
        "skills": SKILLS,
        "patterns": weekly_patterns(shifts, rules or RosterRules()),
        "weeks": tuple(range(0, days, 7)),
        "premium": premiums(np.arange(days) % 7, [s.is_night for s in shifts]),
        "prices": CoverPrices.of_wages((18.0, 13.0)),
        **parts,
    }
    return CoverTerms(**told)


FUTURES = [(1, 2), (1, 3), (2, 3), (2, 4)]


def two_wards(*, weeks=1, pool=(1, 1), absence=0.05, shifts=THREE_SHIFTS):
    need = needs(FUTURES, days=7 * weeks, shifts=len(shifts), absence=absence)
    return (
        terms(
            [ward("north", (6, 6), need, shifts=shifts), ward("south", (5, 7), need, shifts=shifts)],
            [("float", pool, ("north", "south"))] if pool else [],
            weeks=weeks,
            shifts=shifts,
        ),
        {"north": need, "south": need},
    )
