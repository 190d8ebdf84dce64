"""Clinics: how long patients wait past their appointment, how long rooms stand idle, how late they end.

A clinic session is one with slots.
"""

from __future__ import annotations

import numpy as np

from twin.measures.bookings import Booked
from twin.measures.levels import time_open
from twin.measures.measure import Measure, mean, undefined
from twin.measures.theatres import session_times
from twin.measures.view import OUTPATIENTS, View
from twin.trace import UNSET
from twin.units import FloatArray, IntArray, to_minutes

_WAIT = (
    Measure(
        "outpatient_wait_minutes",
        "Clinic wait",
        "min",
        "down",
        "from the later of appointment and arrival at the clinic to the room, mean",
    ),
)
_SESSIONS = (
    Measure(
        "clinic_idle_minutes",
        "Clinic room idle",
        "min a session",
        "down",
        "session and room open with none of its patients in, mean over sessions with slots",
    ),
    Measure(
        "clinic_overtime_minutes",
        "Clinic overtime",
        "min a session",
        "down",
        "last patient of the session out after its end, mean over sessions with slots",
    ),
)
ROWS = (*_WAIT, *_SESSIONS)


def clinics(view: View, booked: Booked) -> dict[str, float]:
    """Waits, idle time and overtime."""
    told = {"outpatient_wait_minutes": mean(clinic_waits(view, booked))}
    if not booked.clinics.size:
        return {**told, **undefined(_SESSIONS)}
    idle = to_minutes(idle_time(booked, booked.clinics))
    return {
        **told,
        "clinic_idle_minutes": mean(idle),
        "clinic_overtime_minutes": mean(session_times(booked, booked.clinics)[2]),
    }


def clinic_waits(view: View, booked: Booked) -> FloatArray:
    """Wait for a clinic's room of the cohort, up to the end for who still waits. [minutes]

    Outpatients' rows, and those of patients booked into sessions with slots; who comes early waits
    from the appointment on. Who went without is left out.
    """
    trace = view.trace
    chosen = view.in_department(OUTPATIENTS)
    has_slots = bool(booked.all.patient.size)
    if has_slots:
        chosen |= _own_rooms(view, booked)
    asked = chosen & (trace.requested != UNSET)
    asked &= (trace.started != UNSET) | (view.waited > trace.end)
    rows = np.flatnonzero(asked)
    rows = rows[view.cohort[trace.patient[rows]]]
    since = trace.requested[rows]
    if has_slots:
        since = np.maximum(since, booked.appointment_of[trace.patient[rows]])
    return to_minutes(np.maximum(np.minimum(view.waited[rows], trace.end) - since, 0))


def _own_rooms(view: View, booked: Booked):  # type: ignore[no-untyped-def]
    """Rows of patients booked into sessions with slots, in or bound for the session's rooms."""
    of = booked.sitting_of[view.trace.patient]
    session = np.append(booked.sittings.session, -1)[of]
    slots = np.array([s.slot_minutes is not None for s in view.hospital.sessions.values()] + [False])
    return slots[session] & (view.where >= 0) & booked.rooms[session, view.where]


def idle_time(booked: Booked, sittings: IntArray) -> IntArray:
    """Time of each sitting with its room open and none of its patients in, shape (sitting,). [ms]"""
    view, opens, closes = booked.view, booked.opens, booked.closes
    room_open = np.zeros(opens.size, np.int64)
    for session in np.unique(booked.sittings.session[sittings]):
        held = sittings[booked.sittings.session[sittings] == session]
        rooms = np.flatnonzero(booked.rooms[session])
        if rooms.size:
            level = view.trace.schedule.levels[view.trace.places[rooms[0]]]
            room_open[held] = time_open(level, opens[held], closes[held])
    taken = _covered(*booked.stays_in(sittings), opens, closes)
    return np.maximum(room_open - taken, 0)[sittings]


def _covered(of: IntArray, begin: IntArray, end: IntArray, opens: IntArray, closes: IntArray) -> IntArray:
    """Time of each sitting in which somebody is in, however many, shape (sitting,). [ms]"""
    begin, end = np.clip(begin, opens[of], closes[of]), np.clip(end, opens[of], closes[of])
    order = np.lexsort((begin, of))
    of, begin, end = of[order], begin[order], end[order]
    apart = of * (int(closes.max(initial=0)) + 1)  # one sitting after the other, none touching the next
    reached = np.maximum.accumulate(end + apart) - apart
    before = np.append(0, reached[:-1])
    same = np.append(False, of[1:] == of[:-1])
    fresh = np.where(same, np.maximum(end - np.maximum(begin, before), 0), end - begin)
    return np.bincount(of, fresh, opens.size).astype(np.int64)
