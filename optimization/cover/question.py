"""What a cover plan is asked, checked before any patient is simulated; and its rules for single shifts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isfinite
from typing import Any

import numpy as np

from optimization.beds.needs import WardNeeds, planned_days
from optimization.cover.house import ROSTER_NOTICE, WAGE, Family, families, nursing_groups
from optimization.cover.targets import BEDS_CLOSED, default_targets
from optimization.cover.terms import NO_LIMIT, Asked
from optimization.cover.usual import with_usual_nurses
from optimization.paths import CertifyPaths, TrainPaths, after, apart, split
from optimization.proof.certificate import check_targets
from twin.case import Case, Window
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.plan import Target

#: a pin: staff group, local date on which the shift begins, shift
Shift = tuple[str, date, str]
#: nobody asks for more than this many times the nurses needed (assumed: a slip of the finger) [ratio]
MOST_COVER = 5.0


@dataclass(frozen=True)
class CoverQuestion:
    """A question that can be planned.

    Attributes
    ----------
    pins : people on single shifts of a group, everybody counted who is asked to come [people]
    at_least : people asked to each shift / nurses needed on it in the mean, at least [ratio]; None for none
    least_change : keep to the people decided now wherever the rules allow it
    notes : what was assumed, in words
    """

    case: Case
    window: Window
    train: TrainPaths
    certify: CertifyPaths
    targets: tuple[Target, ...]
    people: Mapping[str, int]
    wage: float
    notice: int
    pins: Mapping[Shift, int]
    at_least: float | None
    least_change: bool
    notes: tuple[str, ...]

    @property
    def today(self) -> date:
        """The day on which all this is asked."""
        return self.window.start + timedelta(days=self.window.warm_up)

    @property
    def to_choose(self) -> TrainPaths:
        """Futures on which finalists are compared: none that they were made for, where there are others."""
        return after(self.train, self.case)

    @property
    def words(self) -> str:
        """The question as options of ``twin optimize cover``."""
        several = [f"--days {self.window.days} --notice {self.notice}"]
        several += [f"--people {group}={n}" for group, n in self.people.items()]
        several += [f"--pin {group}@{day}@{shift}={n}" for (group, day, shift), n in self.pins.items()]
        if self.at_least is not None:
            several.append(f"--at-least {self.at_least:g}")
        if self.least_change:
            several.append("--keep PLAN")
        if self.targets != default_targets():
            several += [f'--target "{target.typed}"' for target in self.targets]
        return " ".join(several)

    def families(self, needs: WardNeeds) -> list[Family]:
        """What the hospital asks of its nurses, with the rules of this question."""
        parts = families(
            self.case.hospital,
            self.case.plan,
            needs,
            first=self.today,
            notice=self.notice,
            people=self.people,
            wage=self.wage,
        )
        return [with_rules(f, self.pins, self.at_least, keep=self.least_change) for f in parts]


def cover_question(
    case: Case,
    window: Window,
    *,
    replications: int,
    targets: Sequence[Target] | None = None,
    people: Mapping[str, int] | None = None,
    wage: float = WAGE,
    notice: int = ROSTER_NOTICE,
    pins: Mapping[Shift, int] | None = None,
    at_least: float | None = None,
    least_change: bool = False,
) -> CoverQuestion:
    """Fill in what was left out and check the whole; parameters as of ``plan_cover``.

    Raises
    ------
    ConfigError, UsageError
        Numbers that cannot be planned with.
    """
    asked = default_targets() if targets is None else tuple(targets)
    check_targets(asked, also=(BEDS_CLOSED,))
    if not isfinite(wage) or wage <= 0:
        raise UsageError(f"basic pay is a number above 0; got {wage}", code="E_RANGE")
    if notice < 0:
        raise UsageError(f"rosters are fixed for 0 days or more; got {notice}", code="E_RANGE")
    if at_least is not None and not (isfinite(at_least) and 0 < at_least <= MOST_COVER):
        raise UsageError(
            f"a least cover is above 0 and at most {MOST_COVER:g} times the nurses needed; got {at_least}",
            code="E_RANGE",
        )
    hospital, notes = with_usual_nurses(case.hospital)
    case = case.with_(hospital=hospital) if notes else case
    groups = nursing_groups(case.hospital)
    problems = [*_pins_wrong(case, window, groups, pins or {}), *_people_wrong(case, groups, people or {})]
    if problems:
        raise ConfigError("the cover plan", problems)
    case = apart(case)
    train, certify = split(replications)
    return CoverQuestion(
        case,
        window,
        train,
        certify,
        asked,
        dict(people or {}),
        wage,
        notice,
        dict(pins or {}),
        at_least,
        least_change,
        notes,
    )


def _pins_wrong(
    case: Case, window: Window, groups: Sequence[str], pins: Mapping[Shift, int]
) -> Iterable[Problem]:
    """Pins of what there is not, or what cannot be decided any more."""
    days = planned_days(window)
    first, last = (window.start + timedelta(days=d) for d in (days.start, days.stop - 1))
    for (group, day, shift), n in pins.items():
        where = f"pins.{group}@{day}@{shift}"
        if group not in groups:
            cure = did_you_mean(group, groups) or f"those that do: {', '.join(groups)}"
            yield Problem(where, group, "no such group that nurses a ward", cure, "E_UNKNOWN_NAME")
        elif shift not in case.hospital.staff[group].shifts:
            shifts = case.hospital.staff[group].shifts
            cure = did_you_mean(shift, shifts) or f"shifts of {group}: {', '.join(shifts)}"
            yield Problem(where, shift, "no such shift", cure, "E_UNKNOWN_NAME")
        elif not first <= day <= last:
            yield Problem(where, str(day), f"a day that can be planned: {first} to {last}", code="E_RANGE")
        elif n < 0:
            yield Problem(where, n, "a whole number of people, 0 or more", code="E_RANGE")


def _people_wrong(case: Case, groups: Sequence[str], people: Mapping[str, int]) -> Iterable[Problem]:
    pools = [p for g in groups if (p := case.hospital.staff[g].float_pool) is not None]
    known = list(dict.fromkeys([*groups, *pools]))
    for group, n in people.items():
        if group not in known:
            cure = did_you_mean(group, known) or f"those that do: {', '.join(known)}"
            yield Problem(f"people.{group}", group, "no group that nurses wards", cure, "E_UNKNOWN_NAME")
        elif n < 0:
            yield Problem(f"people.{group}", n, "a whole number of people, 0 or more", code="E_RANGE")


def with_rules(
    family: Family, pins: Mapping[Shift, int], at_least: float | None, *, keep: bool = False
) -> Family:
    """The family with a least cover, pins over it, and the plan in force to keep to."""
    terms = family.terms
    place = {kind.name: s for s, kind in enumerate(terms.patterns.shifts)}
    wards = []
    for ward in terms.wards:
        mine = {(d, s): n for (group, d, s), n in pins.items() if group == ward.name and d in family.days}
        if not (mine or at_least is not None or keep):
            wards.append(replace(ward, asked=None))
            continue
        asked = Asked.nothing(terms.days, terms.shifts)
        if at_least is not None:
            asked.least[:] = least_cover(family, ward.name, at_least)
        for (day, shift), n in mine.items():
            cell = family.days.index(day), place[shift]
            asked.least[cell] = asked.most[cell] = n
        near = ward.crew.rostered.sum(axis=2) if keep else None
        wards.append(replace(ward, asked=Asked(asked.least, np.minimum(asked.most, NO_LIMIT), near)))
    return replace(family, terms=replace(terms, wards=tuple(wards)))


def mean_needed(family: Family, group: str) -> Any:
    """Nurses needed in the mean over futures and hours, shape (day, shift). [people]"""
    return np.stack([n[:, :, -1].mean(axis=(0, 2)) for n in family.needs[group].by_shift], axis=1)


def least_cover(family: Family, group: str, at_least: float) -> Any:
    """People who must be asked to each shift, int (day, shift). [people]"""
    return np.ceil(at_least * mean_needed(family, group) - 1e-9).astype(np.int64)


def read_pins(texts: Iterable[str]) -> dict[Shift, int]:
    """Pins as a planner types them: ``amu_nurses@2025-01-06@night=4``.

    Raises
    ------
    ConfigError
        With every text that is none, and every shift with two numbers.
    """
    pins: dict[Shift, int] = {}
    problems = []
    for text in texts:
        where, _, number = text.rpartition("=")
        parts = where.split("@")
        day = _date(parts[1]) if len(parts) == 3 else None
        if day is None or not (number.isascii() and number.isdigit()):
            rule = "GROUP@DATE@SHIFT=PEOPLE, as in amu_nurses@2025-01-06@night=4"
            problems.append(Problem("--pin", text, rule))
            continue
        pin = (parts[0].strip(), day, parts[2].strip())
        if pins.get(pin, int(number)) != int(number):
            problems.append(Problem("--pin", text, f"contradicts {where}={pins[pin]}", "keep one of the two"))
        pins[pin] = int(number)
    if problems:
        raise ConfigError("the command line", problems)
    return pins


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
