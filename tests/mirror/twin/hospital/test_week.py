"""The week: a calendar's rows count on the same days whether asked one by one or all at once."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.houses import hospital
from twin.calendar import DAY_NAMES, Clock, holidays
from twin.hospital.base import Hours
from twin.hospital.week import Days, usual_mean

STAY = {"stay": [{"name": "stay", "places": ["ward"]}]}
FIRST = date(2024, 12, 20)
DATES = st.none() | st.integers(0, 20).map(lambda n: FIRST + timedelta(days=n))


@given(
    days=st.lists(st.sampled_from(DAY_NAMES), min_size=1, unique=True),
    first=DATES,
    last=DATES,
    off=st.sampled_from(["also", "only", "never"]),
)
def test_all_days_at_once_are_the_days_one_by_one(days, first, last, off):
    row = Hours(days=tuple(days), first=first, last=last, holidays=off)
    clock = Clock(FIRST, "Europe/London", 21)
    christmas = holidays("GB-ENG", 2024, 2025)

    at_once = Days.of(clock, "GB-ENG").count(row)

    dates = [clock.date_of(d) for d in range(clock.days)]
    assert at_once.tolist() == [row.counts_on(d, is_holiday=d in christmas) for d in dates]


def mean(entry, house) -> float:
    return usual_mean(entry, house.staff)


def test_the_usual_week_knows_no_dates_and_no_holidays():
    rows = [
        {"days": ["sat", "sun"], "staffed_beds": 3},
        {"holidays": "only", "staffed_beds": 0},
        {"first": FIRST, "staffed_beds": 0},
    ]
    house = hospital(
        wards={"ward": {"physical_beds": 10, "staffed_beds": 10, "calendar": rows}}, pathways=STAY
    )

    assert mean(house.wards["ward"], house) == pytest.approx((5 * 10 + 2 * 3) / 7)


def test_people_of_shifts_are_counted_with_breaks_and_expected_absences():
    shifts = {
        "day": {"from": "08:00", "to": "20:00", "on_duty": 6},
        "night": {"from": "20:00", "to": "08:00", "on_duty": 2},
    }
    breaks = [{"from": "12:00", "to": "13:00", "away": 1}]
    house = hospital(
        wards={"ward": 4},
        staff={"nurses": {"shifts": shifts, "breaks": breaks, "absence": 0.1}},
        pathways=STAY,
    )

    assert mean(house.staff["nurses"], house) == pytest.approx(0.9 * (6 * 12 + 2 * 12) / 24 - 1 / 24)


def test_a_ward_is_open_as_far_as_its_nurses_go():
    nursing = {"group": "nurses", "patients_per_nurse": 4}
    house = hospital(
        wards={"ward": {"physical_beds": 20, "staffed_beds": 20, "nursing": nursing}},
        staff={"nurses": {"on_duty": 6, "calendar": [{"from": "00:00", "to": "12:00", "on_duty": 3}]}},
        pathways=STAY,
    )

    assert mean(house.wards["ward"], house) == pytest.approx((12 + 20) / 2)


def test_an_unlimited_place_has_no_end():
    house = hospital(places={"waiting_room": {"unlimited": True}}, wards={"ward": 1}, pathways=STAY)

    assert mean(house.places["waiting_room"], house) == np.inf
