"""Where beds and nurses agree: a bed is open on paper only if those who are asked could look after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimization.beds.levels import tables_of
from optimization.beds.model import BedLevels
from optimization.beds.parameters import BedParameters
from optimization.cover.playing import beds_by_hour
from optimization.together.question import Question
from twin.case import resolve
from twin.plan import Plan
from twin.units import MS_HOUR, IntArray


def nursed(asked: Question, plan: Plan, days: int) -> IntArray:
    """Beds that those asked could look after at the best hour of each planned day, shape (ward, day). [beds]

    Nobody is absent here: less than this is a matter of chance, more is there on paper only.
    """
    case = asked.case.with_(plan=plan)
    ends = asked.window.warm_up + asked.window.days
    starts = asked.window.clock(case.hospital).day_starts[ends - days : ends + 1] // MS_HOUR
    hours = slice(int(starts[0]), int(starts[-1]))
    there = beds_by_hour(resolve(case, asked.window), case.hospital, hours)
    best: IntArray = np.maximum.reduceat(there, starts[:-1] - starts[0], axis=1)
    return best


def closed_on_paper(given: BedParameters, levels: BedLevels, at_best: IntArray) -> BedLevels:
    """The same levels without beds that no hour of their period has nurses for.

    In the simulated hospital nothing changes, as those beds were closed all along; they cost no bed-days any
    more. Levels that a planner or the notice fixed stay, and a ward closes by whole teams only.
    """
    opened = dict(levels.open)
    for i, ward in enumerate(given.wards):
        team = given.limits.teams.get(ward, 1)
        for block in dict.fromkeys(given.blocks):
            periods = [p for p, b in enumerate(given.blocks) if b == block]
            if any((ward, p) in given.frozen for p in periods):
                continue
            most = max(int(at_best[i, given.periods[p]].max()) for p in periods)
            spare = min(min(opened[ward, p] - max(most, given.floor[ward, p]) for p in periods), 10**6)
            less = max(spare // team, 0) * team
            for p in periods:
                opened[ward, p] -= min(less, levels.staffed(ward, p))
    return replace(levels, open=opened)


def on_paper_only(given: BedParameters, levels: BedLevels, at_best: IntArray) -> dict[str, int]:
    """Bed-days that stay open with no nurses at any hour of the day, by ward. [bed-days]"""
    beyond = np.maximum(tables_of(given, levels).open - at_best, 0).sum(axis=1)
    return {w: int(n) for w, n in zip(given.wards, beyond, strict=True) if n}
