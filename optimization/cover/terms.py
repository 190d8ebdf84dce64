"""What a cover plan is made of: wards, float pools, prices and days, as the model reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite

import numpy as np

from optimization.cover.patterns import Patterns
from twin.errors import ConfigError, Problem
from twin.units import DAYS_WEEK, FloatArray, IntArray

#: agency hour / basic hour: NHS Improvement, Agency rules (2019), price caps: 55 % above substantive pay
AGENCY = 1.55
#: overtime hour / basic hour: NHS Terms and Conditions of Service Handbook, section 3
OVERTIME = 1.5
#: unsocial hours above basic pay, bands 4 to 9: Saturdays and nights, Sundays; the same Handbook, section 2
SATURDAY_OR_NIGHT, SUNDAY = 0.30, 0.60
#: more people than come to any shift [people]
NO_LIMIT = 1_000_000
#: price of an hour without a person who is needed / price of that hour from an agency: an agency is called
#: where the person is needed more than one time in three (assumed)
SHORT_TO_AGENCY = 3.0
#: price of a person too few or too many for a rule / that of a shift without one who is needed: so that no
#: plan breaks a rule that it can keep (assumed: the rules are hard; the price only leads the search there)
RULE_TO_SHIFT = 50.0
#: one person more or fewer on a shift than decided, where least change is asked / the same shift: more than a
#: person on a shift can ever save, so nothing changes for the sake of cost
CHANGE_TO_SHIFT = 2.0
#: hours of pay that a shift in a strange ward costs beside the pay itself (assumed: handover, way there) [h]
LENDING_HOURS = 0.5


@dataclass(frozen=True)
class CoverPrices:
    """Prices by skill, the highest first; basic pay is paid whatever is planned and is no part of the cost.

    Attributes
    ----------
    wage : (skill,) [currency/h]
    overtime, agency : (skill,) an hour beyond the contract, an hour from an agency [currency/h]
    short : (level,) an hour in which one person of that skill or a higher one is missing [currency/h]; who is
        missing at a skill is missing at every lower level too, so prices of levels add up
    lending : (skill,) one shift worked by a float pool in a ward [currency]
    """

    wage: tuple[float, ...]
    overtime: tuple[float, ...]
    agency: tuple[float, ...]
    short: tuple[float, ...]
    lending: tuple[float, ...]
    currency: str = "GBP"

    def __post_init__(self) -> None:
        problems = []
        for name in ("wage", "overtime", "agency", "short", "lending"):
            for skill, value in enumerate(getattr(self, name)):
                if not isfinite(value) or value < 0:
                    rule = "a price is a finite number, 0 or more"
                    problems.append(Problem(f"prices.{name}.{skill}", value, rule))
            if len(getattr(self, name)) != len(self.wage):
                problems.append(Problem(f"prices.{name}", None, "one price a skill"))
        if not problems and not any(self.short):
            rule = "a shortage that costs nothing would send everybody home"
            problems.append(Problem("prices.short", 0.0, rule, "name a price above 0"))
        if problems:
            raise ConfigError("the cover plan", problems)

    @classmethod
    def of_wages(cls, wage: Sequence[float], currency: str = "GBP", agency: float = AGENCY) -> CoverPrices:
        """Prices that follow from basic pay by skill, the highest first. [currency/h]"""
        from_agency = [agency * w for w in wage]
        lower = [*from_agency[1:], 0.0]
        return cls(
            wage=tuple(wage),
            overtime=tuple(OVERTIME * w for w in wage),
            agency=tuple(from_agency),
            short=tuple(SHORT_TO_AGENCY * max(a - b, 0.0) for a, b in zip(from_agency, lower, strict=True)),
            lending=tuple(LENDING_HOURS * w for w in wage),
            currency=currency,
        )


@dataclass(frozen=True)
class Crew:
    """People of one ward or float pool.

    Attributes
    ----------
    people : (skill,) who can be put on patterns, the highest skill first [people]
    rostered : int (day, shift, skill) who comes on days that are decided already [people]
    """

    name: str
    people: tuple[int, ...]
    rostered: IntArray


@dataclass(frozen=True)
class Asked:
    """What is asked of a ward beyond what it costs, by shift, everybody counted who is asked to come.

    Attributes
    ----------
    least, most : int (day, shift) people who must, and may, be asked to a shift [people]
    near : int (day, shift) people of the plan in force, kept to wherever the rules allow it; None where
        nothing is to be kept [people]
    """

    least: IntArray
    most: IntArray
    near: IntArray | None = None

    @classmethod
    def nothing(cls, days: int, shifts: int) -> Asked:
        """No rule."""
        return cls(np.zeros((days, shifts), np.int64), np.full((days, shifts), NO_LIMIT, np.int64))

    def has_rule(self, day: int, shift: int) -> bool:
        """Whether a rule speaks of the shift."""
        return bool(self.least[day, shift] > 0 or self.most[day, shift] < NO_LIMIT)

    def broken(self, people: IntArray) -> tuple[IntArray, IntArray]:
        """How many people (day, shift) are too few, and how many too many, for the rules."""
        return np.maximum(self.least - people, 0), np.maximum(people - self.most, 0)


@dataclass(frozen=True)
class WardCover:
    """A ward to cover.

    Attributes
    ----------
    crew : its own people
    short : (day, shift, level, people) expected person-hours short when 0, 1, ... of that skill or higher
        come, convex; people absent are counted in [person-hours]
    agency_most : (skill,) from agencies on one shift, at most [people]
    asked : rules that its shifts must keep; None where there is none
    """

    crew: Crew
    short: FloatArray = field(repr=False)
    agency_most: tuple[int, ...]
    asked: Asked | None = None

    @property
    def name(self) -> str:
        """Name of the ward."""
        return self.crew.name


@dataclass(frozen=True)
class PoolCover:
    """A float pool: people trained for several wards."""

    crew: Crew
    wards: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the pool."""
        return self.crew.name


