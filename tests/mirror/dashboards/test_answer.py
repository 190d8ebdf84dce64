"""What the page says of an answer, before it is drawn."""

import json
from datetime import datetime, timedelta

import pytest

from dashboards.services import answer as service
from dashboards.services.view import look
from tests.answers import drawn_answer
from twin.errors import NotFound
from twin.store import open_store


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path) as opened:
        yield opened


def finish(store, answer, kind="run"):
    claim = store.runs.start(kind, {}, owner="test")
    store.artefacts.put(claim, "answer.json", json.dumps({**answer, "run_id": claim.run_id}).encode())
    store.runs.finish(claim, {})
    return claim.run_id


def test_an_empty_store_has_no_answer_and_no_worker(store):
    view = look(store)

    assert (view.answer, view.running, view.failed, view.worker_seen) == (None, None, None, False)


def test_the_main_job_that_ended_last_is_shown_by_hand_or_by_night(store):
    finish(store, drawn_answer())
    by_night = finish(store, drawn_answer(seed=8), kind="nightly")

    assert look(store).answer["run_id"] == by_night


def test_an_answer_of_another_format_is_told_and_not_thrown(store):
    run_id = finish(store, {**drawn_answer(), "format": 99})

    view = look(store)

    assert view.answer is None
    assert view.fault == f"run {run_id} has an answer of format 99; this version reads 1"


def test_a_run_without_an_answer_is_not_found(store):
    claim = store.runs.start("whatif", {}, owner="test")
    store.runs.finish(claim, {})

    with pytest.raises(NotFound, match="left no answer"):
        service.read_answer(store, claim.run_id)


def test_data_older_than_a_day_are_stale():
    drawn = drawn_answer()
    end = datetime.fromisoformat(drawn["as_of"])

    assert not service.freshness(drawn, end + timedelta(hours=23)).is_stale
    assert service.freshness(drawn, end + timedelta(hours=25)).is_stale


def test_asking_twice_for_the_main_job_asks_once(store):
    assert service.ask_for_run(store) == service.ask_for_run(store)


def test_the_headline_counts_decisions_and_names_the_tight_point():
    first, then = service.headline(drawn_answer())

    assert first == "Four decisions, one approval."
    assert then.startswith("Medicine A is the tight point, on ")


def test_a_calm_hospital_needs_no_decision():
    calm = drawn_answer(shortest=0.7)
    calm["decisions"] = []

    first, then = service.headline(calm)

    assert first == "Nothing needs a decision."
    assert then.startswith("No ward is more likely than not to be short")


def test_the_track_record_is_counted_from_its_rows():
    row = {"stream": "emergency", "last_week": 240.0, "said": 250.0, "q10": 230.0, "q90": 270.0}
    rows = [{**row, "ds": "2026-11-20", "happened": 244.0},
            {**row, "ds": "2026-11-21", "happened": 280.0},
            {**row, "ds": "2026-11-22", "happened": None}]  # fmt: skip

    said = service.track_summary(rows)

    assert "held what happened on 1 of 2 days" in said
    assert "the middle missed by 18.0 a day" in said  # (6 + 30) / 2
    assert "“same as last week” by 22.0" in said  # (4 + 40) / 2
