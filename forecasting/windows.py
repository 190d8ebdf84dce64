"""Windows: what the network is shown, a stretch of past with the known calendar of its future.

Each window is measured against the base *as it stood at its origin*: nothing after the origin goes in,
except the calendar. An hourly series is cut into days of 24 hours, so that a week is seven steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from forecasting.base import Base
from forecasting.features import COVARIATES, Calendar

PAST_STEPS = {168: 28, 7: 56, 52: 52, 12: 24}  # assumed: four weeks, eight weeks, a year, two years
EACH = {168: 24, 7: 1, 52: 1, 12: 1}  # periods in one step of the network
YEAR = {168: 364 * 24, 7: 364, 52: 52, 12: 0}  # the same weekday a year ago; months have it in the base
OWN = ("away", "seen", "factor", "last_year", "has_last_year", "kin")  # of each period of a step
TRAITS = ("size", "spread", "zeros")  # of each series
KIN = 100  # series that speak for all, evenly chosen; assumed: more say the same and cost time
MOST_KEPT = 20_000  # origins whose kin is remembered: 4 MB of days, 50 MB of hours
CLIP = 12.0  # units of spread beyond which a past count says no more


@dataclass(frozen=True)
class Windows:
    """Everything from which windows are cut.

    Attributes
    ----------
    values : shape (series, time), NaN where missing
    horizon : periods ahead, a multiple of the periods in one step
    """

    values: np.ndarray
    base: Base
    calendar: Calendar
    horizon: int
    last_year: np.ndarray
    traits: np.ndarray
    _kept: dict[int, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

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
            self._kin(origin, time.shape[1]),
        )
        batch, n_steps = len(series), time.shape[1] // self.each
        parts = [part.astype(np.float32).reshape(batch, n_steps, self.each) for part in own]
        covariates = self.calendar.covariates[np.clip(time, 0, len(self.calendar.covariates) - 1)]
        parts.append(covariates.reshape(batch, n_steps, self.each, -1).mean(axis=2))
        if self.calendar.told is not None:
            told = self.calendar.told[series[:, None], np.clip(time, 0, self.calendar.told.shape[1] - 1)]
            parts.append(told.reshape(batch, n_steps, self.each, -1).mean(axis=2))
        parts.append(np.broadcast_to(self.traits[series][:, None, :], (batch, n_steps, self.traits.shape[1])))
        ahead = (np.arange(n_steps) >= self.past // self.each).astype(np.float32)
        parts.append(np.broadcast_to(ahead[None, :, None], (batch, n_steps, 1)))
        return np.concatenate(parts, axis=2, dtype=np.float32)

    def _kin(self, origin: np.ndarray, steps: int) -> np.ndarray:
        """How far all series together lay from the base as it stands at each origin, shape (batch, time).

        A bad week strikes every ward: what its kin did tells a ward how much of its own is chance.
        """
        new = np.array(sorted(set(origin.tolist()) - self._kept.keys()), dtype=np.int64)
        if len(new):
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
                new = np.unique(origin)
            self._kept.update(zip(new.tolist(), self._together(new), strict=True))
        out = np.zeros((len(origin), steps), np.float32)
        out[:, : self.past] = np.stack([self._kept[at] for at in origin.tolist()])
        return out

    def _together(self, origin: np.ndarray) -> np.ndarray:
        """Mean over the series of how far each past count lay from the base, halved; shape (origin, past)."""
        some = np.unique(np.linspace(0, len(self.values) - 1, KIN).round().astype(int))[:, None, None]
        time = origin[:, None] + np.arange(1 - self.past, 1)
        inside = np.maximum(time, 0)
        mean = self.base.level[some, origin[:, None]] * self.base.factor_at(some, origin[:, None], inside)
        unit = self.base.scale[some] * np.sqrt(np.maximum(mean, self.base.floor[some]))
        away = (self.values[some, inside] - mean) / unit
        seen = np.isfinite(away) & (time >= 0)
        kin = np.where(seen, away, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
        return (np.clip(kin, -CLIP, CLIP) / 2).astype(np.float32)


def windows_of(values: np.ndarray, base: Base, calendar: Calendar, horizon: int) -> Windows:
    """Prepare windows; ``horizon`` is rounded up to whole steps (the calendar must reach so far)."""
    each = EACH[calendar.season]
    whole = -(-horizon // each) * each
    return Windows(values, base, calendar, whole, _last_year(values, base), _traits(values, base))


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
