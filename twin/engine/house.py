"""House: the tables of one run as it begins: the program's, the workload's, and who and what is there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.case import Case
from twin.engine.compiled import compiled
from twin.engine.program import Program
from twin.engine.state import (
    BATCH,
    BATCHES,
    CUE,
    DELIVERIES,
    EDGE,
    EXPIRIES,
    FREE_NODE,
    GROUPS,
    HAS_CUES,
    HAS_LISTENERS,
    HAS_MORE,
    HAS_PREEMPTORS,
    LEVEL_FELL,
    MORE,
    NODE,
    ORDER,
    ORDERS,
    PATIENT,
    PLACES,
    ROW,
    RUN_END,
    STAYS,
    STOCK_MOVED,
    THERE,
    TURNS,
    WAY,
    WHO_BITS,
    House,
    Records,
    numbers,
)
from twin.trace import UNSET
from twin.units import IntArray
from twin.workload import ARRIVES, IN_STEP, NONE, ON_CUE, STOPPED, Workload


class Columns(NamedTuple):
    """The workload's columns, or the trace's, one array each."""

    key: IntArray
    patient_class: IntArray
    arrival: IntArray
    first: IntArray
    origin: IntArray
    step: IntArray
    duration: IntArray
    wall: IntArray
    patience: IntArray


class Story(NamedTuple):
    """The trace's columns."""

    place: IntArray
    requested: IntArray
    started: IntArray
    ended: IntArray
    left: IntArray
    came: IntArray
    outcome: IntArray


def new_house(p: Program, case: Case, work: Workload, room: int) -> House:
    """The house as the run begins; ``room`` makes its log and its buffers so many times as large."""
    n, rows = work.patients, work.step.size
    most = int((p.step["lane_to"] - p.step["lane_from"]).max(initial=2))
    rings = rows * (most + p.age.size + 3) + n
    width = int((p.step["people_to"] - p.step["entry_from"])[p.step["pooled"] == 1].max(initial=0))
    cues = np.zeros(work.cue_row.size, CUE)
    cues["kind"], cues["patient"], cues["gap"] = work.cue_kind, work.cue_patient, work.cue_gap
    cue_from = np.searchsorted(work.cue_row, np.arange(rows + 1)) if cues.size else np.zeros(1)
    orders, batches = case.snapshot.orders, len(p.item)
    batches += sum(len(of_item) for of_item in case.snapshot.stock.values())
    house = House(
        n=numbers(),
        **{
            name: getattr(p, name).copy()
            for name in ("step", "entry", "lane", "resource", "klass", "item", "sitting", "change", "age")
        },
        **{
            name: getattr(p, name)
            for name in ("links", "circle_lanes", "holding_lanes", "preempting_lanes", "slot", "limits")
        },
        reviews=p.reviews,
        lead=np.asarray(work.lead, np.int64),
        day_starts=np.asarray(work.clock.day_starts),
        patient=np.empty(n, PATIENT),
        more=_more(p, work) if p.has_more else np.zeros(1, MORE),
        there=_there(p, work),
        row=np.empty(rows, ROW),
        cue=cues,
        cue_from=cue_from.astype(np.int64),
        pooled=_pooled(p, work, width),
        ends=np.empty(n + 1, np.int64),
        turns=np.empty(rows + n + len(case.snapshot.cleaning) + 64 * room, np.int64),
        alarms=np.empty(room * rings + 64, np.int64),
        deliveries=np.empty(len(orders) + 1_024 * room, np.int64),
        expiries=np.empty(batches + 1_024 * room, np.int64),
        node=np.empty(n * most + 1, NODE),
        candidates=np.empty(p.lane.size + 1, np.int64),
        asked=np.empty(room * (n + 1), np.int64),
        due=np.empty(room * (n + 1), np.int64),
        going=np.empty(n + 1, np.int64),
        finished=np.empty(n + 1, np.int64),
        order=np.zeros(len(orders) + 1_024 * room, ORDER),
        batch=np.zeros(batches + 1_024 * room, BATCH),
        log=np.empty((room * _lines(p, work), 5), np.int64),
        keepers=np.zeros(max(int(p.resource["component"].max(initial=NONE)) + 1, 1), np.int64),
        edge=np.full(max(p.places**2, 1), np.array((NONE, NONE, NONE), EDGE)),
        way=np.zeros(max(p.places, 1), WAY),
        need=np.zeros(p.resource.size, np.int64),
    )
    _facts(house, p, work)
    columns = Columns(*(np.asarray(getattr(work, c), np.int64) for c in Columns._fields))
    _lay_out(house, columns)
    _find_supplies(house, p, case, work)
    return house


