"""Counting a cover plan again, person by person and hour by hour, without the model.

The numbers are dealt out to persons; every person's line is checked on the clock; and what the plan costs
is added up from the lines, the futures and the price list. Nothing here knows patterns' costs, curves
or the solver's columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
from scipy import stats

from optimization.cover.needs import StaffNeeds
from optimization.cover.numbers import CoverNumbers
from optimization.cover.patterns import OFF, RosterRules, ShiftKind, lines
from optimization.cover.terms import CoverTerms, Crew
from twin.errors import TwinError
from twin.units import DAYS_WEEK, HOURS_DAY, FloatArray, IntArray

#: the model's cost and the cost counted again may differ by rounding only [fraction]
SAME_COST = 1e-5


@dataclass(frozen=True)
class Counted:
    """What a plan is, counted from persons and futures.

    Attributes
    ----------
    cost : beyond basic pay [currency]; its parts by name
    short_hours : (level,) expected person-hours short, all wards [person-hours]
    persons : lines that were checked
    changed : people on shifts beyond or below the plan to keep to, where one is kept to [people on shifts]
    """

    cost: float
    parts: Mapping[str, float]
    short_hours: FloatArray
    persons: int
    changed: int = 0


def count_again(terms: CoverTerms, numbers: CoverNumbers, needs: Mapping[str, StaffNeeds]) -> Counted:
    """Deal the numbers out, check every line, and add everything up.

    Raises
    ------
    TwinError
        A rule is broken, somebody is lent twice, or more come from agencies than allowed.
    """
    if broken := broken_rules(terms, numbers):
        first = broken[0]
        raise TwinError(
            f"{first.ward}, day {first.day}, {first.shift}: {first.people} asked, {first.rule} must be"
        )
    there = {}
    extra = persons = 0.0
    for crew in (*(w.crew for w in terms.wards), *(p.crew for p in terms.pools)):
        there[crew.name], paid, people = _persons(terms, crew, numbers.on[crew.name])
        extra, persons = extra + paid, persons + people
    _refuse_lent_twice(terms, numbers, there)
    short = np.zeros(len(terms.skills))
    agency = lending = 0.0
    changed = 0
    for ward in terms.wards:
        own, hired = there[ward.name], numbers.agency[ward.name]
        if (hired < 0).any() or (hired > np.array(ward.agency_most)).any() or hired[: terms.frozen].any():
            raise TwinError(f"{ward.name}: people from agencies beyond what is allowed")
        borrowed = sum(n for (_, to), n in numbers.lent.items() if to == ward.name)
        short += _short(terms, own + borrowed + hired, needs[ward.name])
        agency += _agency_pay(terms, hired)
        lending += float((np.asarray(borrowed) * np.array(terms.prices.lending)).sum())
        if ward.asked is not None and ward.asked.near is not None:
            away = np.abs((own + borrowed + hired).sum(axis=2) - ward.asked.near)
            changed += int(away[terms.frozen :].sum())
    missing = float(short @ np.array(terms.prices.short))
    parts = {"own people": extra, "float pools": lending, "agencies": agency, "shortage": missing}
    if changed:
        parts["weight of changes"] = changed * terms.change_price
    return Counted(sum(parts.values()), parts, short, int(persons), changed)


def count_as_solved(
    terms: CoverTerms, numbers: CoverNumbers, needs: Mapping[str, StaffNeeds], objective: float
) -> Counted:
    """The count of a plan, if the model says that it costs the same.

    Raises
    ------
    TwinError
        They differ by more than rounding, or as of ``count_again``.
    """
    again = count_again(terms, numbers, needs)
    if abs(again.cost - objective) > SAME_COST * max(1.0, abs(again.cost)):
        raise TwinError(
            f"the model says that the cover costs {objective:,.2f}, counted again it is {again.cost:,.2f}"
        )
    return again


@dataclass(frozen=True)
class Broken:
    """A shift on which a rule is not kept: so many are asked, so many must be (or may be) by the rule."""

    ward: str
    day: int
    shift: str
    people: int
    rule: int

    @property
    def short(self) -> int:
        """People too few; below 0 where there are too many. [people]"""
        return self.rule - self.people


def broken_rules(terms: CoverTerms, numbers: CoverNumbers) -> tuple[Broken, ...]:
    """Every shift on which a ward's rule is not kept, those shortest of people first."""
    rows = []
    for ward in terms.wards:
        if ward.asked is None:
            continue
        people = numbers.present(terms, ward.name).sum(axis=2)
        few, many = ward.asked.broken(people)
        for d, s in np.argwhere((few > 0) | (many > 0)).tolist():
            rule = ward.asked.least if few[d, s] else ward.asked.most
            if d >= terms.frozen:
                kind = terms.patterns.shifts[s].name
                rows.append(Broken(ward.name, d, kind, int(people[d, s]), int(rule[d, s])))
    return tuple(sorted(rows, key=lambda row: -abs(row.short)))


