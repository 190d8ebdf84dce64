"""Pools, nurse teams, flex beds, limited moves and notice, on needs small enough to check by hand."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.beds.counting import broken_rules, cost_again
from optimization.beds.levels import tables_of
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, cost_of, solve_beds
from optimization.beds.parameters import bed_parameters
from optimization.solving import NoPlan, solver
from tests.mirror.optimization.conftest import needs_by_hand
from twin.errors import ConfigError, UsageError

PRICES = BedPrices(short_patient_day=10.0, open_bed_day=4.0, outlier_day=2.0, flex_bed_day=6.0)


def plan(needs, total, *, today=0, prices=PRICES, period_days=None, ceiling=9, **rules):
    """Levels, flex beds and the numbers behind them; proved: counted again, no rule broken."""
    limits = BedLimits(total, dict.fromkeys(needs.wards, ceiling), **rules)
    usual = today if isinstance(today, dict) else dict.fromkeys(needs.wards, today)
    given = bed_parameters(needs, limits, prices, usual, period_days=period_days)
    model = bed_model(given)
    levels, solved = solve_beds(model, solver(time_limit=20))
    tables = tables_of(given, levels)
    assert broken_rules(given, tables) == ()
    assert cost_again(needs, prices, tables, limits.pools) == pytest.approx(solved.objective)
    assert cost_of(model, given, levels) == pytest.approx(solved.objective)
    return levels, solved


def test_wards_of_a_pool_need_fewer_beds_together():
    """Each is full on its own day: in a pool the same beds serve both."""
    needs = needs_by_hand({"a": [[3, 1]], "b": [[1, 3]]})

    apart, _ = plan(needs, total=9)
    pooled, _ = plan(needs, total=9, pools=(("a", "b"),))

    assert sum(apart.open.values()) == 6
    assert sum(pooled.open.values()) == 4


def test_an_outlier_costs_less_than_a_patient_without_a_bed():
    needs = needs_by_hand({"a": [[2]], "b": [[0]]})

    _, apart = plan(needs, total=9, ceiling=1)
    _, pooled = plan(needs, total=9, ceiling=1, pools=(("a", "b"),))

    assert apart.objective == pytest.approx(4 + 10)
    assert pooled.objective == pytest.approx(4 + 4 + 2)


def test_beds_open_by_whole_teams_from_today_s_level():
    needs = needs_by_hand({"a": [[6, 6]]})

    levels, _ = plan(needs, total=9, today=1, teams={"a": 4})

    assert levels.open["a", 0] == 5  # 1 + one team; 9 would cost more than the sixth bed brings


def test_a_ward_may_close_altogether_though_today_is_no_whole_team():
    needs = needs_by_hand({"a": [[0, 0]]})

    levels, _ = plan(needs, total=9, today=3, teams={"a": 4})

    assert levels.open["a", 0] == 0


def test_a_flex_bed_is_opened_for_the_day_that_needs_it():
    needs = needs_by_hand({"a": [[2, 2, 4, 2, 2]]})

    levels, _ = plan(needs, total=9, flex={"a": 2})

    assert [levels.open["a", d] for d in range(5)] == [2, 2, 4, 2, 2]
    assert [levels.flex["a", d] for d in range(5)] == [0, 0, 2, 0, 0]


def test_no_more_flex_beds_than_there_are():
    needs = needs_by_hand({"a": [[2, 2, 5, 2, 2]]})

    levels, _ = plan(needs, total=9, flex={"a": 1})

    assert levels.open["a", 2] == 3


def test_only_so_many_beds_move_at_a_time():
    needs = needs_by_hand({"a": [[6, 6, 6, 6]], "b": [[0, 0, 0, 0]]})

    levels, _ = plan(needs, total=8, today={"a": 2, "b": 4}, most_moves=3, period_days=2)

    assert [levels.open["a", p] for p in (0, 1)] == [4, 6]  # the shortage goes first
    assert [levels.open["b", p] for p in (0, 1)] == [3, 2]


def test_a_move_is_paid_once_and_not_in_every_later_period():
    needs = needs_by_hand({"a": [[3, 3, 3, 3]]})
    prices = replace(PRICES, move=10.0)

    _, solved = plan(needs, total=9, today=1, prices=prices, period_days=1)

    assert solved.objective == pytest.approx(4 * 3 * 4 + 2 * 10)


def test_days_within_the_notice_keep_their_beds():
    needs = needs_by_hand({"a": [[5, 5, 5, 5]]})

    levels, _ = plan(needs, total=9, today=1, notice_days=3)

    assert [levels.open["a", p] for p in range(3)] == [1, 1, 5]


def test_what_is_decided_within_the_notice_may_be_above_the_total():
    needs = needs_by_hand({"a": [[5, 5, 5]]})

    levels, _ = plan(needs, total=2, today=4, notice_days=2)

    assert [levels.open["a", p] for p in range(2)] == [4, 2]


def test_flex_beds_open_on_days_whose_staffed_beds_are_frozen():
    needs = needs_by_hand({"a": [[5, 2, 2, 2]]})

    levels, _ = plan(needs, total=9, today=2, notice_days=4, flex={"a": 2})

    assert [levels.open["a", d] for d in range(4)] == [4, 2, 2, 2]


def test_a_notice_as_long_as_the_plan_leaves_nothing_to_decide():
    with pytest.raises(UsageError, match="leaves none of 5 days to decide"):
        plan(needs_by_hand({"a": [[5, 5, 5, 5]]}), total=9, notice_days=5)


def test_moves_and_pins_may_contradict_each_other():
    with pytest.raises(NoPlan):
        plan(needs_by_hand({"a": [[5, 5]]}), total=9, pins={"a": 5}, most_moves=2)


def test_a_broken_rule_is_told_by_name():
    needs = needs_by_hand({"a": [[5, 5]], "b": [[1, 1]]})
    limits = BedLimits(9, {"a": 9, "b": 9}, teams={"a": 2}, most_moves=2)
    given = bed_parameters(needs, limits, PRICES, {"a": 2, "b": 2})

    odd = tables_of(given, solve_beds(bed_model(given), solver(time_limit=20))[0])
    odd.open[:] = np.array([[5, 5], [8, 8]])

    told = " ".join(broken_rules(given, odd))
    assert "total of 9" in told and "whole teams in a" in told and "at most 2 beds moved" in told


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"outlier_day": 11.0}, r"prices\.outlier_day"),
        ({"outlier_day": -1.0}, r"prices\.outlier_day"),
        ({"flex_bed_day": 3.0}, r"prices\.flex_bed_day"),
    ],
)
def test_a_bed_elsewhere_is_better_than_none_and_flex_is_no_bargain(parts, told):
    with pytest.raises(ConfigError, match=told):
        replace(PRICES, **parts)
