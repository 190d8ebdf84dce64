"""Event log: a trace in the words of other tools, one line an event.

``vidigi`` draws patients moving between queues and numbered places; process mining finds the ways that
patients went. Both read a table of events in order of time.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from twin.errors import UsageError
from twin.hospital import Hospital
from twin.measures.stays import LATER, cut_rows, departures, stays, wait_ends
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import IntArray, to_minutes

if TYPE_CHECKING:  # a run without tables does without the third of a second that it takes to import
    import pandas as pd


Style = Literal["vidigi", "process_mining"]
STYLES: tuple[Style, ...] = get_args(Style)
#: events of one patient at one instant, in this order
_ARRIVES, _LETS_GO, _QUEUES, _TAKES, _DEPARTS = range(5)
_TYPES = ("arrival_departure", "resource_use_end", "queue", "resource_use", "arrival_departure")


def event_log(trace: Trace, style: Style) -> pd.DataFrame:
    """The trace as a table of events.

    Parameters
    ----------
    style
        ``vidigi``: columns entity_id, pathway, event_type (arrival_departure, queue, resource_use,
        resource_use_end), event, time [minutes since the run began], resource_id (which unit of the place,
        from 1), place, run_number. A unit is the first that is free; a patient who waits while keeping a
        place lets it go, as in the house, when he takes the next.
        ``process_mining``: columns case_id, activity, lifecycle (start, complete), timestamp (with time
        zone), resource (the place), patient_class, outcome: XES's case:concept:name, concept:name,
        lifecycle:transition, time:timestamp, org:resource.

    Raises
    ------
    UsageError
        There is no such style.
    """
    if style == "vidigi":
        return _vidigi(trace)
    if style == "process_mining":
        return _process_mining(trace)
    raise UsageError(f'no event log in the style "{style}"; there are {", ".join(STYLES)}')


def units(who: IntArray, place: IntArray, begin: IntArray, end: IntArray) -> IntArray:
    """Which unit of its place each stretch holds: the first that is free when it begins. From 1.

    One who stays in the place, as a step in place does, stays in the unit.
    """
    order = np.lexsort((begin, place, who))
    w, p, b, e = who[order], place[order], begin[order], end[order]
    goes_on = np.append(False, (w[1:] == w[:-1]) & (p[1:] == p[:-1]) & (b[1:] == e[:-1]))[: w.size]
    chain = np.cumsum(~goes_on) - 1
    first = np.flatnonzero(~goes_on)
    last = np.append(first[1:], w.size)[: first.size] - 1
    number = np.zeros(place.size, np.int64)
    number[order] = _first_free(p[first], b[first], e[last])[chain]
    return number


def _first_free(place: IntArray, begin: IntArray, end: IntArray) -> IntArray:
    """Number of the first unit of its place that is free for each stretch, shape (stretch,)."""
    number = np.zeros(place.size, np.int64)
    free: dict[int, list[int]] = {}
    busy: dict[int, list[tuple[int, int]]] = {}
    for i in np.lexsort((end, begin, place)).tolist():
        at, until = int(begin[i]), int(end[i])
        there, back = busy.setdefault(int(place[i]), []), free.setdefault(int(place[i]), [])
        while there and there[0][0] <= at:
            heapq.heappush(back, heapq.heappop(there)[1])
        number[i] = heapq.heappop(back) if back else len(there) + 1
        heapq.heappush(there, (until, int(number[i])))
    return number


def _vidigi(trace: Trace) -> pd.DataFrame:
    import pandas as pd

    parts = [_comings(trace), _goings(trace), _queues(trace), *_uses(trace)]
    columns = {key: np.concatenate([p[key] for p in parts]) for key in parts[0]}
    inside = (columns["at"] < trace.end) & (trace.came[columns["patient"]] != UNSET)
    order = np.lexsort((columns["rank"], columns["at"], columns["patient"]))
    order = order[inside[order]]
    order = order[np.argsort(columns["at"][order], kind="stable")]
    patient, rank = columns["patient"][order], columns["rank"][order]
    unit, place = columns["unit"][order], columns["place"][order]
    work = trace.workload
    return pd.DataFrame(
        {
            "entity_id": work.key[patient],
            "pathway": _pathways(trace)[work.patient_class[patient]],
            "event_type": np.array(_TYPES, dtype=object)[rank],
            "event": columns["event"][order],
            "time": to_minutes(columns["at"][order]),
            "resource_id": pd.arrays.IntegerArray(unit, unit == 0),
            "place": np.array([*trace.places, None], dtype=object)[place],
            "run_number": np.full(order.size, work.replication + 1),
        }
    )


def _pathways(trace: Trace) -> Any:
    """Name of each class's pathway, shape (class,)."""
    pathway = {step.patient_class: step.pathway for step in trace.steps}
    return np.array([pathway[name] for name in trace.classes], dtype=object)


