"""Items that are used now and then lean on their kin, and on their own past as far as it foretold theirs."""

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.features import calendar_of
from forecasting.rare import credible_level, kin_season, rare_series


def test_items_used_now_and_then_lean_on_each_other_only_if_there_are_ten_of_them():
    items = np.tile([0.0, 0.0, 3.0], (12, 10))
    busy = np.full((3, 30), 40.0)

    assert rare_series(np.concatenate([items, busy])).tolist() == [True] * 12 + [False] * 3
    assert not rare_series(items[:9]).any()


def test_the_level_of_an_item_is_nearer_to_the_truth_than_its_own_mean_or_that_of_its_kin():
    chance = np.random.default_rng(3)
    truth = chance.gamma(2.0, 0.2, 400)
    used = chance.poisson(truth[:, None], (400, 24)).astype(float)

    level = credible_level(used, np.ones_like(used), (4, 16), np.array([1, 4, 8]), 24)

    assert level is not None
    error = ((level[:, -1] - truth) ** 2).mean()
    assert error < ((used.mean(axis=1) - truth) ** 2).mean()
    assert error < ((used.mean() - truth) ** 2).mean()


def test_a_past_of_a_few_looks_shows_no_weights():
    used = np.zeros((10, 4))
    used[:, 0] = 1.0

    assert credible_level(used, np.ones_like(used), (4, 16), np.array([1]), 4) is None


def test_one_busy_january_of_an_item_is_no_season():
    used = np.zeros((20, 24))
    used[:, 5] = used[:, 16] = 1.0
    used[0, 0] = 4.0
    seasonal = np.ones((20, 12))
    seasonal[0, 0] = 6.0

    mixed = kin_season(seasonal, used, np.full(used.shape, 0.1), np.arange(24) % 12, np.ones(24))

    assert mixed[0, 0] < 1.5


def test_the_base_foretells_the_year_of_many_items_without_bias():
    chance = np.random.default_rng(5)
    rate = chance.gamma(1.0, 0.4, 300)
    used = chance.poisson(rate[:, None], (300, 48)).astype(float)
    stamps = pd.date_range("2020-01-01", periods=48, freq="MS")

    base = fit_base(used[:, :36], calendar_of(stamps, "MS", None), 12)

    foretold = base.mean(35, np.arange(1, 13)).sum()
    assert abs(foretold / used[:, 36:].sum() - 1) < 0.1
