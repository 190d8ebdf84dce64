"""House: the tables of one run as it begins: the program's, the workload's, and who and what is there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.case import Case
from twin.engine.heap import BEHIND, empty_heap
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
    HAS_PATIENCE,
    HAS_PREEMPTORS,
    LEVEL_FELL,
    MORE,
    NEVER,
    NODE,
    ORDER,
    ORDERS,
    PATIENT,
    PLACES,
    RUN_END,
    STOCK_MOVED,
    THERE,
    TURNS,
    WAY,
    WHO_BITS,
    House,
    Records,
    numbers,
)
from twin.trace import UNSET, Outcome
from twin.units import MS_DAY, IntArray
from twin.workload import ARRIVES, IN_STEP, NONE, ON_CUE, STOPPED, Workload

#: bytes of a line of the processor's cache
_LINE = 64
#: events that are under way at once, of each kind; orders and batches; lines of the log that nothing in the
#: workload announces: where there are more, the run is played again with more room
_EVENTS, _ORDERS, _LINES = 16_384, 1_024, 1_024


def new_house(p: Program, case: Case, work: Workload, room: int) -> House:
    """The house as the run begins; ``room`` makes its log and its buffers so many times as large."""
    n, rows = work.patients, work.step.size
    fixed, tables, snapshot = p.fixed, p.fixed.tables, case.snapshot
    has_more = fixed.facts["has_more"]
    step = tables["step"]
    most = int((step["lane_to"] - step["lane_from"]).max(initial=2))
    width = int((step["people_to"] - step["entry_from"])[step["pooled"] == 1].max(initial=0))
    batches = p.item.size + sum(len(of_item) for of_item in snapshot.stock.values())
    places = len(fixed.places)
    orders = (_ORDERS + p.item.size * (work.end // MS_DAY)) * room  # one a day and item, and some
    lists = ("links", "circle_lanes", "holding_lanes", "rooms")
    house = House(
        n=numbers(),
        **{name: tables[name].copy() for name in ("step", "entry", "lane", "klass", "age")},
        **{name: tables[name] for name in lists},
        **{name: getattr(p, name).copy() for name in ("resource", "item", "sitting", "change")},
        **{name: getattr(p, name) for name in ("slot", "limits", "reviews")},
        lead=np.ascontiguousarray(work.lead, np.int64),
        day_starts=np.ascontiguousarray(work.clock.day_starts, np.int64),
        **_workload_of(work, has_more, p.has_patience),
        **_story(n, rows),
        patient=_in_lines(n, PATIENT),
        more=np.empty(n if has_more else 1, MORE),
        there=_there(p, work),
        others=np.flatnonzero(work.origin != ARRIVES),
        pooled=_pooled(p, work, width),
        ends=empty_heap(n),
        turns=empty_heap(_EVENTS * room + len(snapshot.cleaning)),
        alarms=empty_heap(_EVENTS * room + n),
        deliveries=empty_heap(len(snapshot.orders) + orders),
        expiries=empty_heap(batches + orders),
        node=np.empty(n * most + 1, NODE),
        candidates=np.empty(tables["lane"].size + 1, np.int64),
        asked=np.empty(room * (n + 1), np.int64),
        due=np.empty(room * (n + 1), np.int64),
        going=np.empty(n + 1, np.int64),
        finished=np.empty(n + 1, np.int64),
        order=np.zeros(len(snapshot.orders) + orders, ORDER),
        batch=np.zeros(batches + orders, BATCH),
        log=np.empty((room * _lines(p, work), 5), np.int64),
        edge=np.full(max(places**2, 1), np.array((NONE, NONE, NONE), EDGE)),
        way=np.zeros(max(places, 1), WAY),
        need=np.zeros(p.resource.size, np.int64),
    )
    _facts(house, p, work)
    _find_supplies(house, p, case, work)
    return house


def _facts(house: House, p: Program, work: Workload) -> None:
    facts = p.fixed.facts
    house.n[RUN_END] = work.end
    house.n[PLACES], house.n[GROUPS] = len(p.fixed.places), len(p.fixed.groups)
    house.n[HAS_MORE], house.n[HAS_LISTENERS] = facts["has_more"], facts["has_listeners"]
    house.n[HAS_CUES], house.n[HAS_PREEMPTORS] = work.cue_row.size > 0, facts["has_preemptors"]
    house.n[HAS_PATIENCE] = p.has_patience
    house.n[FREE_NODE] = NONE
    house.n[STOCK_MOVED] = p.item.size > 0  # at instant 0 all items are reviewed,
    house.resource["fell"] = house.resource["stops"]  # and work over a level is stopped
    house.n[LEVEL_FELL] = house.resource["stops"].any()


def _workload_of(work: Workload, has_more: bool, has_patience: bool) -> dict[str, NDArray[Any]]:
    """The workload's columns as the kernel reads them; those that no rule reads are left out."""

    def column(name: str, kind: type, wanted: bool = True) -> NDArray[Any]:
        return np.ascontiguousarray(getattr(work, name), kind) if wanted else np.zeros(1, kind)

    rows = work.step.size
    cues = np.zeros(work.cue_row.size, CUE)
    cues["kind"], cues["patient"], cues["gap"] = work.cue_kind, work.cue_patient, work.cue_gap
    cue_from = np.zeros(rows + 1 if cues.size else 1, np.int64)
    if cues.size:
        np.cumsum(np.bincount(work.cue_row, minlength=rows), out=cue_from[1:])
    return {
        "key": column("key", np.int64),
        "patient_class": column("patient_class", np.int32),
        "arrival": column("arrival", np.int64),
        "first": column("first", np.int64),
        "origin": column("origin", np.int8),
        "step_of": column("step", np.int32),
        "duration": column("duration", np.int64),
        "wall": column("wall", np.int64),
        "patience": column("patience", np.int64, has_patience),
        "shows": column("shows", np.int8, has_more),
        "late": column("late", np.int64, has_more),
        "tray": column("tray", np.int32, has_more),
        "cue": cues,
        "cue_from": cue_from,
    }


