"""Staff: people at work hour by hour, who was lent from a float pool, and how many more were wanted."""

from __future__ import annotations

from twin.measures.counting.columns import FLOATED
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.cuts import BEGIN, CURRENT, END, ROW, RUNS
from twin.measures.counting.rows import level_time, piece_of
from twin.measures.stays import LATER
from twin.trace import UNSET
from twin.units import MS_HOUR
from twin.workload import IN_STEP, NONE


@small
def _task_end(run, row, piece_end):
    """When the work of a row was over, no later than a piece of it."""
    ended = run.ended[row]
    return min(piece_end, LATER if ended == UNSET else ended)


@compiled
def _work_end(run, cuts, piece):
    """When the work of a running piece was over."""
    row = cuts.piece[piece, ROW]
    if cuts.piece[piece, CURRENT] == 1:
        return _task_end(run, row, cuts.piece[piece, END])
    return min(cuts.piece[piece, END], cuts.piece[piece, BEGIN] + run.duration[row])


@small
def _add(run, present, time, group, begin, end, n):
    """Add n at work in [begin, end) to the time of a group [ms], and to the changes on the hour."""
    begin, end = max(begin, run.start) - run.base, min(end, run.end) - run.base
    if end <= begin:
        return
    time[group] += n * (end - begin)
    first, last = (begin + MS_HOUR - 1) // MS_HOUR, (end + MS_HOUR - 1) // MS_HOUR
    present[group, first] += n
    present[group, last] -= n


@small
def _add_bundle(run, layout, present, time, row, begin, end):
    step = run.step[row]
    for i in range(layout.bundle_from[step], layout.bundle_from[step + 1]):
        _add(run, present, time, layout.bundle_group[i], begin, end, layout.bundle_people[i])


@compiled
def count_work(run, layout, cuts, present, time):
    """Add everybody at work with a patient: changes on the hour (group, hour + 1), time (group,). [ms]"""
    for row in range(run.place.size):
        step = run.step[row]
        if layout.bundle_from[step + 1] == layout.bundle_from[step]:
            continue
        if run.started[row] != UNSET and piece_of(cuts, row) == NONE:
            _add_bundle(run, layout, present, time, row, run.started[row], _task_end(run, row, LATER))
    for i in range(cuts.piece.shape[0]):
        if cuts.piece[i, RUNS] == 1:
            row, begin = cuts.piece[i, ROW], cuts.piece[i, BEGIN]
            _add_bundle(run, layout, present, time, row, begin, _work_end(run, cuts, i))


@compiled
def _worked_until(run, cuts, row, at):
    """When the work of a row that began at an instant was over; the instant itself if none did."""
    piece, until = piece_of(cuts, row), at
    if piece == NONE:
        began = run.started[row] != UNSET and max(run.started[row], 0) == at
        return _task_end(run, row, LATER) if began else at
    while piece < cuts.piece.shape[0] and cuts.piece[piece, ROW] == row:
        if cuts.piece[piece, RUNS] == 1 and max(cuts.piece[piece, BEGIN], 0) == at:
            end = _work_end(run, cuts, piece)
            if end > cuts.piece[piece, BEGIN]:
                until = end
        piece += 1
    return until


@compiled
def _lend(run, layout, cuts, present, time, row, group, at, n):
    """People of a float pool count for the pool, as long as the work lasts."""
    until = _worked_until(run, cuts, row, at)
    _add(run, present, time, group, at, until, -n)
    _add(run, present, time, layout.pool[group], at, until, n)


@compiled
def count_lent(run, layout, cuts, pooled, present, time):
    """Move work from the groups that were short to their float pools; people lent in the measured days."""
    people = 0
    for i in range(run.kind.size):
        if run.kind[i] == FLOATED:
            if run.at[i] >= run.start and run.at[i] < run.end:
                people += run.n[i]
            _lend(run, layout, cuts, present, time, run.who[i], run.what[i], run.at[i], run.n[i])
    for i in range(pooled.shape[0]):
        patient = pooled[i, 0]
        if run.origin[patient] == IN_STEP:
            _lend(run, layout, cuts, present, time, run.first[patient], pooled[i, 1], 0, pooled[i, 2])
    return people


@compiled
def _nurses_wanted(run, layout, group, in_beds, per_nurse, wanted):
    """Nurses of a group whom the patients in beds want by their wards' ratios, on each hour."""
    wanted[:] = 0.0
    for ward in range(layout.wards):
        if layout.nursed[ward] == group:
            for hour in range(run.hours):
                wanted[hour] += in_beds[ward, hour] / per_nurse[ward, hour]


@compiled
def count_short(run, layout, levels, places, present, in_beds, per_nurse, wanted, short):
    """People wanted on the hour beyond those on duty, summed over the hours, by group.

    Parameters
    ----------
    places
        Number of places, whose levels come before those of the groups.
    present, in_beds
        Changes on the hour (group, hour + 1) of who is at work; patients in beds (place, hour).
    per_nurse
        (ward, hour) patients a nurse.
    wanted, short
        Room for a number an hour; room for the answer, one a group.
    """
    for group in range(short.size):
        _nurses_wanted(run, layout, group, in_beds, per_nurse, wanted)
        at_work, total, at = 0, 0.0, run.base
        level, stop = levels.begin[places + group], levels.begin[places + group + 1]
        for hour in range(run.hours):
            at_work += present[group, hour]
            while level + 1 < stop and levels.times[level + 1] <= at:
                level += 1
            if at >= run.start:
                total += max(at_work + wanted[hour] - levels.values[level], 0.0)
            at += MS_HOUR
        short[group] = total


@compiled
def count_levels(run, levels, first, opened):
    """Levels over the measured days, as many as there is room, from a number on. [units x ms]"""
    for i in range(opened.size):
        opened[i] = level_time(levels, first + i, run.start, run.end, False)
