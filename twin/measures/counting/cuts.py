"""Cuts: rows that the log cuts into stretches, as ``stays.cut_rows`` defines them."""

from __future__ import annotations

from twin.measures.counting.columns import ABANDONED, MOVED, RESUMES, STOPS
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.rows import left_at, patient_of
from twin.trace import UNSET
from twin.workload import NONE, STOPPED, WAITING

#: ends the lines of a row whose patient was stopped in it when the run began
_WAS_STOPPED = -2
#: columns of a line, and of a piece
AT, KIND, WHAT, N = range(4)
ROW, PLACE, BEGIN, END, RUNS, CURRENT = range(6)


@small
def cuts_a_row(kind):
    """Whether lines of a kind cut rows."""
    return kind == STOPS or kind == RESUMES or kind == MOVED or kind == ABANDONED


@compiled
def what_is_there(run):
    """Lines that cut rows; patients stopped when the run began; and patients who waited then."""
    lines, stopped, waited = 0, 0, 0
    for i in range(run.kind.size):
        lines += cuts_a_row(run.kind[i])
    for patient in range(run.origin.size):
        stopped += run.origin[patient] == STOPPED
        waited += run.origin[patient] == WAITING
    return lines, stopped, waited


@compiled
def _link(run, of_row, following):
    """Chain the lines of each row in order: the first in ``of_row``, the next in ``following``."""
    of_row[:] = NONE
    for patient in range(run.origin.size):
        if run.origin[patient] == STOPPED and run.first[patient] < run.first[patient + 1]:
            of_row[run.first[patient]] = _WAS_STOPPED
    for i in range(run.kind.size - 1, -1, -1):
        if cuts_a_row(run.kind[i]):
            following[i] = of_row[run.who[i]]
            of_row[run.who[i]] = i


@compiled
def _gather(run, row, line, following, lines):
    """Write the lines of a row; how many there are, and whether its patient was stopped as the run began.

    One whose first start in the run is in the rows resumed then, though no line says so.
    """
    n, resumed = 0, False
    while line >= 0:
        lines[n, AT], lines[n, KIND] = run.at[line], run.kind[line]
        lines[n, WHAT], lines[n, N] = run.what[line], run.n[line]
        resumed |= run.kind[line] == RESUMES
        n += 1
        line = following[line]
    at = run.started[row]
    if line == _WAS_STOPPED and at >= 0 and not resumed:
        i = n
        while i > 0 and (lines[i - 1, AT] > at or (lines[i - 1, AT] == at and lines[i - 1, KIND] > RESUMES)):
            for column in range(N + 1):
                lines[i, column] = lines[i - 1, column]
            i -= 1
        lines[i, AT], lines[i, KIND], lines[i, WHAT], lines[i, N] = at, RESUMES, run.place[row], 0
        n += 1
    return n, line == _WAS_STOPPED


@compiled
def _visit(row, place, begin, end, running, current, lines, low, high, pieces, n):
    """Write the pieces of one visit, which lines from ``low`` to ``high`` cut; how many there are now.

    At one instant one may be stopped, resume and be stopped again: what counts is how it stands after
    all of the instant's lines, which the number of stops and resumptions tells.
    """
    at, keeps = begin, True
    for i in range(low, high + 1):
        if i < high and lines[i, AT] < begin:
            continue
        until = min(lines[i, AT], end) if i < high else end
        if until > at:
            pieces[n, ROW], pieces[n, BEGIN], pieces[n, END] = row, at, until
            pieces[n, PLACE] = place if keeps or running > 0 else NONE
            pieces[n, RUNS], pieces[n, CURRENT] = running > 0, current
            n, at = n + 1, until
        if i == high:
            break
        kind, what = lines[i, KIND], lines[i, WHAT]
        running += (kind == RESUMES) - (kind == STOPS)
        if kind == STOPS:
            keeps = lines[i, N] != 0
        elif (kind == RESUMES or kind == MOVED) and what >= 0:
            place = what
    return n


@compiled
def _cut_row(run, row, was_stopped, lines, count, pieces, n):
    """Write the pieces of a row: of each cancelled visit, then of the one that the trace shows."""
    low = 0
    for i in range(count):
        if lines[i, KIND] == ABANDONED:
            n = _visit(row, lines[i, WHAT], lines[i, N], lines[i, AT], 1, 0, lines, low, i, pieces, n)
            low = i + 1
            was_stopped = False
    started = run.started[row]
    if was_stopped:
        place = run.held[patient_of(run, row)]
        begin = 0 if started == UNSET else min(started, 0)
        return _visit(row, place, begin, left_at(run, row), 0, 1, lines, low, count, pieces, n)
    if started == UNSET:
        return n
    return _visit(row, run.place[row], started, left_at(run, row), 1, 1, lines, low, count, pieces, n)


@compiled
def cut(run, of_row, following, lines, pieces):
    """Cut the rows; how many pieces there are.

    Parameters
    ----------
    of_row
        Room, one a row; afterwards the first piece of each row, or -1.
    following, lines
        Room, one a line of the log, and (line of one row, 4).
    pieces
        Room (piece, 6) for three pieces a line that cuts and two a patient who was stopped.
    """
    _link(run, of_row, following)
    n = 0
    for row in range(of_row.size):
        line = of_row[row]
        if line != NONE:
            count, was_stopped = _gather(run, row, line, following, lines)
            before = n
            n = _cut_row(run, row, was_stopped, lines, count, pieces, n)
            of_row[row] = before if n > before else NONE
    return n
