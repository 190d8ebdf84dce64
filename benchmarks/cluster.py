"""A study on a cluster, measured, and what 1,000 scenarios x 100 replications would take.

    python benchmarks/cluster.py [--scenarios 20] [--replications 20] [--days 28]

Starts a scheduler and two workers as processes on this machine and plays scenarios of the reference hospital
there: beds more in one ward after the other. It measures what a task costs that does nothing, what a question
and a result weigh, what a run takes on workers of one thread and on one of two, the memory of a worker, and
what each scenario costs who asks; and it holds the comparisons to those of this process. Then the arithmetic
of the whole plan. Seconds of work are the processor's, told by the workers themselves, so that what else the
machine does counts little.
"""

from __future__ import annotations

import argparse
import os
import pickle
import platform
import time
from functools import partial
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster
from hospitals import START, reference

from scenarios.comparison import compare_measures
from scenarios.scenario import Scenario, scenario_of
from scenarios.study import cost_rows, run_studies
from twin.case import Case, Window, resolve
from twin.measures import measure
from twin.replications import on_cluster, play
from twin.replications.parcel import pack
from twin.replications.question import Question, Side
from twin.replications.together import MOST_SIDES, batch_size

SEED, TAIL = 1, 2
PLAN_SCENARIOS, PLAN_REPLICATIONS = 1_000, 100
SHORT_TASKS = 500
ROWS = (
    ("a task that does nothing [ms]", "overhead", 1e3, "{:.2f}"),
    ("a run on a worker, processor [ms]", "work", 1e3, "{:.1f}"),
    ("runs a second, wall", "a_second", 1, "{:.1f}"),
    ("peak memory of a worker [MB]", "memory", 1, "{:.0f}"),
)


