"""What the engines take, beside what they must and what they aim at: one row a figure.

    python benchmarks/engines.py [--quick] [--row NAME ...] [--pairs 5]

Seconds are those of the processor, so that what else the machine does counts little; runs that are compared
come in pairs, one after the other, and the median of the pairs is told with the lowest and highest. "As
shipped" is the reference hospital, "every rule" the same patients in the same hospital described with all
rules (``hospitals.py``). Patients are people: trays on their way and uses of supplies are played too, but
not counted. An event is an arrival or an end of a step (requests and starts, which follow from them, are
told apart).
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hospitals import START, beside, every_rule, more_beds, patients_in, reference, reference_mix, scaled
from peers.bare_heap import nanoseconds

from twin.case import Case, Schedule, Window, resolve, shared_schedule
from twin.engine import ENGINES, simulate
from twin.hospital import Hospital
from twin.replications import replicate
from twin.trace import UNSET, Trace
from twin.workload import ARRIVES, draw_workload

T = TypeVar("T")
HERE = Path(__file__).resolve().parent
MILLION = 1_000_000


@dataclass(frozen=True)
class Scale:
    """How much is measured."""

    days: int  # of a run; two more resolve it
    pairs: int
    patients: int  # of the row of a million
    processes: int  # of the row of first results


FULL, QUICK = Scale(28, 5, MILLION, 5), Scale(5, 2, 50_000, 2)


@dataclass(frozen=True)
class Row:
    """One figure, and what it is held to."""

    what: str
    must: str
    aim: str
    measured: str
    more: str = ""


# ---- measuring ---------------------------------------------------------------------------------------


def seconds(work: Callable[..., T], *args: Any, **named: Any) -> tuple[float, T]:
    """CPU time of one call in this process, and its result. [s]"""
    gc.collect()
    began = time.process_time()
    result = work(*args, **named)
    return time.process_time() - began, result


def spread(values: list[float], form: str = "{:.2f}", unit: str = "") -> str:
    """Median, and in brackets the lowest and the highest."""
    low, middle, high = (form.format(f(values)) for f in (min, statistics.median, max))
    return f"{middle}{unit} ({low} to {high})"


def timed_events(trace: Trace) -> int:
    """Arrivals and ends of steps that the engine played."""
    came = (trace.workload.origin == ARRIVES) & (trace.workload.arrival < trace.end)
    return int(came.sum() + (trace.ended != UNSET).sum())


def told_events(trace: Trace) -> int:
    """Requests, starts and ends of steps."""
    return int(sum((column != UNSET).sum() for column in (trace.requested, trace.started, trace.ended)))


def nbytes(columns: object) -> int:
    """Bytes of all arrays in a value, each once."""
    found: dict[int, int] = {}

    def look(value: object) -> None:
        if isinstance(value, np.ndarray):
            found[value.__array_interface__["data"][0]] = value.nbytes
        elif is_dataclass(value) and not isinstance(value, Schedule):
            for each in fields(value):
                look(getattr(value, each.name))

    look(columns)
    return sum(found.values())


def both_hospitals() -> Iterator[tuple[str, Hospital]]:
    """The two hospitals of most rows; the engines are loaded and warm before the first is timed."""
    for name, hospital in (("as shipped", reference()), ("every rule", every_rule())):
        case = Case(hospital)
        day = draw_workload(case, Window(START, days=1), seed=1)
        for engine in ENGINES:
            simulate(case, day, engine=engine)
        yield name, hospital


# ---- the rows ----------------------------------------------------------------------------------------


def engines(scale: Scale) -> Iterator[Row]:
    """The kernel beside the reference engine: the same patients, the same trace written by both."""
    window = Window(START, days=scale.days)
    for name, hospital in both_hospitals():
        case, ratios, kernels, references = Case(hospital), [], [], []
        for pair in range(min(scale.pairs, 3)):
            work = draw_workload(case, window, seed=1, replication=pair)
            schedule = resolve(case, window, work.absent)
            slow, written = seconds(simulate, case, work, engine="reference", schedule=schedule)
            fast, trace = seconds(simulate, case, work, engine="kernel", schedule=schedule)
            if not trace.same_as(written):
                raise SystemExit(f"{hospital.name}, replication {pair}: the engines told different stories")
            ratios.append(slow / fast)
            kernels.append(fast)
            references.append(slow)
        more = f"{window.total} days: {spread(references)} s against {spread(kernels, '{:.3f}')} s"
        yield Row(f"kernel / reference engine, {name}", "100x", "200x", spread(ratios, "{:.0f}", "x"), more)


@dataclass(frozen=True)
class Played:
    """What a number of replications took."""

    drawing: float
    running: float
    patients: int
    rows: int
    timed: int
    told: int


def play_until(hospital: Hospital, patients: int, days: int, seed: int = 1) -> Played:
    """Replications of so many days on one core, drawing included, until so many patients have come."""
    case, window = Case(hospital), Window(START, days=days, tail=0)
    common, schedule = seconds(shared_schedule, case, window)
    drawing, running, came, rows, timed, told, replication = 0.0, common, 0, 0, 0, 0, 0
    while came < patients:
        drawn, work = seconds(draw_workload, case, window, seed=seed, replication=replication)
        ran, trace = seconds(simulate, case, work, schedule=schedule)
        drawing, running, replication = drawing + drawn, running + ran, replication + 1
        came += patients_in(work, hospital)
        rows, timed, told = rows + work.step.size, timed + timed_events(trace), told + told_events(trace)
    return Played(drawing, running, came, rows, timed, told)


def a_million(scale: Scale) -> Iterator[Row]:
    """A million patients of the reference mix on one core, drawing included."""
    bar = (f"{0.6 * scale.patients / MILLION:.2g} s", f"{0.4 * scale.patients / MILLION:.2g} s")
    for name, hospital in both_hospitals():
        ways = {
            f"replications of {scale.days} days": scale.days,
            "one run": math.ceil(1.05 * scale.patients / people_a_day(hospital)),  # holidays have fewer
        }
        for way, days in ways.items():
            repeats = [play_until(hospital, scale.patients, days) for _ in range(max(scale.pairs // 2, 1))]
            times = [(p.drawing + p.running) * scale.patients / p.patients for p in repeats]
            one = repeats[0]
            running = statistics.median(p.running for p in repeats)
            more = (
                f"drawing {statistics.median(p.drawing for p in repeats):.2f} s, running {running:.2f} s: "
                f"{running / one.timed * 1e9:.0f} ns an event ({one.timed / one.patients:.2f} a patient), "
                f"{running / one.told * 1e9:.0f} ns a request, start or end ({one.told / one.patients:.2f})"
            )
            yield Row(
                f"{scale.patients:,} patients, {name}, {way}", *bar, spread(times, "{:.2f}", " s"), more
            )
        yield Row(f"the mix, {name}", "", "", mix_in_words(hospital))


def people_a_day(hospital: Hospital) -> float:
    """Patients a day, mean over a week."""
    work = draw_workload(Case(hospital), Window(START, days=7, tail=0), seed=1)
    return patients_in(work, hospital) / 7


def mix_in_words(hospital: Hospital) -> str:
    """Shares of the streams, and steps a patient."""
    work = draw_workload(Case(hospital), Window(START, days=28, tail=0), seed=1)
    shares = ", ".join(f"{s} {100 * x:.1f} %" for s, x in reference_mix(work, hospital).items())
    return f"{shares}; {work.step.size / patients_in(work, hospital):.2f} steps a patient"


def drawing(scale: Scale) -> Iterator[Row]:
    """Drawing the patients beside running them."""
    window = Window(START, days=scale.days)
    for name, hospital in both_hospitals():
        case, ratios, rates = Case(hospital), [], []
        schedule = shared_schedule(case, window)
        for pair in range(3 * scale.pairs):
            drawn, work = seconds(draw_workload, case, window, seed=1, replication=pair)
            ran, _ = seconds(simulate, case, work, schedule=schedule)
            ratios.append(drawn / ran)
            rates.append(patients_in(work, hospital) / drawn / MILLION)
        more = f"{spread(rates)} million patients a second drawn"
        yield Row(f"drawing / running, {name}", "1", "0.5", spread(ratios), more)


def larger(scale: Scale) -> Iterator[Row]:
    """Ten times the patients in ten times the house; the same patients in ten times the house."""
    for name, hospital in both_hospitals():
        base = Case(hospital)
        ways = {
            "10x the patients": (scaled(hospital), "11x", "10x", False),
            "10x the beds": (more_beds(hospital), "1.6x", "1.3x", True),
            "10x the beds as ten houses": (beside(hospital), "1.6x", "1.3x", True),
        }
        for way, (other, must, aim, each) in ways.items():
            ratios = [_taken_beside(base, Case(other), scale, pair, each) for pair in range(scale.pairs)]
            yield Row(
                f"{way}, {name}", must, aim, spread(ratios, unit="x"), "time a patient" if each else "time"
            )


def _taken_beside(one: Case, other: Case, scale: Scale, replication: int, each: bool) -> float:
    """Time of drawing and running one case for that of another; if so asked, of each patient."""
    window = Window(START, days=scale.days)
    taken = []
    for case in (one, other):
        drawn, work = seconds(draw_workload, case, window, seed=1, replication=replication)
        ran, _ = seconds(simulate, case, work)
        taken.append((drawn + ran) / (patients_in(work, case.hospital) if each else 1))
    return taken[1] / taken[0]


def threads(scale: Scale) -> Iterator[Row]:
    """Four replications on two threads beside one: wall clock, for that is what threads are for."""
    window = Window(START, days=scale.days)
    for name, hospital in both_hospitals():
        case, ratios, ones = Case(hospital), [], []

        def wall(hands: int, case: Case = case) -> float:
            began = time.perf_counter()
            replicate(case, window, seed=1, replications=range(4), reduce=lambda _: None, threads=hands)
            return time.perf_counter() - began

        for _ in range(2 * scale.pairs):
            one, two = wall(1), wall(2)
            ratios.append(one / two)
            ones.append(one)
        more = f"one thread {spread(ones)} s wall; load of the machine {os.getloadavg()[0]:.1f}"
        yield Row(f"two threads, four replications, {name}", "1.7x", "1.9x", spread(ratios, unit="x"), more)


def first_result(scale: Scale) -> Iterator[Row]:
    """The first result of a new process, the kernel's code in its folder."""
    for hospital in ("small", "reference"):
        runs = [_first(hospital, scale.days) for _ in range(scale.processes + 1)][
            1:
        ]  # the first fills caches
        stages = ", ".join(
            f"{stage} {statistics.median(run['stages'][stage]['cpu'] for run in runs):.2f}"
            for stage in runs[0]["stages"]
        )
        again = statistics.median(run["playing again"] for run in runs)
        cpu, walls = [run["cpu"] for run in runs], [run["wall"] for run in runs]
        measured = f"{spread(walls, unit=' s')} wall, {spread(cpu, unit=' s')} CPU"
        more = f"CPU by stage [s]: {stages}; a second run {again:.3f}"
        yield Row(f"first result of a new process, {hospital}", "1.5 s", "0.7 s", measured, more)
    yield Row("its dearest imports (own time)", "", "", _imports())


