"""Replications: the same case lived many times, each on its own chance and its own path.

Threads carry the kernel, which lets go of the interpreter's lock while it runs. Each replication is
reduced to what is asked before the next begins, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from twin.case import Case, Window, resolve
from twin.engine import Engine, simulate
from twin.errors import UsageError
from twin.hospital.load import class_rates, visits
from twin.trace import Trace
from twin.workload import draw_workload

T = TypeVar("T")

#: patient-steps that one replication may hold before it is refused (about 200 bytes each, 6 GB)
MOST_ROWS = 30_000_000
#: of all replications together; beyond it the question takes hours (assumed: a planner's patience)
MOST_ROWS_TOGETHER = 20_000_000_000


def replicate(
    case: Case,
    window: Window,
    *,
    seed: int,
    replications: Iterable[int],
    reduce: Callable[[Trace], T],
    engine: Engine = "kernel",
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
) -> list[T]:
    """Draw and play each replication and keep what ``reduce`` makes of its trace.

    Parameters
    ----------
    replications
        Numbers of the replications; number r meets the same patients in every case, and lives on
        path r of the forecast.
    progress
        Told (done, all) after each.
    check
        Called between replications; it raises to stop (``Cancelled``).

    Returns
    -------
    list
        In the order of ``replications``, whichever thread was first.

    Raises
    ------
    UsageError
        The run would not fit in memory or in a day.
    """
    numbers = list(replications)
    refuse_too_much(case, window, len(numbers))
    someone_absent = any(group.absence > 0 for group in case.hospital.staff.values())
    schedule = None if someone_absent else resolve(case, window)  # else each replication has its own

    def one(number: int) -> T:
        workload = draw_workload(case, window, seed=seed, replication=number)
        return reduce(simulate(case, workload, engine=engine, schedule=schedule))

    results: dict[int, T] = {}
    with ThreadPoolExecutor(max_workers=max(1, threads)) as pool:
        queue = list(enumerate(numbers))[::-1]
        running: dict[Future[T], int] = {}
        try:
            while queue or running:
                while queue and len(running) < max(1, threads):
                    place, number = queue.pop()
                    running[pool.submit(one, number)] = place
                done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in done:
                    results[running.pop(future)] = future.result()
                    if progress is not None:
                        progress(len(results), len(numbers))
                if check is not None:
                    check()
        finally:
            for future in running:
                future.cancel()
    return [results[i] for i in range(len(numbers))]


def expected_rows(case: Case, window: Window) -> float:
    """Patient-steps that one replication is expected to hold."""
    rates = class_rates(case.hospital)
    per_day = sum(
        rate * float(visits(case.hospital.pathways[case.hospital.classes[name].pathway]).sum())
        for name, rate in rates.items()
    )
    return per_day * window.total


def refuse_too_much(case: Case, window: Window, replications: int) -> None:
    """Refuse, before anything is drawn, a run that cannot end well.

    Raises
    ------
    UsageError
        With the estimate and the limit.
    """
    rows = expected_rows(case, window)
    if rows > MOST_ROWS or rows * replications > MOST_ROWS_TOGETHER:
        raise UsageError(
            f"about {rows:,.0f} patient-steps a replication, {rows * replications:,.0f} in all, is more than "
            f"the twin takes at once ({MOST_ROWS:,} and {MOST_ROWS_TOGETHER:,}); "
            "ask for fewer days or replications"
        )
