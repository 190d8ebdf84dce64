"""Each series keeps its own holidays: a closed clinic closes, an open door stays open."""

import numpy as np
import pandas as pd
import pytest

from forecasting.base import fit_base, fit_factors
from forecasting.country import likely_country
from forecasting.features import calendar_of
from forecasting.holiday_effects import UNSEEN, holiday_effects
from twin.calendar import holidays
from twin.records.history import History

STAMPS = pd.date_range("2025-01-01", "2026-01-14", freq="D")
KNOWN = 365
OFF = np.array([day in holidays("GB-ENG", 2025, 2026) for day in STAMPS.date])
NEW_YEAR = STAMPS.get_loc("2026-01-01")
WORKING = np.array([1.0, 1, 1, 1, 1, 0, 0])[STAMPS.day_of_week]


def a_year(clinic: float, emergency: float, seed: int = 1) -> np.ndarray:
    """A clinic closed at weekends and on holidays, and an emergency department that never closes."""
    chance = np.random.default_rng(seed)
    means = np.stack([clinic * WORKING * ~OFF, np.full(len(STAMPS), emergency)])
    return chance.poisson(means)[:, :KNOWN].astype(float)


def factors(values: np.ndarray) -> np.ndarray:
    """Effect of the coming New Year's Day, shape (series,)."""
    marked, plain = (
        fit_factors(values, days).of(days) for days in (calendar_of(STAMPS, "D", c) for c in ("GB-ENG", None))
    )
    return marked[:, NEW_YEAR] / plain[:, NEW_YEAR]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("clinic", [10, 200])
def test_one_year_shows_who_closes_and_who_does_not(clinic, seed):
    values = a_year(clinic, 25, seed)

    ahead = fit_base(values, calendar_of(STAMPS, "D", "GB-ENG"), 14).mean(KNOWN - 1, np.arange(1, 15))

    assert ahead[0, 0] < 0.15 * clinic
    assert 0.79 < ahead[1, 0] / ahead[1, 7] < 1.21  # three standard errors of eight days of 25


def test_the_order_of_the_series_does_not_matter():
    values = a_year(50, 25)

    np.testing.assert_allclose(factors(values), factors(values[::-1])[::-1], rtol=1e-9)


def test_a_series_alone_keeps_its_own_effect():
    clinic, emergency = a_year(50, 25)

    assert factors(clinic[None])[0] < 0.15
    assert 0.9 < factors(emergency[None])[0] < 1.1


def test_many_closed_clinics_do_not_close_the_one_that_stays_open():
    values = np.concatenate([a_year(50, 25, seed)[:1] for seed in range(20)] + [a_year(50, 25)[1:]])

    assert (factors(values)[:-1] < 0.15).all() and factors(values)[-1] > 0.85


def test_a_short_history_without_holidays_foresees_none():
    values = a_year(50, 25)[:, 10:80]
    stamps = STAMPS[10:110]

    marked, plain = (
        fit_factors(values, days).of(days) for days in (calendar_of(stamps, "D", c) for c in ("GB-ENG", None))
    )

    np.testing.assert_allclose(marked, plain, rtol=0.02)


def test_kin_that_agree_lend_their_effect_to_one_of_whom_nothing_was_seen():
    ratio, variance = np.full((6, 8), 0.2), np.full((6, 8), 0.01)
    ratio[5], variance[5] = 1.0, UNSEEN

    effect = holiday_effects(ratio, variance, 0.0, np.zeros(8))

    np.testing.assert_allclose(effect, 0.2, atol=0.02)


def test_chance_is_no_effect():
    away = 0.1 * np.random.default_rng(4).standard_normal((5, 8))

    effect = holiday_effects(1 + away, np.full((5, 8), 0.01), 0.0, np.zeros(8))

    assert np.abs(effect - 1).max() < 0.05


def of(values: np.ndarray, begins: str) -> History:
    stamps = pd.date_range(begins, periods=len(values), freq="D")
    return History(pd.DataFrame({"unique_id": "s", "ds": stamps, "y": values.astype(float)}), "D")


def test_no_country_is_read_into_chance():
    counts = np.random.default_rng(5).poisson(25, 600)

    assert likely_country(of(counts, "2023-03-01"), None)[0] is None


def test_a_clear_country_is_found_and_told():
    off = holidays("GB-SCT", 2021, 2024)
    days = pd.date_range("2021-03-01", periods=1000, freq="D")
    mean = np.array([20.0 if day in off else 100.0 for day in days.date])

    found, told = likely_country(of(np.random.default_rng(6).poisson(mean), "2021-03-01"), None)

    assert found == "GB-SCT" and "GB-SCT" in told[0]


def test_of_several_countries_the_shared_days_are_kept():
    shared = calendar_of(STAMPS, "D", ("GB-ENG", "PL"))

    assert shared.mark[NEW_YEAR] >= 0 and shared.mark[STAMPS.get_loc("2025-08-25")] < 0


def test_neighbours_that_share_most_holidays_are_told_apart_by_the_busy_day_after():
    off = holidays("US", 2021, 2024)
    days = pd.date_range("2021-03-01", periods=1000, freq="D")
    after = [day.date() in off for day in days - pd.Timedelta(days=1)]
    counts = np.random.default_rng(7).poisson(np.where(after, 150.0, 120.0))

    found, _ = likely_country(of(counts, "2021-03-01"), None)

    assert found == "US"