def _part(patient: IntArray, at: IntArray, rank: int, event: Any, **more: IntArray) -> dict[str, Any]:
    """Events of one kind as columns."""
    none = np.zeros(patient.size, np.int64)
    names = event if isinstance(event, np.ndarray) else np.full(patient.size, event, dtype=object)
    return {
        "patient": patient,
        "at": at,
        "rank": none + rank,
        "event": names,
        "unit": more.get("unit", none),
        "place": more.get("place", none - 1),
    }


def _comings(trace: Trace) -> dict[str, Any]:
    came = np.flatnonzero((trace.came != UNSET) & (trace.workload.tray < 0))
    return _part(came, trace.came[came], _ARRIVES, "arrival")


def _goings(trace: Trace) -> dict[str, Any]:
    gone = departures(trace)
    out = np.flatnonzero((gone != LATER) & (trace.workload.tray < 0))
    return _part(out, gone[out], _DEPARTS, "depart")


def _step_names(trace: Trace) -> Any:
    return np.array([s.name for s in trace.steps], dtype=object)


def _queues(trace: Trace) -> dict[str, Any]:
    """Who waits for a step, and who is in one that has no place of its own."""
    names = _step_names(trace)
    patients = trace.workload.tray[trace.patient] < 0
    waits = np.flatnonzero((trace.requested != UNSET) & (wait_ends(trace) > trace.requested) & patients)
    inside = np.flatnonzero((trace.started != UNSET) & (trace.place < 0) & patients)
    waiting = np.array([f"waits for {name}" for name in names], dtype=object)
    work = trace.workload
    return _part(
        np.concatenate([trace.patient[waits], trace.patient[inside]]),
        np.concatenate([trace.requested[waits], trace.started[inside]]),
        _QUEUES,
        np.concatenate([waiting[work.step[waits]], names[work.step[inside]]]),
    )


def _uses(trace: Trace) -> tuple[dict[str, Any], dict[str, Any]]:
    held = stays(trace, cut_rows(trace))
    patient = trace.patient[held.row]
    chosen = trace.workload.tray[patient] < 0
    row, place, begin, end = held.row[chosen], held.place[chosen], held.begin[chosen], held.end[chosen]
    unit = units(patient[chosen], place, begin, end)
    names = _step_names(trace)[trace.workload.step[row]]
    names[held.found[chosen]] = "waits in place"
    over = end != LATER
    started = _part(trace.patient[row], begin, _TAKES, names, unit=unit, place=place)
    ended = _part(
        trace.patient[row[over]], end[over], _LETS_GO, names[over], unit=unit[over], place=place[over]
    )
    return started, ended


