"""When tasks start: in the order in which they came, as soon as fewer are in service than are there."""

from itertools import accumulate

import numpy as np
import pytest

from optimization.staffing.playing import FAR, in_time, late_by_block, late_in_all, start_times
from optimization.staffing.station import draw_days
from tests.houses import duty, hospital, play, starts
from tests.mirror.optimization.staffing.conftest import days_by_hand, minutes, station
from twin.errors import UsageError


def test_one_person_serves_in_order_of_coming():
    days = days_by_hand(station(1, 1, 1), [(0, 20), (5, 10), (10, 5)])

    begun = start_times(days, np.array([1, 1, 1]))

    assert minutes(begun) == [0, 20, 30]


def test_who_is_there_when_the_level_falls_finishes_and_nobody_else_is_taken():
    days = days_by_hand(station(1, 1, 1), [(0, 40), (1, 50), (31, 5)])

    begun = start_times(days, np.array([2, 1, 1]))

    assert minutes(begun) == [0, 1, 51]  # at 40 one has ended, but one is still in service: the level is full


def test_a_rise_in_level_takes_the_first_in_line_at_once():
    days = days_by_hand(station(1, 1), [(0, 60), (10, 5), (12, 5)])

    begun = start_times(days, np.array([1, 2]))

    assert minutes(begun) == [0, 30, 35]


def test_at_one_instant_the_level_changes_and_services_end_before_anybody_starts():
    days = days_by_hand(station(1, 1), [(0, 30), (10, 5), (30, 5)])

    begun = start_times(days, np.array([1, 2]))

    assert minutes(begun) == [0, 30, 30]


def test_who_waits_at_the_end_of_the_day_is_served_by_the_next_day():
    days = days_by_hand(station(1, 1), [(35, 5)])

    begun = start_times(days, np.array([1, 0]))

    assert minutes(begun) == [60]


def test_without_anybody_nobody_starts_and_all_are_late():
    days = days_by_hand(station(1, 1), [(0, 5), (35, 5)])
    nobody = np.array([0, 0])

    assert start_times(days, nobody).tolist() == [FAR, FAR]
    assert late_by_block(days, nobody, limit_minutes=30).tolist() == [1, 1]


def test_late_tasks_are_counted_in_the_block_in_which_they_came():
    days = days_by_hand(station(1, 1, 1), [(0, 50), (10, 10), (40, 5)], [(0, 10)])

    late = late_by_block(days, np.array([1, 1, 1]), limit_minutes=15)

    assert late.tolist() == [1, 1, 0]  # waits of 40 and 20 minutes
    assert in_time(days, np.array([1, 1, 1]), limit_minutes=15).tolist() == [1, 1]
    assert late_in_all(days, np.array([1, 1, 1]), limit_minutes=15, no_more_than=9) == 2
    assert late_in_all(days, np.array([1, 1, 1]), limit_minutes=15, no_more_than=0) == 1


def test_a_warm_up_is_played_with_the_evening_before_and_not_counted():
    evening = station(1, 1, warm_blocks=1)
    days = days_by_hand(evening, [(0, 50), (30, 5)])

    assert minutes(start_times(days, np.array([1, 1]))) == [0, 50]
    assert minutes(start_times(days, np.array([2, 1]))) == [0, 30]
    assert days.counted.tolist() == [1]


def test_a_day_takes_a_level_for_each_block():
    with pytest.raises(UsageError, match="3 levels"):
        start_times(days_by_hand(station(1, 1, 1), [(0, 5)]), np.array([1, 1]))


@pytest.mark.parametrize("engine", ["reference", "kernel"])
def test_the_twins_own_engine_starts_every_task_at_the_same_instant(engine):
    busy = station(2, 4, 6, 8, 8, 6, 4, 2, minutes=25, service_cv=0.8)
    days = draw_days(busy, seed=5, replications=[1])
    levels = [1, 3, 2, 5, 3, 1, 2, 1]
    clock = [f"{m // 60:02d}:{m % 60:02d}" for m in accumulate([0] + [30] * 8)]
    rows = [(clock[b], clock[b + 1], n) for b, n in enumerate(levels)]
    house = hospital(
        pathways={"visit": [{"name": "seen", "staff": {"nurse": 1}}]}, staff={"nurse": duty(*rows, usual=1)}
    )
    patients = [
        ("visit", a, [("seen", s)]) for a, s in zip(minutes(days.arrival), minutes(days.service), strict=True)
    ]

    trace = play(engine, house, patients)

    ours = [
        m for m, a in zip(minutes(start_times(days, np.array(levels))), minutes(days.arrival), strict=True)
    ]
    same_hours = [i for i, m in enumerate(ours) if m < 8 * 30]
    assert len(same_hours) > 20
    assert [starts(trace)[i] for i in same_hours] == [ours[i] for i in same_hours]
