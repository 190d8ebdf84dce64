"""What a bed plan may do: prices, the total, the beds that stand there, and what a planner has fixed.

Everything that can be refused is refused here, before a patient is simulated, all faults at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital

#: price of a patient-day without a bed / price of an open bed-day. A bed is then worth opening where it is
#: needed more than one hour in ten (assumed: the usual reading of "nine times in ten there is a bed")
SHORT_TO_OPEN = 10.0
#: price of an open bed-day where the hospital names none, as a share of the price of a patient-day without
#: a bed: so small that it only keeps beds closed that nobody needs (assumed)
TIE_BREAK = 1e-6
#: price of changing one bed's state once / price of a patient-day without a bed: a bed whose move saves fewer
#: than 0.7 patient-days a period stays where it is (assumed: a week of the bed, for the team's upheaval)
MOVE_TO_SHORT = 0.7
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
    """

    short_patient_day: float
    open_bed_day: float
    move: float = 0.0
    currency: str = "GBP"

    def __post_init__(self) -> None:
        problems = []
        for name in ("short_patient_day", "open_bed_day", "move"):
            value = getattr(self, name)
            if not isfinite(value) or value < 0:
                problems.append(Problem(f"prices.{name}", value, "a price is a finite number, 0 or more"))
        if not problems and self.short_patient_day == 0:
            rule = "a price of 0 would close every bed"
            problems.append(Problem("prices.short_patient_day", 0.0, rule, "name a price above 0"))
        elif not problems and self.open_bed_day > 0:
            ratio = self.short_patient_day / self.open_bed_day
            if not 1 / WIDEST <= ratio <= WIDEST:
                rule = f"the two prices are {ratio:.0e} apart; the solver cannot weigh more than {WIDEST:.0e}"
                problems.append(Problem("prices", None, rule))
        if problems:
            raise ConfigError("the bed plan", problems)
        if self.open_bed_day == 0:
            object.__setattr__(self, "open_bed_day", TIE_BREAK * self.short_patient_day)

    @classmethod
    def of(cls, hospital: Hospital) -> BedPrices:
        """The hospital's price of an open bed-day, and ten times that for a patient-day without a bed."""
        money = hospital.money
        if money.open_bed_day == 0:
            return cls(1.0, 0.0, MOVE_TO_SHORT, "patient-days")
        short = SHORT_TO_OPEN * money.open_bed_day
        return cls(short, money.open_bed_day, MOVE_TO_SHORT * short, money.currency)

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
    """

    total: int
    ceiling: Mapping[str, int]
    pins: Mapping[str, int] = field(default_factory=dict)
    cover: float | None = None


def bed_limits(
    hospital: Hospital,
    ceiling: Mapping[str, int],
    *,
    total: int,
    pins: Mapping[str, int] | None = None,
    cover: float | None = None,
) -> tuple[BedLimits, tuple[str, ...]]:
    """The rules, checked; and in words what had to be cut.

    Raises
    ------
    UsageError
        The hospital has no wards.
    ConfigError
        A negative total, an unknown or impossible pin, a share outside 0 to 1: all of them at once.
    """
    if not hospital.wards:
        raise UsageError(f'hospital "{hospital.name}" has no wards: there are no beds to plan')
    pins = dict(pins or {})
    problems = []
    if isinstance(total, bool) or not isinstance(total, int) or total < 0:
        problems.append(Problem("total", total, "a whole number of beds, 0 or more"))
    if cover is not None and not (isfinite(cover) and 0 <= cover <= 1):
        problems.append(Problem("cover", cover, "a share of mornings between 0 and 1"))
    for ward, level in pins.items():
        if ward not in hospital.wards:
            problems.append(
                Problem(f"pins.{ward}", level, "no such ward", did_you_mean(ward, hospital.wards))
            )
        elif isinstance(level, bool) or not isinstance(level, int) or level < 0:
            problems.append(Problem(f"pins.{ward}", level, "a whole number of beds, 0 or more"))
        elif level > ceiling[ward]:
            rule = f"{hospital.wards[ward].title} can open {ceiling[ward]} beds at most"
            problems.append(Problem(f"pins.{ward}", level, rule, f"pin {ceiling[ward]} or fewer"))
    if problems:
        raise ConfigError("the bed plan", problems)
    physical, notes = sum(ceiling.values()), []
    if total > physical:
        notes.append(f"{total} beds were allowed, {physical} can be opened: the plan works with {physical}")
    return BedLimits(min(total, physical), dict(ceiling), pins, cover), tuple(notes)
