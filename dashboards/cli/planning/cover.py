"""``twin optimize cover``: people on each shift, with certificate and explanation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note
from dashboards.cli.planning.beds import APPROVED
from dashboards.cli.planning.keeping import deliver
from dashboards.cli.planning.wording import Targets, listed, numbers_of, proof_in_words, targets_in_words

if TYPE_CHECKING:
    from optimization.cover.answer import CoverAnswer
    from twin.hospital import Hospital

#: said where the plan names groups that the hospital does not have
NOT_KEPT = (
    "the plan is not kept: the hospital's file names no nurses. Write usual ones with "
    "twin optimize cover --nurses-out FILE, put those rows into hospital.toml, and plan again"
)
What = Annotated[str, typer.Argument(metavar="cover", help="What to plan.", show_default=False)]
People = Annotated[
    list[str] | None,
    typer.Option("--people", metavar="GROUP=PEOPLE", help="Employed in a group; may be repeated."),
]
Pins = Annotated[
    list[str] | None,
    typer.Option(
        "--pin",
        metavar="GROUP@DATE@SHIFT=PEOPLE",
        help="Ask so many to this shift, own people, float pool and agencies together; may be repeated.",
    ),
]


def command(
    what: What = "cover",
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan to this TOML file.")] = None,
    days: Annotated[int, typer.Option("--days", help="Days to plan.")] = 28,
    replications: Annotated[
        int, typer.Option("--replications", help="Futures: half to learn from, half to prove the plan on.")
    ] = 40,
    people: People = None,
    pin: Pins = None,
    at_least: Annotated[
        float | None,
        typer.Option("--at-least", help="Ask to each shift this share of the nurses needed, 1 for all."),
    ] = None,
    target: Targets = None,
    keep: Annotated[
        str | None,
        typer.Option(
            "--keep",
            metavar="FILE",
            help="Change the plan of this file no more than the rules ask for; approved: the one that holds.",
        ),
    ] = None,
    nurses_out: Annotated[
        Path | None,
        typer.Option("--nurses-out", help="Write usual nurses for a hospital that names none to this file."),
    ] = None,
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
    from optimization.beds.targets import read_targets
    from optimization.cover.planning import plan_cover
    from optimization.cover.question import read_pins
    from optimization.cover.targets import BEDS_CLOSED, BEDS_CLOSED_TITLE
    from scenarios.base_case import base_case
    from twin.errors import UsageError
    from twin.plan import Plan
    from twin.replications.where import on_cluster
    from twin.store import open_store

    refuse_other_kinds(what, "cover")
    for option, file in (("--out", out), ("--nurses-out", nurses_out)):
        if file is not None:
            refuse_file(file, option)
    asked: dict[str, Any] = {
        "people": numbers_of("--people", people or [], "people"),
        "pins": read_pins(pin or []),
        "at_least": at_least,
        "targets": read_targets(target, also={BEDS_CLOSED: BEDS_CLOSED_TITLE}) if target else None,
        "least_change": keep is not None,
    }
    in_force = Plan.read(keep) if keep is not None and keep != APPROVED else None
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    note(f"demand: {base.origin}")
    if keep == APPROVED and not base.decided:
        raise UsageError("--keep approved: no approved plan holds on these days; twin plans lists them all")
    if nurses_out is not None:
        _write_nurses(base.case.hospital, nurses_out)
    with on_cluster(cluster):
        answer = plan_cover(
            base.case if in_force is None else base.case.with_(plan=in_force),
            base.window,
            seed=seed,
            replications=replications,
            notice=notice,
            time_limit=time_limit,
            **asked,
        )
    deliver(
        "cover",
        answer,
        _words(answer),
        workspace=workspace,
        out=out,
        json=json,
        origin=base.origin,
        not_kept="" if answer.names_groups else NOT_KEPT,
    )


def _write_nurses(hospital: Hospital, file: Path) -> None:
    """Usual nurses as rows for the hospital's own file."""
    from optimization.cover.usual import names_nurses, rows_of
    from twin.errors import UsageError
    from twin.files import write_whole

    if names_nurses(hospital):
        raise UsageError("--nurses-out: this hospital's wards name their nurses already")
    write_whole(file, rows_of(hospital).encode())
    note(f"usual nurses written to {file}: put these rows into hospital.toml and correct them")


def _words(answer: CoverAnswer) -> str:
    because = answer.explanation
    lines = [
        because.headline,
        "",
        *_table(answer),
        "",
        *because.sentences,
        "",
        "Targets, on futures the plan has not seen:",
    ]
    lines += targets_in_words(answer.certificate)
    lines += listed("What binds:", because.binds)
    lines += listed("One more nurse:", [f"{what}: {brings}" for what, brings in because.one_more])
    lines += listed("Still short:", because.short)
    lines += listed("Note:", answer.notes)
    return "\n".join([*lines, *proof_in_words(answer.certificate)])


def _table(answer: CoverAnswer) -> list[str]:
    """Every shift of every group: people asked today and by the plan, lent, hired, still missing."""
    width = max(len(row.title) for row in answer.shifts)
    most = max(len("shift"), *(len(row.shift) for row in answer.shifts))
    return [
        f"{'group':<{width}}  {'shift':<{most}}  today   plan  lent  agency  short",
        *(
            f"{row.title:<{width}}  {row.shift:<{most}}  {row.today:>5.1f}  {row.planned:>5.1f}"
            f"  {row.lent:>4}  {row.agency:>6}  {row.short:>5.2f}"
            for row in answer.shifts
        ),
    ]
