"""Levers: each changes what it says, and nothing else."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from scenarios.levers import LEVERS, AddBeds, EarlierDischarge, FasterTurnaround, ScaleArrivals
from scenarios.levers.discharge import earlier_hours
from scenarios.scenario import Scenario
from twin.case import resolve
from twin.demand import DemandForecast
from twin.errors import ConfigError, UsageError
from twin.hospital.places import Ward
from twin.plan import Plan
from twin.units import Unit
from twin.workload import draw_workload


def test_extra_beds_raise_what_stands_there_and_what_is_staffed(case, fortnight):
    resolve(case, fortnight)  # whatever the base has worked out already

    changed = AddBeds(ward="medicine", beds=6).apply(case)

    ward = changed.hospital.wards["medicine"]
    assert (ward.physical_beds, ward.staffed_beds) == (30, 26)
    assert resolve(changed, fortnight).levels["medicine"].at(0) == 26
    assert case.hospital.wards["medicine"].staffed_beds == 20


def test_extra_beds_raise_a_planned_level_too(case, fortnight):
    planned = case.with_(plan=Plan("tight", {"medicine": {fortnight.start: 18}}))

    changed = AddBeds(ward="medicine", beds=2).apply(planned)

    assert changed.plan.open_beds("medicine", fortnight.start) == 20


def test_extra_beds_for_a_while_open_on_those_dates_only(case, fortnight):
    lever = AddBeds.model_validate({"ward": "medicine", "beds": 3, "from": "2025-01-08", "to": "2025-01-09"})

    level = resolve(lever.apply(case), fortnight).levels["medicine"]

    starts = fortnight.clock(case.hospital).day_starts
    assert [level.at(int(starts[d])) for d in range(5)] == [20, 20, 23, 23, 20]


def test_extra_beds_for_a_while_count_from_what_the_calendar_says_of_each_date(case, fortnight):
    wednesday = {"first": "2025-01-08", "last": "2025-01-08", "staffed_beds": 15}
    night = {"days": ["thu"], "from": "00:00", "to": "06:00", "staffed_beds": 18}
    medicine = case.hospital.wards["medicine"].model_dump(by_alias=True) | {"calendar": [night, wednesday]}
    wards = {**case.hospital.wards, "medicine": Ward.model_validate(medicine)}
    tight = case.with_(hospital=case.hospital.model_copy(update={"wards": wards}))
    lever = AddBeds.model_validate({"ward": "medicine", "beds": 3, "from": "2025-01-08", "to": "2025-01-10"})

    planned = lever.apply(tight).plan

    assert list(planned.beds["medicine"].values()) == [18, 21, 23]


def test_more_arrivals_add_patients_and_move_none(case, fortnight):
    before = draw_workload(case, fortnight, seed=1)

    after = draw_workload(ScaleArrivals(stream="emergency", factor=1.25).apply(case), fortnight, seed=1)

    assert set(before.key) < set(after.key)
    assert after.patients == pytest.approx(before.patients * 1.23, rel=0.02)  # electives stay as they are


def test_fewer_arrivals_take_patients_away_and_move_none(case, fortnight):
    before = draw_workload(case, fortnight, seed=1)

    after = draw_workload(ScaleArrivals(stream="emergency", factor=0.5).apply(case), fortnight, seed=1)

    assert set(after.key) < set(before.key)


def test_uptake_takes_part_of_the_effect():
    assert ScaleArrivals(stream="emergency", factor=1.2, uptake=0.5).effective == pytest.approx(1.1)
    assert AddBeds(ward="medicine", beds=6, uptake=0.5).opened == 3


def test_arrivals_scaled_for_a_while_need_a_forecast_by_date(case):
    lever = ScaleArrivals.model_validate(
        {"stream": "emergency", "factor": 2, "from": "2025-01-07", "to": "2025-01-07"}
    )
    forecast = DemandForecast(date(2025, 1, 6), ("emergency",), np.full((2, 1, 3), 40), "base")

    changed = lever.apply(case.with_(demand=forecast))

    assert changed.demand.paths[0, 0].tolist() == [40, 80, 40]
    with pytest.raises(UsageError, match="no forecast by date"):
        lever.apply(case)


def test_earlier_discharge_moves_the_hours_and_not_before_the_morning_round():
    shares = np.zeros(24)
    shares[[3, 9, 16]] = [0.1, 0.3, 0.6]

    moved = earlier_hours(shares, 2.5)

    assert moved[3] == pytest.approx(0.1)
    assert moved[8] == pytest.approx(0.3)
    assert (moved[13], moved[14]) == (pytest.approx(0.3), pytest.approx(0.3))
    assert moved.sum() == pytest.approx(1)


def test_earlier_discharge_does_shorten_stays(case, fortnight):
    from twin.hospital.discharge import discharge_shift

    changed = EarlierDischarge(hours=3).apply(case)

    before, after = case.hospital.profiles["evening"], changed.hospital.profiles["evening_earlier"]
    stay = case.hospital.pathways["admitted"].steps[1].duration
    assert np.dot(np.arange(24), after.hours) == pytest.approx(
        np.dot(np.arange(24), before.hours) - 3, abs=0.3
    )
    assert discharge_shift(stay, after) == discharge_shift(stay, before)


def test_two_discharge_levers_add_up(case):
    twice = EarlierDischarge(hours=1).apply(EarlierDischarge(hours=1, ward="surgery").apply(case))

    hours = {name: np.dot(np.arange(24), twice.hospital.profiles[ward.discharge_profile].hours)
             for name, ward in twice.hospital.wards.items()}  # fmt: skip

    assert hours["surgery"] == pytest.approx(hours["medicine"] - 1, abs=0.1)


def test_turnaround_never_falls_below_none(case):
    changed = FasterTurnaround(minutes=90, ward="surgery").apply(case)

    assert changed.hospital.wards["surgery"].turnaround_minutes == 0
    assert changed.hospital.wards["medicine"].turnaround_minutes == 60


def test_names_that_the_hospital_does_not_have_are_all_told(case):
    scenario = Scenario(
        "typos", levers=(AddBeds(ward="medicin", beds=1), ScaleArrivals(stream="x", factor=1))
    )

    with pytest.raises(ConfigError) as told:
        scenario.apply(case)

    assert 'did you mean "medicine"?' in str(told.value)
    assert "levers.1.stream" in str(told.value)


@pytest.mark.parametrize("lever", LEVERS.values())
def test_every_number_of_a_lever_has_a_unit_a_source_and_bounds(lever):
    for name, field in lever.model_fields.items():
        if field.annotation in (int, float):
            kinds = {type(part).__name__ for part in field.metadata}
            assert {"Unit", "Source"} <= kinds, f"{lever.key}.{name}"
            assert kinds & {"Ge", "Gt"} and "Le" in kinds, f"{lever.key}.{name}"
            assert any(isinstance(part, Unit) for part in field.metadata)
