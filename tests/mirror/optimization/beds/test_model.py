"""The model of record on needs small enough to check by hand."""

import pytest

from optimization.beds.counting import cost_again
from optimization.beds.levels import tables_of
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.parameters import bed_parameters
from optimization.solving import NoPlan, solver
from tests.mirror.optimization.conftest import needs_by_hand

PRICES = BedPrices(short_patient_day=10.0, open_bed_day=4.0)


def plan(needs, total, *, ceiling=9, prices=PRICES, today=0, pins=None, cover=None, period_days=None):
    limits = BedLimits(total, dict.fromkeys(needs.wards, ceiling), pins or {}, cover)
    given = bed_parameters(needs, limits, prices, dict.fromkeys(needs.wards, today), period_days=period_days)
    levels, solved = solve_beds(bed_model(given), solver(time_limit=20))
    return given, levels.open, solved


def test_a_bed_is_opened_where_it_is_needed_often_enough():
    needs = needs_by_hand({"a": [[2, 2], [3, 2]], "b": [[0, 1], [1, 0]]})

    _, levels, solved = plan(needs, total=9)

    assert levels == {
        ("a", 0): 2,
        ("b", 0): 1,
    }  # the third of a on 1 day in 4: 2.5 < 4; the first of b on 2 in 4: 5
    assert solved.optimal


def test_the_total_goes_where_it_saves_most():
    needs = needs_by_hand({"a": [[2, 2], [2, 2]], "b": [[2, 1], [2, 2]]})

    _, levels, _ = plan(needs, total=3)

    assert levels == {("a", 0): 2, ("b", 0): 1}


def test_a_bed_stays_where_it_is_unless_its_move_pays():
    needs = needs_by_hand({"a": [[2, 2]], "b": [[1, 2]]})

    dear = plan(needs, total=4, today=1, prices=BedPrices(10.0, 4.0, move=13.0))[1]
    cheap = plan(needs, total=4, today=1, prices=BedPrices(10.0, 4.0, move=3.0))[1]

    assert dear == {("a", 0): 1, ("b", 0): 1}
    assert cheap == {("a", 0): 2, ("b", 0): 1}


def test_a_bed_whose_nurses_are_dear_stays_closed():
    needs = needs_by_hand({"a": [[2, 2], [3, 2]], "b": [[0, 1], [1, 0]]})
    prices = BedPrices(10.0, 4.0, nurses={"b": 2.0})  # the first of b is needed on 2 days in 4: 5 < 4 + 2

    given, levels, solved = plan(needs, total=9, prices=prices)

    assert levels == {("a", 0): 2, ("b", 0): 0}
    tables = tables_of(given, BedLevels(levels))
    assert cost_again(needs, prices, tables) == pytest.approx(solved.objective)
    opened = BedLevels({("a", 0): 2, ("b", 0): 1})
    assert cost_again(needs, prices, tables_of(given, opened)) > solved.objective


def test_a_pinned_ward_keeps_its_level():
    needs = needs_by_hand({"a": [[5, 5]], "b": [[5, 5]]})

    _, levels, _ = plan(needs, total=6, pins={"a": 1})

    assert levels == {("a", 0): 1, ("b", 0): 5}


def test_each_period_has_levels_of_its_own():
    needs = needs_by_hand({"a": [[1, 1, 4, 4]], "b": [[3, 3, 0, 0]]})

    _, levels, _ = plan(needs, total=4, period_days=2)

    assert levels == {("a", 0): 1, ("a", 1): 4, ("b", 0): 3, ("b", 1): 0}


def test_nobody_comes_and_nothing_opens():
    _, levels, solved = plan(needs_by_hand({"a": [[0, 0]]}), total=5)

    assert levels == {("a", 0): 0}
    assert (solved.objective, solved.gap) == (0, 0)


def test_where_no_bed_stands_the_plan_is_trivial():
    _, levels, solved = plan(needs_by_hand({"a": [[2, 2]]}), total=5, ceiling=0)

    assert levels == {("a", 0): 0}
    assert solved.objective == pytest.approx(40)


@pytest.mark.parametrize("period_days", [None, 1])
def test_the_cost_counted_hour_by_hour_is_the_model_s(period_days):
    needs = needs_by_hand({"a": [[2, 7], [3, 2]], "b": [[5, 1], [1, 8]]})

    given, levels, solved = plan(
        needs, total=7, today=3, prices=BedPrices(10.0, 4.0, move=1.5), period_days=period_days
    )

    counted = cost_again(needs, given.prices, tables_of(given, BedLevels(levels)))
    assert counted == pytest.approx(solved.objective)


def test_rules_that_contradict_each_other_have_no_plan():
    with pytest.raises(NoPlan):
        plan(needs_by_hand({"a": [[5, 5]], "b": [[5, 5]]}), total=6, cover=0.9)
