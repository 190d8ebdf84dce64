"""Too few people for a target: how far they reach, when most wait, and the cheapest ways out."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from optimization.staffing.playing import late_by_block
from optimization.staffing.question import Question
from optimization.staffing.rules import only
from optimization.staffing.search import Search
from optimization.staffing.station import Days, late_allowed
from twin.errors import Infeasible
from twin.units import HOURS_DAY, MINUTES_HOUR, IntArray

#: how much longer a wait is tried as a way out, and how far at most [minutes]
_LONGER, _LONGEST = 5.0, 240.0
#: ways out that are told
_WAYS = 3


def shortage(
    asked: Question, sample: Mapping[str, Days], targets: Mapping[str, float], *, over: str = "a day"
) -> Infeasible:
    """Which skills' people are too few for the targets, when most wait, and the cheapest ways out.

    Parameters
    ----------
    targets
        skill -> share in time on the training days, raised for what a plan loses on fresh ones [fraction].
    over
        The time for which costs are told.
    """
    lines: list[str] = []
    ways: list[tuple[float, str]] = []
    for skill in asked.skills:
        one, days = only(asked, skill), sample[skill]
        search = Search(one, skill, days, late_allowed(days, targets[skill]))
        if search.repaired(search.least) is not None:
            continue
        best = search.as_many_in_time()
        lines += _lines(one, search, best, targets[skill])
        ways += _ways_out(one, days, best, targets[skill])
    told = ["no staffing found that meets the target with the people and rules given:", *lines]
    told += ["the cheapest ways out:"] * bool(ways)
    told += [
        f"  {i}. {words} (costs {cost:,.1f} {over})"
        for i, (cost, words) in enumerate(sorted(ways)[:_WAYS], 1)
    ]
    return Infeasible("\n".join(told))


def _lines(one: Question, search: Search, best: IntArray, target: float) -> Iterator[str]:
    """How far the people reach, and when most wait."""
    days, period = search.days, _period(one)
    late = late_by_block(days, search.levels(best)[one.stretch], limit_minutes=one.limit_minutes)
    worst = np.array([late[one.stretch == g].sum() for g in range(one.stretches)])
    when = hours_of_blocks(one, np.flatnonzero(one.stretch == int(worst.argmax())))
    yield (
        f"  {search.skill}: {_people(one, int(best.sum()))} reach {_in_time(days, late):.1%} within "
        f"{one.limit_minutes:g} minutes, {target:.1%} are needed; most wait {when} "
        f"({worst.max() / days.replications:.1f} a {period} too long)"
    )
    if (short := search.lacking(best)) > 0:
        yield f"    and {short} people, over all stretches of the {period}, are missing for the least allowed"


def _ways_out(one: Question, days: Days, best: IntArray, target: float) -> Iterator[tuple[float, str]]:
    """Cost and words of each way out for one skill."""
    skill, allowed = one.skills[0], late_allowed(days, target)
    free = Search(replace(one, most={}), skill, days, allowed)
    more = free.repaired(best)
    if more is not None:
        n, added = int(more.sum()), int(more.sum() - best.sum())
        let = (
            f"let {n} {skill} people work" if _period(one) == "day" else f"let {skill} work {n} shifts a week"
        )
        yield float(free.cost @ more), f"{let}, {added} more"
    beside = ""
    if free.lacking(best):  # the same people, placed where they help most
        one = replace(one, floor={skill: [0] * one.blocks})
        free = Search(one, skill, days, allowed)
        best, beside = free.as_many_in_time(), "give up the least allowed and "
    cost, levels = float(free.cost @ best), free.levels(best)[one.stretch]
    reached = (
        np.floor(1000 * _in_time(days, late_by_block(days, levels, limit_minutes=one.limit_minutes))) / 10
    )
    yield cost, f"{beside}lower the target of {skill} to {reached:.1f} %"
    for limit in np.arange(one.limit_minutes + _LONGER, _LONGEST + _LONGER, _LONGER):
        if late_by_block(days, levels, limit_minutes=float(limit)).sum() <= allowed:
            yield cost, f"{beside}allow {skill} {limit:g} minutes instead of {one.limit_minutes:g}"
            return


def _in_time(days: Days, late: IntArray) -> float:
    return float(1 - late.sum() / max(int(days.by_block.sum()), 1))


def _period(asked: Question) -> str:
    return "day" if asked.blocks * asked.stations[0].block_minutes <= HOURS_DAY * MINUTES_HOUR else "week"


def _people(asked: Question, n: int) -> str:
    return f"{n} people" if _period(asked) == "day" else f"{n} shifts a week"


def hours_of_blocks(asked: Question, blocks: IntArray) -> str:
    """Blocks as hours: "from 00:00 to 02:00, ..."; of a week with the day."""
    each = asked.stations[0].block_minutes
    cuts = np.flatnonzero(np.diff(blocks) > 1) + 1
    runs = [(int(run[0]) * each, (int(run[-1]) + 1) * each) for run in np.split(blocks, cuts)]
    return ", ".join(f"{_day(asked, a)}from {_clock(a, a)} to {_clock(b, a)}" for a, b in runs)


def _day(asked: Question, minutes: int) -> str:
    day = minutes // (HOURS_DAY * MINUTES_HOUR)
    return f"on {day_name[day]} " if _period(asked) == "week" else ""


def _clock(minutes: int, since: int) -> str:
    """The time of day, 24:00 and beyond where a run goes on past the midnight of the day it began on."""
    midnight = since // (HOURS_DAY * MINUTES_HOUR) * HOURS_DAY * MINUTES_HOUR
    hours, rest = divmod(minutes - midnight, MINUTES_HOUR)
    return f"{hours:02d}:{rest:02d}"
