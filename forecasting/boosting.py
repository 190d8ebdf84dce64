"""Gradient boosting: one forest for all series of a file, which says how far counts will lie from the base.

It learns the middle in units of each series' own spread, from what was known at past origins: how far the
last weeks lay from the base, in the series and in its kin, the same place of the last seasons, and the coming
calendar. The spread about it is that of its own errors at later origins that taught it nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from forecasting.marginals import error_quantiles, ordered
from forecasting.mixture import in_counts
from forecasting.training import Clock
from forecasting.windows import CLIP, YEAR, Windows

ROWS = 120_000  # counts to learn from; assumed: half as many, and half as many again, were as good
LEADS = 6  # of each past origin that teaches; assumed: neighbours say nearly the same
FEWEST_ROWS = 1_000  # assumed: fewer teach a forest nothing that the base has not
JUDGED = 0.2  # share of the past that decides how many trees, and how wide the errors are; assumed
MOST_JUDGED = 12  # origins therein; assumed
SEASONS = 4  # of which the same place is looked at, as far as a window reaches; assumed
MOST_TREES, PATIENCE = 300, 25  # assumed
SETTINGS = {
    "objective": "huber", "alpha": 2.0,  # assumed: counts over two units away pull no more
    "metric": "huber", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 100,  # assumed: small
    "feature_fraction": 0.7, "bagging_fraction": 0.7, "bagging_freq": 1,
    "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbose": -1,
}  # fmt: skip
_CHUNK = 50_000  # rows of the table at a time; 20 MB


@dataclass(frozen=True)
class Forest:
    """What was learned.

    Attributes
    ----------
    trees : a LightGBM booster
    errors : quantiles of its errors by lead, shape (horizon, level) [units of spread]
    cut_short : whether a time limit ended the learning
    """

    trees: Any = field(repr=False)
    errors: np.ndarray = field(repr=False)
    cut_short: bool = False

    def say(self, windows: Windows, horizon: int, origins: np.ndarray, learned: int) -> np.ndarray:
        """Quantiles after each origin, shape (origin x series, horizon, level). [counts]"""
        leads = np.arange(1, horizon + 1)
        rows, kin = np.arange(len(windows.values)), _kin(windows)
        said = []
        for origin in origins:
            mean = windows.base.mean(int(origin), leads)
            away = _middle(self.trees, windows, kin, rows, np.full(len(rows), origin), horizon)
            quantiles = in_counts(away[..., None] + self.errors, mean, windows.base.spread(mean))
            said.append(ordered(quantiles))
        return np.concatenate(said)


def learn_forest(windows: Windows, horizon: int, learned: int, seed: int, clock: Clock) -> Forest | None:
    """Learn from the first ``learned`` periods; None where they are too few.

    References
    ----------
    Ke et al. (2017), LightGBM: a highly efficient gradient boosting decision tree, NeurIPS 30.
    """
    import lightgbm

    clock = clock.share(0.3)
    chance, kin = np.random.default_rng([seed, 11]), _kin(windows)
    n, first = len(windows.values), windows.calendar.season
    cut = learned - max(int(JUDGED * learned), horizon + 1)
    if cut - first < horizon:
        return None
    pairs = min(ROWS // LEADS, 4 * n * (cut - first))
    rows, origins = chance.integers(n, size=pairs), chance.integers(first, cut - 1, size=pairs)
    leads = chance.integers(1, horizon + 1, size=(pairs, LEADS))
    table, truth = _table(windows, kin, rows, origins, leads)
    kept = np.isfinite(truth) & (origins[:, None] + leads < cut).ravel()
    if kept.sum() < FEWEST_ROWS:
        return None
    at = np.unique(np.linspace(cut - 1, learned - 1 - horizon, MOST_JUDGED).round().astype(int))
    at = at[:: max(1, len(at) * n * horizon // ROWS)]
    seen = np.tile(np.arange(n), len(at)), np.repeat(at, n)
    every = np.tile(np.arange(1, horizon + 1), (len(seen[0]), 1))
    judged, happened = _table(windows, kin, *seen, every)
    known = np.isfinite(happened)
    data = lightgbm.Dataset(table[kept], truth[kept], categorical_feature=[0], params=SETTINGS)
    against = data.create_valid(judged[known], happened[known])
    stops = [lightgbm.early_stopping(PATIENCE, verbose=False), _until(clock)]
    trees = lightgbm.train(
        {**SETTINGS, "seed": seed}, data, MOST_TREES, valid_sets=[against], callbacks=stops
    )
    errors = happened - trees.predict(judged, num_threads=1)
    return Forest(trees, error_quantiles(errors.reshape(len(at), n, horizon), horizon), clock.over)


def _until(clock: Clock) -> Callable[[Any], None]:
    """Ends the learning when the time is used up."""
    from lightgbm import EarlyStopException

    def check(step: Any) -> None:
        if clock.over:
            raise EarlyStopException(step.iteration, step.evaluation_result_list)

    return check


def _middle(
    trees: Any, windows: Windows, kin: np.ndarray, rows: np.ndarray, origins: np.ndarray, horizon: int
) -> np.ndarray:
    """How far the middle will lie from the base, shape (pair, horizon). [units of spread]"""
    each = max(1, _CHUNK // horizon)
    out = [np.zeros((0, horizon))]
    for start in range(0, len(rows), each):
        some = slice(start, start + each)
        leads = np.tile(np.arange(1, horizon + 1), (len(rows[some]), 1))
        table, _ = _table(windows, kin, rows[some], origins[some], leads)
        out.append(trees.predict(table, num_threads=1).reshape(-1, horizon))
    return np.concatenate(out)


def _table(
    windows: Windows, kin: np.ndarray, rows: np.ndarray, origins: np.ndarray, leads: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What is known of each coming period, and how far it lay from the base.

    Parameters
    ----------
    rows, origins
        Shape (pair,).
    leads
        Shape (pair, lead).

    Returns
    -------
    table, truth
        Shapes (pair x lead, feature) and (pair x lead,); NaN where unknown. [units of spread]
    """
    season, past = windows.calendar.season, windows.past
    row, origin = rows[:, None], origins[:, None]
    away = _away(windows, row, origin, origin + np.arange(1 - past, 1))
    looks = [_mean(away[:, -last:]) for last in (max(1, past // 28), past // 4, past // 2, past)]
    swing = np.sqrt(_mean(away**2))
    level = windows.base.level
    moved = np.log(np.maximum(level[rows, origins], 1e-6) / np.maximum(level[rows, origins - season], 1e-6))
    own = np.stack([*looks, swing, np.clip(moved, -1, 1), kin[origins], *windows.traits[rows].T], axis=1)
    time = origin + leads
    back = time - -(-leads // season) * season  # the same place, the last time it was known
    place = past - 1 + back - origin
    same = _at(away, place)
    earlier = [place - k * season for k in range(SEASONS)]
    usual = _mean(np.stack([np.where(at >= 0, _at(away, at), np.nan) for at in earlier], axis=-1))
    ago = np.where(YEAR[season] > 0, time - YEAR[season], -1)
    usable = (ago >= 0) & (ago <= origin)
    year = np.where(usable, windows.last_year[row, np.clip(ago, 0, origin)], np.nan)
    factor = np.log(np.maximum(windows.base.factor_at(row, origin, time), 0.05))
    place_of = windows.calendar.position[time] if season <= 52 else windows.calendar.position[time] % 24
    coming = [windows.calendar.mark[time], place_of, leads, same, usual, year, factor]
    parts = [np.stack(coming, axis=-1), windows.covariates[time]]
    if windows.calendar.told is not None:
        parts.append(windows.calendar.told[row, time])
    parts.append(np.broadcast_to(own[:, None], (*leads.shape, own.shape[1])))
    table = np.concatenate(parts, axis=-1, dtype=np.float32)
    truth = _away(windows, row, origin, time)
    return table.reshape(-1, table.shape[-1]), truth.ravel()


def _at(away: np.ndarray, place: np.ndarray) -> np.ndarray:
    """What stands at these places of each row."""
    return np.take_along_axis(away, np.clip(place, 0, away.shape[1] - 1), axis=1)


def _away(windows: Windows, row: np.ndarray, origin: np.ndarray, time: np.ndarray) -> np.ndarray:
    """How far counts lay from the base as it stood at the origin; NaN where unknown. [units of spread]"""
    base, last = windows.base, windows.values.shape[1] - 1
    known = (time >= 0) & (time <= last)
    mean = base.level[row, origin] * base.factor_at(row, origin, np.maximum(time, 0))
    unit = base.scale[row] * np.sqrt(np.maximum(mean, base.floor[row]))
    away = (windows.values[row, np.clip(time, 0, last)] - mean) / unit
    return np.where(known, np.clip(away, -2 * CLIP, 2 * CLIP), np.nan)


def _kin(windows: Windows) -> np.ndarray:
    """How far all series together lay from the base over the season that ends with each period, (time,)."""
    season = windows.calendar.season
    total = np.pad(windows.last_year.mean(axis=0, dtype=np.float64).cumsum(), (season, 0))
    return (total[season:] - total[:-season]) / season


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of what is known along the last axis; NaN where nothing is."""
    seen = np.isfinite(values)
    total, count = np.where(seen, values, 0.0).sum(axis=-1), seen.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
