"""Finalists: the few plans worth playing with queues, outliers and boarders, and the best of them.

The model proposes and the simulation disposes: no separable model knows that wards lend each other beds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimization.beds.counting import Tables, broken_rules
from optimization.beds.levels import tables_of
from optimization.beds.limits import TIE_BREAK
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.parameters import BedParameters
from optimization.beds.playing import Played, play
from optimization.paths import TrainPaths
from optimization.playing import Progress
from optimization.proof.attempts import ALPHA
from optimization.proof.certificate import Measured, per_future
from optimization.proof.estimates import PerFuture, estimate, upper_bounds
from optimization.proof.selection import FIRST, select
from twin.case import Case, Window
from twin.plan import Plan, Selection, Target
from twin.units import FloatArray


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
    """The training futures on which all finalists are played."""
    return TrainPaths(train.replications[:FIRST])


def choose(
    case: Case,
    plans: Sequence[Plan],
    tables: Sequence[Tables],
    given: BedParameters,
    targets: Sequence[Target],
    window: Window,
    train: TrainPaths,
    *,
    progress: Progress | None = None,
    **simulation: Any,
) -> tuple[int, Selection | None]:
    """The finalist that costs least of those that miss no target for sure that another meets.

    Played with queues, outliers and boarders. The first training futures say whose targets are clearly
    missed; of the others the one of least cost is told apart on as many more as it takes, up to all of them.

    Returns
    -------
    tuple
        Which finalist, and how sure it is that none of those costs less; None where one alone is left.
    """
    if len(plans) == 1:
        return 0, None
    first = screening(train)
    played = play(case, plans, window, first, progress=progress, **simulation)
    left = not_outdone(targets, played)

    def costs(asked: Sequence[int], paths: TrainPaths) -> FloatArray:
        which, done = [left[i] for i in asked], train.replications.index(paths.replications[0])
        if paths == first:
            futures = [played[i] for i in which]
        else:
            ahead = None if progress is None else lambda n, _: progress(done + n, len(train.replications))
            futures = list(play(case, [plans[i] for i in which], window, paths, progress=ahead, **simulation))
        return np.stack([cost_as_played(given, tables[i], f) for i, f in zip(which, futures, strict=True)])

    worth = given.prices.open_bed_day * tables[0].open.shape[1]
    told = select(
        costs,
        len(left),
        train,
        worth=worth,
        first=len(first.replications),
        picked_from=len(plans) if targets else None,
    )
    return left[told.index], told.selection if len(left) > 1 else None


def not_outdone(targets: Sequence[Target], played: Sequence[Sequence[Measured]]) -> list[int]:
    """Plans but those that miss more targets than another, which is clearly better at one of these.

    Clearly: on the same futures, with 95 % certainty for all pairs of plans and targets together.
    """
    seen = [per_future(targets, futures) for futures in played]
    missed = [[t for t in targets if _misses(t, columns)] for columns in seen]
    alpha = ALPHA / (len(played) * (len(played) - 1) * max(1, len(targets)))

    def outdone(i: int, j: int) -> bool:
        only_here = [t for t in missed[i] if t not in missed[j]]
        return len(missed[j]) < len(missed[i]) and any(
            _clearly_worse(t, seen[i][t.measure], seen[j][t.measure], alpha) for t in only_here
        )

    return [i for i in range(len(played)) if not any(outdone(i, j) for j in range(len(played)) if j != i)]


def _misses(target: Target, seen: Mapping[str, PerFuture]) -> bool:
    """Whether the expected level misses it; what nothing can measure is not missed."""
    column = seen[target.measure]
    return bool(column.futures) and not target.holds(estimate(column).expected)


def _clearly_worse(target: Target, here: PerFuture, there: PerFuture, alpha: float) -> bool:
    both = (here.count > 0) & (there.count > 0)
    if both.sum() < 2:
        return False
    better = there.total[both] / there.count[both] - here.total[both] / here.count[both]
    return bool(upper_bounds(better if target.at_most is not None else -better, alpha) < 0)


def cost_as_played(given: BedParameters, tables: Tables, futures: Sequence[Played]) -> FloatArray:
    """Each future's waiting, open beds and moves, and outliers where a pool prices them. [currency]"""
    prices, days = given.prices, tables.open.shape[1]
    waiting = np.array([f.waiting_days for f in futures])
    outliers = np.array([f.measures["outliers_mean"] if given.limits.pools else 0.0 for f in futures])
    paid = (
        prices.open_bed_day * float(tables.open.sum())
        + (prices.flex_bed_day - prices.open_bed_day) * float(tables.flex.sum())
        + prices.for_nurses(given.wards, tables.open)
        + prices.move * tables.moves
    )
    cost: FloatArray = (
        prices.short_patient_day * waiting + prices.outlier_day * days * np.nan_to_num(outliers) + paid
    )
    return cost
