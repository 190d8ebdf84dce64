"""Stays: every stretch of time in which a patient held a place.

A row of the trace holds its place from its start until it is left. The log cuts such a stretch: a
patient moved goes on in another place, one who is stopped may give his place up and resume in another,
a cancelled visit began rows that the trace no longer shows. Where the log tells of none of these, a
stay is a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.trace import UNSET, Kind, Log, Outcome, Trace
from twin.units import IntArray
from twin.workload import NONE, STOPPED, WAITING

#: end of what is not over at the end of the run [ms]
LATER = np.iinfo(np.int64).max
_CUTS = (Kind.STOPPED, Kind.RESUMED, Kind.MOVED, Kind.ABANDONED)
#: marks of a visit to a row, sorted among the lines of one instant: it begins first and ends last
_BEGIN, _END = 0, 99


@dataclass(frozen=True)
class Stays:
    """Stretches of time in places, in no order that counts; shape (stretch,) each.

    Attributes
    ----------
    row : row of the trace; for a place kept since before the run, the first row of its patient
    place : number in ``trace.places``
    begin, end : [begin, end); ``LATER`` where it goes on at the end of the run [ms]
    found : whether the place was kept, when the run began, by one who waited for his next step
    """

    row: IntArray
    place: IntArray
    begin: IntArray
    end: IntArray
    found: NDArray[np.bool_]

    def within(self, start: int, end: int) -> IntArray:
        """Time that each spends in [start, end), shape (stretch,). [ms]"""
        return overlap(self.begin, self.end, start, end)

    def time_by_place(self, places: int, start: int, end: int) -> IntArray:
        """Time held in [start, end) by all patients together, shape (place,). [ms]"""
        return total_by(self.place, self.within(start, end), places)


@dataclass(frozen=True)
class Pieces:
    """Rows that the log cuts, as stretches in order of (row, visit, begin); shape (stretch,) each.

    ``place`` is -1 where none was held; ``runs`` says that the step was in progress, not stopped;
    ``current`` that the visit is the one that the trace shows, not one that was cancelled.
    """

    row: IntArray
    place: IntArray
    begin: IntArray
    end: IntArray
    runs: NDArray[np.bool_]
    current: NDArray[np.bool_]

    def only(self, chosen: NDArray[np.bool_]) -> Pieces:
        """Some of them."""
        return Pieces(*(getattr(self, c)[chosen] for c in self.__dataclass_fields__))


def stays(trace: Trace, cut: Pieces | None = None) -> Stays:
    """All stretches in which places were held; ``cut`` may be given if it is known."""
    cut = cut_rows(trace) if cut is None else cut
    held = (trace.place >= 0) & (trace.started != UNSET)
    held[cut.row] = False
    rows = np.flatnonzero(held)
    end = trace.left[rows]
    end[end == UNSET] = LATER
    parts: list[tuple[Any, ...]] = [(rows, trace.place[rows], trace.started[rows], end)]
    pieces = cut.only(cut.place >= 0)
    if pieces.row.size:
        parts.append((pieces.row, pieces.place, pieces.begin, pieces.end))
    found = _found(trace)
    if found[0].size:
        parts.append(found)
    row, place, begin, end = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    since_before = np.zeros(row.size, dtype=bool)
    since_before[row.size - found[0].size :] = True
    return Stays(row, place, begin, end, since_before)


def displaced(trace: Trace, cut: Pieces | None = None) -> Pieces:
    """Stretches in which one who was stopped waited without the place that he had."""
    cut = cut_rows(trace) if cut is None else cut
    started = trace.started[cut.row]
    return cut.only(~cut.runs & (cut.place < 0) & (started != UNSET) & (cut.begin >= started))


def worked(
    trace: Trace, cut: Pieces | None = None, *, steps: NDArray[np.bool_] | None = None
) -> tuple[IntArray, IntArray, IntArray]:
    """Rows and stretches in which their people were at work: started to ended, without stops.

    Of a cancelled visit only rows with a place are known, and of these the end is that of the drawn
    length. ``steps`` says which steps are asked for, shape (step,); all when omitted.

    Returns
    -------
    row, begin, end : shape (stretch,); ``LATER`` where it goes on [ms]
    """
    cut = cut_rows(trace) if cut is None else cut
    whole = trace.started != UNSET
    whole[cut.row] = False
    if steps is not None:
        whole &= steps[trace.workload.step]
        cut = cut.only(steps[trace.workload.step[cut.row]])
    rows = np.flatnonzero(whole)
    ended = trace.ended[rows]
    ended[ended == UNSET] = LATER
    runs = cut.only(cut.runs)
    if not runs.row.size:
        return rows, trace.started[rows], ended
    until = trace.ended[runs.row]
    until = np.where(until == UNSET, LATER, until)
    until = np.where(runs.current, until, runs.begin + trace.workload.duration[runs.row])
    end = np.minimum(runs.end, until)
    on = end > runs.begin
    return (
        np.concatenate([rows, runs.row[on]]),
        np.concatenate([trace.started[rows], runs.begin[on]]),
        np.concatenate([ended, end[on]]),
    )


def wait_ends(trace: Trace) -> IntArray:
    """When each row stopped waiting to start: it started, was skipped, or its patient went; shape (row,).

    ``LATER`` for one who still waits, and for a row that nobody asked for. [ms]
    """
    until: IntArray = np.where(trace.started == UNSET, LATER, trace.started)
    waits = np.flatnonzero((trace.requested != UNSET) & (trace.started == UNSET))
    if not waits.size:
        return until
    asked, patience = trace.requested[waits], trace.workload.patience[waits]
    outcome = trace.outcome[trace.patient[waits]]
    gave_up = np.maximum(asked + np.maximum(patience, 0), 0)
    at_once = np.maximum(asked, 0)
    until[waits] = np.select(
        [(outcome == Outcome.LEFT) | (outcome == Outcome.DONE), outcome != Outcome.OPEN],
        [gave_up, at_once],
        LATER,
    )
    following = np.minimum(waits + 1, until.size - 1)
    skipped = (
        (following > waits)
        & (trace.patient[following] == trace.patient[waits])
        & (trace.requested[following] != UNSET)
    )
    until[waits[skipped]] = trace.requested[following[skipped]]
    return until


def departures(trace: Trace, waited: IntArray | None = None) -> IntArray:
    """When each patient went out of the house; ``LATER`` for those who did not. Shape (patient,). [ms]"""
    waited = wait_ends(trace) if waited is None else waited
    out = (trace.outcome != Outcome.OPEN) & (trace.outcome != Outcome.NO_SHOW)
    gone = np.full(trace.workload.patients, LATER, np.int64)
    has_rows = np.diff(trace.workload.first) > 0
    if not has_rows.any():
        return gone
    last = np.where(trace.left != UNSET, trace.left, np.where(waited == LATER, UNSET, waited))
    latest = np.maximum.reduceat(last, trace.workload.first[:-1][has_rows])
    known = np.full(gone.size, UNSET, np.int64)
    known[has_rows] = latest
    gone[out & (known != UNSET)] = known[out & (known != UNSET)]
    return gone


def overlap(begin: IntArray, end: IntArray, start: int, stop: int) -> IntArray:
    """Time that each of [begin, end) spends in [start, stop), shape of ``begin``. [ms]"""
    return np.maximum(np.minimum(end, stop) - np.maximum(begin, start), 0)


def total_by(group: IntArray, time: IntArray, groups: int) -> IntArray:
    """Whole numbers summed by group, shape (group,); exact below 2^53."""
    return np.bincount(group, time, groups).astype(np.int64)


def _found(trace: Trace) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Places kept, when the run begins, by those who wait for their next step: row, place, begin, end.

    No row of the trace tells of them: the step that took the place was over before the run. Kept until
    the patient starts a step, goes, or is cancelled.
    """
    work = trace.workload
    who = np.flatnonzero((work.origin == WAITING) & (work.held != NONE))
    none = np.zeros(0, np.int64)
    if not who.size:
        return none, none, none, none
    until = departures(trace)
    started = np.flatnonzero((trace.started != UNSET) & np.isin(trace.patient, who))
    np.minimum.at(until, trace.patient[started], trace.started[started])
    begun, cancelled = trace.log.only(Kind.ABANDONED), trace.log.only(Kind.CANCELLED)
    np.minimum.at(until, trace.patient[begun.who], begun.n)
    np.minimum.at(until, cancelled.who, cancelled.at)
    return work.first[who], work.held[who].astype(np.int64), np.zeros(who.size, np.int64), until[who]


