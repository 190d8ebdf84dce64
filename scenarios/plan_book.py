"""Plan book: plans written down with their proof and their reasons, read again, and what holds of them.

The document of a plan is one JSON text with the plan itself in it, so that whoever reads it has all of it or
nothing. What was approved for a date is what "today" means on that date, to every question that is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from math import isfinite
from typing import Any, Protocol

from twin.case import Case, unknown_names
from twin.errors import ConfigError, NotFound, TwinError, UsageError
from twin.hospital import Hospital, load_hospital
from twin.plan import Plan
from twin.store import KeptPlan, Store

FORMAT = 1
DOCUMENT, TOML = "plan.json", "plan.toml"
#: the kind of run that only makes a plan
KIND = "optimize"


class PlanAnswer(Protocol):
    """What every planner answers: the plan, and a document with certificate and explanation."""

    @property
    def plan(self) -> Plan:
        """What is decided for named dates."""

    def document(self) -> dict[str, Any]:
        """``plan``, ``certificate``, ``explanation`` and ``notes`` as JSON's own types."""


@dataclass(frozen=True)
class StoredPlan:
    """A plan of the book with all that was said of it.

    Attributes
    ----------
    entry : number, dates, status, and who decided
    kind : beds, cover, ...
    answer : certificate, explanation and notes, as the planner's document has them
    titles : "wards", "groups" -> name -> title, as they were when it was made
    origin : which demand it was made for
    """

    entry: KeptPlan
    kind: str
    plan: Plan
    answer: Mapping[str, Any]
    titles: Mapping[str, Mapping[str, str]]
    hospital: str
    origin: str


@dataclass(frozen=True)
class InForce:
    """What is approved from a day on; ``told`` says which plans that are, or nothing."""

    plan: Plan = field(default_factory=Plan.empty)
    told: str = ""


def plan_document(kind: str, answer: PlanAnswer, hospital: Hospital, origin: str = "") -> bytes:
    """The document of a plan; the same plan gives the same bytes."""
    page = {
        "format": FORMAT,
        "kind": kind,
        "hospital": hospital.name,
        "origin": origin,
        "titles": {
            "wards": {name: ward.title for name, ward in hospital.wards.items()},
            "groups": {name: group.title for name, group in hospital.staff.items()},
        },
        "toml": answer.plan.toml(),
        "answer": _plain(answer.document()),
    }
    return json.dumps(page, ensure_ascii=False, allow_nan=False).encode()


def write_down(
    store: Store, kind: str, answer: PlanAnswer, hospital: Hospital, origin: str = "", *, actor: str = "local"
) -> tuple[KeptPlan, bool]:
    """Keep a plan that was made by hand: its run, its files and its proposal in one step.

    Returns
    -------
    tuple
        The plan in the book, and whether it is new there.

    Raises
    ------
    UsageError
        It names no date, so there is nothing to approve.
    """
    first, last = dates_of(answer.plan)
    holds = bool(answer.document()["certificate"]["holds"])
    return store.plans.record(
        KIND,
        answer.plan.name,
        first,
        last,
        {
            DOCUMENT: (plan_document(kind, answer, hospital, origin), "application/json"),
            TOML: (answer.plan.toml().encode(), "application/toml"),
        },
        document=DOCUMENT,
        inputs={"plan": kind},
        summary={"kind": kind, "plan_holds": holds},
        actor=actor,
    )


def dates_of(plan: Plan) -> tuple[date, date]:
    """First and last date of a plan.

    Raises
    ------
    UsageError
        It names none.
    """
    if not plan.dates:
        raise UsageError(f'the plan "{plan.name}" names no date, so it cannot be proposed')
    return plan.dates[0], plan.dates[-1]


def read_plan(store: Store, number: int) -> StoredPlan:
    """A plan of the book, whole.

    Raises
    ------
    NotFound
        No such plan, or one written by a later version.
    ArtefactDamaged
        Its document is gone or altered.
    """
    return _opened(store, store.plans.get(number))


