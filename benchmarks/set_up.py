"""How long a person waits before the twin begins: ``twin --help``, and a set-up that is already done.

    .venv/bin/python benchmarks/set_up.py

Prints the median and the longest of ten calls, on the wall clock, against the aims: help in 0.5 s, and a
second ``make run`` that starts its job within 5 s. Exits 1 when an aim is missed.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
CALLS = 10
AIMS = {  # words: the longest it may take [s]
    "twin --help": ([Path(sys.executable).with_name("twin"), "--help"], 0.5),
    "make set-up (second call)": (["make", "-s", "set-up"], 5.0),
}


def seconds(command: list[str | Path]) -> float:
    """Wall time of one call. [s]"""
    begun = time.perf_counter()
    subprocess.run(command, cwd=HOUSE, check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> int:
    missed = 0
    for name, (command, aim) in AIMS.items():
        seconds(command)  # the first call compiles pages, or installs
        taken = [seconds(command) for _ in range(CALLS)]
        held = statistics.median(taken) <= aim
        missed += not held
        print(
            f"{name:<28} median {statistics.median(taken):.2f} s, longest {max(taken):.2f} s, "
            f"aim {aim:g} s: {'held' if held else 'MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
