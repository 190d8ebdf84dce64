"""A staffing explained: what one person more or fewer brings, played on fresh days, shift by shift."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optimization.staffing.planning import Found
from optimization.staffing.proof import PERCENT, level_of
from optimization.staffing.question import Question
from optimization.staffing.shortage import hours_of_blocks
from optimization.staffing.station import Days
from twin.plan import Explanation
from twin.units import IntArray


def explain(asked: Question, found: Found, fresh: Mapping[str, Days]) -> Explanation:
    """The reasons for a plan: where it is tight, and what one more person in a shift brings.

    Parameters
    ----------
    fresh
        skill -> days that the plan was not made from; never those that certify it.
    """
    binds, more, sentences = [], [], []
    for skill in asked.skills:
        levels, days = found.levels[skill], fresh[skill]
        now = _share(asked, days, levels)
        worked = sum(n for (k, _), n in found.staffing.people.items() if k == skill)
        sentences.append(
            f"{skill}: {worked} people a day; {now:.1%} start within {asked.limit_minutes:g} minutes"
        )
        moved = {
            name: (
                _moved(asked, skill, name, levels, days, -1) - now,
                _moved(asked, skill, name, levels, days, 1) - now,
            )
            for (k, name) in asked.there
            if k == skill
        }
        dear = min(moved, key=lambda name: (moved[name][0], name))
        binds.append(f"{skill}: without one of {dear} {-moved[dear][0]:.1%} fewer start in time")
        at_floor = np.flatnonzero(levels == np.asarray(asked.floor.get(skill, [1] * asked.blocks)))
        if at_floor.size:
            binds.append(f"{skill}: the least allowed is there {hours_of_blocks(asked, at_floor)}")
        best = max(
            moved, key=lambda name: (moved[name][1] / max(asked.pattern(skill, name).cost, 1e-9), name)
        )
        cost = asked.pattern(skill, best).cost
        more.append(
            (f"{skill}, one more in {best} ({cost:,.1f} a day)", f"{moved[best][1]:+.1%} start in time")
        )
    headline = (
        f"{sum(found.staffing.people.values())} people a day for {found.cost:,.1f}; none on the sample "
        f"costs less than {found.bound:,.1f} ({found.gap:.1%} less)"
    )
    return Explanation(headline, tuple(sentences), tuple(binds), tuple(more))


def _moved(asked: Question, skill: str, name: str, levels: IntArray, days: Days, by: int) -> float:
    """Share in time with one more or fewer in a shift."""
    there = np.isin(asked.stretch, asked.there[skill, name])
    return _share(asked, days, np.maximum(levels + by * there, 0))


def _share(asked: Question, days: Days, levels: IntArray) -> float:
    """Share in time [fraction]."""
    return level_of(days, levels, asked.limit_minutes).expected / PERCENT
