"""Measuring a run: the definitions beside the compiled passes, and two threads beside one.

    python benchmarks/measures.py [--hospital reference | every_rule] [--days 28] [--times 40]

Both measure the same run and say the same, or the script fails. Times are CPU times, the least and the
median of as many calls: others who use the machine only make them longer. The ratio of two threads is that of
wall times, each thread as many calls as one alone; on a busy machine it says little. Memory is what one
call takes beside the run itself.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable

from hospitals import START, every_rule, reference

from scenarios.comparison import compare_measures
from twin.case import Case, Window, resolve
from twin.engine import simulate
from twin.hospital import Hospital
from twin.measures import measure, summarise
from twin.trace import Trace
from twin.workload import draw_workload

Measuring = Callable[[Trace, Hospital], dict[str, float]]
_HOSPITALS = {"reference": reference, "every_rule": every_rule}
#: pairs of a what-if
_PAIRS = 30

_FIRST_CALL = """
import time
from measures import a_run
trace, hospital = a_run({name!r}, 7)
from twin.measures import measure
began = time.process_time()
measure(trace, hospital)
first = time.process_time() - began
began = time.process_time()
measure(trace, hospital)
print(first - (time.process_time() - began))
"""


def a_run(name: str, days: int) -> tuple[Trace, Hospital]:
    """One replication of a hospital."""
    hospital = _HOSPITALS[name]()
    case, window = Case(hospital), Window(START, days=days)
    work = draw_workload(case, window, seed=1)
    return simulate(case, work, schedule=resolve(case, window, work.absent)), hospital


def milliseconds(measuring: Measuring, trace: Trace, hospital: Hospital, times: int) -> list[float]:
    """CPU time of each of some calls. [ms]"""
    took = []
    for _ in range(times):
        began = time.thread_time()
        measuring(trace, hospital)
        took.append(1e3 * (time.thread_time() - began))
    return took


def two_threads(measuring: Measuring, trace: Trace, hospital: Hospital, times: int) -> float:
    """How many times as much two threads do in the same time as one."""

    def some() -> None:
        for _ in range(times):
            measuring(trace, hospital)

    began = time.perf_counter()
    some()
    alone = time.perf_counter() - began
    threads = [threading.Thread(target=some) for _ in range(2)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 2 * alone / (time.perf_counter() - began)


def kilobytes(measuring: Measuring, trace: Trace, hospital: Hospital) -> float:
    """Peak memory of a first call in a thread of its own, beside the run itself."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    thread = threading.Thread(target=measuring, args=(trace, hospital))
    thread.start()
    thread.join()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - before) / 1024


def agree(trace: Trace, hospital: Hospital) -> None:
    """Stop unless both say the same."""
    defined, counted = summarise(trace, hospital), measure(trace, hospital)
    for key, value in defined.items():
        both_undefined = math.isnan(value) and math.isnan(counted[key])
        if not (both_undefined or math.isclose(value, counted[key], rel_tol=1e-9, abs_tol=1e-9)):
            raise SystemExit(f"{key}: {value} by definition, {counted[key]} as counted")


def table(name: str, days: int, times: int) -> None:
    trace, hospital = a_run(name, days)
    agree(trace, hospital)
    rows, lines = trace.workload.step.size, len(trace.log)
    print(
        f"{name} hospital, {days} days: {trace.workload.patients:,} patients, {rows:,} rows, {lines:,} lines"
    )
    print(f"{'':14}{'least':>10}{'median':>10}{'2 threads':>11}{'memory':>11}")
    for label, measuring, calls in (("summarise", summarise, times // 4 or 1), ("measure", measure, times)):
        took = milliseconds(measuring, trace, hospital, calls)
        ratio = max(two_threads(measuring, trace, hospital, calls) for _ in range(3))
        memory = kilobytes(measuring, trace, hospital)
        least, median = min(took), statistics.median(took)
        print(f"{label:14}{least:>7.2f} ms{median:>7.2f} ms{ratio:>10.2f}x{memory:>8,.0f} kB")
    again = subprocess.run(
        [sys.executable, "-c", _FIRST_CALL.format(name=name)], check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    print(f"loading the compiled passes in a new process: {float(again.stdout):.3f} s of CPU time")
    one = measure(trace, hospital)
    took = []
    for _ in range(10):
        began = time.process_time()
        compare_measures([one] * _PAIRS, [one] * _PAIRS)
        took.append(1e3 * (time.process_time() - began))
    print(f"comparing {_PAIRS} pairs: {min(took):.2f} ms")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hospital", choices=_HOSPITALS)
    options.add_argument("--days", type=int, default=28)
    options.add_argument("--times", type=int, default=40)
    asked = options.parse_args()
    for name in [asked.hospital] if asked.hospital else _HOSPITALS:
        table(name, asked.days, asked.times)
