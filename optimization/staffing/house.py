"""A hospital's staff groups as stations: which groups work at steps, their shifts, their week.

A group without shifts is given shifts of eight hours; its plan then names hours. A week of shifts is
planned and holds on every date of the horizon; what a shift of a weekday costs is what all its dates cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd

import numpy as np

from optimization.cover.patterns import RosterRules
from optimization.staffing.monotone import rules_against
from optimization.staffing.pay import SHORTEST, hours_of, shift_pay
from optimization.staffing.question import Pattern, Question
from optimization.staffing.station import Days as Sample
from twin.calendar import DAY_NAMES
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital
from twin.hospital.week import Days, on_shift, span_of, walls
from twin.plan import Plan
from twin.units import DAYS_WEEK, HOURS_DAY, MINUTES_HOUR, MS_DAY, MS_HOUR, MS_MINUTE

#: shifts of a group that has none (assumed: eight hours, begun at the usual hours and through the day)
USUAL_SHIFTS = (
    "00:00-08:00", "06:00-14:00", "08:00-16:00", "10:00-18:00", "12:00-20:00", "14:00-22:00",
    "16:00-24:00", "22:00-06:00",
)  # fmt: skip
#: basic pay of a person of a group [currency/h]; assumed: about the middle of band 5, NHS Agenda for Change
#: 2024/25; say what others earn
WAGE = 17.0


def task_groups(hospital: Hospital) -> tuple[str, ...]:
    """Staff groups that work at steps and nurse no ward.

    Raises
    ------
    UsageError
        There is none.
    """
    nursing = {ward.nursing.group for ward in hospital.wards.values() if ward.nursing is not None}
    taken = {
        group
        for each in hospital.classes.values()
        for step in hospital.pathways[each.pathway].steps
        for group in step.staff
    }
    found = tuple(g for g in hospital.staff if g in taken - nursing)
    if not found:
        raise UsageError(
            "no staff group works at a step, so there is no staffing to plan; name the people of a step in "
            "pathways.NAME.steps: staff = { doctors = 1 }",
            code="E_EMPTY_MODEL",
        )
    return found


@dataclass(frozen=True)
class Asked:
    """What is planned, as the planner says it.

    Attributes
    ----------
    groups : staff groups planned; all that work at steps where empty
    share : of a group's tasks that start within the limit [fraction]
    limit_minutes : the limit [minutes]
    shifts : hours of shifts ("HH:MM-HH:MM") of groups that have none of their own
    people : employed by group; no limit where left out [people]
    wages : basic pay by group [currency/h]
    pins : (group, shift) -> people on it on every day of the week [people]
    notice : days from the first measured one whose staffing stays as decided [days]
    least_change : people whom the plan in force asks stay, and as few as can be come to them
    """

    groups: tuple[str, ...] = ()
    share: float = 0.8
    limit_minutes: float = 30.0
    shifts: tuple[str, ...] = USUAL_SHIFTS
    people: Mapping[str, int] | None = None
    wages: Mapping[str, float] | None = None
    pins: Mapping[tuple[str, str], int] | None = None
    notice: int = 1
    least_change: bool = False

    def of(self, hospital: Hospital) -> tuple[str, ...]:
        """The groups planned, in the order of the hospital.

        Raises
        ------
        ConfigError
            With every fault of what is asked.
        """
        there = task_groups(hospital)
        chosen = tuple(g for g in there if not self.groups or g in self.groups)
        problems = list(_faults(self, hospital, there, chosen))
        if problems:
            raise ConfigError("the staffing plan", problems)
        return chosen

    def wage(self, group: str) -> float:
        """Basic pay of a group [currency/h]."""
        return float((self.wages or {}).get(group, WAGE))


def _faults(
    asked: Asked, hospital: Hospital, there: Sequence[str], chosen: Sequence[str]
) -> Iterable[Problem]:
    if not 0 < asked.share < 1:
        rule = "a share of tasks above 0 and below 100 %"
        yield Problem("share", f"{100 * asked.share:g} %", rule, "80, say", "E_RANGE")
    if not 0 <= asked.limit_minutes <= HOURS_DAY * MINUTES_HOUR:
        yield Problem("limit", asked.limit_minutes, "minutes, from 0 to a day", code="E_RANGE")
    if asked.notice < 0:
        yield Problem("notice", asked.notice, "days, 0 or more", code="E_RANGE")
    named = {"groups": asked.groups, "people": (*(asked.people or ()),), "wages": (*(asked.wages or ()),)}
    for where, groups in named.items():
        for group in groups:
            if group not in there:
                rule = "no staff group that works at steps"
                yield Problem(f"{where}.{group}", group, rule, did_you_mean(group, there), "E_UNKNOWN_NAME")
    for name, wage in (asked.wages or {}).items():
        if not (np.isfinite(wage) and wage > 0):
            yield Problem(f"wages.{name}", wage, "pay an hour above 0", code="E_RANGE")
    if not asked.shifts:
        yield Problem("shifts", None, "one or more shifts", code="E_EMPTY_MODEL")
    for text in asked.shifts:
        try:
            if any(at % (SHORTEST * MS_MINUTE) for at in span_of(text)):
                yield Problem("shifts", text, "shifts begin and end at whole quarters of an hour")
        except ValueError:
            yield Problem("shifts", text, '"HH:MM-HH:MM"')
    for (group, shift), n in (asked.pins or {}).items():
        names = list(shifts_of(hospital, group, asked.shifts)) if group in chosen else []
        if group not in chosen:
            yield Problem(f"pins.{group}", group, "no group that is planned", did_you_mean(group, chosen))
        elif shift not in names:
            yield Problem(f"pins.{group}.{shift}", shift, "no such shift", did_you_mean(shift, names))
        elif n < 0:
            yield Problem(f"pins.{group}.{shift}", n, "people, 0 or more")


def shifts_of(hospital: Hospital, group: str, usual: Sequence[str]) -> dict[str, tuple[int, int]]:
    """The shifts of a group, or the usual ones where it has none: wall-clock start and end. [ms]"""
    own = {name: shift.span for name, shift in hospital.staff[group].shifts.items()}
    return own or {text: span_of(text) for text in usual}


@dataclass(frozen=True)
class GroupWeek:
    """One group's week of shifts to plan.

    Attributes
    ----------
    group, question, sample : its name; its shifts of a week, costs over the horizon; its tasks
    names : (weekday, shift) of each pattern, by the pattern's name
    rules : those under which more people may delay somebody; none where the bound is proved
    """

    group: str
    question: Question
    sample: Sample
    names: Mapping[str, tuple[int, str]]
    rules: tuple[str, ...]


def block_minutes(hospital: Hospital, group: str, usual: Sequence[str]) -> int:
    """Length of the blocks in which a group's week is planned [minutes]."""
    edges = [at for span in shifts_of(hospital, group, usual).values() for at in span]
    return max(gcd(MS_HOUR, *edges) // MS_MINUTE, 1)


def group_week(
    hospital: Hospital, asked: Asked, group: str, sample: Sample, dates: Sequence[date]
) -> GroupWeek:
    """The week of a group as a question."""
    each = sample.station.block_minutes
    spans = shifts_of(hospital, group, asked.shifts)
    a_day = HOURS_DAY * MINUTES_HOUR // each
    patterns, names = [], {}
    for day in range(DAYS_WEEK):
        for shift, span in spans.items():
            name = f"{DAY_NAMES[day]} {shift}"
            blocks = round(hours_of(span) * MINUTES_HOUR / each)
            on = [d for d in dates if d.weekday() == day]
            cost = sum(shift_pay(d, span, asked.wage(group), hospital.country) for d in on)
            patterns.append(Pattern(name, day * a_day + span[0] // (each * MS_MINUTE), blocks, cost))
            names[name] = day, shift
    pins = {
        (group, name): n
        for (of, shift), n in (asked.pins or {}).items()
        for name, (_, own) in names.items()
        if of == group and own == shift
    }
    most = (asked.people or {}).get(group)
    question = Question(
        (sample.station,),
        {group: tuple(patterns)},
        target=asked.share,
        limit_minutes=asked.limit_minutes,
        floor={group: _least(hospital, group, sample)},
        most={} if most is None else {group: shifts_a_week(hospital, group, most, asked.shifts)},
        pins=pins,
    )
    rules = [*rules_against(hospital, group)]
    staff = hospital.staff[group]
    rules += ["absence"] * bool(staff.absence) + ["breaks"] * bool(staff.breaks)
    return GroupWeek(group, question, sample, names, tuple(rules))


def _least(hospital: Hospital, group: str, sample: Sample) -> tuple[int, ...]:
    """Least people by block: those who keep up with the mean load of two hours; nobody where nobody is now.

    Assumed: with fewer a queue grows through the night, and those who wait in it are given up.
    """
    station = sample.station
    together = max(1, 120 // station.block_minutes)
    load = np.repeat(station.load.reshape(-1, together).mean(axis=1), together)
    week = Days.usual_week()
    own, points = hospital.staff[group], walls(hospital.staff[group])
    table = on_shift(own, week, points).sum(axis=0)
    wall = np.arange(station.blocks) * station.block_ms
    now = table[wall // MS_DAY, np.searchsorted(points, wall % MS_DAY, side="right") - 1]
    return tuple(int(x) for x in np.where(now > 0, np.maximum(1, np.floor(load + 0.5)), 0))


def shifts_a_week(hospital: Hospital, group: str, people: int, usual: Sequence[str]) -> int:
    """Shifts that so many employed can work in a week, the longest ones and the mean absence taken."""
    longest = max(hours_of(span) for span in shifts_of(hospital, group, usual).values())
    rules = RosterRules()
    each = min(rules.contract_hours / longest, rules.shifts_a_week)
    return int(people * each)


def plan_of(
    base: Plan,
    people: Mapping[str, Mapping[tuple[int, str], int]],
    dates: Sequence[date],
    name: str,
    note: str,
) -> Plan:
    """The week of shifts on every date; what the plan before says of other groups and dates stays.

    Parameters
    ----------
    people
        group -> (weekday, shift) -> people.
    """
    cover = {group: {d: dict(s) for d, s in days.items()} for group, days in base.cover.items()}
    for group, week in people.items():
        for day in dates:
            shifts = {shift: n for (weekday, shift), n in week.items() if weekday == day.weekday()}
            cover.setdefault(group, {})[day] = shifts
    return Plan(name, base.beds, note, cover)


def week_of(plan: Plan, group: str, dates: Sequence[date]) -> dict[tuple[int, str], int]:
    """The week of shifts that a plan has for a group: of each weekday and shift the most of these dates."""
    week: dict[tuple[int, str], int] = {}
    for day in dates:
        for shift, people in plan.cover.get(group, {}).get(day, {}).items():
            where = day.weekday(), shift
            week[where] = max(week.get(where, 0), people)
    return week
