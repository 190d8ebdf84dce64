"""A staffing explained, and what is short when there is none.

What one person more or fewer brings is played on fresh days, shift by shift. When people are too few for
the target, it is said how far they reach, when most wait, and the cheapest ways out, each planned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from optimization.staffing.planning import Found, late_allowed
from optimization.staffing.playing import late_by_block
from optimization.staffing.proof import PERCENT, level_of
from optimization.staffing.question import Question
from optimization.staffing.rules import only
from optimization.staffing.search import Search
from optimization.staffing.station import Days
from twin.errors import Infeasible
from twin.plan import Explanation
from twin.units import IntArray

#: how much longer a wait is tried as a way out, and how far at most [minutes]
_LONGER, _LONGEST = 5.0, 240.0


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
            binds.append(f"{skill}: the least allowed is there {_hours(asked, at_floor)}")
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


def shortage(asked: Question, sample: Mapping[str, Days], targets: Mapping[str, float]) -> Infeasible:
    """Which skills' people are too few for the targets, when most wait, and the cheapest ways out.

    Parameters
    ----------
    targets
        skill -> share in time on the training days, raised for what a plan loses on fresh ones [fraction].
    """
    lines, ways = [], []
    for skill in asked.skills:
        one = only(asked, skill)
        days = sample[skill]
        allowed = late_allowed(days, targets[skill])
        search = Search(one, skill, days, allowed)
        if search.repaired(search.least) is not None:
            continue
        best = search.as_many_in_time()
        total = max(int(days.by_block.sum()), 1)
        late = late_by_block(days, search.levels(best)[asked.stretch], limit_minutes=asked.limit_minutes)
        worst = np.array([late[asked.stretch == g].sum() for g in range(asked.stretches)])
        when = _hours(asked, np.flatnonzero(asked.stretch == int(worst.argmax())))
        lines.append(
            f"  {skill}: {best.sum()} people reach {1 - late.sum() / total:.1%} within "
            f"{asked.limit_minutes:g} minutes, {targets[skill]:.1%} are needed; most wait {when} "
            f"({worst.max() / days.replications:.1f} a day too long)"
        )
        if (short := search.lacking(best)) > 0:
            lines.append(f"    and {short} people, over all stretches of the day, are missing for the floor")
        ways += _ways_out(one, days, best, targets[skill], 1 - late.sum() / total)
    told = ["no staffing found that meets the target with the people and rules given:", *lines]
    told.append("the cheapest ways out:")
    ways.sort()
    told += [f"  {i}. {words} (costs {cost:,.1f} a day)" for i, (cost, words) in enumerate(ways[:3], 1)]
    return Infeasible("\n".join(told if ways else told[:-1]))


def _ways_out(
    one: Question, days: Days, best: IntArray, target: float, reached: float
) -> list[tuple[float, str]]:
    """Cost and words of each way out for one skill."""
    skill, ways = one.skills[0], []
    free = Search(replace(one, most={}), skill, days, late_allowed(days, target))
    more = free.repaired(best)
    if more is not None:
        ways.append(
            (float(free.cost @ more), f"let {more.sum()} {skill} people work, {more.sum() - best.sum()} more")
        )
    cost = float(free.cost @ best)
    if free.lacking(best) == 0:
        ways.append((cost, f"lower the target of {skill} to {np.floor(1000 * reached) / 10:.1f} %"))
        levels = free.levels(best)[one.stretch]
        for limit in np.arange(one.limit_minutes + _LONGER, _LONGEST + _LONGER, _LONGER):
            if late_by_block(days, levels, limit_minutes=float(limit)).sum() <= free.allowed:
                ways.append((cost, f"allow {skill} {limit:g} minutes instead of {one.limit_minutes:g}"))
                break
    return ways


def _hours(asked: Question, blocks: IntArray) -> str:
    """Blocks of the day as hours: "from 00:00 to 02:00, ..."."""
    each = asked.stations[0].block_minutes
    cuts = np.flatnonzero(np.diff(blocks) > 1) + 1
    runs = [(run[0] * each, (run[-1] + 1) * each) for run in np.split(blocks, cuts)]
    return ", ".join(f"from {_clock(a)} to {_clock(b)}" for a, b in runs)


def _clock(minutes: int) -> str:
    hours, rest = divmod(int(minutes), 60)
    return f"{hours:02d}:{rest:02d}"
