"""Program: the kernel's tables of one run: of a hospital, a schedule and a workload."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.case import Case, Schedule
from twin.engine.fixed import Fixed, Found, fixed_of
from twin.engine.rules import review_instants
from twin.engine.state import CHANGE, ITEM, NEVER, SITTING, Records, Row, records
from twin.units import IntArray, days
from twin.workload import ARRIVES, NONE, ON_CUE, STOPPED, Workload


@dataclass(frozen=True)
class Program:
    """Tables of one hospital, one schedule and one workload; see ``state`` for their columns."""

    fixed: Fixed
    resource: Records
    item: Records
    sitting: Records
    change: Records
    slot: IntArray
    limits: IntArray
    reviews: IntArray
    has_patience: bool


def compile_program(case: Case, workload: Workload, schedule: Schedule) -> Program:
    """Compile a case and its schedule for a workload.

    Raises
    ------
    UsageError
        A number that does not fit its place in the tables.
    """
    hospital = case.hospital
    found = _found(workload)
    fixed = fixed_of(hospital, found)
    resource = fixed.tables["resource"].copy()
    for number, name in enumerate((*fixed.places, *fixed.groups)):
        resource["level"][number] = schedule.levels[name].values[0]
    sitting, slot = _sittings(fixed, schedule, workload)
    limit = sitting["limit"]
    reviews = review_instants(hospital, workload.clock, workload.end)
    return Program(
        fixed=fixed,
        resource=resource,
        item=records(ITEM, _items(case, workload, len(fixed.places) + len(fixed.groups))),
        sitting=sitting,
        change=_changes(fixed, schedule),
        slot=slot,
        limits=np.flatnonzero(limit < workload.end)[np.argsort(limit[limit < workload.end], kind="stable")],
        reviews=np.array(reviews, np.int64).reshape(-1, 2),
        has_patience=found.patience,
    )


def _found(work: Workload) -> Found:
    here = np.flatnonzero(work.origin != ARRIVES)
    holds = here[work.held[here] != NONE]
    return Found(
        stopped=bool((work.origin[here] == STOPPED).any()),
        patience=not work.is_usual("patience") and bool((work.patience != NONE).any()),
        unusual=bool(
            (work.promised[here] != NONE).any()
            or (work.session[here] != NONE).any()
            or (work.origin[here] == ON_CUE).any()
            or (here.size and (work.tray != NONE).any())
        ),
        cues=work.cue_row.size > 0,
        held=frozenset(zip(work.patient_class[holds].tolist(), work.held[holds].tolist(), strict=True)),
    )


def _changes(fixed: Fixed, schedule: Schedule) -> Records:
    """Every change of a level after instant 0, in order of (instant, resource)."""
    levels = [schedule.levels[name] for name in (*fixed.places, *fixed.groups)]
    later = [level.times > 0 for level in levels]
    table = np.zeros(sum(int(chosen.sum()) for chosen in later), CHANGE)
    if table.size:
        table["at"] = np.concatenate([x.times[chosen] for x, chosen in zip(levels, later, strict=True)])
        table["level"] = np.concatenate([x.values[chosen] for x, chosen in zip(levels, later, strict=True)])
        table["resource"] = np.repeat(np.arange(len(levels)), [chosen.sum() for chosen in later])
    return table[np.argsort(table["at"], kind="stable")]


def _items(case: Case, workload: Workload, first: int) -> list[Row]:
    """Items as rows; the resources of supplies are numbered from ``first``, items before trays."""
    rows = []
    given = workload.lead_from.size == len(case.hospital.items) + 1
    for number, (name, item) in enumerate(case.hospital.items.items()):
        policy = item.policy
        batches = case.snapshot.stock.get(name, ())
        rows.append(
            {
                "resource": first + number,
                "reviewed": policy is not None,
                "by_calendar": policy is not None and policy.review_days is not None,
                "reorder_point": policy.reorder_point if policy else 0,
                "quantity": (policy.order_quantity or 0) if policy else 0,
                "up_to": (policy.order_up_to or 0) if policy else 0,
                "pack": item.pack,
                "shelf_life": NONE if item.shelf_life_days is None else days(item.shelf_life_days),
                "perishable": item.shelf_life_days is not None or any(b.expires for b in batches),
                "moved": 1,
                "lead_from": int(workload.lead_from[number]) if given else 0,
                "lead_to": int(workload.lead_from[number + 1]) if given else 0,
                "oldest": NONE,
                "newest": NONE,
            }
        )
    return rows


def _sittings(fixed: Fixed, schedule: Schedule, workload: Workload) -> tuple[Records, IntArray]:
    """Sittings of the schedule; behind them, for their limits alone, those held on days before the run."""
    held = schedule.sittings
    table = np.zeros(held.session.size, SITTING)
    for name in ("session", "books", "opens", "closes", "limit"):
        table[name] = getattr(held, name)
    table["slot_from"], table["slot_to"] = held.slot_from[:-1], held.slot_from[1:]
    table["number"] = np.arange(table.size)
    table["class_from"], table["class_to"] = fixed.sessions[held.session].T
    limits = np.unique(workload.limit[workload.limit != NONE])
    before = np.zeros(limits.size, SITTING)
    before["number"], before["session"], before["books"], before["limit"] = NONE, NONE, NEVER, limits
    table = np.concatenate([table, before])
    table["first"] = NONE
    return table, np.asarray(held.slot, np.int64)
