"""What a hospital gets when it asks for a forecast."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.backtest import backtest, holdout
from forecasting.covariates import CovariateTable
from forecasting.heads import LEVELS
from forecasting.service import forecast, to_demand
from twin.errors import UsageError
from twin.records.history import History, history_of

COLUMNS = ["unique_id", "ds", "mean", *(f"q{level:g}" for level in LEVELS)]


def a_history(days: int = 300, series: int = 2, mean: float = 60) -> History:
    chance = np.random.default_rng(7)
    week = np.array([1.2, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9])
    stamps = pd.date_range("2023-01-02", periods=days, freq="D")
    factors = np.resize(week, days)
    tables = [
        pd.DataFrame({"unique_id": f"ward_{k}", "ds": stamps, "y": chance.poisson(mean * factors)})
        for k in range(series)
    ]
    return history_of(pd.concat(tables, ignore_index=True))


@pytest.fixture(scope="module")
def result():
    return forecast(a_history(), 14, n_paths=60, made_by="lstm", country="none")


def test_the_table_has_the_columns_of_the_contract(result):
    assert list(result.table.columns) == COLUMNS
    assert len(result.table) == 2 * 14
    assert result.table["ds"].min() == pd.Timestamp("2023-10-29")


def test_quantiles_rise_and_are_no_negative_counts(result):
    quantiles = result.table[COLUMNS[3:]].to_numpy()

    assert np.isfinite(quantiles).all() and (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()


def test_paths_are_whole_patients_and_agree_with_the_table(result):
    assert result.paths.shape == (60, 2, 14)
    assert (result.paths == np.rint(result.paths)).all()
    np.testing.assert_allclose(np.median(result.paths, axis=0), result.quantile(0.5), atol=1.5)


def test_the_network_that_was_asked_for_serves_and_says_why(result):
    assert set(result.made_by) == {"lstm"}
    assert "recent origins" in result.notes[0]


def test_the_same_seed_gives_the_same_forecast():
    first, second = (forecast(a_history(150), 7, n_paths=20, seed=3) for _ in range(2))

    pd.testing.assert_frame_equal(first.table, second.table)
    np.testing.assert_array_equal(first.paths, second.paths)


def test_a_short_history_is_served_by_the_base_and_told():
    short = forecast(a_history(20, series=1), 14)

    assert short.made_by == ("base",)
    assert "too few" in short.notes[0]


@pytest.mark.parametrize("horizon", [0, -1, 3651])
def test_an_impossible_horizon_names_the_allowed_range(horizon):
    with pytest.raises(UsageError, match="1 to 3650"):
        forecast(a_history(30), horizon)


@pytest.mark.parametrize(
    "counts",
    [np.zeros(60), np.full(60, 7.0), np.where(np.arange(60) == 30, 1e6, 0.0), [5.0], [np.nan, 3.0, np.nan]],
    ids=["zeros", "constant", "spike", "one point", "mostly missing"],
)
def test_odd_series_still_get_a_sound_forecast(counts):
    table = pd.DataFrame(
        {"unique_id": "x", "ds": pd.date_range("2024-01-01", periods=len(counts)), "y": counts}
    )
    frame = table[table["y"].notna() | (np.arange(len(table)) > 0)].reset_index(drop=True)

    out = forecast(History(frame, "D"), 9, n_paths=20, time_limit=0.5)

    quantiles = out.table[COLUMNS[2:]].to_numpy()
    assert np.isfinite(quantiles).all() and (quantiles >= 0).all()
    assert np.isfinite(out.paths).all()


def test_paths_become_patients_a_day_of_a_stream(result):
    demand = to_demand(result, {"ward_0": "medical", "ward_1": "medical"}, scale={"medical": 0.5})

    assert demand.series == ("medical",)
    assert demand.start == date(2023, 10, 29)
    assert demand.made_by == "lstm"
    np.testing.assert_allclose(demand.paths[:, 0], np.rint(result.paths.sum(axis=1) / 2))


def test_an_unknown_series_has_no_stream(result):
    with pytest.raises(UsageError, match="surgery"):
        to_demand(result, {"surgery": "elective"})


def test_a_backtest_scores_three_methods_at_each_origin():
    done = backtest(a_history(150), 7, 2, time_limit=0.5)

    assert len(done.table) == 6
    assert done.summary()["base"]["mase"] < done.summary()["seasonal_naive"]["mase"]


def test_too_many_origins_are_refused_with_the_number_that_fits():
    with pytest.raises(UsageError, match="at most"):
        backtest(a_history(40), 14, 9)


def test_a_backtest_leaves_out_what_a_table_says_of_a_ward_that_had_not_opened_yet():
    frame = a_history(60).frame
    opened = frame["ds"] >= frame["ds"].min() + pd.Timedelta(days=45)
    known = history_of(frame[opened | (frame["unique_id"] == "ward_0")])
    table = pd.DataFrame([(ds, name, 0) for ds in known.stamps for name in known.ids])
    told = CovariateTable(table.set_axis(["ds", "unique_id", "visit"], axis=1))

    done = backtest(known, 7, 2, apart=10, country="none", covariates=told, time_limit=0.5)

    assert len(known.until(17).ids) == 1 < len(known.until(7).ids)
    assert np.isfinite(done.table["wql"]).all()


def test_the_holdout_scores_the_last_days():
    scores = holdout(a_history(120), 14, time_limit=1)

    assert set(scores) == {"forecast", "base", "seasonal_naive"}
    assert 0.5 < scores["forecast"]["coverage_80"] <= 1
