"""The cheapest staffing of a sample, and its bound."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimization.staffing.planning import Planner
from optimization.staffing.playing import late_by_block
from optimization.staffing.question import Pattern, Question, by_block
from optimization.staffing.search import Search, lifted
from optimization.staffing.station import draw_days
from tests.mirror.optimization.staffing.conftest import station
from twin.errors import ConfigError, Infeasible

COSTS = (1.3, 1.0, 1.1, 1.5)


@pytest.fixture(scope="module")
def four_blocks():
    """Four blocks, levels free by block, and its 20 training days."""
    nurse = station(1.5, 3.0, 4.0, 2.0, service_cv=0.7)
    asked = Question((nurse,), {"nurse": by_block(COSTS)}, limit_minutes=10.0)
    return asked, {"nurse": draw_days(nurse, seed=3, replications=range(0, 40, 2))}


def cheapest_of_all(days, allowed, limit, most=6):
    """Least cost over every level vector, one by one."""
    costs = (
        sum(c * n for c, n in zip(COSTS, levels, strict=True))
        for levels in product(range(1, most + 1), repeat=len(COSTS))
        if late_by_block(days, np.array(levels), limit_minutes=limit).sum() <= allowed
    )
    return min(costs)


def test_the_plan_is_the_cheapest_of_all_level_vectors(four_blocks):
    asked, days = four_blocks
    allowed = int(0.2 * days["nurse"].by_block.sum() + 1e-9)
    best = cheapest_of_all(days["nurse"], allowed, 10.0)

    found = Planner(asked, days).plan(gap=0.0, time_limit=60)

    assert found.cost == pytest.approx(best)
    assert found.bound <= best + 1e-6
    assert found.gap < 0.01
    assert found.late["nurse"] <= allowed


def test_a_bound_for_a_lower_target_is_lower_and_still_true(four_blocks):
    asked, days = four_blocks
    planner = Planner(asked, days)
    raised = planner.plan({"nurse": 0.9}, gap=0.0, time_limit=60)

    asked_bound = planner.bound_at(0.8)

    allowed = int(0.2 * days["nurse"].by_block.sum() + 1e-9)
    assert asked_bound <= raised.bound + 1e-6
    assert asked_bound <= cheapest_of_all(days["nurse"], allowed, 10.0) + 1e-6


def test_lifted_levels_still_fail_and_one_more_anywhere_passes(four_blocks):
    asked, days = four_blocks
    allowed = int(0.2 * days["nurse"].by_block.sum())
    search = Search(asked, "nurse", days["nurse"], allowed)
    ceiling = np.full(4, 8)

    high = lifted(search, np.array([1, 1, 1, 1]), ceiling, np.arange(4))

    def late(levels):
        return late_by_block(days["nurse"], levels, limit_minutes=10.0).sum()

    assert (high >= 1).all()
    assert late(high) > allowed
    for g in np.flatnonzero(high < ceiling):
        assert late(high + (np.arange(4) == g)) <= allowed


def test_people_work_whole_shifts(four_blocks):
    asked, days = four_blocks
    shifts = (Pattern("early", 0, 2, 2.0), Pattern("late", 2, 2, 2.5))

    found = Planner(replace(asked, patterns={"nurse": shifts}), days).plan(time_limit=60)

    levels = found.levels["nurse"]
    assert levels[0] == levels[1] == found.staffing.people["nurse", "early"]
    assert levels[2] == levels[3] == found.staffing.people["nurse", "late"]


def test_a_pinned_shift_stays(four_blocks):
    asked, days = four_blocks

    found = Planner(replace(asked, pins={("nurse", "block 0"): 4}), days).plan(time_limit=60)

    assert found.staffing.people["nurse", "block 0"] == 4


def test_a_higher_skill_stands_in_where_that_is_cheaper():
    nurse, doctor = station(2.0, 2.0), station(1.0, 1.0, name="doctor")
    patterns = {"nurse": by_block([1.0, 50.0]), "doctor": by_block([2.0, 2.0])}
    asked = Question((nurse, doctor), patterns, {"doctor": ("nurse",)})
    days = {s.name: draw_days(s, seed=1, replications=range(0, 20, 2)) for s in (nurse, doctor)}

    found = Planner(asked, days).plan(gap=0.0, time_limit=60)

    assert found.staffing.people["nurse", "block 1"] == 0
    assert found.staffing.serves["doctor", "nurse", 1] >= 1
    assert found.levels["nurse"][1] == found.staffing.serves["doctor", "nurse", 1]


def test_too_few_people_is_no_plan(four_blocks):
    asked, days = four_blocks

    with pytest.raises(Infeasible):
        Planner(replace(asked, most={"nurse": 5}), days).plan(time_limit=30)


def test_every_fault_of_a_question_is_told_at_once():
    with pytest.raises(ConfigError) as told:
        Question(
            (station(1.0, 1.0),),
            {"nurse": (Pattern("early", 0, 0, -1.0),), "nures": by_block([1.0])},
            target=1.5,
            pins={("nurse", "night"): 1},
        )

    assert told.value.exit_code == 2
    for what in ("target", "nures", "early", "night"):
        assert what in str(told.value)
