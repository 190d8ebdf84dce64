"""Playing bed plans: what they do in the simulated hospital, with its queues, outliers and boarders.

Nothing here knows the model; futures that certify are played exactly like those that train.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from optimization.beds.needs import morning_hours
from optimization.paths import CertifyPaths, TrainPaths
from optimization.playing import play_plans, refuse_overload
from optimization.proof.certificate import patients_behind
from twin.case import Case, Window
from twin.measures import measures_of, need, tally
from twin.plan import Plan
from twin.trace import Trace
from twin.units import HOURS_DAY, MS_HOUR, IntArray

#: the measure that only a plan asks for
SHORT_MORNINGS = "short_mornings"


@dataclass(frozen=True)
class Played:
    """One certifying future under one plan.

    Attributes
    ----------
    measures : the summary's measures, and ``short_mornings``: ward-mornings on which a ward needs more
        beds than it has open / all ward-mornings planned [%]
    patients : of measures that are means or shares over patients: over how many [patients]
    beyond : patients in or waiting for the ward beyond its open beds at 08:00, shape (ward, day) [patients]
    waiting_days : patient-days spent waiting for a ward bed over the planned days [patient-days]
    """

    measures: Mapping[str, float]
    patients: Mapping[str, int]
    beyond: IntArray
    waiting_days: float


def play(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    **simulation: Any,
) -> tuple[tuple[Played, ...], ...]:
    """Play a case under several plans on the same futures, as ``play_plans``; a tuple of futures for each."""
    mornings = morning_hours(window, case.hospital)

    def measuring(each: Case) -> Callable[[Trace], Played]:
        return partial(measured, case=each, window=window, mornings=mornings)

    return play_plans(case, plans, window, paths, measuring, **simulation)


def measured(trace: Trace, *, case: Case, window: Window, mornings: IntArray) -> Played:
    """One future under the plan of its case."""
    refuse_overload(trace, case.plan)
    hospital, starts = case.hospital, window.clock(case.hospital).day_starts
    ends = window.warm_up + window.days
    first, last = int(starts[ends - mornings.size]), int(starts[ends])
    counted = need(trace, hospital)
    beyond = np.maximum(counted.need - counted.open_beds, 0)[:, mornings]
    waiting = counted.waiting[:, first // MS_HOUR : last // MS_HOUR].sum() / HOURS_DAY
    counts = tally(trace, hospital, wards_only=True)
    measures = {**measures_of(counts, hospital), SHORT_MORNINGS: 100 * float((beyond > 0).mean())}
    return Played(measures, patients_behind(counts), beyond, float(waiting))


def mean_waiting(played: Sequence[Played]) -> float:
    """Patient-days spent waiting for a ward bed, mean over futures. [patient-days]"""
    return float(np.mean([p.waiting_days for p in played]))


def chance_short(wards: Sequence[str], played: Sequence[Played]) -> dict[str, float]:
    """Share of mornings on which a ward is short of beds, over futures and days. [fraction]"""
    short = np.stack([p.beyond for p in played]) > 0
    return {w: float(short[:, i].mean()) for i, w in enumerate(wards)}
