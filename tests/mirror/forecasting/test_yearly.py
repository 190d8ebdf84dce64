"""A winter that comes every year is foreseen; none is read into chance or into two years."""

import numpy as np
import pandas as pd

from forecasting.base import fit_factors
from forecasting.features import calendar_of


def _year_of(amplitude: float, years: int) -> np.ndarray | None:
    """Factor of the time of year of six emergency departments, in January and in July, shape (series, 2)."""
    stamps = pd.date_range("2019-01-01", periods=366 * years, freq="D")
    calendar = calendar_of(stamps, "D")
    mean = 200 * np.exp(amplitude * _winter(stamps))
    counts = np.random.default_rng(3).poisson(np.tile(mean, (6, 1))).astype(float)
    parts = fit_factors(counts, calendar).parts(calendar)
    found = parts.get("time_of_year")
    return None if found is None else found[:, [14, 195]]


def _winter(stamps: pd.DatetimeIndex) -> np.ndarray:
    return np.cos(2 * np.pi * (np.asarray(stamps.day_of_year) - 15) / 365.25)


def test_a_winter_that_came_five_times_is_known_to_be_busier_than_summer():
    found = _year_of(amplitude=0.10, years=5)

    assert found is not None
    ratio = found[:, 0] / found[:, 1]
    assert ((ratio > 1.17) & (ratio < 1.27)).all()  # exp(0.2) = 1.22


def test_no_winter_is_read_into_chance():
    found = _year_of(amplitude=0.0, years=5)

    assert found is not None and (np.abs(found - 1) < 0.01).all()


def test_two_years_say_nothing_about_the_time_of_year():
    assert _year_of(amplitude=0.10, years=2) is None