def _persons(terms: CoverTerms, crew: Crew, on: IntArray) -> tuple[IntArray, float, int]:
    """Own people by day, shift and skill; their pay beyond basic; how many have a line."""
    there, extra, people = crew.rostered.copy(), 0.0, 0
    monday = terms.weeks[0] % DAYS_WEEK if terms.weeks else 0
    for week in terms.weeks:
        there[week : week + DAYS_WEEK] = 0
    for skill, most in enumerate(crew.people):
        dealt = list(lines(terms.patterns, on[skill]))
        if len(dealt) > most:
            raise TwinError(
                f"{crew.name}: {len(dealt)} {terms.skills[skill]} at work in a week, {most} are there"
            )
        for line in dealt:
            worked = _days(terms, line)
            check_line(
                {d - monday: s for d, s in worked.items()}, terms.patterns.shifts, terms.patterns.rules
            )
            extra += _extra_pay(terms, worked, terms.prices.wage[skill], terms.prices.overtime[skill])
            for day, shift in worked.items():
                there[day, shift, skill] += 1
        people += len(dealt)
    return there, extra, people


def _days(terms: CoverTerms, line: tuple[int, ...]) -> dict[int, int]:
    """Day -> shift of one person."""
    return {
        week + i: int(shift)
        for week, pattern in zip(terms.weeks, line, strict=True)
        if pattern >= 0
        for i, shift in enumerate(terms.patterns.days[pattern])
        if shift != OFF
    }


def check_line(worked: Mapping[int, int], shifts: tuple[ShiftKind, ...], rules: RosterRules) -> None:
    """Refuse a person's line that breaks a rule of rest and hours; days count from a Monday.

    Raises
    ------
    TwinError
        Naming the rule and the day.
    """
    clock = [
        (HOURS_DAY * d + shifts[s].begins, HOURS_DAY * d + shifts[s].ends, d)
        for d, s in sorted(worked.items())
    ]
    for (_, left, day), (back, _, _) in pairwise(clock):
        if back - left < rules.rest_hours - 1e-9:
            raise TwinError(f"day {day}: {back - left:g} h of rest, {rules.rest_hours:g} h are due")
    nights = sorted(d for d, s in worked.items() if shifts[s].ends > HOURS_DAY)
    for _, run in groupby(enumerate(nights), lambda entry: entry[1] - entry[0]):
        if len(list(run)) > rules.nights_in_a_row:
            raise TwinError(f"more than {rules.nights_in_a_row} nights in a row")
    weeks: dict[int, float] = {}
    weekends: set[int] = set()
    for day, shift in worked.items():
        week, weekday = divmod(day, DAYS_WEEK)
        weeks[week] = weeks.get(week, 0.0) + shifts[shift].paid
        weekends |= {week} if weekday >= 5 else set()
    if any(not rules.hours_least - 1e-9 <= hours <= rules.hours_most + 1e-9 for hours in weeks.values()):
        raise TwinError(
            f"a week of {max(weeks.values()):g} h, {rules.hours_least:g} to {rules.hours_most:g} are allowed"
        )
    if rules.every_second_weekend and any(week + 1 in weekends for week in weekends):
        raise TwinError("two weekends in a row")


def _extra_pay(terms: CoverTerms, worked: Mapping[int, int], wage: float, overtime: float) -> float:
    """Unsocial hours and overtime of one person. [currency]"""
    shifts, total = terms.patterns.shifts, 0.0
    for week in terms.weeks:
        of_week = [(d, s) for d, s in worked.items() if week <= d < week + DAYS_WEEK]
        total += wage * sum(shifts[s].paid * float(terms.premium[d, s]) for d, s in of_week)
        beyond = sum(shifts[s].paid for _, s in of_week) - terms.patterns.rules.contract_hours
        total += overtime * max(beyond, 0.0)
    return total


def _refuse_lent_twice(terms: CoverTerms, numbers: CoverNumbers, there: Mapping[str, IntArray]) -> None:
    for pool in terms.pools:
        out = sum(n for (lender, _), n in numbers.lent.items() if lender == pool.name)
        if np.any(np.asarray(out) > there[pool.name]):
            raise TwinError(f"{pool.name}: somebody is lent to two wards at once")
        if any(
            to not in pool.wards
            for (lender, to), n in numbers.lent.items()
            if lender == pool.name and n.any()
        ):
            raise TwinError(f"{pool.name}: lent to a ward that its people are not trained for")


def _agency_pay(terms: CoverTerms, hired: IntArray) -> float:
    paid = np.array([s.paid for s in terms.patterns.shifts])
    hour = np.array(terms.prices.agency) + terms.premium[:, :, None] * np.array(terms.prices.wage)
    return float((hired * paid[None, :, None] * hour).sum())


def _short(terms: CoverTerms, asked: IntArray, needs: StaffNeeds) -> FloatArray:
    """Expected person-hours short by level, each future and hour on its own, absent people left out."""
    short = np.zeros(len(terms.skills))
    come = np.cumsum(asked, axis=2)  # of a skill or higher
    for s, shift in enumerate(terms.patterns.shifts):
        needed = needs.by_shift[s]
        for level in range(len(terms.skills)):
            for people in np.unique(come[:, s, level]):
                days = np.flatnonzero(come[:, s, level] == people)
                k = np.arange(people + 1)
                chance = stats.binom.pmf(k, people, 1.0 - needs.absence)
                wanted = needed[:, days, level]
                missing = np.maximum(wanted[..., None] - k, 0) @ chance
                short[level] += shift.paid * missing.mean(axis=(0, 2)).sum()
    return short
