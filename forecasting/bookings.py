"""Bookings: what will be carried out, foretold from what stands in the book already.

Of the cases booked for a day some are cancelled, and others are still added: fewer the nearer the day. Both
are learned by days ahead from past days of the same book, so that far ahead the forecast is the usual day
and on the eve nearly the book itself. A kit's use, and with it that of its items, follows from the cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

#: columns of a book; ``cancelled_at`` is missing where a case was not cancelled, or nobody said when
COLUMNS = ("kind", "planned", "booked_at", "cancelled_at", "done")
#: cases whose fate counts beside a kind's own in the share that is kept (assumed: a month of one a day)
KEPT_LOOKS = 30.0
#: days of a weekday that its kind's usual day counts for (assumed: half a year of that weekday)
DAY_LOOKS = 26.0
#: fewest past days from which a book teaches anything [days] (assumed: four weeks)
FEWEST_DAYS = 28


@dataclass(frozen=True)
class BookingCurve:
    """What becomes of a book, by days ahead.

    Attributes
    ----------
    kinds : axis 0 of all arrays
    kept : share of booked cases that are carried out on their day, shape (kind, days ahead), 0 to 1
    added : cases carried out that were not booked yet, shape (kind, days ahead, weekday) [cases a day]
    spread : variance over mean of the added ones, shape (kind, days ahead), 1 or more
    """

    kinds: tuple[str, ...]
    kept: np.ndarray
    added: np.ndarray
    spread: np.ndarray

    @property
    def longest(self) -> int:
        """Most days ahead of which something was learned."""
        return self.kept.shape[1] - 1


def learn_bookings(cases: pd.DataFrame, first: date, today: date, longest: int) -> BookingCurve:
    """Learn from past days what becomes of a book.

    Parameters
    ----------
    cases
        ``kind`` (e.g. the kit that the operation takes), ``planned`` (the day), ``booked_at`` and
        ``cancelled_at`` (local instants), ``done`` (carried out on that day). Only what was known before
        ``today`` is used.
    first
        First day on which the book is whole.
    today
        The first day that is not past.
    longest
        Most days ahead, 0 or more; a book of the day itself, 0 days ahead, is that of its morning.

    Raises
    ------
    ValueError
        A column is missing, or the past is shorter than four weeks and the longest lead together.

    References
    ----------
    Littlewood (1972), AGIFORS Symp. Proc. 12, 95-117, and Weatherford & Kimes (2003), Int. J. Forecasting
    19, 401-415: pickup forecasts from partial bookings; here cancellations and additions are apart. The
    shares lean on those of all kinds: Buehlmann & Straub (1970).
    """
    _check(cases)
    days = pd.date_range(first, today, inclusive="left")
    usable = days[longest:]
    if len(usable) < FEWEST_DAYS:
        raise ValueError(
            f"{len(days)} past days are too few to learn {longest} days ahead from; 28 more are needed"
        )
    past = cases[cases["planned"].isin(usable)]
    kinds = tuple(sorted(past["kind"].astype(str).unique()))
    kept = np.zeros((len(kinds), longest + 1))
    added = np.zeros((len(kinds), longest + 1, 7))
    spread = np.ones((len(kinds), longest + 1))
    for ahead in range(longest + 1):
        booked, carried, late = _looked_at(past, kinds, usable, ahead)
        kept[:, ahead] = _shares(carried.sum(axis=1), booked.sum(axis=1))
        added[:, ahead], spread[:, ahead] = _additions(late, usable.day_of_week.to_numpy())
    return BookingCurve(kinds, kept, added, spread)


def booked_paths(
    curve: BookingCurve, cases: pd.DataFrame, today: date, days: int, n_paths: int, *, seed: int
) -> np.ndarray:
    """Joint futures of cases carried out, shape (path, kind, day). [cases a day]

    Parameters
    ----------
    cases
        As for ``learn_bookings``; what was booked and not cancelled before ``today`` stands in it.
    days
        From ``today`` on; those beyond the curve's longest lead are taken as the longest.
    """
    _check(cases)
    ahead = np.minimum(np.arange(days), curve.longest)
    stamps = pd.date_range(today, periods=days)
    book = _standing(cases, curve.kinds, stamps, pd.Timestamp(today))
    chance = np.random.default_rng([seed, 11])
    share = curve.kept[:, ahead]
    stay = chance.binomial(book.astype(np.int64), share, size=(n_paths, *book.shape))
    mean = curve.added[:, ahead, stamps.day_of_week.to_numpy()]
    return stay + _negative_binomial(mean, curve.spread[:, ahead], n_paths, chance)


def use_of(
    paths: np.ndarray, kinds: Sequence[str], contents: Mapping[str, Mapping[str, int]]
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Use of items, shape (path, item, day) [units a day], and their names.

    Parameters
    ----------
    paths
        Of ``booked_paths``.
    contents
        Units of each item that a case of a kind takes, e.g. ``hospital.kits[kind].contents``.

    Raises
    ------
    KeyError
        A kind has no contents.
    """
    items = tuple(sorted({item for kind in kinds for item in contents[kind]}))
    takes = np.array([[contents[kind].get(item, 0) for item in items] for kind in kinds], dtype=np.int64)
    return np.einsum("pkt,ki->pit", paths, takes.reshape(len(kinds), len(items))), items


