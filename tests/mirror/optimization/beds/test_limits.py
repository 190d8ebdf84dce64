"""Numbers that cannot be planned with are refused before anything is solved."""

import pytest

from optimization.beds.limits import BedPrices, bed_limits
from twin.errors import ConfigError, UsageError


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_a_price_is_a_finite_number_of_0_or_more(price):
    with pytest.raises(ConfigError, match=r"prices\.open_bed_day"):
        BedPrices(10.0, price)


def test_a_patient_without_a_bed_cannot_be_free():
    with pytest.raises(ConfigError, match="would close every bed"):
        BedPrices(0.0, 1.0)


def test_prices_too_far_apart_are_refused_before_the_solver_sees_them():
    with pytest.raises(ConfigError, match="apart"):
        BedPrices(1e15, 1e-6)


def test_without_a_price_a_bed_that_nobody_needs_still_stays_closed():
    assert 0 < BedPrices(1.0, 0.0).break_even < 1e-3


def test_a_total_above_what_stands_there_is_cut_in_words(two_wards):
    limits, notes = bed_limits(two_wards, {"medicine": 24, "surgery": 16}, total=500)

    assert limits.total == 40
    assert notes == ("500 beds were allowed, 40 can be opened: the plan works with 40",)


def test_all_faults_of_a_question_are_told_at_once(two_wards):
    with pytest.raises(ConfigError) as told:
        bed_limits(
            two_wards,
            {"medicine": 24, "surgery": 16},
            total=-1,
            pins={"medicine": 25, "surgry": 3},
            cover=1.2,
        )

    assert len(told.value.problems) == 4
    assert 'did you mean "surgery"?' in str(told.value)


def test_a_hospital_without_wards_has_no_beds_to_plan(two_wards):
    with pytest.raises(UsageError, match="no wards"):
        bed_limits(two_wards.model_copy(update={"wards": {}}), {}, total=0)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"pools": [["medicine"]]}, "two wards or more"),
        ({"pools": [["medicine", "surgry"]]}, 'did you mean "surgery"'),
        ({"pools": [["medicine", "surgery"], ["surgery", "medicine"]]}, "in one pool, once"),
        ({"teams": {"medicine": 0}}, "1 or more"),
        ({"flex": {"medicine": 25}}, "can open 24 beds at most"),
        ({"most_moves": -1}, "moves"),
        ({"notice_days": 0}, "notice"),
        ({"teams": {"medicine": 4}, "pins": {"medicine": 17}}, "pin 15 or 19"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_named(two_wards, rules, told):
    with pytest.raises(ConfigError, match=told):
        bed_limits(
            two_wards,
            {"medicine": 24, "surgery": 16},
            total=31,
            today={"medicine": 15, "surgery": 16},
            **rules,
        )
