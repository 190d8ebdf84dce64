"""The main job as a user runs it: minutes and memory of ``twin run``, and how soon a second one starts.

    python benchmarks/main_job.py [--history FILE] [--size reference]

Makes a workspace in a temporary folder, runs ``twin init`` and ``twin run`` as processes of their own, and
prints wall and processor seconds and the peak memory of each. The bars: ``twin run`` on the reference
hospital within 180 s and 2 GB on two cores, ``twin --help`` within 0.5 s.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TWIN = Path(sys.executable).parent / "twin"
DEGRADED = 5


def timed(name: str, *words: str) -> None:
    """Run a command and print what it cost."""
    begun = time.monotonic()
    child = subprocess.Popen([str(TWIN), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall, code = time.monotonic() - begun, os.waitstatus_to_exitcode(status)
    cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"{name:<22}{wall:>9.1f}{cpu:>9.1f}{peak:>10.0f}   exit {code}")
    if code not in (0, DEGRADED):
        sys.exit(f"{name} failed with exit code {code}")


def main() -> None:
    """Read the options, run, print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--history", type=Path, help="a CSV unique_id,ds,y that drives the emergency stream")
    options.add_argument("--size", default="reference", help="reference or small")
    asked = options.parse_args()
    print(f"{'command':<22}{'wall s':>9}{'CPU s':>9}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        workspace = str(Path(folder) / "workspace")
        timed("twin --help", "--help")
        timed("twin init", "init", workspace, "--size", asked.size)
        history = [] if asked.history is None else ["--history", str(asked.history)]
        timed("twin run", "run", "--workspace", workspace, *history)


if __name__ == "__main__":
    main()