def _story(n: int, rows: int) -> dict[str, NDArray[Any]]:
    """The trace's columns before anything has happened."""
    instants = {name: np.full(rows, UNSET) for name in ("requested", "started", "ended", "left")}
    place, outcome = np.full(rows, NONE, np.int32), np.full(n, int(Outcome.OPEN), np.int8)
    return instants | {"place": place, "came": np.full(n, UNSET), "outcome": outcome}


def _in_lines(n: int, kind: np.dtype[Any]) -> Records:
    """Records that each begin at a line of the processor's cache, if they are as long as one."""
    room = np.empty(n * kind.itemsize + _LINE, np.int8)
    begin = -room.ctypes.data % _LINE
    return room[begin : begin + n * kind.itemsize].view(kind)


def _lines(p: Program, work: Workload) -> int:
    """About how many lines a run's log will have."""
    step, klass = p.fixed.tables["step"], p.fixed.tables["klass"]
    of_step = 2 * (step["entry_to"] - step["people_to"]) + (step["promise_place"] != NONE)
    lines = _LINES
    if of_step.any() and work.step.size:
        lines += int(of_step[work.step].sum())
    if klass["booked"].any() and work.patients:
        lines += 3 * int(np.count_nonzero(klass["booked"][work.patient_class]))
    return lines


# ---- who and what is there when the run begins -----------------------------------------------


def _there(p: Program, work: Workload) -> Records:
    present = np.flatnonzero((work.origin != ARRIVES) & (work.origin != ON_CUE))
    table = np.zeros(present.size, THERE)
    table["patient"] = present
    for name in ("held", "since", "asked", "came", "appointment"):
        table[name] = getattr(work, name)[present]
    table["promise_place"] = work.promised[present]
    table["promise_step"] = table["sitting"] = NONE
    special = (
        (table["promise_place"] != NONE) | (work.session[present] != NONE) | (work.limit[present] != NONE)
    )
    for i in np.flatnonzero(special).tolist():
        table["promise_step"][i] = _promised_step(p, work, int(present[i]))
        table["sitting"][i] = _sitting_of(p, work, int(present[i]))
    return table


def _promised_step(p: Program, work: Workload, patient: int) -> int:
    """Step for which a patient holds a promise: the first that comes, has the place first and is promised."""
    place = int(work.promised[patient])
    if place == NONE:
        return NONE
    inside = work.origin[patient] in (IN_STEP, STOPPED)
    for row in range(int(work.first[patient]) + inside, int(work.first[patient + 1])):
        step = int(work.step[row])
        table = p.fixed.tables["step"]
        if table["promised_lane"][step] != NONE and table["first_place"][step] == place:
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
        step = p.fixed.tables["step"][work.step[work.first[patient]]]
        for e in range(int(step["entry_from"]), int(step["people_to"])):
            if p.fixed.tables["entry"]["resource"][e] == len(p.fixed.places) + group:
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
        house.order["item_number"][new], house.order["units"][new] = number, order.units
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
        heap[len(packed) : len(packed) + BEHIND] = NEVER
        house.n[which] = len(packed)


def _lay_down(house: House, number: int, units: int, expires: int) -> int:
    """Put a batch of the first stock behind the others of its item; its number."""
    new = int(house.n[BATCHES])
    house.n[BATCHES] += 1
    batch = {"item_number": number, "left": units, "expires": expires, "following": NONE}
    for name, value in batch.items():
        house.batch[name][new] = value
    last = int(house.item["newest"][number])
    if last == NONE:
        house.item["oldest"][number] = new
    else:
        house.batch["following"][last] = new
    house.item["newest"][number] = new
    return new
