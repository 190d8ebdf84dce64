"""Finalists: the few plans worth playing with queues, outliers and boarders, and the best of them.

The model proposes and the simulation disposes: no separable model knows that wards lend each other beds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimization.beds.counting import Tables, broken_rules
from optimization.beds.levels import tables_of
from optimization.beds.limits import TIE_BREAK
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.parameters import BedParameters
from optimization.beds.playing import Played, mean_measure, mean_waiting, play
from optimization.paths import TrainPaths
from twin.case import Case, Window
from twin.plan import Plan, Target

#: training futures on which the finalists are played (assumed: enough to tell them apart)
SCREENING = 10


def find_finalists(given: BedParameters, lent: BedParameters, best: BedLevels, highs: Any) -> list[BedLevels]:
    """Plans that keep the rules and are worth playing.

    Today's levels; the model's, as asked; with free moves; with the needs as wards lend beds today; and
    with every bed open that is ever needed.
    """
    prices = given.prices
    today = BedLevels({(w, p): given.frozen.get((w, p), given.today[w]) for w, p in best.open})
    asked = [] if broken_rules(given, tables_of(given, today)) else [today]
    asked.append(best)
    open_wide = replace(prices, open_bed_day=TIE_BREAK * prices.short_patient_day)
    for other in (
        replace(given, prices=replace(prices, move=0.0)),
        lent,
        replace(given, prices=open_wide),
    ):
        asked.append(solve_beds(bed_model(other), highs)[0])
    tables = [tables_of(given, levels) for levels in asked]
    new = [i for i, table in enumerate(tables) if not any(_same(table, before) for before in tables[:i])]
    return [asked[i] for i in new]


def _same(a: Tables, b: Tables) -> bool:
    return np.array_equal(a.open, b.open) and np.array_equal(a.flex, b.flex)


def screening(train: TrainPaths) -> TrainPaths:
    """The training futures on which finalists are played."""
    return TrainPaths(train.replications[:SCREENING])


def choose(
    case: Case,
    plans: Sequence[Plan],
    tables: Sequence[Tables],
    given: BedParameters,
    targets: Sequence[Target],
    window: Window,
    train: TrainPaths,
    **simulation: Any,
) -> int:
    """The finalist that misses fewest targets and then costs least, played on training futures.

    Played with queues, outliers and boarders. Where every finalist meets the same number, cost decides.
    """
    if len(plans) == 1:
        return 0
    played = play(case, plans, window, screening(train), **simulation)
    ranks = [
        (_missed(targets, futures), _cost_as_played(given, table, futures))
        for futures, table in zip(played, tables, strict=True)
    ]
    return ranks.index(min(ranks))


def _missed(targets: Sequence[Target], futures: Sequence[Played]) -> int:
    """Targets that the mean future misses; one that nothing can measure is not missed."""
    means = [(target, mean_measure(futures, target.measure)) for target in targets]
    return sum(np.isfinite(mean) and not target.holds(mean) for target, mean in means)


def _cost_as_played(given: BedParameters, tables: Tables, futures: Sequence[Played]) -> float:
    """Waiting as it was, open beds and moves; outliers too where a pool prices them. [currency]"""
    prices = given.prices
    outliers = mean_measure(futures, "outliers_mean") if given.limits.pools else 0.0
    return (
        prices.short_patient_day * mean_waiting(futures)
        + prices.outlier_day * float(np.nan_to_num(outliers)) * tables.open.shape[1]
        + prices.open_bed_day * float(tables.open.sum())
        + (prices.flex_bed_day - prices.open_bed_day) * float(tables.flex.sum())
        + prices.move * tables.moves
    )
