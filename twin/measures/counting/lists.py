"""Lists: waiting lists, who was booked into which sitting, and how the sittings went."""

from __future__ import annotations

from twin.measures.counting.columns import BOOKED, CANCELLED, MISSED_VISIT, NO_SHOW
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.cuts import BEGIN, END, PLACE, ROW
from twin.measures.counting.flow import in_cohort
from twin.measures.counting.rows import day_of, left_at, level_time, patient_of, piece_of
from twin.measures.counting.told import Lists, Sessions, Visits
from twin.measures.stays import LATER
from twin.trace import UNSET
from twin.workload import ARRIVES, LISTED, NONE
from twin.workload import BOOKED as BOOKED_BEFORE


@compiled
def count_lists(run, layout, off):
    """Who waits on a list: from listed until come, or not attended. ``off`` is room, one a patient."""
    off[:] = UNSET
    for i in range(run.kind.size):
        if run.kind[i] == MISSED_VISIT and run.outcome[run.who[i]] == NO_SHOW:
            off[run.who[i]] = run.at[i]
    listed, came, wait = 0, 0, 0
    for patient in range(run.came.size):
        origin = run.origin[patient]
        if not layout.scheduled[run.patient_class[patient]]:
            continue
        if origin != ARRIVES and origin != LISTED and origin != BOOKED_BEFORE:
            continue
        since = run.arrival[patient]
        until = run.came[patient] if off[patient] == UNSET else off[patient]
        if until == UNSET:
            until = LATER
        listed += max(min(until, run.end) - max(since, run.start), 0)
        if in_cohort(run, layout, patient):
            came += 1
            wait += run.came[patient] - since
    return Lists(listed, came, wait)


@compiled
def measure_sittings(run, sat, measured):
    """Say which sittings are held within the measured days."""
    for i in range(measured.size):
        measured[i] = sat.opens[i] >= run.start and sat.closes[i] <= run.end


@compiled
def book(run, sat, by_day, booked):
    """Note the last booking of each patient, and count those of the measured days.

    Parameters
    ----------
    by_day
        (session, day) room for the first sitting of each session on each day.
    booked
        (patient, 2) sitting, or -1, and appointment [ms], or ``UNSET``.
    """
    by_day[:] = NONE
    for i in range(sat.opens.size - 1, -1, -1):
        by_day[sat.session[i], day_of(run, sat.opens[i])] = i
    booked[:, 0] = NONE
    booked[:, 1] = UNSET
    n, cancelled, away = 0, 0, 0
    for patient in range(run.session.size):
        session = run.session[patient]
        if session >= 0 and run.appointment[patient] >= 0:
            sitting = by_day[session, day_of(run, run.appointment[patient])]
            booked[patient, 0], booked[patient, 1] = sitting, run.appointment[patient]
            n += sitting >= 0 and sat.measured[sitting]
    for i in range(run.kind.size):
        kind, sitting = run.kind[i], run.what[i]
        if kind == BOOKED:
            booked[run.who[i], 0], booked[run.who[i], 1] = sitting, run.n[i]
        elif kind != CANCELLED and kind != MISSED_VISIT:
            continue
        if sitting >= 0 and sat.measured[sitting]:
            n += kind == BOOKED
            cancelled += kind == CANCELLED
            away += kind == MISSED_VISIT
    return Visits(n, cancelled, away)


@small
def _measured_sitting(sat, booked, patient):
    sitting = booked[patient, 0]
    return sitting if sitting >= 0 and sat.measured[sitting] else NONE


@small
def _holds(run, layout, cuts, sat, sitting, row):
    """Whether a row that the log does not cut held a room of its patient's sitting."""
    if run.place[row] < 0 or run.started[row] == UNSET or piece_of(cuts, row) != NONE:
        return False
    return layout.rooms[sat.session[sitting], run.place[row]]


