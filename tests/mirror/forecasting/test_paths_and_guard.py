"""Futures that go together as the past did, and intervals as wide as recent truths ask."""

import numpy as np
import pytest

from forecasting.conformal import guard_factors, guarded
from forecasting.heads import LEVELS
from forecasting.marginals import small_counts
from forecasting.paths import joint_paths

NORMAL = np.array([-1.96, -1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816, 1.96])
WARDS, DAYS = 12, 14


def busy_weeks(n: int, chance: np.random.Generator, common: float = 0.3) -> np.ndarray:
    """Errors of wards that share what makes a week busy, of unit variance; one future in ten is rough."""
    together = chance.standard_normal((n, 1, DAYS))
    rough = np.where(chance.random((n, 1, 1)) < 0.1, 2.0, 0.8)
    alone = chance.standard_normal((n, WARDS, DAYS))
    errors = rough * np.sqrt(common) * together + np.sqrt(1 - common) * alone
    return errors / np.sqrt(1 - common + common * (0.1 * 4 + 0.9 * 0.64))


def covered(paths: np.ndarray, truths: np.ndarray) -> float:
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    return float(((truths >= low) & (truths <= high)).mean())


@pytest.mark.parametrize("axis", [1, 2, (1, 2)], ids=["over wards", "over days", "over both"])
def test_sums_of_paths_hold_the_share_of_futures_they_promise(axis):
    chance = np.random.default_rng(3)
    futures = 100 + 10 * busy_weeks(2000, chance)
    quantiles = np.broadcast_to(np.quantile(futures, LEVELS), (WARDS, DAYS, 11))

    paths = joint_paths(quantiles, busy_weeks(240, chance), 1000, seed=2, counts=True)

    assert covered(paths.sum(axis=axis), futures.sum(axis=axis)) == pytest.approx(0.8, abs=0.03)


def test_paths_of_few_patients_keep_their_quantiles_and_their_mean():
    mean = np.repeat([[0.02], [0.2], [1.07], [4.0]], 72, axis=1)
    quantiles = small_counts(mean, 1.5 * mean)
    past = np.random.default_rng(5).standard_normal((100, 4, 72))

    paths = joint_paths(quantiles, past, 400, seed=1, counts=True, mean=mean)

    np.testing.assert_allclose(paths.sum(axis=2).mean(axis=0), mean.sum(axis=1), rtol=0.02)
    read = np.quantile(paths, LEVELS, axis=0, method="inverted_cdf")
    assert (read == np.moveaxis(quantiles, -1, 0)).mean() > 0.97


def test_a_house_of_many_wards_is_drawn_in_parts_that_still_go_together(monkeypatch):
    chance = np.random.default_rng(4)
    quantiles = np.broadcast_to(100 + 10 * NORMAL, (WARDS, DAYS, 11))
    templates = np.repeat(chance.standard_normal((200, 1, DAYS)), WARDS, axis=1)
    monkeypatch.setattr("forecasting.paths.BLOCK", 2 * DAYS * 500)

    paths = joint_paths(quantiles, templates, 500, seed=2, counts=True)

    assert np.corrcoef(paths[:, 0, 3], paths[:, -1, 3])[0, 1] > 0.9


def trial(widths: np.ndarray, origins: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts of wards whose errors are as wide as told, shape (origin x ward, 28, level), and truths."""
    chance = np.random.default_rng(8)
    truth = 100 + 10 * np.tile(widths, origins)[:, None] * chance.standard_normal((origins * len(widths), 28))
    return np.broadcast_to(100 + 10 * NORMAL, (*truth.shape, 11)), truth


def test_each_ward_gets_a_width_of_its_own_drawn_to_that_of_all():
    widths = np.tile([0.7, 1.4], 20)
    said, truth = trial(widths)

    factors = guard_factors(said, truth, len(widths))

    quiet, lively = factors[0, 0, 1], factors[1, 0, 1]
    assert factors.shape == (40, 28, 11)
    assert 0.7 < quiet < 1.0 < lively < 1.4


def test_a_ward_without_truths_gets_the_width_of_its_kin():
    said, truth = trial(np.full(10, 1.5))
    truth = truth.reshape(6, 10, 28)
    truth[:, 3] = np.nan

    factors = guard_factors(said, truth.reshape(60, 28), 10)

    assert factors[3, 0, -1] == pytest.approx(np.median(factors[:, 0, -1]), rel=0.1)


def test_later_days_are_widened_where_later_days_were_missed():
    said, truth = trial(np.ones(40))
    truth[:, 14:] = 100 + 1.8 * (truth[:, 14:] - 100)

    wide = guarded(said, guard_factors(said, truth))

    for days in (slice(0, 7), slice(7, 14), slice(14, 28)):
        inside = (truth[:, days] >= wide[:, days, 1]) & (truth[:, days] <= wide[:, days, -2])
        assert inside.mean() == pytest.approx(0.8, abs=0.04)
