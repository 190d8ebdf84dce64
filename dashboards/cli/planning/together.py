"""``twin optimize together``: open beds and the nurses of every shift in one plan, with its proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note
from dashboards.cli.planning.beds import Flex, Pins, Pools, Teams, teams_of
from dashboards.cli.planning.cover import NOT_KEPT, People
from dashboards.cli.planning.keeping import deliver
from dashboards.cli.planning.wording import Targets, listed, numbers_of, proof_in_words, targets_in_words

if TYPE_CHECKING:
    from optimization.together.answer import TogetherAnswer
    from twin.hospital import Hospital

What = Annotated[str, typer.Argument(metavar="together", help="What to plan.", show_default=False)]


def command(
    what: What = "together",
    out: Annotated[Path | None, typer.Option("--out", help="Write the plan to this TOML file.")] = None,
    total: Annotated[
        int | None, typer.Option("--total", help="Open beds of all wards.", show_default="as today")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="Days to plan.")] = 28,
    replications: Annotated[
        int, typer.Option("--replications", help="Futures: half to learn from, half to prove the plan on.")
    ] = 40,
    pin: Pins = None,
    pool: Pools = None,
    team: Teams = None,
    flex: Flex = None,
    moves: Annotated[
        int | None, typer.Option("--moves", help="Beds opened and closed at a time, at most.")
    ] = None,
    notice: Annotated[int, typer.Option("--notice", help="Days whose staffed beds stay as decided.")] = 1,
    period: Annotated[
        int | None, typer.Option("--period", help="Decide beds anew after so many days.", show_default="once")
    ] = None,
    people: People = None,
    pin_shift: Annotated[
        list[str] | None,
        typer.Option(
            "--pin-shift",
            metavar="GROUP@DATE@SHIFT=PEOPLE",
            help="Fix who is asked to one shift; may be repeated.",
        ),
    ] = None,
    at_least: Annotated[
        float | None,
        typer.Option("--at-least", help="Ask for so many times the nurses needed, at least, on every shift."),
    ] = None,
    roster_notice: Annotated[
        int, typer.Option("--roster-notice", help="Days whose rosters stay as decided.")
    ] = 28,
    target: Targets = None,
    time_limit: Annotated[float, typer.Option("--time-limit", help="Of the solver. [s]")] = 120,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Plan beds and nurses in one; prove the plan on futures it has not seen."""
    from dashboards.cli.optimize import refuse_other_kinds
    from dashboards.cli.status import existing
    from dashboards.services.files_asked import refuse_file
    from optimization.beds.targets import read_targets
    from optimization.cover.question import read_pins
    from optimization.cover.targets import BEDS_CLOSED, BEDS_CLOSED_TITLE
    from optimization.together.planning import plan_together
    from scenarios.base_case import base_case
    from twin.replications.where import on_cluster
    from twin.store import open_store

    refuse_other_kinds(what, "together")
    if out is not None:
        refuse_file(out, "--out")
    rules: dict[str, Any] = {
        "pins": numbers_of("--pin", pin or [], "beds"),
        "pools": [text.split(",") for text in pool or []],
        "flex": numbers_of("--flex", flex or [], "beds"),
        "most_moves": moves,
        "notice_days": notice,
        "period_days": period,
        "nurses": {
            "people": numbers_of("--people", people or [], "people"),
            "notice": roster_notice,
            "pins": read_pins(pin_shift or []),
            "at_least": at_least,
        },
        "targets": read_targets(target, also={BEDS_CLOSED: BEDS_CLOSED_TITLE}) if target else None,
    }
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    note(f"demand: {base.origin}")
    with on_cluster(cluster):
        answer = plan_together(
            base.case,
            base.window,
            total=total,
            teams=teams_of(team or [], base.case.hospital),
            seed=seed,
            replications=replications,
            time_limit=time_limit,
            **rules,
        )
    told = _words(answer, base.case.hospital)
    deliver(
        "together",
        answer,
        told,
        workspace=workspace,
        out=out,
        json=json,
        origin=base.origin,
        not_kept="" if answer.names_groups else NOT_KEPT,
    )


def _words(answer: TogetherAnswer, hospital: Hospital) -> str:
    because, proof = answer.explanation, answer.certificate
    width = max(len(ward.title) for ward in hospital.wards.values())
    lines = [because.headline, "", f"{'ward':<{width}}  today  plan"]
    for name, ward in hospital.wards.items():
        lines.append(f"{ward.title:<{width}}  {answer.today[name]:>5}  {answer.planned[name]:>4}")
    lines += ["", *because.sentences, "", "Targets, on futures the plan has not seen:"]
    lines += targets_in_words(proof)
    lines += listed("What binds:", because.binds)
    lines += listed("One more bed:", [f"{what}: {brings}" for what, brings in because.one_more])
    lines += listed("Still short:", because.short)
    lines += listed("Note:", answer.notes)
    return "\n".join([*lines, *proof_in_words(proof)])
