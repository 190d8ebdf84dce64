"""Two cases that differ only in what drawing never reads share one workload, to the last column."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest

from scenarios.levers import AddBeds, EarlierDischarge, FasterTurnaround, ScaleArrivals
from tests.houses import START
from tests.random_houses import random_case
from twin.case import Case, InHouse, Snapshot, Window
from twin.demand import DemandForecast
from twin.hospital import Hospital, parse_hospital, shipped
from twin.hospital.base import Duration
from twin.hospital.places import Shift
from twin.plan import Plan
from twin.workload import Workload, draw_workload, same_patients

SMALL = parse_hospital(shipped("small"))
WARD = next(iter(SMALL.wards))
STREAM = next(iter(SMALL.arrivals))


def columns(work: Workload) -> dict[str, tuple[str, bytes]]:
    """Every column of a workload by name, to the bit."""
    arrays = {f.name: getattr(work, f.name) for f in fields(Workload)}
    return {k: (str(a.dtype), a.tobytes()) for k, a in arrays.items() if isinstance(a, np.ndarray)}


def draws_the_same(one: Case, other: Case, *, days: int = 6) -> bool:
    """Whether both draw the same columns, for two seeds and replications."""
    window = Window(START, days=days, warm_up=1)
    return all(
        columns(draw_workload(one, window, seed=seed, replication=replication))
        == columns(draw_workload(other, window, seed=seed, replication=replication))
        for seed, replication in ((1, 0), (7, 3))
    )


def changed(hospital: Hospital, table: str, name: str, **values: Any) -> Hospital:
    """The hospital with some values of one entry replaced."""
    entries = getattr(hospital, table)
    entry = entries[name].model_copy(update=values)
    return hospital.model_copy(update={table: {**entries, name: entry}})


# ---- levers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lever",
    [
        AddBeds(ward=WARD, beds=4),
        AddBeds.model_validate({"ward": WARD, "beds": 3, "from": "2025-01-08", "to": "2025-01-09"}),
        FasterTurnaround(minutes=15),
    ],
    ids=["beds", "beds for a while", "turnaround"],
)
def test_beds_and_turnaround_are_met_by_the_same_patients(lever):
    case = Case(SMALL)
    changed = lever.apply(case)

    assert same_patients(case, changed) and same_patients(changed, case)
    assert draws_the_same(case, changed)


@pytest.mark.parametrize(
    "lever", [ScaleArrivals(stream=STREAM, factor=1.1), EarlierDischarge(hours=2)], ids=["more", "earlier"]
)
def test_more_arrivals_and_other_hours_of_discharge_are_other_patients(lever):
    case = Case(SMALL)
    changed = lever.apply(case)

    assert not same_patients(case, changed) and not same_patients(changed, case)
    assert not draws_the_same(case, changed)


# ---- any change of what drawing never reads ------------------------------------------------------


def _other_levels(rng: Random, hospital: Hospital) -> Hospital:
    """The same hospital with other levels, calendars and rules of the day wherever there are any."""
    wards = {
        name: ward.model_copy(
            update={
                "title": ward.title + " again",
                "physical_beds": ward.physical_beds + rng.randint(0, 3),
                "staffed_beds": ward.staffed_beds + rng.randint(0, 3),
                "turnaround_minutes": ward.turnaround_minutes + rng.randint(0, 30),
                "calendar": (),
                "on_fall": rng.choice(("finish", "stop")),
                "opens_when_full": (),
                "critical_care": not ward.critical_care,
                "nursing": None,
            }
        )
        for name, ward in hospital.wards.items()
    }
    places = {
        name: place.model_copy(
            update={"physical": place.physical + 1, "staffed": place.staffed + 1, "calendar": ()}
        )
        for name, place in hospital.places.items()
    }
    staff = {
        name: group
        if group.absence
        else group.model_copy(update={"on_duty": group.on_duty + 2, "shifts": {}, "breaks": ()})
        for name, group in hospital.staff.items()
    }
    return hospital.model_copy(
        update={"name": "another", "wards": wards, "places": places, "staff": staff, "sources": {}}
    )


@pytest.mark.parametrize("number", range(40))
def test_other_levels_are_met_by_the_same_patients_in_any_hospital(number):
    rng = Random(number)
    case = random_case(rng, crowded=number % 2 == 1)
    plan = Plan("other", {name: {START: 1} for name in case.hospital.wards})

    changed = Case(_other_levels(rng, case.hospital), case.demand, plan, case.snapshot)

    assert same_patients(case, changed)
    assert draws_the_same(case, changed, days=2)


def test_a_hospital_read_anew_from_the_same_text_has_the_same_patients():
    assert same_patients(Case(SMALL), Case(parse_hospital(shipped("small"))))


# ---- changes that move patients ------------------------------------------------------------------


def _step_changed(hospital: Hospital, **values: Any) -> Hospital:
    name, pathway = next(iter(hospital.pathways.items()))
    first = pathway.steps[0].model_copy(update=values)
    return changed(hospital, "pathways", name, steps=(first, *pathway.steps[1:]))


def _in_another_order(table: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(table.items()))


OTHER_PATIENTS = {
    "a mean": changed(SMALL, "arrivals", STREAM, daily_mean=SMALL.arrivals[STREAM].daily_mean + 1),
    "the hours of discharge": changed(SMALL, "wards", WARD, discharge_profile=None),
    "a duration": _step_changed(SMALL, duration=Duration(mean=7, unit="minutes")),
    "the time zone": SMALL.model_copy(update={"timezone": "Australia/Sydney"}),
    "the holidays": SMALL.model_copy(update={"country": "US"}),
    "the order of classes": SMALL.model_copy(update={"classes": _in_another_order(SMALL.classes)}),
    "the order of shares": changed(
        SMALL, "arrivals", STREAM, mix=_in_another_order(SMALL.arrivals[STREAM].mix)
    ),
}


@pytest.mark.parametrize("other", OTHER_PATIENTS.values(), ids=OTHER_PATIENTS)
def test_whatever_drawing_reads_is_told_apart(other):
    assert not same_patients(Case(SMALL), Case(other))


def test_another_snapshot_is_other_patients():
    there = InHouse("p1", next(iter(SMALL.classes)), "any", None, datetime(2025, 1, 5))

    assert not same_patients(Case(SMALL), Case(SMALL, snapshot=Snapshot(patients=(there,))))
    assert not same_patients(Case(SMALL), Case(SMALL, snapshot=Snapshot(orders_placed={"gloves": 3})))


def test_another_forecast_is_other_patients_and_an_equal_one_is_not():
    paths = np.arange(20).reshape(2, 1, 10)
    forecast = DemandForecast(START, (STREAM,), paths, "base")
    case = Case(SMALL, demand=forecast)

    assert same_patients(case, Case(SMALL, demand=replace(forecast, made_by="lstm")))
    assert not same_patients(case, Case(SMALL))
    assert not same_patients(case, Case(SMALL, demand=replace(forecast, paths=paths + 1)))
    assert not same_patients(case, Case(SMALL, demand=replace(forecast, start=START + timedelta(days=1))))


def test_staff_on_duty_count_where_some_may_be_absent():
    shift = {"on_duty": 30, "from": "08:00", "to": "16:00"}
    group = {"title": "nurses", "shifts": {"day": shift}, "absence": 0.1}
    many = Hospital.model_validate({**SMALL.model_dump(by_alias=True), "staff": {"nurses": group}})
    day = Shift.model_validate({**shift, "on_duty": 60})
    more = changed(many, "staff", "nurses", shifts={"day": day})

    assert not same_patients(Case(many), Case(more))
