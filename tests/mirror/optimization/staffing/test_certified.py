"""A staffing with its proof, its reasons, and what is said where there is none."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.proof.attempts import Attempts
from optimization.staffing.certified import plan_certified
from optimization.staffing.proof import certify, level_of
from optimization.staffing.station import draw_days
from twin.errors import Infeasible


@pytest.fixture(scope="module")
def planned(short_day):
    return plan_certified(short_day, seed=3, train=60, days=1000, gap=0.02, time_limit=8)


def test_a_certified_plan_meets_its_target_on_days_that_nobody_has_seen(short_day, planned):
    later = draw_days(short_day.stations[0], seed=99, replications=range(5000))

    level = level_of(later, planned.found.levels["nurse"], 10.0)

    assert planned.holds
    assert level.expected > 80
    assert planned.certificate.targets[0].bound95 <= level.expected + 3 * level.error


def test_the_target_on_the_sample_is_raised_and_both_gaps_are_told(planned):
    assert planned.raised["nurse"] >= 0.8
    assert planned.true_bound <= planned.found.bound + 1e-6
    assert 0 <= planned.found.gap <= planned.true_gap


def test_the_cost_is_counted_again_without_the_model(planned):
    assert planned.certificate.cost == pytest.approx(planned.found.cost)


def test_more_demand_than_forecast_lowers_the_level(planned):
    levels = [off.targets[0].expected for off in planned.certificate.off_forecast]

    assert levels == sorted(levels, reverse=True)
    assert levels[0] > levels[-1] + 5


def test_one_more_person_brings_tasks_in_time(planned):
    (what, brings), *_ = planned.explanation.one_more

    assert "nurse, one more in block" in what
    assert brings.startswith("+")
    assert any("without one of" in line for line in planned.explanation.binds)


def test_a_staffing_that_falls_short_is_not_certified(short_day):
    proofs = certify(short_day, {"nurse": np.ones(6, dtype=int)}, Attempts().next(200), seed=1)

    assert not any(p.holds for p in proofs)


def test_too_few_people_are_told_with_the_hour_and_three_ways_out(short_day):
    few = replace(short_day, most={"nurse": 8})

    with pytest.raises(Infeasible) as told:
        plan_certified(few, seed=3, train=20, days=200, time_limit=10)

    words = str(told.value)
    assert told.value.exit_code == 4
    for what in ("8 people reach", "most wait from", "nurse people work", "lower the target", "allow nurse"):
        assert what in words


def test_the_same_seed_gives_the_same_proof(short_day):
    levels = {"nurse": np.array([2, 2, 3, 4, 3, 2])}

    once, again = (certify(short_day, levels, Attempts().next(100), seed=7) for _ in range(2))

    assert once == again
