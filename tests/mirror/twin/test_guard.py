"""The guard: a run in which too many wait stops at one instant, and says so."""

import pytest

from tests.houses import case, hospital, patients
from twin.engine import ENGINES, simulate


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


def test_a_run_that_nothing_stopped_has_no_reason():
    house = hospital(places={"room": 1}, pathways={"p": [{"name": "seen", "places": ["room"]}]})

    assert simulate(case(house), patients(house, [("p", 0, [("seen", 5)])], days=1)).stopped_why == ""