def _facts(house: House, p: Program, work: Workload) -> None:
    house.n[RUN_END] = work.end
    house.n[PLACES], house.n[GROUPS] = p.places, p.groups
    house.n[HAS_MORE], house.n[HAS_LISTENERS] = p.has_more, p.has_listeners
    house.n[HAS_CUES], house.n[HAS_PREEMPTORS] = work.cue_row.size > 0, p.has_preemptors
    house.n[FREE_NODE] = NONE
    house.n[STOCK_MOVED] = p.item.size > 0  # at instant 0 all items are reviewed,
    house.resource["fell"] = house.resource["stops"]  # and work over a level is stopped
    house.n[LEVEL_FELL] = house.resource["stops"].any()


@compiled
def _lay_out(h, w):
    """Patients and rows before anything has happened."""
    for i in range(h.patient.size):
        who = h.patient[i]
        who.key, who.klass, who.arrival = w.key[i], w.patient_class[i], w.arrival[i]
        who.first, who.last, who.origin = w.first[i], w.first[i + 1], w.origin[i]
        who.state, who.row, who.held, who.since, who.nodes = 0, w.first[i], NONE, 0, NONE
        who.end_at, who.begun, who.lane_from, who.lane_to = 0, 0, 0, 0
        who.last_started, who.took, who.stopped = NONE, 0, 0
        who.came, who.outcome = UNSET, 0
    for i in range(h.row.size):
        row = h.row[i]
        row.step, row.duration, row.wall = w.step[i], w.duration[i], w.wall[i]
        row.patience, row.place = w.patience[i], NONE
        row.requested, row.started, row.ended, row.left = UNSET, UNSET, UNSET, UNSET


@compiled
def _tell(h, story):
    for i in range(h.row.size):
        row = h.row[i]
        story.place[i], story.requested[i], story.started[i] = row.place, row.requested, row.started
        story.ended[i], story.left[i] = row.ended, row.left
    for i in range(h.patient.size):
        story.came[i], story.outcome[i] = h.patient[i].came, h.patient[i].outcome


def story_of(house: House) -> Story:
    """What a run wrote, as columns."""
    rows, n = house.row.size, house.patient.size
    sizes = (rows, rows, rows, rows, rows, n, n)
    kinds = (np.int32, np.int64, np.int64, np.int64, np.int64, np.int64, np.int8)
    story = Story(*(np.empty(size, kind) for size, kind in zip(sizes, kinds, strict=True)))
    _tell(house, story)
    return story


def _lines(p: Program, work: Workload) -> int:
    """About how many lines a run's log will have."""
    of_step = 2 * (p.step["entry_to"] - p.step["people_to"]) + (p.step["promise_place"] != NONE)
    booked = p.klass["booked"][work.patient_class].sum() if work.patients else 0
    return 1_024 + int(of_step[work.step].sum() if work.step.size else 0) + 3 * int(booked)


def _more(p: Program, work: Workload) -> Records:
    table = np.zeros(max(work.patients, 1), MORE)
    for name in ("promise_place", "promise_step", "sitting", "next_booked", "last_booked", "in_room"):
        table[name] = NONE
    table["next_in"] = table["last_in"] = NONE
    table["going"] = STAYS
    table["shows"][: work.patients], table["late"][: work.patients] = work.shows, work.late
    tray = p.places + p.groups + p.item.size + work.tray
    table["tray"][: work.patients] = np.where(work.tray == NONE, NONE, tray)
    return table


# ---- who and what is there when the run begins -----------------------------------------------


