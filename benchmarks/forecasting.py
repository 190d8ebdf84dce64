"""The forecast beside what its users would pick instead, on real series, in one table.

    sh benchmarks/forecasters/set_up.sh
    python benchmarks/forecasting.py DATA [--tasks hospital,parts,...] [--peers all/NAME,...] [--origins 4]

``DATA`` is a folder with the published files (``benchmarks/forecasters/tasks.py`` names them and makes the
series of them). Every origin lies inside a file, and nobody is shown what comes after it. MASE is scaled by
the seasonal naive before the first origin, WQL is over deciles, coverage is of the 80 % and 95 % ranges,
``sums 80`` that of the sum over all series: from sample paths where a forecaster has them, else from summed
quantiles. CPU seconds are training plus prediction of one origin on one thread. What a peer has answered is
kept under ``benchmarks/out`` and used again for the same history and settings. ``--ours
all_of_it,quarter,quarter_and_pack`` compares a hospital that begins, with and without the shipped pack;
``--ours forecast,with_lightgbm,lightgbm_alone`` what gradient boosting brings in the contest, and alone.

    python benchmarks/forecasting.py FILE:HORIZON[:COUNTRY][:daily][:APART] ... [--origins K]

scores any ``unique_id,ds,y`` file beside the base and the seasonal naive alone. With ``--whole-process`` the
time that ``twin forecast`` takes from its start to its end is measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)  # this file has the name of the package it measures
for threads in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402

from benchmarks.forecasters.tasks import MAKERS, Task, filled, tasks_of  # noqa: E402
from forecasting.challengers import seasonal_naive  # noqa: E402
from forecasting.contest import contest_with, hold_contest  # noqa: E402
from forecasting.heads import LEVELS, MIDDLE  # noqa: E402
from forecasting.pretrained import pack_for  # noqa: E402
from forecasting.scores import score, seasonal_error  # noqa: E402
from forecasting.service import forecast  # noqa: E402
from forecasting.trial import Trial  # noqa: E402
from twin.records.history import History, history_of, read_history  # noqa: E402

PEERS = HERE / "forecasters" / ".venv" / "bin" / "python"
SCRIPT = HERE / "forecasters" / "peers.py"
KEPT = HERE / "out" / "forecasters"
OURS = ("forecast", "base", "seasonal_naive")
BOOSTED = ("with_lightgbm", "lightgbm_alone")  # the contest that asks it too; its answer, whoever won
QUARTERS = ("all_of_it", "quarter", "quarter_and_pack")  # a hospital that begins, and knows its own country
OWN = (*OURS, *BOOSTED, *QUARTERS)
N_PATHS = 200
MEASURES = {  # measure -> its title and how a figure of it is written
    "mase": ("MASE", "{:.4f}"),
    "wql": ("WQL", "{:.4f}"),
    "total_error": ("totals", "{:.3f}"),
    "coverage_80": ("cov80", "{:.1%}"),
    "coverage_95": ("cov95", "{:.1%}"),
    "sums_80": ("sums80", "{:.1%}"),
    "cpu_s": ("CPU s", "{:.1f}"),
}
Answer = dict[str, Any]


def main() -> None:
    """Print one table, task by task."""
    options = _options()
    tasks = list(_tasks(options))
    rows: list[dict[str, Any]] = []
    print(f"{'task':<30}{'by':<25}", *(f"{title:>9}" for title, _ in MEASURES.values()), "  served", sep="")
    for task in tasks:
        for told in task_rows(task, options):
            rows.append(told)
            print(line(told), flush=True)
        print(bars_line(task), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1, default=str))
    if options.whole_process:
        print(whole_process(tasks[0]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", metavar="DATA or FILE:HORIZON[:COUNTRY][:daily][:APART]")
    parser.add_argument("--tasks", default="", help=f"some of {', '.join(MAKERS)}; all when left out")
    parser.add_argument("--peers", default="none", help="all, none, or names of peers")
    parser.add_argument("--ours", default=",".join(OURS), help=f"some of {', '.join(OWN)}, or none")
    parser.add_argument("--origins", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="also write all rows to this file")
    parser.add_argument("--whole-process", action="store_true", help="time twin forecast on the first task")
    return parser.parse_args()


def _tasks(options: argparse.Namespace) -> Iterator[Task]:
    if len(options.data) == 1 and Path(options.data[0]).is_dir():
        yield from tasks_of(Path(options.data[0]), tuple(filter(None, options.tasks.split(","))))
        return
    for told in options.data:
        path, horizon, *rest = told.split(":")
        history = read_history(path)
        if "daily" in rest:
            history = history.daily()
        apart = next((int(word) for word in rest if word.isdigit()), int(horizon))
        country = next((word for word in rest if word != "daily" and not word.isdigit() and word), "")
        name = f"{Path(path).stem}{' daily' if 'daily' in rest else ''}, {horizon}"
        yield Task(name, history, int(horizon), apart, country, told=True)


def task_rows(task: Task, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Mean scores over origins, a row a forecaster, the own first."""
    peers = task.peers if options.peers == "all" else tuple(options.peers.split(","))
    ours = [name for name in options.ours.split(",") if name in OWN]
    for method in (*ours, *(name for name in peers if name in task.peers)):
        splits = list(origins_of(task, options.origins))
        first = splits[0][0]
        scale = dict(zip(first.ids, seasonal_error(np.asarray(first.values), first.season), strict=True))
        scores = [
            _score(task, known, truth, _answer(method, task, known, options.seed), scale)
            for known, truth in splits
        ]
        kept = {name: float(np.mean([row[name] for row in scores])) for name in MEASURES}
        served = [row["served"] for row in scores]
        told = {name: served.count(name) for name in dict.fromkeys(served)} if any(served) else ""
        yield {"task": task.name, "by": method, **kept, "served": told, "origins": scores}