def _first(hospital: str, days: int, *options: str) -> dict[str, Any]:
    script = [sys.executable, *options, str(HERE / "first_result.py"), "--hospital", hospital]
    told = subprocess.run(
        [*script, "--days", str(days), "--began", repr(time.time())],
        check=True,
        capture_output=True,
        text=True,
    )
    return {**json.loads(told.stdout), "told": told.stderr}


def _imports() -> str:
    """Packages by what their modules take to import, as Python tells it."""
    taken: Counter[str] = Counter()
    for line in _first("small", 1, "-X", "importtime")["told"].splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            taken[name.strip().split(".")[0]] += int(own)
    return ", ".join(f"{name} {us / MILLION:.2f} s" for name, us in taken.most_common(8))


def memory(scale: Scale) -> Iterator[Row]:
    """Bytes a patient-step: what goes in and comes out, and what the kernel holds meanwhile."""
    for name, hospital in both_hospitals():
        case, window = Case(hospital), Window(START, days=scale.days)
        work = draw_workload(case, window, seed=1)
        trace = simulate(case, work)
        into, out = nbytes(work), nbytes(trace) - nbytes(work)
        rows = work.step.size
        state = peak_bytes(simulate, case, work) - out
        drawn = peak_bytes(draw_workload, case, window, seed=1)
        grown = _grown(hospital.name == reference().name, 4 * scale.days) / 4
        more = (
            f"workload {into / rows:.0f}, trace {out / rows:.0f}; while it plays the kernel holds "
            f"{state / rows:.0f} more, drawing peaks at {drawn / rows:.0f}; a process grows by "
            f"{grown / rows:.0f} in all"
        )
        yield Row(f"bytes a patient-step, {name}", "200", "100", f"{(into + out) / rows:.0f}", more)