def _process_mining(trace: Trace) -> pd.DataFrame:
    import pandas as pd

    names = _step_names(trace)
    patient, work = trace.patient, trace.workload
    rows = np.flatnonzero((trace.started != UNSET) & (work.tray[patient] < 0))
    over = rows[trace.ended[rows] != UNSET]
    parts = [
        (patient[rows], trace.started[rows], names[work.step[rows]], trace.place[rows], 1),
        (patient[over], trace.ended[over], names[work.step[over]], trace.place[over], 0),
    ]
    for kind, name in ((Kind.CANCELLED, "cancelled on the day"), (Kind.NO_SHOW, "did not attend")):
        log = trace.log.only(kind)
        parts.append(_moments(log.who, log.at, name))
    for outcome, name in (
        (Outcome.LEFT, "left while waiting"),
        (Outcome.REFUSED, "refused"),
        (Outcome.BALKED, "turned away"),
    ):
        who = np.flatnonzero(trace.outcome == outcome)
        parts.append(_moments(who, departures(trace)[who], name))
    who, at, activity, place = (np.concatenate([p[i] for p in parts]) for i in range(4))
    starts = np.concatenate([np.full(p[0].size, p[4]) for p in parts])
    order = np.lexsort((starts, at, who))  # what is complete comes before what starts then
    order = order[np.argsort(at[order], kind="stable")]
    zone = work.clock.timezone
    midnight = pd.Timestamp(work.clock.start).tz_localize(zone).tz_convert("UTC")
    stamps = midnight + pd.to_timedelta(at[order], unit="ms")
    return pd.DataFrame(
        {
            "case_id": work.key[who[order]].astype(str),
            "activity": activity[order],
            "lifecycle": np.where(starts[order] == 1, "start", "complete"),
            "timestamp": pd.DatetimeIndex(stamps).tz_convert(zone),
            "resource": np.array([*trace.places, None], dtype=object)[place[order]],
            "patient_class": np.array(trace.classes, dtype=object)[work.patient_class[who[order]]],
            "outcome": np.array([o.name.lower() for o in Outcome], dtype=object)[trace.outcome[who[order]]],
        }
    )


def _moments(who: IntArray, at: IntArray, name: str) -> tuple[Any, ...]:
    """Something that happened to patients at an instant, in no place."""
    return who, at, np.full(who.size, name, dtype=object), np.full(who.size, -1, np.int32), 0


def log_table(trace: Trace, hospital: Hospital) -> pd.DataFrame:
    """The log as a table with names: at [ms], kind, patient, step, what, n."""
    import pandas as pd

    log, work = trace.log, trace.workload
    of_row = np.isin(log.kind, [int(k) for k in _OF_ROWS])
    of_patient = np.isin(log.kind, [int(k) for k in (Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED)])
    key = pd.array([pd.NA] * len(log), dtype="Int64")
    key[of_row], key[of_patient] = work.key[trace.patient[log.who[of_row]]], work.key[log.who[of_patient]]
    step = np.full(len(log), None, dtype=object)
    step[of_row] = _step_names(trace)[work.step[log.who[of_row]]]
    sessions = list(hospital.sessions)
    names = {
        "place": list(trace.places),
        "supply": list(hospital.supplies),
        "group": list(hospital.staff),
        "sitting": [sessions[s] for s in trace.schedule.sittings.session],
    }
    what = [None if w < 0 else names[_NAMED_BY[Kind(k)]][w] for k, w in zip(log.kind, log.what, strict=True)]
    kinds = np.array([Kind(k).name.lower() for k in log.kind], dtype=object)
    return pd.DataFrame({"at": log.at, "kind": kinds, "patient": key, "step": step, "what": what, "n": log.n})


_PLACES = (Kind.STOPPED, Kind.RESUMED, Kind.MOVED, Kind.ABANDONED, Kind.PROMISED)
_TAKING = (Kind.MISSED, Kind.RESERVE, Kind.SUBSTITUTED, Kind.TAKEN)
_OF_ROWS = (*_PLACES, *_TAKING, Kind.FLOATED)
_NAMED_BY = {
    **dict.fromkeys(_PLACES, "place"),
    **dict.fromkeys((*_TAKING, Kind.ORDERED, Kind.DELIVERED, Kind.EXPIRED), "supply"),
    **dict.fromkeys((Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED), "sitting"),
    Kind.FLOATED: "group",
}
