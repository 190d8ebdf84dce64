"""Rows: when the wait before a row ended, where it is, when its place was left; and levels over time."""

from __future__ import annotations

from twin.measures.counting.columns import DONE, LEFT, NO_SHOW, OPEN
from twin.measures.counting.compiled import compiled, small
from twin.measures.stays import LATER
from twin.trace import UNSET
from twin.units import MS_HOUR
from twin.workload import NONE

#: entries of the last axis of hourly counts: changes of the number present on the hour, and the time by
#: which the hour before differs from the number present at its beginning [ms]
PRESENT, PART = range(2)


@small
def where(run, layout, row):
    """Place taken; the first place of the step while none is; -1 for none."""
    place = run.place[row]
    return place if place >= 0 else layout.first_place[run.step[row]]


@small
def wait_end(run, row, stop, outcome):
    """When a row stopped waiting to start: it started, was skipped, or its patient went; else ``LATER``.

    ``stop`` is the first row of the next patient, ``outcome`` that of this one.
    """
    if run.started[row] != UNSET:
        return run.started[row]
    asked = run.requested[row]
    if asked == UNSET:
        return LATER
    if row + 1 < stop and run.requested[row + 1] != UNSET:
        return run.requested[row + 1]
    if outcome == LEFT or outcome == DONE:
        return max(asked + max(run.patience[row], 0), 0)
    return LATER if outcome == OPEN else max(asked, 0)


@compiled
def departure(run, patient):
    """When a patient went out of the house; ``LATER`` if he did not."""
    outcome, latest = run.outcome[patient], UNSET
    if outcome == OPEN or outcome == NO_SHOW:
        return LATER
    stop = run.first[patient + 1]
    for row in range(run.first[patient], stop):
        until = run.left[row]
        if until == UNSET:
            until = wait_end(run, row, stop, outcome)
        if until != LATER:
            latest = max(latest, until)
    return LATER if latest == UNSET else latest


@small
def left_at(run, row):
    """When the place of a row was left, or ``LATER``."""
    left = run.left[row]
    return LATER if left == UNSET else left


@small
def piece_of(cuts, row):
    """First piece of a row that the log cuts; -1 for one that it does not."""
    return cuts.of_row[row] if cuts.of_row.size > 0 else NONE


@small
def add(hourly, group, begin, end, n, run):
    """Add n who are present in [begin, end) to the hours of the measured days."""
    begin, end = max(begin, run.start) - run.base, min(end, run.end) - run.base
    if end <= begin:
        return 0
    first, last = (begin + MS_HOUR - 1) // MS_HOUR, (end + MS_HOUR - 1) // MS_HOUR
    hourly[group, first, PRESENT] += n
    hourly[group, first, PART] += n * (first * MS_HOUR - begin)
    hourly[group, last, PRESENT] -= n
    hourly[group, last, PART] -= n * (last * MS_HOUR - end)
    return end - begin


@compiled
def add_up(hourly, present, time):
    """From changes to how many are present on each hour, and the time they spend in it [ms]."""
    for group in range(present.shape[0]):
        count = 0
        for hour in range(present.shape[1]):
            count += hourly[group, hour, PRESENT]
            present[group, hour] = count
            time[group, hour] = count * MS_HOUR + hourly[group, hour + 1, PART]


@small
def last_at(times, low, high, at):
    """Last of the instants from ``low`` to ``high`` that is not after ``at``; the first where none is."""
    while high - low > 1:
        middle = (low + high) // 2
        if times[middle] <= at:
            low = middle
        else:
            high = middle
    return low


@small
def day_of(run, at):
    """Day of the run on which an instant falls; the last known for all later ones."""
    return last_at(run.day_starts, 0, run.day_starts.size, at)


@small
def patient_of(run, row):
    """Whose row it is."""
    return last_at(run.first, 0, run.first.size - 1, row)


@compiled
def level_time(levels, number, start, end, open_only):
    """A level over [start, end), or the time for which it is above 0. [units x ms]"""
    total, stop = 0, levels.begin[number + 1]
    i = last_at(levels.times, levels.begin[number], stop, start)
    while i < stop and levels.times[i] < end:
        until = min(levels.times[i + 1], end) if i + 1 < stop else end
        time = until - max(levels.times[i], start)
        if time > 0 and levels.values[i] > 0:
            total += time * (1 if open_only else levels.values[i])
        i += 1
    return total
