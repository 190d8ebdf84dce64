"""Monthly clinics: the season is borrowed where it is faint and kept where it is plain."""

import numpy as np
import pandas as pd
import pytest

from forecasting.base import fit_base
from forecasting.features import calendar_of

YEAR = np.array([0.8, 0.85, 0.9, 1.0, 1.1, 1.2, 1.2, 1.15, 1.1, 1.0, 0.9, 0.8])
LEADS = np.arange(1, 13)


def _ahead(counts: np.ndarray) -> np.ndarray:
    stamps = pd.date_range("2019-01-01", periods=counts.shape[1] + 12, freq="MS")
    return fit_base(counts, calendar_of(stamps, "MS"), 12).mean(counts.shape[1] - 1, LEADS)


def _house(years: int, own: np.ndarray = YEAR, series: int = 41) -> np.ndarray:
    """Flat clinics, except that the first one has a season of its own."""
    mean = np.full((series, 12 * years), 400.0)
    mean[0] *= np.tile(own, years)
    return np.random.default_rng(8).poisson(mean).astype(float)


@pytest.mark.parametrize("years", [3, 4, 6])
def test_one_seasonal_clinic_among_flat_ones_keeps_its_season(years: int):
    ahead = _ahead(_house(years))

    assert np.abs(ahead[0] / (400 * YEAR) - 1).mean() < 0.08
    assert np.ptp(ahead[0]) > 0.75 * 400 * np.ptp(YEAR)


@pytest.mark.parametrize("years", [2, 3, 6])
def test_flat_clinics_beside_a_seasonal_one_stay_flat(years: int):
    ahead = _ahead(_house(years))[1:]

    assert np.abs(ahead / 400 - 1).mean() < 0.03  # a Poisson count of 400 varies by 5 %


def test_a_clinic_twice_as_large_is_forecast_twice_as_high():
    counts = _house(5) + 0.5  # no whole counts: nothing is known of their least noise

    np.testing.assert_allclose(_ahead(4 * counts), 4 * _ahead(counts), rtol=1e-6)


@pytest.mark.parametrize("always", [0.0, 7.0, 300.0])
def test_what_never_changed_is_forecast_to_stay(always: float):
    counts = np.full((3, 48), always)

    np.testing.assert_allclose(_ahead(counts), always, rtol=0.02, atol=1e-9)


def test_one_month_of_tenfold_counts_four_years_ago_hardly_moves_the_forecast():
    counts = _house(6)
    spiked = counts.copy()
    spiked[5, 20] *= 10

    assert np.abs(_ahead(spiked)[5] / _ahead(counts)[5] - 1).mean() < 0.1


def test_missing_months_leave_the_forecast_where_it_was():
    counts = _house(6)
    holes = counts.copy()
    holes[:, [3, 17, 18, 40]] = np.nan

    np.testing.assert_allclose(_ahead(holes)[1:], _ahead(counts)[1:], rtol=0.06)
    assert np.isfinite(_ahead(holes)).all()


def test_ten_seasonal_clinics_among_sixty_are_told_from_chance_within_three_years():
    mean = np.full((60, 36), 100.0)
    mean[:10] *= np.tile(YEAR, 3)

    ahead = _ahead(np.random.default_rng(9).poisson(mean).astype(float))

    assert np.abs(ahead[:10] / (100 * YEAR) - 1).mean() < 0.054  # kin alone would leave .11
    assert np.abs(ahead[10:] / 100 - 1).mean() < 0.031  # a Poisson count of 100 varies by 10 %