@dataclass(frozen=True)
class CoverTerms:
    """Everything that a cover plan weighs.

    Attributes
    ----------
    skills : names, the highest first: a higher skill covers a lower
    patterns : the ways to work a week
    weeks : first day of each week that is planned by patterns; on other days the people rostered come
    premium : (day, shift) what an hour costs above basic pay [fraction]
    frozen : days on which nothing can be changed any more, from the first on [days]
    """

    wards: tuple[WardCover, ...]
    pools: tuple[PoolCover, ...]
    skills: tuple[str, ...]
    patterns: Patterns
    weeks: tuple[int, ...]
    premium: FloatArray
    prices: CoverPrices
    frozen: int = 0

    @property
    def days(self) -> int:
        """Days of the plan."""
        return int(self.premium.shape[0])

    @property
    def shifts(self) -> int:
        """Shifts of a day."""
        return len(self.patterns.shifts)

    @cached_property
    def pay(self) -> FloatArray:
        """What a pattern costs above basic pay in each week, for a wage of 1, shape (week, pattern)."""
        hours = np.array([s.paid for s in self.patterns.shifts])
        worked = self.patterns.worked * hours
        unsocial = [(worked * self.premium[w : w + DAYS_WEEK]).sum(axis=(1, 2)) for w in self.weeks]
        return np.array(unsocial).reshape(len(self.weeks), len(self.patterns.days))

    @cached_property
    def dearest(self) -> float:
        """The most that one person on one shift can save, or cost. [currency]"""
        hours = max(s.paid for s in self.patterns.shifts)
        return hours * (sum(self.prices.short) + max(self.prices.agency) + max(self.prices.overtime))

    @property
    def rule_price(self) -> float:
        """Price of a person too few or too many for a rule; a plan that may be used has none. [currency]"""
        return RULE_TO_SHIFT * self.dearest

    @property
    def change_price(self) -> float:
        """Weight of one person more or fewer on a shift than in the plan to keep to. [currency]"""
        return CHANGE_TO_SHIFT * self.dearest

    def pools_of(self, ward: str) -> tuple[str, ...]:
        """Float pools whose people are trained for a ward."""
        return tuple(p.name for p in self.pools if ward in p.wards)

    def agency_shift(self, day: int, shift: int, skill: int) -> float:
        """What one person from an agency costs on a shift. [currency]"""
        paid = self.patterns.shifts[shift].paid
        return paid * (self.prices.agency[skill] + self.prices.wage[skill] * float(self.premium[day, shift]))

    def pattern_cost(self, skill: int) -> FloatArray:
        """What a person on a pattern costs beyond basic pay, shape (week, pattern). [currency]"""
        overtime = self.patterns.overtime * self.prices.overtime[skill]
        return self.prices.wage[skill] * self.pay + overtime


def premiums(weekdays: IntArray, nights: Sequence[bool]) -> FloatArray:
    """What hours cost above basic pay, by day and shift. [fraction]

    Parameters
    ----------
    weekdays
        0 for Monday, shape (day,); 6 for public holidays too, which are paid like Sundays.
    nights
        Whether each shift is a night.
    """
    of_day = np.where(weekdays == 6, SUNDAY, np.where(weekdays == 5, SATURDAY_OR_NIGHT, 0.0))
    at_night = np.where(nights, SATURDAY_OR_NIGHT, 0.0)
    return np.maximum(of_day[:, None], at_night[None, :])


def replaced(terms: CoverTerms, wards: Mapping[str, WardCover]) -> tuple[WardCover, ...]:
    """The wards, some of them changed, in the same order."""
    return tuple(wards.get(w.name, w) for w in terms.wards)
