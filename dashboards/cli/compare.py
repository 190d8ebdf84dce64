"""``twin compare``: what-if scenarios beside the base, on the same patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note, say

if TYPE_CHECKING:
    from scenarios.comparison import Comparison, Row

Names = Annotated[
    list[str], typer.Argument(metavar="SCENARIO...", help="Files, or names of shipped scenarios.")
]


def command(
    scenarios: Names,
    days: Annotated[int, typer.Option("--days", help="Days to measure.")] = 28,
    warm_up: Annotated[
        int | None,
        typer.Option("--warm-up", help="Days before them, from an empty house.", show_default="56"),
    ] = None,
    replications: Annotated[int, typer.Option("--replications", help="Pairs of futures.")] = 20,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Compare what-if scenarios with the base on the same patients."""
    from dashboards.cli.status import existing
    from scenarios.base_case import base_case
    from scenarios.scenario import read_scenario
    from scenarios.study import run_studies
    from twin.replications.where import on_cluster
    from twin.store import open_store

    asked = [read_scenario(name) for name in scenarios]
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days, warm_up=warm_up)
    note(f"demand: {base.origin}")
    with on_cluster(cluster):
        found = run_studies(base.case, asked, window=base.window, replications=replications, seed=seed)
    if json:
        say({"demand": base.origin, "comparisons": [_document(c) for c in found]}, json)
    else:
        say("\n\n".join(_table(c) for c in found))


def _document(comparison: Comparison) -> dict[str, object]:
    return {
        **comparison.to_json(),
        "levers": list(comparison.levers),
        "replications": comparison.replications,
        "notes": list(comparison.notes),
    }


def _table(comparison: Comparison) -> str:
    head = f"{comparison.changed}: {', '.join(comparison.levers) or 'nothing is changed'}"
    lines = [
        f"{head} ({comparison.replications} pairs of futures)",
        f"{'measure':<44} {'base':>10} {'changed':>10}  difference, 95 % margin",
    ]
    lines += [_line(row) for row in comparison.rows]
    return "\n".join([*lines, *(f"note: {text}" for text in comparison.notes)])


def _line(row: Row) -> str:
    told = f"{row.difference:+.2f} ± {row.margin95:.2f}" if row.clear else "no clear change"
    if row.clear and row.better:
        told += " better" if (row.difference > 0) == (row.better == "up") else " worse"
    label = f"{row.label} [{row.unit}]"
    return f"{label:<44} {row.base:>10.2f} {row.changed:>10.2f}  {told}"
