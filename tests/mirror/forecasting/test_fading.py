"""What a silence of a rare item says: given up, or only not wanted yet."""

import numpy as np
import pytest

from forecasting.fading import faded, missed_counts

MONTHS, LEADS = 60, np.array([1, 6, 12])


def used(n: int, chance: np.random.Generator, months_in_use: float | None) -> np.ndarray:
    """Use of items of mean 0.6; each is given up after so many months on average, or never."""
    counts = chance.poisson(0.6, (n, MONTHS)).astype(float)
    if months_in_use is None:
        return counts
    return counts * (np.arange(MONTHS) < chance.geometric(1 / months_in_use, (n, 1)))


def steady(counts: np.ndarray) -> np.ndarray:
    """A level that knows nothing of silences: the mean of all items."""
    return np.full(counts.shape, counts.mean())


def test_missed_counts_are_those_expected_since_the_last_one():
    counts = np.array([[4.0, 2, 0, 0, 0, 3, 0]])

    missed = missed_counts(counts, np.ones(counts.shape), kin=3.0)

    assert missed[0, [0, 1, 5]].tolist() == [0, 0, 0]
    assert missed[0, 2:5] == pytest.approx([3, 6, 9]), "three a month, of kin as of its own"


def test_where_items_are_given_up_the_silent_ones_fade_and_the_others_do_not():
    counts = used(800, np.random.default_rng(1), months_in_use=30)

    level = faded(steady(counts), counts, np.ones(counts.shape), LEADS, MONTHS)[:, -1]

    silent = counts[:, -12:].sum(axis=1) == 0
    busy = counts[:, -1] > 0
    assert level[silent].mean() < 0.15 * level[busy].mean()
    came = used(800, np.random.default_rng(2), months_in_use=30)[:, -1].sum()
    assert level.sum() == pytest.approx(came, rel=0.3)


def test_where_none_is_given_up_a_silence_is_chance():
    counts = used(800, np.random.default_rng(3), months_in_use=None)

    level = faded(steady(counts), counts, np.ones(counts.shape), LEADS, MONTHS)[:, -1]

    assert level == pytest.approx(0.6, rel=0.25)
    assert level.mean() == pytest.approx(counts.mean(), rel=0.02)


def test_a_past_without_any_count_leaves_the_level():
    nothing = np.zeros((20, MONTHS))

    assert (faded(nothing + 0.1, nothing, np.ones(nothing.shape), LEADS, MONTHS) == 0.1).all()
