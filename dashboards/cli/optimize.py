"""``twin optimize``: plan beds, with certificate and explanation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note, say

if TYPE_CHECKING:
    from optimization.beds.planning import BedPlanAnswer

What = Annotated[str, typer.Argument(metavar="[beds]", help="What to plan.", show_default=False)]
Pins = Annotated[
    list[str] | None,
    typer.Option("--pin", metavar="WARD=BEDS", help="Fix a ward's open beds; may be repeated."),
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
    time_limit: Annotated[float, typer.Option("--time-limit", help="Of the solver. [s]")] = 60,
    seed: Seed = 1,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Plan the open beds of every ward under one total; prove the plan on futures it has not seen."""
    from dashboards.cli.status import existing
    from optimization.beds.planning import plan_beds
    from scenarios.base_case import base_case
    from twin.errors import UsageError
    from twin.replications.where import on_cluster
    from twin.store import open_store

    if what != "beds":
        raise UsageError(f'"{what}" cannot be planned yet; beds can: twin optimize beds')
    with open_store(existing(workspace)) as store:
        base = base_case(workspace, store, days=days)
    note(f"demand: {base.origin}")
    with on_cluster(cluster):
        answer = plan_beds(
            base.case,
            base.window,
            total=total,
            seed=seed,
            replications=replications,
            pins=_pins(pin or []),
            cover=cover,
            time_limit=time_limit,
        )
    if out is not None:
        answer.plan.write(out)
        note(f"plan written to {out}")
    say(answer.document() if json else _words(answer, base.case.hospital.wards), json)


def _pins(texts: list[str]) -> dict[str, int]:
    """``ward=beds`` as numbers.

    Raises
    ------
    ConfigError
        With every text that is not a ward and a number, and every ward named twice with two levels.
    """
    from twin.errors import ConfigError, Problem

    pins: dict[str, int] = {}
    problems = []
    for text in texts:
        ward, _, beds = text.partition("=")
        if not beds.isdigit():
            problems.append(Problem("--pin", text, "WARD=BEDS with a whole number of beds, 0 or more"))
        elif pins.get(ward, int(beds)) != int(beds):
            problems.append(Problem("--pin", text, f"contradicts {ward}={pins[ward]}", "keep one of the two"))
        else:
            pins[ward] = int(beds)
    if problems:
        raise ConfigError("the command line", problems)
    return pins


def _words(answer: BedPlanAnswer, wards: Any) -> str:
    because, proof = answer.explanation, answer.certificate
    width = max(len(ward.title) for ward in wards.values())
    lines = [because.headline, "", f"{'ward':<{width}}  today  plan  short today  with plan"]
    for name, ward in wards.items():
        before, after = (answer.chance_short[when][name] for when in ("today", "planned"))
        beds = f"{answer.today[name]:>5}  {answer.planned[name]:>4}"
        lines.append(f"{ward.title:<{width}}  {beds}  {before:>11.0%}  {after:>9.0%}")
    lines += ["", *because.sentences, "", "Targets, on futures the plan has not seen:"]
    for r in proof.targets:
        lines.append(
            f"  {'holds' if r.holds else 'fails'}  {r.target.name}, {r.target.limit} {r.target.unit}: "
            f"expected {r.expected:.3g} (95 % bound {r.bound95:.3g}), met in {r.share_of_futures:.0%} "
            f"of futures (asked: {r.target.share:.0%})"
        )
    lines += _list("What binds:", because.binds)
    lines += _list("One more bed:", [f"{what}: {brings}" for what, brings in because.one_more])
    lines += _list("Still short:", because.short)
    lines += _list("Note:", answer.notes)
    lines += [
        "",
        f"Certificate {'holds' if proof.holds else 'does not hold'}, {proof.wording}; {proof.bound_note}.",
        f"Trained on {proof.train_paths} futures, certified on {proof.certify_paths} others. "
        f"To repeat: {proof.command}",
    ]
    return "\n".join(lines)


def _list(title: str, rows: Any) -> list[str]:
    return ["", title, *(f"  {row}" for row in rows)] if rows else []
