"""The contest: what must be seen before the LSTM serves, and before it serves alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.features import calendar_of
from forecasting.heads import MIDDLE
from forecasting.trial import Trial, recent_origins

DAYS, HORIZON = 400, 14


@pytest.fixture(scope="module")
def trial() -> Trial:
    """Three wards of 50 a day, judged at six recent origins."""
    stamps = pd.date_range("2023-01-02", periods=DAYS + HORIZON)
    values = np.random.default_rng(4).poisson(50, (3, DAYS)).astype(float)
    held = recent_origins(DAYS, HORIZON)
    assert held is not None and len(held.origins) == 6
    return Trial(values, calendar_of(stamps, "D"), HORIZON, held)


def nearer(trial: Trial, rows: slice) -> np.ndarray:
    """What the base says, its whole distribution a third nearer to what happened in some forecasts."""
    said = trial.plain.copy()
    said[rows] += (trial.truth - trial.plain[..., MIDDLE])[rows, :, None] / 3
    return said


def test_a_gain_at_every_origin_stands_out(trial: Trial):
    assert trial.stands_out(nearer(trial, slice(None)))


def test_a_gain_at_one_origin_of_six_does_not(trial: Trial):
    said = nearer(trial, slice(0, 3))  # forecasts are in order of origin, then ward

    assert trial.score(said) < trial.score(trial.plain)
    assert not trial.stands_out(said)


def test_what_is_worse_never_stands_out(trial: Trial):
    assert not trial.stands_out(trial.plain * 1.2)


def test_one_origin_alone_proves_nothing(trial: Trial):
    stamps = pd.date_range("2023-01-02", periods=80 + HORIZON)
    held = recent_origins(80, HORIZON, most=1)
    assert held is not None
    alone = Trial(trial.values[:, :80], calendar_of(stamps, "D"), HORIZON, held)

    assert not alone.stands_out(nearer(alone, slice(None)))
