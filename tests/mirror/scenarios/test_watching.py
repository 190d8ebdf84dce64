"""What was said as issued, against what happened: figures, alarms, and what a status shows of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dashboards.cli.status import _status, _words
from scenarios.foresee import Foreseen
from scenarios.track import base_name, issue
from scenarios.watching import told, watch_streams
from twin.demand import DemandForecast
from twin.store import Store, open_store

FIRST = date(2026, 1, 5)
DAYS = 60


def demand_of(mean: float, days: int, start: date) -> DemandForecast:
    paths = np.random.default_rng(1).poisson(mean, (400, 1, days))
    return DemandForecast(
        start=start, series=("emergency",), paths=paths, made_by="lstm", as_of=datetime(2026, 1, 5)
    )


def known(happened: np.ndarray) -> Foreseen:
    ahead = demand_of(40, 7, FIRST + timedelta(days=len(happened)))
    return Foreseen(ahead, ahead, happened[None], FIRST, {}, {}, (), ())


@pytest.fixture
def store(tmp_path: Path, monkeypatch):
    """A hospital whose nights of two months each said 40 a day, and the base 41."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with open_store(tmp_path) as store:
        for day in range(0, DAYS, 7):
            start = FIRST + timedelta(days=day)
            night = store.runs.start("nightly", {}, owner="a test")
            at = datetime.combine(start, datetime.min.time())
            issue(store, night.run_id, demand_of(40, 7, start), 7, at, "UTC")
            issue(store, night.run_id, demand_of(41, 7, start), 7, at, "UTC", of_base=True)
            store.runs.finish(night, {"source_key": "records"})
        yield store


def arrivals(lift: float = 1.0, late: int = 10) -> np.ndarray:
    chance = np.random.default_rng(2)
    mean = np.where(np.arange(DAYS) >= DAYS - late, 40 * lift, 40)
    return chance.poisson(mean).astype(float)


def test_where_all_is_as_foretold_the_figures_stand_and_no_alarm(store: Store):
    (row,) = watch_streams(store, known(arrivals()), "records")

    assert row["stream"] == "emergency" and row["days"] == 28
    assert row["mase"] == pytest.approx(row["plain_mase"], rel=0.1)
    assert 0.6 < row["coverage80"] <= 1.0
    assert row["alarms"] == ()
    assert told([row], {}) == ()


def test_a_third_more_patients_for_ten_days_is_an_alarm_in_words(store: Store):
    rows = watch_streams(store, known(arrivals(lift=1.35)), "records")

    sentences = told(rows, {"emergency": "Emergency arrivals"})

    assert any("Drift of Emergency arrivals" in s and "more came than was foretold" in s for s in sentences)


def test_what_the_base_said_at_the_time_is_what_it_is_judged_by(store: Store):
    issued = store.forecasts.list(base_name("emergency"))

    assert len(issued) >= DAYS and {round(row.mean) for row in issued} == {41}


def test_forecasts_of_another_source_are_not_judged(store: Store):
    assert watch_streams(store, known(arrivals()), "another file") == []


def test_a_status_shows_the_figures_of_the_newest_night_and_its_alarms(store: Store):
    rows = watch_streams(store, known(arrivals(lift=1.35)), "records")
    night = store.runs.start("nightly", {}, owner="a test")
    store.runs.finish(night, {"source_key": "records", "drift": rows, "at": datetime.now(UTC).isoformat()})

    status = _status(store, 5)

    assert status["drift"][0]["stream"] == "emergency"
    line = next(line for line in _words(status).splitlines() if line.startswith("forecast"))
    assert "MASE" in line and "ALARM: " in line and "more came" in line