def cut_rows(trace: Trace) -> Pieces:
    """The rows that the log cuts, and those that were stopped when the run began, as stretches."""
    work, log = trace.workload, trace.log
    stopped = work.first[:-1][(work.origin == STOPPED) & (np.diff(work.first) > 0)]
    lines = log.only(*_CUTS) if len(log) else log
    if not len(lines) and not stopped.size:
        none = np.zeros(0, np.int64)
        return Pieces(none, none, none, none, none.astype(bool), none.astype(bool))
    lines = _with_resumptions(trace, lines, stopped)
    return _between(_marks(trace, lines, stopped))


def _with_resumptions(trace: Trace, lines: Log, stopped: IntArray) -> Log:
    """One stopped since before the run, whose first start in it is in the rows, resumed then."""
    told = lines.who[lines.kind == Kind.RESUMED]
    rows = stopped[(trace.started[stopped] >= 0) & ~np.isin(stopped, told)]
    more = [
        trace.started[rows],
        np.full(rows.size, int(Kind.RESUMED)),
        rows,
        trace.place[rows].astype(np.int64),
        np.zeros(rows.size, np.int64),
    ]
    known = [lines.at, lines.kind, lines.who, lines.what, lines.n]
    return Log(*(np.concatenate(pair) for pair in zip(known, more, strict=True)))


