"""The first result of a new process: from nothing to the measures of one replication, by stages.

    python benchmarks/first_result.py [--hospital small] [--days 28] [--began SECONDS]

Prints one line of JSON: seconds of wall clock and of processor for each stage. ``--began`` is the time
(since the epoch) at which the process was asked for. Nothing is imported before it is timed.
"""

import sys
import time

NEW, FIRST = time.time(), time.process_time()


def main() -> None:
    stages: dict[str, tuple[float, float]] = {"python starts": (0.0, FIRST)}
    wall, cpu = time.perf_counter(), FIRST

    def told(stage: str) -> None:
        nonlocal wall, cpu
        stages[stage] = (time.perf_counter() - wall, time.process_time() - cpu)
        wall, cpu = time.perf_counter(), time.process_time()

    asked = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=True))
    from datetime import date

    from twin.case import Case, Window
    from twin.engine import simulate
    from twin.hospital import parse_hospital, shipped
    from twin.measures import summarise
    from twin.workload import draw_workload

    told("imports")
    hospital = parse_hospital(shipped(asked.get("--hospital", "small")))
    told("reading the hospital")
    case, window = Case(hospital), Window(date(2025, 1, 6), days=int(asked.get("--days", 28)))
    work = draw_workload(case, window, seed=1)
    told("drawing, with its code loaded")
    import twin.engine.kernel  # noqa: F401

    told("importing the kernel")
    trace = simulate(case, work)
    told("playing, with its code loaded")
    measures = summarise(trace, hospital)
    told("measuring")
    ended = time.time()
    again = time.process_time()
    simulate(case, work)

    import json

    began = float(asked.get("--began", NEW))
    told_all = {
        "wall": ended - began,
        "cpu": again,
        "playing again": time.process_time() - again,
        "occupancy": measures["occupancy"],
        "stages": {name: {"wall": w, "cpu": c} for name, (w, c) in stages.items()},
    }
    print(json.dumps(told_all))


if __name__ == "__main__":
    main()