def _there(p: Program, work: Workload) -> Records:
    present = np.flatnonzero((work.origin != ARRIVES) & (work.origin != ON_CUE))
    table = np.zeros(present.size, THERE)
    table["patient"] = present
    for name in ("held", "since", "asked", "came", "appointment"):
        table[name] = getattr(work, name)[present]
    table["promise_place"] = work.promised[present]
    for row, patient in zip(table, present.tolist(), strict=True):
        row["promise_step"] = _promised_step(p, work, patient)
        row["sitting"] = _sitting_of(p, work, patient)
    return table


def _promised_step(p: Program, work: Workload, patient: int) -> int:
    """Step for which a patient holds a promise: the first that comes, has the place first and is promised."""
    place = int(work.promised[patient])
    if place == NONE:
        return NONE
    inside = work.origin[patient] in (IN_STEP, STOPPED)
    for row in range(int(work.first[patient]) + inside, int(work.first[patient + 1])):
        step = int(work.step[row])
        if p.step["promised_lane"][step] != NONE and p.step["first_place"][step] == place:
            return step
    return NONE


def _sitting_of(p: Program, work: Workload, patient: int) -> int:
    """Sitting of the session in which a patient was booked, on the local day of the appointment; or -1.

    Where it is not in the schedule: one held before the run, of the same limit.
    """
    session, at = int(work.session[patient]), int(work.appointment[patient])
    found = np.zeros(0, np.int64)
    if session != NONE and at >= 0:
        starts = work.clock.day_starts
        day = np.searchsorted(starts, at, side="right")
        same = np.searchsorted(starts, p.sitting["opens"], side="right") == day
        found = np.flatnonzero(same & (p.sitting["session"] == session))
    if not found.size:
        before = p.sitting["number"] == NONE
        found = np.flatnonzero(before & (p.sitting["limit"] == work.limit[patient]))
    return int(found[0]) if found.size else NONE


def _pooled(p: Program, work: Workload, width: int) -> IntArray:
    table = np.zeros((work.patients if width else 1, max(width, 1)), np.int64)
    for patient, group, people in work.pooled.tolist():
        step = p.step[work.step[work.first[patient]]]
        for e in range(int(step["entry_from"]), int(step["people_to"])):
            if p.entry["resource"][e] == p.places + group:
                table[patient, e - int(step["entry_from"])] = people
    return table


def _find_supplies(house: House, p: Program, case: Case, work: Workload) -> None:
    """First stock and orders under way, places in turnaround."""
    snapshot, items = case.snapshot, case.hospital.items
    expiries = []
    for number, (name, item) in enumerate(items.items()):
        record = house.item[number]
        life = int(record["shelf_life"])
        batches = [(item.stock, work.end if life == NONE else life)]
        if name in snapshot.stock:
            batches = [
                (b.units, work.end if b.expires is None else max(work.clock.ms(b.expires), 0))
                for b in snapshot.stock[name]
            ]
        house.resource["level"][record["resource"]] = sum(units for units, _ in batches)
        if record["perishable"]:
            for units, expires in batches:
                expiries.append((expires, _lay_down(house, number, units, expires)))
    deliveries = []
    for new, order in enumerate(sorted(snapshot.orders, key=lambda order: work.clock.ms(order.due))):
        number = list(items).index(order.item)
        house.order[new] = (number, order.units)
        house.item["on_order"][number] += order.units
        deliveries.append((work.clock.ms(order.due), new))
    house.n[ORDERS] = len(deliveries)
    cleaning = [(int(until), int(place)) for place, until in work.cleaning]
    for _, place in cleaning:
        house.resource["used"][place] += 1
    for heap, which, events in (
        (house.expiries, EXPIRIES, expiries),
        (house.deliveries, DELIVERIES, deliveries),
        (house.turns, TURNS, cleaning),
    ):
        packed = sorted((min(max(at, 0), work.end) << WHO_BITS) | who for at, who in events)
        heap[: len(packed)] = packed
        house.n[which] = len(packed)


def _lay_down(house: House, number: int, units: int, expires: int) -> int:
    """Put a batch of the first stock behind the others of its item; its number."""
    new = int(house.n[BATCHES])
    house.n[BATCHES] += 1
    house.batch[new] = (number, units, expires, NONE)
    last = int(house.item["newest"][number])
    if last == NONE:
        house.item["oldest"][number] = new
    else:
        house.batch["following"][last] = new
    house.item["newest"][number] = new
    return new