def origins_of(task: Task, n: int) -> Iterator[tuple[History, np.ndarray]]:
    """What is known at each origin, oldest first, and what came, shape (series, horizon)."""
    history = task.history
    for k in reversed(range(n)):
        known = history.until(task.horizon + k * task.apart)
        row = [history.ids.index(name) for name in known.ids]
        end = len(history.stamps) - k * task.apart
        yield known, np.asarray(history.values)[row, end - task.horizon : end]


def _answer(method: str, task: Task, known: History, seed: int) -> Answer:
    if method not in OWN:
        return peer_answer(method, task, known)
    begun = time.process_time()
    if method == "seasonal_naive":
        quantiles = seasonal_naive(known, task.horizon)
        return {"quantiles": quantiles, "mean": quantiles[..., MIDDLE], "cpu_s": time.process_time() - begun}
    country = task.country if (task.told or method in QUARTERS) and task.country else None
    if method.startswith("quarter"):
        recent = known.stamps[-(len(known.stamps) // 4) :]
        known = history_of(known.frame[known.frame["ds"] >= recent[0]])
    warm = pack_for(known.frequency) if method == "quarter_and_pack" else None
    contest = contest_with(["lightgbm"]) if method in BOOSTED else partial(hold_contest, warm=warm)
    with only_boosting() if method == "lightgbm_alone" else nullcontext():
        result = forecast(
            known, task.horizon, seed=seed, n_paths=N_PATHS, country=country,
            made_by="base" if method == "base" else "auto", contest=contest,
        )  # fmt: skip
    spent = time.process_time() - begun
    mean = result.table["mean"].to_numpy().reshape(len(known.ids), task.horizon)
    return {
        "quantiles": result.champion.quantiles, "mean": mean, "cpu_s": spent, "paths": result.paths,
        "served": ",".join(sorted(set(result.made_by))) if method in ("forecast", *BOOSTED) else "",
    }  # fmt: skip


@contextmanager
def only_boosting() -> Iterator[None]:
    """Let gradient boosting serve whatever the others' losses were, and teach no network."""
    kept = Trial.winner, Trial.most_batches
    Trial.winner = lambda trial, rivals, loss: next(r for r in rivals if r.name == "lightgbm")
    Trial.most_batches = 0
    try:
        yield
    finally:
        Trial.winner, Trial.most_batches = kept


def peer_answer(method: str, task: Task, known: History) -> Answer:
    """What a peer says, from its own process or from what it said before."""
    values = np.asarray(known.values)
    data = {
        "values": values,
        "filled": filled(values, known.season),
        "season": known.season,
        "horizon": task.horizon,
        "levels": np.array(LEVELS),
        "stamps": np.asarray(known.stamps.append(known.ahead(task.horizon)).to_numpy(), "datetime64[s]"),
        "country": task.country,
    }
    print_of = sha256(SCRIPT.read_bytes() + method.encode() + task.country.encode())
    for part in (values, data["filled"], data["stamps"], np.array([known.season, task.horizon])):
        print_of.update(np.ascontiguousarray(part).tobytes())
    kept = KEPT / f"{method}-{print_of.hexdigest()[:20]}.npz"
    if not kept.exists():
        if not PEERS.exists():
            raise SystemExit(f"{PEERS}: no such file; make it with: sh benchmarks/forecasters/set_up.sh")
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as room:
            np.savez(Path(room, "in.npz"), **data)
            command = [PEERS, SCRIPT, method, Path(room, "in.npz"), Path(room, "out.npz")]
            subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr, cwd=room)
            kept.write_bytes(Path(room, "out.npz").read_bytes())
    with np.load(kept, allow_pickle=False) as page:
        return {"quantiles": page["quantiles"], "mean": page["mean"], "cpu_s": float(page["cpu_s"])}


def _score(
    task: Task, known: History, truth: np.ndarray, answer: Answer, scale: dict[str, float]
) -> dict[str, Any]:
    """Every measure of one origin."""
    own = np.array([scale.get(name, np.nan) for name in known.ids])
    seen = np.isfinite(truth)
    whole = seen.all(axis=1)
    missed = np.abs((answer["mean"] - truth)[whole].sum(axis=1))
    return {
        "origin": known.stamps[-1],
        **score(answer["quantiles"], truth, own),
        "total_error": float(missed.mean()) if "total_error" in task.bars and len(missed) else float("nan"),
        "sums_80": _sums_inside(answer, truth),
        "cpu_s": answer["cpu_s"],
        "served": answer.get("served", ""),
    }


def _sums_inside(answer: Answer, truth: np.ndarray) -> float:
    """Share of periods whose sum over the series with a count lies in the 80 % range of that sum."""
    if len(truth) < 2:
        return float("nan")
    seen = np.isfinite(truth)
    total = np.where(seen, truth, 0.0).sum(axis=0)
    if len(answer.get("paths", ())):
        sums = np.where(seen, answer["paths"], 0.0).sum(axis=1)
        low, high = np.quantile(sums, [0.1, 0.9], axis=0)
    else:
        sums = np.where(seen[..., None], answer["quantiles"], 0.0).sum(axis=0)
        low, high = sums[:, LEVELS.index(0.1)], sums[:, LEVELS.index(0.9)]
    return float(((total >= low) & (total <= high)).mean())


def line(told: dict[str, Any]) -> str:
    """One row of the table."""
    figures = (written(measure, told[measure]) for measure in MEASURES)
    return f"{told['task']:<30}{told['by']:<25}" + "".join(f"{f:>9}" for f in figures) + f"  {told['served']}"


def bars_line(task: Task) -> str:
    """What must be reached, and what is aimed at."""
    lines = []
    for which, title in ((0, "must"), (1, "aim")):
        figures = []
        for measure in MEASURES:
            bar = task.bars.get(measure)
            nominal = {"coverage_80": 0.80, "coverage_95": 0.95, "sums_80": 0.80}.get(measure)
            if bar is None:
                figures.append("")
            elif nominal is None:
                figures.append(written(measure, bar[which]))
            else:
                figures.append(f"{100 * (nominal - bar[which]):g}-{100 * (nominal + bar[which]):g}")
        lines.append(f"{'':<30}{title:<25}" + "".join(f"{f:>9}" for f in figures))
    return "\n".join(lines) if task.bars else ""


def written(measure: str, value: float) -> str:
    """A figure as the table shows it."""
    return MEASURES[measure][1].format(value) if np.isfinite(value) else "-"


def whole_process(task: Task, series: int = 100) -> str:
    """Seconds of ``twin forecast`` from its start to its end, for up to so many series of a task."""
    frame = task.history.frame
    frame = frame[frame["unique_id"].isin(task.history.ids[:series])]
    with tempfile.TemporaryDirectory() as room:
        frame.to_csv(Path(room, "history.csv"), index=False)
        command = [Path(sys.executable).parent / "twin", "forecast", Path(room, "history.csv"), "--horizon"]
        command += [task.horizon, "--out", Path(room, "out.csv")]
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, stderr=subprocess.DEVNULL)
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    n = frame["unique_id"].nunique()
    asked = f"twin forecast, {n} series of {task.name} x {task.horizon}"
    return f"{asked}: {wall:.1f} s by the clock, {cpu:.1f} s CPU"


if __name__ == "__main__":
    main()
