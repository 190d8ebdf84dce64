"""``twin optimize beds``: open beds of every ward, with certificate and explanation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note
from dashboards.cli.planning.keeping import deliver
from dashboards.cli.planning.wording import Targets, listed, numbers_of, proof_in_words, targets_in_words

if TYPE_CHECKING:
    from optimization.beds.answer import BedPlanAnswer
    from twin.hospital import Hospital

#: the word that stands for the approved plan where a file of a plan is asked for
APPROVED = "approved"

What = Annotated[str, typer.Argument(metavar="[beds]", help="What to plan.", show_default=False)]
Pins = Annotated[
    list[str] | None,
    typer.Option("--pin", metavar="WARD=BEDS", help="Fix a ward's open beds; may be repeated."),
]
Pools = Annotated[
    list[str] | None,
    typer.Option(
        "--pool", metavar="WARD,WARD", help="These wards take each other's patients; may be repeated."
    ),
]
Teams = Annotated[
    list[str] | None,
    typer.Option(
        "--team",
        metavar="WARD=BEDS",
        help="The ward opens and closes by teams of so many beds; may be repeated. BEDS alone: all wards; "
        "ratio: as the hospital's nurses.",
    ),
]
Flex = Annotated[
    list[str] | None,
    typer.Option(
        "--flex", metavar="WARD=BEDS", help="So many more may open for single days; may be repeated."
    ),
]


def command(
    what: What = "beds",
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan to this TOML file.")] = None,
    total: Annotated[
        int | None, typer.Option("--total", help="Open beds of all wards.", show_default="as today")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="Days to plan.")] = 28,
    replications: Annotated[
        int, typer.Option("--replications", help="Futures: half to learn from, half to prove the plan on.")
    ] = 40,
    pin: Pins = None,
    cover: Annotated[
        float | None, typer.Option("--cover", help="Each ward opens what it needs on this share of mornings.")
    ] = None,
    pool: Pools = None,
    team: Teams = None,
    flex: Flex = None,
    moves: Annotated[
        int | None, typer.Option("--moves", help="Beds opened and closed at a time, at most.")
    ] = None,
    notice: Annotated[int, typer.Option("--notice", help="Days whose staffed beds stay as decided.")] = 1,
    period: Annotated[
        int | None, typer.Option("--period", help="Decide anew after so many days.", show_default="once")
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
    time_limit: Annotated[float, typer.Option("--time-limit", help="Of the solver. [s]")] = 60,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Plan the open beds of every ward under one total; prove the plan on futures it has not seen."""
    from dashboards.cli.optimize import refuse_other_kinds
    from dashboards.cli.status import existing
    from dashboards.services.files_asked import refuse_file
    from optimization.beds.planning import plan_beds
    from optimization.beds.targets import read_targets
    from scenarios.base_case import base_case
    from twin.errors import UsageError
    from twin.plan import Plan
    from twin.replications.where import on_cluster
    from twin.store import open_store

    refuse_other_kinds(what, "beds")
    if out is not None:
        refuse_file(out, "--out")
    rules: dict[str, Any] = {
        "pins": numbers_of("--pin", pin or [], "beds"),
        "cover": cover,
        "pools": [text.split(",") for text in pool or []],
        "flex": numbers_of("--flex", flex or [], "beds"),
        "most_moves": moves,
        "notice_days": notice,
        "period_days": period,
        "targets": read_targets(target) if target else None,
        "least_change": keep is not None,
    }
    of_file = Plan.read(keep) if keep is not None and keep != APPROVED else None
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    note(f"demand: {base.origin}")
    case, hospital = base.case, base.case.hospital
    if keep == APPROVED and not base.decided:
        raise UsageError("--keep approved: no approved plan holds on these days; twin plans lists them all")
    if of_file is not None:
        case = case.with_(plan=of_file)
    with on_cluster(cluster):
        answer = plan_beds(
            case,
            base.window,
            total=total,
            teams=teams_of(team or [], hospital),
            seed=seed,
            replications=replications,
            time_limit=time_limit,
            **rules,
        )
    answer = replace(answer, notes=(*answer.notes, f"demand: {base.origin}"))
    told = _words(answer, hospital.wards)
    deliver("beds", answer, told, workspace=workspace, out=out, json=json, origin=base.origin)


def teams_of(texts: list[str], hospital: Hospital) -> dict[str, int]:
    """Beds of a team by ward; ``ratio`` and a bare number speak of all wards, ``ward=beds`` over them."""
    from optimization.beds.limits import teams_by_ratio

    teams: dict[str, int] = {}
    for text in texts:
        if text == "ratio":
            teams |= teams_by_ratio(hospital)
        elif text.isascii() and text.isdigit():
            teams |= dict.fromkeys(hospital.wards, int(text))
    single = [text for text in texts if text != "ratio" and not (text.isascii() and text.isdigit())]
    return teams | numbers_of("--team", single, "beds")


def _words(answer: BedPlanAnswer, wards: Any) -> str:
    because, proof = answer.explanation, answer.certificate
    width = max(len(ward.title) for ward in wards.values())
    lines = [because.headline, "", f"{'ward':<{width}}  today  plan  short today  with plan"]
    for name, ward in wards.items():
        before, after = (answer.chance_short[when][name] for when in ("today", "planned"))
        beds = f"{answer.today[name]:>5}  {answer.planned[name]:>4}"
        lines.append(f"{ward.title:<{width}}  {beds}  {before:>11.0%}  {after:>9.0%}")
    lines += ["", *because.sentences, "", "Targets, on futures the plan has not seen:"]
    lines += targets_in_words(proof)
    lines += listed("What binds:", because.binds)
    lines += listed("One more bed:", [f"{what}: {brings}" for what, brings in because.one_more])
    lines += listed("Still short:", because.short)
    lines += listed("Note:", answer.notes)
    return "\n".join([*lines, *proof_in_words(proof)])
