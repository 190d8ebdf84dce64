"""Allocations of any specialties: three ways agree, and refusals fall with every further bed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimization.beds.allocation.costs import RefusalCosts, refused_share, steady_costs
from optimization.beds.allocation.loss_system import _take_lowest, refusals
from optimization.beds.allocation.model import allocation_model, solve_allocation
from optimization.beds.allocation.sharing import by_marginal_analysis, exactly
from optimization.beds.allocation.specialties import Specialty, hospital_of
from optimization.solving import solver
from tests.houses import START
from twin.case import Case, Window
from twin.engine import simulate
from twin.trace import Outcome
from twin.workload import draw_workload

rates = st.floats(0.05, 8)
wards = st.lists(st.tuples(rates, st.floats(0.5, 9), st.floats(0.1, 9)), min_size=1, max_size=6)


@given(st.floats(0.01, 200))
def test_each_further_bed_saves_less(load):
    share = refused_share(np.array(load), 250)

    saved = -np.diff(share)
    assert (saved >= -1e-15).all()
    assert (np.diff(saved) <= 1e-12).all()


@settings(max_examples=25, deadline=None)
@given(wards, st.integers(0, 60))
def test_marginal_analysis_dynamic_programming_and_the_model_agree(rows, total):
    specialties = [Specialty(f"s{i}", a, d, weight=w) for i, (a, d, w) in enumerate(rows)]
    costs = steady_costs(specialties, total)

    greedy = by_marginal_analysis(costs, total)
    _, solved = solve_allocation(allocation_model(costs, total), solver(time_limit=20))

    assert greedy.sum() <= total
    assert costs.of(greedy) == pytest.approx(costs.of(exactly(costs, total)), rel=1e-9, abs=1e-12)
    assert costs.of(greedy) == pytest.approx(solved.objective, rel=1e-7, abs=1e-6)  # its gap


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 12), st.integers(0, 10**6))
def test_costs_of_any_shape_are_shared_out_as_the_model_says(specialties, total, seed):
    draw = np.random.default_rng(seed)
    table = draw.uniform(0, 9, (specialties, total + 1))
    most = np.full(specialties, total)
    costs = RefusalCosts(tuple(f"s{i}" for i in range(specialties)), table, 0 * most, most)

    beds = exactly(costs, total)
    _, solved = solve_allocation(allocation_model(costs, total), solver(time_limit=20))

    assert beds.sum() <= total
    assert costs.of(beds) == pytest.approx(solved.objective)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=60))
def test_one_pass_counts_what_each_number_of_beds_would_refuse(visits):
    came, stays = (np.array(column, np.int64) for column in zip(*sorted(visits), strict=True))

    free_from, took = np.full(12, -1), np.zeros(13, np.int64)
    _take_lowest(came, came + stays, np.ones_like(came), free_from, took)
    refused = took[::-1].cumsum()[::-1]

    assert refused.tolist() == [refused_by(beds, came, stays) for beds in range(13)]
    assert (np.diff(refused) <= 0).all()


def refused_by(beds, came, stays):
    """A ward of so many beds, told bed by bed."""
    busy, refused = [], 0
    for at, stay in zip(came, stays, strict=True):
        busy = [until for until in busy if until > at]
        if len(busy) < beds:
            busy.append(at + stay)
        else:
            refused += 1
    return refused


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 100), st.integers(0, 14))
def test_the_twin_s_engine_refuses_the_same_patients(seed, beds):
    specialties = [Specialty("a", 3, 2, 0.7), Specialty("b", 2, 4, 1.2)]
    case = Case(hospital_of(specialties, {"a": beds, "b": 14 - beds}))
    window = Window(START, 30, warm_up=10)

    counted = refusals(case, window, seed=seed, replications=[3], most=14)[0]

    work = draw_workload(case, window, seed=seed, replication=3)
    trace = simulate(case, work, engine="kernel")
    first, last = work.clock.day_starts[10], work.clock.day_starts[40]
    gone = (trace.outcome == Outcome.REFUSED) & (work.arrival >= first) & (work.arrival < last)
    played = np.bincount(work.patient_class[gone], minlength=2)
    assert played.tolist() == [counted[0, beds], counted[1, 14 - beds]]
