"""The kernel beside the reference engine: the same patients, the same trace, how long each takes.

    python benchmarks/engines.py [--hospital reference] [--days 28] [--pairs 3]

Runs come in pairs, one engine after the other, so that a busy machine slows both; the median of the
ratios is what is reported. Both write the full trace, and it is the same bit for bit or the script fails.
An event is a request, a start or an end of a step. Memory is the process's peak, in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import TypeVar

import numpy as np

from twin.case import Case, Window, resolve
from twin.engine import simulate
from twin.hospital import parse_hospital, shipped
from twin.trace import UNSET, Trace
from twin.workload import draw_workload

T = TypeVar("T")
START = date(2025, 1, 6)


def events(trace: Trace) -> int:
    """Requests, starts and ends that the engine played."""
    return int(sum((column != UNSET).sum() for column in (trace.requested, trace.started, trace.ended)))


def seconds(work: Callable[..., T], *args: object, **named: object) -> tuple[float, T]:
    """CPU time of one call in this process, and its result. [s]"""
    began = time.process_time()
    result = work(*args, **named)
    return time.process_time() - began, result


def compare(name: str, days: int, pairs: int, seed: int) -> None:
    case = Case(parse_hospital(shipped(name)))
    window = Window(START, days=days, tail=2)
    schedule = resolve(case, window)
    simulate(case, draw_workload(case, Window(START, days=1), seed=seed))  # compiled before it is timed
    ratios, kernels, references, draws = [], [], [], []
    for pair in range(pairs):
        drawn, work = seconds(draw_workload, case, window, seed=seed, replication=pair)
        reference, written = seconds(simulate, case, work, engine="reference", schedule=schedule)
        kernel, trace = seconds(simulate, case, work, engine="kernel", schedule=schedule)
        if not trace.same_as(written):
            raise SystemExit(f"replication {pair}: the two engines told different stories")
        ratios.append(reference / kernel)
        kernels.append(kernel)
        references.append(reference)
        draws.append(drawn)
    n, rows, count = work.patients, work.step.size, events(trace)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"{name} hospital, {window.total} days: {n:,} patients, {rows:,} steps, {count:,} events")
    print(f"{pairs} pairs, the same trace from both")
    print(f"{'':12}{'median':>10}{'patients/s':>14}{'an event':>12}")
    for label, times in (("kernel", kernels), ("reference", references), ("drawing", draws)):
        t = statistics.median(times)
        print(f"{label:12}{t:>9.3f}s{n / t:>14,.0f}{t / count * 1e9:>10,.0f}ns")
    spread = np.quantile(ratios, (0, 0.5, 1))
    print(f"ratio        {spread[1]:.0f} (from {spread[0]:.0f} to {spread[2]:.0f})")


def memory(name: str, days: int, seed: int, engine: str) -> None:
    case = Case(parse_hospital(shipped(name)))
    simulate(case, draw_workload(case, Window(START, days=days), seed=seed), engine=engine)  # type: ignore[arg-type]
    print(f"peak memory  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB with {engine}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hospital", default="reference")
    options.add_argument("--days", type=int, default=28)
    options.add_argument("--pairs", type=int, default=3)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--memory-of", choices=("kernel", "reference"))
    asked = options.parse_args()
    if asked.memory_of:
        memory(asked.hospital, asked.days, asked.seed, asked.memory_of)
    else:
        compare(asked.hospital, asked.days, asked.pairs, asked.seed)
        for engine in ("kernel", "reference"):
            again = [sys.executable, __file__, "--hospital", asked.hospital, "--days", str(asked.days)]
            subprocess.run([*again, "--memory-of", engine], check=True)
