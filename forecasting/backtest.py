"""The backtest: the forecast made again at past dates, beside what a simple rule would have said.

Each origin learns only from what was known there. The seasonal naive says "same as last season", with
the spread of its own past errors; the base is the forecast without the LSTM.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.challengers import seasonal_naive
from forecasting.contest import Contest, hold_contest
from forecasting.covariates import BadCovariates, CovariateTable, tell
from forecasting.scores import score, seasonal_error
from forecasting.service import check_horizon, forecast
from twin.errors import Problem, UsageError
from twin.records.history import History

METHODS = ("forecast", "base", "seasonal_naive")


@dataclass(frozen=True)
class Backtest:
    """Scores of three methods over several origins.

    Attributes
    ----------
    table : a row an origin and method, with columns ``origin, method, mase, wql, coverage_80,
        coverage_95, made_by, cpu_s``
    """

    table: pd.DataFrame
    horizon: int
    frequency: str

    def summary(self) -> dict[str, dict[str, float]]:
        """Mean scores over origins, by method."""
        columns = ["mase", "wql", "coverage_80", "coverage_95", "cpu_s"]
        means = self.table.groupby("method")[columns].mean()
        return {name: {c: float(means.loc[name, c]) for c in columns} for name in METHODS}


def backtest(
    history: History,
    horizon: int,
    origins: int = 4,
    *,
    apart: int | None = None,
    seed: int = 0,
    country: str | None = None,
    time_limit: float | None = None,
    covariates: CovariateTable | None = None,
    contest: Contest = hold_contest,
) -> Backtest:
    """Score the forecast at the last ``origins`` dates that have ``horizon`` known periods after them.

    Parameters
    ----------
    apart
        Periods between origins; the horizon when omitted.
    time_limit
        Seconds for learning and forecasting, per origin.
    covariates
        What was known beforehand of every period that is scored (``read_covariates``); forecast and base
        are told it, the seasonal naive has no use for it.
    contest
        What decides who serves (``forecasting.service.forecast``).

    Raises
    ------
    BadCovariates
        The table does not cover the periods ahead of every origin, or does not fit the history; told for
        all origins before anything is learned.
    UsageError
        The history is too short for so many origins, or the horizon is not possible.
    """
    check_horizon(horizon, history.frequency)
    if origins < 1:
        raise UsageError(f"a backtest has 1 or more origins, not {origins}")
    apart = horizon if apart is None else apart
    held = horizon + (origins - 1) * apart
    if len(history.stamps) - held <= history.season:
        most = max((len(history.stamps) - history.season - 1 - horizon) // apart + 1, 0)
        raise UsageError(
            f"{len(history.stamps)} periods are too few for {origins} origins of {horizon} periods; "
            f"at most {most} origins fit"
        )
    first = history.until(held)
    scale = dict(zip(first.ids, seasonal_error(np.asarray(first.values), history.season), strict=True))
    known_at = [history.until(horizon + k * apart) for k in reversed(range(origins))]
    told = _told_at(covariates, history, known_at, horizon)
    asked: dict[str, Any] = {
        "seed": seed, "country": country, "time_limit": time_limit, "contest": contest,
    }  # fmt: skip
    rows = []
    for known, table in zip(known_at, told, strict=True):
        rows += _score_origin(history, known, horizon, scale, asked | {"covariates": table})
    return Backtest(pd.DataFrame(rows), horizon, history.frequency)


def holdout(
    history: History,
    days: int = 28,
    *,
    seed: int = 0,
    country: str | None = None,
    time_limit: float | None = None,
) -> dict[str, dict[str, float]]:
    """Score the last ``days`` of a daily history with a forecast made before them.

    Returns
    -------
    dict
        Method (``forecast``, ``base``, ``seasonal_naive``) -> ``mase, wql, coverage_80, coverage_95, cpu_s``.
    """
    return backtest(history.daily(), days, 1, seed=seed, country=country, time_limit=time_limit).summary()


def _told_at(
    table: CovariateTable | None, history: History, known_at: list[History], horizon: int
) -> list[CovariateTable | None]:
    """The table as each origin may use it: without the series that begin after it.

    Raises
    ------
    BadCovariates
        What is wrong with it at any origin, each fault once.
    """
    if table is None:
        return [None] * len(known_at)
    told = []
    faults: dict[str, Problem] = {}
    for known in known_at:
        own = table.without(set(history.ids) - set(known.ids))
        try:
            tell(own, known, horizon, known.stamps.append(known.ahead(horizon)))
        except BadCovariates as error:
            faults |= {str(problem): problem for problem in error.problems}
        told.append(own)
    if faults:
        raise BadCovariates(table.source, faults.values())
    return [*told]


def _score_origin(
    history: History,
    known: History,
    horizon: int,
    scale: dict[str, float],
    asked: dict[str, Any],
) -> list[dict[str, object]]:
    row = pd.Index(history.ids).get_indexer(list(known.ids))
    n = len(known.stamps)
    first = history.stamps.get_loc(known.stamps[0])
    truth = np.asarray(history.values)[row, first + n : first + n + horizon]
    own = np.array([scale.get(name, np.nan) for name in known.ids])
    rows = []
    for method in METHODS:
        begun = time.process_time()
        made_by = method
        if method == "seasonal_naive":
            quantiles = seasonal_naive(known, horizon)
        else:
            wanted = "auto" if method == "forecast" else "base"
            result = forecast(known, horizon, n_paths=0, made_by=wanted, **asked)
            quantiles, made_by = result.champion.quantiles, result.made_by[0]
        spent = time.process_time() - begun
        origin = {"origin": known.stamps[-1], "method": method}
        rows.append({**origin, **score(quantiles, truth, own), "made_by": made_by, "cpu_s": spent})
    return rows
