"""Stays: who is in which place, hour by hour, and who leaves the wards."""

from __future__ import annotations

from twin.measures.counting.columns import ABANDONED, CANCELLED, NOON, OPEN
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.cuts import BEGIN, CURRENT, END, PLACE, ROW
from twin.measures.counting.rows import add, day_of, departure, left_at, patient_of, piece_of
from twin.measures.stays import LATER
from twin.trace import UNSET
from twin.workload import NONE, WAITING


@compiled
def count_stays(run, layout, cuts, hourly, ward_rows):
    """Add every stay in one of the places counted to its hours, and note the rows that concern wards.

    Parameters
    ----------
    hourly
        (place, hour + 1, 2) ; places beyond it are not counted.
    ward_rows
        Room for one entry a row.

    Returns
    -------
    rows noted, stays begun in wards, of them outside the first place, time by outliers [ms]
    """
    noted, begun, outside, by_outliers, counted = 0, 0, 0, 0, hourly.shape[0]
    for row in range(run.place.size):
        place, started = run.place[row], run.started[row]
        if started == UNSET:
            first = layout.first_place[run.step[row]]
            ward_rows[noted] = row
            noted += first >= 0 and first < layout.wards
        elif piece_of(cuts, row) != NONE:
            ward_rows[noted] = row
            noted += 1
        elif place >= 0 and place < counted:
            time = add(hourly, place, started, left_at(run, row), 1, run)
            if place < layout.wards:
                first = layout.first_place[run.step[row]]
                by_outliers += time * (first != place and first >= 0)
                ward_rows[noted] = row
                noted += 1
        if place >= 0 and place < layout.wards and started >= run.start and started < run.end:
            first = layout.first_place[run.step[row]]
            begun += first >= 0
            outside += first >= 0 and first != place
    return noted, begun, outside, by_outliers + _count_pieces(run, layout, cuts, hourly)


@compiled
def _count_pieces(run, layout, cuts, hourly):
    """The same of rows that the log cuts; time by outliers. [ms]"""
    by_outliers = 0
    for i in range(cuts.piece.shape[0]):
        place, first = cuts.piece[i, PLACE], layout.first_place[run.step[cuts.piece[i, ROW]]]
        if place >= 0 and place < hourly.shape[0]:
            time = add(hourly, place, cuts.piece[i, BEGIN], cuts.piece[i, END], 1, run)
            by_outliers += time * (place < layout.wards and first != place and first >= 0)
    return by_outliers


@compiled
def count_delayed(run):
    """Time in the measured days that patients stayed on after they were medically fit. [ms]"""
    delayed = 0
    for row in range(run.delay.size):
        if run.delay[row] > 0 and run.ended[row] != UNSET:
            fit = max(run.ended[row] - run.delay[row], run.started[row])
            delayed += max(min(run.ended[row], run.end) - max(fit, run.start), 0)
    return delayed


@compiled
def count_found(run, hourly, until):
    """Add places kept by those found waiting: until they start a step, go, or are cancelled.

    ``until`` is room for one instant a patient.
    """
    until[:] = LATER
    for i in range(run.kind.size):
        if run.kind[i] == ABANDONED:
            who = patient_of(run, run.who[i])
            until[who] = min(until[who], run.n[i])
        elif run.kind[i] == CANCELLED:
            until[run.who[i]] = min(until[run.who[i]], run.at[i])
    for patient in range(run.held.size):
        if run.held[patient] == NONE or run.origin[patient] != WAITING:
            continue
        end = min(departure(run, patient), until[patient])
        for row in range(run.first[patient], run.first[patient + 1]):
            if run.started[row] != UNSET:
                end = min(end, run.started[row])
        if run.held[patient] < hourly.shape[0]:
            add(hourly, run.held[patient], 0, end, 1, run)


@compiled
def _last_ward(run, layout, cuts, row):
    """Last ward bed of a row that started, or -1, and when it was left."""
    place, left, piece = run.place[row], left_at(run, row), piece_of(cuts, row)
    if piece != NONE:
        place = NONE
        while piece < cuts.piece.shape[0] and cuts.piece[piece, ROW] == row:
            held = cuts.piece[piece, PLACE]
            if cuts.piece[piece, CURRENT] == 1 and held >= 0 and held < layout.wards:
                place, left = held, cuts.piece[piece, END]
            piece += 1
    return (place, left) if place < layout.wards else (NONE, left)


@small
def time_of_day(run, at):
    """Time since the local midnight before an instant. [ms]"""
    return at - run.day_starts[day_of(run, at)]


@compiled
def count_discharges(run, layout, cuts, ward_rows, noted):
    """Patients who left a general ward in the measured days, for no other ward later, and before noon.

    Who is out of the house is bound for nothing any more.
    """
    discharges, before_noon, patient, i = 0, 0, 0, 0
    while i < noted:
        while run.first[patient + 1] <= ward_rows[i]:
            patient += 1
        ward, left = NONE, LATER
        while i < noted and ward_rows[i] < run.first[patient + 1]:
            row = ward_rows[i]
            i += 1
            if run.started[row] != UNSET:
                last, at = _last_ward(run, layout, cuts, row)
                if last != NONE:
                    ward, left = last, at
            elif run.outcome[patient] == OPEN:
                ward = NONE  # he is bound for another
        if ward != NONE and not layout.critical[ward] and left >= run.start and left < run.end:
            discharges += 1
            before_noon += time_of_day(run, left) < NOON
    return discharges, before_noon
