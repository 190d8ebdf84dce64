"""``twin plans``: the book of plans, and the decisions on them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, note, say

if TYPE_CHECKING:
    from scenarios.plan_book import StoredPlan
    from twin.store import KeptPlan, Store


class Asked(StrEnum):
    """What to do with the book."""

    LIST = "list"
    SHOW = "show"
    APPROVE = "approve"
    WITHDRAW = "withdraw"


class Status(StrEnum):
    """How a plan stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


What = Annotated[
    Asked,
    typer.Argument(
        help="list the plans; show one; approve one, so that it holds; withdraw one.", show_default=False
    ),
]
Number = Annotated[
    int | None, typer.Argument(metavar="[NUMBER]", help="Which plan.", show_default=False, min=1)
]


def command(
    what: What = Asked.LIST,
    number: Number = None,
    status: Annotated[
        Status | None, typer.Option("--status", help="List only these.", show_default=False)
    ] = None,
    text: Annotated[str, typer.Option("--note", help="Why it was decided; kept with the decision.")] = "",
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who decides; kept in the audit.", show_default="who is logged in"),
    ] = None,
    supersede: Annotated[
        bool,
        typer.Option("--supersede", help="Approve in the place of approved plans that share a date."),
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="show: write the plan to this TOML file.", show_default=False)
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """List the plans that were made, show one, and decide which holds.

    What is approved for a date is what "today" means there: to the main job, to simulations, to what-if
    questions and to the next plan.
    """
    from dashboards.cli.status import existing
    from twin.errors import UsageError
    from twin.store import open_store

    with open_store(existing(workspace)) as store:
        if what is Asked.LIST:
            _list(store, status, json)
            return
        if number is None:
            raise UsageError(f"which plan? twin plans {what} NUMBER; twin plans lists them")
        if what is Asked.SHOW:
            _show(store, number, out, json)
            return
        actor = by or _who()
        if what is Asked.APPROVE:
            _approve(store, number, actor, text, supersede, json)
        else:
            held = store.plans.get(number).status == Status.APPROVED
            entry = store.plans.withdraw(number, actor=actor, note=text)
            after = "; its dates keep the calendar" if held else ""
            say(row(entry) if json else f"plan {number} is withdrawn{after}", json)


def row(entry: KeptPlan) -> dict[str, Any]:
    """A plan of the list, for a machine."""
    return {
        "plan": entry.number,
        "name": entry.name,
        "status": entry.status,
        "from": entry.valid_from,
        "to": entry.valid_to,
        "run": entry.run_id,
        "proposed_at": entry.proposed_at,
        "decided_by": entry.decided_by,
        "decided_at": entry.decided_at,
        "note": entry.note,
    }


def _list(store: Store, status: Status | None, json: bool) -> None:
    entries = store.plans.list(None if status is None else status.value)
    if json:
        say({"plans": [row(entry) for entry in entries]}, json)
        return
    nothing = "no plan yet; make one with: twin optimize beds" if status is None else f"no {status} plan"
    say("\n".join(_line(entry) for entry in entries) or nothing)


def _line(entry: KeptPlan) -> str:
    by = f"  by {entry.decided_by}, {entry.decided_at:%Y-%m-%d %H:%M} UTC" if entry.decided_at else ""
    why = f": {entry.note}" if entry.note else ""
    dates = f"{entry.valid_from} to {entry.valid_to}"
    return f"{entry.number:>4}  {entry.status:<10}  {dates}  {entry.name}{by}{why}"


def _show(store: Store, number: int, out: Path | None, json: bool) -> None:
    from scenarios.plan_book import read_plan

    found = read_plan(store, number)
    if json:
        about = {"kind": found.kind, "hospital": found.hospital, "origin": found.origin}
        say({**row(found.entry), **about, **found.answer}, json)
    else:
        say(_words(found))
    if out is not None:
        found.plan.write(out)
        note(f"plan written to {out}")


def _words(found: StoredPlan) -> str:
    """A stored plan as a person reads it."""
    from dashboards.services.plan_words import beds_lines, cover_lines, proof_lines

    because = found.answer["explanation"]
    lines = [_line(found.entry).strip(), f"made for {found.hospital}, {found.origin}".rstrip(", "), ""]
    lines += [because["headline"], *because["sentences"]]
    for title, rows in (
        ("Beds", beds_lines(found)),
        ("People", cover_lines(found)),
        ("Proof", proof_lines(found.answer["certificate"])),
        ("What binds", because["binds"]),
        ("One more", [f"{more['what']}: {more['brings']}" for more in because["one_more"]]),
        ("Still short", because["short"]),
        ("Note", found.answer.get("notes", [])),
    ):
        lines += ["", f"{title}:", *(f"  {text}" for text in rows)] if rows else []
    return "\n".join(lines)


def _approve(store: Store, number: int, actor: str, text: str, supersede: bool, json: bool) -> None:
    """Approve a plan that the hospital can follow."""
    from scenarios.plan_book import approve
    from twin.store import PlanOverlaps

    try:
        entry, replaced = approve(store, number, actor=actor, note=text, supersede=supersede)
    except PlanOverlaps as refused:
        refused.args = (f"{refused}: twin plans approve {number} --supersede",)
        raise
    say({**row(entry), "supersedes": replaced} if json else _approved(entry, replaced), json)


def _approved(entry: KeptPlan, replaced: tuple[int, ...]) -> str:
    said = f"plan {entry.number} is approved by {entry.decided_by}: it holds from {entry.valid_from} to "
    said += f"{entry.valid_to}"
    numbers = " and ".join(map(str, replaced))
    return f"{said}, in the place of plan {numbers}" if replaced else said


def _who() -> str:
    """The account of this machine, where it has a name."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process of a number without an account, in a container say
        return "local"