def approve(
    store: Store, number: int, *, actor: str, note: str = "", supersede: bool = False
) -> tuple[KeptPlan, tuple[int, ...]]:
    """Approve a plan that the hospital of this workspace can follow.

    Returns
    -------
    tuple
        The plan, and the numbers of those whose place it took.

    Raises
    ------
    ConfigError
        It names wards, groups or shifts that the hospital does not have.
    PlanOverlaps, NotOpen, NotFound
        As the store's book of plans says.
    """
    found = read_plan(store, number)
    hospital = load_hospital(store.workspace / "hospital.toml")
    unknown = unknown_names(Case(hospital, plan=found.plan))
    if unknown:
        raise ConfigError(f'plan {number} "{found.entry.name}", which is {found.entry.status},', unknown)
    before = {entry.number for entry in store.plans.list("approved")}
    entry = store.plans.approve(number, actor=actor, note=note, supersede=supersede)
    after = {other.number for other in store.plans.list("approved")}
    return entry, tuple(sorted(before - after))


def in_force(store: Store, hospital: Hospital, first: date) -> InForce:
    """What is approved for a day and all later ones; each date keeps to its own plan.

    Raises
    ------
    ConfigError
        An approved plan names wards, groups or shifts that the hospital no longer has.
    ArtefactDamaged
        The document of an approved plan is gone or altered.
    """
    held = [entry for entry in store.plans.list("approved") if entry.valid_to >= first]
    if not held:
        return InForce()
    beds: dict[str, dict[date, int]] = {}
    cover: dict[str, dict[date, Mapping[str, int]]] = {}
    for entry in reversed(held):
        plan = _opened(store, entry).plan
        _refuse_unknown(entry, plan, hospital)
        start = max(first, entry.valid_from)
        for ward, levels in plan.beds.items():
            beds.setdefault(ward, {}).update(_within(levels, start, entry.valid_to))
        for group, shifts in plan.cover.items():
            cover.setdefault(group, {}).update(_within(shifts, start, entry.valid_to))
    named = " and ".join(f'plan {e.number} "{e.name}" ({e.valid_from} to {e.valid_to})' for e in held[::-1])
    what = " and ".join(said for said, table in (("beds", beds), ("people", cover)) if table)
    name = held[0].name if len(held) == 1 else "approved plans"
    return InForce(Plan(name, beds, named, cover), f"{what} as approved: {named}")


def _within(table: Mapping[date, Any], first: date, last: date) -> dict[date, Any]:
    return {day: said for day, said in table.items() if first <= day <= last}


def _refuse_unknown(entry: KeptPlan, plan: Plan, hospital: Hospital) -> None:
    """Refuse an approved plan of a hospital that has changed."""
    unknown = unknown_names(Case(hospital, plan=plan))
    if unknown:
        way_out = f"put it back, or take the plan back: twin plans withdraw {entry.number}"
        faults = [replace(fault, cure="; ".join(filter(None, (fault.cure, way_out)))) for fault in unknown]
        held = f"which is approved for {entry.valid_from} to {entry.valid_to},"
        raise ConfigError(f'plan {entry.number} "{entry.name}", {held}', faults)


def _opened(store: Store, entry: KeptPlan) -> StoredPlan:
    whose = f'the document of plan {entry.number} "{entry.name}"'
    page = json.loads(store.artefacts.open_file(entry.sha256, whose).read_bytes())
    if page.get("format") != FORMAT:
        raise NotFound(f"{whose} has the format {page.get('format')}; this version reads {FORMAT}")
    plan = Plan.parse(page["toml"].encode(), whose)
    about = {name: page[name] for name in ("kind", "answer", "titles", "hospital", "origin")}
    return StoredPlan(entry, plan=plan, **about)


def _plain(value: Any) -> Any:
    """JSON's own types; a number that is none becomes nothing."""
    if isinstance(value, Mapping):
        return {str(key): _plain(said) for key, said in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(said) for said in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TwinError(f"a plan's document holds a {type(value).__name__}, which JSON does not have")
