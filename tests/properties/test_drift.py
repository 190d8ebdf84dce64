"""The drift watch: seldom an alarm where nothing changed, soon one where something did."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import nbinom, norm

from forecasting.drift import CHANCE, FRESH, RUN_LENGTH, WINDOW, Said, cusum, limit_of, watch

Q = np.array([0.1, 0.5, 0.9])


def a_year(
    seed: int, days: int = 300, mean: float = 60.0, shift: float = 0.0, at: int = 260, wide: float = 1.0
) -> Said:
    """A hospital whose forecast knows the truth's distribution, until it shifts by so many deviations."""
    chance = np.random.default_rng(seed)
    week = 1 + 0.15 * np.sin(2 * np.pi * np.arange(days) / 7)
    level = mean * week
    spread = np.sqrt(1.5 * level)
    true = level + np.where(np.arange(days) >= at, shift, 0.0) * spread
    size = true / 0.5
    happened = nbinom.ppf(chance.random(days), size, size / (size + true))
    middle = level[:, None] + spread[:, None] * norm.ppf(Q) * wide
    last_week = np.concatenate([np.full(7, np.nan), happened[:-7]])
    plain = level * (1 + chance.normal(0, 0.03, days))
    return Said(np.maximum(middle, 0), happened.astype(float), plain, last_week)


def kinds(said: Said) -> set[str]:
    return {alarm.kind for alarm in watch(said).alarms}


def test_the_limit_keeps_the_stated_run_length_of_normal_errors():
    chance = np.random.default_rng(1)
    days, streams = 3650, 60
    found = sum(len(cusum(chance.normal(size=days))) for _ in range(streams))

    assert days * streams / found == pytest.approx(RUN_LENGTH, rel=0.25)
    assert limit_of(465) == pytest.approx(5.0, abs=0.1)  # the textbook's limit of 5 runs 465 days


@pytest.mark.parametrize("mean", [8.0, 60.0])
def test_where_nothing_changed_a_day_seldom_has_an_alarm(mean):
    judged = 0
    found = dict.fromkeys(("level", "error", "growth", "coverage", "missing"), 0)
    for seed in range(60):
        whole = a_year(seed, days=400, mean=mean)
        for end in range(200, 400, 20):
            judged += 1
            said = Said(whole.quantiles[:end], whole.happened[:end], whole.plain[:end], whole.last_week[:end])
            for kind in kinds(said):
                found[kind] += 1

    # an alarm of the level is told for FRESH days, so that share of days at the stated run length
    assert found["level"] / judged <= 2 * FRESH / RUN_LENGTH
    assert found["error"] / judged <= 5 * CHANCE + 2 / judged
    assert found["growth"] / judged <= 5 * CHANCE + 2 / judged
    assert found["coverage"] / judged <= 5 * CHANCE + 2 / judged
    assert found["missing"] == 0


@pytest.mark.parametrize(("shift", "within"), [(2.0, 7), (-2.0, 7), (1.0, 28)])
def test_a_level_that_moved_is_told_within_days(shift, within):
    told = 0
    for seed in range(40):
        said = a_year(seed, days=260 + within, shift=shift, at=260)
        told += "level" in kinds(said)

    assert told >= 36


def test_it_says_which_way_and_since_when():
    (alarm,) = (a for a in watch(a_year(3, days=272, shift=2.5, at=260)).alarms if a.kind == "level")

    assert "more came than was foretold" in alarm.told
    assert 9 <= alarm.days <= 16


def test_intervals_too_narrow_are_told_within_four_weeks():
    told = sum("coverage" in kinds(a_year(seed, wide=0.35)) for seed in range(30))

    assert told >= 27


def test_a_forecast_that_loses_to_the_plain_one_is_told():
    told = 0
    for seed in range(30):
        said = a_year(seed)
        worse = said.quantiles.copy()
        chance = np.random.default_rng(seed)
        worse[-WINDOW:] += chance.normal(0, 25, WINDOW)[:, None]
        told += bool(kinds(Said(worse, said.happened, said.plain, said.last_week)) & {"error", "growth"})

    assert told >= 27


def test_missing_days_are_told():
    said = a_year(1)
    happened = said.happened.copy()
    happened[-9:-1] = np.nan

    drift = watch(Said(said.quantiles, happened, said.plain, said.last_week))

    assert drift.missing == pytest.approx(8 / 28)
    assert "missing" in {alarm.kind for alarm in drift.alarms}


def test_a_strike_of_two_days_is_no_shift():
    said = a_year(5)
    happened = said.happened.copy()
    happened[-6:-4] = 0

    assert "level" not in kinds(Said(said.quantiles, happened, said.plain, said.last_week))


def test_in_the_first_fortnight_nothing_is_judged():
    said = a_year(1, days=10)

    drift = watch(said)

    assert drift.days == 10 and drift.alarms == () and np.isnan(drift.mase)


def test_the_figures_are_those_of_the_last_four_weeks():
    said = a_year(2)

    drift = watch(said)

    miss = np.abs(said.happened - said.quantiles[:, 1])[-WINDOW:].mean()
    week = np.abs(said.happened - said.last_week)[-WINDOW:].mean()
    assert drift.mase == pytest.approx(miss / week)
    assert drift.days == WINDOW and 0.5 < drift.coverage80 <= 1 and 0 < drift.wql < 0.5


def test_a_hospital_of_ten_streams_is_alarmed_no_more_often_than_one_of_one():
    judged = alarmed = 0
    for seed in range(30):
        wholes = [a_year(100 + 10 * seed + k, days=340) for k in range(10)]
        for end in range(220, 340, 20):
            judged += 1
            known = [
                Said(w.quantiles[:end], w.happened[:end], w.plain[:end], w.last_week[:end]) for w in wholes
            ]
            alarmed += any(watch(said, streams=10).alarms for said in known)

    assert alarmed / judged <= 2 * FRESH / RUN_LENGTH + 15 * CHANCE + 2 / judged


def test_ten_streams_watched_together_still_tell_of_a_shift():
    told = sum(
        "level"
        in {alarm.kind for alarm in watch(a_year(seed, days=274, shift=2.0, at=260), streams=10).alarms}
        for seed in range(40)
    )

    assert told >= 34