@dataclass(frozen=True)
class _Marks:
    """Begin, lines and end of each visit to a row, in order of (row, visit, at, kind)."""

    row: IntArray
    visit: IntArray
    at: IntArray
    kind: IntArray
    what: IntArray
    n: IntArray
    runs: IntArray  # of a beginning: 1, or 0 for one who is stopped
    current: IntArray


def _marks(trace: Trace, lines: Log, stopped: IntArray) -> _Marks:
    order = np.lexsort((lines.kind, lines.at, lines.who))
    row, at, kind = lines.who[order], lines.at[order], lines.kind[order]
    what, n = lines.what[order], lines.n[order]
    closes = (kind == Kind.ABANDONED).astype(np.int64)
    before = np.cumsum(closes) - closes
    first_of_row = np.searchsorted(row, row, side="left")
    visit = before - before[first_of_row]
    rows = np.union1d(row, stopped)
    gone_before = row[closes == 1]
    is_known = (trace.started[rows] != UNSET) | (np.isin(rows, stopped) & ~np.isin(rows, gone_before))
    rows = rows[is_known]
    visits_before = np.searchsorted(gone_before, rows, side="right") - np.searchsorted(
        gone_before, rows, side="left"
    )
    is_stopped = np.isin(rows, stopped) & (visits_before == 0)
    patient = trace.patient[rows]
    held = trace.workload.held[patient].astype(np.int64)
    started = trace.started[rows]
    begin = np.where(is_stopped & ((started == UNSET) | (started > 0)), 0, started)
    left = np.where(trace.left[rows] == UNSET, LATER, trace.left[rows])
    place = np.where(is_stopped, held, trace.place[rows])
    gone = closes == 1
    cut = ~gone
    one, zero = np.ones(rows.size, np.int64), np.zeros(rows.size, np.int64)
    past_one, past_zero = np.ones(int(gone.sum()), np.int64), np.zeros(int(gone.sum()), np.int64)
    nothing = np.zeros(int(cut.sum()), np.int64)
    parts = [
        (rows, visits_before, begin, zero + _BEGIN, place, zero, 1 - is_stopped.astype(np.int64), one),
        (rows, visits_before, left, zero + _END, zero, zero, zero, one),
        (row[gone], visit[gone], n[gone], past_zero + _BEGIN, what[gone], past_zero, past_one, past_zero),
        (row[gone], visit[gone], at[gone], past_zero + _END, past_zero, past_zero, past_zero, past_zero),
        (row[cut], visit[cut], at[cut], kind[cut], what[cut], n[cut], nothing, nothing),
    ]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[3], columns[2], columns[1], columns[0]))
    return _Marks(*(column[order] for column in columns))


def _between(marks: _Marks) -> Pieces:
    """Where the patient was from each mark until the next, and whether the step went on.

    At one instant one may be stopped, resume and be stopped again: what counts is how it stands after
    all of the instant's lines, which the number of stops and resumptions tells.
    """
    here = np.arange(marks.row.size)
    begins = marks.kind == _BEGIN
    opened = np.maximum.accumulate(np.where(begins, here, 0))
    step = np.where(begins, marks.runs, 0)
    step = step + (marks.kind == Kind.RESUMED) - (marks.kind == Kind.STOPPED)
    total = np.cumsum(step)
    running = total - total[opened] + marks.runs[opened]
    placing = begins | (((marks.kind == Kind.RESUMED) | (marks.kind == Kind.MOVED)) & (marks.what >= 0))
    placed = np.maximum.accumulate(np.where(placing, here, 0))
    stop = np.maximum.accumulate(np.where(marks.kind == Kind.STOPPED, here, 0))
    gave_up = (running < 1) & (stop > opened) & (marks.n[stop] == 0)
    place = np.where(gave_up, NONE, marks.what[placed])
    until = np.append(marks.at[1:], LATER)
    kept = (marks.kind != _END) & (until > marks.at)
    kept &= (marks.row[opened] == marks.row) & (marks.visit[opened] == marks.visit)
    pieces = Pieces(marks.row, place, marks.at, until, running > 0, marks.current[opened] == 1)
    return pieces.only(kept)
