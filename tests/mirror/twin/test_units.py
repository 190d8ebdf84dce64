"""Units: whole milliseconds and back."""

import pytest

from twin.units import MS_DAY, MS_HOUR, clock_ms, days, hours, minutes, to_days, to_hours, to_minutes


def test_what_people_write_becomes_whole_milliseconds():
    assert (minutes(1.5), hours(0.25), days(2)) == (90_000, 900_000, 172_800_000)


def test_fractions_of_a_millisecond_are_rounded_not_cut():
    assert minutes(1 / 3) == 20_000
    assert hours(1 / 7_000_000) == 1


def test_milliseconds_become_what_people_read():
    assert (to_minutes(90_000), to_hours(MS_HOUR), to_days(36 * MS_HOUR)) == (1.5, 1.0, 1.5)


@pytest.mark.parametrize(("text", "ms"), [("00:00", 0), ("08:30", 30_600_000), ("24:00", MS_DAY)])
def test_a_time_of_day_is_milliseconds_after_midnight(text, ms):
    assert clock_ms(text) == ms


@pytest.mark.parametrize("text", ["", "8", "8h30", "08:60", "24:01", "-1:00", "08:5", "noon"])
def test_what_is_not_a_time_of_day_is_refused(text):
    with pytest.raises(ValueError, match="not a time of day"):
        clock_ms(text)
