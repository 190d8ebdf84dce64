"""The forecast: what a hospital asks for, a table of quantiles and a set of joint paths.

``forecast`` takes a history and answers for its next periods; ``to_demand`` hands the paths to the
twin as patients a day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.blocks import in_blocks
from forecasting.contest import Champion, hold_contest
from forecasting.covariates import CovariateTable
from forecasting.heads import LEVELS
from forecasting.known import known_of
from forecasting.marginals import mean_of
from forecasting.paths import joint_paths
from forecasting.together import past_errors
from forecasting.training import Clock
from twin.demand import DemandForecast
from twin.errors import UsageError
from twin.records.history import History
from twin.records.periods import LONGEST_HORIZON

MOST_CELLS = 100_000_000  # counts in all paths; 0.8 GB, and as much again while they are drawn
MADE_BY = ("auto", "base", "lstm")


@dataclass(frozen=True)
class ForecastResult:
    """A forecast.

    Attributes
    ----------
    table : columns ``unique_id, ds, mean, q0.025, q0.1, ..., q0.9, q0.975``; a row a series and period
    paths : joint futures, shape (path, series, time)
    ids, stamps : names of axes 1 and 2 of ``paths``
    frequency : ``h``, ``D``, ``W`` or ``MS``
    made_by : ``lstm``, ``base`` or the name of a challenger, one a series
    notes : what a reader should know, in sentences; the first says why this method serves
    """

    table: pd.DataFrame
    paths: np.ndarray
    ids: tuple[str, ...]
    stamps: pd.DatetimeIndex
    frequency: str
    as_of: pd.Timestamp
    made_by: tuple[str, ...]
    notes: tuple[str, ...]
    champion: Champion = field(repr=False)

    def quantile(self, level: float) -> np.ndarray:
        """One quantile, shape (series, time)."""
        return self.champion.quantiles[..., LEVELS.index(level)]


def forecast(
    history: History,
    horizon: int,
    *,
    seed: int = 0,
    n_paths: int = 200,
    country: str | None = None,
    time_limit: float | None = None,
    made_by: str = "auto",
    covariates: CovariateTable | None = None,
    contest: Callable[..., Champion] = hold_contest,
    progress: Callable[[int, int], None] | None = None,
) -> ForecastResult:
    """Forecast the next ``horizon`` periods of every series.

    Parameters
    ----------
    horizon
        Periods ahead, 1 to ten years.
    n_paths
        Joint futures; 0 for none.
    country
        Holiday calendar, e.g. ``GB-ENG``; the one that explains the history is used when omitted,
        ``none`` for no holidays.
    time_limit
        Seconds from now for learning and forecasting; what was learned by then serves. The base is
        not cut short.
    made_by
        ``auto``: the best of LSTM, base and challengers on recent origins.
    covariates
        What is known beforehand of every period of the horizon (``read_covariates``).
    contest
        What decides who serves, called as ``hold_contest`` is: one that asks more challengers
        (``contest_with``), a registered model or a warm start (``forecasting.serving``).
    progress
        Told how many series are answered, and of how many, where they are too many to answer at once.

    Raises
    ------
    BadData
        The covariates do not cover the horizon, or do not fit the history.
    UsageError
        The horizon, ``made_by``, the country or so many paths are not possible.
    """
    check_horizon(horizon, history.frequency)
    if made_by not in MADE_BY:
        raise UsageError(f'made_by "{made_by}" is not one of {", ".join(MADE_BY)}')
    check_paths(n_paths, len(history.ids), horizon)
    clock = Clock(time_limit)
    known = known_of(history, horizon, country=country, covariates=covariates)
    champion = in_blocks(contest, progress)(
        known.values, known.calendar, horizon, seed=seed, clock=clock, made_by=made_by
    )
    champion = known.held_to(champion)
    paths = np.zeros((0, *champion.mean.shape))
    if n_paths:
        made = champion.made
        paths = joint_paths(
            champion.quantiles, champion.templates, n_paths,
            seed=seed, counts=known.counts, mean=_mean(champion),
            past=None if made is None else past_errors(made.values, made.base, horizon),
        )  # fmt: skip
    notes = [champion.reason, *known.notes(champion), *history.repairs]
    if champion.cut_short:
        notes.append(f"training was cut short by the time limit of {time_limit:g} s; a repeat may differ")
    return ForecastResult(
        table=_table(history, horizon, champion),
        paths=paths,
        ids=history.ids,
        stamps=history.ahead(horizon),
        frequency=history.frequency,
        as_of=history.as_of,
        made_by=(champion.made_by,) * len(history.ids),
        notes=tuple(notes),
        champion=champion,
    )


def check_horizon(horizon: int, frequency: str) -> None:
    """Refuse a horizon below 1 or above ten years.

    Raises
    ------
    UsageError
        With the allowed range.
    """
    most = LONGEST_HORIZON[frequency]
    if not 1 <= horizon <= most:
        raise UsageError(
            f"horizon {horizon} is outside 1 to {most} periods of {frequency} (ten years)", code="E_HORIZON"
        )


def check_paths(n_paths: int, series: int, horizon: int) -> None:
    """Refuse more paths than memory holds.

    Raises
    ------
    UsageError
        With how many would fit.
    """
    if n_paths * series * horizon > MOST_CELLS:
        most = MOST_CELLS // (series * horizon)
        raise UsageError(
            f"{n_paths} paths of {series} series over {horizon} periods are {n_paths * series * horizon:.2g} "
            f"counts, above {MOST_CELLS:.0e}; ask for at most {most} paths, or for fewer series",
            code="E_BUDGET",
        )


def to_demand(
    result: ForecastResult,
    streams: Mapping[str, str],
    *,
    scale: Mapping[str, float] | None = None,
    note: str = "",
) -> DemandForecast:
    """The paths of a daily forecast as demand of the twin.

    Parameters
    ----------
    streams
        Series name -> arrival stream; several series of one stream are added up.
    scale
        Stream -> factor, where a foreign series is brought to the hospital's own mean.
    note
        What every face must say about it.

    Raises
    ------
    UsageError
        The forecast is not daily, has no paths, or a series is unknown.
    """
    if result.frequency != "D":
        raise UsageError(f"demand is patients a day; this forecast has frequency {result.frequency}")
    unknown = sorted(set(streams) - set(result.ids))
    if unknown or not len(result.paths):
        raise UsageError(f"no such series: {', '.join(unknown)}" if unknown else "the forecast has no paths")
    names = tuple(dict.fromkeys(streams.values()))
    paths = np.zeros((len(result.paths), len(names), len(result.stamps)))
    for series, stream in streams.items():
        paths[:, names.index(stream)] += result.paths[:, result.ids.index(series)]
    factors = np.array([(scale or {}).get(name, 1.0) for name in names])
    made_by = result.champion.made_by
    return DemandForecast(
        start=result.stamps[0].date(),
        series=names,
        paths=np.rint(paths * factors[:, None]).astype(np.int64),
        made_by=made_by,
        as_of=result.as_of.to_pydatetime(),
        note=note,
    )


def _mean(champion: Champion) -> np.ndarray:
    """Expected counts, shape (series, time): of the table and of the paths of small counts."""
    return champion.mean if champion.made_by == "base" else mean_of(champion.quantiles)


def _table(history: History, horizon: int, champion: Champion) -> pd.DataFrame:
    """The forecast as a long table, series by series."""
    n = len(history.ids)
    table = pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(history.ids, dtype=object), horizon),
            "ds": np.tile(history.ahead(horizon).to_numpy(), n),
            "mean": _mean(champion).ravel(),
        }
    )
    for k, level in enumerate(LEVELS):
        table[f"q{level:g}"] = champion.quantiles[..., k].ravel()
    return table
