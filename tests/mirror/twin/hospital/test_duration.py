"""Durations: the inverse distribution function, its inverse and its mean."""

import numpy as np
import pytest

from twin.hospital.base import Duration
from twin.hospital.duration import draw, mean_ms, quantile, share_below

DURATIONS = [
    {"mean": 5, "cv": 1.3, "unit": "days"},
    {"mean": 40, "cv": 0.4, "unit": "minutes", "shape": "gamma"},
    {"mean": 3, "unit": "hours", "shape": "exponential"},
    {"unit": "hours", "quantiles": [[0, 1], [0.5, 2], [0.9, 6], [1, 24]]},
]
CAPPED = [{**d, "at_most": 2 * d.get("mean", 3)} for d in DURATIONS]
MIDDLES = (np.arange(400_000) + 0.5) / 400_000


def made(table) -> Duration:
    return Duration.model_validate(table)


@pytest.mark.parametrize("table", DURATIONS)
def test_the_share_below_a_quantile_is_its_level(table):
    u = np.linspace(0.01, 0.99, 99)

    assert share_below(made(table), quantile(made(table), u)) == pytest.approx(u, abs=1e-9)


@pytest.mark.parametrize("table", DURATIONS + CAPPED)
def test_the_mean_is_that_of_the_draws(table):
    assert draw(made(table), MIDDLES).mean() == pytest.approx(mean_ms(made(table)), rel=2e-3)


@pytest.mark.parametrize("table", DURATIONS[:2])
def test_the_spread_is_the_coefficient_of_variation(table):
    values = draw(made(table), MIDDLES)

    assert values.std() / values.mean() == pytest.approx(table["cv"], rel=0.01)


def test_no_duration_is_shorter_than_a_millisecond():
    assert draw(made({"unit": "minutes", "quantiles": [[0, 0], [1, 0]]}), np.array([0.3])).tolist() == [1]


def test_a_cap_is_never_passed():
    assert draw(made(CAPPED[0]), MIDDLES).max() == 10 * made(CAPPED[0]).ms
