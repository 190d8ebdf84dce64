"""The country: whose public holidays explain the quiet and the busy days of a history.

When no country is named, the calendar is taken that explains past days best, if it explains them clearly
better than a calendar laid over the wrong weeks does by chance; otherwise none is used. Where several
explain them about as well, only the days that all of these keep are used. The choice is told, and naming
a country overrules it.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.features import calendar_of
from twin.calendar import holidays
from twin.records.history import History

CANDIDATES = (
    "GB-ENG", "GB-SCT", "GB-NIR", "IE", "US", "CA", "AU", "NZ", "DE", "AT", "CH", "FR", "BE", "NL", "ES",
    "PT", "IT", "DK", "SE", "NO", "FI", "PL", "CZ", "GR", "RS", "BR", "MX", "IN", "JP", "KR", "SG", "ZA",
)  # fmt: skip
SHORTEST = pd.Timedelta(days=400)  # assumed: a year shows each holiday once
SHIFTS = range(3, 50)  # weeks that a calendar is moved by to see what chance explains; a year is 52
NEEDED = 10.0  # gain in twice the log marginal likelihood over no calendar: very strong evidence
AS_GOOD = 2.0  # a gain smaller by so much is as good
EFFECT = 0.3  # variance of holiday effects in units of usual days' variance; assumed: half a deviation


def likely_country(
    history: History, named: str | None
) -> tuple[str | tuple[str, ...] | None, tuple[str, ...]]:
    """The calendar to use, or several whose common days to use, and what to say about it.

    Parameters
    ----------
    named
        The country the user named, ``none`` for no holidays, or None to find it.
    """
    if named is not None:
        return (None if named.lower() == "none" else named), ()
    if history.frequency not in ("h", "D"):
        return None, ()
    if history.as_of - history.stamps[0] < SHORTEST:
        return None, ("no country was named: forecast without public holidays",)
    days = history.daily()
    scores, chance = _scores(days)
    best = max(scores, key=scores.__getitem__)
    if scores[best] < max(NEEDED, chance):
        return None, (
            "no country was named and no calendar clearly explains the history: forecast without holidays",
        )
    as_good = sorted((c for c in scores if scores[c] > scores[best] - AS_GOOD), key=lambda c: -scores[c])
    if len(as_good) == 1:
        return best, (f"no country was named: the holidays of {best} explain the history best",)
    return tuple(as_good), (
        f"no country was named, and {', '.join(as_good)} explain the history about as well: "
        "forecast with the holidays that they share; name yours with --country",
    )


def _scores(days: History) -> tuple[dict[str, float], float]:
    """Gain of each candidate over no calendar, and the most that a moved calendar gains by chance.

    In twice the log marginal likelihood: the surprise of a day is noise, plus what any holiday does, plus
    what the named one does, all normal; the day of the holiday and the day after it are told apart.

    References
    ----------
    Kass & Raftery (1995), J. Am. Stat. Assoc. 90, 773-795: 2 is barely worth a mention, 10 very strong.
    """
    z = _surprise(days)
    moved = np.stack([z, *(np.roll(z, 7 * weeks) for weeks in SHIFTS)])
    gains = {}
    for country in CANDIDATES:
        told = np.sqrt(EFFECT) * _labels(days, country)
        known = np.eye(len(told)) + told @ told.T
        push = told @ moved.T
        gains[country] = (push * np.linalg.solve(known, push)).sum(axis=0) - np.linalg.slogdet(known)[1]
    chance = max(float(gain[1:].max()) for gain in gains.values())
    return {country: float(gain[0]) for country, gain in gains.items()}, chance


def _labels(days: History, country: str) -> np.ndarray:
    """1 on each holiday, and after each, of any name and of every name; shape (label, time)."""
    dates = days.stamps.date
    names = holidays(country, dates[0].year - 1, dates[-1].year + 1)
    on = np.array([names.get(day, "") for day in dates], dtype=object)
    after = np.array([names.get(day - timedelta(days=1), "") for day in dates], dtype=object)
    after[on != ""] = ""
    rows = [
        row
        for name in (on, after)
        for row in (name != "", *(name == one for one in sorted(set(name) - {""})))
    ]
    return np.stack(rows).astype(float)


def _surprise(days: History) -> np.ndarray:
    """How far each day lay from what its level and weekday let expect, shape (time,). [deviations]"""
    values = np.asarray(days.values)
    base = fit_base(values, calendar_of(days.stamps.append(days.ahead(1)), "D"), 1)
    time = np.arange(values.shape[1])
    mean = base.level * base.factor_at(np.arange(len(values))[:, None], time, time)
    away = (values - mean) / base.spread(mean)
    seen = np.isfinite(away)
    daily = np.where(seen, np.clip(away, -6, 6), 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    daily -= daily.mean()
    noise = max(float(np.median(np.abs(daily))) / 0.6745, 1e-6)  # a normal's deviation from its median
    return np.clip(daily / noise, -6, 6)
