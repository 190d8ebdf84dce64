"""Scores of the forecast on files named on the command line, beside the base and the seasonal naive.

    python benchmarks/forecasting.py FILE:HORIZON[:COUNTRY][:daily][:APART] ... [--origins K]

``daily`` sums an hourly file to days; ``APART`` is the number of periods between origins (the horizon
when left out). CPU seconds are training plus prediction of one origin on one thread. Every origin lies
inside the file and learns only from what was known there.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # this file has the name of the package it measures

from forecasting.backtest import backtest  # noqa: E402
from twin.records.history import read_history  # noqa: E402


def main() -> None:
    """Print one table a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="+", metavar="FILE:HORIZON[:COUNTRY][:daily][:APART]")
    parser.add_argument("--origins", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    titles = ("MASE", "WQL", "cov80", "cov95", "CPU s")
    print(f"{'file, horizon':<34}{'method':<16}", *(f"{title:>8}" for title in titles), " served", sep="")
    for task in options.tasks:
        path, horizon, *rest = task.split(":")
        history = read_history(path)
        if "daily" in rest:
            history = history.daily()
        apart = next((int(word) for word in rest if word.isdigit()), None)
        country = next((word for word in rest if word != "daily" and not word.isdigit() and word), None)
        done = backtest(
            history, int(horizon), options.origins, apart=apart, country=country, seed=options.seed
        )
        served = done.table[done.table["method"] == "forecast"]["made_by"].value_counts().to_dict()
        name = f"{Path(path).stem}{' daily' if 'daily' in rest else ''}, {horizon}"
        for method, row in done.summary().items():
            print(
                f"{name:<34}{method:<16}{row['mase']:>8.4f}{row['wql']:>8.4f}{row['coverage_80']:>8.1%}"
                f"{row['coverage_95']:>8.1%}{row['cpu_s']:>8.1f}  {served if method == 'forecast' else ''}",
                flush=True,
            )


if __name__ == "__main__":
    main()
