"""The country: whose public holidays explain the quiet and the busy days of a history.

When no country is named, the calendar is taken that explains past days best, if it explains them clearly
better than a calendar laid over the wrong weeks does by chance; otherwise none is used. Where several
explain them about as well, only the days that all of these keep are used. The choice is told, and naming
a country overrules it.
"""

from __future__ import annotations

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
NEEDED = 10.0  # gain in twice the log-likelihood over no calendar, after 2 a holiday name (Akaike); assumed


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
    as_good = sorted((c for c in scores if scores[c] > scores[best] - NEEDED), key=lambda c: -scores[c])
    if len(as_good) == 1:
        return best, (f"no country was named: the holidays of {best} explain the history best",)
    return tuple(as_good), (
        f"no country was named, and {', '.join(as_good)} explain the history about as well: "
        "forecast with the holidays that they share; name yours with --country",
    )


def _scores(days: History) -> tuple[dict[str, float], float]:
    """Gain of each candidate over no calendar, and the most that a moved calendar gains by chance.

    In twice the log-likelihood less 2 a name.
    """
    z = _surprise(days)
    moved = np.stack([z, *(np.roll(z, 7 * weeks) for weeks in SHIFTS)])
    dates = days.stamps.date
    gains = {}
    for country in CANDIDATES:
        names = holidays(country, dates[0].year, dates[-1].year)
        label = np.array([names.get(day, "") for day in dates], dtype=object)
        kinds = [moved[:, label == name] for name in sorted(set(label) - {""})]
        gains[country] = sum(part.sum(axis=1) ** 2 / part.shape[1] - 2.0 for part in kinds)
    chance = max(float(gain[1:].max()) for gain in gains.values())
    return {country: float(gain[0]) for country, gain in gains.items()}, chance


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