def _check(cases: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in cases]
    if missing:
        raise ValueError(f"a book needs the columns {', '.join(COLUMNS)}; {', '.join(missing)} missing")


def _standing(
    cases: pd.DataFrame, kinds: Sequence[str], days: pd.DatetimeIndex, at: pd.Timestamp | pd.Series
) -> np.ndarray:
    """Cases of each kind and day that stand in the book at an instant, shape (kind, day)."""
    inside = (cases["booked_at"] < at) & ~(cases["cancelled_at"] < at)
    return _count(cases[inside], kinds, days)


def _count(cases: pd.DataFrame, kinds: Sequence[str], days: pd.DatetimeIndex) -> np.ndarray:
    row = pd.Index(kinds).get_indexer(cases["kind"].astype(str))
    column = days.get_indexer(cases["planned"])
    counts = np.zeros((len(kinds), len(days)), dtype=np.int64)
    seen = (row >= 0) & (column >= 0)
    np.add.at(counts, (row[seen], column[seen]), 1)
    return counts


def _looked_at(
    past: pd.DataFrame, kinds: Sequence[str], days: pd.DatetimeIndex, ahead: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The book so many days before: booked, booked and carried out, carried out but not booked yet."""
    at = past["planned"] - pd.Timedelta(days=ahead)
    inside = (past["booked_at"] < at) & ~(past["cancelled_at"] < at)
    done = past["done"].astype(bool)
    return tuple(_count(past[mask], kinds, days) for mask in (inside, inside & done, ~inside & done))  # type: ignore[return-value]


def _shares(carried: np.ndarray, booked: np.ndarray) -> np.ndarray:
    """Share carried out of each kind, drawn to that of all kinds; 1 where nothing was ever booked."""
    total = booked.sum()
    common = carried.sum() / total if total else 1.0
    return (carried + KEPT_LOOKS * common) / (booked + KEPT_LOOKS)


def _additions(late: np.ndarray, weekday: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean additions by weekday, drawn to the kind's, (kind, 7); their variance over mean, (kind,)."""
    looks = np.bincount(weekday, minlength=7)
    usual = late.mean(axis=1, keepdims=True)
    each = np.stack([late[:, weekday == day].sum(axis=1) for day in range(7)], axis=1)
    own = each / np.maximum(looks, 1)
    noise = np.maximum(late.var(axis=1, keepdims=True), 1e-9)
    between = np.maximum(own.var(axis=1, keepdims=True) - noise / np.maximum(looks.mean(), 1.0), 0.0)
    looked = np.where(between > 0, np.minimum(noise / np.maximum(between, 1e-12), DAY_LOOKS), DAY_LOOKS)
    mean = (each + looked * usual) / (looks + looked)
    miss = ((late - mean[:, weekday]) ** 2).mean(axis=1)
    return mean, np.maximum(miss / np.maximum(usual[:, 0], 1e-9), 1.0)


def _negative_binomial(
    mean: np.ndarray, spread: np.ndarray, n_paths: int, chance: np.random.Generator
) -> np.ndarray:
    """Counts with this mean and variance over mean, Poisson where that is 1; shape (path, *mean)."""
    over = np.maximum(spread - 1.0, 1e-6)
    rate = chance.gamma(np.maximum(mean, 1e-12) / over, over, size=(n_paths, *mean.shape))
    return chance.poisson(np.where(mean > 0, rate, 0.0))
