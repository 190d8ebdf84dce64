"""The twin beside SimPy, ciw, salabim and cimba: one small model, patients a second of a processor.

    sh benchmarks/peers/set_up.sh
    .venv/bin/python benchmarks/peers/compare.py [--rounds 7] [--json FILE]

Each round runs all of them in turn, each in a process of its own, so that a busy machine slows all alike;
the medians of the rounds' ratios are reported. Seconds are those of the processor for the simulation alone:
without imports and compiling, and for the twin with drawing the patients. Each runs some seconds. All begin
empty, and what comes after the first twenty days is compared: mean waits and ward occupancy must agree
within simulation error, or the script fails. The kernel's runs are of 200,000 patients: of a million at once a
patient costs up to twice as much.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from scipy.stats import t as student

HERE = Path(__file__).parent
PEERS = HERE / ".venv" / "bin" / "python"
#: a difference is due to chance unless it would come by chance less often than this, all comparisons together
FALSE_ALARMS = 0.001

KERNEL, REFERENCE = "twin, kernel", "twin, reference"


class Runner(NamedTuple):
    """How one of them is called: simulated days, and runs a round."""

    python: Path
    command: tuple[str, ...]
    days: int
    runs: int


RUNNERS = {
    KERNEL: Runner(Path(sys.executable), ("with_twin.py", "--engine", "kernel"), 200, 10),
    REFERENCE: Runner(Path(sys.executable), ("with_twin.py", "--engine", "reference"), 60, 2),
    "simpy": Runner(PEERS, ("with_simpy.py",), 60, 2),
    "simpy, same trace": Runner(PEERS, ("with_simpy_trace.py",), 60, 2),
    "ciw": Runner(PEERS, ("with_ciw.py",), 60, 1),
    "salabim": Runner(PEERS, ("with_salabim.py",), 40, 1),
    "cimba": Runner(PEERS, ("with_cimba.py",), 200, 4),
}
#: how many times the patients a second of a peer the kernel must play, and aims to
BARS = {"ciw": (700, 1200), "salabim": (1500, 2500), "cimba": (12, 20)}

Round = dict[str, dict[str, Any]]


def play(runner: Runner, seed: int) -> dict[str, Any]:
    """One process: what it printed."""
    script, *options = runner.command
    command = [
        runner.python,
        HERE / script,
        *options,
        "--days",
        runner.days,
        "--runs",
        runner.runs,
        "--seed",
        seed,
    ]
    done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def speed(told: dict[str, Any]) -> float:
    """Patients a second of a processor."""
    return told["patients"] / told["seconds"]


def print_speeds(rounds: list[Round]) -> None:
    """Patients a second of each, and how many times that the kernel plays."""
    print(f"{'':18}{'patients/s':>12}{'a patient':>12}{'kernel is':>12}{'(rounds)':>16}   must, aim")
    for name in rounds[0]:
        speeds = [speed(each[name]) for each in rounds]
        ratios = [speed(each[KERNEL]) / speed(each[name]) for each in rounds]
        median = statistics.median(speeds)
        spread = f"({min(ratios):,.2f}-{max(ratios):,.2f})"
        bar = ", ".join(f"{x}x" for x in BARS.get(name, ()))
        print(
            f"{name:18}{median:>12,.0f}{1e6 / median:>9,.2f} us{statistics.median(ratios):>11,.2f}x"
            f"{spread:>16}   {bar}  {rounds[0][name]['version']}"
        )


def print_bounds(rounds: list[Round]) -> None:
    """What bounds the kernel: an event against a bare heap in the same process; drawing against running."""

    def median(values: Iterable[float]) -> float:
        return statistics.median(list(values))

    kernel = [each[KERNEL] for each in rounds]
    event = median((k["seconds"] - k["drawing"]) / k["events"] * 1e9 for k in kernel)
    heap = median(k["heap"] for k in kernel)
    drawing = median(k["drawing"] / k["patients"] * 1e9 for k in kernel)
    running = median((k["seconds"] - k["drawing"]) / k["patients"] * 1e9 for k in kernel)
    events = median(k["events"] / k["patients"] for k in kernel)
    print(
        f"\nthe kernel: {events:.2f} timed events a patient (arrivals, ends of steps), {event:.0f} ns each;"
    )
    print(f"a pop and a push of a bare heap of 1,000 in the same process: {heap:.0f} ns")
    print(f"a patient: {drawing:.0f} ns to draw, {running:.0f} ns to simulate, full trace written")
    print("without drawing the kernel is", end=" ")
    alone = [k["patients"] / (k["seconds"] - k["drawing"]) for k in kernel]
    print(
        ", ".join(
            f"{median(a / speed(each[name]) for a, each in zip(alone, rounds, strict=True)):,.0f}x {name}"
            for name in rounds[0]
            if name != KERNEL
        )
    )
    for name in ("simpy", "simpy, same trace"):
        times = median(speed(each[REFERENCE]) / speed(each[name]) for each in rounds)
        print(f"the reference engine plays {times:.2f} times the patients of {name}")


def disagreements(rounds: list[Round]) -> list[str]:
    """Measures of a peer that differ from the kernel's by more than chance; printed beside each other."""
    names = [name for name in rounds[0] if name != KERNEL]
    keys = list(rounds[0][KERNEL]["measures"][0])
    level = FALSE_ALARMS / (len(names) * len(keys))
    found = []
    print(f"\n{'mean, simulation error':28}" + "".join(f"{name:>18}" for name in rounds[0]))
    for key in keys:
        values = {name: [run[key] for each in rounds for run in each[name]["measures"]] for name in rounds[0]}
        told = {
            name: (statistics.fmean(v), statistics.stdev(v) / math.sqrt(len(v))) for name, v in values.items()
        }
        print(f"{key:28}" + "".join(f"{mean:>10.3f} ±{error:>6.3f}" for mean, error in told.values()))
        for name in names:
            (a, s), (b, r) = told[KERNEL], told[name]
            n, m = len(values[KERNEL]), len(values[name])
            freedom = (s**2 + r**2) ** 2 / (s**4 / (n - 1) + r**4 / (m - 1))
            chance = 2 * student.sf(abs(a - b) / math.hypot(s, r), freedom)
            if chance < level:
                found.append(f"{key}: {name} says {b:.3f}, the kernel {a:.3f}")
    return found


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=7, help="2 or more")
    options.add_argument("--json", type=Path, help="also write all that was told to this file")
    asked = options.parse_args()
    if asked.rounds < 2:
        raise SystemExit(f"--rounds {asked.rounds}: the error of a mean needs 2 rounds or more")
    if not PEERS.exists():
        raise SystemExit(f"{PEERS}: no such file; make it with: sh benchmarks/peers/set_up.sh")
    rounds = [
        {name: play(runner, seed) for name, runner in RUNNERS.items()} for seed in range(1, asked.rounds + 1)
    ]
    machine = platform.processor() or platform.machine()
    print(
        f"{machine}, {os.cpu_count()} processors, Python {platform.python_version()}, {asked.rounds} rounds\n"
    )
    print_speeds(rounds)
    print_bounds(rounds)
    found = disagreements(rounds)
    print(
        "\n" + ("\n".join(found) if found else "all agree within simulation error: they play the same model")
    )
    if asked.json:
        asked.json.write_text(json.dumps(rounds))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
