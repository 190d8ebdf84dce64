"""Playing staffing plans in the whole hospital: which tasks of a group start in time, and all measures.

Nothing here knows stations or models; futures that certify are played exactly like those that train.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from optimization.paths import CertifyPaths, TrainPaths
from optimization.playing import play_plans, refuse_overload
from optimization.proof.certificate import patients_behind
from optimization.staffing.tasks import people_at
from twin.case import Case, Window
from twin.measures import measures_of, tally
from twin.plan import Plan, Target
from twin.trace import UNSET, Trace
from twin.units import DAYS_WEEK, HOURS_DAY, MS_HOUR, MS_MINUTE, IntArray


def in_time_of(group: str) -> str:
    """The measure of a group: tasks that start within the limit / all its tasks [%]."""
    return f"in_time.{group}"


@dataclass(frozen=True)
class Lived:
    """One future under one plan.

    Attributes
    ----------
    measures : the summary's measures, and of each group planned its tasks in time [%]
    patients : of measures that are means or shares: over how many patients, or tasks
    late : group -> tasks too late by hour of the week in which they were asked for, shape (hour,) [tasks]
    """

    measures: Mapping[str, float]
    patients: Mapping[str, int]
    late: Mapping[str, IntArray]

    @property
    def too_late(self) -> int:
        """Tasks of all groups that started too late. [tasks]"""
        return sum(int(each.sum()) for each in self.late.values())


@dataclass(frozen=True)
class Looked:
    """Whose tasks are looked at, how long they may wait, and on which days of the run."""

    groups: tuple[str, ...]
    limit_minutes: float
    days: range


def live(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    looked: Looked,
    paths: TrainPaths | CertifyPaths,
    **simulation: Any,
) -> tuple[tuple[Lived, ...], ...]:
    """Play a case under several plans on the same futures, as ``play_plans``; a tuple of futures for each."""

    def measuring(each: Case) -> Callable[[Trace], Lived]:
        return partial(_lived, case=each, window=window, looked=looked)

    return play_plans(case, plans, window, paths, measuring, **simulation)


def _lived(trace: Trace, *, case: Case, window: Window, looked: Looked) -> Lived:
    refuse_overload(trace, case.plan)
    hospital = case.hospital
    starts = window.clock(hospital).day_starts
    since, until = int(starts[looked.days.start]), int(starts[looked.days.stop])
    counts = tally(trace, hospital, wards_only=True)
    measures, patients = dict(measures_of(counts, hospital)), dict(patients_behind(counts))
    late = {}
    for group in looked.groups:
        counted = (people_at(hospital, trace, group) > 0) & (trace.requested >= since)
        counted &= trace.requested < until
        asked, started = trace.requested[counted], trace.started[counted]
        tardy = (started == UNSET) | (started - asked > round(looked.limit_minutes * MS_MINUTE))
        day = np.searchsorted(starts, asked[tardy], side="right") - 1
        hour = np.minimum((asked[tardy] - starts[day]) // MS_HOUR, HOURS_DAY - 1)
        week = (day + window.start.weekday()) % DAYS_WEEK * HOURS_DAY + hour
        late[group] = np.bincount(week, minlength=DAYS_WEEK * HOURS_DAY)
        name, tasks = in_time_of(group), int(counted.sum())
        measures[name] = 100 * float(1 - tardy.sum() / tasks) if tasks else 0.0
        patients[name] = tasks
    return Lived(measures, patients, late)


def targets_of(titles: Mapping[str, str], share: float, limit_minutes: float) -> tuple[Target, ...]:
    """A target a group, on the expected share; the share of futures that meet it is told, not asked.

    Parameters
    ----------
    titles
        group -> what people call it.
    share
        Of its tasks that start within the limit [fraction].
    """
    return tuple(
        Target(
            f"{title}: start within {limit_minutes:g} minutes",
            in_time_of(group),
            "%",
            at_least=100 * share,
            share=0.0,
        )
        for group, title in titles.items()
    )
