"""The best of a few finalists, played on the same futures until they are told apart."""

import numpy as np
import pytest

from optimization.paths import TrainPaths
from optimization.proof.selection import FIRST, looks_of, select
from twin.errors import Cancelled, TwinError, UsageError


class Costs:
    """Finalists of known mean cost in a weather that all of them share."""

    def __init__(self, means, *, spread=1.0, weather=5.0, futures=160, seed=1):
        rng = np.random.default_rng(seed)
        shared = weather * rng.normal(size=futures)
        own = spread * rng.normal(size=(len(means), futures))
        self.table = np.array(means)[:, None] + shared + own
        self.train = TrainPaths(tuple(range(0, 2 * futures, 2)))
        self.asked: list[tuple[tuple[int, ...], int]] = []

    def __call__(self, plans, paths):
        self.asked.append((tuple(plans), len(paths.replications)))
        return self.table[np.ix_(plans, [r // 2 for r in paths.replications])]

    def select(self, worth, **kwargs):
        return select(self, len(self.table), self.train, worth=worth, **kwargs)


def test_the_weather_that_all_plans_share_does_not_hide_the_best():
    costs = Costs([100.0, 98.0, 101.0], weather=50.0)

    told = costs.select(worth=1.0)

    assert told.index == 1
    assert told.selection.reached


def test_plans_that_are_clearly_worse_are_played_no_longer():
    costs = Costs([100.0, 100.4, 130.0], spread=2.0)

    told = costs.select(worth=0.2)

    assert costs.asked[0] == ((0, 1, 2), FIRST)
    assert all(2 not in plans for plans, _ in costs.asked[1:])
    assert told.played == sum(len(plans) * futures for plans, futures in costs.asked)


def test_two_plans_that_are_alike_are_not_played_for_ever():
    costs = Costs([100.0, 100.0], spread=0.1)

    told = costs.select(worth=1.0)

    assert told.selection.futures == FIRST  # nearer than what is worth a look: either is right
    assert told.left == (0, 1)


def test_when_the_futures_run_out_it_says_how_near_the_best_it_came():
    told = Costs([100.0, 100.1], spread=3.0, futures=20).select(worth=0.5)

    assert not told.selection.reached
    assert told.selection.within > 0.5
    assert told.selection.futures == 20


def test_one_finalist_is_the_best_and_nothing_is_played():
    costs = Costs([100.0])

    assert costs.select(worth=1.0).index == 0
    assert costs.asked == []


def test_looks_are_fixed_beforehand():
    assert looks_of(100) == (10, 20, 40, 80, 100)
    assert looks_of(10) == (10,)
    assert looks_of(3) == (3,)


def test_the_same_futures_choose_the_same_plan():
    first, again = (Costs([100.0, 99.5, 99.4], seed=7).select(worth=0.3) for _ in range(2))

    assert first == again


def test_a_cancel_ends_it_and_nothing_is_chosen():
    def costs(plans, paths):
        raise Cancelled("stopped on request")

    with pytest.raises(Cancelled):
        select(costs, 3, TrainPaths((0, 2, 4)), worth=1.0)


def test_a_cost_that_is_no_number_is_told_with_plan_and_future():
    costs = Costs([100.0, 99.0])
    costs.table[1, 3] = np.nan

    with pytest.raises(TwinError, match="finalist 1 costs nan in replication 6") as told:
        costs.select(worth=1.0)
    assert told.value.code == "E_NOT_FINITE"


@pytest.mark.parametrize(
    ("finalists", "options"),
    [(0, {}), (51, {}), (3, {"worth": -1.0}), (3, {"worth": float("nan")}), (3, {"confidence": 0.2})],
)
def test_questions_that_make_no_sense_are_refused(finalists, options):
    costs = Costs([1.0, 2.0, 3.0])

    with pytest.raises(UsageError):
        select(costs, finalists, costs.train, **{"worth": 1.0, **options})
    assert costs.asked == []
