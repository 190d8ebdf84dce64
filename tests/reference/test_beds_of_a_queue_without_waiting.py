"""Beds of a ward with room for everybody, whose census is known in closed form.

With Poisson arrivals and stays of distribution S (M/G/infinity), the census after t hours is the sum of a
binomial number of survivors of those in now and a Poisson number of newcomers with mean rate * integral of S.
Source: Eick, Massey & Whitt (1993), Operations Research 41, 731-742.
"""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.targets.beds_now import beds_needed
from forecasting.targets.spells import NONE, Rows, needed_from

RATE, DAYS = 1.5, 300  # patients an hour; days of records
NOW = DAYS * 24.0


def the_past(draw, seed):
    """Records of one ward up to now: arrivals, and stays drawn by ``draw``."""
    chance = np.random.default_rng(seed)
    came = np.sort(chance.uniform(-2400, NOW, chance.poisson(RATE * (NOW + 2400))))
    gone = came + draw(chance, len(came))
    kept = gone > 0
    came, gone = came[kept], gone[kept]
    ended = np.where(gone <= NOW, gone, np.nan)
    zero, visit = np.zeros(len(came), dtype=np.int64), np.arange(len(came))
    stream = np.full(len(came), "door", dtype=object)
    origin = pd.Timestamp(date(2025, 1, 6))
    need = needed_from(visit, zero, came, came, ended)
    return Rows(
        origin,
        ("ward",),
        visit,
        zero,
        zero,
        came,
        came,
        ended,
        need,
        ~np.isnan(ended),
        came,
        stream,
        ("bed",),
    )


def exponential(chance, n):
    return chance.exponential(60, n)


def gamma(chance, n):
    return chance.gamma(3.0, 20.0, n)


def survives(draw, ages, hours):
    """Share of patients of these ages who are still in after so many hours, by a large sample."""
    stays = np.sort(draw(np.random.default_rng(99), 400_000))
    beyond = 1 - np.searchsorted(stays, ages + hours) / len(stays)
    return beyond / np.maximum(1 - np.searchsorted(stays, ages) / len(stays), 1e-12)


@pytest.mark.parametrize("draw", [exponential, gamma])
def test_the_census_is_binomial_survivors_and_poisson_newcomers(draw):
    rows = the_past(draw, seed=1)
    chance = np.random.default_rng(2)
    paths = chance.poisson(RATE, (2000, 1, 73)).astype(float)
    as_of = rows.origin + pd.Timedelta(hours=NOW)
    leads = np.array([6, 24, 48, 72])

    beds = beds_needed(rows, as_of, as_of + pd.to_timedelta(leads, unit="h"), paths, ["door"]).paths[:, 0]

    ages = NOW - rows.asked[np.isnan(rows.ended)]
    grid = np.arange(0, 72, 0.5) + 0.25
    alive = np.array([survives(draw, np.zeros(1), hour)[0] for hour in grid])
    for k, lead in enumerate(leads):
        p = survives(draw, ages, lead)
        new = RATE * 0.5 * alive[grid < lead].sum()
        assert beds[:, k].mean() == pytest.approx(p.sum() + new, rel=0.05)
        assert beds[:, k].var() == pytest.approx((p * (1 - p)).sum() + new, rel=0.2)


def test_records_that_begin_late_and_end_early_do_not_shorten_stays():
    """Stays of 60 hours in the mean, in records of 12 days, of which many began before or have not ended."""
    full = the_past(exponential, seed=4)
    recent = full.asked > NOW - 12 * 24
    inside = recent | np.isnan(full.ended) | (full.ended > NOW - 12 * 24)
    cut = 12 * 24.0
    rows = Rows(
        full.origin, full.wards, np.arange(inside.sum()), full.ward[inside], full.what[inside],
        *(column[inside] - NOW + cut for column in (full.asked, full.begun, full.ended, full.need)),
        full.over[inside], full.arrived[inside] - NOW + cut, full.stream[inside], full.names,
    )  # fmt: skip
    as_of = rows.origin + pd.Timedelta(hours=cut)
    later = pd.DatetimeIndex([as_of + pd.Timedelta(hours=48)])

    left = beds_needed(rows, as_of, later, np.zeros((500, 1, 49)), ["door"]).paths[:, 0, 0]

    here = np.isnan(rows.ended).sum()
    assert rows.ward.min() > NONE
    assert left.mean() == pytest.approx(here * np.exp(-48 / 60), rel=0.12)
