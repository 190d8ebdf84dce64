"""``twin optimize cover``: people on each shift, with certificate and explanation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note
from dashboards.cli.planning.keeping import deliver
from dashboards.cli.planning.wording import listed, numbers_of, proof_in_words, targets_in_words

if TYPE_CHECKING:
    from optimization.cover.planning import CoverAnswer

What = Annotated[str, typer.Argument(metavar="cover", help="What to plan.", show_default=False)]
People = Annotated[
    list[str] | None,
    typer.Option("--people", metavar="GROUP=PEOPLE", help="Employed in a group; may be repeated."),
]


def command(
    what: What = "cover",
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan to this TOML file.")] = None,
    days: Annotated[int, typer.Option("--days", help="Days to plan.")] = 28,
    replications: Annotated[
        int, typer.Option("--replications", help="Futures: half to learn from, half to prove the plan on.")
    ] = 40,
    people: People = None,
    notice: Annotated[int, typer.Option("--notice", help="Days whose rosters stay as decided.")] = 28,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Of the solver. [s]")] = 60,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Plan the nurses of every shift; prove the plan on futures it has not seen."""
    from dashboards.cli.optimize import refuse_other_kinds
    from dashboards.cli.status import existing
    from dashboards.services.files_asked import refuse_file
    from optimization.cover.planning import plan_cover
    from scenarios.base_case import base_case
    from twin.replications.where import on_cluster
    from twin.store import open_store

    refuse_other_kinds(what, "cover")
    if out is not None:
        refuse_file(out, "--out")
    employed = numbers_of("--people", people or [], "people")
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    note(f"demand: {base.origin}")
    with on_cluster(cluster):
        answer = plan_cover(
            base.case,
            base.window,
            seed=seed,
            replications=replications,
            people=employed,
            notice=notice,
            time_limit=time_limit,
        )
    deliver("cover", answer, _words(answer), workspace=workspace, out=out, json=json, origin=base.origin)


def _words(answer: CoverAnswer) -> str:
    because = answer.explanation
    lines = [because.headline, "", *because.sentences, "", "Targets, on futures the plan has not seen:"]
    lines += targets_in_words(answer.certificate)
    lines += listed("What binds:", because.binds)
    lines += listed("Still short:", because.short)
    lines += listed("Note:", answer.notes)
    return "\n".join([*lines, *proof_in_words(answer.certificate)])
