"""Playing plans: the same patients under several plans in the simulated hospital, with all its rules.

Nothing here knows a model; futures that certify are played exactly like those that train.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from optimization.paths import CertifyPaths, TrainPaths
from twin.case import Case, Schedule, Window, resolve
from twin.errors import Overload
from twin.plan import Plan
from twin.replications import Side, replicate_sides
from twin.trace import Trace

Progress = Callable[[int, int], None]
Check = Callable[[], None]
Seen = TypeVar("Seen")


def play_plans(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    measuring: Callable[[Case], Callable[[Trace], Seen]],
    *,
    seed: int,
    threads: int = 2,
    progress: Progress | None = None,
    check: Check | None = None,
) -> tuple[tuple[Seen, ...], ...]:
    """Play a case under several plans on the same futures; a tuple of futures for each plan.

    Parameters
    ----------
    measuring
        For the case under a plan: what is measured in one of its futures. It may be sent to another process.
    progress
        Told (futures done, all).

    Raises
    ------
    Overload
        Raised by what is measured (``refuse_overload``).
    """
    cases = [case.with_(plan=plan) for plan in plans]
    schedules = [resolve(each, window) for each in cases]
    alike = [
        next(
            j for j in range(i + 1) if plans[j].cover == plans[i].cover and _same(schedules[j], schedules[i])
        )
        for i in range(len(plans))
    ]
    different = sorted(set(alike))  # plans that open the same beds and ask the same people have one future
    n = len(different)
    futures = replicate_sides(
        [Side(cases[i], measuring(cases[i])) for i in different],
        window,
        seed=seed,
        replications=paths.replications,
        threads=threads,
        progress=None if progress is None else lambda done, of: progress(done // n, of // n),
        check=check,
    )
    return tuple(tuple(futures[different.index(i)]) for i in alike)


def refuse_overload(trace: Trace, plan: Plan) -> None:
    """Refuse a future in which a queue grew until the run had to be stopped: nothing can be measured on it.

    Raises
    ------
    Overload
        With the plan's name and the queue.
    """
    if trace.stopped_at is not None:
        raise Overload(f'under the plan "{plan.name}" a queue grows without end: {trace.stopped_why}')


def _same(a: Schedule, b: Schedule) -> bool:
    return all(
        np.array_equal(level.times, b.levels[name].times)
        and np.array_equal(level.values, b.levels[name].values)
        for name, level in a.levels.items()
    )
