"""Head, marginals, paths, guard and scores, each by itself."""

import numpy as np
import pytest
import torch

from forecasting.conformal import guard_factors, guarded
from forecasting.heads import LEVELS, MIDDLE, QuantileHead, pinball
from forecasting.marginals import mean_of, small_counts
from forecasting.paths import joint_paths
from forecasting.scores import score, seasonal_error

NORMAL = np.array([-1.96, -1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816, 1.96])


def test_a_new_head_says_what_the_base_says():
    head = QuantileHead(4, 1)
    start = torch.tensor(NORMAL, dtype=torch.float32).reshape(1, 1, -1)

    np.testing.assert_allclose(head(torch.randn(2, 1, 4), start)[0, 0, 0].detach(), NORMAL, atol=1e-5)


def test_quantiles_of_a_wild_head_never_cross():
    torch.manual_seed(0)
    head = QuantileHead(4, 3)
    torch.nn.init.normal_(head.out.weight, std=20)

    out = head(10 * torch.randn(5, 6, 4), torch.tensor(NORMAL).float().expand(6, 3, -1))

    assert (out.diff(dim=-1) >= 0).all()


def test_pinball_leaves_missing_truths_out():
    quantiles = torch.zeros(2, len(LEVELS))

    one = pinball(quantiles, torch.tensor([1.0, torch.nan]))

    assert float(one) == pytest.approx(np.mean(LEVELS))


def test_small_counts_are_whole_patients():
    quantiles = small_counts(np.array([0.3, 2.0]), np.array([0.3, 6.0]))

    assert (quantiles == np.rint(quantiles)).all()
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert quantiles[0, MIDDLE] == 0


def test_the_mean_of_a_symmetric_marginal_is_its_middle():
    assert mean_of(100 + 10 * NORMAL) == pytest.approx(100, abs=1e-6)


def linked_templates(n: int = 200) -> np.ndarray:
    chance = np.random.default_rng(1)
    return chance.standard_normal((n, 1, 1)) + 0.3 * chance.standard_normal((n, 3, 5))


def test_paths_keep_the_marginals():
    quantiles = np.broadcast_to(100 + 10 * NORMAL, (3, 5, 11))

    paths = joint_paths(quantiles, linked_templates(), 400, seed=1, counts=False)

    np.testing.assert_allclose(np.quantile(paths, LEVELS, axis=0), np.moveaxis(quantiles, -1, 0), atol=0.7)


def test_paths_go_together_as_past_errors_did():
    quantiles = np.broadcast_to(100 + 10 * NORMAL, (3, 5, 11))
    alone = np.random.default_rng(2).standard_normal((200, 3, 5))

    together = joint_paths(quantiles, linked_templates(), 1000, seed=1, counts=False).sum(axis=(1, 2)).std()
    apart = joint_paths(quantiles, alone, 1000, seed=1, counts=False).sum(axis=(1, 2)).std()

    assert together == pytest.approx(150 * np.sqrt(0.92), rel=0.12)  # 15 cells, correlation 1 / 1.09
    assert apart == pytest.approx(10 * np.sqrt(15), rel=0.2)


def test_the_same_seed_gives_the_same_whole_patients():
    quantiles = np.broadcast_to(np.maximum(3 + 2 * NORMAL, 0), (3, 5, 11))

    first, second = (joint_paths(quantiles, linked_templates(), 50, seed=4, counts=True) for _ in range(2))

    np.testing.assert_array_equal(first, second)
    assert (first == np.rint(first)).all() and (first >= 0).all()


def test_the_guard_widens_what_was_too_narrow():
    chance = np.random.default_rng(5)
    truth = 100 + 20 * chance.standard_normal((200, 28))
    narrow = np.broadcast_to(100 + 10 * NORMAL, (200, 28, 11))

    wide = guarded(narrow, guard_factors(narrow, truth))

    inside = ((truth >= wide[..., 1]) & (truth <= wide[..., -2])).mean()
    assert inside == pytest.approx(0.8, abs=0.02)


def test_the_guard_without_truths_changes_nothing():
    narrow = np.broadcast_to(100 + 10 * NORMAL, (1, 28, 11))

    assert (guard_factors(narrow, np.full((1, 28), np.nan)) == 1).all()


def test_scores_of_a_forecast_done_by_hand():
    past = np.array([[1.0, 2.0, 3.0, 4.0]])
    quantiles = np.zeros((1, 1, 11))

    scores = score(quantiles, np.array([[2.0]]), seasonal_error(past, 2))

    assert scores["mase"] == 1.0  # error 2 over a usual change of 2
    assert scores["wql"] == pytest.approx(2 * 2 * np.mean(LEVELS[1:-1]) / 2)
    assert scores["coverage_80"] == 0
