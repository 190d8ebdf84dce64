"""Sums over many items and wards spread as they did, however rare the single counts are."""

import numpy as np
import pytest

from forecasting.heads import LEVELS
from forecasting.marginals import small_counts
from forecasting.paths import joint_paths
from forecasting.together import PastErrors

ITEMS, MONTHS, WARDS, DAYS = 300, 12, 20, 14


def use_of_items(n: int, chance: np.random.Generator, common: float, own: float) -> np.ndarray:
    """Use of rare items, mean 0.4 a month: busy months strike all, and a level of its own each item.

    Both factors have mean 1; ``common`` and ``own`` are their standard deviations.
    """
    months = chance.gamma(common**-2, common**2, (n, 1, MONTHS)) if common else np.ones((n, 1, MONTHS))
    level = chance.gamma(own**-2, own**2, (n, ITEMS, 1)) if own else np.ones((n, ITEMS, 1))
    return chance.poisson(0.4 * months * level).astype(float)


def errors_of(counts: np.ndarray, mean: float) -> PastErrors:
    return PastErrors(counts - mean, np.full(counts.shape, mean), np.full(counts.shape, np.sqrt(mean)))


def covered(paths: np.ndarray, truths: np.ndarray) -> float:
    """Share of truths in the 80 % range; ties, of which rare counts have many, count half."""
    place = (paths[:, None] < truths).mean(axis=0) + 0.5 * (paths[:, None] == truths).mean(axis=0)
    return float(((place > 0.1) & (place < 0.9)).mean())


@pytest.mark.parametrize("common", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("templates", [4, 60], ids=["short history", "long history"])
def test_the_use_of_all_rare_items_of_a_month_spreads_as_it_really_does(common, templates):
    chance = np.random.default_rng(1)
    past, truths = use_of_items(60, chance, common, 0), use_of_items(400, chance, common, 0)
    mean = np.full((ITEMS, MONTHS), 0.4)
    quantiles = small_counts(mean, mean * (1 + 0.4 * common**2))

    paths = joint_paths(
        quantiles, (past - 0.4)[:templates], 400, seed=2, counts=True, mean=mean, past=errors_of(past, 0.4)
    )

    assert covered(paths.sum(axis=1), truths.sum(axis=1)) == pytest.approx(0.8, abs=0.06)


def test_the_use_of_one_item_over_a_year_knows_that_its_level_is_uncertain():
    chance = np.random.default_rng(3)
    past, truths = use_of_items(30, chance, 0, 0.8), use_of_items(100, chance, 0, 0.8)
    mean = np.full((ITEMS, MONTHS), 0.4)
    quantiles = small_counts(mean, mean * (1 + 0.4 * 0.8**2))

    year = joint_paths(
        quantiles, past - 0.4, 400, seed=2, counts=True, mean=mean, past=errors_of(past, 0.4)
    ).sum(axis=2)

    assert year.std(axis=0).mean() == pytest.approx(truths.sum(axis=2).std(), rel=0.08)
    single = truths.std()
    assert year.std(axis=0).mean() > 1.2 * single * np.sqrt(MONTHS), "months of one item are not apart"


def test_a_level_that_lay_too_low_all_along_counts_as_uncertainty_of_the_house():
    chance = np.random.default_rng(4)
    noise = chance.standard_normal((60, WARDS, DAYS))
    past = PastErrors(10 * (noise + 0.7), np.full(noise.shape, 100.0), np.full(noise.shape, 10.0))
    normal = np.array([-1.96, -1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816, 1.96])
    quantiles = np.broadcast_to(100 + 10 * normal, (WARDS, DAYS, 11))

    house, apart = (
        joint_paths(quantiles, 10 * (noise + 0.7), 800, seed=1, counts=True, past=known).sum(axis=1)
        for known in (past, None)
    )

    told = past.common(np.arange(WARDS))
    assert told is not None
    assert house.std(axis=0).mean() == pytest.approx(10 * WARDS * np.sqrt(told.spread.mean()), rel=0.1)
    assert house.std(axis=0).mean() > 1.8 * apart.std(axis=0).mean()


def test_what_is_learned_of_the_sum_moves_no_marginal():
    chance = np.random.default_rng(5)
    past = use_of_items(60, chance, 0.4, 0)
    mean = np.full((ITEMS, MONTHS), 0.4)
    quantiles = small_counts(mean, 1.2 * mean)

    paths = joint_paths(quantiles, past - 0.4, 400, seed=1, counts=True, mean=mean, past=errors_of(past, 0.4))

    read = np.quantile(paths, LEVELS, axis=0, method="inverted_cdf")
    assert (read == np.moveaxis(quantiles, -1, 0)).mean() > 0.97
    np.testing.assert_allclose(paths.mean(axis=0), mean, rtol=0.02)


def test_a_past_in_which_nothing_was_foretold_tells_nothing():
    nothing = PastErrors(*(np.zeros((0, ITEMS, MONTHS)) for _ in range(3)))

    assert nothing.common(np.arange(ITEMS)) is None
