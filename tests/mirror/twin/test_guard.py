"""The guard: a run in which too many wait stops at one instant, and says so."""

import pytest

from tests.houses import case, hospital, level, patients
from twin.engine import ENGINES, simulate
from twin.replications.playing import waiting_at_stop
from twin.trace import Kind


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_in_which_too_many_wait_stops_and_says_when_and_why(monkeypatch, engine):
    for module in ("kernel", "reference"):
        monkeypatch.setattr(f"twin.engine.{module}.MOST_WAITING", 2)
    house = hospital(places={"room": 1}, pathways={"p": [{"name": "seen", "places": ["room"]}]})
    work = patients(house, [("p", minute, [("seen", 600)]) for minute in (0, 5, 10, 15, 20)], days=1)

    trace = simulate(case(house), work, engine=engine)

    assert trace.stopped_at == 15 * 60_000
    assert trace.end == trace.stopped_at
    assert trace.stopped_why.startswith("partial: stopped on 2025-01-06 00:15 because more patients waited")


@pytest.mark.parametrize("engine", ENGINES)
def test_those_stopped_in_a_step_wait_too_when_the_guard_counts(monkeypatch, engine):
    for module in ("kernel", "reference"):
        monkeypatch.setattr(f"twin.engine.{module}.MOST_WAITING", 2)
    closes = level(("01:00", "24:00", 1), usual=3, on_fall="stop")
    house = hospital(places={"room": closes}, pathways={"p": [{"name": "seen", "places": ["room"]}]})
    work = patients(house, [("p", minute, [("seen", 600)]) for minute in (0, 5, 10, 70)], days=1)

    trace = simulate(case(house), work, engine=engine)

    assert (trace.stopped_at, waiting_at_stop(trace)) == (70 * 60_000, 3)


def test_who_went_on_after_a_stop_waits_no_longer():
    closed = level(("01:00", "02:00", 1), usual=2, on_fall="stop")
    house = hospital(places={"room": closed}, pathways={"p": [{"name": "seen", "places": ["room"]}]})
    work = patients(house, [("p", minute, [("seen", 1_500)]) for minute in (0, 5, 10)], days=1)

    trace = simulate(case(house), work)

    assert len(trace.log.only(Kind.STOPPED)) == len(trace.log.only(Kind.RESUMED)) == 1
    assert waiting_at_stop(trace) == 1


def test_a_run_that_nothing_stopped_has_no_reason():
    house = hospital(places={"room": 1}, pathways={"p": [{"name": "seen", "places": ["room"]}]})

    assert simulate(case(house), patients(house, [("p", 0, [("seen", 5)])], days=1)).stopped_why == ""
