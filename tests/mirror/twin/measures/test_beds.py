"""Beds: discharges, outliers, moves, delays and the split of bed turnover, worked out by hand."""

import math

import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.measures import summarise, turnover_split
from twin.trace import Kind, Outcome

H = 60
HOME = {"outcome": Outcome.DONE}


def house():
    waits = {"share": 0.5, "duration": {"unit": "days", "mean": 1}}
    return hospital(
        places={"lounge": 3},
        wards={"home": 2, "other": 2},
        pathways={
            "patient": [
                {
                    "name": "stay",
                    "places": ["home", "other"],
                    "repatriates": True,
                    "lounge": {"place": "lounge", "hours": 2},
                    "delays": {"care_home": waits},
                }
            ],
            "two": [
                {"name": "first", "places": ["home"], "keeps_place": True},
                {"name": "second", "places": ["other"], "if_full": "skips"},
            ],
        },
    )


def stay(place, begin, end):
    return ("patient", begin, [("stay", place, begin, begin, end, end)], HOME)


def test_a_patient_in_the_lounge_was_discharged_when_the_bed_was_left():
    log = [(Kind.MOVED, 11 * H, 0, "lounge")]

    known = summarise(made(house(), [stay("home", 0, 13 * H)], log=log), house())

    assert (known["discharges_a_day"], known["discharged_before_noon"]) == (1, 100)
    assert known["length_of_stay_days"] == pytest.approx(11 / 24)
    assert known["lounge_a_day"] == 1
    assert known["repatriations_a_day"] == 0


def test_a_repatriated_patient_is_one_outlier_for_as_long_as_he_was_away():
    log = [(Kind.MOVED, 6 * H, 0, "home")]

    known = summarise(made(house(), [stay("other", 0, 12 * H), stay("home", 1, 12 * H)], log=log), house())

    assert known["outlier_share"] == 50
    assert known["outliers_mean"] == pytest.approx(6 / 24)
    assert known["repatriations_a_day"] == 1
    assert known["lounge_a_day"] == 0


def test_the_bed_stood_empty_between_patients():
    known = summarise(made(house(), [stay("home", 0, 12 * H), stay("home", 0.5, 12 * H + 0.5)]), house())

    assert known["turnover_interval_days"] == pytest.approx((4 - 1) / 2)


def test_who_skips_the_second_ward_was_discharged_from_the_first():
    steps = [("first", "home", 0, 0, 5 * H, 5 * H), ("second", None, 5 * H, None)]

    known = summarise(made(house(), [("two", 0, steps, HOME)]), house())

    assert known["discharges_a_day"] == 1


def test_who_still_waits_for_the_second_ward_was_not():
    steps = [("first", "home", 0, 0, 5 * H, None), ("second", None, 5 * H, None)]

    assert summarise(made(house(), [("two", 0, steps)]), house())["discharges_a_day"] == 0


def test_delay_after_medically_fit_is_the_last_part_of_the_stay():
    steps = [("stay", "home", 0, 0, 20 * H, 20 * H)]

    known = summarise(made(house(), [("patient", 0, steps, {**HOME, "delay": 6 * H})]), house())

    assert known["medically_fit_beds"] == pytest.approx(6 / 24)


def test_exchanges_are_told_a_day():
    assert summarise(made(house(), [], days=2, exchanges=3), house())["exchanges_a_day"] == 1.5


def test_turnover_doubles_by_half_as_fuller_beds_and_by_half_as_shorter_stays():
    """ln(2) = ln(0.8 / 0.4) + ln(5 / 5), or ln(4) = ln(2) + ln(2)."""
    before = {"bed_turnover": 1.0, "occupancy": 40.0, "length_of_stay_days": 5.0}
    after = {"bed_turnover": 4.0, "occupancy": 80.0, "length_of_stay_days": 2.5}

    split = turnover_split(before, after)

    assert split.turnover == pytest.approx(math.log(4))
    assert split.occupancy == pytest.approx(math.log(2))
    assert split.length_of_stay == pytest.approx(math.log(2))


def test_a_house_without_discharges_has_no_split():
    none = {"bed_turnover": 0.0, "occupancy": 0.0, "length_of_stay_days": math.nan}

    assert math.isnan(turnover_split(none, none).turnover)
