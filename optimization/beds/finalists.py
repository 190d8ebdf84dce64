"""Finalists: the few plans worth playing with queues, outliers and boarders, and the best of them.

The model proposes and the simulation disposes: no separable model knows that wards lend each other beds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optimization.beds.levels import by_day, moves
from optimization.beds.model import BedParameters, Levels, bed_model, keeps_the_rules, solve_beds
from optimization.beds.playing import mean_waiting, play
from optimization.paths import TrainPaths
from twin.case import Case, Window
from twin.plan import Plan

#: training futures on which the finalists are played (assumed: enough to tell them apart)
SCREENING = 10


def find_finalists(given: BedParameters, lent: BedParameters, best: Levels, highs: Any) -> list[Levels]:
    """Today's levels if they keep the rules, and the model's: as asked, with free moves, with beds lent."""
    today = {(w, p): given.today[w] for w, p in best}
    free, _ = solve_beds(bed_model(replace(given, prices=replace(given.prices, move=0.0))), highs)
    sharing, _ = solve_beds(bed_model(lent), highs)
    asked = [*([today] if keeps_the_rules(given, today) else []), dict(best), dict(free), dict(sharing)]
    return [levels for i, levels in enumerate(asked) if levels not in asked[:i]]


def screening(train: TrainPaths) -> TrainPaths:
    """The training futures on which finalists are played."""
    return TrainPaths(train.replications[:SCREENING])


def choose(
    case: Case,
    plans: Sequence[Plan],
    finalists: Sequence[Levels],
    given: BedParameters,
    window: Window,
    train: TrainPaths,
    **simulation: Any,
) -> int:
    """The finalist that costs least when played with queues, outliers and boarders, on training futures."""
    if len(plans) == 1:
        return 0
    prices = given.prices
    played = play(case, plans, window, screening(train), **simulation)
    costs = [
        prices.short_patient_day * mean_waiting(futures)
        + prices.open_bed_day * float(by_day(given, levels, _days(given)).sum())
        + prices.move * moves(given, levels)
        for futures, levels in zip(played, finalists, strict=True)
    ]
    return int(np.argmin(costs))


def _days(given: BedParameters) -> int:
    return given.periods[-1].stop
