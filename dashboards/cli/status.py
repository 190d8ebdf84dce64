"""``twin status``: what has run, what is running and what waits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say

if TYPE_CHECKING:
    from twin.store import Run, Store

WORKER_IS_MISSING_SECONDS = 10


def command(
    workspace: Workspace = DEFAULT_WORKSPACE,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many runs to list.")] = 10,
    json: AsJson = False,
) -> None:
    """Say what has run, what is running and what waits."""
    from twin.store import open_store

    with open_store(existing(workspace)) as store:
        status = _status(store, limit)
    say(status if json else _words(status), json)


def existing(workspace: Path) -> Path:
    """The workspace, which must be there already."""
    from twin.errors import NotFound

    if not workspace.is_dir():
        raise NotFound(f"no workspace at {workspace}; make one with: twin init {workspace}")
    return workspace


def _status(store: Store, limit: int) -> dict[str, Any]:
    silent = store.workers.seconds_since()
    return {
        "workspace": store.workspace,
        "database": store.database.name,
        "worker": {
            "alive": silent is not None and silent <= WORKER_IS_MISSING_SECONDS,
            "last_seen": store.workers.last_seen(),
        },
        "drift": _drift(store),
        "runs": [_row(run) for run in store.runs.list(limit)],
    }


def _drift(store: Store) -> list[dict[str, Any]]:
    """How the forecasts of the last weeks met their days, as the newest main job found it."""
    done = [run for run in (store.runs.latest(kind) for kind in ("run", "nightly")) if run is not None]
    newest = max(done, key=lambda run: run.ended or run.created, default=None)
    return list((newest.summary or {}).get("drift", [])) if newest is not None else []


def _drift_line(row: dict[str, Any]) -> str:
    """One stream's figures, and its alarms."""
    said = [f"{row['days']} days"]
    for name, key, form in (
        ("MASE", "mase", ".2f"),
        ("base", "plain_mase", ".2f"),
        ("in 80 %", "coverage80", ".0%"),
    ):
        if row[key] is not None:
            said.append(f"{name} {row[key]:{form}}")
    alarms = "; ".join(alarm["told"] for alarm in row["alarms"])
    return f"forecast   {row['stream']}: {', '.join(said)}" + (f"; ALARM: {alarms}" if alarms else "")


def _row(run: Run) -> dict[str, Any]:
    names = ("id", "kind", "state", "created", "started", "ended", "progress_done", "progress_total", "note")
    return {name: getattr(run, name) for name in (*names, "error", "key", "actor")}


def _words(status: dict[str, Any]) -> str:
    worker, seen = status["worker"], status["worker"]["last_seen"]
    alive = "working" if worker["alive"] else f"last seen {seen:%Y-%m-%d %H:%M:%S} UTC" if seen else "none"
    lines = [
        f"workspace  {status['workspace']}",
        f"database   {status['database']}",
        f"worker     {alive}",
        *(_drift_line(row) for row in status["drift"]),
        "",
    ]
    rows = [_line(run) for run in status["runs"]]
    return "\n".join(lines + (rows or ["no run yet; start one with: twin run"]))


def _line(run: dict[str, Any]) -> str:
    state, total = run["state"], run["progress_total"]
    if state == "running":
        share = f"{run['progress_done'] / total:.0%} " if total else ""
        tail = f"{share}{run['note']}"
    elif state == "failed":
        tail = (run["error"] or "").splitlines()[0] if run["error"] else ""
    else:
        tail = ""
    when = run["ended"] or run["started"] or run["created"]
    return f"{run['id']}  {run['kind']:<8}  {state:<9}  {when:%Y-%m-%d %H:%M} UTC  {tail}".rstrip()
