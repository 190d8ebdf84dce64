"""Silences: zeros that nobody counted, and series from which nothing comes any more.

A ward of sixty beds that reports 0 on one Tuesday did not send its report; a clinic that reports 0 each
Sunday is closed on Sundays. The first is taken as missing and named, the second is a fact. One count that
is twenty times as large as any other of its series is a slip, missing and named too. A series that ended,
or has been zero for long, is forecast near zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.features import Calendar
from forecasting.marginals import small_counts

BUSY = 20.0  # median count a period from which a zero is no chance (a Poisson one in 5e8)
NEAR_ZERO = 0.05  # share of the median up to which a count says "closed"; assumed
USUALLY = 0.05  # share of near-zero counts at one place of the season up to which it is open; assumed
LOOKS = 4  # counts at one place of the season that show what is usual there; assumed
LONGEST_GAP = {168: 168, 7: 7, 52: 3, 12: 2}  # periods; assumed: a longer silence is a closure
GONE = {168: 56 * 24, 7: 56, 52: 12, 12: 6}  # periods without a row, after which a series has ended; assumed
QUIET = {168: 28 * 24, 7: 28, 52: 8, 12: 6}  # periods of zeros, after which a series may be dead; assumed
EXPECTED = 20.0  # counts that those zeros should have been; assumed: chance makes 2e-9 (Poisson)
SLIP = 20.0  # times the next largest count, from which a single one is a slip; assumed
SLIP_LOOKS, SLIP_COUNT = 28, 100.0  # counts of a series, and size of one, that make it so sure; assumed
_NAMED = 5


@dataclass(frozen=True)
class Silences:
    """What is silent in a history.

    Attributes
    ----------
    values : counts with reporting gaps, and what follows a death, taken as missing, shape (series, time)
    silent_for : periods since a dead series was last heard of, 0 where it lives, shape (series,)
    notes : both in words
    """

    values: np.ndarray
    silent_for: np.ndarray
    notes: tuple[str, ...]


def find_silences(
    values: np.ndarray,
    calendar: Calendar,
    ids: tuple[str, ...],
    stamps: pd.DatetimeIndex,
    closed: np.ndarray | None = None,
) -> Silences:
    """Tell gaps of reporting and dead series from true zeros.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    calendar
        Of the same periods, and perhaps more.
    ids, stamps
        Names of the axes of ``values``.
    closed
        Periods on which a series is known to have been closed, same shape: no series dies of that.
    """
    past = values.shape[1]
    silent_for = _silent_for(values, calendar.season)
    if closed is not None:
        since = np.arange(past) >= past - silent_for[:, None]
        silent_for = np.where((closed & since).any(axis=1), 0, silent_for)
    gap = _gaps(values, calendar, silent_for)
    if len(values) > 1:  # a day on which all report nothing
        total = np.where(np.isfinite(values).any(axis=0), np.nansum(values, axis=0), np.nan)
        gap |= _gaps(total[None], calendar, np.zeros(1)) & (values == 0)
    slip = _slips(values)
    hourly = calendar.season == 168
    notes = _told(gap, "zeros taken as reporting gaps, not as counts", ids, stamps, hourly)
    notes += _told(slip, "taken as a slip, far above every other count", ids, stamps, hourly)
    gap |= slip
    notes += _told_dead(values, silent_for, ids, stamps[:past])
    after = np.arange(past) >= past - silent_for[:, None]  # a dead series teaches its kin nothing
    return Silences(np.where(gap | after, np.nan, values), silent_for, tuple(notes))


def hush(quantiles: np.ndarray, mean: np.ndarray, silent_for: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles and mean with dead series near zero.

    Parameters
    ----------
    quantiles
        Shape (series, horizon, level).
    mean
        Shape (series, horizon).
    silent_for
        Of ``Silences``.

    Notes
    -----
    After n periods without anybody, one is expected in n + 1 more (Laplace's rule of succession).
    """
    dead = silent_for > 0
    if not dead.any():
        return quantiles, mean
    rate = np.broadcast_to(1.0 / (silent_for[dead, None] + 1.0), mean[dead].shape)
    low = small_counts(rate, rate)
    quantiles, mean = quantiles.copy(), mean.copy()
    quantiles[dead] = np.minimum(quantiles[dead], low)
    mean[dead] = np.minimum(mean[dead], rate)
    return quantiles, mean


