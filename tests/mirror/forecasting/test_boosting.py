"""Gradient boosting may serve too: it sees no future, says the same twice, and learns anew each night."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("lightgbm", reason="LightGBM is not installed")

from forecasting.boosting import Forest, learn_forest
from forecasting.contest import contest_with
from forecasting.explaining import explain
from forecasting.features import calendar_of
from forecasting.registry import load_model, names_of
from forecasting.service import ForecastResult, forecast
from forecasting.serving import choose, enter
from forecasting.training import Clock
from forecasting.trial import Trial, recent_origins
from tests.mirror.forecasting.test_service import a_history
from twin.records.history import History, history_of

HORIZON = 7


def fortnights(days: int = 300, wards: int = 3) -> History:
    """Wards that are busier every other week, which no base knows of."""
    history = a_history(days, wards)
    lift = np.where(np.arange(days) // 7 % 2, 1.25, 0.8)
    return history_of(history.frame.assign(y=np.rint(history.frame["y"] * np.tile(lift, wards))))


def ahead(history: History, **options: object) -> ForecastResult:
    asked = {"n_paths": 40, "contest": contest_with(["lightgbm"]), **options}
    return forecast(history, HORIZON, country="none", **asked)


@pytest.fixture(scope="module")
def result() -> ForecastResult:
    """A file that a forest learns, and a network that is given hardly any time to."""
    with pytest.MonkeyPatch.context() as short:
        short.setattr("forecasting.trial.Trial.most_batches", 1)
        return ahead(fortnights())


@pytest.fixture(scope="module")
def trial() -> Trial:
    """The same wards at six recent origins."""
    history = fortnights()
    calendar = calendar_of(history.stamps.append(history.ahead(HORIZON)), "D")
    held = recent_origins(300, HORIZON)
    assert held is not None
    return Trial(np.asarray(history.values), calendar, HORIZON, held)


@pytest.fixture(scope="module")
def forest(trial: Trial) -> Forest:
    found = learn_forest(trial.windows, HORIZON, trial.held.learned, 0, Clock(None))
    assert found is not None
    return found


def test_where_it_foretold_best_the_forest_serves_and_says_why(result):
    scores = result.champion.scores

    assert set(result.made_by) == {"lightgbm"}
    assert scores["lightgbm"] < 0.8 * scores["base"]
    assert "gradient boosting's loss is" in result.notes[0] and "it serves" in result.notes[0]
    assert set(scores) >= {"base", "seasonal_naive", "lightgbm"}


def test_what_it_says_is_a_whole_forecast(result):
    quantiles = result.champion.quantiles

    assert np.isfinite(quantiles).all() and (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert (result.paths == np.rint(result.paths)).all() and (result.paths >= 0).all()


def test_its_reasons_sum_to_what_is_served(result):
    for account in explain(result, "ward_1"):
        assert account.usual + sum(part.value for part in account.parts) == pytest.approx(account.served)
        assert "gradient boosting" in {part.said for part in account.parts}


def test_it_has_seen_nothing_after_its_origins(trial, forest):
    learned, origin = trial.held.learned, trial.held.origins[:1]
    values = trial.values.copy()
    values[:, learned:] += 500  # what came after all that may be learned
    blind = replace(trial.windows, values=values)

    again = learn_forest(blind, HORIZON, learned, 0, Clock(None))

    assert again is not None and origin[0] == learned - 1
    np.testing.assert_array_equal(
        again.say(blind, HORIZON, origin, learned), forest.say(trial.windows, HORIZON, origin, learned)
    )


def test_the_same_seed_grows_the_same_forest(trial, forest):
    again = learn_forest(trial.windows, HORIZON, trial.held.learned, 0, Clock(None))

    assert again is not None and again.trees.model_to_string() == forest.trees.model_to_string()
    np.testing.assert_array_equal(again.errors, forest.errors)


def test_days_that_are_not_known_are_no_days_without_patients(trial, forest):
    gaps = trial.values.copy()
    gaps[:, trial.held.origins[0] - 3] = np.nan

    said = forest.say(replace(trial.windows, values=gaps), HORIZON, trial.held.origins, trial.held.learned)

    assert np.isfinite(said).all()
    usual = forest.say(trial.windows, HORIZON, trial.held.origins, trial.held.learned)
    assert np.abs(said - usual).mean() < 0.2 * usual.mean()


def test_too_short_a_history_is_told_and_the_base_serves():
    result = ahead(a_history(40, 1), n_paths=0)

    assert result.made_by == ("base",)
    assert "gradient boosting had too little to learn from" in result.notes[0]


@pytest.mark.parametrize(
    ("frequency", "periods", "horizon"), [("MS", 96, 12), ("W", 260, 8), ("h", 24 * 70, 48)]
)
def test_it_takes_part_by_the_hour_the_week_and_the_month(frequency, periods, horizon, monkeypatch):
    monkeypatch.setattr("forecasting.trial.Trial.most_batches", 1)
    stamps = pd.date_range(
        "2016-01-01" if frequency == "MS" else "2018-01-01",
        periods=periods,
        freq={"W": "7D"}.get(frequency, frequency),
    )
    chance = np.random.default_rng(3)
    tables = [
        pd.DataFrame({"unique_id": f"clinic_{k}", "ds": stamps, "y": chance.poisson(30, periods)})
        for k in range(6)
    ]

    result = forecast(
        history_of(pd.concat(tables)), horizon, n_paths=5, country="none", contest=contest_with(["lightgbm"])
    )

    assert "lightgbm" in result.champion.scores
    assert np.isfinite(result.champion.quantiles).all()


def test_a_time_limit_that_ends_its_learning_is_told(trial):
    forest = learn_forest(trial.windows, HORIZON, trial.held.learned, 0, Clock(0.0))

    assert forest is not None and forest.cut_short


def test_a_forest_is_not_kept_on_file_and_learns_anew_the_next_night(result, tmp_path: Path):
    history = fortnights()

    enter(tmp_path, history, result, config={})
    serving = choose(tmp_path, history, HORIZON, ["lightgbm"])

    card = load_model(tmp_path, names_of(tmp_path)[0]).card
    assert (card.challenger, card.replays) == ("lightgbm", False)
    assert serving.trains and "gradient boosting served, which is not kept on file" in serving.why
    assert serving.challengers == ("seasonal_naive", "lightgbm")


def test_very_many_wards_are_told_by_the_forest_of_the_sample(monkeypatch):
    monkeypatch.setattr("forecasting.blocks.BLOCK", 4)
    monkeypatch.setattr("forecasting.trial.Trial.most_batches", 1)

    result = ahead(fortnights(wards=9))

    assert set(result.made_by) == {"lightgbm"} and "among 4 of 9 series" in result.notes[0]
    account = explain(result, "ward_8")[0]
    assert account.usual + sum(part.value for part in account.parts) == pytest.approx(account.served)
    assert "gradient boosting" in {part.said for part in account.parts}
