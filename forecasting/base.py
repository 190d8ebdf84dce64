"""The base: what a careful clerk would write down for the coming weeks.

A level that follows the recent past, times the usual factor of that hour, weekday or month, times the
effect of a holiday on that series. Factors are shrunk across series, so that a short history borrows from
its kin. The base serves by itself when nothing better is proven, and the LSTM learns only what it misses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from forecasting.covariate_effects import covariate_effects, covariate_factor
from forecasting.features import Calendar
from forecasting.holiday_effects import holiday_effects, mark_ratios
from forecasting.lately import latest, recent_factor
from forecasting.rare import credible_level, kin_season, rare_series
from forecasting.rare_counts import RareCounts, learn_rare_counts
from forecasting.shrinkage import FLOOR, raw_ratios, shrink
from forecasting.yearly import year_factor, yearly_waves

HALF_LIVES = {  # periods; assumed: from "follows last week" to "never moves"
    168: tuple(24 * days for days in (4, 8, 16, 32, 64, 128)),
    7: (2, 4, 8, 16, 32, 64, 128),
    52: (2, 4, 8, 16, 32),
    12: (1, 2, 3, 4, 6, 8, 12, 16, 24, 48),
}
FACTOR_HALF_LIFE = {168: 168 * 78, 7: 7 * 39, 52: 52 * 5, 12: 12 * 6}  # assumed: habits change in years
RECENT = (7,)  # seasons whose factors are also followed over recent weeks; short ones show it soon enough
RARE_LOOKS = (2, 4, -2)  # which half-lives are looked at in rare series: a short, a middle, a long one
KIN_LOOKS = 12  # looks that the spread of rare kin counts for; assumed
SHARPNESS = {  # of a half-life 1/60 (months: 1/200) worse in absolute error remains a third of its weight
    168: 60.0, 7: 60.0, 52: 60.0,  # assumed; days: 30 was 0.3 % better where levels move and worse where not
    12: 200.0,  # measured on two kinds of monthly counts: WQL 1 % lower than with 60
}  # fmt: skip


@dataclass(frozen=True)
class Factors:
    """What the level is multiplied by, part by part, so that a forecast can be told in its parts.

    Attributes
    ----------
    seasonal : of each place of the season, shape (series, season)
    special : of each mark of a holiday, shape (series, mark)
    work : power of the working-day ratio, shape (1,)
    told : relative change for each covariate that the hospital told, shape (series, name); None without
    year : height of each wave of the year, shape (series, wave); None where the year is not followed so
    """

    seasonal: np.ndarray
    special: np.ndarray
    work: np.ndarray
    told: np.ndarray | None = None
    year: np.ndarray | None = None

    def parts(self, calendar: Calendar) -> dict[str, np.ndarray]:
        """Each part in every period, shape (series or 1, time); their product is ``of``."""
        parts = {
            "season": self.seasonal[:, calendar.position],
            "holiday": _special(self.special, calendar.mark),
            "working_days": calendar.working[None] ** self.work[:, None],
        }
        if self.told is not None and calendar.told is not None:
            parts["covariates"] = covariate_factor(self.told, calendar.told)
        if self.year is not None:
            parts["time_of_year"] = year_factor(self.year, calendar)
        return parts

    def of(self, calendar: Calendar) -> np.ndarray:
        """The whole factor of every period, shape (series, time)."""
        season, *others = self.parts(calendar).values()
        for part in others:
            season = season * part
        return season


@dataclass(frozen=True)
class Base:
    """A fitted base.

    Attributes
    ----------
    factor : season x holiday x covariates, shape (series, time past and future)
    factors : the parts that ``factor`` is the product of
    level : level known at the end of each past period, shape (series, time past)
    scale : standard deviation over the square root of the mean, shape (series,)
    floor : smallest mean that a spread is computed for, shape (series,)
    recent : how far its place of the season has lately left its factor, known at the end of each past
        period, shape (series, time past); None where seasons are not followed so
    rare : how counts of rare series are spread about their mean; None where they are as others
    """

    factor: np.ndarray
    level: np.ndarray
    scale: np.ndarray
    floor: np.ndarray
    factors: Factors
    recent: np.ndarray | None = None
    rare: RareCounts | None = None

    def mean(self, origin: int, leads: np.ndarray) -> np.ndarray:
        """Expected counts ``leads`` periods after past period ``origin``, shape (series, lead)."""
        rows = np.arange(len(self.level))[:, None]
        return self.level[:, origin, None] * self.factor_at(rows, origin, origin + leads)

    def factor_at(self, rows: np.ndarray, origin: np.ndarray | int, time: np.ndarray) -> np.ndarray:
        """Factor of periods as it was known at the end of ``origin``; the arguments broadcast."""
        factor = self.factor[rows, time]
        if self.recent is None:
            return factor
        return factor * self.recent[rows, latest(time, origin, self.factors.seasonal.shape[1])]

    def spread(self, mean: np.ndarray) -> np.ndarray:
        """One unit of spread around these means (first axis: series): a quasi-Poisson deviation."""
        shape = (-1,) + (1,) * (mean.ndim - 1)
        return self.scale.reshape(shape) * np.sqrt(np.maximum(mean, self.floor.reshape(shape)))


def fit_base(values: np.ndarray, calendar: Calendar, horizon: int, *, learned: int | None = None) -> Base:
    """Fit factors and levels.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    calendar
        Of the past and at least ``horizon`` periods more.
    horizon
        Periods ahead for which the level should serve best.
    learned
        Learn from the first so many periods alone; later ones move the level and nothing else.
    """
    past = values.shape[1]
    known = values[:, : past if learned is None else learned]
    factors = fit_factors(known, calendar)
    factor = factors.of(calendar)
    recent, exposure = None, factor[:, :past]
    if calendar.season in RECENT:
        usual_days = calendar.mark[:past] < 0
        recent = recent_factor(values, exposure, usual_days, calendar.season, known.shape[1], horizon)
        before = np.ones(recent.shape)
        before[:, calendar.season :] = recent[:, : -calendar.season]
        exposure = exposure * before
    level = _levels(values, exposure, calendar.season, horizon, known.shape[1])
    seen = np.isfinite(known)
    usual = np.where(seen, known, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    floor = np.maximum(0.05 * usual, 1e-3)
    base = Base(factor, level, np.ones(len(values)), floor, factors, recent)
    return _with_rare_counts(replace(base, scale=_scale(known, base, horizon)), known, horizon)


def _with_rare_counts(base: Base, known: np.ndarray, horizon: int) -> Base:
    """The base with what is learned of how many are taken at once, where series are rare."""
    rows = rare_series(known)
    if not rows.any():
        return base

    def spread(mean: np.ndarray, row: np.ndarray) -> np.ndarray:
        return base.scale[row] * np.sqrt(np.maximum(mean, base.floor[row]))

    return replace(base, rare=learn_rare_counts(known, rows, base.mean, spread, horizon))


def fit_factors(values: np.ndarray, calendar: Calendar) -> Factors:
    """Learn season, holidays and working days from counts of shape (series, time)."""
    past, season = values.shape[1], calendar.season
    position, mark = calendar.position[:past], calendar.mark[:past]
    weight = 0.5 ** (np.arange(past)[::-1] / FACTOR_HALF_LIFE[season])
    usual_days = np.where(mark < 0, position, -1)
    seasonal = np.ones((len(values), season))
    special = np.ones((len(values), len(calendar.marks)))
    kind = np.array([days for _, days in calendar.marks])
    work = np.zeros(1)
    told, moved = _told(values, calendar)
    for _ in range(2):
        known = seasonal[:, position] * _special(special, mark) * calendar.working[:past] ** work[:, None]
        known = known * moved
        trend = _centred_level(values, known, season)
        other = known / np.maximum(seasonal[:, position], FLOOR)
        raw, variance = raw_ratios(values, trend * other, usual_days, season, weight)
        seasonal = _shrunk_season(raw, variance, past / season)
        seasonal = kin_season(seasonal, values, trend * other, usual_days, weight)
        if len(calendar.marks):
            expected = trend * seasonal[:, position] * moved
            special = holiday_effects(*mark_ratios(values, expected, mark, len(calendar.marks)), kind)
        if season == 12:
            expected = trend * seasonal[:, position] * moved
            work = _working_day_effect(values, expected, calendar.working[:past])
    factors = Factors(seasonal, special, work, told)
    return replace(factors, year=yearly_waves(values, factors.of(calendar)[:, :past], calendar))


def _told(values: np.ndarray, calendar: Calendar) -> tuple[np.ndarray | None, np.ndarray]:
    """Effects of what the hospital told, and their factor in the past, shape (series or 1, time)."""
    past = values.shape[1]
    if calendar.told is None:
        return None, np.ones((1, past))
    plain = replace(calendar, told=None, told_names=())
    usual = fit_factors(values, plain).of(plain)[:, :past]
    expected = _centred_level(values, usual, calendar.season) * usual

    def level(counts: np.ndarray) -> np.ndarray:
        seen = np.where(np.isfinite(counts), expected, 0.0)
        return _centred_level(counts, seen, calendar.season)

    told = calendar.told[:, :past]
    effects = covariate_effects(values, expected, told, calendar.position[:past], level)
    return effects, covariate_factor(effects, told)


def _special(special: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """Holiday factor of each period, shape (series, time)."""
    return np.concatenate([special, np.ones((len(special), 1))], axis=1)[:, mark]


def _shrunk_season(raw: np.ndarray, variance: np.ndarray, repeats: float) -> np.ndarray:
    """Seasonal factors; an hour of the week leans on its hour times its weekday."""
    if raw.shape[1] != 168:
        return shrink(raw, variance, repeats)
    week = (raw / (variance + 0.01)).sum(axis=0) / (1 / (variance + 0.01)).sum(axis=0)
    week = week.reshape(7, 24)
    prior = np.outer(week.mean(axis=1), week.mean(axis=0)) / max(week.mean(), FLOOR)
    return shrink(raw, variance, repeats, prior.ravel())


def _working_day_effect(values: np.ndarray, expected: np.ndarray, working: np.ndarray) -> np.ndarray:
    """Power of the working-day ratio, one for all series, between 0 (none) and 1 (in proportion)."""
    seen = np.isfinite(values)
    x = np.log(working)
    base = np.where(seen, expected, 0.0)
    size = np.maximum(base.mean(axis=1, keepdims=True), FLOOR)
    miss = np.where(seen, values - base, 0.0) / size
    push = base / size * x
    top, below = float((miss * push).sum()), float((push**2).sum())
    return np.full(1, np.clip(top / max(below, FLOOR), 0.0, 1.0))


def _centred_level(values: np.ndarray, known: np.ndarray, season: int) -> np.ndarray:
    """Level around each period from a window of about a season, shape (series, time)."""
    half = {168: 252, 7: 17, 52: 26, 12: 6}[season]
    kernel = np.ones(2 * half + 1)
    kernel[[0, -1]] = 0.5
    seen = np.isfinite(values)
    top = _convolve(np.where(seen, values, 0.0), kernel)
    below = _convolve(np.where(seen, known, 0.0), kernel)
    return np.where(below > FLOOR, top / np.maximum(below, FLOOR), 0.0)


def _convolve(rows: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Sum of each row under a kernel of ones with halved ends, by running sums."""
    half = len(kernel) // 2
    padded = np.pad(rows, ((0, 0), (half + 1, half)))
    running = padded.cumsum(axis=1)
    wide = running[:, 2 * half + 1 :] - running[:, : -2 * half - 1]
    ends = padded[:, 1 : rows.shape[1] + 1] + padded[:, 2 * half + 1 :]
    return np.maximum(wide - 0.5 * ends, 0.0)


