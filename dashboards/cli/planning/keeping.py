"""The last step of every ``twin optimize KIND``: the plan is written, kept in the book of plans, and said.

A plan that took minutes is said whatever happens to the rest: a store or a file that cannot be written is
told beside it, and the command ends with that fault's exit code.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dashboards.cli.options import note, say

if TYPE_CHECKING:
    from scenarios.plan_book import PlanAnswer
    from twin.errors import TwinError


def deliver(
    kind: str,
    answer: PlanAnswer,
    told: str,
    *,
    workspace: Path,
    out: Path | None = None,
    json: bool = False,
    origin: str = "",
    not_kept: str = "",
) -> None:
    """Write, keep and say a plan.

    Parameters
    ----------
    kind
        The word after ``twin optimize``.
    told
        The answer in words, for a person.
    workspace
        Whose book of plans keeps it, as a proposal.
    out
        Also write it to this TOML file.
    origin
        Which demand and which decided beds and people it was made for.
    not_kept
        Why the plan cannot be approved as it is, in words; it is then said and not kept.

    Raises
    ------
    Exit
        The plan was said, and could not be kept or written: with that fault's exit code.
    """
    faults: list[TwinError] = []
    if not_kept:
        note(not_kept)
    kept = None if not_kept else _attempt(faults, lambda: _kept(workspace, kind, answer, origin))
    if out is not None:
        _attempt(faults, lambda: _written(answer, out))
    document = {**answer.document(), "kept": kept, "faults": [fault.as_table() for fault in faults]}
    say(document if json else told, json)
    for fault in faults:
        note(f"the plan stands above, but: {fault.told()}")
    if faults:
        raise typer.Exit(faults[0].exit_code)


def _attempt(faults: list[TwinError], step: Any) -> Any:
    """Do a step; a fault of our own is kept to be told after the plan."""
    from twin.errors import TwinError

    try:
        return step()
    except TwinError as fault:
        faults.append(fault)
        return None


def _kept(workspace: Path, kind: str, answer: PlanAnswer, origin: str) -> dict[str, Any] | None:
    """The plan's place in the book; nothing for a plan that names no date."""
    from scenarios.plan_book import write_down
    from twin.hospital import load_hospital
    from twin.store import open_store

    if not answer.plan.dates:
        note("the plan names no date, so there is nothing to approve and it is not kept")
        return None
    hospital = load_hospital(workspace / "hospital.toml")
    with open_store(workspace) as store:
        entry, new = write_down(store, kind, answer, hospital, origin)
    there = "is" if new else "is already"
    dates = f"{entry.valid_from} to {entry.valid_to}"
    way = f"; approve it: twin plans approve {entry.number}" if entry.status == "proposed" else ""
    note(f"this {there} plan {entry.number}, {entry.status} for {dates}{way}")
    return {
        "plan": entry.number,
        "run": entry.run_id,
        "status": entry.status,
        "from": entry.valid_from,
        "to": entry.valid_to,
    }


def _written(answer: PlanAnswer, out: Path) -> None:
    answer.plan.write(out)
    note(f"plan written to {out}")
