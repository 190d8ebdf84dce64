"""The forecast must beat "same as last season", on made-up series and on real ones.

The seasonal naive is the reference that every forecasting study starts from: Hyndman & Athanasopoulos,
Forecasting: Principles and Practice, 3rd ed., section 5.2.
"""

import numpy as np
import pandas as pd

from forecasting.backtest import backtest
from twin.records.history import History, history_of, read_history


def simulated(days: int = 400, series: int = 6) -> History:
    chance = np.random.default_rng(11)
    week = np.array([1.25, 1.05, 1.0, 0.98, 1.0, 0.88, 0.84])
    stamps = pd.date_range("2022-01-03", periods=days, freq="D")
    parts = []
    for k in range(series):
        level = 40 * (k + 1) * np.exp(np.cumsum(0.01 * chance.standard_normal(days)))
        mean = level * np.resize(week, days)
        y = chance.negative_binomial(50, 50 / (50 + mean))
        parts.append(pd.DataFrame({"unique_id": f"stream {k}", "ds": stamps, "y": y}))
    return history_of(pd.concat(parts, ignore_index=True))


def test_on_simulated_streams():
    scores = backtest(simulated(), 14, 2, country="none").summary()

    assert scores["forecast"]["mase"] < 0.85 * scores["seasonal_naive"]["mase"]
    assert scores["forecast"]["wql"] < 0.85 * scores["seasonal_naive"]["wql"]
    assert 0.6 < scores["forecast"]["coverage_80"] < 0.95


def test_on_real_ambulance_calls(shared_data):
    history = read_history(shared_data / "demand" / "ambulance_daily.csv")

    scores = backtest(history, 28, 1, country="GB-ENG").summary()

    assert scores["forecast"]["mase"] < 0.9 * scores["seasonal_naive"]["mase"]


def test_on_a_real_emergency_department_by_hour(shared_data):
    history = read_history(shared_data / "demand" / "ed_arrivals_hourly.csv").until(24_000)

    scores = backtest(history, 168, 1, country="US").summary()

    assert scores["forecast"]["mase"] < 0.9 * scores["seasonal_naive"]["mase"]
