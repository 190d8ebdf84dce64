"""The what-if of a manager who looks at the page: two sides, thirty pairs, all measures, warm process.

    python benchmarks/what_if.py [--days 28] [--replications 30] [--rounds 5]

Four more beds in one ward of the reference hospital, beside the hospital as it is, on the same patients, from
an empty house without a warm-up; two days more resolve the visits of the last. All that a page shows is in
the time: levels, drawing, playing, measuring, the paired comparison. Each size runs in a process of its own,
after one small question that loads the compiled code; its peak memory is the process's own (VmHWM). The
second size has 3.9 million patients in all. The bars: 2 s wall on two cores, aim 1 s; 1 GB, aim 500 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from hospitals import START, patients_in, reference

from scenarios.comparison import compare_measures
from scenarios.scenario import Scenario, scenario_of
from scenarios.study import cost_rows, cut_levers, run_studies
from twin.case import Case, Window, resolve, shared_schedule
from twin.engine import simulate
from twin.measures import measure
from twin.replications.limits import refuse_too_much
from twin.replications.question import Prepared, Question, Side
from twin.workload import draw_workload

SIDES, SEED, TAIL = 2, 1, 2
MANY = 3_900_000
DRAWING, RUNNING, MEASURING = "drawing, for both sides", "running a side", "measuring a side"


def asked(case: Case) -> Scenario:
    """Four beds more in the first ward."""
    ward = next(iter(case.hospital.wards))
    return scenario_of([{"lever": "add_beds", "ward": ward, "beds": 4}])


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Wall and processor seconds of a call, and its result."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - wall, time.process_time() - cpu, result


def stages(case: Case, scenario: Scenario, window: Window, replications: int) -> dict[str, float]:
    """Milliseconds of each stage: of one replication, medians, and of the whole study once."""
    sides = [case, scenario.apply(case)]
    schedules = [shared_schedule(side, window) for side in sides]
    found: dict[str, list[float]] = {
        "drawing, for both sides": [],
        "running a side": [],
        "measuring a side": [],
    }
    kept: list[list[dict[str, float]]] = [[], []]
    for number in range(replications):
        _, cpu, work = timed(partial(draw_workload, case, window, seed=SEED, replication=number))
        found[DRAWING].append(cpu)
        for side, schedule, row in zip(sides, schedules, kept, strict=True):
            _, cpu, trace = timed(partial(simulate, side, work, schedule=schedule))
            found[RUNNING].append(cpu)
            _, cpu, values = timed(partial(measure, trace, side.hospital))
            found[MEASURING].append(cpu)
            row.append(values)

    def before() -> None:
        question = Question.of([Side(side, bool) for side in sides], window, SEED)
        for side, known in zip(sides, question.days, strict=True):
            refuse_too_much(side, window, replications, days=known)
        Prepared(question)

    def after() -> None:
        compare_measures(*kept)
        levels = (resolve(sides[0], window), resolve(sides[1], window))
        cost_rows(*sides, window, levels=levels)
        cut_levers(*levels)

    took = {name: statistics.median(values) for name, values in found.items()}
    took |= {"before the first": timed(before)[1], "comparing": timed(after)[1]}
    return {name: 1e3 * seconds for name, seconds in took.items()}


def child(days: int, replications: int, rounds: int) -> None:
    """Measure one size in this process and print it as JSON."""
    case = Case(reference())
    scenario, window = asked(case), Window(START, days=days, tail=TAIL)
    study = partial(run_studies, case, [scenario], window=window, seed=SEED)
    first = timed(partial(study, replications=2))
    two, one = [], []
    for _ in range(rounds):
        two.append(timed(partial(study, replications=replications))[:2])
        one.append(timed(partial(study, replications=replications, threads=1))[:2])
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024  # before the patients are counted
    counted = [
        patients_in(draw_workload(case, window, seed=SEED, replication=r), case.hospital) for r in range(5)
    ]
    told = {
        "patients": SIDES * replications * statistics.mean(counted),
        "first": first[0],
        "wall": statistics.median(wall for wall, _ in two),
        "best": min(wall for wall, _ in two),
        "cpu": statistics.median(cpu for _, cpu in two),
        "threads": statistics.median(a[0] / b[0] for a, b in zip(one, two, strict=True)),
        "peak": peak,
        "stages": stages(case, scenario, window, replications),
    }
    print(json.dumps(told))


def measured(days: int, replications: int, rounds: int) -> dict[str, Any]:
    """One size, measured in a process of its own."""
    words = ["--child", "--days", str(days), "--replications", str(replications), "--rounds", str(rounds)]
    command = [sys.executable, __file__, *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--days", type=int, default=28)
    options.add_argument("--replications", type=int, default=30)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        child(given.days, given.replications, given.rounds)
        return
    measured(1, 2, 1)  # the kernel is compiled before any process is measured
    usual = measured(given.days, given.replications, given.rounds)
    a_day = usual["patients"] / SIDES / given.replications / (given.days + TAIL)
    longer = round(MANY / SIDES / given.replications / a_day) - TAIL
    many = measured(longer, given.replications, given.rounds)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors"
    print(f"{machine}, Python {platform.python_version()}; medians of {given.rounds}")
    print(f"reference hospital, {given.replications} pairs, two sides; days measured and {TAIL} more")
    print(f"\n{'':26}{f'{given.days} days':>14}{f'{longer} days':>14}")
    rows = {
        "patients": ("patients in all", "{:,.0f}"),
        "wall": ("wall, two threads [s]", "{:.2f}"),
        "best": ("  the best [s]", "{:.2f}"),
        "cpu": ("processor [s]", "{:.2f}"),
        "threads": ("two threads, times one", "{:.2f}"),
        "peak": ("peak memory [MB]", "{:,.0f}"),
        "first": ("first small question [s]", "{:.2f}"),
    }
    for key, (name, form) in rows.items():
        print(f"{name:<26}{form.format(usual[key]):>14}{form.format(many[key]):>14}")
    print("\nof the processor [ms]")
    for name in usual["stages"]:
        print(f"  {name:<24}{usual['stages'][name]:>14.1f}{many['stages'][name]:>14.1f}")


if __name__ == "__main__":
    main()
