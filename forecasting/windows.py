"""Windows: what the network is shown, a stretch of past with the known calendar of its future.

Each window is measured against the base *as it stood at its origin*: nothing after the origin goes in,
except the calendar. An hourly series is cut into days of 24 hours, so that a week is seven steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from forecasting.base import Base
from forecasting.features import COVARIATES, Calendar
from forecasting.yearly import FEWEST_YEARS, WAVES

PAST_STEPS = {168: 28, 7: 28, 52: 52, 12: 24}  # four weeks (eight served days no better), a year, two years
EACH = {168: 24, 7: 1, 52: 1, 12: 1}  # periods in one step of the network
YEAR = {168: 364 * 24, 7: 364, 52: 52, 12: 0}  # the same weekday a year ago; months have it in the base
OWN = ("away", "seen", "factor", "last_year", "has_last_year")  # of each period of a step
TRAITS = ("size", "spread", "zeros")  # of each series
CLIP = 12.0  # units of spread beyond which a past count says no more


@dataclass(frozen=True)
class Windows:
    """Everything from which windows are cut.

    Attributes
    ----------
    values : shape (series, time), NaN where missing
    horizon : periods ahead, a multiple of the periods in one step
    history : periods known when the forecast is made
    """

    values: np.ndarray
    base: Base
    calendar: Calendar
    horizon: int
    last_year: np.ndarray
    traits: np.ndarray
    history: int

    @property
    def each(self) -> int:
        """Periods in one step."""
        return EACH[self.calendar.season]

    @property
    def past(self) -> int:
        """Periods of past in a window."""
        return PAST_STEPS[self.calendar.season] * self.each

    @property
    def features(self) -> int:
        """Features of one step."""
        return len(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature of a step is, shape (feature,); one of each period in it comes together."""
        own = (name for name in OWN for _ in range(self.each))
        return (*own, *COVARIATES, *self.calendar.told_names, *TRAITS, "ahead")

    @cached_property
    def covariates(self) -> np.ndarray:
        """What is known of each period, shape (time, name); the time of year only where years were seen.

        Else it is a name for what once was: foretelling from it, a network of one year was 14 % worse.
        """
        if self.history >= FEWEST_YEARS * (YEAR[self.calendar.season] or self.calendar.season):
            return self.calendar.covariates
        covariates = self.calendar.covariates.copy()
        covariates[:, WAVES] = 0.0
        return covariates

    def cut(self, series: np.ndarray, origin: np.ndarray) -> tuple[Tensor, Tensor]:
        """Inputs and truths of some windows.

        Parameters
        ----------
        series, origin
            Row, and last known period, of each window; shape (batch,).

        Returns
        -------
        steps, truth
            Shapes (batch, step, feature) and (batch, horizon); truth in units of spread, NaN if unknown.
        """
        time = origin[:, None] + np.arange(1 - self.past, self.horizon + 1)
        known = (time >= 0) & (time < self.values.shape[1])
        inside = np.clip(time, 0, self.values.shape[1] - 1)
        row = series[:, None]
        level = self.base.level[row, origin[:, None]]
        factor = self.base.factor_at(row, origin[:, None], np.clip(time, 0, self.base.factor.shape[1] - 1))
        mean = level * factor
        unit = self.base.scale[row] * np.sqrt(np.maximum(mean, self.base.floor[row]))
        away = np.where(known, (self.values[row, inside] - mean) / unit, np.nan)
        truth = np.clip(away[:, self.past :], -2 * CLIP, 2 * CLIP)
        steps = self._steps(series, time, origin, away, factor)
        return torch.from_numpy(steps), torch.from_numpy(truth.astype(np.float32))

    def _steps(
        self, series: np.ndarray, time: np.ndarray, origin: np.ndarray, away: np.ndarray, factor: np.ndarray
    ) -> np.ndarray:
        past = np.where(np.arange(time.shape[1]) < self.past, away, np.nan)
        seen = np.isfinite(past)
        ago = time - YEAR[self.calendar.season]
        usable = (ago >= 0) & (ago <= origin[:, None]) & (YEAR[self.calendar.season] > 0)
        year = np.where(
            usable, self.last_year[series[:, None], np.clip(ago, 0, self.values.shape[1] - 1)], 0.0
        )
        own = (
            np.clip(np.where(seen, past, 0.0), -CLIP, CLIP) / 2,
            seen,
            np.log(np.maximum(factor, 0.05)),
            year,
            usable,
        )
        batch, n_steps = len(series), time.shape[1] // self.each
        parts = [part.astype(np.float32).reshape(batch, n_steps, self.each) for part in own]
        covariates = self.covariates[np.clip(time, 0, len(self.covariates) - 1)]
        parts.append(covariates.reshape(batch, n_steps, self.each, -1).mean(axis=2))
        if self.calendar.told is not None:
            told = self.calendar.told[series[:, None], np.clip(time, 0, self.calendar.told.shape[1] - 1)]
            parts.append(told.reshape(batch, n_steps, self.each, -1).mean(axis=2))
        parts.append(np.broadcast_to(self.traits[series][:, None, :], (batch, n_steps, self.traits.shape[1])))
        ahead = (np.arange(n_steps) >= self.past // self.each).astype(np.float32)
        parts.append(np.broadcast_to(ahead[None, :, None], (batch, n_steps, 1)))
        return np.concatenate(parts, axis=2, dtype=np.float32)


def windows_of(
    values: np.ndarray, base: Base, calendar: Calendar, horizon: int, *, history: int | None = None
) -> Windows:
    """Prepare windows; ``horizon`` is rounded up to whole steps (the calendar must reach so far).

    ``history`` is told where a network is taught for hospitals that know fewer periods than ``values`` has.
    """
    each = EACH[calendar.season]
    whole = -(-horizon // each) * each
    known = values.shape[1] if history is None else history
    return Windows(values, base, calendar, whole, _last_year(values, base), _traits(values, base), known)


def _last_year(values: np.ndarray, base: Base) -> np.ndarray:
    """How far each past count lay from the base of its own day, in units of spread, halved and clipped."""
    time = np.arange(values.shape[1])
    mean = base.level * base.factor_at(np.arange(len(values))[:, None], time, time)
    away = (values - mean) / base.spread(mean)
    return np.clip(np.nan_to_num(away), -CLIP, CLIP).astype(np.float32) / 2


def _traits(values: np.ndarray, base: Base) -> np.ndarray:
    """What kind of series it is: size, spread against a Poisson count, share of zeros; (series, 3)."""
    seen = np.isfinite(values)
    n = np.maximum(seen.sum(axis=1), 1)
    usual = np.where(seen, values, 0.0).sum(axis=1) / n
    zeros = ((values == 0) & seen).sum(axis=1) / n
    return np.stack([np.log1p(usual) / 4, np.log(np.maximum(base.scale, 1e-3)) / 2, zeros], axis=1).astype(
        np.float32
    )
