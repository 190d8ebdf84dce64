"""Playing beds and nurses together: what a bed plan is measured by, and the beds that nurses leave of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from optimization.beds.needs import morning_hours
from optimization.beds.playing import Played, measured
from optimization.cover.playing import Asked, beds_by_hour
from optimization.cover.targets import BEDS_CLOSED
from optimization.paths import CertifyPaths, TrainPaths
from optimization.playing import play_plans
from twin.case import Case, Window
from twin.plan import Plan
from twin.trace import Trace
from twin.units import IntArray


def play(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    **simulation: Any,
) -> tuple[tuple[Played, ...], ...]:
    """Play a case under several plans on the same futures, absence and all; a tuple of futures for each."""
    mornings = morning_hours(window, case.hospital)

    def measuring(each: Case) -> Callable[[Trace], Played]:
        asked = Asked.of(each, window)
        return partial(_measured, case=each, window=window, mornings=mornings, asked=asked)

    return play_plans(case, plans, window, paths, measuring, **simulation)


def _measured(trace: Trace, *, case: Case, window: Window, mornings: IntArray, asked: Asked) -> Played:
    """One future: what the beds do, and the share of bed-hours closed for lack of nurses [%]."""
    beds = measured(trace, case=case, window=window, mornings=mornings)
    closed = asked.share_closed(beds_by_hour(trace.schedule, case.hospital, asked.hours))
    return replace(beds, measures={**beds.measures, BEDS_CLOSED: closed})