def scenarios_of(case: Case, number: int) -> list[Scenario]:
    """So many scenarios: beds more in one ward after the other."""
    wards = list(case.hospital.wards)
    return [
        scenario_of([{"lever": "add_beds", "ward": wards[i % len(wards)], "beds": 1 + i // len(wards)}])
        for i in range(number)
    ]


def used(client: Client) -> dict[str, tuple[float, float]]:
    """Processor seconds so far and peak memory of each worker. [s, MB]"""
    found: dict[str, tuple[float, float]] = client.run(_used)
    return found


def _used() -> tuple[float, float]:
    status = Path("/proc/self/status").read_text()
    return time.process_time(), int(status.split("VmHWM:")[1].split()[0]) / 1024


def task_overhead(client: Client) -> float:
    """What a task costs that does nothing, sent and answered, many under way. [s]"""
    with client.get_executor(pure=False) as executor:
        list(executor.map(abs, range(50)))
        begun = time.perf_counter()
        for future in [executor.submit(abs, n) for n in range(SHORT_TASKS)]:
            future.result()
    return (time.perf_counter() - begun) / SHORT_TASKS


def study(
    case: Case, scenarios: list[Scenario], window: Window, replications: int, nthreads: int
) -> tuple[dict[str, float], list[Any]]:
    """The study on two workers, or on one of two threads; what it took, and its answer."""
    with (
        LocalCluster(
            n_workers=2 // nthreads, threads_per_worker=nthreads, processes=True, host="127.0.0.1",
            dashboard_address="127.0.0.1:0", memory_limit=0,
        ) as house,
        Client(house, set_as_default=False) as client,
    ):  # fmt: skip
        overhead = task_overhead(client)
        ask = partial(run_studies, case, scenarios, window=window, seed=SEED)
        with on_cluster(house.scheduler_address):
            ask(replications=2)  # the workers load the compiled code
            before, wall = used(client), time.perf_counter()
            found = ask(replications=replications)
            wall = time.perf_counter() - wall
            after = used(client)
        work = sum(after[name][0] - before[name][0] for name in after)
        runs = (1 + len(scenarios)) * replications
        return {
            "overhead": overhead,
            "work": work / runs,
            "a_second": runs / wall,
            "memory": max(peak for _, peak in after.values()),
        }, found


def weights(case: Case, scenarios: list[Scenario], window: Window) -> tuple[int, int, int]:
    """Bytes of a question with one case, of one with as many as a task plays, and of a run's result."""
    sides = [Side(case, partial(measure, hospital=case.hospital))]
    for scenario in (scenarios * MOST_SIDES)[: MOST_SIDES - 1]:
        changed = scenario.apply(case)
        sides.append(Side(changed, partial(measure, hospital=changed.hospital)))
    one, many = (len(pack(Question.of(part, window, SEED)).data) for part in (sides[:1], sides))
    return one, many, len(pickle.dumps([(_result(case, window),)], protocol=5))


def _result(case: Case, window: Window) -> dict[str, float]:
    return measure(play(case, window, seed=SEED, replication=0), case.hospital)


def at_home(case: Case, scenario: Scenario, window: Window) -> float:
    """What a scenario costs who asks: its case, its limits, its levels, its comparison. [s]"""
    kept = [_result(case, window)] * PLAN_REPLICATIONS
    begun, rounds = time.process_time(), 20
    for _ in range(rounds):
        changed = scenario.apply(case)
        Question.of([Side(changed, bool)], window, SEED)
        levels = resolve(changed, window)
        compare_measures(kept, kept)
        cost_rows(case, changed, window, levels=(levels, levels))
    return (time.process_time() - begun) / rounds


def plan(told: dict[str, float], result: int) -> None:
    """The arithmetic of the whole plan."""
    runs = (1 + PLAN_SCENARIOS) * PLAN_REPLICATIONS
    questions = -(-(1 + PLAN_SCENARIOS) // MOST_SIDES)
    asking = PLAN_SCENARIOS * told["asking"]
    print(f"\n{PLAN_SCENARIOS:,} scenarios and the base x {PLAN_REPLICATIONS} replications: {runs:,} runs;")
    print(f"who asks works {asking:.0f} s and gets {runs * result / 1e6:,.0f} MB; the hours hold both")
    print(f"{'cores':>8}{'hours':>9}{'tasks':>9}{'runs a task':>13}{'seconds a task':>16}{'sending':>9}")
    for cores in (2, 16, 64):
        size = batch_size(PLAN_REPLICATIONS, questions, MOST_SIDES, cores, is_here=False)
        tasks, work = questions * -(-PLAN_REPLICATIONS // size), size * MOST_SIDES * told["work"]
        hours = (-(-tasks // cores) * work + asking) / 3600
        share = tasks * told["overhead"] / (hours * 3600)
        print(f"{cores:>8}{hours:>9.2f}{tasks:>9,}{size * MOST_SIDES:>13}{work:>16.1f}{share:>9.2%}")


def main() -> None:
    """Read the options, measure, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--scenarios", type=int, default=20)
    options.add_argument("--replications", type=int, default=20)
    options.add_argument("--days", type=int, default=28)
    given = options.parse_args()
    case, window = Case(reference()), Window(START, days=given.days, tail=TAIL)
    scenarios = scenarios_of(case, given.scenarios)
    begun = time.process_time()
    at_once = run_studies(case, scenarios, window=window, replications=given.replications, seed=SEED)
    here = (time.process_time() - begun) / ((1 + given.scenarios) * given.replications)
    one, found = study(case, scenarios, window, given.replications, 1)
    two, again = study(case, scenarios, window, given.replications, 2)
    if not repr(at_once) == repr(found) == repr(again):
        raise SystemExit("a cluster gave another answer than this process")
    one["asking"] = at_home(case, scenarios[0], window)
    single, many, result = weights(case, scenarios, window)
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors"
    print(f"{machine}, Python {platform.python_version()}; reference hospital, {window.total} days")
    print(f"{given.scenarios} scenarios and the base x {given.replications}, the same answer from all")
    print(f"\n{'':36}{'2 workers x 1 thread':>22}{'1 worker x 2 threads':>22}")
    for name, key, scale, form in ROWS:
        print(f"{name:<36}{form.format(scale * one[key]):>22}{form.format(scale * two[key]):>22}")
    print(f"{'a run in this process [ms]':<36}{1e3 * here:>22.1f}")
    print(f"{'a scenario, for who asks [ms]':<36}{1e3 * one['asking']:>22.1f}")
    print(f"{'a question of one case [bytes]':<36}{single:>22,}")
    print(f"{f'  of {MOST_SIDES} cases':<36}{many:>22,}")
    print(f"{'what comes back of a run [bytes]':<36}{result:>22,}")
    plan(one, result)


if __name__ == "__main__":
    main()
