"""Challengers: what else may serve, if it foretells recent weeks better than base and LSTM.

The seasonal naive says "as last season". It costs next to nothing and is always asked: where a place repeats
itself closely it is hard to beat. Others are asked for by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

import numpy as np

from forecasting.heads import LEVELS
from forecasting.marginals import ordered
from forecasting.training import Clock
from forecasting.windows import Windows
from twin.errors import UsageError
from twin.records.history import History

SEASONAL_NAIVE = "seasonal_naive"
LIGHTGBM = "lightgbm"
SAID = {SEASONAL_NAIVE: "the seasonal naive", LIGHTGBM: "gradient boosting"}  # each, as a sentence names it
LEAST_SEASONS = 2  # known at the first recent origin; assumed: of fewer the naive's own errors are not known


class Voice(Protocol):
    """What a challenger says once it has learned.

    Attributes
    ----------
    cut_short : whether a time limit ended the learning
    """

    @property
    def cut_short(self) -> bool: ...

    def say(self, windows: Windows, horizon: int, origins: np.ndarray, learned: int) -> np.ndarray:
        """Quantiles of the periods after each origin, without negative counts and without crossing.

        Parameters
        ----------
        windows
            All that is known; nothing after an origin may be looked at, except the calendar.
        origins
            Last known periods, shape (origin,).
        learned
            Errors may be read from the first so many periods alone.

        Returns
        -------
        array, shape (origin x series, horizon, level)
            In order of origin, then series. [counts]
        """
        ...


# From windows, for a horizon, of the first so many periods; with a seed, and a clock that may end it early.
Learn = Callable[[Windows, int, int, int, Clock], Voice | None]  # None: there is too little to learn from


@dataclass(frozen=True)
class SeasonalNaive:
    """As the same place of last season; there is nothing to learn."""

    cut_short: bool = False

    def say(self, windows: Windows, horizon: int, origins: np.ndarray, learned: int) -> np.ndarray:
        """Of the last season known at each origin, with the spread of the errors before ``learned``."""
        values, season = windows.values, windows.calendar.season
        spread = _own_spread(values[:, :learned], season)
        return np.concatenate([_said(values[:, : origin + 1], season, horizon, spread) for origin in origins])


def _nothing(windows: Windows, horizon: int, learned: int, seed: int, clock: Clock) -> SeasonalNaive:
    return SeasonalNaive()


def _boosting(windows: Windows, horizon: int, learned: int, seed: int, clock: Clock) -> Voice | None:
    from forecasting.boosting import learn_forest

    return learn_forest(windows, horizon, learned, seed, clock)


LEARN: dict[str, Learn] = {SEASONAL_NAIVE: _nothing, LIGHTGBM: _boosting}


def challengers_of(names: Iterable[str]) -> tuple[str, ...]:
    """The challengers to ask, each once: the seasonal naive, which always is, and those named.

    Raises
    ------
    UsageError
        There is no such challenger, or what it needs is not installed.
    """
    asked = tuple(names)
    for name in asked:
        if name not in LEARN:
            raise UsageError(f'no challenger is named "{name}"; there are {", ".join(LEARN)}')
    if LIGHTGBM in asked:
        _need_lightgbm()
    return tuple(dict.fromkeys((SEASONAL_NAIVE, *asked)))


def _need_lightgbm() -> None:
    try:
        import_module("lightgbm")
    except (ImportError, OSError) as error:  # OSError: its library lacks a library of the system
        raise UsageError(
            f'the challenger "{LIGHTGBM}" needs LightGBM, which cannot be loaded here ({error}); install it '
            "with pip install -c constraints.txt 'hospital-twin[lightgbm]', or leave the challenger out"
        ) from error


def seasonal_naive(known: History, horizon: int) -> np.ndarray:
    """Quantiles of "same as last season", shape (series, horizon, level).

    The spread is that of its own past errors, wider with each season ahead. Of less than a season it
    says the usual count.
    """
    values, season = np.asarray(known.values), known.season
    if values.shape[1] < season:
        usual = np.nan_to_num(np.nanmean(values, axis=1, keepdims=True))
        return np.repeat(np.repeat(usual, horizon, axis=1)[..., None], len(LEVELS), axis=2)
    return _said(values, season, horizon, _own_spread(values, season))


def _said(values: np.ndarray, season: int, horizon: int, spread: np.ndarray) -> np.ndarray:
    """Quantiles after the last of these periods, shape (series, horizon, level)."""
    middle = np.tile(_last_known(values, season), -(-horizon // season))[:, :horizon]
    seasons = np.sqrt(np.arange(horizon) // season + 1)  # errors of a random walk over seasons
    return ordered(middle[..., None] + spread[:, None, :] * seasons[:, None])


def _own_spread(values: np.ndarray, season: int) -> np.ndarray:
    """Quantiles of the change from season to season about its middle, shape (series, level). [counts]"""
    change = np.sort(values[:, season:] - values[:, :-season], axis=1)  # the unknown come last
    seen = np.isfinite(change).sum(axis=1)
    rows = np.flatnonzero(seen)
    place = np.array([*LEVELS, 0.5]) * (seen[rows, None] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, seen[rows, None] - 1)
    low, high = (change[rows[:, None], at] for at in (below, above))
    told = low + (high - low) * (place - below)
    spread = np.zeros((len(values), len(LEVELS)))
    spread[rows] = told[:, :-1] - told[:, -1:]
    return spread


def _last_known(values: np.ndarray, season: int) -> np.ndarray:
    """The latest known count at each place of the season, shape (series, season); 0 where none is."""
    whole = values.shape[1] // season
    blocks = values[:, values.shape[1] - whole * season :].reshape(len(values), whole, season)
    last = np.zeros((len(values), season))
    for k in range(whole):
        last = np.where(np.isfinite(blocks[:, k]), blocks[:, k], last)
    return last
