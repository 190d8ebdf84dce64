"""What drawing the patients takes: time a patient and a patient-step, memory, two threads, a new process.

    python benchmarks/drawing.py [--quick]

Seconds are those of the processor, the least of several calls; threads are told by the wall clock, as the
median of pairs. "As shipped" is the reference hospital, "every rule" the same patients in the same hospital
described with all rules (``hospitals.py``). A patient-step is a row of the workload.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import fields

import numpy as np
from hospitals import START, every_rule, reference

from twin.case import Case, Window
from twin.workload import Workload, draw_workload

_FIRST = """
import time
import numba
from hospitals import START, reference
from twin.case import Case, Window
from twin.workload import draw_workload
case, window = Case(reference()), Window(START, days=1)
if {begun}:
    numba.njit(lambda x: x + 1)(1)  # as when a run was played before
began = time.process_time()
draw_workload(case, window, seed=1)
print(time.process_time() - began)
"""


def least(work: Callable[[], object], times: int) -> float:
    """CPU time of one call in this thread, the least of several. [s]"""
    taken = []
    for _ in range(times):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return min(taken)


def nbytes(work: Workload) -> int:
    """Bytes that the columns of a workload hold; one number that is read for all counts as none."""
    columns = {id(c): c for c in (getattr(work, f.name) for f in fields(work)) if isinstance(c, np.ndarray)}
    return sum(c.nbytes for c in columns.values() if 0 not in c.strides)


def sizes(quick: bool) -> Iterator[str]:
    """Small and large runs of both hospitals."""
    for name, hospital in (("as shipped", reference()), ("every rule", every_rule())):
        case = Case(hospital)
        for days, times in ((1, 30), (28, 20), (5 if quick else 363, 5)):
            window = Window(START, days=days)
            work = draw_workload(case, window, seed=1)
            taken = least(lambda c=case, w=window: draw_workload(c, w, seed=1), times)  # type: ignore[misc]
            patients, rows = work.patients, work.step.size
            yield (
                f"{name}, {window.total} days, {patients:,} patients, {rows:,} steps: {taken * 1e3:.2f} ms; "
                f"{taken / patients * 1e9:.0f} ns a patient, {taken / rows * 1e9:.0f} ns a step, "
                f"{patients / taken / 1e6:.1f} million patients a second; "
                f"{nbytes(work) / rows:.0f} bytes a step"
            )


def as_fast(work: Callable[[int], object], each: int) -> float:
    """How many times as fast two threads do so many calls each as one thread does both, by the wall clock."""

    def some(first: int) -> None:
        for number in range(first, first + each):
            work(number)

    began = time.perf_counter()
    some(0)
    some(each)
    alone = time.perf_counter() - began
    hands = [threading.Thread(target=some, args=(first,)) for first in (0, each)]
    began = time.perf_counter()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    return alone / (time.perf_counter() - began)


def threads(quick: bool) -> Iterator[str]:
    """Two threads beside one; and beside what the machine gives two threads that sort numbers meanwhile."""
    case, window, each = Case(reference()), Window(START, days=28), 10 if quick else 40
    unsorted = np.random.default_rng(1).random(100_000)
    draws, sorts = [], []
    for _ in range(3 if quick else 9):
        draws.append(as_fast(lambda r: draw_workload(case, window, seed=1, replication=r), each))
        sorts.append(as_fast(lambda _: np.sort(unsorted), 2 * each))
    for words, ratios in (("draw", draws), ("sort numbers, for comparison,", sorts)):
        yield (
            f"two threads {words} {statistics.median(ratios):.2f} times as fast as one "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def first_draws(quick: bool) -> Iterator[str]:
    """The first draw of a new process, machine code in the cache."""
    for begun, words in ((False, "Numba begins with it"), (True, "Numba has begun")):
        taken = []
        for _ in range(2 if quick else 5):
            code = _FIRST.format(begun=begun)
            run = subprocess.run(
                [sys.executable, "-c", code], cwd="benchmarks", capture_output=True, text=True, check=True
            )
            taken.append(float(run.stdout))
        yield f"first draw of a new process, {words}: {statistics.median(taken) * 1e3:.0f} ms"


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs, fewer of them")
    quick = parser.parse_args().quick
    for part in (sizes, threads, first_draws):
        for line in part(quick):
            print(line, flush=True)


if __name__ == "__main__":
    main()
