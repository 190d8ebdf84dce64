"""Story: what is written down beside the rows: lines of the log, and cues for others to come."""

from __future__ import annotations

from twin.engine.compiled import compiled, small
from twin.engine.heap import alarm
from twin.engine.state import ABSENT, CUED, HAS_CUES, LINES, TOO_SMALL
from twin.trace import UNSET
from twin.workload import ON_CUE, PLACE_LEFT


@compiled
def log(h, at, kind, who, what, n):
    """Write a line of the log."""
    line = h.n[LINES]
    if line == h.log.shape[0]:
        h.n[TOO_SMALL] = 1
        return
    h.n[LINES] = line + 1
    h.log[line, 0] = at
    h.log[line, 1] = kind
    h.log[line, 2] = who
    h.log[line, 3] = what
    h.log[line, 4] = n


@small
def _comes_before(log, a, b):
    """Whether a line of the log comes before another: at, kind, who, what, n."""
    for column in range(log.shape[1]):
        if log[a, column] != log[b, column]:
            return log[a, column] < log[b, column]
    return False


@small
def _swap(log, a, b):
    for column in range(log.shape[1]):
        log[a, column], log[b, column] = log[b, column], log[a, column]


@compiled
def _put_instants_in_order(h, most):
    """Move lines up that tell of an earlier instant; whether so many moves were enough."""
    for line in range(1, h.n[LINES]):
        while line > 0 and h.log[line, 0] < h.log[line - 1, 0]:
            _swap(h.log, line, line - 1)
            line -= 1
            most -= 1
            if most < 0:
                return False
    return True


@compiled
def _sort_lines(log, first, last):
    """Shell's sort of the lines of one instant."""
    gap = 1
    while gap < (last - first) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for begin in range(first + gap, last):
            line = begin
            while line >= first + gap and _comes_before(log, line, line - gap):
                _swap(log, line, line - gap)
                line -= gap
        gap //= 3


@compiled
def put_log_in_order(h, most):
    """Lines are written in order of time, or nearly; whether they are in order now.

    A line may be moved before others of later instants ``most`` times in all, else the log is sorted
    by who asks.
    """
    if not _put_instants_in_order(h, most):
        return False
    first = 0
    for line in range(1, h.n[LINES] + 1):
        if line == h.n[LINES] or h.log[line, 0] != h.log[first, 0]:
            if line > first + 1:
                _sort_lines(h.log, first, line)
            first = line
    return True


@small
def cue(h, row, kind, now):
    """Patients who wait for this cue of a row will come; each once."""
    if h.n[HAS_CUES] == 1:
        _give(h, row, kind, now)


@compiled
def _give(h, row, kind, now):
    for i in range(h.cue_from[row], h.cue_from[row + 1]):
        if h.cue[i].kind == kind:
            comes = h.cue[i].patient
            who = h.patient[comes]
            if who.state == ABSENT and h.origin[comes] == ON_CUE:
                who.state = CUED
                h.more[comes].comes_at = now + h.cue[i].gap
                alarm(h, now + h.cue[i].gap, comes)


@small
def place_left(h, row, now):
    """A row's place is given up."""
    if h.left[row] == UNSET:
        cue(h, row, PLACE_LEFT, now)
    h.left[row] = now
