"""Parts add up to the whole: on every path, over any groups and any time, in whatever order."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from forecasting.targets.hierarchy import add_up, is_nested, over_time, table_of

counts = st.integers(0, 500)
futures = npst.arrays(np.int64, npst.array_shapes(min_dims=3, max_dims=3, max_side=9), elements=counts)


@st.composite
def grouped(draw):
    paths = draw(futures)
    wards = paths.shape[1]
    return paths, draw(st.lists(st.sampled_from("abcd"), min_size=wards, max_size=wards))


@given(grouped())
def test_wards_add_up_to_the_hospital_by_way_of_any_groups(case):
    paths, groups = case

    of_groups, names = add_up(paths, groups)
    hospital, _ = add_up(of_groups, ["all"] * len(names))

    np.testing.assert_array_equal(hospital[:, 0], paths.sum(axis=1))


@given(grouped(), st.randoms())
def test_the_order_of_the_wards_makes_no_difference(case, chance):
    paths, groups = case
    order = list(range(len(groups)))
    chance.shuffle(order)

    straight, names = add_up(paths, groups)
    shuffled, other = add_up(paths[:, order], [groups[i] for i in order])

    for k, name in enumerate(names):
        np.testing.assert_array_equal(straight[:, k], shuffled[:, other.index(name)])


@given(futures)
def test_sums_over_wards_and_over_days_may_be_taken_in_either_order(paths):
    stamps = pd.date_range("2026-01-05", periods=paths.shape[2] * 7, freq="D")
    days = np.repeat(paths, 7, axis=2)
    one = ["all"] * paths.shape[1]

    weeks_first, _ = add_up(over_time(days, stamps, "D", "W")[0], one)
    wards_first, _ = over_time(add_up(days, one)[0], stamps, "D", "W")

    np.testing.assert_array_equal(weeks_first, wards_first)


@settings(max_examples=40)
@given(st.integers(0, 23), st.integers(24, 24 * 75), st.integers(0, 1000))
def test_hours_add_up_to_days_to_weeks_whatever_the_hour_of_the_forecast(begin, hours, seed):
    stamps = pd.date_range(
        pd.Timestamp("2026-01-05") + pd.Timedelta(hours=begin), periods=hours + 24, freq="h"
    )
    paths = np.random.default_rng(seed).poisson(3, (4, 2, len(stamps)))

    days, dates = over_time(paths, stamps, "h", "D")

    assert (dates >= stamps[0]).all() and dates[-1] + pd.Timedelta(days=1) <= stamps[-1] + pd.Timedelta(
        hours=1
    )
    first = np.flatnonzero(stamps == dates[0])[0]
    np.testing.assert_array_equal(days.sum(axis=2), paths[:, :, first : first + 24 * len(dates)].sum(axis=2))
    if len(dates) >= 7:
        straight, by_hours = over_time(paths, stamps, "h", "W")
        stepwise, by_days = over_time(days, dates, "D", "W")
        assert list(by_hours) == list(by_days)
        np.testing.assert_array_equal(straight, stepwise)


@settings(max_examples=40)
@given(st.dates(pd.Timestamp("2024-01-01").date(), pd.Timestamp("2026-12-31").date()), st.integers(62, 200))
def test_a_month_is_a_whole_calendar_month_or_is_left_out(begin, days):
    stamps = pd.date_range(begin, periods=days, freq="D")

    months, firsts = over_time(np.ones((2, 1, days)), stamps, "D", "MS")

    assert [first.day for first in firsts] == [1] * len(firsts)
    assert months[0, 0].tolist() == [first.days_in_month for first in firsts]


@given(grouped())
def test_groups_are_nested_in_the_hospital_and_wards_in_groups(case):
    _, groups = case
    wards = [f"ward {k}" for k in range(len(groups))]

    assert is_nested(wards, groups) and is_nested(groups, ["all"] * len(groups))
    assert is_nested(groups, wards) == (len(set(groups)) == len(groups))


@settings(max_examples=40)
@given(futures)
def test_a_table_has_ordered_quantiles_and_means_that_add_up(paths):
    stamps = pd.date_range("2026-01-05", periods=paths.shape[2], freq="D")
    wards = [f"ward {k}" for k in range(paths.shape[1])]

    of_wards = table_of(paths, wards, stamps)
    whole = table_of(*add_up(paths, ["all"] * len(wards)), stamps)

    assert (np.diff(of_wards.filter(regex="^q").to_numpy(), axis=1) >= 0).all()
    np.testing.assert_allclose(of_wards.groupby("ds")["mean"].sum(), whole["mean"], atol=1e-9)


def test_a_weeks_census_is_its_mean_and_a_weeks_arrivals_their_sum():
    stamps = pd.date_range("2026-01-07", periods=7, freq="D")
    paths = np.arange(1.0, 8.0)[None, None]

    assert over_time(paths, stamps, "D", "W")[0].tolist() == [[[28.0]]]
    assert over_time(paths, stamps, "D", "W", mean=True)[0].tolist() == [[[4.0]]]
