"""Beds nearly as good as the best: how nearly is proved, whatever slider was moved before."""

from dataclasses import replace

import numpy as np
import pytest

from optimization.arrays import Answer, Arrays
from optimization.beds import near
from optimization.beds.kept import KeptBedPlan
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, solve_beds
from optimization.beds.near import NEAR, NearBest
from optimization.beds.parameters import bed_parameters
from optimization.solving import NoPlan, solver
from tests.mirror.optimization.conftest import needs_by_hand
from twin.errors import Infeasible, TwinError

WARDS = ("medicine", "surgery", "elderly")
TODAY = {"medicine": 9, "surgery": 6, "elderly": 7}
PRICES = BedPrices(short_patient_day=10.0, open_bed_day=2.0, move=1.0, flex_bed_day=3.0)


def needs_of(seed, days=10, futures=5):
    """Needs of three wards with a spread of their own."""
    drawn = np.random.default_rng(seed).poisson([[[9]], [[6]], [[7]]], (3, futures, days))
    return needs_by_hand({ward: beds.tolist() for ward, beds in zip(WARDS, drawn, strict=True)})


def numbers(seed, needs, **rules):
    draw = np.random.default_rng([seed, 1])
    asked = {
        "teams": dict(zip(WARDS, draw.integers(1, 4, 3).tolist(), strict=True)),
        "flex": dict(zip(WARDS, draw.integers(0, 4, 3).tolist(), strict=True)) | {"medicine": 2},
        "pools": (("medicine", "elderly"),) if seed % 2 else (),
        "most_moves": None if seed % 3 else 9,
    }
    limits = BedLimits(22, dict.fromkeys(WARDS, 14), **{**asked, **rules})
    return bed_parameters(needs, limits, PRICES, TODAY, period_days=5)


def exact(given):
    return solve_beds(bed_model(given), solver(time_limit=30))[1].objective


def is_near(answer, best):
    assert answer.bound <= best + 1e-6
    assert best - 1e-6 <= answer.objective <= best * (1 + NEAR) + 1e-6
    assert answer.gap <= NEAR


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_is_near_the_best_and_its_bound_below(seed, two_wards):
    needs = needs_of(seed)
    kept = KeptBedPlan(numbers(seed, needs), needs, two_wards)

    for move in (
        kept.now,
        lambda: kept.with_total(19),
        lambda: kept.with_price(short_patient_day=14.0),
        lambda: kept.with_price(open_bed_day=1.0, move=0.5),
        lambda: kept.with_total(25),
    ):
        is_near(move().solved, exact(kept.given))


def test_what_a_slider_moves_is_what_a_new_model_says():
    needs = needs_of(3)
    given = numbers(3, needs, teams={}, most_moves=None)
    model = bed_model(given)
    kept = NearBest(model, given)

    model.total.set_value(25)
    model.short_price.set_value(14.0)
    model.open_price.set_value(1.5)
    model.floor["surgery", 4].set_value(5)
    model.highest["surgery", 4].set_value(5)
    kept.solve(20)

    anew = Arrays.of(model)
    for name in ("cost", "low", "high"):
        np.testing.assert_allclose(getattr(kept._arrays, name), getattr(anew, name))
    assert kept._arrays.constant == pytest.approx(anew.constant)


def test_where_the_few_wards_end_too_far_away_all_are_let_go(monkeypatch):
    needs = needs_of(4)
    given = numbers(4, needs)
    monkeypatch.setattr(near, "NEAR", 0.0)
    monkeypatch.setattr(NearBest, "_held", lambda self, x, limit: None)

    _, solved = NearBest(bed_model(given), given).solve(20)

    assert solved.objective == pytest.approx(exact(given))
    assert solved.gap <= 1e-9


def test_days_between_two_corners_are_made_whole():
    needs = needs_of(5)
    given = numbers(5, needs)
    kept = NearBest(bed_model(given), given)
    kept.solve(20)
    found = kept._held(_relaxed(kept), 20)
    between = found.x.copy()
    between[kept._opened[:3]] = 0.5

    x = kept._corner(Answer(found.value, found.bound, between))

    assert np.abs(x[kept._opened] - np.rint(x[kept._opened])).max() < 1e-6
    assert kept._arrays.cost @ x + kept._arrays.constant == pytest.approx(found.value)
    assert kept.solve(20)[1].objective == pytest.approx(found.value, rel=NEAR)  # and nothing stays held


def _relaxed(kept):
    kept._relaxed.run()
    return np.asarray(kept._relaxed.getSolution().col_value)


def test_no_plan_is_told_as_without_flex_beds(two_wards):
    needs = needs_by_hand({"medicine": [[6, 7], [8, 6]], "surgery": [[3, 2], [2, 4]]})
    limits = BedLimits(18, {"medicine": 9, "surgery": 9}, cover=0.5, flex={"medicine": 2})
    kept = KeptBedPlan(bed_parameters(needs, limits, PRICES, {"medicine": 5, "surgery": 4}), needs, two_wards)
    before = kept.now()

    with pytest.raises(Infeasible, match=r"beds must be open.*short"):
        kept.with_total(3)

    assert kept.now().levels == before.levels


def test_rules_that_contradict_each_other_are_no_plan():
    needs = needs_of(7)
    given = numbers(7, needs)
    given = replace(given, floor=dict.fromkeys(given.floor, 14))

    with pytest.raises(NoPlan):
        NearBest(bed_model(given), given).solve(20)


def test_a_limit_that_comes_before_any_plan_is_told():
    needs = needs_of(8, days=28, futures=12)
    given = numbers(8, needs)

    with pytest.raises(TwinError, match="before it found a bed plan"):
        NearBest(bed_model(given), given).solve(1e-9)
