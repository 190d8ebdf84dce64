"""Calendar: the wall clock against the engine's clock, on ordinary days and when the clocks change."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest

from twin.calendar import Clock, holidays
from twin.errors import UsageError
from twin.units import MS_DAY, MS_HOUR, hours

SPRING, AUTUMN = date(2025, 3, 29), date(2025, 10, 25)  # the Saturday before London's clocks change


def test_a_day_has_23_hours_in_spring_and_25_in_autumn():
    for start, sunday in ((SPRING, 23), (AUTUMN, 25)):
        clock = Clock(start, "Europe/London", 3)

        assert (np.diff(clock.day_starts) // MS_HOUR).tolist() == [24, sunday, 24]


def test_without_summer_time_every_day_has_24_hours():
    assert (np.diff(Clock(SPRING, "UTC", 5).day_starts) == MS_DAY).all()


@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_an_instant_read_on_the_wall_clock_and_back_is_the_same(start):
    clock = Clock(start, "Europe/London", 3)
    by_the_wall = [datetime(start.year, start.month, start.day) + timedelta(hours=6 * k) for k in range(12)]

    assert [clock.at(clock.ms(local)) for local in by_the_wall] == by_the_wall


@pytest.mark.parametrize("start", [SPRING, AUTUMN])
def test_a_time_of_day_stays_that_time_on_the_day_the_clocks_change(start):
    clock = Clock(start, "Europe/London", 3)

    for hour in (0, 5, 8, 12, 23):
        local = clock.at(int(clock.instant(np.array([1]), np.array([hours(hour)]))[0]))
        assert (local.date(), local.hour) == (start + timedelta(days=1), hour)


def test_no_time_of_day_leaves_its_own_day():
    for start in (SPRING, AUTUMN):
        clock = Clock(start, "Europe/London", 3)
        walls = np.arange(0, MS_DAY, MS_HOUR // 4)
        instants = clock.instant(np.ones(walls.size, np.int64), walls)

        assert (instants >= clock.day_starts[1]).all() and (instants < clock.day_starts[2]).all()


def test_days_and_dates_answer_each_other():
    clock = Clock(date(2024, 2, 28), "Europe/London", 4)

    assert [clock.date_of(d).isoformat() for d in range(3)] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert clock.day_of(date(2024, 3, 1)) == 2
    assert clock.weekdays.tolist() == [2, 3, 4, 5]


def test_holidays_are_those_of_the_part_of_the_country():
    assert date(2025, 12, 26) in holidays("GB-ENG", 2025, 2025)
    assert date(2025, 11, 30) not in holidays("GB-ENG", 2025, 2025)
    assert holidays(None, 2025, 2026) == {}


def test_an_unknown_country_is_named():
    with pytest.raises(UsageError, match="XX-YY"):
        holidays("XX-YY", 2025, 2025)
