"""A zero that nobody counted is no count; a closed clinic is one; from a dead series nothing is expected."""

import numpy as np
import pandas as pd
import pytest

from forecasting.covariates import CovariateTable
from forecasting.service import ForecastResult, forecast
from twin.records.history import History, history_of

DAYS = 300
STAMPS = pd.date_range("2023-01-02", periods=DAYS)  # a Monday


def counts(wards: int = 3, level: float = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(level, (wards, DAYS)).astype(float)


def history(y: np.ndarray, stamps: pd.DatetimeIndex = STAMPS) -> History:
    ids = np.repeat([f"ward_{i}" for i in range(len(y))], len(stamps))
    frame = pd.DataFrame({"unique_id": ids, "ds": np.tile(stamps, len(y)), "y": y.ravel()})
    return history_of(frame[frame["y"] != -1])  # -1: no row


def ahead(y: np.ndarray, horizon: int = 14, **options: object) -> ForecastResult:
    return forecast(history(y), horizon, made_by="base", country="none", **options)


def note_of(result: ForecastResult, words: str) -> str:
    return next((note for note in result.notes if words in note), "")


def test_a_lone_zero_of_a_busy_ward_is_a_gap_and_is_named():
    y = counts()
    y[1, [100, 295, 299]] = 0

    result = ahead(y)

    dates = ", ".join(f"{STAMPS[day]:%Y-%m-%d}" for day in (100, 295, 299))
    assert note_of(result, "reporting gaps") == (
        f"ward_1: zeros taken as reporting gaps, not as counts: {dates}"
    )
    assert result.champion.mean[1] == pytest.approx(60, rel=0.06)
    assert result.quantile(0.1)[1].min() > 40


def test_a_clinic_closed_each_sunday_has_no_gaps():
    y = counts()
    y[1, STAMPS.day_of_week == 6] = 0

    result = ahead(y)

    assert note_of(result, "reporting gaps") == ""
    sunday = result.stamps.day_of_week == 6
    assert result.champion.mean[1, sunday].max() < 1
    assert result.champion.mean[1, ~sunday] == pytest.approx(60, rel=0.08)


def test_a_quiet_ward_may_well_have_a_day_without_anybody():
    y = counts(level=4)
    y[:, 50] = [0, 3, 5]

    assert note_of(ahead(y), "reporting gaps") == ""


def test_a_day_on_which_all_report_nothing_is_no_day_for_the_quiet_ones_either():
    y = np.concatenate([counts(), counts(1, level=3)])
    y[:, 120] = 0

    note = [note for note in ahead(y).notes if "reporting gaps" in note]

    assert note[-1] == "ward_3: zeros taken as reporting gaps, not as counts: 2023-05-02"


def test_a_month_of_zeros_between_is_a_closure_not_a_gap():
    y = counts()
    y[1, 100:130] = 0

    assert note_of(ahead(y), "reporting gaps") == ""


def test_bank_holidays_on_which_a_clinic_is_closed_are_no_gaps():
    stamps = pd.date_range("2021-01-04", periods=3 * 365)
    y = np.random.default_rng(0).poisson(60, (1, len(stamps))).astype(float)
    closed = stamps.isin(["2021-12-27", "2022-12-26", "2023-12-25", "2021-04-02", "2022-04-15", "2023-04-07"])
    y[0, closed] = 0

    result = forecast(history(y, stamps), 7, country="GB-ENG", made_by="base", n_paths=0)

    assert note_of(result, "reporting gaps") == ""


@pytest.mark.parametrize(("last", "silent"), [(0, "zeros"), (-1, "no rows")])
def test_a_ward_that_closed_is_forecast_near_zero_and_named(last: float, silent: str):
    y = counts()
    y[2, 200:] = last

    result = ahead(y)

    assert note_of(result, "near zero") == (
        "1 series ended or went silent, and are forecast near zero: ward_2 (nothing since 2023-07-20)"
    )
    assert result.champion.mean[2].max() < 0.02
    assert result.quantile(0.9)[2].max() == 0
    assert result.paths[:, 2].mean() < 0.1
    assert result.champion.mean[:2] == pytest.approx(60, rel=0.06)


def test_a_feed_that_is_three_weeks_late_is_not_dead():
    y = counts()
    y[2, -21:] = -1

    result = ahead(y)

    assert note_of(result, "near zero") == ""
    assert result.champion.mean[2] == pytest.approx(60, rel=0.06)


def test_a_rare_item_that_was_not_used_for_a_while_is_not_dead():
    y = np.random.default_rng(0).poisson(0.1, (12, DAYS)).astype(float)
    y[:, -40:] = 0

    assert note_of(ahead(y), "near zero") == ""


def test_a_ward_closed_for_a_season_by_the_plan_opens_again():
    y = counts()
    closed = np.zeros(DAYS + 14)
    closed[220:DAYS] = 1
    y[:, 220:] = 0
    every = STAMPS.append(pd.date_range(STAMPS[-1] + pd.Timedelta(days=1), periods=14))
    table = CovariateTable(pd.DataFrame({"ds": every, "closed": closed}))

    result = ahead(y, covariates=table)

    assert note_of(result, "near zero") == ""
    assert result.champion.mean == pytest.approx(60, rel=0.12)


def test_a_new_ward_has_the_week_of_its_kin():
    week = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.9, 0.8])
    expected = np.outer([50, 60, 70, 40, 80, 60], week[STAMPS.day_of_week])
    y = np.random.default_rng(1).poisson(expected).astype(float)
    y[5, : DAYS - 5] = -1  # five days old

    mean = ahead(y, horizon=7).champion.mean[5]

    assert mean == pytest.approx(60 * week[(STAMPS[-1].day_of_week + np.arange(1, 8)) % 7], rel=0.12)


def test_one_point_and_one_constant_series_are_forecast_beside_others():
    y = counts()
    y[1] = 7
    y[2, : DAYS - 1] = -1

    result = ahead(y)

    assert result.champion.mean[1] == pytest.approx(7, rel=0.01)
    assert result.champion.mean[2] == pytest.approx(y[2, -1], rel=0.5)
    assert np.isfinite(result.champion.quantiles).all()


def test_a_slip_of_the_keyboard_is_no_epidemic():
    y = counts()
    y[0, 290] = 60_000
    y[1, 250:253] = 700  # an epidemic

    result = ahead(y)

    assert note_of(result, "slip") == (
        f"ward_0: taken as a slip, far above every other count: {STAMPS[290]:%Y-%m-%d}"
    )
    assert result.champion.mean[0] == pytest.approx(60, rel=0.06)
