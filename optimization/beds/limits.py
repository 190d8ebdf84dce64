"""What a bed plan may do: prices, the total, the beds that stand there, and what a planner has fixed.

Everything that can be refused is refused here, before a patient is simulated, all faults at once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital
from twin.units import IntArray

#: price of a patient-day without a bed / price of an open bed-day. A bed is then worth opening where it is
#: needed more than one hour in ten (assumed: the usual reading of "nine times in ten there is a bed")
SHORT_TO_OPEN = 10.0
#: price of an open bed-day where the hospital names none, as a share of the price of a patient-day without
#: a bed: so small that it only keeps beds closed that nobody needs (assumed)
TIE_BREAK = 1e-6
#: price of changing one bed's state once / price of a patient-day without a bed: a bed whose move saves fewer
#: than 0.7 patient-days a period stays where it is (assumed: a week of the bed, for the team's upheaval)
MOVE_TO_SHORT = 0.7
#: price of a patient-day in another ward of the pool / price of one without a bed (assumed: an outlier stays
#: longer and is seen later, but has a bed; a quarter)
OUTLIER_TO_SHORT = 0.25
#: price of a flex bed-day / price of an open bed-day (assumed: bank nurses cost half as much again)
FLEX_TO_OPEN = 1.5
#: prices further apart than this make the solver's arithmetic meaningless [ratio]
WIDEST = 1e9


@dataclass(frozen=True)
class BedPrices:
    """What the plan weighs: patient-days beyond the open beds, against bed-days opened.

    Attributes
    ----------
    short_patient_day : one patient one day without a bed of the ward [currency]
    open_bed_day : one open bed one day [currency]
    move : one bed opened or closed against today's level, once a period [currency]
    currency : of both; "patient-days" where the hospital names no price
    outlier_day : one patient one day in another ward of the pool [currency]; a quarter of a day without a
        bed when omitted
    flex_bed_day : one bed opened for one day [currency]; half as much again as an open one when omitted
    nurses : ward -> what nurses for one more open bed-day cost beyond those who come anyway [currency]
    """

    short_patient_day: float
    open_bed_day: float
    move: float = 0.0
    currency: str = "GBP"
    outlier_day: float = math.nan
    flex_bed_day: float = math.nan
    nurses: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = []
        for name in ("short_patient_day", "open_bed_day", "move"):
            value = getattr(self, name)
            if not isfinite(value) or value < 0:
                code = "E_RANGE" if isfinite(value) else "E_NOT_FINITE"
                rule = "a price is a finite number, 0 or more"
                problems.append(Problem(f"prices.{name}", value, rule, code=code))
        for ward, value in self.nurses.items():
            if not isfinite(value) or value < 0:
                rule = "a price is a finite number, 0 or more"
                problems.append(Problem(f"prices.nurses.{ward}", value, rule, code="E_RANGE"))
        if not problems and self.short_patient_day == 0:
            rule = "a price of 0 would close every bed"
            problems.append(Problem("prices.short_patient_day", 0.0, rule, "name a price above 0"))
        elif not problems and self.open_bed_day > 0:
            ratio = self.short_patient_day / self.open_bed_day
            if not 1 / WIDEST <= ratio <= WIDEST:
                rule = f"the two prices are {ratio:.0e} apart; the solver cannot weigh more than {WIDEST:.0e}"
                problems.append(Problem("prices", None, rule, code="E_SCALING"))
        if problems:
            raise ConfigError("the bed plan", problems)
        if self.open_bed_day == 0:
            object.__setattr__(self, "open_bed_day", TIE_BREAK * self.short_patient_day)
        if math.isnan(self.outlier_day):
            object.__setattr__(self, "outlier_day", OUTLIER_TO_SHORT * self.short_patient_day)
        if math.isnan(self.flex_bed_day):
            object.__setattr__(self, "flex_bed_day", FLEX_TO_OPEN * self.open_bed_day)
        self._check_order()

    def _check_order(self) -> None:
        """A bed elsewhere is better than none; a flex bed costs no less than one that is always open."""
        problems = []
        if not 0 <= self.outlier_day <= self.short_patient_day:
            rule = f"between 0 and {self.short_patient_day:g}, the price of a patient-day without a bed"
            problems.append(Problem("prices.outlier_day", self.outlier_day, rule))
        if not (isfinite(self.flex_bed_day) and self.flex_bed_day >= self.open_bed_day):
            rule = f"a finite number, at least {self.open_bed_day:g}: the price of a bed that is always open"
            problems.append(Problem("prices.flex_bed_day", self.flex_bed_day, rule))
        if problems:
            raise ConfigError("the bed plan", problems)

    @classmethod
    def of(cls, hospital: Hospital) -> BedPrices:
        """The hospital's price of an open bed-day, and ten times that for a patient-day without a bed."""
        money = hospital.money
        if money.open_bed_day == 0:
            return cls(1.0, 0.0, MOVE_TO_SHORT, "patient-days")
        short = SHORT_TO_OPEN * money.open_bed_day
        return cls(short, money.open_bed_day, MOVE_TO_SHORT * short, money.currency)

    def for_nurses(self, wards: Sequence[str], open_beds: IntArray) -> float:
        """What nurses cost for open beds (ward, day). [currency]"""
        return float(sum(self.nurses.get(w, 0.0) * open_beds[i].sum() for i, w in enumerate(wards)))

    @property
    def break_even(self) -> float:
        """Share of the time that a bed must be needed to be worth opening."""
        return self.open_bed_day / self.short_patient_day


