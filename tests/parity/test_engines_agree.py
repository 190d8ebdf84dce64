"""The two engines tell the same story, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.houses import START, case
from tests.random_houses import random_case, random_workload
from twin.case import Window, resolve
from twin.engine import house, kernel, simulate
from twin.engine.house import new_house
from twin.engine.kernel import simulate_kernel
from twin.engine.reference import simulate_reference
from twin.hospital import Hospital, parse_hospital, shipped
from twin.workload import draw_workload


def _agree(seed: int, *, whole_minutes: bool, crowded: bool = False) -> None:
    rng = Random(seed)
    any_case = random_case(rng, crowded=crowded)
    work = random_workload(rng, any_case, whole_minutes=whole_minutes)

    schedule = resolve(any_case, work.window, work.absent)
    reference = simulate_reference(any_case, work, schedule)
    kernel = simulate_kernel(any_case, work, schedule)

    for column in ("place", "requested", "started", "ended", "left", "came", "outcome"):
        assert (getattr(reference, column) == getattr(kernel, column)).all(), column
    for column in ("at", "kind", "who", "what", "n"):
        assert getattr(reference.log, column).tolist() == getattr(kernel.log, column).tolist(), column
    assert reference.same_as(kernel)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32))
def test_engines_agree_where_every_instant_is_its_own(seed):
    _agree(seed, whole_minutes=False)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32))
def test_engines_agree_on_a_clock_of_whole_minutes_where_ties_abound(seed):
    _agree(seed, whole_minutes=True)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32), st.booleans())
def test_engines_agree_where_most_rules_are_in_force_at_once(seed, whole_minutes):
    _agree(seed, whole_minutes=whole_minutes, crowded=True)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40), st.booleans(), st.booleans())
def test_engines_agree_on_thousands_of_hospitals(seed, whole_minutes, crowded):
    _agree(seed, whole_minutes=whole_minutes, crowded=crowded)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.integers(0, 2**32))
def test_engines_agree_under_a_plan_that_asks_people_to_shifts(seed):
    rng = Random(seed)
    any_case = random_case(rng, crowded=True)
    work = random_workload(rng, any_case, whole_minutes=True)
    dates = [work.window.start + timedelta(days=d) for d in range(-1, work.window.total)]
    cover = {
        name: {day: {shift: rng.randint(0, 4) for shift in group.shifts} for day in rng.sample(dates, 1)}
        for name, group in any_case.hospital.staff.items()
        if group.shifts
    }
    planned = any_case.with_(plan=replace(any_case.plan, cover=cover))

    reference, kernel = (simulate(planned, work, engine=engine) for engine in ("reference", "kernel"))

    assert reference.same_as(kernel)


@pytest.mark.parametrize(("name", "days"), [("small", 14), ("reference", 3)])
def test_engines_agree_on_the_shipped_hospitals(name, days):
    any_case = case(parse_hospital(shipped(name)))
    work = draw_workload(any_case, Window(START, days=days, tail=0), seed=7)

    reference = simulate(any_case, work, engine="reference")

    assert reference.same_as(simulate(any_case, work, engine="kernel"))


def test_a_run_played_again_with_more_room_begins_as_the_first_did(monkeypatch):
    """Where a table of the kernel is too small the same run begins anew, and nothing of the first is left."""
    rooms = []

    def noted(program, any_case, work, room):
        rooms.append(room)
        return new_house(program, any_case, work, room)

    monkeypatch.setattr(kernel, "new_house", noted)
    for name in ("_EVENTS", "_ORDERS", "_LINES"):
        monkeypatch.setattr(house, name, 1)

    for seed in range(40):
        _agree(seed, whole_minutes=seed % 2 == 0, crowded=seed % 3 == 0)

    assert rooms.count(4) > 10


def test_stays_stopped_every_evening_are_told_however_long_the_log():
    """More lines of stays that are stopped and taken up again than the log has room for at first."""
    hours = [{"from": "20:00", "to": "21:00", "staffed_beds": 5}]
    ward = {"title": "w", "physical_beds": 40, "staffed_beds": 40, "on_fall": "stop", "calendar": hours}
    stay = {"name": "stay", "places": ["ward"], "duration": {"mean": 3, "cv": 0.5, "unit": "days"}}
    evening = Hospital.model_validate(
        {
            "name": "beds that close every evening",
            "timezone": "UTC",
            "wards": {"ward": ward},
            "arrivals": {"door": {"title": "door", "daily_mean": 12, "mix": {"patient": 1}}},
            "classes": {"patient": {"title": "patient", "priority": 1, "pathway": "way"}},
            "pathways": {"way": {"steps": [stay]}},
        }
    )
    window = Window(START, days=28)
    work = draw_workload(case(evening), window, seed=1)
    schedule = resolve(case(evening), window)

    told = simulate_kernel(case(evening), work, schedule)

    assert len(told.log) > house._LINES
    assert told.same_as(simulate_reference(case(evening), work, schedule))
