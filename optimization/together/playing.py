"""Playing beds and nurses together: what a bed plan is measured by, and the beds that nurses leave of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from optimization.beds.needs import Check, Progress, morning_hours
from optimization.beds.playing import Played, measured
from optimization.cover.playing import Asked, beds_by_hour
from optimization.cover.targets import BEDS_CLOSED
from optimization.paths import CertifyPaths, TrainPaths
from twin.case import Case, Window
from twin.plan import Plan
from twin.replications import Side, replicate_sides
from twin.trace import Trace
from twin.units import IntArray


def play(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    *,
    seed: int,
    threads: int = 2,
    progress: Progress | None = None,
    check: Check | None = None,
) -> list[list[Played]]:
    """Play a case under several plans on the same futures, absence and all; a list of futures for each plan.

    Raises
    ------
    Overload
        A queue grew until the run had to be stopped: a plan cannot be measured on it.
    """
    mornings = morning_hours(window, case.hospital)
    sides = []
    for plan in plans:
        one = case.with_(plan=plan)
        reduce = partial(_measured, case=one, window=window, mornings=mornings, asked=Asked.of(one, window))
        sides.append(Side(one, reduce))
    played = replicate_sides(
        sides,
        window,
        seed=seed,
        replications=paths.replications,
        threads=threads,
        progress=None if progress is None else lambda n, of: progress(n // len(sides), of // len(sides)),
        check=check,
    )
    return [list(futures) for futures in played]


def _measured(trace: Trace, *, case: Case, window: Window, mornings: IntArray, asked: Asked) -> Played:
    """One future: what the beds do, and the share of bed-hours closed for lack of nurses [%]."""
    beds = measured(trace, case=case, window=window, mornings=mornings)
    closed = asked.share_closed(beds_by_hour(trace.schedule, case.hospital, asked.hours))
    return replace(beds, measures={**beds.measures, BEDS_CLOSED: closed})
