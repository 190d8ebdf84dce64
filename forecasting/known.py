"""Known: all that a forecast stands on, before anything is learned.

The counts without gaps of reporting and closed days, the calendar of the past and the horizon, and what
must hold of every answer: nobody comes where it is closed, hardly anybody where nobody came for long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from forecasting.contest import Champion
from forecasting.country import likely_country
from forecasting.covariates import CovariateTable, Told, each_note, tell
from forecasting.features import Calendar, calendar_of
from forecasting.mixture import whole_counts
from forecasting.silences import Silences, find_silences, hush
from forecasting.windows import EACH
from twin.records.history import History

Country = str | tuple[str, ...] | None


@dataclass(frozen=True)
class Known:
    """What is known when a forecast is made.

    Attributes
    ----------
    values : counts to learn from, shape (series, time), NaN where missing or closed
    calendar : of the past and the horizon, in whole network steps
    told : the hospital's covariates, None without
    silences : gaps of reporting and dead series
    why : why these holidays
    """

    values: np.ndarray
    calendar: Calendar
    told: Told | None
    silences: Silences
    why: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether every count is a whole number."""
        return whole_counts(self.values)

    def held_to(self, champion: Champion) -> Champion:
        """The champion, with dead series near zero and nobody on closed periods."""
        quantiles, mean = hush(champion.quantiles, champion.mean, self.silences.silent_for)
        if self.told is not None:
            past = self.values.shape[1]
            shut = self.told.shut[:, past : past + mean.shape[1]]
            quantiles = np.where(shut[..., None], 0.0, quantiles)
            mean = np.where(shut, 0.0, mean)
        return replace(champion, quantiles=quantiles, mean=mean)

    def notes(self, champion: Champion) -> tuple[str, ...]:
        """What a reader should know of the holidays, the covariates and the silences."""
        told: tuple[str, ...] = ()
        if self.told is not None:
            effects = None if champion.made is None else champion.made.base.factors.told
            told = tuple(each_note(self.told, effects))
        return (*self.why, *told, *self.silences.notes)


def known_of(
    history: History, horizon: int, *, country: str | None = None, covariates: CovariateTable | None = None
) -> Known:
    """What is known of a history and its next ``horizon`` periods.

    Raises
    ------
    BadData
        The covariates do not cover the horizon, or do not fit the history.
    UsageError
        The country is not possible.
    """
    values = np.asarray(history.values)
    each = EACH[history.season]
    stamps = history.stamps.append(history.ahead(-(-horizon // each) * each))
    told = None if covariates is None else tell(covariates, history, horizon, stamps)
    chosen, why = _country(history, country, told)
    calendar = calendar_of(stamps, history.frequency, chosen)
    shut = None
    if told is not None:
        calendar = replace(calendar, told=told.values, told_names=told.names)
        shut = told.shut[:, : values.shape[1]]
        values = np.where(shut, np.nan, values)
    silences = find_silences(values, calendar, history.ids, history.stamps, shut)
    return Known(silences.values, calendar, told, silences, why)


def _country(history: History, named: str | None, told: Told | None) -> tuple[Country, tuple[str, ...]]:
    """The holidays that all regions keep, where the covariates name regions; else as without them."""
    if told is None or not told.regions:
        return likely_country(history, named)
    others = () if named is None or named.lower() == "none" else (named,)
    return tuple(dict.fromkeys((*others, *told.regions))), (
        f"each series keeps the holidays of its own region: {', '.join(told.regions)}",
    )
