"""The measures of a run, against numbers worked out by hand."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.houses import START, case, hospital, patients
from twin.case import Case, Window
from twin.engine import simulate
from twin.hospital import parse_hospital, shipped
from twin.measures import MEASURES, summarise, turnover_split
from twin.workload import draw_workload

H = 60
DAY = 24 * H


def emergency_and_ward(*, beds: int = 1):
    cubicle = {"physical": 2, "staffed": 2, "department": "emergency"}
    return hospital(
        places={"cubicle": cubicle},
        wards={"ward": beds},
        pathways={
            "admitted": [
                {"name": "treat", "places": ["cubicle"], "keeps_place": True},
                {"name": "stay", "places": ["ward"]},
            ],
            "home": [{"name": "treat", "places": ["cubicle"]}],
        },
    )


def test_two_admitted_and_one_sent_home_by_hand():
    house = emergency_and_ward()
    rows = [
        ("admitted", 0, [("treat", 2 * H), ("stay", 10 * H)]),
        ("admitted", 0.5 * H, [("treat", 2 * H), ("stay", 10 * H)]),
        ("home", 1 * H, [("treat", 2 * H)]),
    ]

    told = summarise(simulate(case(house), patients(house, rows, days=1)), house)

    # in the department 2, 11.5 and 3 hours; waits for a cubicle 0, 0 and 1 hour; for a bed 0 and 9.5 hours
    assert told["ed_within_4h"] == pytest.approx(100 * 2 / 3)
    assert told["ed_over_12h"] == 0
    assert told["ed_hours_mean"] == pytest.approx(16.5 / 3)
    assert told["wait_for_cubicle_minutes"] == pytest.approx(60 / 3)
    assert told["boarding_hours_mean"] == pytest.approx(4.75)
    assert told["boarding_hours_p90"] == pytest.approx(0.9 * 9.5)
    # one bed, taken from 2:00 to 12:00 and from 12:00 to 22:00
    assert told["occupancy"] == pytest.approx(100 * 20 / 24)
    assert told["census_mean"] == pytest.approx(20 / 24)
    assert told["discharges_a_day"] == 2
    assert told["length_of_stay_days"] == pytest.approx(10 / 24)
    assert told["bed_turnover"] == pytest.approx(14)
    assert (told["arrivals_a_day"], told["unresolved"]) == (3, 0)


def test_four_hours_to_the_millisecond_is_within_four_hours():
    house = emergency_and_ward()
    rows = [("home", 0, [("treat", 4 * H)]), ("home", 0, [("treat", 4 * H + 0.001)])]

    assert summarise(simulate(case(house), patients(house, rows, days=1)), house)["ed_within_4h"] == 50


def test_who_has_not_left_the_department_by_the_end_is_counted_and_not_forgotten():
    house = emergency_and_ward(beds=0)
    rows = [("admitted", 6 * H, [("treat", H), ("stay", H)])]

    told = summarise(simulate(case(house), patients(house, rows, days=1)), house)

    assert (told["unresolved"], told["ed_within_4h"], told["ed_hours_mean"]) == (1, 0, 18)


def test_a_house_without_patients_has_no_averages():
    house = emergency_and_ward()

    told = summarise(simulate(case(house), patients(house, [], days=1)), house)

    assert math.isnan(told["ed_within_4h"]) and math.isnan(told["length_of_stay_days"])
    assert (told["occupancy"], told["arrivals_a_day"]) == (0, 0)


def test_every_measure_is_described_once():
    house = emergency_and_ward()

    told = summarise(simulate(case(house), patients(house, [], days=1)), house)

    assert set(told) == set(MEASURES)
    assert all(
        m.label and m.unit and m.definition and m.better in ("up", "down", "") for m in MEASURES.values()
    )


def test_every_measure_has_its_formula_in_the_nomenclature():
    words = (Path(__file__).parents[4] / "docs" / "nomenclature.md").read_text(encoding="utf-8")

    assert [key for key in MEASURES if f"`{key}`" not in words] == []


def test_bed_turnover_splits_exactly_into_occupancy_and_length_of_stay():
    """ln T1/T0 = ln occ1/occ0 + ln LOS0/LOS1, with no remainder."""
    before, after = (parse_hospital(shipped("small")), _fewer_beds(parse_hospital(shipped("small"))))
    window = Window(START, days=21, warm_up=7)

    one, two = (
        summarise(simulate(Case(h), draw_workload(Case(h), window, seed=3)), h) for h in (before, after)
    )

    split = turnover_split(one, two)

    assert abs(split.turnover) > 0.01
    assert split.turnover == pytest.approx(split.occupancy + split.length_of_stay, abs=1e-12)
    assert np.isfinite(list(one.values())).any()


def _fewer_beds(house):
    wards = {
        name: ward.model_copy(update={"staffed_beds": max(ward.staffed_beds - 2, 1)})
        for name, ward in house.wards.items()
    }
    return house.model_copy(update={"wards": wards})