def _levels(values: np.ndarray, factor: np.ndarray, season: int, horizon: int, known: int) -> np.ndarray:
    """Mean of several smoothed levels, weighted by how well each foretold the past."""
    half_lives = HALF_LIVES[season]
    seen = np.isfinite(values)
    counts, exposure = np.where(seen, values, 0.0), np.where(seen, factor, 0.0)
    kin, credit = _credibility(values[:, :known])
    squared = (counts[:, :known] > 0).sum(axis=1) < 0.5 * seen[:, :known].sum(axis=1)
    levels, errors = [], []
    for life in half_lives:
        keep = 0.5 ** (1.0 / life)
        top = lfilter([1.0], [1.0, -keep], counts, axis=1)
        below = lfilter([1.0], [1.0, -keep], exposure, axis=1)
        level = np.where(
            below + credit > FLOOR, (top + credit * kin) / np.maximum(below + credit, FLOOR), 0.0
        )
        levels.append(level)
        errors.append(_lead_error(values[:, :known], factor, level, horizon, squared))
    error = np.stack(errors)
    size = np.maximum(error.mean(axis=0), FLOOR)
    relative = error / size
    pooled = relative.mean(axis=1, keepdims=True)
    evidence = seen[:, :known].sum(axis=1) / max(half_lives[2], 1)
    trust = evidence / (evidence + 20.0)  # assumed: twenty independent looks weigh as much as all kin
    score = trust * relative + (1 - trust) * pooled
    share = np.exp(-SHARPNESS[season] * (score - score.min(axis=0)))
    share /= share.sum(axis=0)
    level = np.einsum("gs,gst->st", share, np.stack(levels))
    rare = rare_series(values[:, :known])
    if rare.any():
        lives = tuple(dict.fromkeys(half_lives[k] for k in RARE_LOOKS))
        leads = _leads(horizon, known)
        credible = credible_level(values[rare], factor[rare], lives, leads, known)
        level[rare] = level[rare] if credible is None else credible
    return level