@dataclass(frozen=True)
class BedLimits:
    """The rules of a bed plan.

    Attributes
    ----------
    total : open beds of all wards together, at most [beds]
    ceiling : per ward, beds that stand there and can be staffed [beds]
    pins : wards whose level a planner has fixed [beds]
    cover : each ward opens the beds it needs this share of mornings, or None [fraction]
    pools : wards that take each other's patients, a tuple of wards a pool
    teams : ward -> beds that one nurse team looks after; beds open and close by whole teams [beds]
    flex : ward -> beds that may be opened for a day on top of those staffed by teams, at most [beds]
    most_moves : staffed beds opened and closed at a time, all wards together, at most; None: no limit [beds]
    notice_days : days, from the first measured one, whose staffed beds can no longer be changed [days]
    """

    total: int
    ceiling: Mapping[str, int]
    pins: Mapping[str, int] = field(default_factory=dict)
    cover: float | None = None
    pools: tuple[tuple[str, ...], ...] = ()
    teams: Mapping[str, int] = field(default_factory=dict)
    flex: Mapping[str, int] = field(default_factory=dict)
    most_moves: int | None = None
    notice_days: int = 1


def teams_by_ratio(hospital: Hospital) -> dict[str, int]:
    """Beds that one nurse looks after, of the wards with nurses: the least by which they open. [beds]"""
    return {
        name: max(1, int(min(ward.nursing.patients_per_nurse, *ward.nursing.by_shift.values(), math.inf)))
        for name, ward in hospital.wards.items()
        if ward.nursing is not None
    }


