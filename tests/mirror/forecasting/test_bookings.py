"""Bookings: far ahead the usual day, on the eve nearly the book itself."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from forecasting.bookings import booked_paths, learn_bookings, use_of

FIRST, TODAY = date(2024, 1, 1), date(2025, 1, 6)
KITS = {"hip": {"implant": 1, "drape": 3}, "knee": {"drape": 2}}


def theatre(seed: int = 1, days: int = 399, kept: float = 0.9) -> pd.DataFrame:
    """A book: cases are put in it up to thirty days before; a tenth are cancelled at some time after that.

    How busy a day becomes differs much from day to day, so that the book knows more than the calendar.
    """
    chance = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        planned = pd.Timestamp(FIRST) + pd.Timedelta(days=day)
        busy = chance.gamma(4.0, 0.25)
        for kind, usual in (("hip", 6.0), ("knee", 3.0)):
            for _ in range(chance.poisson(usual * busy * (0.1 if planned.day_of_week >= 5 else 1.0))):
                before = chance.uniform(0, 30)
                done = chance.random() < kept
                rows.append(
                    {
                        "kind": kind,
                        "planned": planned,
                        "booked_at": planned - pd.Timedelta(days=before),
                        "cancelled_at": pd.NaT
                        if done
                        else planned - pd.Timedelta(days=chance.uniform(0, before)),
                        "done": done,
                    }
                )
    return pd.DataFrame(rows)


def known(cases: pd.DataFrame, today: date) -> pd.DataFrame:
    """The book as it stands on the morning of a day: nothing that is said later."""
    at = pd.Timestamp(today)
    seen = cases[cases["booked_at"] < at].copy()
    seen["cancelled_at"] = seen["cancelled_at"].where(seen["cancelled_at"] < at)
    seen["done"] = seen["done"] & (seen["planned"] < at)
    return seen


def test_the_curve_finds_what_is_kept_and_what_is_still_added():
    curve = learn_bookings(theatre(), FIRST, TODAY, longest=30)

    assert curve.kinds == ("hip", "knee")
    assert curve.kept[:, 0] == pytest.approx(1.0, abs=0.02), "cancelled cases have left the book by then"
    # booked and not cancelled 15 days before: of those booked by then (half) a tenth is lost in the end
    assert curve.added[0, 0].max() < 0.5
    assert curve.added[0, 30, :5].mean() == pytest.approx(6 * 0.9, rel=0.1)
    assert curve.added[0, 15, :5].mean() == pytest.approx(6 * 0.9 / 2, rel=0.1)
    assert (np.diff(curve.added.mean(axis=2)) >= -0.02).all(), "the nearer the day, the fewer are added"
    assert curve.added[0, 30, 5:].mean() < 0.2 * curve.added[0, 30, :5].mean(), "few on weekends"


def test_a_booked_list_foretells_the_next_days_better_than_history_alone():
    cases = theatre(days=460)
    ours, usual = [], []
    for week in range(8):
        today = TODAY + timedelta(days=7 * week)
        book = known(cases, today)
        curve = learn_bookings(book, FIRST, today, longest=14)
        paths = booked_paths(curve, book, today, 7, 300, seed=week)
        days = pd.date_range(today, periods=7)
        truth = np.array(
            [
                [((cases.kind == k) & (cases.planned == d) & cases.done).sum() for d in days]
                for k in curve.kinds
            ]
        )
        past = book[book.done]
        mean = np.array(
            [
                [((past.kind == k) & (past.planned.dt.day_of_week == d.day_of_week)).sum() for d in days]
                for k in curve.kinds
            ]
        ) / (len(pd.date_range(FIRST, today, inclusive="left")) / 7)
        ours.append(np.abs(paths.mean(axis=0) - truth).mean())
        usual.append(np.abs(mean - truth).mean())

    assert np.mean(ours) < 0.7 * np.mean(usual)


def test_the_paths_hold_the_truth_as_often_as_they_say():
    cases = theatre(seed=4, days=560)
    inside = []
    for week in range(22):
        today = TODAY + timedelta(days=7 * week)
        book = known(cases, today)
        paths = booked_paths(learn_bookings(book, FIRST, today, longest=14), book, today, 7, 400, seed=week)
        days = pd.date_range(today, periods=7)
        done = cases[cases.done & cases.planned.isin(days)]
        total = len(done)
        low, high = np.quantile(paths.sum(axis=(1, 2)), [0.1, 0.9])
        inside.append(low <= total <= high)

    assert 0.6 <= np.mean(inside) <= 0.96, np.mean(inside)


def test_use_of_items_follows_the_cases_on_every_path():
    book = known(theatre(), TODAY)
    curve = learn_bookings(book, FIRST, TODAY, longest=10)
    paths = booked_paths(curve, book, TODAY, 10, 50, seed=1)

    use, items = use_of(paths, curve.kinds, KITS)

    assert items == ("drape", "implant")
    hip, knee = paths[:, 0], paths[:, 1]
    assert (use[:, 1] == hip).all()
    assert (use[:, 0] == 3 * hip + 2 * knee).all()


def test_the_same_seed_draws_the_same_futures_and_an_empty_book_the_usual_day():
    book = known(theatre(), TODAY)
    curve = learn_bookings(book, FIRST, TODAY, longest=10)
    one, again = (booked_paths(curve, book, TODAY, 5, 40, seed=9) for _ in range(2))
    empty = booked_paths(curve, book.iloc[:0], TODAY, 5, 4000, seed=9)

    assert (one == again).all()
    weekday = pd.date_range(TODAY, periods=5).day_of_week
    expected = curve.added[:, np.arange(5), weekday]
    assert empty.mean(axis=0) == pytest.approx(expected, abs=0.15)


def test_a_book_too_short_or_without_a_column_is_refused_in_words():
    with pytest.raises(ValueError, match="too few to learn 30 days ahead"):
        learn_bookings(theatre(days=40), FIRST, FIRST + timedelta(days=40), longest=30)
    with pytest.raises(ValueError, match="done missing"):
        learn_bookings(theatre(days=80).drop(columns="done"), FIRST, FIRST + timedelta(days=80), longest=5)
