"""Lists: scheduled patients wait for a session, are booked, come or do not come, are cancelled."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.heap import alarm
from twin.engine.lanes import before, leave_lanes, stand
from twin.engine.moves import give_promise_back, go_out, vacate
from twin.engine.state import BOOKED, LISTED, NEVER
from twin.engine.story import log, place_left
from twin.trace import UNSET, Kind, Outcome
from twin.workload import NONE

_BOOKED, _NO_SHOW, _CANCELLED, _ABANDONED = (
    int(kind) for kind in (Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED, Kind.ABANDONED)
)
_DID_NOT_COME = int(Outcome.NO_SHOW)


@compiled
def put_on_list(h, patient, since):
    """Wait on the list of the class since an instant."""
    who = h.patient[patient]
    who.state, who.since = LISTED, since
    h.more[patient].listed = since
    stand(h, patient, h.klass[h.patient_class[patient]].list_lane)


@compiled
def belong_to(h, patient, sitting):
    """Be one of the patients of a sitting."""
    more = h.more[patient]
    more.sitting = sitting
    more.last_booked, more.next_booked = NONE, NONE
    if sitting != NONE:
        first = h.sitting[sitting].first
        more.next_booked = first
        if first != NONE:
            h.more[first].last_booked = patient
        h.sitting[sitting].first = patient


@compiled
def _belong_to_none(h, patient):
    more = h.more[patient]
    if more.sitting == NONE:
        return
    if more.last_booked == NONE:
        h.sitting[more.sitting].first = more.next_booked
    else:
        h.more[more.last_booked].next_booked = more.next_booked
    if more.next_booked != NONE:
        h.more[more.next_booked].last_booked = more.last_booked
    more.sitting = NONE


@compiled
def expect(h, patient, appointment, soonest):
    """One who is booked will come, early or late, or not come, at the appointment."""
    more = h.more[patient]
    at = appointment
    if h.shows[patient] == 1:
        at += h.late[patient] - h.klass[h.patient_class[patient]].early
    h.patient[patient].state = BOOKED
    more.comes_at = max(soonest, at)
    alarm(h, more.comes_at, patient)


@compiled
def _book(h, patient, sitting, appointment, now):
    leave_lanes(h, patient)
    belong_to(h, patient, sitting)
    log(h, now, _BOOKED, patient, sitting, appointment)
    expect(h, patient, appointment, now + 1)


@compiled
def _next_of(h, sitting, longest):
    """Class of the next candidate, in order of (priority, listed since, key), who needs no longer; or -1."""
    best = NONE
    for i in range(sitting.class_from, sitting.class_to):
        klass = h.klass[h.links[i]]
        if klass.cursor == NONE or klass.expected > longest:
            continue
        if best == NONE:
            best = h.links[i]
            continue
        other = h.klass[best]
        if klass.priority != other.priority:
            if klass.priority < other.priority:
                best = h.links[i]
        elif before(h, h.node[klass.cursor].patient, h.node[other.cursor].patient):
            best = h.links[i]
    return best


@compiled
def fill(h, number, now):
    """Book patients from the lists into a sitting: one a slot, or case after case by expected length."""
    sitting = h.sitting[number]
    for i in range(sitting.class_from, sitting.class_to):
        klass = h.klass[h.links[i]]
        klass.cursor = h.lane[klass.list_lane].head if klass.list_lane != NONE else NONE
    slot, booked = sitting.slot_from, 0
    slotted = slot < sitting.slot_to
    longest = NEVER
    while not slotted or slot < sitting.slot_to:
        if not slotted:
            longest = sitting.closes - sitting.opens - booked
        best = _next_of(h, sitting, longest)
        if best == NONE:
            return
        node = h.klass[best].cursor
        h.klass[best].cursor = h.node[node].following
        if slotted:
            _book(h, h.node[node].patient, number, h.slot[slot], now)
            slot += 1
        else:
            _book(h, h.node[node].patient, number, sitting.opens + booked, now)
            booked += h.klass[best].expected


@compiled
def _number_of(h, sitting):
    """A sitting's number in the schedule; -1 for none, and for one held before the run."""
    return NONE if sitting == NONE else h.sitting[sitting].number


@compiled
def does_not_come(h, patient, now):
    """The instant of an appointment to which nobody comes."""
    log(h, now, _NO_SHOW, patient, _number_of(h, h.more[patient].sitting), 0)
    go_out(h, patient, _DID_NOT_COME, now)


@compiled
def cancel(h, patient, now):
    """Send one who came too late for the session home, to be booked again; he waits for nothing any more."""
    who, more = h.patient[patient], h.more[patient]
    for row in range(h.first[patient], who.last):
        if h.started[row] != UNSET:
            if h.left[row] == UNSET:
                place_left(h, row, now)
            if h.place[row] != NONE:
                log(h, h.left[row], _ABANDONED, row, h.place[row], h.started[row])
        h.requested[row] = h.started[row] = h.ended[row] = h.left[row] = UNSET
        h.place[row] = NONE
    if who.held != NONE:
        vacate(h, who.held, now, False)
        who.held, who.took = NONE, 0
    give_promise_back(h, patient)
    log(h, now, _CANCELLED, patient, _number_of(h, more.sitting), 0)
    _belong_to_none(h, patient)
    who.row, who.last_started, h.came[patient] = h.first[patient], NONE, UNSET
    put_on_list(h, patient, more.listed)
