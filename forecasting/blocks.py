"""Blocks: many thousand series, taught by some of them and answered a block at a time.

What a network learns of two thousand series it knows of a hundred thousand. So the contest is held among a
sample, spread evenly over the names; every series then gets the base of its own block of neighbours and
what the champion adds to it. Memory follows the block, not the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from forecasting.base import Base, fit_base
from forecasting.contest import Champion, Contest, Made
from forecasting.features import Calendar
from forecasting.heads import LEVELS, MIDDLE
from forecasting.marginals import error_templates, ordered
from forecasting.mixture import Mixture, mixture
from forecasting.training import Clock

BLOCK = 2000  # series answered together; assumed: kin enough to lean on, 100 MB for two years of days


def in_blocks(contest: Contest, progress: Callable[[int, int], None] | None = None) -> Contest:
    """A contest that is held among a sample where there are more than two blocks of series.

    Parameters
    ----------
    contest
        Called as ``hold_contest`` is.
    progress
        Told how many series are answered, and of how many.
    """

    def held(
        values: np.ndarray,
        calendar: Calendar,
        horizon: int,
        *,
        seed: int,
        clock: Clock,
        made_by: str = "auto",
    ) -> Champion:
        if len(values) <= 2 * BLOCK:
            return contest(values, calendar, horizon, seed=seed, clock=clock, made_by=made_by)
        some = np.unique(np.linspace(0, len(values) - 1, BLOCK).round().astype(int))
        champion = contest(
            values[some], _part(calendar, some), horizon, seed=seed, clock=clock, made_by=made_by
        )
        return _spread(champion, some, values, calendar, horizon, progress)

    return held


def _spread(
    champion: Champion,
    some: np.ndarray,
    values: np.ndarray,
    calendar: Calendar,
    horizon: int,
    progress: Callable[[int, int], None] | None,
) -> Champion:
    """What a champion of a sample says of every series."""
    n = len(values)
    of_sample, _ = _said(champion, values[some], _part(calendar, some), horizon)
    guard = _guard(champion, of_sample.quantiles)
    quantiles = np.empty((n, horizon, len(LEVELS)))
    mean = np.empty((n, horizon))
    for first in range(0, n, BLOCK):
        rows = _block(first, n)
        said, _ = _said(champion, values[rows], _part(calendar, rows), horizon)
        raw, mean[rows] = said.quantiles, said.mean
        middle = raw[..., MIDDLE : MIDDLE + 1]
        quantiles[rows] = ordered(middle + (raw - middle) * guard)
        if progress is not None:
            progress(len(rows) + first, n)
    reason = f"among {len(some)} of {n} series, {champion.reason}"
    return replace(
        champion,
        quantiles=quantiles,
        mean=mean,
        templates=np.zeros((0, n, horizon)),
        reason=reason,
        made=None,
        again=lambda row: _made_again(champion, row, values, calendar, horizon),
    )


def _block(row: int, n: int) -> np.ndarray:
    """The rows that are answered together with ``row``, of ``n``."""
    first = row // BLOCK * BLOCK
    return np.arange(first, min(first + BLOCK, n))


def _made_again(
    champion: Champion, row: int, values: np.ndarray, calendar: Calendar, horizon: int
) -> tuple[Made, int]:
    """What the forecast of one series was made of: its block is answered once more, and nothing else kept."""
    rows = _block(row, len(values))
    own, part = values[rows], _part(calendar, rows)
    said, base = _said(champion, own, part, horizon)
    share = _share(champion) if champion.networks else 0.0
    moved = None if champion.challenger is None else (said.quantiles - said.plain)[..., MIDDLE]
    return Made(own, part, base, said.plain[..., MIDDLE], share, moved), int(row - rows[0])


def _said(champion: Champion, values: np.ndarray, calendar: Calendar, horizon: int) -> tuple[Mixture, Base]:
    """What base and champion say of some series before the guard, and that base."""
    base = fit_base(values, calendar, horizon)
    templates = error_templates(values, base, horizon)
    share = _share(champion)
    networks, challenger = champion.networks, champion.challenger
    return mixture(values, calendar, horizon, base, templates, networks, share, challenger), base


def _share(champion: Champion) -> float:
    """Of the networks, in what is said of series that were not in the contest: the sample's mean."""
    return 1.0 if champion.made is None else float(np.mean(champion.made.share))


def _guard(champion: Champion, raw: np.ndarray) -> np.ndarray:
    """How far the champion moved each level from the middle, shape (horizon, level)."""
    reach, moved = (
        np.abs(said - said[..., MIDDLE : MIDDLE + 1]).sum(axis=0) for said in (raw, champion.quantiles)
    )
    return np.where(reach > 1e-9, moved / np.maximum(reach, 1e-9), 1.0)


def _part(calendar: Calendar, rows: np.ndarray) -> Calendar:
    """The calendar of some of the series."""
    return calendar if calendar.told is None else replace(calendar, told=calendar.told[rows])
