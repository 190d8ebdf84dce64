"""Weekly patterns: the ways in which one person may work a week, and which week may follow which.

A pattern says for each day from Monday to Sunday which shift is worked, if any. Only patterns that keep
every rule of rest and hours are made, so whoever counts people on patterns keeps the rules by counting.
From one week to the next the rules ask that enough people begin the new week in a way that the end of
their old one allows. What an end allows is nested (the harder an end, the fewer beginnings), so a few
sums say exactly whether the people of one week can be matched with the patterns of the next (Hall 1935,
J. London Math. Soc. 10, 26-30, doi:10.1112/jlms/s1-10.37.26): counts can always be dealt out to persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise, product

import numpy as np
from numpy.typing import NDArray

from twin.errors import TwinError, UsageError
from twin.units import DAYS_WEEK, HOURS_DAY, FloatArray, IntArray

#: a day off in a pattern; a shift is its place in the table of shifts
OFF = -1
SATURDAY, SUNDAY = 5, 6
#: more patterns than this are too many for one ward's model
MOST_PATTERNS = 2_000


@dataclass(frozen=True)
class ShiftKind:
    """One of the shifts that a day has.

    Attributes
    ----------
    begins, ends : hours after midnight of its day; ``ends`` passes 24 for one that runs over midnight [h]
    paid : hours that count and are paid [h]
    """

    name: str
    begins: float
    ends: float
    paid: float

    @property
    def is_night(self) -> bool:
        """Whether it runs over midnight."""
        return self.ends > HOURS_DAY


@dataclass(frozen=True)
class RosterRules:
    """What a week's work must keep.

    Attributes
    ----------
    rest_hours : between two shifts, at least [h]; Working Time Regulations 1998 (UK), regulation 10
    nights_in_a_row : at most [shifts]; HSE, Managing shift work, HSG256 (2006): limit nights in a row
    shifts_a_week : at most [shifts]; two days off in seven: WTR regulation 11 asks for one
    hours_least, hours_most : of a week on duty [h] (assumed: within one short shift of the contract)
    contract_hours : paid whether worked or not; hours beyond are overtime [h]; NHS Terms and Conditions
        of Service Handbook, section 10
    kinds_a_week : kinds of shift in one week, at most (assumed: more upset sleep, HSG256)
    lone_days : whether a day of work between two days off, or the other way round, may stand alone
    every_second_weekend : whoever works a weekend has the next one off (HSG256: regular free weekends)
    """

    rest_hours: float = 11.0
    nights_in_a_row: int = 4
    shifts_a_week: int = 5
    hours_least: float = 30.0
    hours_most: float = 40.0
    contract_hours: float = 37.5
    kinds_a_week: int = 2
    lone_days: bool = False
    every_second_weekend: bool = True


@dataclass(frozen=True)
class Patterns:
    """All weekly patterns that keep the rules.

    Attributes
    ----------
    shifts, rules : what they were made of
    days : int (pattern, 7) shift worked, else ``OFF``
    ends : int (pattern,) how hard the end of the week is, 0 the easiest
    allowed : bool (end, pattern) patterns that may follow a week with such an end, fewer for a harder one
    """

    shifts: tuple[ShiftKind, ...]
    rules: RosterRules
    days: IntArray
    ends: IntArray
    allowed: NDArray[np.bool_]

    @cached_property
    def worked(self) -> IntArray:
        """Whether a pattern works a shift of a day, shape (pattern, 7, shift)."""
        return (self.days[:, :, None] == np.arange(len(self.shifts))).astype(np.int64)

    @cached_property
    def hours(self) -> FloatArray:
        """Hours of the week, shape (pattern,). [h]"""
        return self.worked.sum(axis=1) @ np.array([s.paid for s in self.shifts])

    @cached_property
    def overtime(self) -> FloatArray:
        """Hours of the week beyond the contract, shape (pattern,). [h]"""
        return np.maximum(self.hours - self.rules.contract_hours, 0.0)

    def words(self, pattern: int) -> str:
        """``early early off ...``."""
        return " ".join("off" if s == OFF else self.shifts[s].name for s in self.days[pattern])


def weekly_patterns(shifts: Sequence[ShiftKind], rules: RosterRules) -> Patterns:
    """Every week of work that keeps the rules.

    Raises
    ------
    UsageError
        The rules leave no week of work, or more than a model can hold.
    """
    weeks = [
        week for week in product(range(OFF, len(shifts)), repeat=DAYS_WEEK) if _keeps(week, shifts, rules)
    ]
    if not weeks:
        raise UsageError(
            "the rules of rest and hours leave no week that anybody could work; relax one of them"
        )
    if len(weeks) > MOST_PATTERNS:
        raise UsageError(
            f"the rules leave {len(weeks):,} ways to work a week, more than the {MOST_PATTERNS:,} a plan "
            "can weigh; fewer kinds of shift a week, or no lone days, leave fewer"
        )
    after = np.array([[_may_follow(a, b, shifts, rules) for b in weeks] for a in weeks])
    allowed, ends = _nested(after)
    return Patterns(tuple(shifts), rules, np.array(weeks, np.int64), ends, allowed)


def _keeps(week: Sequence[int], shifts: Sequence[ShiftKind], rules: RosterRules) -> bool:
    """Whether a week on its own keeps the rules."""
    worked = [s for s in week if s != OFF]
    if len(worked) > rules.shifts_a_week or len(set(worked)) > rules.kinds_a_week:
        return False
    if not rules.hours_least <= sum(shifts[s].paid for s in worked) <= rules.hours_most:
        return False
    if (week[SATURDAY] == OFF) != (week[SUNDAY] == OFF):
        return False
    if not all(_rested(a, b, shifts, rules) for a, b in pairwise(week)):
        return False
    nights = [len(list(run)) for is_night, run in groupby(week, lambda s: _night(s, shifts)) if is_night]
    if len(nights) > 1 or max(nights, default=0) > rules.nights_in_a_row:
        return False
    return rules.lone_days or not _has_lone_day(week)


def _has_lone_day(week: Sequence[int]) -> bool:
    """A day of work between two days off, or off between two of work; the week's edges may go on beyond."""
    runs = [(works, len(list(run))) for works, run in groupby(week, lambda s: s != OFF)]
    inside = [length for i, (works, length) in enumerate(runs) if works or 0 < i < len(runs) - 1]
    return 1 in inside


