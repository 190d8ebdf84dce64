"""The way through the house, in compiled code: a row for each step that each patient takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.drawing.chance import drawn, hashed, joined, part
from twin.drawing.coming import choice, hour_of_day
from twin.drawing.compiled import compiled
from twin.drawing.lengths import length, length_left
from twin.drawing.origins import NONE
from twin.streams import GOLDEN, UIntArray, finalise
from twin.units import IntArray

#: a patient who makes more steps than this goes round in circles for ever
MOST_STEPS = 10_000

#: what is known of the first row of a patient who is there already: the step of the pathway; what is left
#: of it [ms], -1 where that is drawn; for one who is in it, how long [as the length says] and what share of
#: all are shorter
FIRST_ROW = np.dtype(
    [
        ("patient", "i8"),
        ("begin", "i8"),
        ("left", "i8"),
        ("inside", "i8"),
        ("elapsed", "f8"),
        ("reached", "f8"),
    ]
)
#: so often a patient came to a step of the pathway before
VISIT = np.dtype([("patient", "i8"), ("step", "i8"), ("times", "i8")])

#: places in ``state``: next patient, row, known first row, visit; whether somebody goes round in circles
PATIENT, ROW, KNOWN, VISITS, LOST = range(5)

_ROUTE, _DURATION, _DISCHARGE, _PATIENCE = (part(x) for x in ("route", "duration", "discharge", "patience"))
_REASON, _DELAY = part("delay reason"), part("delay")
_FIRST_TIME = np.uint64(finalise(GOLDEN))  # what ``hashed(0)`` is


class Rows(NamedTuple):
    """Columns of rows; ``first`` (patient + 1,). Those that no step of the hospital needs are empty."""

    first: IntArray
    step: NDArray[np.int32]
    duration: IntArray
    wall: IntArray
    patience: IntArray
    delay: IntArray
    reason: NDArray[np.int8]
    row_id: UIntArray


@compiled
def walk_on(t, identity, patient_class, first_row, visit, rows, state, seen):
    """Walk patients from ``state`` on until all have walked or the rows are full.

    Parameters
    ----------
    t
        ``Tables``.
    identity, patient_class
        Patients.
    first_row, visit
        ``FIRST_ROW`` and ``VISIT``, in order of patient.
    state
        int64 (5,) see ``PATIENT``.
    seen
        int64 (step of a pathway,) all 0.
    """
    state[LOST] = 0
    has_more = rows.patience.size + rows.reason.size + rows.row_id.size > 0
    while state[PATIENT] < identity.size:
        patient, begin = state[PATIENT], state[ROW]
        row, known, visits = begin, state[KNOWN], state[VISITS]
        rows.first[patient] = row
        while visits < visit.size and visit[visits].patient == patient:
            seen[visit[visits].step] = visit[visits].times
            visits += 1
        is_known = known < first_row.size and first_row[known].patient == patient
        at = first_row[known].begin if is_known else 0
        first_step, own = t.klass[patient_class[patient]].first_step, identity[patient]
        while at != NONE:
            if row == rows.step.size or row - begin == MOST_STEPS:
                state[LOST] = row - begin == MOST_STEPS
                seen[:] = 0
                return
            step = t.step[first_step + at]
            key = joined(joined(own, step.name), hashed(seen[at]) if seen[at] > 0 else _FIRST_TIME)
            seen[at] += 1
            rows.step[row] = first_step + at
            at = t.target[_route(step, t.edge, key)]
            rows.duration[row] = length(t.length[step.length], t.number, drawn(key, _DURATION))
            rows.wall[row] = NONE
            if at == NONE and step.profile != NONE:
                rows.wall[row] = hour_of_day(t.hours[step.profile], drawn(key, _DISCHARGE))
            if is_known and row == begin:
                _know(t, rows, row, first_row[known], key)
            if has_more:
                _more(t, rows, row, key)
            row += 1
        for i in range(begin, row):
            seen[rows.step[i] - first_step] = 0
        for i in range(state[VISITS], visits):
            seen[visit[i].step] = 0
        state[PATIENT], state[ROW], state[VISITS] = patient + 1, row, visits
        state[KNOWN] += is_known
    rows.first[identity.size] = state[ROW]


@compiled
def _route(step, edge, key):
    """Which of the routes a patient takes after a step."""
    if step.route_to == step.route_from + 1:
        return step.route_from
    return choice(edge, step.route_from, step.route_to - 1, drawn(key, _ROUTE))


@compiled
def _know(t, rows, row, known, key):
    """What is left of the step in which a patient is; where it is known exactly, the hour is in it."""
    if known.left != NONE:
        rows.duration[row], rows.wall[row] = known.left, NONE
    elif known.inside == 1:
        kind = t.length[t.step[rows.step[row]].length]
        u = drawn(key, _DURATION)
        rows.duration[row] = length_left(kind, t.number, u, known.reached, known.elapsed)


@compiled
def _more(t, rows, row, key):
    """Patience, delay and its reason, and the key of the row's chance, where they are wanted."""
    step = t.step[rows.step[row]]
    if rows.patience.size > 0:
        rows.patience[row] = NONE
        if step.patience != NONE:
            rows.patience[row] = length(t.length[step.patience], t.number, drawn(key, _PATIENCE))
    if rows.reason.size > 0:
        rows.delay[row], rows.reason[row] = 0, NONE
        if step.delay_to > step.delay_from:
            chosen = choice(t.edge, step.delay_from, step.delay_to, drawn(key, _REASON))
            if chosen < step.delay_to:
                delay = length(t.length[t.target[chosen]], t.number, drawn(key, _DELAY))
                rows.delay[row] = min(delay, rows.duration[row])
                rows.reason[row] = chosen - step.delay_from
    if rows.row_id.size > 0:
        rows.row_id[row] = key
