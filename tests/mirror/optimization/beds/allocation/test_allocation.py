"""Beds of specialties that refuse whom they have no bed for."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.beds.allocation.costs import RefusalCosts, refused_share, steady_costs
from optimization.beds.allocation.model import allocation_model, solve_allocation
from optimization.beds.allocation.planning import allocate, allocate_by_simulation
from optimization.beds.allocation.proof import distance_from_best
from optimization.beds.allocation.sharing import by_marginal_analysis, exactly, in_proportion
from optimization.beds.allocation.specialties import Specialty
from optimization.beds.allocation.week import load_by_hour
from optimization.solving import solver
from twin.errors import ConfigError, Infeasible, TwinError, UsageError

GRAVE = Specialty("grave", arrivals_a_day=2, stay_days=3, weight=5)
LIGHT = Specialty("light", arrivals_a_day=2, stay_days=3, weight=1)


def costs(table, least=None, most=None):
    weighted = np.array(table, dtype=float)
    none, all_beds = [0] * len(table), [weighted.shape[1] - 1] * len(table)
    names = tuple(f"s{i}" for i in range(len(table)))
    return RefusalCosts(names, weighted, np.array(least or none), np.array(most or all_beds))


def test_the_grave_specialty_has_more_beds_than_the_light_one():
    plan = allocate([GRAVE, LIGHT], 12)

    assert plan.beds["grave"] > plan.beds["light"]
    assert sum(plan.beds.values()) == 12
    assert plan.in_proportion == {"grave": 6, "light": 6}
    assert 0 < plan.fewer < 1


def test_a_bed_goes_where_it_saves_most():
    table = costs([[10, 4, 2], [6, 1, 0]])

    assert by_marginal_analysis(table, 1).tolist() == [1, 0]
    assert by_marginal_analysis(table, 2).tolist() == [1, 1]
    assert by_marginal_analysis(table, 3).tolist() == [2, 1]


def test_a_bed_that_saves_nothing_stays_away():
    table = costs([[5, 0, 0], [0, 0, 0]])

    assert by_marginal_analysis(table, 4).tolist() == [1, 0]


def test_floors_and_ceilings_hold():
    table = costs([[10, 4, 2], [6, 1, 0]], least=[0, 2], most=[1, 2])

    for share_out in (by_marginal_analysis, exactly):
        assert share_out(table, 4).tolist() == [1, 2]
    assert solve_allocation(allocation_model(table, 4), solver(time_limit=20))[0].tolist() == [1, 2]


@pytest.mark.parametrize("share_out", [by_marginal_analysis, exactly])
def test_floors_above_the_total_are_told_with_what_is_short(share_out):
    with pytest.raises(Infeasible, match="ask for 3 beds, the total is 2: 1 short"):
        share_out(costs([[1, 0, 0], [1, 0, 0]], least=[2, 1]), 2)


def test_marginal_analysis_refuses_costs_where_it_would_be_a_guess():
    two_at_once = costs([[10, 9, 0], [5, 3, 2]])

    with pytest.raises(TwinError, match="does not hold here"):
        by_marginal_analysis(two_at_once, 2)
    assert exactly(two_at_once, 2).tolist() == [2, 0]
    assert solve_allocation(allocation_model(two_at_once, 2), solver(time_limit=20))[0].tolist() == [2, 0]


def test_shares_in_proportion_give_every_bed_away():
    assert in_proportion(np.array([1.0, 1.0, 1.0]), 8).sum() == 8
    assert in_proportion(np.array([3.0, 1.0]), 4).tolist() == [3, 1]


def test_with_no_beds_everybody_is_refused():
    plan = allocate([GRAVE, LIGHT], 0)

    assert plan.beds == {"grave": 0, "light": 0}
    assert plan.cost == pytest.approx(2 * 5 + 2 * 1)


def test_with_no_patients_no_bed_is_given():
    plan = allocate([replace(GRAVE, arrivals_a_day=0), LIGHT], 5)

    assert plan.beds["grave"] == 0


def test_an_even_week_offers_the_same_load_at_every_hour():
    assert load_by_hour(GRAVE) == pytest.approx(GRAVE.offered, rel=1e-3)


def test_the_load_of_a_busy_day_comes_after_its_arrivals():
    mondays = replace(GRAVE, weekdays=(7.0, 0, 0, 0, 0, 0, 0), stay_days=1.0, stay_cv=0.3)

    load = load_by_hour(mondays)

    assert load.mean() == pytest.approx(mondays.offered, rel=1e-3)
    assert 20 <= int(load.argmax()) <= 26  # as the first ones leave, when nobody comes any more


def test_the_same_week_for_all_is_refused_less_than_a_bursting_one():
    weekly = replace(GRAVE, weekdays=(2.0, 2.0, 2.0, 1.0, 0, 0, 0))

    assert allocate([weekly], 8).cost > allocate([GRAVE], 8).cost


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"arrivals_a_day": -1.0}, "arrivals_a_day"),
        ({"stay_days": 0.0}, "stay_days"),
        ({"weight": float("nan")}, "weight"),
        ({"least": 3, "most": 2}, "least"),
        ({"least": 13}, "1 more than the total"),
        ({"name": "light"}, "each name once"),
    ],
)
def test_a_specialty_that_cannot_be_planned_is_named(fault, told):
    with pytest.raises(ConfigError, match=told):
        allocate([replace(GRAVE, **fault), LIGHT], 12)


def test_nothing_to_share_out_is_said_so():
    with pytest.raises(ConfigError, match="at least one specialty"):
        allocate([], 12)
    with pytest.raises(ConfigError, match="total"):
        allocate([GRAVE], -1)


@pytest.fixture(scope="module")
def simulated():
    return allocate_by_simulation([GRAVE, LIGHT], 12, replications=20, days=182)


def test_a_simulated_plan_is_near_the_formula_s(simulated):
    assert abs(simulated.beds["grave"] - allocate([GRAVE, LIGHT], 12).beds["grave"]) <= 1
    assert simulated.cost == pytest.approx(allocate([GRAVE, LIGHT], 12).cost, rel=0.15)


def test_a_simulated_plan_is_counted_again_by_the_engine_and_bounded(simulated):
    proof = simulated.certificate

    assert proof.cost == pytest.approx(simulated.cost)
    assert proof.gap == pytest.approx(0, abs=1e-9)
    assert (proof.train_paths, proof.certify_paths) == (10, 10)
    assert 0 <= simulated.distance.mean <= simulated.distance.at_most
    assert "95% confidence" in proof.bound_note


def test_the_distance_of_a_bad_allocation_is_not_told_too_small():
    true = steady_costs([GRAVE, LIGHT], 12)
    noise = np.random.default_rng(1).normal(1, 0.05, (40, 2, 1))
    bad, best = np.array([2, 10]), by_marginal_analysis(true, 12)

    distance = distance_from_best(bad, true, true.weighted[None] * noise, 12)

    assert distance.at_most >= true.of(bad) - true.of(best)
    assert distance.gap > 0.2


def test_one_fresh_future_bounds_nothing():
    with pytest.raises(UsageError, match="two fresh futures"):
        distance_from_best(np.array([1]), costs([[1, 0]]), np.ones((1, 1, 2)), 1)


def test_erlang_without_load_refuses_nobody_who_finds_a_bed():
    assert refused_share(np.array([0.0]), 2).tolist() == [[1, 0, 0]]