def _rested(a: int, b: int, shifts: Sequence[ShiftKind], rules: RosterRules) -> bool:
    """Whether the rest between the shifts of two days running is long enough."""
    if OFF in (a, b):
        return True
    return shifts[b].begins + HOURS_DAY - shifts[a].ends >= rules.rest_hours - 1e-9


def _night(shift: int, shifts: Sequence[ShiftKind]) -> bool:
    return shift != OFF and shifts[shift].is_night


def _may_follow(
    before: Sequence[int], after: Sequence[int], shifts: Sequence[ShiftKind], rules: RosterRules
) -> bool:
    """Whether one person may work one week after another."""
    if rules.every_second_weekend and before[SATURDAY] != OFF and after[SATURDAY] != OFF:
        return False
    if not _rested(before[SUNDAY], after[0], shifts, rules):
        return False
    in_a_row = _leading_nights(before[::-1], shifts) + _leading_nights(after, shifts)
    return in_a_row <= rules.nights_in_a_row


def _leading_nights(week: Sequence[int], shifts: Sequence[ShiftKind]) -> int:
    return next((i for i, s in enumerate(week) if not _night(s, shifts)), DAYS_WEEK)


def _nested(after: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], IntArray]:
    """Ends in order of hardness, and what each allows, shape (end, pattern); and the end of each pattern.

    Where two ends allow different beginnings and neither includes the other, the harder allows what both
    do: the rules are then kept more strictly than they ask.
    """
    kinds = sorted({tuple(row) for row in after.tolist()}, key=lambda row: -sum(row))
    easiest = np.ones(after.shape[1], bool)
    chain: list[NDArray[np.bool_]] = [easiest]
    place = {}
    for kind in kinds:
        allowed = chain[-1] & np.array(kind)
        if not (allowed == chain[-1]).all():
            chain.append(allowed)
        place[kind] = len(chain) - 1
    return np.array(chain), np.array([place[tuple(row)] for row in after.tolist()], np.int64)


def lines(patterns: Patterns, weeks: IntArray) -> Iterator[tuple[int, ...]]:
    """Deal counts out to persons: one line a person, the pattern of each week, -1 for a week without shifts.

    Parameters
    ----------
    weeks
        People on each pattern, shape (week, pattern). [people]

    Raises
    ------
    TwinError
        The counts cannot be dealt out by the rules.
    """
    people = int(weeks.sum(axis=1).max(initial=0))
    told: list[list[int]] = [[] for _ in range(people)]
    for counts in weeks:
        offered = np.repeat(np.arange(counts.size), counts).tolist()
        offered += [-1] * (people - len(offered))
        for person in sorted(range(people), key=lambda i: -_end(patterns, told[i])):
            end = _end(patterns, told[person])
            fits = next((i for i, p in enumerate(offered) if p < 0 or patterns.allowed[end, p]), None)
            if fits is None:
                raise TwinError("people on weekly patterns cannot be dealt out to persons by the rules")
            told[person].append(offered.pop(fits))  # what the hardest end allows, every easier one does
    yield from (tuple(line) for line in told)


def _end(patterns: Patterns, line: Sequence[int]) -> int:
    return 0 if not line or line[-1] < 0 else int(patterns.ends[line[-1]])
