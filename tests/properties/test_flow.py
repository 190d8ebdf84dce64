"""What holds in every hospital, however it is built: nobody is lost, no bed holds two, no time is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.properties.conftest import Run
from tests.properties.people import at_work
from twin.measures.stays import LATER, departures, stays, wait_ends, worked
from twin.trace import UNSET, Kind, Outcome
from twin.units import MS_HOUR, IntArray, minutes
from twin.workload import ARRIVES, FAR, IN_STEP, NONE, ON_CUE, STEP_ENDED, STOPPED, WAITING

_OUT = (Outcome.DONE, Outcome.LEFT, Outcome.REFUSED, Outcome.BALKED)


def is_booked(run) -> IntArray:
    """Whether each patient is of a class that is booked."""
    classes = [c.booking is not None for c in run.case.hospital.classes.values()]
    return np.array(classes)[run.trace.workload.patient_class]


# ---- patients ------------------------------------------------------------------------------------


def test_patients_in_are_patients_out_and_patients_inside(runs):
    for run in runs:
        trace = run.trace
        first, total = trace.workload.first[:-1], trace.workload.patients

        came = trace.came != UNSET
        out = np.isin(trace.outcome, _OUT)
        waits = (trace.requested != UNSET) & (trace.started == UNSET) & (wait_ends(trace) == LATER)
        works = (trace.started != UNSET) & (trace.ended == UNSET)
        open_rows = np.bincount(trace.patient[waits | works], minlength=total)
        inside = open_rows > 0

        assert not (out & ~came).any(), run.seed
        assert np.array_equal(came, out | inside), run.seed
        assert not (out & inside).any(), run.seed
        assert (open_rows <= 1).all(), run.seed
        assert np.array_equal(trace.requested[first] != UNSET, came), run.seed


def test_who_comes_comes_when_the_workload_says(runs):
    for run in runs:
        trace, work = run.trace, run.trace.workload
        there = np.isin(work.origin, (IN_STEP, WAITING, STOPPED)) & ~is_booked(run)
        walks_in = (work.origin == ARRIVES) & ~is_booked(run)

        assert np.array_equal(trace.came[there], work.came[there]), run.seed
        assert np.array_equal(trace.came[walks_in] != UNSET, work.arrival[walks_in] < trace.end), run.seed
        known = walks_in & (trace.came != UNSET)
        assert np.array_equal(trace.came[known], work.arrival[known]), run.seed
        assert (trace.came[trace.came != UNSET] < trace.end).all(), run.seed


def test_each_patient_goes_through_the_steps_in_order(runs):
    for run in runs:
        trace = run.trace
        one, following = slice(None, -1), slice(1, None)
        same = trace.patient[one] == trace.patient[following]

        for earlier, later in (("requested", "started"), ("started", "ended"), ("ended", "left")):
            a, b = getattr(trace, earlier), getattr(trace, later)
            assert (a[b != UNSET] <= b[b != UNSET]).all(), run.seed
            assert (a[b != UNSET] != UNSET).all(), run.seed
        goes_on = same & (trace.requested[following] != UNSET)
        assert (trace.requested[one][goes_on] != UNSET).all(), run.seed
        after_step = goes_on & (trace.started[one] != UNSET)
        assert (trace.requested[following][after_step] == trace.ended[one][after_step]).all(), run.seed
        moved = same & (trace.started[following] != UNSET) & (trace.started[one] != UNSET)
        assert (trace.left[one][moved] <= trace.started[following][moved]).all(), run.seed
        assert (trace.left[one][moved] != UNSET).all(), run.seed


def test_who_is_done_has_ended_or_passed_over_every_step(runs):
    for run in runs:
        trace = run.trace
        done = (trace.outcome == Outcome.DONE)[trace.patient]

        assert (trace.requested[done] != UNSET).all(), run.seed
        begun = done & (trace.started != UNSET)
        assert (trace.ended[begun] != UNSET).all() and (trace.left[begun] != UNSET).all(), run.seed
        passed = done & (trace.started == UNSET)
        may = np.array([s.if_full == "skips" or s.out_of_patience == "skips" for s in run.steps])
        assert may[trace.workload.step[passed]].all(), run.seed


def test_who_went_before_the_end_could_go(runs):
    for run in runs:
        trace, steps = run.trace, run.steps
        for patient in np.flatnonzero(np.isin(trace.outcome, (Outcome.LEFT, Outcome.REFUSED))):
            rows = np.arange(*trace.workload.first[patient : patient + 2])
            waited = rows[(trace.requested[rows] != UNSET) & (trace.started[rows] == UNSET)]
            step = steps[trace.workload.step[waited[-1]]]
            left = trace.outcome[patient] == Outcome.LEFT

            assert step.patience is not None if left else step.if_full == "leaves", run.seed


def test_every_step_takes_its_own_length_however_often_it_was_stopped(runs):
    for run in runs:
        trace, work = run.trace, run.trace.workload
        row, begin, end = worked(trace)
        known = (end != LATER) & (end <= trace.end)
        time = np.bincount(row[known], (end - np.maximum(begin, 0))[known], trace.place.size).astype(np.int64)

        over = trace.ended != UNSET
        over[trace.log.only(Kind.ABANDONED).who] = False  # begun more than once
        free = over & (work.wall == NONE)
        assert np.array_equal(time[free], work.duration[free]), run.seed
        timed = over & (work.wall != NONE)
        assert (time[timed] > 0).all(), run.seed


def test_a_step_that_needs_nothing_starts_as_it_is_asked_for(runs):
    for run in runs:
        trace = run.trace
        nothing = [
            not s.places and not s.in_place and not s.staff and s.kit is None and s.needs_next is None
            for s in run.steps
        ]
        stopped = np.zeros(trace.place.size, bool)
        stopped[trace.workload.first[:-1][trace.workload.origin == STOPPED]] = True

        rows = np.array(nothing)[trace.workload.step] & (trace.requested >= 0) & ~stopped

        assert np.array_equal(trace.started[rows], trace.requested[rows]), run.seed


def test_in_a_plain_line_nobody_is_overtaken_by_his_like(runs):
    """Those who wait for one step in one place need the same; the first of them is always first."""
    for run in runs:
        trace = run.trace
        promising = any(s.needs_next is not None for s in run.steps)
        if promising or trace.exchanges or is_booked(run).any():
            continue  # who holds a promise needs less than the others; who swaps beds goes with another
        until = wait_ends(trace)
        stopped = np.isin(
            np.arange(trace.place.size), trace.workload.first[:-1][trace.workload.origin == STOPPED]
        )
        for number, step in enumerate(run.steps):
            if len(step.places) > 1 or step.in_place or step.if_full != "waits":
                continue
            asked = (trace.workload.step == number) & (trace.requested != UNSET) & ~stopped
            rows = np.flatnonzero(asked & ((trace.started == UNSET) | (trace.started >= 0)))
            key = trace.workload.key[trace.patient[rows]]
            rows = rows[np.lexsort((key, trace.requested[rows]))]
            started = trace.started[rows]

            latest = np.maximum.accumulate(until[rows])[:-1]
            later = started[1:] != UNSET
            assert (latest[later] <= started[1:][later]).all(), run.seed


# ---- places --------------------------------------------------------------------------------------


def test_nobody_is_in_two_places(runs):
    for run in runs:
        trace, found = run.trace, stays(run.trace)
        order = np.lexsort((found.end, found.begin, trace.patient[found.row]))
        patient, begin, end = trace.patient[found.row][order], found.begin[order], found.end[order]

        same = patient[1:] == patient[:-1]
        assert (end >= begin).all(), run.seed
        assert (end[:-1][same] <= begin[1:][same]).all(), run.seed


def keeps_as_the_steps_say(run) -> bool:
    """Whether each place is one of its step's, held from the start to the end of the step, or to the next.

    When it is given up is worked out from the ends of steps and of waits, not from ``left``; of patients
    of whom the log tells nothing.
    """
    trace, first = run.trace, run.trace.workload.first
    until, places = wait_ends(trace), list(run.trace.places)
    plain = ~np.isin(np.arange(trace.workload.patients), _told_of(trace))
    for patient in np.flatnonzero(plain & (trace.came != UNSET) & _comes_in_the_run(trace)):
        rows = np.arange(first[patient], first[patient + 1])
        rows = rows[trace.requested[rows] != UNSET]
        out = trace.outcome[patient] != Outcome.OPEN
        over = np.where(trace.started[rows] == UNSET, until[rows], trace.ended[rows]).max(initial=UNSET)
        served = rows[trace.started[rows] != UNSET]
        for i, row in enumerate(served):
            step = run.steps[trace.workload.step[row]]
            following = served[i + 1] if i + 1 < served.size else None
            if trace.place[row] >= 0 and not step.in_place:
                if places[trace.place[row]] not in [a.place for a in step.alternatives()]:
                    return False
            if step.keeps_place and trace.ended[row] != UNSET:
                left = trace.started[following] if following is not None else over if out else UNSET
            else:
                left = trace.ended[row]
            if trace.place[row] >= 0 and trace.left[row] != left:
                return False
    return True


def _told_of(trace) -> IntArray:
    """Patients whose rows were stopped, moved or begun for nothing."""
    return np.unique(
        trace.patient[trace.log.only(Kind.STOPPED, Kind.RESUMED, Kind.MOVED, Kind.ABANDONED).who]
    )


def _comes_in_the_run(trace) -> NDArray[np.bool_]:
    """Whether each patient was not there before the run, shape (patient,)."""
    return ~np.isin(trace.workload.origin, (IN_STEP, WAITING, STOPPED))


def test_a_place_is_kept_as_long_as_the_step_says(runs):
    assert [run.seed for run in runs if not keeps_as_the_steps_say(run)] == []


def _taken(run, place: int) -> tuple[IntArray, IntArray]:
    """When units of a place were taken and free again, by patients, and by cleaning after them. [ms]"""
    trace, found = run.trace, stays(run.trace)
    here = np.flatnonzero(found.place == place)
    begin, end, row = found.begin[here], found.end[here].copy(), found.row[here]
    entry = list(run.case.hospital.everywhere.values())[place]
    if trace.exchanges == 0 and entry.turnaround_minutes:
        stops = trace.log.only(Kind.STOPPED)
        stopped = set(zip(stops.who.tolist(), stops.at.tolist(), strict=True))
        again = set(zip(trace.patient[row].tolist(), begin.tolist(), strict=True))
        for i in range(here.size):
            patient = int(trace.patient[row[i]])
            goes_on = (patient, int(end[i])) in again or (int(row[i]), int(end[i])) in stopped
            if end[i] != LATER and not goes_on:
                end[i] += minutes(entry.turnaround_minutes)
    cleaning = trace.workload.cleaning
    until = cleaning[cleaning[:, 0] == place, 1]
    return np.append(begin, np.full(until.size, -1)), np.append(end, until)


def _instants_of_taking(run, place: int) -> IntArray:
    """When somebody took a unit of a place who was not there before."""
    found = stays(run.trace)
    here = found.place == place
    patient, begin, end = run.trace.patient[found.row[here]], found.begin[here], found.end[here]
    there = set(zip(patient.tolist(), end.tolist(), strict=True))
    new = [t for p, t in zip(patient.tolist(), begin.tolist(), strict=True) if t > 0 and (p, t) not in there]
    return np.unique(np.array(new, np.int64))


def test_no_place_takes_more_than_are_open(runs):
    """Who takes a unit finds one free, cleaning included; a promised place may be open no more."""
    for run in runs:
        trace = run.trace
        promised = {(int(p)) for p in trace.log.only(Kind.PROMISED).what} | set(trace.workload.promised)
        for place, name in enumerate(trace.places):
            if place in promised:
                continue
            begin, end = _taken(run, place)
            instants = _instants_of_taking(run, place)
            begun = np.searchsorted(np.sort(begin), instants, "right")
            after = begun - np.searchsorted(np.sort(end), instants, "right")
            level = np.array([trace.schedule.levels[name].at(int(t)) for t in instants], np.int64)
            if trace.exchanges:
                before = np.searchsorted(np.sort(begin), instants, "left")
                level = np.maximum(level, before - np.searchsorted(np.sort(end), instants, "left"))

            assert (after <= level).all(), (run.seed, name)


def waits_and_steps_fill_the_visit(run) -> bool:
    """Whether each visit, from coming until the last place was left, is as long as its waits and steps."""
    trace, patients = run.trace, run.trace.workload.patients
    out = np.isin(trace.outcome, _OUT) & _comes_in_the_run(trace)
    asked = (trace.requested != UNSET) & out[trace.patient]
    waits = (wait_ends(trace) - trace.requested)[asked]
    begun = asked & (trace.started != UNSET)
    steps = (trace.ended - trace.started)[begun]
    filled = np.bincount(trace.patient[asked], waits, patients) + np.bincount(
        trace.patient[begun], steps, patients
    )
    visit = departures(trace) - trace.came
    return np.array_equal(filled[out].astype(np.int64), visit[out])


def test_waits_and_steps_fill_the_visit(runs):
    assert [run.seed for run in runs if not waits_and_steps_fill_the_visit(run)] == []


# ---- and a falsified trace is found --------------------------------------------------------------


def falsified(run, column: str, late: int) -> Run:
    values = getattr(run.trace, column)
    changed = np.where(values == UNSET, UNSET, values + late)
    return replace(run, trace=replace(run.trace, **{column: changed}))


@pytest.fixture
def visited(runs) -> list[Run]:
    """Runs in which somebody came, took a place and was out again, and of whom the log tells nothing."""
    found = []
    for run in runs[:40]:
        trace = run.trace
        whole = np.isin(trace.outcome, _OUT) & _comes_in_the_run(trace)
        whole[_told_of(trace)] = False
        if (whole[trace.patient] & (trace.place >= 0) & (trace.left != UNSET)).any():
            found.append(run)
    return found


def test_places_left_late_are_found(visited):
    late = [falsified(run, "left", MS_HOUR) for run in visited]

    assert len(visited) > 10
    assert not any(keeps_as_the_steps_say(run) for run in late)
    assert not any(waits_and_steps_fill_the_visit(run) for run in late)


def test_steps_asked_for_early_are_found(visited):
    early = [falsified(run, "requested", -MS_HOUR) for run in visited]

    assert not any(waits_and_steps_fill_the_visit(run) for run in early)


def test_a_place_that_is_none_of_the_steps_is_found(visited):
    for run in visited:
        trace = run.trace
        whole = _comes_in_the_run(trace)
        whole[_told_of(trace)] = False
        own = np.array([not step.in_place for step in run.steps])[trace.workload.step]
        row = np.flatnonzero(whole[trace.patient] & own & (trace.place >= 0))[0]
        allowed = [a.place for a in run.steps[trace.workload.step[row]].alternatives()]
        others = [i for i, name in enumerate(trace.places) if name not in allowed]
        for other in others:
            place = trace.place.copy()
            place[row] = other

            assert not keeps_as_the_steps_say(replace(run, trace=replace(trace, place=place))), run.seed


# ---- people --------------------------------------------------------------------------------------


def test_nobody_is_with_two_patients_and_all_come_back(runs):
    """Who takes people finds them free: never more at work than on duty, but for those who stayed on."""
    for run in runs:
        trace = run.trace
        if trace.log.only(Kind.ABANDONED, Kind.CANCELLED).at.size:
            continue  # what people did for a cancelled visit is told only where it had a place
        for group in run.case.hospital.staff:
            begin, end, people = at_work(run, group)
            at = np.concatenate([begin, end])
            change = np.concatenate([people, -people])
            instants = np.unique(begin[begin > 0])
            order = np.lexsort((-change, at))
            total = np.append(0, np.cumsum(change[order]))
            after = total[np.searchsorted(at[order], instants, "right")]
            level = np.array([trace.schedule.levels[group].at(int(t)) for t in instants], np.int64)

            assert (after <= level).all(), (run.seed, group)
            assert (total >= 0).all(), (run.seed, group)


# ---- what comes on a cue -------------------------------------------------------------------------


def test_who_comes_on_a_cue_comes_so_long_after_its_row_or_not_at_all(runs):
    for run in runs:
        trace, work = run.trace, run.trace.workload
        on_cue = work.origin == ON_CUE
        walks_in = ~is_booked(run)[work.cue_patient] & ~is_booked(run)[trace.patient[work.cue_row]]
        row, patient, gap = (column[walks_in] for column in (work.cue_row, work.cue_patient, work.cue_gap))
        came = trace.came[patient] != UNSET

        assert (work.arrival[on_cue] == FAR).all(), run.seed
        giver = trace.patient[row]
        assert (trace.came[giver[came]] != UNSET).all(), run.seed
        assert (trace.came[patient[came]] >= trace.came[giver[came]] + gap[came]).all(), run.seed
        ended = work.cue_kind[walks_in] == STEP_ENDED
        due = trace.ended[row] + gap
        comes = ended & (trace.ended[row] != UNSET) & (due < trace.end)
        assert np.array_equal(trace.came[patient[comes]], due[comes]), run.seed
        assert (trace.came[patient[ended & ~comes]] == UNSET).all(), run.seed
        nobody = on_cue & ~np.isin(np.arange(work.patients), work.cue_patient)
        assert (trace.came[nobody] == UNSET).all(), run.seed
