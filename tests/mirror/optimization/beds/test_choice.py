"""Which of the finalists is the plan: what they cost when played, and targets that are missed for sure."""

from types import SimpleNamespace

import numpy as np
import pytest

from optimization.beds import finalists
from optimization.beds.counting import Tables
from optimization.beds.finalists import choose
from optimization.beds.limits import BedPrices
from optimization.beds.playing import Played
from optimization.paths import TrainPaths
from twin.plan import Plan, Target

PRICES = BedPrices(short_patient_day=10.0, open_bed_day=1.0)
AT_MOST_FIVE = Target("Outliers", "outlier_share", "%", at_most=5)
TRAIN = TrainPaths(tuple(range(0, 80, 2)))
TEN_BEDS = Tables.kept(np.full((1, 7), 10))


@pytest.fixture
def house(monkeypatch):
    """Two plans of ten beds, with what waits and how many lie elsewhere in each future told by hand."""
    draw = np.random.default_rng(2)
    weather = draw.normal(0, 20, 200)

    def choose_of(waiting, outliers, noise=0.5, targets=(AT_MOST_FIVE,)):
        asked = []

        def play(case, plans, window, paths, **simulation):
            asked.append((len(plans), len(paths.replications)))
            return tuple(
                tuple(
                    Played(
                        {"outlier_share": outliers[int(p.name)] + noise * np.sin(r * (1 + int(p.name)))},
                        {},
                        np.zeros((1, 7), int),
                        waiting[int(p.name)] + 50 + weather[r] + noise * np.cos(r * (1 + int(p.name))),
                    )
                    for r in paths.replications
                )
                for p in plans
            )

        monkeypatch.setattr(finalists, "play", play)
        given = SimpleNamespace(wards=("a",), prices=PRICES, limits=SimpleNamespace(pools=()))
        plans = [Plan(str(i)) for i in range(len(waiting))]
        told = choose(None, plans, [TEN_BEDS] * len(plans), given, targets, None, TRAIN)
        return (*told, asked)

    return choose_of


def test_the_cheaper_plan_is_found_in_a_weather_that_hides_it(house):
    plan, sure, _ = house(waiting=[2.0, 0.0], outliers=[3.0, 3.0])

    assert plan == 1
    assert sure is not None and sure.reached and sure.confidence == 0.95


def test_plans_that_are_hard_to_tell_apart_are_played_on_more_futures(house):
    _, sure, asked = house(waiting=[0.0, 0.1], outliers=[3.0, 3.0], noise=6.0)

    assert asked[0] == (2, 10)
    assert sure is not None and sure.futures > 10
    assert sum(futures for _, futures in asked) == sure.futures


def test_a_plan_that_clearly_misses_what_another_meets_is_put_aside_however_cheap(house):
    plan, sure, _ = house(waiting=[2.0, 0.0], outliers=[3.0, 9.0])

    assert plan == 0
    assert sure is None  # one alone was left: no choice by cost


def test_a_target_missed_by_chance_does_not_decide(house):
    plan, _, _ = house(waiting=[2.0, 0.0], outliers=[4.95, 5.05])

    assert plan == 1


def test_where_all_miss_alike_cost_decides(house):
    plan, _, _ = house(waiting=[2.0, 0.0], outliers=[9.0, 9.5])

    assert plan == 1
