"""``twin run``: the main job, from records or a history file to a plan with proof and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Challengers, Cluster, Seed, Workspace, note, say

if TYPE_CHECKING:
    from scenarios.cycle import Asked
    from twin.store import Run, Store

HistoryFile = Annotated[
    Path | None,
    typer.Option(
        "--history",
        help="CSV with unique_id, ds, y; the workspace's records when omitted.",
        show_default=False,
    ),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="SERIES=STREAM", help="Which series feeds which stream.", show_default=False
    ),
]
Scale = Annotated[
    str, typer.Option("--scale", help="keep: scale the file to the hospital's mean; none: as it is.")
]
Days = Annotated[int, typer.Option("--days", help="Days to look ahead.")]
Replications = Annotated[
    int, typer.Option("--replications", help="Futures; half train the plan, half prove it.")
]
Total = Annotated[
    int | None,
    typer.Option(
        "--total", min=0, help="Open beds of all wards together; today's when omitted.", show_default=False
    ),
]
Queue = Annotated[bool, typer.Option("--queue", help="Leave the work to a worker (on its own cluster).")]


def command(
    history: HistoryFile = None,
    map: Mapping = None,
    scale: Scale = "keep",
    days: Days = 28,
    replications: Replications = 40,
    total: Total = None,
    seed: Seed = 1,
    challenger: Challengers = None,
    queue: Queue = False,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Forecast, simulate, optimize, check, store and report."""
    from dashboards.cli.status import existing
    from scenarios.cycle import prepare
    from twin.store import open_store

    asked = asked_of(history, map, scale, days, replications, total, seed, challenger)
    prepare(existing(workspace), asked)
    with open_store(workspace) as store:
        if queue:
            run_id = store.runs.add("run", asked.inputs())
            say({"run": run_id, "state": "queued"} if json else f"run {run_id} waits for a worker", json)
            return
        finish(store, walk(store, "run", asked, cluster=cluster), json)


def asked_of(
    history: Path | None,
    mapping: list[str] | None,
    scale: str,
    days: int,
    replications: int,
    total: int | None,
    seed: int,
    challengers: list[str] | None = None,
) -> Asked:
    """The words of the command line as a question."""
    from scenarios.cycle import Asked
    from twin.errors import UsageError

    pairs = [entry.partition("=") for entry in mapping or []]
    wrong = [a + sep + b for a, sep, b in pairs if not (a and b)]
    if wrong:
        raise UsageError(f"--map takes SERIES=STREAM; got {', '.join(wrong)}")
    if pairs and history is None:
        raise UsageError("--map says which series of a file feeds what; name the file with --history")
    return Asked(
        history=history.absolute() if history else None,
        mapping={series: stream for series, _, stream in pairs},
        scale=scale,
        days=days,
        replications=replications,
        seed=seed,
        total=total,
        challengers=tuple(challengers or ()),
    )


def walk(store: Store, kind: str, asked: Asked, key: str | None = None, *, cluster: str | None = None) -> Run:
    """Do the main job in this process, telling each stage and every tenth on standard error."""
    from dashboards.worker import run_now
    from twin.replications.where import on_cluster

    with on_cluster(cluster):
        return run_now(store, kind, asked.inputs(), key, tell=_Teller())


def finish(store: Store, run: Run, json: bool) -> None:
    """Print the short answer, write the report, and leave with 5 where a fallback served."""
    from dashboards.services.main_job import save_report, short_answer, words
    from twin.errors import DEGRADED

    short: dict[str, Any] = short_answer(store, run.id)
    report = save_report(store, run.id)
    say({**short, "report": report} if json else f"{words(short)}\nreport: {report}", json)
    if short["degraded"]:
        for text in short["degraded"]:
            note(f"degraded: {text}")
        raise typer.Exit(DEGRADED)


class _Teller:
    """Says a stage when it begins, and each tenth of the whole once."""

    def __init__(self) -> None:
        self._stage, self._tenth = "", -1

    def __call__(self, done: float, total: float, stage: str) -> None:
        tenth = int(10 * done / total) if total else 0
        if stage != self._stage or tenth > self._tenth:
            self._stage, self._tenth = stage, max(tenth, self._tenth)
            note(f"{done / total:4.0%}  {stage}" if total else stage)
