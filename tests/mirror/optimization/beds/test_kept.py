"""One slider is moved, and the kept model answers as a new one would."""

from dataclasses import replace

import pytest

from optimization.beds.kept import KeptBedPlan
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, solve_beds
from optimization.beds.parameters import bed_parameters
from optimization.solving import solver
from tests.mirror.optimization.conftest import needs_by_hand
from twin.errors import ConfigError, Infeasible, TwinError

NEEDS = needs_by_hand({"medicine": [[6, 7], [8, 6]], "surgery": [[3, 2], [2, 4]]})
PRICES = BedPrices(short_patient_day=10.0, open_bed_day=2.0, move=1.0)
TODAY = {"medicine": 5, "surgery": 4}


def numbers(total=9, **rules):
    limits = BedLimits(total, {"medicine": 9, "surgery": 9}, **rules)
    return bed_parameters(NEEDS, limits, PRICES, TODAY)


def anew(given):
    """The same numbers in a new model."""
    return solve_beds(bed_model(given), solver(time_limit=20))[1].objective


@pytest.fixture
def kept(two_wards):
    return KeptBedPlan(numbers(), NEEDS, two_wards, in_force={("medicine", 0): 5, ("surgery", 0): 4})


def test_each_slider_answers_as_a_new_model_would(kept):
    for answer in (kept.now, lambda: kept.with_total(7), lambda: kept.with_price(open_bed_day=6.0)):
        assert answer().solved.objective == pytest.approx(anew(kept.given))
    pinned = kept.with_pin("surgery", 3)
    assert pinned.levels.open["surgery", 0] == 3
    assert pinned.solved.objective == pytest.approx(anew(kept.given))


def test_a_slider_stays_where_it_was_moved(kept):
    kept.with_total(6)

    assert sum(kept.with_price(short_patient_day=50.0).levels.open.values()) <= 6


def test_a_pin_that_is_let_go_leaves_no_trace(kept):
    before = kept.now()

    kept.with_pin("medicine", 2)

    assert kept.with_pin("medicine", None).levels == before.levels


def test_a_covered_ward_keeps_its_cover_when_its_pin_is_let_go(two_wards):
    kept = KeptBedPlan(numbers(total=18, cover=1.0), NEEDS, two_wards)

    kept.with_pin("medicine", 5)

    assert kept.with_pin("medicine", None).levels.open["medicine", 0] >= 8


def test_a_question_without_an_answer_changes_nothing(kept):
    before = kept.with_pin("medicine", 5)

    with pytest.raises(Infeasible, match=r"5 beds must be open.*the total is 3: 2 short"):
        kept.with_total(3)

    assert kept.now().levels == before.levels
    assert kept.given.limits.total == 9


@pytest.mark.parametrize(
    ("move", "told"),
    [
        (lambda kept: kept.with_total(-1), "0 or more"),
        (lambda kept: kept.with_pin("surgry", 3), 'did you mean "surgery"'),
        (lambda kept: kept.with_pin("surgery", 10), "0 to 9"),
        (lambda kept: kept.with_price(short_patient_day=0.0), "would close every bed"),
        (lambda kept: kept.with_price(open_bed=1.0), "no such price"),
    ],
)
def test_a_slider_beyond_its_end_is_refused(kept, move, told):
    with pytest.raises(ConfigError, match=told):
        move(kept)

    assert (kept.given.limits, kept.given.prices) == (numbers().limits, PRICES)


def test_the_nearest_plan_keeps_what_is_in_force_where_the_rules_allow(kept):
    assert kept.nearest().changed == 0
    assert kept.nearest().levels.open == {("medicine", 0): 5, ("surgery", 0): 4}


def test_the_nearest_plan_changes_as_few_bed_days_as_a_pin_asks_for(kept):
    cheapest = kept.with_pin("medicine", 7)

    nearest = kept.nearest()

    assert nearest.levels.open == {("medicine", 0): 7, ("surgery", 0): 2}  # two more, so two fewer
    assert nearest.changed == 2 * 2 + 2 * 2
    assert nearest.cost >= cheapest.cost - 1e-9
    assert kept.now().levels == cheapest.levels  # the limit on changes is gone again


def test_without_a_plan_in_force_nothing_is_near(two_wards):
    with pytest.raises(TwinError, match="name one"):
        KeptBedPlan(numbers(), NEEDS, two_wards).nearest()


def test_teams_hold_for_a_pin_too(two_wards):
    kept = KeptBedPlan(replace(numbers(teams={"medicine": 3})), NEEDS, two_wards)

    with pytest.raises(ConfigError, match="pin 5 or 8"):
        kept.with_pin("medicine", 6)
    assert kept.with_pin("medicine", 8).levels.open["medicine", 0] == 8
