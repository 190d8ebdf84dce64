"""The parts of a forecast add up, on real series and with networks that learned from them.

Completeness is the axiom of integrated gradients that a reader relies on: Sundararajan, Taly & Yan (2017),
Axiomatic attribution for deep networks, arXiv:1703.01365, proposition 1.
"""

import numpy as np
import pytest

from forecasting.explaining import explain
from forecasting.explaining.gradients import moves
from forecasting.explaining.inputs import usual_input
from forecasting.service import forecast
from forecasting.windows import windows_of
from twin.records.history import read_history

PROMISED = 0.01  # share of a network's move that its inputs may leave out


@pytest.mark.parametrize(
    ("file", "daily", "horizon", "country"),
    [("ambulance_daily.csv", True, 28, "GB-ENG"), ("ed_arrivals_hourly.csv", False, 48, "US")],
)
def test_on_windows_of_any_time(shared_data, file, daily, horizon, country):
    history = read_history(shared_data / "demand" / file)
    history = history.daily() if daily else history.until(24 * 900)
    result = forecast(history, horizon, n_paths=0, country=country, made_by="lstm", time_limit=12)
    made, networks = result.champion.made, result.champion.networks
    windows = windows_of(made.values, made.base, made.calendar, horizon)
    chance = np.random.default_rng(1)

    errors = []
    for _ in range(12):
        row = chance.integers(len(made.values), size=1)
        origin = chance.integers(made.values.shape[1] // 2, made.values.shape[1], size=1)
        steps, _ = windows.cut(row, origin)
        found = moves(networks, steps[0], usual_input(windows, steps[0]), chance.integers(horizon, size=2))
        errors.extend(found.error)

    assert max(errors) < PROMISED


def test_what_is_served_is_what_is_usual_and_its_parts(shared_data):
    history = read_history(shared_data / "demand" / "ambulance_daily.csv").until(5)
    result = forecast(history, 14, n_paths=0, country="GB-ENG", made_by="lstm", time_limit=12)

    for row, series in enumerate(result.ids):
        told = explain(result, series)

        summed = [account.usual + sum(part.value for part in account.parts) for account in told]
        np.testing.assert_allclose(summed, result.quantile(0.5)[row], rtol=1e-9)
        new_year = next(account for account in told if account.ds.strftime("%m-%d") == "01-01")
        assert max(new_year.parts, key=lambda part: part.value).said == "New Year's Day"
