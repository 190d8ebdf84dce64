"""Foretold: the forecast of a target at every level, in hours, days, weeks or months.

One forecast of the lowest level is made; everything else is a sum of its joint sample paths. So the means
of wards add up to that of their specialty and of the hospital, and the ranges of sums are those of sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.contest import Contest, hold_contest
from forecasting.covariates import CovariateTable
from forecasting.service import ForecastResult, check_horizon, forecast
from forecasting.targets.hierarchy import add_up, over_time, table_of
from forecasting.targets.target import Target
from twin.errors import UsageError, did_you_mean
from twin.records.periods import LONGEST_HORIZON
from twin.units import DAYS_WEEK, FloatArray


@dataclass(frozen=True)
class Foretold:
    """A target's forecast.

    Attributes
    ----------
    target : what was forecast
    table : columns ``unique_id, ds, mean, q0.025, ..., q0.975``, level by level, the lowest first
    paths : joint futures of the series of ``ids``, shape (path, series, time)
    ids, stamps : names of axes 1 and 2 of ``paths``: all series of all levels asked for
    frequency : ``h``, ``D``, ``W`` or ``MS``
    result : the forecast of the lowest level that all was summed from
    notes : what a reader should know, in sentences
    """

    target: Target
    table: pd.DataFrame
    paths: FloatArray = field(repr=False)
    ids: tuple[str, ...]
    stamps: pd.DatetimeIndex
    frequency: str
    result: ForecastResult = field(repr=False)
    notes: tuple[str, ...]


def counted_by(frequency: str) -> str:
    """The frequency by which records are counted for a forecast of ``frequency``: ``h`` or ``D``."""
    return "h" if frequency == "h" else "D"


def foretell(
    target: Target,
    horizon: int,
    *,
    frequency: str = "D",
    levels: Sequence[str] | None = None,
    seed: int = 0,
    n_paths: int = 200,
    country: str | None = None,
    time_limit: float | None = None,
    made_by: str = "auto",
    covariates: CovariateTable | None = None,
    contest: Contest = hold_contest,
) -> Foretold:
    """Forecast a target.

    Parameters
    ----------
    horizon
        Periods of ``frequency`` ahead.
    frequency
        ``h`` of an hourly target; ``D``, ``W`` or ``MS`` of a daily one. A week is seven days from the
        first day ahead, a month the next whole calendar month.
    levels
        Of the hierarchy; all when omitted.
    n_paths
        Joint futures from which upper levels and longer periods are summed.
    covariates
        What is known beforehand of every hour or day of the horizon.
    contest
        What decides who serves (``forecasting.service.forecast``).

    Raises
    ------
    UsageError
        The horizon, the frequency or a level is not possible.
    """
    if counted_by(frequency) != target.frequency:
        raise UsageError(f'{target.kind} counted by "{target.frequency}" gives no forecast by "{frequency}"')
    check_horizon(horizon, frequency)
    asked = tuple(levels or target.levels)
    for level in asked:
        if level not in target.levels:
            raise UsageError(f'{target.kind} has no level "{level}"; {did_you_mean(level, target.levels)}')
    result = forecast(
        target.history,
        min(_periods(target.history.as_of, horizon, frequency), LONGEST_HORIZON[target.frequency]),
        seed=seed,
        n_paths=n_paths,
        country=country,
        time_limit=time_limit,
        made_by=made_by,
        covariates=covariates,
        contest=contest,
    )
    paths, stamps = over_time(result.paths, result.stamps, target.frequency, frequency, mean=target.is_level)
    paths, stamps = paths[:, :, :horizon], stamps[:horizon]
    ids: list[str] = []
    sums, tables = [], []
    for level in asked:
        of_level, names = add_up(paths, target.groups[level])
        table = table_of(of_level, names, stamps)
        if level == target.levels[0] and frequency == target.frequency:
            quantiles = [name for name in table if name.startswith("q")]
            table[quantiles] = result.table[quantiles].to_numpy()  # the marginals that the paths run through
        sums.append(of_level)
        ids += names
        tables.append(table)
    return Foretold(
        target=target,
        table=pd.concat(tables, ignore_index=True),
        paths=np.concatenate(sums, axis=1),
        ids=tuple(ids),
        stamps=stamps,
        frequency=frequency,
        result=result,
        notes=(*result.notes, *_gaps(target, result)),
    )


def _periods(as_of: pd.Timestamp, horizon: int, frequency: str) -> int:
    """Hours or days to be forecast for so many periods after ``as_of``."""
    if frequency == "W":
        return horizon * DAYS_WEEK
    if frequency == "MS":
        begin = as_of if as_of.day == 1 else as_of.normalize() + pd.offsets.MonthBegin()
        return int((begin + pd.offsets.MonthBegin(horizon) - as_of.normalize()).days)
    return horizon


def _gaps(target: Target, result: ForecastResult) -> tuple[str, ...]:
    """What was left out, where the forecast did not tell it itself."""
    return tuple(line for line in target.history.repairs if line not in result.notes)
