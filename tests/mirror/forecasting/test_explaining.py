"""Which inputs moved a forecast: parts that a ward manager knows, and that add up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from forecasting import contest
from forecasting.covariates import CovariateTable
from forecasting.explaining import explain, of_the_day
from forecasting.explaining.gradients import moves
from forecasting.explaining.inputs import usual_input
from forecasting.explaining.product import additive_parts
from forecasting.explaining.words import headline, sentence, signed
from forecasting.service import forecast
from forecasting.windows import windows_of
from twin.calendar import holidays
from twin.errors import NotFound, UsageError
from twin.records.history import History, history_of

WEEK = np.array([1.15, 1.05, 1.0, 1.0, 1.0, 0.9, 0.9])
AFTER = 1.25  # what comes on the day after a bank holiday, against the same weekday
LAST_DAY = "2023-12-20"


def a_panel(days: int = 700, mean: float = 60.0, series: int = 3, rise: float = 1.0) -> History:
    """Emergency departments to which a quarter more come on the day after a bank holiday."""
    chance = np.random.default_rng(11)
    stamps = pd.date_range(end=LAST_DAY, periods=days, freq="D")
    named = holidays("GB-ENG", 2020, 2025)
    after = np.array([(day - pd.Timedelta(days=1)).date() in named for day in stamps])
    itself = np.array([day.date() in named for day in stamps])
    level = np.where(np.arange(days) >= days - 60, rise, 1.0)
    expected = mean * level * WEEK[stamps.day_of_week] * np.where(after & ~itself, AFTER, 1.0)
    tables = [
        pd.DataFrame({"unique_id": f"ed_{k}", "ds": stamps, "y": chance.poisson(expected)})
        for k in range(series)
    ]
    return history_of(pd.concat(tables, ignore_index=True))


@pytest.fixture(scope="module")
def by_network():
    return forecast(a_panel(), 28, n_paths=0, made_by="lstm", country="GB-ENG")


@pytest.fixture(scope="module")
def by_base():
    return forecast(a_panel(mean=200, rise=1.2), 28, n_paths=0, made_by="base", country="GB-ENG")


def value(account, reason: str) -> float:
    return sum(part.value for part in account.parts if part.reason == reason)


@pytest.mark.parametrize("made_by", ["by_network", "by_base"])
def test_what_is_usual_and_all_parts_sum_to_the_middle_that_is_served(made_by, request):
    result = request.getfixturevalue(made_by)

    for series in result.ids:
        accounts = explain(result, series)

        summed = [a.usual + sum(part.value for part in a.parts) for a in accounts]
        np.testing.assert_allclose(summed, result.quantile(0.5)[result.ids.index(series)], rtol=1e-9)
        assert [a.ds for a in accounts] == list(result.stamps)


def test_the_day_after_a_bank_holiday_is_told_with_what_it_adds(by_base):
    (account,) = explain(by_base, "ed_0", pd.Timestamp("2023-12-27"))

    told = next(part for part in account.parts if part.reason == "holiday")
    assert told.said == "day after Boxing Day"
    assert 30 < told.value < 80  # 200 x 1.2 x 0.25 is 60; three such days a year are shrunk
    assert "day after Boxing Day +" in sentence(account, "D")
    assert headline(account).startswith(
        ("Day after Boxing Day: +", "Wednesday, day after Boxing Day: +", "Recent")
    )


def test_a_level_that_rose_is_told_as_recent_weeks_and_a_weekday_by_its_name(by_base):
    (account,) = explain(by_base, "ed_1", pd.Timestamp("2024-01-15"))

    assert 15 < value(account, "recent") < 45  # the last sixty days of the year are a fifth higher
    assert next(part.said for part in account.parts if part.reason == "weekday") == "Monday"
    assert 15 < value(account, "weekday") < 60  # 240 x 0.15 is 36


def test_a_weekday_that_changed_this_autumn_is_told_apart_from_what_it_usually_brings():
    chance = np.random.default_rng(8)
    stamps = pd.date_range("2022-01-03", periods=700, freq="D")
    saturday, late = stamps.day_of_week == 5, np.arange(700) >= 620
    expected = 80 * np.where(saturday, np.where(late, 0.9, 0.4), 1.0)
    table = pd.DataFrame({"unique_id": "ward", "ds": stamps, "y": chance.poisson(expected)})
    result = forecast(history_of(table), 7, n_paths=0, country="none", made_by="base")

    account = next(a for a in explain(result, "ward") if a.ds.day_of_week == 5)

    assert value(account, "weekday") < -20 and value(account, "lately") > 10
    assert {"Saturday", "Saturdays lately"} <= {part.said for part in account.parts}
    assert value(account, "trend") == 0


def test_where_the_base_serves_the_network_adds_nothing(by_base):
    assert all(part.network == 0 for account in explain(by_base, "ed_0") for part in account.parts)


def test_the_parts_of_the_network_are_complete_on_windows_of_any_time(by_network):
    made, networks = by_network.champion.made, by_network.champion.networks
    windows = windows_of(made.values, made.base, made.calendar, 28)
    chance = np.random.default_rng(5)

    for _ in range(4):
        row, origin = chance.integers(3, size=1), chance.integers(200, 650, size=1)
        steps, _ = windows.cut(row, origin)
        found = moves(networks, steps[0], usual_input(windows, steps[0]), [0, 6, 20])
        moved = np.abs(found.said - found.usual)

        assert (np.abs(found.parts.sum(axis=(1, 2)) - (found.said - found.usual)) < 0.01 * moved).all()


def test_the_account_tells_its_own_error_and_it_is_below_one_in_a_hundred(by_network):
    assert max(account.error for account in explain(by_network, "ed_2")) < 0.01


def test_a_mixture_of_both_is_accounted_for_too(monkeypatch):
    monkeypatch.setattr(contest, "SHARES", (0.5,))
    result = forecast(a_panel(days=400), 7, n_paths=0, made_by="lstm", country="none")

    accounts = explain(result, "ed_0")

    assert "half" in result.notes[0]
    assert any(part.network for part in accounts[0].parts)
    assert all(abs(value(account, "rounding")) < 0.01 for account in accounts)


class Twice(nn.Module):
    """A network whose middle is the product of its first two inputs in the last step."""

    def forward(self, steps: torch.Tensor) -> torch.Tensor:
        return (steps[:, -1:, :1] * steps[:, -1:, 1:2]).expand(-1, -1, 11)


def test_two_inputs_that_only_work_together_share_what_they_bring():
    found = moves([Twice()], torch.tensor([[3.0, 5.0]]), torch.tensor([[0.0, 0.0]]), [0])

    np.testing.assert_allclose(found.parts, [[[7.5, 7.5]]])
    np.testing.assert_allclose(found.said - found.usual, 15.0)


def test_a_closed_clinic_is_told_by_its_holiday_and_still_adds_up():
    parts = additive_parts(np.array([50.0]), {"weekday": np.array([1.2]), "holiday": np.array([0.0])})

    assert parts["holiday"] == pytest.approx(-55.0) and parts["weekday"] == pytest.approx(5.0)
    assert 50 + sum(parts.values()) == pytest.approx(0.0, abs=1e-9)


def test_hours_are_told_by_weekday_and_hour():
    chance = np.random.default_rng(2)
    stamps = pd.date_range("2023-01-02", periods=24 * 70, freq="h")
    busy = np.where(stamps.hour >= 12, 15.0, 3.0)
    table = pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": chance.poisson(busy)})
    result = forecast(history_of(table), 24, n_paths=0, made_by="base", country="none")

    accounts = explain(result, "ed", pd.Timestamp("2023-03-13"))

    assert len(accounts) == 24
    assert value(accounts[3], "hour") < -3 and value(accounts[15], "hour") > 3
    assert next(part.said for part in accounts[15].parts if part.reason == "hour") == "15:00"


@pytest.mark.parametrize("made_by", ["base", "lstm"])
def test_the_hours_of_a_day_sum_to_what_is_expected_of_it_and_its_range_is_that_of_the_paths(made_by):
    chance = np.random.default_rng(2)
    stamps = pd.date_range("2023-01-02", periods=24 * 70, freq="h")
    busy = np.where(stamps.hour >= 12, 15.0, 0.7) * np.where(stamps.day_of_week == 0, 1.5, 1.0)
    table = pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": chance.poisson(busy)})
    asked = {"country": "none", "time_limit": 2.0, "made_by": made_by, "n_paths": 400}
    result = forecast(history_of(table), 24, **asked)

    day = of_the_day(result, explain(result, "ed", pd.Timestamp("2023-03-13")))

    assert day.served == pytest.approx(result.table["mean"].sum())
    assert day.usual + sum(part.value for part in day.parts) == pytest.approx(day.served)
    assert day.error < 0.01
    assert value(day, "weekday") > 20 and abs(value(day, "hour")) < 0.2 * day.served
    sums = result.paths[:, 0].sum(axis=1)
    assert (day.low, day.high) == pytest.approx(tuple(np.quantile(sums, [0.1, 0.9])))
    assert np.isnan(of_the_day(replace(result, paths=result.paths[:9]), explain(result, "ed")).low)


def test_months_are_told_by_their_name():
    stamps = pd.date_range("2015-01-01", periods=84, freq="MS")
    y = np.where(stamps.month == 1, 150, 100)
    result = forecast(history_of(pd.DataFrame({"unique_id": "a", "ds": stamps, "y": y})), 3, n_paths=0)

    account = explain(result, "a")[0]

    assert headline(account).startswith("January: +")


def test_what_the_hospital_told_is_told_under_its_own_name_and_a_closure_too():
    chance = np.random.default_rng(3)
    stamps = pd.date_range("2023-01-02", periods=210, freq="D")
    extra = chance.random(217) < 0.3
    y = chance.poisson(40 * np.where(extra[:210], 1.5, 1.0))
    ahead = stamps.append(pd.date_range(stamps[-1] + pd.Timedelta(days=1), periods=7, freq="D"))
    shut = np.zeros(217)
    extra[210], extra[211], shut[212] = True, False, 1
    table = pd.DataFrame({"ds": ahead, "extra_session": extra.astype(float), "closed": shut})
    history = history_of(pd.DataFrame({"unique_id": "clinic", "ds": stamps, "y": y}))
    told = CovariateTable(table.assign(ds=table["ds"].astype(str)))

    for made_by in ("base", "lstm"):
        result = forecast(history, 7, n_paths=0, country="none", covariates=told, made_by=made_by)
        with_one, without, closed = explain(result, "clinic", first=3)

        assert value(with_one, "told: extra_session") > 12  # 20 more with an extra session
        assert abs(value(without, "told: extra_session")) < 5
        assert {p.said for p in with_one.parts} >= {"extra session"}
        assert closed.served == 0 and value(closed, "closed") < -20
        assert with_one.usual + sum(p.value for p in with_one.parts) == pytest.approx(with_one.served)


def test_a_ward_from_which_nothing_comes_any_more_is_told_as_silent():
    chance = np.random.default_rng(4)
    stamps = pd.date_range("2022-01-03", periods=300, freq="D")
    gone = pd.DataFrame({"unique_id": "gone", "ds": stamps[:150], "y": chance.poisson(40, 150)})
    open_ = pd.DataFrame({"unique_id": "open", "ds": stamps, "y": chance.poisson(40, 300)})
    result = forecast(history_of(pd.concat([gone, open_])), 3, n_paths=0, country="none", made_by="base")

    account = explain(result, "gone")[0]

    assert account.served < 2 and account.parts[0].said == "nobody came for long"


def test_a_series_or_a_day_that_is_not_forecast_is_named(by_base):
    with pytest.raises(NotFound, match="ed_0"):
        explain(by_base, "ed_9")
    with pytest.raises(UsageError, match="2023-12-21 to 2024-01-17"):
        explain(by_base, "ed_0", pd.Timestamp("2025-01-01"))


@pytest.mark.parametrize(("value", "said"), [(14.2, "+14"), (-3.26, "−3.3"), (0.004, "0"), (0.31, "+0.31")])
def test_a_part_is_told_with_its_sign(value, said):
    assert signed(value) == said
