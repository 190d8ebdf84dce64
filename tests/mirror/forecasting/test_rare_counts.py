"""How many are taken at once, where mostly none are: items used in fives, and items used singly."""

import numpy as np
import pandas as pd
import pytest

from forecasting.base import fit_base
from forecasting.features import calendar_of
from forecasting.heads import LEVELS
from forecasting.marginals import base_quantiles, error_quantiles, error_templates
from forecasting.rare_counts import learn_rare_counts, small_counts
from forecasting.scores import score

MEAN, PACK = 0.7, 5


def singly(n: int, months: int, chance: np.random.Generator) -> np.ndarray:
    return chance.poisson(MEAN, (n, months)).astype(float)


def in_packs(n: int, months: int, chance: np.random.Generator) -> np.ndarray:
    """Rarely any, then about five: the same mean as ``singly``."""
    taken = 1 + chance.poisson(PACK - 1, (n, months))
    return np.where(chance.random((n, months)) < MEAN / PACK, taken, 0).astype(float)


def learned(values: np.ndarray):
    rows = np.ones(len(values), dtype=bool)
    foretold = lambda origin, leads: np.full((len(values), len(leads)), MEAN)  # noqa: E731
    return learn_rare_counts(values, rows, foretold, lambda mean, row: np.full(len(mean), values.std()), 12)


def test_items_in_packs_and_single_ones_of_one_mean_are_told_apart():
    chance = np.random.default_rng(1)
    values = np.concatenate([singly(300, 48, chance), in_packs(300, 48, chance)])

    rare = learned(values)

    assert rare is not None
    said = rare.quantiles(np.full(2, MEAN), np.array([0, 400]))
    truth = [np.quantile(draw(1, 100_000, chance), LEVELS) for draw in (singly, in_packs)]
    np.testing.assert_allclose(said[0], truth[0], atol=1)
    np.testing.assert_allclose(said[1], truth[1], atol=1)
    assert said[1, -1] >= 6 > said[0, -1]


def test_the_mean_stays_that_of_the_base():
    values = in_packs(400, 48, np.random.default_rng(2))
    rare = learned(values)
    assert rare is not None

    fine = np.interp(np.linspace(0.01, 0.99, 99), LEVELS, rare.quantiles(np.array([1.0]), np.array([3]))[0])

    assert fine.mean() == pytest.approx(1.0, rel=0.2)


def test_single_use_needs_no_hurdle():
    assert learned(singly(500, 48, np.random.default_rng(3))) is None


def test_too_few_items_show_no_sizes():
    assert learned(in_packs(12, 24, np.random.default_rng(4))) is None


def test_items_in_packs_are_foretold_better_than_by_a_plain_negative_binomial():
    chance = np.random.default_rng(5)
    values = in_packs(400, 51, chance)
    values *= chance.random((400, 1)) < 0.9
    known, came = values[:, :39], values[:, 39:]
    calendar = calendar_of(pd.date_range("2020-01-01", periods=51, freq="MS"), "MS", None)

    base = fit_base(known, calendar, 12)
    mean = base.mean(38, np.arange(1, 13))
    table = error_quantiles(error_templates(known, base, 12), 12)
    ours = base_quantiles(mean, base, table, counts=True)
    plain = small_counts(mean, base.spread(mean) ** 2)

    assert base.rare is not None
    scale = np.ones(len(values))
    assert score(ours, came, scale)["wql"] < 0.98 * score(plain, came, scale)["wql"]
    assert (np.diff(ours, axis=-1) >= 0).all() and np.isfinite(ours).all() and (ours >= 0).all()
