"""Drift: whether the forecasts of the last weeks were as good as they said they would be.

It looks at what was said about each day as it was issued, at what happened, and at what a plainer forecast
said about the same day. Five alarms: the level moved, the error passed that of the plainer forecast, the
intervals held too few or too many days, the error grew against its own past, too many days are missing.
Each has a stated rate of false alarms on a hospital where nothing changed, however many streams it has: they
share the rate (Bonferroni).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom
from scipy.stats import t as student

WINDOW = 28  # days that error, coverage and missing days are counted over: four whole weeks
LONGEST = 364  # days looked back at: a year of whole weeks
FEWEST = 14  # days with a truth below which nothing is judged; assumed: two of each weekday
RUN_LENGTH = 730.0  # mean days between two false alarms of any stream's level, by design: two years
ALLOWANCE = 0.5  # standard deviations; the CUSUM is fastest for a shift of twice this (Page 1954)
CHANCE = 0.001  # of a false alarm of error, growth or coverage, each, of any stream on one day, by design
MOST_MISSING = 0.2  # of the window; as much as a history may miss at most
FRESH = 14  # days for which an alarm of the level is told; assumed: then the base has followed
COVERED = 0.8  # share of days that the interval from q10 to q90 should hold
_WIDEST = 2.5  # standard deviations that one day counts for at most: a strike of two days is no shift
_NORMAL = 1.2816  # standard deviations from the middle to q10 or q90 of a normal distribution
_SMALLEST = 0.5  # patients; a standard deviation below it is the rounding of counts
_KNOWN = 56  # days of errors from which their own autocorrelation is taken
_BANDS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Said:
    """One stream's days in order, what was said about each and what happened.

    All of shape (day,), [patients a day], NaN where unknown; every calendar day from the first to the last.

    Attributes
    ----------
    quantiles : q10, q50, q90 as issued, shape (day, 3)
    happened : what was counted
    plain : middle of the plainer forecast of the same day: the base as issued, or the same day last week
    last_week : the count a week before
    """

    quantiles: np.ndarray
    happened: np.ndarray
    plain: np.ndarray
    last_week: np.ndarray


@dataclass(frozen=True)
class Alarm:
    """What drifted, for how many days, in words."""

    kind: str
    days: int
    told: str


@dataclass(frozen=True)
class Drift:
    """Figures of the last four weeks of one stream, NaN where too few days are known.

    Attributes
    ----------
    days : days with a forecast and a truth in the window
    mase : error over that of "same as last week"
    plain_mase : the same of the plainer forecast
    wql : weighted quantile loss of q10, q50 and q90
    coverage80 : share of days between q10 and q90
    missing : share of days that were forecast and have no count
    level : mean of the last 14 days' errors [standard deviations of the forecast]
    """

    days: int
    mase: float
    plain_mase: float
    wql: float
    coverage80: float
    missing: float
    level: float
    alarms: tuple[Alarm, ...]


def watch(said: Said, streams: int = 1) -> Drift:
    """Judge one stream; days on which nothing was said are left out.

    Parameters
    ----------
    streams
        How many are watched together: each is then given that part of the false alarms.

    References
    ----------
    Page (1954), Biometrika 41, 100-115 (CUSUM); Siegmund (1985), Sequential Analysis (run length);
    Diebold & Mariano (1995), J. Bus. Econ. Stat. 13, 253-263 (difference of two errors).
    """
    said = _last(said, LONGEST)
    issued = np.isfinite(said.quantiles).all(axis=1)
    seen = issued & np.isfinite(said.happened)
    missing = float(1 - seen[-WINDOW:].sum() / max(issued[-WINDOW:].sum(), 1)) if issued.any() else 0.0
    recent = np.zeros(len(seen), dtype=bool)
    recent[-WINDOW:] = True
    recent &= seen
    n = int(recent.sum())
    alarms: list[Alarm | None] = [_missing(missing)]
    if n < FEWEST:
        nan = math.nan
        return Drift(n, nan, nan, nan, nan, missing, nan, tuple(a for a in alarms if a))
    miss = np.abs(said.happened - said.quantiles[:, 1])
    plain = np.abs(said.happened - said.plain)
    week = float(np.nanmean(np.abs(said.happened - said.last_week)[recent]))
    inside = (said.happened >= said.quantiles[:, 0]) & (said.happened <= said.quantiles[:, 2])
    z = _errors(said)
    alarms += [
        _level(z[seen], _limit(streams)),
        _worse(miss[recent], plain[recent], CHANCE / streams),
        _grown(miss, seen, CHANCE / streams),
        _coverage(int(inside[recent].sum()), n, CHANCE / streams),
    ]
    return Drift(
        days=n,
        mase=_over(float(miss[recent].mean()), week),
        plain_mase=_over(float(np.nanmean(plain[recent])), week)
        if np.isfinite(plain[recent]).any()
        else math.nan,
        wql=_wql(said, recent),
        coverage80=float(inside[recent].mean()),
        missing=missing,
        level=float(z[seen][-FRESH:].mean()),
        alarms=tuple(alarm for alarm in alarms if alarm is not None),
    )


def limit_of(run_length: float, allowance: float = ALLOWANCE) -> float:
    """Where a two-sided CUSUM of standard normal errors alarms once in ``run_length`` days on average.

    References
    ----------
    Siegmund (1985), Sequential Analysis, Springer: for one side with allowance ``k`` and limit ``h``, the
    mean run length is (exp(2 k b) - 2 k b - 1) / (2 k^2), b = h + 1.166; two sides alarm twice as often.
    """

    def short(limit: float) -> float:
        power = 2 * allowance * (limit + 1.166)
        return (math.exp(power) - power - 1) / (2 * allowance**2) / 2 - run_length

    return float(brentq(short, 0.0, 60.0))


@cache
def _limit(streams: int = 1) -> float:
    return limit_of(RUN_LENGTH * streams)


def cusum(
    z: np.ndarray, allowance: float = ALLOWANCE, limit: float | None = None
) -> list[tuple[int, int, int]]:
    """Alarms of a two-sided CUSUM: (day, day the shift began, +1 or -1); it starts anew after each."""
    bar = _limit() if limit is None else limit
    alarms = []
    up = down = 0.0
    began = [0, 0]
    for day, error in enumerate(z):
        up, down = max(0.0, up + error - allowance), max(0.0, down - error - allowance)
        began = [day + 1 if up == 0 else began[0], day + 1 if down == 0 else began[1]]
        if max(up, down) > bar:
            side = 0 if up >= down else 1
            alarms.append((day, began[side], 1 if side == 0 else -1))
            up = down = 0.0
            began = [day + 1, day + 1]
    return alarms


def _errors(said: Said) -> np.ndarray:
    """Errors in standard deviations of the forecast on that side, bounded, shape (day,)."""
    low, middle, high = said.quantiles.T
    away = said.happened - middle
    reach = np.where(away >= 0, high - middle, middle - low) / _NORMAL
    return np.clip(away / np.maximum(reach, _SMALLEST), -_WIDEST, _WIDEST)


def _level(z: np.ndarray, limit: float) -> Alarm | None:
    """The level moved: a CUSUM of the errors, made white and of unit spread by their own older past."""
    older = z[:-WINDOW]
    if len(older) >= _KNOWN:
        middle = float(np.median(older))
        lag = float(np.clip(np.corrcoef(older[1:], older[:-1])[0, 1], 0.0, 0.8)) if older.std() > 0 else 0.0
        spread = max(float(older.std()), 1.0) * math.sqrt((1 + lag) / (1 - lag))
    else:
        middle, spread = 0.0, 1.0
    alarms = cusum((z - middle) / spread, limit=limit)
    if not alarms or len(z) - 1 - alarms[-1][0] >= FRESH:
        return None
    day, began, side = alarms[-1]
    for before, earlier, same in reversed(alarms[:-1]):  # alarms one upon another tell of one shift
        if same != side or day - before >= FRESH:
            break
        day, began = before, earlier
    days = len(z) - began
    way = "more" if side > 0 else "fewer"
    return Alarm("level", days, f"for {days} days {way} came than was foretold")


def _worse(miss: np.ndarray, plain: np.ndarray, chance: float) -> Alarm | None:
    """The forecast lost to the plainer one in the last four weeks, by more than chance."""
    use = np.isfinite(plain)
    lost = (miss - plain)[use]
    n = len(lost)
    if n < FEWEST or lost.std() == 0:
        return None
    value = float(lost.mean() / _standard_error(lost))
    if value <= student.ppf(1 - chance, n - 1):
        return None
    more = lost.sum() / max(float(plain[use].sum()), 1e-9)
    return Alarm("error", n, f"its error of {n} days is {more:.0%} above that of the plain forecast")


def _grown(miss: np.ndarray, seen: np.ndarray, chance: float) -> Alarm | None:
    """The error grew against its own past."""
    recent, older = miss[-WINDOW:][seen[-WINDOW:]], miss[:-WINDOW][seen[:-WINDOW]]
    if len(older) < _KNOWN or older.mean() <= 0:
        return None
    gap = float(recent.mean() - older.mean())
    error = math.hypot(_standard_error(recent), _standard_error(older))
    if error == 0 or gap / error <= student.ppf(1 - chance, len(recent) - 1):
        return None
    return Alarm(
        "growth", len(recent), f"its error grew by {gap / older.mean():.0%} over the last four weeks"
    )


def _coverage(inside: int, n: int, chance: float) -> Alarm | None:
    """Intervals that hold too few days, or all too many, to be chance."""
    few, many = binom.cdf(inside, n, COVERED), binom.sf(inside - 1, n, COVERED)
    if min(few, many) > chance / 2:
        return None
    return Alarm("coverage", n, f"{inside} of {n} days lay in the 80 % interval")


def _missing(share: float) -> Alarm | None:
    if share <= MOST_MISSING:
        return None
    return Alarm("missing", WINDOW, f"{share:.0%} of the last {WINDOW} days have no count")


def _standard_error(values: np.ndarray) -> float:
    """Standard error of a mean of days that may go together, after their first autocorrelation."""
    n = len(values)
    spread = float(values.std(ddof=1))
    if spread == 0 or n < 3:
        return 0.0
    away = values - values.mean()
    lag = float(np.clip((away[1:] * away[:-1]).sum() / (away**2).sum(), 0.0, 0.8))
    return spread * math.sqrt((1 + lag) / (1 - lag) / n)


def _wql(said: Said, recent: np.ndarray) -> float:
    level = np.array(_BANDS)
    miss = said.happened[recent, None] - said.quantiles[recent]
    loss = 2 * np.maximum(level * miss, (level - 1) * miss)
    return _over(float(loss.sum(axis=0).mean()), float(np.abs(said.happened[recent]).sum()))


def _over(top: float, below: float) -> float:
    return top / below if below > 0 else math.nan


def _last(said: Said, days: int) -> Said:
    return Said(*(getattr(said, name)[-days:] for name in ("quantiles", "happened", "plain", "last_week")))