def peak_bytes(work: Callable[..., object], *args: Any, **named: Any) -> int:
    """Most memory that a call holds beyond what was there before it. [bytes]"""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        work(*args, **named)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def _grown(shipped: bool, days: int) -> float:
    """How much a process grows that draws and plays one replication. [bytes]"""
    which = "shipped" if shipped else "every_rule"
    script = [sys.executable, str(HERE / "engines.py"), "--growth-of", which, str(days)]
    return int(subprocess.run(script, check=True, capture_output=True, text=True).stdout)


def growth(which: str, days: int) -> int:
    """The growth of this process's peak by one replication, the kernel loaded before. [bytes]"""
    case = Case(reference() if which == "shipped" else every_rule())
    simulate(case, draw_workload(case, Window(START, days=1), seed=1))
    before = _status("VmRSS")
    simulate(case, draw_workload(case, Window(START, days=days), seed=1))
    return _status("VmHWM") - before


def _status(key: str) -> int:
    """A size of this process, as Linux tells it. [bytes]"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024


def heap(scale: Scale) -> Iterator[Row]:
    """An event of the kernel beside a bare heap of 1,000 whole numbers, in the same process."""
    for name, hospital in both_hospitals():
        played = play_until(hospital, scale.patients // 5, scale.days)
        bare, event = nanoseconds(), played.running / played.timed * 1e9
        more = f"{event:.0f} ns beside {bare:.0f} ns for a pop and a push"
        yield Row(f"an event / a bare heap's pop and push, {name}", "", "", f"{event / bare:.1f}x", more)


def what_if(scale: Scale) -> Iterator[Row]:
    """The what-if of a manager at the page; its own script measures it."""
    script = HERE / "what_if.py"
    told = subprocess.run([sys.executable, str(script)], check=True, capture_output=True, text=True)
    lines = [" ".join(line.split()) for line in told.stdout.splitlines()]
    wanted = ("patients in all", "wall, two threads", "processor [s]", "peak memory")
    found = "; ".join(line for line in lines if line.startswith(wanted))
    yield Row("what-if, 30 replications, two sides, 28 and 35 days", "2 s, 1 GB", "1 s, 500 MB", found)


ROWS = {
    f.__name__: f for f in (engines, a_million, drawing, larger, threads, first_result, memory, heap, what_if)
}


# ---- the table ---------------------------------------------------------------------------------------


def main(names: list[str], scale: Scale) -> None:
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print("| what | must | aim | measured |\n| --- | --- | --- | --- |")
    for name in names:
        for row in ROWS[name](scale):
            more = f"; {row.more}" if row.more else ""
            print(f"| {row.what} | {row.must} | {row.aim} | {row.measured}{more} |", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="shorter runs and fewer of them")
    options.add_argument("--row", action="append", choices=list(ROWS), help="this row only")
    options.add_argument("--pairs", type=int, help="runs of each kind")
    options.add_argument("--growth-of", nargs=2, metavar=("HOSPITAL", "DAYS"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.growth_of:
        print(growth(asked.growth_of[0], int(asked.growth_of[1])))
    else:
        much = QUICK if asked.quick else FULL
        much = Scale(much.days, asked.pairs or much.pairs, much.patients, much.processes)
        main(asked.row or list(ROWS), much)
