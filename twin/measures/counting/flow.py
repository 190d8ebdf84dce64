"""Flow: the emergency department, the wait for a bed and for the clinic's room, and who goes without."""

from __future__ import annotations

from twin.measures.counting.columns import (
    BALKED,
    DONE,
    EMERGENCY,
    FOUR_HOURS,
    LEFT,
    OUTPATIENTS,
    REFUSED,
    TWELVE_HOURS,
)
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.cuts import CURRENT, END, PLACE, ROW
from twin.measures.counting.rows import departure, left_at, piece_of, wait_end, where
from twin.measures.counting.told import Attendances, Doors, Waits
from twin.measures.stays import LATER
from twin.trace import UNSET
from twin.workload import NONE


@small
def in_cohort(run, layout, patient):
    """Whether one is a patient who came in the measured days."""
    came = run.came[patient]
    if came < run.start or came >= run.end:
        return False
    return run.tray[patient] < 0 and layout.is_patient[run.patient_class[patient]]


@compiled
def _left_department(run, layout, cuts, row):
    """When the last emergency place of a row was left, or the row, where it had none."""
    left, piece = left_at(run, row), piece_of(cuts, row)
    if piece == NONE:
        return left
    while piece < cuts.piece.shape[0] and cuts.piece[piece, ROW] == row:
        if cuts.piece[piece, CURRENT] == 1 and layout.department[cuts.piece[piece, PLACE] + 1] == EMERGENCY:
            left = cuts.piece[piece, END]
        piece += 1
    return left


@compiled
def count_flow(run, layout, cuts, sat, booked, boarding):
    """The cohort: who goes without, who attends the emergency department, and who waits for what.

    Who is turned away attends nothing. ``boarding`` takes the wait of each admission, as many as
    ``Waits.boarded`` says. [ms]
    """
    came, left, refused, balked = 0, 0, 0, 0
    n, within, over, stay, cubicles, cubicle_wait, doctors, doctor_wait, unseen, inside = (0,) * 10
    boarded, boarding_wait, boarded_over, clinic, clinic_wait = 0, 0, 0, 0, 0
    for patient in range(run.came.size):
        if not in_cohort(run, layout, patient):
            continue
        outcome, arrival, stop = run.outcome[patient], run.came[patient], run.first[patient + 1]
        came += 1
        if outcome > DONE:
            left += outcome == LEFT
            refused += outcome == REFUSED
            balked += outcome == BALKED
        attends, was_emergency, gone, cubicle, seen = False, False, UNSET, LATER, LATER
        for row in range(run.first[patient], stop):
            place, asked, started = where(run, layout, row), run.requested[row], run.started[row]
            department = layout.department[place + 1]
            if was_emergency and asked != UNSET:
                first = layout.first_place[run.step[row]]
                if first >= 0 and first < layout.wards:
                    wait = min(wait_end(run, row, stop, outcome), run.until) - asked
                    boarding[boarded] = wait
                    boarded += 1
                    boarding_wait += wait
                    boarded_over += wait > TWELVE_HOURS
            was_emergency = department == EMERGENCY
            if was_emergency:
                attends = True
                if started != UNSET:
                    cubicle = min(cubicle, started)
                    if layout.with_staff[run.step[row]]:
                        seen = min(seen, started)
                if asked != UNSET:
                    gone = max(gone, _done_with(run, layout, cuts, row, stop, outcome))
            if department == OUTPATIENTS or _is_own_room(layout, sat, booked, patient, place):
                until = wait_end(run, row, stop, outcome)
                if asked != UNSET and (started != UNSET or until > run.until):
                    since = max(asked, booked[patient, 1]) if booked.size > 0 else asked
                    clinic += 1
                    clinic_wait += max(min(until, run.until) - since, 0)
        if not attends or outcome == REFUSED or outcome == BALKED:
            continue
        if gone == UNSET:  # still before the first of them, or gone from there
            gone = departure(run, patient)
        is_inside = gone > run.until
        gone = min(gone, run.until)
        n += 1
        inside += is_inside
        stay += gone - arrival
        within += gone - arrival <= FOUR_HOURS
        over += gone - arrival > TWELVE_HOURS
        if cubicle != LATER or is_inside:
            cubicles += 1
            cubicle_wait += min(cubicle, gone) - arrival
        if seen != LATER or is_inside:
            doctors += 1
            doctor_wait += min(seen, gone) - arrival
        unseen += outcome == LEFT and seen == LATER
    return (
        Doors(came, left, refused, balked),
        Attendances(n, within, over, stay, cubicles, cubicle_wait, doctors, doctor_wait, unseen, inside),
        Waits(boarded, boarding_wait, boarded_over, clinic, clinic_wait),
    )


@small
def _done_with(run, layout, cuts, row, stop, outcome):
    """When the emergency place of a row that was asked for was left, or the wait for it given up."""
    if run.started[row] == UNSET:
        return wait_end(run, row, stop, outcome)
    return _left_department(run, layout, cuts, row)


@small
def _is_own_room(layout, sat, booked, patient, place):
    """Whether a place is a room of the session with slots into which a patient is booked."""
    if booked.size == 0 or place < 0 or booked[patient, 0] < 0:
        return False
    session = sat.session[booked[patient, 0]]
    return layout.has_slots[session] and layout.rooms[session, place]


@compiled
def select(values, n, rank):
    """The value of a rank (0 first) among the first n; they are put so that none before it is larger."""
    low, high = 0, n - 1
    while low < high:
        middle = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < middle:
                i += 1
            while values[j] > middle:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@compiled
def neighbours(values, n, rank):
    """The value of a rank among the first n, and the next larger or equal one."""
    found = select(values, n, rank)
    after = found
    for i in range(rank + 1, n):
        if i == rank + 1 or values[i] < after:
            after = values[i]
    return found, after
