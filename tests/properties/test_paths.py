"""Whatever the marginals and the past were, paths keep the marginals and depend on the seed alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from forecasting.heads import LEVELS
from forecasting.marginals import small_counts
from forecasting.paths import joint_paths

MEANS = npst.arrays(float, (3, 4), elements=st.floats(0.0, 15.0))
PAST = npst.arrays(float, (12, 3, 4), elements=st.one_of(st.floats(-5, 5), st.just(np.nan)))
SEEDS = st.integers(0, 2**31)


@settings(max_examples=60, deadline=None)
@given(mean=MEANS, past=PAST, seed=SEEDS, wide=st.floats(1.0, 4.0))
def test_paths_of_counts_are_whole_and_lie_at_the_quantiles_of_the_table(mean, past, seed, wide):
    quantiles = small_counts(mean, wide * mean)

    paths = joint_paths(quantiles, past, 200, seed=seed, counts=True, mean=mean)

    assert (paths == np.rint(paths)).all() and (paths >= 0).all()
    read = np.quantile(paths, LEVELS, axis=0)
    room = np.maximum(np.abs(np.gradient(quantiles, axis=-1)), 1.0)  # one step of the table
    assert (np.abs(read - np.moveaxis(quantiles, -1, 0)) <= 2 * np.moveaxis(room, -1, 0)).all()


@settings(max_examples=40, deadline=None)
@given(past=PAST, seed=SEEDS, n_paths=st.integers(1, 60))
def test_the_same_seed_draws_the_same_paths_and_each_cell_the_same_counts(past, seed, n_paths):
    quantiles = np.sort(np.random.default_rng(1).normal(100, 20, (3, 4, 11)), axis=-1)

    first, second = (joint_paths(quantiles, past, n_paths, seed=seed, counts=False) for _ in range(2))
    none = joint_paths(quantiles, past[:0], n_paths, seed=seed, counts=False)

    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(np.sort(first, axis=0), np.sort(none, axis=0))
