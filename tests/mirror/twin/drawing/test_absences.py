"""So many of each shift are away, by date; nobody else's chance moves with it."""

from datetime import timedelta

import numpy as np
import pytest

from tests.houses import START
from tests.mirror.twin.drawing.house import HOUR, house
from twin.case import Case, Window
from twin.units import MS_DAY
from twin.workload import draw_workload

SHIFTS = {
    "early": {"from": "07:00", "to": "19:00", "on_duty": 20},
    "night": {"from": "19:00", "to": "07:00", "on_duty": 8},
}


def staffed(absence=0.1, shifts=SHIFTS, **more):
    nurses = {"title": "nurses", "shifts": shifts, "absence": absence}
    return house(staff={"porters": {"title": "p", "on_duty": 2}, "nurses": nurses, **more})


def absent(hospital, *, days=30, start=START, seed=1):
    return draw_workload(Case(hospital), Window(start, days=days, tail=0), seed=seed).absent


def test_nobody_is_away_where_no_absence_is_described():
    assert absent(staffed(absence=0)).shape == (0, 4)


def test_absences_are_of_the_group_for_all_of_a_shift():
    rows = absent(staffed(absence=1))

    assert set(rows[:, 0]) == {1}
    early = rows[rows[:, 3] == 20]
    night = rows[rows[:, 3] == 8]
    assert set(early[:, 1] % MS_DAY) == {7 * HOUR} and set(early[:, 2] - early[:, 1]) == {12 * HOUR}
    assert set(night[:, 1] % MS_DAY) == {19 * HOUR} and set(night[:, 2] - night[:, 1]) == {12 * HOUR}


def test_the_night_before_the_run_counts_for_its_hours_inside():
    rows = absent(staffed(absence=1), days=2)

    night = rows[rows[:, 3] == 8]

    assert night[:, 1].min() == -5 * HOUR
    assert night[0, 2] == 7 * HOUR


def test_the_share_away_is_the_one_described():
    rows = absent(staffed(absence=0.2), days=365)

    assert rows[:, 3].sum() / (365 * 28) == pytest.approx(0.2, abs=0.01)


def test_a_run_from_a_later_day_meets_the_same_absences():
    long = absent(staffed(), days=20)
    later = absent(staffed(), days=10, start=START + timedelta(days=10))

    def from_then(rows, shift):
        return {(int(a) + shift, int(b) + shift, int(n)) for _, a, b, n in rows if b + shift > 10 * MS_DAY}

    assert from_then(later, 10 * MS_DAY) == from_then(long, 0) != set()


def test_another_group_moves_no_absence():
    alone = absent(staffed())
    beside = absent(staffed(doctors={"title": "d", "shifts": SHIFTS, "absence": 0.3}))

    assert np.array_equal(alone, beside[beside[:, 0] == 1])


def test_more_absence_sends_nobody_back():
    few, many = absent(staffed(absence=0.1)), absent(staffed(absence=0.3))

    least = {(int(a), int(b)): int(n) for _, a, b, n in many}

    assert all(least[int(a), int(b)] >= n for _, a, b, n in few)
