"""What holds in every hospital, however it is built: nobody is lost, no bed holds two, Little's law."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.random_houses import random_case, random_workload
from twin.case import Case
from twin.engine import simulate
from twin.trace import UNSET, Trace
from twin.units import IntArray, minutes

_LATER = np.iinfo(np.int64).max
many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
seeds = st.integers(0, 2**32)


def any_trace(seed: int) -> tuple[Case, Trace]:
    rng = Random(seed)
    case = random_case(rng)
    return case, simulate(case, random_workload(rng, case, whole_minutes=seed % 2 == 0))


def last_rows(trace: Trace) -> IntArray:
    return trace.workload.first[1:] - 1


@many
@given(seeds)
def test_patients_in_are_patients_out_and_patients_inside(seed):
    _, trace = any_trace(seed)
    work = trace.workload

    came = work.arrival < trace.end
    asked = trace.requested[work.first[:-1]] != UNSET
    out = trace.left[last_rows(trace)] != UNSET
    present = (trace.requested != UNSET) & ((trace.ended == UNSET) | (trace.left == UNSET))
    inside = np.bincount(trace.patient[present], minlength=work.patients) > 0

    assert np.array_equal(came, asked)
    assert int(came.sum()) == int(out.sum()) + int((inside & ~out).sum())
    assert not (out & inside).any()


@many
@given(seeds)
def test_each_patient_goes_through_the_steps_in_order_and_is_in_one_place_at_a_time(seed):
    _, trace = any_trace(seed)
    one, following = slice(None, -1), slice(1, None)
    same = trace.patient[one] == trace.patient[following]

    for earlier, later in (("requested", "started"), ("started", "ended"), ("ended", "left")):
        a, b = getattr(trace, earlier), getattr(trace, later)
        assert (a[b != UNSET] <= b[b != UNSET]).all()
        assert (a[b != UNSET] != UNSET).all()
    going_on = same & (trace.requested[following] != UNSET)
    assert (trace.requested[following][going_on] == trace.ended[one][going_on]).all()
    moved = same & (trace.started[following] != UNSET)
    assert (trace.left[one][moved] <= trace.started[following][moved]).all()
    assert (trace.left[one][moved] != UNSET).all()


@many
@given(seeds)
def test_every_step_takes_its_own_length(seed):
    _, trace = any_trace(seed)
    work = trace.workload
    began = np.maximum(trace.started, 0)

    free = (work.wall == -1) & (trace.ended != UNSET)
    assert np.array_equal(trace.ended[free] - began[free], work.duration[free])
    timed = (work.wall != -1) & (trace.ended != UNSET)
    assert (trace.ended[timed] > began[timed]).all()


@many
@given(seeds)
def test_no_place_takes_more_than_are_open(seed):
    """After a start no more are held, cleaning included, than the level; a swap may leave it as it was."""
    case, trace = any_trace(seed)

    for number, (name, entry) in enumerate(case.hospital.everywhere.items()):
        rows = np.flatnonzero((trace.place == number) & (trace.started != UNSET))
        begins, ends = _held(trace, rows, number, minutes(entry.turnaround_minutes))
        for instant in np.unique(trace.started[rows][trace.started[rows] >= 0]):
            after = int(((begins <= instant) & (instant < ends)).sum())
            before = int(((begins < instant) & (instant <= ends)).sum())
            assert after <= max(trace.schedule.levels[name].at(int(instant)), before)


def _held(trace: Trace, rows: IntArray, place: int, cleaning: int) -> tuple[IntArray, IntArray]:
    """When each unit of a place was taken and free again. [ms]

    Cleaning counts as taken, unless the patient stays there for the next step; where patients swapped
    beds it is left out, because a swap needs none.
    """
    begins = np.maximum(trace.started[rows], -1)
    ends = np.where(trace.left[rows] == UNSET, _LATER, trace.left[rows])
    if trace.exchanges == 0:
        following = np.minimum(rows + 1, trace.place.size - 1)
        stays = (trace.patient[following] == trace.patient[rows]) & (trace.place[following] == place)
        ends = np.where(stays | (ends == _LATER), ends, ends + cleaning)
    return begins, ends


@many
@given(seeds)
def test_littles_law_holds_to_the_millisecond(seed):
    """The area under the number in the house is the sum of the times that patients spent there."""
    _, trace = any_trace(seed)
    work = trace.workload
    came = work.arrival < trace.end
    begins = np.maximum(work.arrival[came], 0)
    left = trace.left[last_rows(trace)][came]
    ends = np.where(left == UNSET, trace.end, left)

    at = np.concatenate([begins, ends, [0, trace.end]])
    change = np.concatenate([np.ones(begins.size, np.int64), -np.ones(ends.size, np.int64), [0, 0]])
    order = np.argsort(at, kind="stable")
    number = np.cumsum(change[order])
    area = int((number[:-1] * np.diff(at[order])).sum())

    assert area == int((ends - begins).sum())
    assert (number >= 0).all()


@many
@given(seeds)
def test_a_step_that_needs_no_place_and_no_people_starts_as_it_is_asked_for(seed):
    case, trace = any_trace(seed)
    steps = [case.hospital.pathways[k.pathway].steps[k.index] for k in trace.steps]
    needs_nothing = np.array([not s.places and not s.in_place and not s.staff for s in steps])

    rows = needs_nothing[trace.workload.step] & (trace.requested != UNSET) & (trace.requested >= 0)

    assert np.array_equal(trace.started[rows], trace.requested[rows])
