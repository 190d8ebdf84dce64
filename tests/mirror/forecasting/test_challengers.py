"""Whoever foretold recent weeks best serves, also where that is "as last week"."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import forecasting.blocks
from forecasting.challengers import SeasonalNaive, challengers_of, seasonal_naive
from forecasting.contest import contest_with
from forecasting.explaining import explain
from forecasting.explaining.words import sentence
from forecasting.features import calendar_of
from forecasting.heads import LEVELS, MIDDLE
from forecasting.registry import load_model, names_of
from forecasting.service import ForecastResult, forecast, to_demand
from forecasting.serving import choose, enter
from forecasting.trial import Trial, recent_origins
from tests.mirror.forecasting.test_service import a_history
from twin.errors import UsageError
from twin.records.history import History, history_of

HORIZON = 7


def clinics(weeks: int = 40, clinics: int = 2) -> History:
    """Clinics that repeat last week to the patient, until every sixth week deals the days anew."""
    chance = np.random.default_rng(1)
    days = pd.date_range("2023-01-02", periods=7 * weeks)
    lists = np.tile([5.0, 10, 20, 40, 60, 80, 100], ((weeks + clinics) // 6 + 1, 1))
    tables = []
    for k in range(clinics):
        weekly = np.repeat(chance.permuted(lists, axis=1), 6, axis=0)[k : weeks + k]
        tables.append(pd.DataFrame({"unique_id": f"clinic_{k}", "ds": days, "y": weekly.ravel()}))
    return history_of(pd.concat(tables, ignore_index=True))


def ahead(history: History, **options: object) -> ForecastResult:
    return forecast(history, HORIZON, country="none", **{"n_paths": 60, **options})


@pytest.fixture(scope="module")
def result() -> ForecastResult:
    """The forecast of clinics that repeat last week."""
    return ahead(clinics())


def test_where_a_place_repeats_last_week_the_naive_serves_and_says_why(result):
    scores = result.champion.scores

    assert set(result.made_by) == {"seasonal_naive"}
    assert scores["seasonal_naive"] < 0.5 * min(scores["base"], scores["lstm 100%"], scores["lstm 50%"])
    assert "the seasonal naive's loss is" in result.notes[0]
    assert "below the base's and" in result.notes[0] and result.notes[0].endswith("the LSTM's; it serves")
    last = clinics().values[:, -7:]
    np.testing.assert_array_equal(result.quantile(0.5), last)


def test_what_a_challenger_says_is_a_whole_forecast(result):
    quantiles = result.champion.quantiles

    assert np.isfinite(result.table[[c for c in result.table if c not in ("unique_id", "ds")]]).all(axis=None)
    assert (quantiles >= 0).all() and (np.diff(quantiles, axis=-1) >= 0).all()
    assert (result.paths == np.rint(result.paths)).all() and (result.paths >= 0).all()
    np.testing.assert_allclose(np.median(result.paths, axis=0), result.quantile(0.5), atol=1.5)


def test_the_demand_of_a_challenger_carries_its_name(result):
    assert to_demand(result, {"clinic_0": "clinic"}).made_by == "seasonal_naive"


def test_where_the_base_is_better_it_serves_and_every_score_is_kept():
    result = ahead(a_history(), n_paths=0)
    scores = result.champion.scores

    assert result.made_by[0] in ("base", "lstm")
    assert set(scores) == {"base", "lstm 100%", "lstm 50%", "seasonal_naive"}
    assert scores["seasonal_naive"] > scores["base"]
    assert "(the seasonal naive's loss is" in result.notes[0]


def test_who_is_decided_beforehand_meets_no_challenger():
    assert set(ahead(clinics(), n_paths=0, made_by="base").made_by) == {"base"}
    assert "seasonal_naive" not in ahead(clinics(), n_paths=0, made_by="lstm").champion.scores


def test_a_history_too_short_for_a_network_may_still_be_served_as_last_week():
    one = clinics(weeks=9, clinics=1)

    result = ahead(one, n_paths=0)

    assert result.made_by == ("seasonal_naive",)
    assert "too few to train" in result.notes[0] and "it serves" in result.notes[0]
    assert set(result.champion.scores) == {"base", "seasonal_naive"}


def test_the_reasons_of_a_challengers_forecast_sum_to_what_is_served(result):
    for account in explain(result, "clinic_1"):
        parts = {part.reason: part.value for part in account.parts}
        assert account.usual + sum(parts.values()) == pytest.approx(account.served, abs=1e-9)
        assert account.made_by == "seasonal_naive"
        assert parts.get("rounding", 0.0) == pytest.approx(0.0, abs=1e-6)
        assert "as last week" in {part.said for part in account.parts}
    assert "as last week" in "".join(sentence(one, "D", most=9) for one in explain(result, "clinic_1"))


def test_a_night_is_served_by_a_registered_naive_with_the_days_known_since(tmp_path: Path):
    late, early = clinics(), clinics().until(2)
    first = ahead(early, n_paths=0, contest=choose(tmp_path, early, HORIZON).contest)
    enter(tmp_path, early, first, config={})
    card = load_model(tmp_path, names_of(tmp_path)[0]).card

    serving = choose(tmp_path, late, HORIZON)
    tonight = ahead(late, contest=serving.contest)

    assert (card.challenger, card.networks, card.learner) == ("seasonal_naive", 0, True)
    assert card.metrics["recent_origins"].keys() == first.champion.scores.keys()
    assert not serving.trains
    assert set(tonight.made_by) == {"seasonal_naive"}
    np.testing.assert_array_equal(tonight.quantile(0.5), late.values[:, -7:])
    account = explain(tonight, "clinic_0")[0]
    assert account.usual + sum(part.value for part in account.parts) == pytest.approx(account.served)


def test_very_many_clinics_are_served_as_the_sample_was(monkeypatch):
    monkeypatch.setattr(forecasting.blocks, "BLOCK", 4)
    many = clinics(clinics=12)

    result = ahead(many)

    assert set(result.made_by) == {"seasonal_naive"} and "among 4 of 12 series" in result.notes[0]
    np.testing.assert_array_equal(result.quantile(0.5), many.values[:, -7:])
    account = explain(result, "clinic_9")[2]
    assert account.usual + sum(part.value for part in account.parts) == pytest.approx(account.served)
    assert "as last week" in {part.said for part in account.parts}


def test_a_clinic_that_went_silent_stays_near_zero_also_as_last_week():
    frame = clinics().frame
    gone = (frame["unique_id"] == "clinic_0") & (frame["ds"] > frame["ds"].max() - pd.Timedelta(days=60))

    result = ahead(history_of(frame.assign(y=frame["y"].where(~gone, 0.0))))

    assert set(result.made_by) == {"seasonal_naive"}
    assert (result.quantile(0.5)[0] == 0).all() and (result.quantile(0.5)[1] > 0).all()


@pytest.fixture
def trial() -> Trial:
    """Three wards at six recent origins."""
    stamps = pd.date_range("2023-01-02", periods=414)
    values = np.random.default_rng(4).poisson(50, (3, 400)).astype(float)
    held = recent_origins(400, 14)
    assert held is not None
    return Trial(values, calendar_of(stamps, "D"), 14, held)


def test_the_naive_has_seen_nothing_after_its_origin(trial):
    origins, learned = trial.held.origins[:1], trial.held.learned
    blind = replace(trial.windows, values=trial.windows.values.copy())
    blind.values[:, origins[0] + 1 :] = -1e6

    said, again = (SeasonalNaive().say(w, 14, origins, learned) for w in (trial.windows, blind))

    np.testing.assert_array_equal(said, again)
    np.testing.assert_array_equal(said[:, :7, MIDDLE], trial.values[:, origins[0] - 6 : origins[0] + 1])


def test_a_challenger_must_beat_the_loss_of_whoever_would_serve(trial):
    (rival,) = trial.rivals(["seasonal_naive"], 0, None)
    nearer = trial.plain + (trial.truth - trial.plain[..., MIDDLE])[..., None] / 3
    rival = replace(rival, said=nearer, score=trial.score(nearer))

    assert trial.winner([rival], trial.score(trial.plain)) == rival
    assert trial.winner([rival], rival.score) is None


def test_a_gain_at_one_origin_alone_makes_no_challenger_serve(trial):
    (rival,) = trial.rivals(["seasonal_naive"], 0, None)
    nearer = trial.plain.copy()
    nearer[:3] += (trial.truth - trial.plain[..., MIDDLE])[:3, :, None] / 3
    rival = replace(rival, said=nearer, score=trial.score(nearer))

    assert rival.score < (1 - trial.needed) * trial.score(trial.plain)
    assert trial.winner([rival], trial.score(trial.plain)) is None


def test_the_naives_spread_is_that_of_its_own_errors_also_where_days_are_missing():
    history = a_history(120)
    frame = history.frame.assign(y=history.frame["y"].where(history.frame.index % 11 != 3))
    known = history_of(frame.dropna())

    said = seasonal_naive(known, 14)

    values = np.asarray(known.values)
    for row in range(len(values)):
        change = values[row, 7:] - values[row, :-7]
        change = change[np.isfinite(change)]
        about = np.quantile(change, LEVELS) - np.median(change)
        first = np.maximum(np.sort(said[row, 0, MIDDLE] + about), 0)
        np.testing.assert_allclose(said[row, 0], first, atol=1e-9)
        np.testing.assert_allclose(said[row, 7, -1] - said[row, 7, MIDDLE], about[-1] * 2**0.5, atol=1e-9)


def test_a_challenger_that_is_not_installed_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)  # as where it is not installed

    with pytest.raises(UsageError, match=r"pip install .*hospital-twin\[lightgbm\]"):
        contest_with(["lightgbm"])


def test_an_unknown_challenger_is_refused_with_those_that_there_are():
    with pytest.raises(
        UsageError, match='no challenger is named "prophet"; there are seasonal_naive, lightgbm'
    ):
        challengers_of(["prophet"])
