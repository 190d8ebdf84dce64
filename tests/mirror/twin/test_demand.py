"""Demand: drawn futures, the truth behind their quantiles."""

from datetime import date

import numpy as np
import pytest

from twin.demand import DemandForecast
from twin.errors import UsageError

MONDAY = date(2025, 1, 6)


def forecast(paths) -> DemandForecast:
    return DemandForecast(MONDAY, ("door",), np.asarray(paths)[:, None, :], "base")


def test_replications_live_on_the_paths_in_turn():
    two = forecast([[1, 2], [3, 4]])

    assert [two.path(r)[0].tolist() for r in range(3)] == [[1, 2], [3, 4], [1, 2]]
    assert (two.n_paths, two.days) == (2, 2)


def test_quantiles_are_the_paths_own():
    assert forecast([[0], [10], [20]]).quantiles([0.5])[0, 0, 0] == 10


def test_a_forecast_cannot_be_changed_once_made():
    counts = np.zeros((1, 1, 2), np.int64)
    made = DemandForecast(MONDAY, ("door",), counts, "base")
    counts[:] = 9

    assert made.paths.sum() == 0
    with pytest.raises(ValueError, match="read-only"):
        made.paths[0, 0, 0] = 1


def test_known_days_may_be_put_before_it():
    longer = forecast([[5], [6]]).preceded_by(date(2025, 1, 4), np.array([[1, 2]]))

    assert longer.start == date(2025, 1, 4)
    assert longer.paths[:, 0].tolist() == [[1, 2, 5], [1, 2, 6]]


def test_known_days_that_leave_a_gap_are_refused():
    with pytest.raises(UsageError, match="do not end where"):
        forecast([[5]]).preceded_by(date(2025, 1, 1), np.array([[1, 2]]))


@pytest.mark.parametrize(
    "paths", [np.zeros((2, 2, 3)), np.zeros((2, 3)), np.zeros((0, 1, 3)), -np.ones((1, 1, 1))]
)
def test_paths_of_a_wrong_shape_or_below_zero_are_refused(paths):
    with pytest.raises(UsageError):
        DemandForecast(MONDAY, ("door",), paths, "base")
