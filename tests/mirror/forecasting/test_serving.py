"""A registered model answers tonight in a moment, until it is old, damaged, or the days have changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.registry import load_model, names_of
from forecasting.service import ForecastResult, forecast
from forecasting.serving import Serving, choose, enter
from tests.mirror.forecasting.test_service import a_history
from twin.errors import UsageError
from twin.records.history import History, history_of

HORIZON = 7


def night(folder: Path, history: History, **options: object) -> tuple[Serving, ForecastResult]:
    """One night: the registered model answers, or one is trained and registered."""
    serving = choose(folder, history, HORIZON)
    result = forecast(history, HORIZON, n_paths=0, country="none", contest=serving.contest, **options)
    if serving.trains:
        enter(folder, history, result, config={})
    return serving, result


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> tuple[Path, History, ForecastResult]:
    """The first night of a hospital that a network helps: every fortnight is busier."""
    folder = tmp_path_factory.mktemp("models")
    history = a_history(200)
    lift = np.where(np.arange(200) // 7 % 2, 1.25, 0.8)
    frame = history.frame.assign(y=np.rint(history.frame["y"] * np.tile(lift, 2)))
    known = history_of(frame).until(8)
    return folder, history_of(frame), night(folder, known)[1]


@pytest.fixture
def models(first, tmp_path) -> Path:
    for file in first[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_the_same_night_is_answered_alike_without_training(first, models, monkeypatch):
    _, history, before = first
    monkeypatch.setattr("forecasting.contest.train", None)  # whoever trains falls over

    serving, result = night(models, history.until(8))

    assert not serving.trains and serving.degraded == ()
    assert before.made_by[0] == "lstm" == result.made_by[0]
    width = np.mean(before.quantile(0.9) - before.quantile(0.1))
    assert np.abs(result.champion.quantiles - before.champion.quantiles).mean() < 0.03 * width
    assert "serves; when it was trained" in result.notes[0]
    assert len(names_of(models)) == 1


def test_a_day_later_the_same_model_answers_for_the_next_days(first, models):
    history = first[1].until(7)

    serving, result = night(models, history)

    assert not serving.trains
    assert result.stamps[0] == history.as_of
    assert np.isfinite(result.champion.quantiles).all()
    assert (np.diff(result.champion.quantiles, axis=-1) >= 0).all()


def test_after_a_week_the_model_learns_on_from_its_own_weights(first, models):
    serving, _ = night(models, first[1])

    assert "older than 7 days" in serving.why
    assert serving.warm is not None
    assert len(names_of(models)) == 2


def test_a_level_that_moved_calls_for_learning_on(first, models):
    history = first[1].until(5)
    frame = history.frame.copy()
    late = frame["ds"] >= frame["ds"].max() - pd.Timedelta(days=2)
    frame.loc[late & (frame["unique_id"] == "ward_1"), "y"] *= 4

    serving = choose(models, history_of(frame), HORIZON)

    assert "ward_1 moved away" in serving.why


def test_corrected_days_of_the_past_call_for_learning_on(first, models):
    history = first[1].until(7)
    frame = history.frame.copy()
    frame.loc[3, "y"] += 1

    assert "have changed since" in choose(models, history_of(frame), HORIZON).why


@pytest.mark.parametrize("change", ["horizon", "series"])
def test_another_question_is_not_answered_by_the_model(first, models, change):
    history = first[1].until(8)
    if change == "series":
        history = history_of(history.frame[history.frame["unique_id"] == "ward_0"])

    serving = choose(models, history, HORIZON + (change == "horizon"))

    assert "other series, another frequency or another horizon" in serving.why


def test_a_damaged_model_is_told_and_the_last_good_one_serves(first, models):
    history = first[1].until(8)
    older = names_of(models)[0]
    model = load_model(models, older)
    newer = enter(models, history, first[2], config={"night": 2})
    (models / f"{newer}.safetensors").write_bytes(b"torn")

    serving, result = night(models, history)

    assert serving.model is not None and serving.model.name == older == model.name
    assert "[E_MODEL_CORRUPT]" in serving.degraded[0] and older in serving.degraded[0]
    assert older in result.notes[0]


def test_where_every_model_is_damaged_one_is_trained_and_that_is_told(first, models):
    (models / f"{names_of(models)[0]}.json").write_bytes(b"{}")

    serving = choose(models, first[1].until(8), HORIZON)

    assert serving.trains and serving.model is None
    assert "[E_MODEL_HASH]" in serving.degraded[0] and "a new one is trained" in serving.degraded[0]


def test_a_base_that_was_proved_better_serves_without_a_new_contest(tmp_path, monkeypatch):
    history = a_history(90, series=1)
    monkeypatch.setattr("forecasting.trial.SMALLEST_GAIN", 0.9)  # no network gains so much
    trained, first = night(tmp_path, history)
    monkeypatch.setattr("forecasting.contest.train", None)

    served, result = night(tmp_path, history)

    assert trained.trains and not served.trains
    assert first.made_by == result.made_by == ("base",)


def test_a_registered_model_is_not_asked_for_something_else(first, models):
    serving = choose(models, first[1].until(8), HORIZON)

    with pytest.raises(UsageError, match="as it was judged"):
        forecast(first[1].until(8), HORIZON, n_paths=0, made_by="base", contest=serving.contest)