@compiled
def _sitting_of_piece(run, layout, cuts, sat, booked, piece):
    """Sitting of whose rooms a piece held one, or -1."""
    sitting = _measured_sitting(sat, booked, patient_of(run, cuts.piece[piece, ROW]))
    if sitting == NONE or cuts.piece[piece, PLACE] < 0:
        return NONE
    return sitting if layout.rooms[sat.session[sitting], cuts.piece[piece, PLACE]] else NONE


@compiled
def take(run, layout, cuts, sat, booked, last, taken):
    """Chain the stretches in which each sitting's patients held its rooms.

    Parameters
    ----------
    last
        Room for the last stretch of each sitting, or -1.
    taken
        Room (row or piece, 3) for beginning, end [ms] and the stretch before in the same sitting.
    """
    last[:] = NONE
    n = 0
    for patient in range(run.came.size):
        sitting = _measured_sitting(sat, booked, patient)
        if sitting == NONE:
            continue
        for row in range(run.first[patient], run.first[patient + 1]):
            if _holds(run, layout, cuts, sat, sitting, row):
                n = _put(run, last, taken, n, sitting, run.started[row], left_at(run, row))
    for i in range(cuts.piece.shape[0]):
        sitting = _sitting_of_piece(run, layout, cuts, sat, booked, i)
        if sitting != NONE:
            n = _put(run, last, taken, n, sitting, cuts.piece[i, BEGIN], cuts.piece[i, END])


@small
def _put(run, last, taken, n, sitting, begin, end):
    taken[n, 0], taken[n, 1], taken[n, 2] = begin, min(end, run.until), last[sitting]
    last[sitting] = n
    return n + 1


@small
def _collect(taken, i, own):
    """Write the stretches of a sitting, of which the last is given; how many there are."""
    n = 0
    while i != NONE:
        own[n, 0], own[n, 1], i = taken[i, 0], taken[i, 1], taken[i, 2]
        n += 1
    return n


@compiled
def _sort(own, n):
    """Put stretches in order of their beginning (Shell 1959: quick for a handful, and for many)."""
    gap = 1
    while gap < n // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            begin, end, j = own[i, 0], own[i, 1], i
            while j >= gap and own[j - gap, 0] > begin:
                own[j, 0], own[j, 1] = own[j - gap, 0], own[j - gap, 1]
                j -= gap
            own[j, 0], own[j, 1] = begin, end
        gap //= 3


@small
def _covered(own, n, opens, closes):
    """Time within a sitting in which somebody is in, however many. [ms]"""
    total, reached = 0, opens
    for i in range(n):
        begin, end = max(own[i, 0], reached), min(own[i, 1], closes)
        if end > begin:
            total += end - begin
            reached = end
    return total


@compiled
def count_sessions(layout, levels, sat, last, taken, own):
    """Use, idle time and overrun of the sittings; ``own`` is room for the stretches (n, 2) of one."""
    theatres, used, planned, overrun, clinics, idle, overtime = 0, 0, 0, 0, 0, 0, 0
    for sitting in range(sat.opens.size):
        if not sat.measured[sitting]:
            continue
        session, opens, closes = sat.session[sitting], sat.opens[sitting], sat.closes[sitting]
        n, within, late = _collect(taken, last[sitting], own), 0, 0
        for i in range(n):
            within += max(min(own[i, 1], closes) - max(own[i, 0], opens), 0)
            late = max(late, own[i, 1] - closes)
        if layout.has_slots[session]:
            _sort(own, n)
            room = _room_open(layout, levels, session, opens, closes)
            clinics += 1
            overtime += late
            idle += max(room - _covered(own, n, opens, closes), 0)
        else:
            theatres += 1
            overrun += late
            used += within
            planned += closes - opens
    return Sessions(theatres, used, planned, overrun, clinics, idle, overtime)


@compiled
def _room_open(layout, levels, session, opens, closes):
    """How long the first of a session's rooms is open within a sitting; 0 where it has none. [ms]"""
    for place in range(layout.rooms.shape[1]):
        if layout.rooms[session, place]:
            return level_time(levels, place, opens, closes, True)
    return 0