def _gaps(values: np.ndarray, calendar: Calendar, silent_for: np.ndarray) -> np.ndarray:
    """Zeros of busy series where the season is otherwise open, shape (series, time)."""
    seen = np.isfinite(values)
    gap = np.zeros(values.shape, dtype=bool)
    busy = np.flatnonzero((values == 0).any(axis=1) & (seen.sum(axis=1) > 0))
    usual = np.zeros(len(values))
    usual[busy] = np.nanmedian(values[busy], axis=1)
    busy = busy[usual[busy] >= BUSY]
    past, season = values.shape[1], calendar.season
    place = calendar.position[:past] if season in (7, 168) else np.zeros(past, dtype=np.int64)
    holiday = calendar.mark[:past] >= 0
    for row in busy:
        zero = values[row] == 0
        length = _run_lengths(zero)
        short = zero & (length <= LONGEST_GAP[season])
        counted = seen[row] & ~holiday & (short | ~zero)
        near = counted & (values[row] <= NEAR_ZERO * usual[row])
        n = np.bincount(place[counted], minlength=season)
        quiet = np.bincount(place[near], minlength=season)
        open_ = (n >= LOOKS) & (quiet <= np.maximum(1, USUALLY * n))
        gap[row] = short & ~holiday & open_[place]
        if silent_for[row]:
            gap[row, past - int(silent_for[row]) :] = False
    return gap


def _run_lengths(flags: np.ndarray) -> np.ndarray:
    """For each true flag, how many true ones stand together there, shape (time,)."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    length = np.zeros(len(flags), dtype=np.int64)
    for start, end in zip(edge[::2], edge[1::2], strict=True):
        length[start:end] = end - start
    return length


def _silent_for(values: np.ndarray, season: int) -> np.ndarray:
    """Periods since a dead series was last heard of, shape (series,); 0 where it lives."""
    past = values.shape[1]
    seen = np.isfinite(values)
    last_row = np.where(seen.any(axis=1), past - seen[:, ::-1].argmax(axis=1), 0)
    came = np.where(seen, values, 0.0) > 0
    last_count = np.where(came.any(axis=1), past - came[:, ::-1].argmax(axis=1), 0)
    before = np.arange(past) < last_count[:, None]
    usual = np.where(seen & before, values, 0.0).sum(axis=1) / np.maximum((seen & before).sum(axis=1), 1)
    zeros = (seen & ~before).sum(axis=1)
    ended = past - last_row >= GONE[season]
    quiet = (zeros >= QUIET[season]) & (usual * zeros >= EXPECTED)
    return np.where(ended | quiet, past - last_count, 0)


def _slips(values: np.ndarray) -> np.ndarray:
    """One count of a series that is beyond all others, shape (series, time)."""
    slip = np.zeros(values.shape, dtype=bool)
    if values.shape[1] < SLIP_LOOKS:
        return slip
    known = np.nan_to_num(values)
    second, first = np.partition(known, -2, axis=1)[:, -2:].T
    enough = np.isfinite(values).sum(axis=1) >= SLIP_LOOKS
    rows = np.flatnonzero(enough & (first >= SLIP_COUNT) & (first > SLIP * second) & (second > 0))
    slip[rows, known[rows].argmax(axis=1)] = True
    return slip


def _told(
    odd: np.ndarray, what: str, ids: tuple[str, ...], stamps: pd.DatetimeIndex, hourly: bool
) -> list[str]:
    """Which periods of which series are odd, the first few by name."""
    rows = np.flatnonzero(odd.any(axis=1))
    notes = []
    for row in rows[:_NAMED]:
        when = stamps[np.flatnonzero(odd[row])]
        shown = ", ".join(f"{at:%Y-%m-%d %H:%M}" if hourly else f"{at:%Y-%m-%d}" for at in when[:_NAMED])
        more = f" and {len(when) - _NAMED} more" if len(when) > _NAMED else ""
        notes.append(f"{ids[row]}: {what}: {shown}{more}")
    if len(rows) > _NAMED:
        notes.append(f"and {len(rows) - _NAMED} more series: {what}")
    return notes


def _told_dead(
    values: np.ndarray, silent_for: np.ndarray, ids: tuple[str, ...], stamps: pd.DatetimeIndex
) -> list[str]:
    dead = np.flatnonzero(silent_for)
    if not len(dead):
        return []
    last = [len(stamps) - 1 - int(silent_for[row]) for row in dead[:_NAMED]]
    shown = [
        f"{ids[row]} (nothing since {stamps[max(at, 0)]:%Y-%m-%d})"
        for row, at in zip(dead, last, strict=False)
    ]
    more = f" and {len(dead) - _NAMED} more" if len(dead) > _NAMED else ""
    return [f"{len(dead)} series ended or went silent, and are forecast near zero: {', '.join(shown)}{more}"]
