"""The mixture: what base and networks say together of the coming periods, before any guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.base import Base
from forecasting.challengers import Voice
from forecasting.features import Calendar
from forecasting.lstm import DemandLSTM
from forecasting.marginals import base_quantiles, error_quantiles
from forecasting.training import predict
from forecasting.windows import windows_of


@dataclass(frozen=True)
class Mixture:
    """What is said before the guard.

    Attributes
    ----------
    mean : of the base, shape (series, horizon) [counts]
    plain : quantiles of the base, shape (series, horizon, level) [counts]
    quantiles : of base and networks together, or of the challenger, same shape; those of the base where
        neither speaks
    """

    mean: np.ndarray
    plain: np.ndarray
    quantiles: np.ndarray


def mixture(
    values: np.ndarray,
    calendar: Calendar,
    horizon: int,
    base: Base,
    templates: np.ndarray,
    networks: Sequence[DemandLSTM] = (),
    share: float | np.ndarray = 0.0,
    challenger: Voice | None = None,
) -> Mixture:
    """Say what comes after the last known period.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    base, templates
        Fitted to them, and its past errors (``marginals.error_templates``).
    networks
        Their quantiles are averaged.
    share
        Of the networks in what is said, 0 to 1: one number, or one a series, shape (series, 1).
    challenger
        Speaks in place of base and networks where it is given.
    """
    mean = base.mean(values.shape[1] - 1, np.arange(1, horizon + 1))
    plain = base_quantiles(mean, base, error_quantiles(templates, horizon), whole_counts(values))
    if challenger is None and not networks:
        return Mixture(mean, plain, plain)
    windows = windows_of(values, base, calendar, horizon)
    if challenger is not None:
        last = np.array([values.shape[1] - 1])
        return Mixture(mean, plain, challenger.say(windows, horizon, last, values.shape[1]))
    now = np.full(len(values), values.shape[1] - 1)
    away = predict(list(networks), windows, np.arange(len(values)), now)[:, :horizon]
    moved = in_counts(away, mean, base.spread(mean))
    return Mixture(mean, plain, mixed(plain, moved, share))


def mixed(plain: np.ndarray, moved: np.ndarray, share: float | np.ndarray) -> np.ndarray:
    """Quantiles between those of the base and those of the networks, by their share."""
    part = np.asarray(share, dtype=float)
    return plain + (part[..., None] if part.ndim else part) * (moved - plain)


def in_counts(away: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Quantiles in units of spread around a mean, as counts; never below none."""
    return np.maximum(mean[..., None] + spread[..., None] * away, 0.0)


def whole_counts(values: np.ndarray) -> bool:
    """Whether every count of a history is a whole number."""
    seen = values[np.isfinite(values)]
    return bool((seen == np.rint(seen)).all())
