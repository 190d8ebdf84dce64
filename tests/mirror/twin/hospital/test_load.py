"""Offered load: patients a day x mean stay against the beds that are open, before anything is run."""

import pytest

from tests.houses import hospital
from twin.errors import Overload
from twin.hospital import Hospital
from twin.hospital.load import class_rates, mean_level, offered_load, refuse_steady_overload, visits


def house(*, daily_mean: float = 4, beds: int = 10, **ward) -> Hospital:
    made = hospital(
        wards={"ward": {"physical_beds": beds, "staffed_beds": beds, **ward}},
        places={"cubicle": 2},
        staff={"doctor": 1},
        pathways={
            "visit": [
                {
                    "name": "see",
                    "places": ["cubicle"],
                    "staff": {"doctor": 1},
                    "duration": {"mean": 3, "unit": "hours"},
                    "next": {"stay": 0.5, "home": 0.5},
                },
                {"name": "stay", "places": ["ward"], "duration": {"mean": 2, "unit": "days"}},
            ]
        },
    )
    door = made.arrivals["door"].model_copy(update={"daily_mean": daily_mean})
    return made.model_copy(update={"arrivals": {"door": door}})


def test_beds_asked_for_are_arrivals_times_share_times_stay():
    load = {row.name: row for row in offered_load(house())}

    assert load["ward"].offered == pytest.approx(4 * 0.5 * 2)
    assert load["cubicle"].offered == pytest.approx(4 * 3 / 24)
    assert load["doctor"].offered == pytest.approx(0.5)
    assert load["ward"].ratio == pytest.approx(0.4)


def test_cleaning_a_bed_is_part_of_what_is_asked_of_it():
    load = {row.name: row for row in offered_load(house(turnaround_minutes=60))}

    assert load["ward"].offered == pytest.approx(4 + 2 / 24)


def test_a_calendar_counts_in_what_is_open():
    half = [{"days": ["sat", "sun"], "staffed_beds": 3}]

    assert mean_level(house(calendar=half).wards["ward"]) == pytest.approx((5 * 10 + 2 * 3) / 7)


def test_a_step_that_is_repeated_is_counted_as_often_as_it_is_visited():
    again = hospital(pathways={"visit": [{"name": "test", "next": {"test": 0.75, "home": 0.25}}]})

    assert visits(again.pathways["visit"]) == pytest.approx([4])


def test_weekdays_and_the_demand_factor_count_in_the_rates():
    made = house()
    week = made.arrivals["door"].model_copy(update={"weekday_factors": (1, 1, 1, 1, 1, 0, 0), "factor": 2.0})

    assert class_rates(made.model_copy(update={"arrivals": {"door": week}})) == {
        "visit": pytest.approx(4 * 2 * 5 / 7)
    }


def test_a_steady_state_that_does_not_exist_is_refused_with_every_place_that_overflows():
    with pytest.raises(Overload, match=r"ward \(ward\): 10\.0 needed on average, 10\.0 open") as told:
        refuse_steady_overload(house(daily_mean=10))
    assert "doctor" in str(told.value)

    refuse_steady_overload(house())


def test_a_ward_without_beds_is_an_overload_as_soon_as_somebody_wants_one():
    with pytest.raises(Overload, match=r"ward \(ward\): 4\.0 needed on average, 0\.0 open"):
        refuse_steady_overload(house(beds=0))