def _credibility(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of kin, and the periods that it counts for, both of shape (series, 1).

    Only series of few counts lean on each other: their own mean is mostly chance.

    References
    ----------
    Buehlmann & Straub (1970), Mitt. Ver. Schweiz. Vers.-Math. 70, 111-133: within over between variance.
    """
    rare = rare_series(values)
    if not rare.any():
        return np.zeros((len(values), 1)), np.zeros((len(values), 1))
    counts = values[rare]
    n = np.maximum(np.isfinite(counts).sum(axis=1), 1)
    own = np.nansum(counts, axis=1) / n
    within = np.nansum((counts - own[:, None]) ** 2, axis=1) / np.maximum(n - 1, 1)
    between = max(float(own.var() - (within / n).mean()), 1e-3 * float(own.mean()) ** 2 + FLOOR)
    periods = min(float(within.mean()) / between, 1e3)
    return np.full((len(values), 1), own.mean()), np.where(rare, periods, 0.0)[:, None]


def _leads(horizon: int, past: int) -> np.ndarray:
    return np.unique(np.linspace(1, max(1, min(horizon, past // 3)), 4).round().astype(int))


def _lead_error(
    values: np.ndarray, factor: np.ndarray, level: np.ndarray, horizon: int, squared: np.ndarray
) -> np.ndarray:
    """Mean absolute error of a level some periods later, shape (series,).

    Squared where most periods are empty: there the absolute error would praise a level of nothing.
    """
    past = values.shape[1]
    total, count = np.zeros(len(values)), np.zeros(len(values))
    start = min(past // 4, 2 * horizon)
    for lead in _leads(horizon, past):
        miss = np.abs(
            values[:, start + lead :] - level[:, start : past - lead] * factor[:, start + lead : past]
        )
        total += np.nansum(np.where(squared[:, None], miss**2, miss), axis=1)
        count += np.isfinite(miss).sum(axis=1)
    return total / np.maximum(count, 1)


def _scale(values: np.ndarray, base: Base, horizon: int) -> np.ndarray:
    """Standard deviation of the errors over the root of the mean, shape (series,)."""
    past = values.shape[1]
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for lead in _leads(horizon, past):
        time = np.arange(past - lead)
        mean = base.level[:, time] * base.factor_at(np.arange(len(values))[:, None], time, time + lead)
        miss = (values[:, lead:] - mean) / np.sqrt(np.maximum(mean, base.floor[:, None]))
        total += np.nansum(miss[:, miss.shape[1] // 4 :] ** 2, axis=1)
        count += np.isfinite(miss[:, miss.shape[1] // 4 :]).sum(axis=1)
    rare = rare_series(values)
    if rare.any():
        kin = total[rare].sum() / max(count[rare].sum(), 1)
        total, count = np.where(rare, [total + KIN_LOOKS * kin, count + KIN_LOOKS], [total, count])
    own = np.sqrt(total / np.maximum(count, 1))
    small = 1e-3 * np.sqrt(np.maximum(base.floor, 1e-3))  # a constant series keeps a hair of doubt
    return np.maximum(own, small)
