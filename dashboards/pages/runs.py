"""Runs and reports: what was asked, how it ended, and the report of each finished main job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dash import dcc, html

from dashboards.pages import parts
from dashboards.pages.frame import heading, shell
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.view import View
from dashboards.services.whatif import scenario_words
from twin.store import Run

KINDS = {
    "run": "Main job",
    "nightly": "Night cycle",
    "stale": "Night without new data",
    "whatif": "What-if",
    "simulate": "Simulation",
    "compare": "Comparison",
    "optimize": "Plan",
}
STATES = {
    "done": ("good", "Done"),
    "failed": ("miss", "Failed"),
    "running": ("approve", "Running"),
    "queued": ("approve", "Queued"),
    "cancelled": ("watch", "Cancelled"),
}
COLUMNS = (
    Column("Asked"),
    Column("What"),
    Column("State"),
    Column("Took", "num"),
    Column("About", "reason"),
    Column("Open"),
)


def runs_page(view: View, runs: Sequence[Run], plans: Mapping[str, int] | None = None) -> parts.Part:
    """The newest runs first; ``plans`` are the numbers of the plans that they made, by run."""
    head = heading("Runs and reports", "")
    if not runs:
        return shell(
            "/runs",
            view,
            head,
            html.Section(
                [
                    html.H2("No run yet"),
                    html.P(
                        [
                            "The first run of the main job will stand here. Start it on ",
                            dcc.Link("Today", href="/"),
                            " or with ",
                            html.Code("twin run"),
                            ".",
                        ]
                    ),
                ],
                className="card empty",
            ),
        )
    lead = html.P(f"The last {len(runs)} runs, newest first.", className="answer")
    return shell(
        "/runs",
        view,
        head,
        lead,
        parts.card(
            "Runs",
            "Times are local.",
            parts.table(
                "Runs", COLUMNS, [_row(run, view, (plans or {}).get(run.id)) for run in runs], "runs stacked"
            ),
            cls="flush",
        ),
    )


def _row(run: Run, view: View, plan: int | None) -> list[parts.Part]:
    asked = _local(run.created)
    kind, said = STATES.get(run.state, ("approve", run.state))
    return [
        f"{asked:%a} {asked.day} {asked:%b %H:%M}",
        KINDS.get(run.kind, run.kind),
        parts.chip(kind, said),
        _took(run),
        _about(run, view),
        _open(run, plan),
    ]


def _took(run: Run) -> str:
    if run.started is None or run.ended is None:
        return words.DASH
    seconds = (run.ended - run.started).total_seconds()
    return f"{seconds:.1f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


def _about(run: Run, view: View) -> parts.Part:
    if run.error:
        lines = run.error.strip().splitlines()
        return html.Details([html.Summary(lines[0]), html.Pre(run.error)]) if len(lines) > 1 else lines[0]
    if run.kind == "whatif":
        return scenario_words(run.inputs, view.answer)
    if run.state == "running":
        return f"{run.progress_done:g} of {run.progress_total:g} {run.note}"
    return run.id


def _open(run: Run, plan: int | None) -> parts.Part:
    shown = _links(run)
    if plan is not None:
        shown.append(dcc.Link(f"Plan {plan}", href=f"/plans?plan={plan}"))
    between = [piece for link in shown for piece in (link, " ")]
    return html.Span(between[:-1]) if shown else words.DASH


def _links(run: Run) -> list[parts.Part]:
    if run.kind == "whatif":
        return [dcc.Link("Result" if run.state == "done" else "Look", href=f"/what-if?run={run.id}")]
    if run.kind in ("run", "nightly") and run.state == "done":
        return [
            html.A("Report", href=f"/report/{run.id}", target="_blank"),
            html.A("Data", href=f"/answer/{run.id}.json", title="The whole answer as JSON"),
        ]
    return []


def _local(at: Any) -> datetime:
    zoned: datetime = at if at.tzinfo else at.replace(tzinfo=UTC)
    return zoned.astimezone()
