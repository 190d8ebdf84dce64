"""The best of the finalists, where their true means are known: how often it is the one chosen.

Two configurations of Nelson & Matejcik (1995): *slippage*, all others worse by exactly what is worth a look,
the hardest; and means scattered at random, where several are nearly the best. Spreads differ, and the plans
meet the same futures, so they go up and down together.
"""

import numpy as np
import pytest

from optimization.paths import TrainPaths
from optimization.proof.selection import Selected, select
from twin.units import FloatArray

WORTH, FUTURES, SEEDS = 1.0, 640, 300


def scattered(rng: np.random.Generator, plans: int) -> FloatArray:
    return rng.normal(0, 1.5, plans)


def slippage(rng: np.random.Generator, plans: int) -> FloatArray:
    return rng.permutation(np.r_[0.0, np.full(plans - 1, WORTH)])


def chosen(means: FloatArray, correlation: float, skewed: bool, rng: np.random.Generator) -> Selected:
    draw = (lambda size: rng.exponential(size=size) - 1) if skewed else (lambda size: rng.normal(size=size))
    together = np.sqrt(correlation) * draw(FUTURES)
    alone = np.sqrt(1 - correlation) * draw((means.size, FUTURES))
    table = means[:, None] + rng.uniform(2, 5, means.size)[:, None] * (together + alone)
    return select(
        lambda plans, paths: table[np.ix_(plans, [r // 2 for r in paths.replications])],
        means.size,
        TrainPaths(tuple(range(0, 2 * FUTURES, 2))),
        worth=WORTH,
    )


@pytest.mark.parametrize("configuration", [slippage, scattered])
@pytest.mark.parametrize("correlation", [0.0, 0.8])
@pytest.mark.parametrize("skewed", [False, True])
def test_the_best_is_chosen_as_often_as_was_promised(configuration, correlation, skewed):
    right = within = reached = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng([seed, configuration is slippage])
        means = configuration(rng, 6)
        told = chosen(means, correlation, skewed, rng)
        loss = means[told.index] - means.min()
        right += told.selection.reached and loss < WORTH  # in slippage: the best itself; else one as good
        within += loss <= told.selection.within
        reached += told.selection.reached

    by_chance = 2 * np.sqrt(0.95 * 0.05 / SEEDS)
    assert within / SEEDS >= 0.95 - by_chance, "what the certificate says is true"
    assert right / reached >= 0.95 - by_chance, "and so is what was asked, where it was reached"
    assert reached / SEEDS > 0.95, "the futures suffice, so that this test has something to say"