def bed_limits(
    hospital: Hospital,
    ceiling: Mapping[str, int],
    *,
    total: int,
    today: Mapping[str, int] | None = None,
    pins: Mapping[str, int] | None = None,
    cover: float | None = None,
    pools: Sequence[Sequence[str]] = (),
    teams: Mapping[str, int] | None = None,
    flex: Mapping[str, int] | None = None,
    most_moves: int | None = None,
    notice_days: int = 1,
) -> tuple[BedLimits, tuple[str, ...]]:
    """The rules, checked; and in words what had to be cut.

    Parameters
    ----------
    today
        Ward -> beds open today: whole teams are counted from there. [beds]

    Raises
    ------
    UsageError
        The hospital has no wards.
    ConfigError
        A negative total, an unknown or impossible pin, a share outside 0 to 1, wards that are none, a
        ward in two pools: all of them at once.
    """
    if not hospital.wards:
        raise UsageError(
            f'hospital "{hospital.name}" has no wards: there are no beds to plan', code="E_EMPTY_MODEL"
        )
    pins, teams, flex = dict(pins or {}), dict(teams or {}), dict(flex or {})
    problems = [
        *_of_all(total, cover, most_moves, notice_days),
        *_of_wards("pins", pins, hospital, ceiling),
        *_of_wards("teams", teams, hospital, None, least=1),
        *_of_wards("flex", flex, hospital, ceiling),
        *_of_pools(pools, hospital),
    ]
    if not problems:
        problems += pins_by_team(pins, teams, flex, today or {})
    if problems:
        raise ConfigError("the bed plan", problems)
    physical, notes = sum(ceiling.values()), []
    if total > physical:
        notes.append(f"{total} beds were allowed, {physical} can be opened: the plan works with {physical}")
    named = tuple(tuple(pool) for pool in pools)
    return (
        BedLimits(
            min(total, physical), dict(ceiling), pins, cover, named, teams, flex, most_moves, notice_days
        ),
        tuple(notes),
    )


def _of_all(total: int, cover: float | None, most_moves: int | None, notice_days: int) -> list[Problem]:
    problems = []
    if not _whole(total, 0):
        problems.append(Problem("total", total, "a whole number of beds, 0 or more"))
    if cover is not None and not (isfinite(cover) and 0 <= cover <= 1):
        problems.append(Problem("cover", cover, "a share of mornings between 0 and 1"))
    if most_moves is not None and not _whole(most_moves, 0):
        problems.append(Problem("moves", most_moves, "a whole number of beds, 0 or more"))
    if not _whole(notice_days, 1):
        problems.append(Problem("notice", notice_days, "a whole number of days, 1 or more"))
    return problems


def _whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _of_wards(
    rule: str,
    asked: Mapping[str, int],
    hospital: Hospital,
    ceiling: Mapping[str, int] | None,
    *,
    least: int = 0,
) -> list[Problem]:
    """Faults of a table of ward -> beds."""
    problems = []
    for ward, beds in asked.items():
        if ward not in hospital.wards:
            cure = did_you_mean(ward, hospital.wards)
            problems.append(Problem(f"{rule}.{ward}", beds, "no such ward", cure))
        elif not _whole(beds, least):
            problems.append(Problem(f"{rule}.{ward}", beds, f"a whole number of beds, {least} or more"))
        elif ceiling is not None and beds > ceiling[ward]:
            told = f"{hospital.wards[ward].title} can open {ceiling[ward]} beds at most"
            problems.append(Problem(f"{rule}.{ward}", beds, told, f"name {ceiling[ward]} or fewer"))
    return problems


def _of_pools(pools: Sequence[Sequence[str]], hospital: Hospital) -> list[Problem]:
    problems, seen = [], set()
    for pool in pools:
        where = f"pools.{'+'.join(pool)}"
        if len(pool) < 2:
            problems.append(Problem(where, list(pool), "a pool has two wards or more"))
        for ward in pool:
            if ward not in hospital.wards:
                cure = did_you_mean(ward, hospital.wards)
                problems.append(Problem(where, ward, "no such ward", cure))
            elif ward in seen:
                problems.append(Problem(where, ward, "a ward is in one pool, once"))
            seen.add(ward)
    return problems


def pins_by_team(
    pins: Mapping[str, int], teams: Mapping[str, int], flex: Mapping[str, int], today: Mapping[str, int]
) -> list[Problem]:
    """Pins that no number of whole teams reaches."""
    problems = []
    for ward, level in pins.items():
        team, rest = teams.get(ward, 1), today.get(ward, 0) % teams.get(ward, 1)
        over = (level - rest) % team
        if level and (over > flex.get(ward, 0) or level < rest):
            rule = f"opens in teams of {team} from today's {today.get(ward, 0)}: never {level}"
            below, above = max(level - over, 0 if level < rest else rest), level - over + team
            problems.append(Problem(f"pins.{ward}", level, rule, f"pin {below} or {above}"))
    return problems
