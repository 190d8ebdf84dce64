"""Patients from outside: parties come together, and scheduled patients come or do not."""

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import HOUR, by_key, door, draw, house

BOOKED = {"acute": {"title": "acute", "priority": 1, "pathway": "acute"}}


def scheduled(**booking):
    return {"acute": {**BOOKED["acute"], "booking": booking}}


def test_members_of_a_party_come_at_one_instant_with_keys_of_their_own():
    work = draw(house(arrivals=door(party_sizes=[0.0, 0.0, 1.0])))

    parties, sizes = np.unique(work.arrival, return_counts=True)

    assert set(sizes) == {3}
    assert np.unique(work.key).size == work.patients == 3 * parties.size > 1_000


def test_parties_have_the_sizes_described():
    work = draw(house(arrivals=door(party_sizes=[0.5, 0.25, 0.25])), days=100)

    _, sizes = np.unique(work.arrival, return_counts=True)

    assert np.bincount(sizes)[1:] / sizes.size == pytest.approx([0.5, 0.25, 0.25], abs=0.03)


def test_larger_parties_move_nobody_who_came_before():
    alone, together = draw(house(arrivals=door())), draw(house(arrivals=door(party_sizes=[0.4, 0.3, 0.3])))

    assert by_key(alone, alone.arrival).items() <= by_key(together, together.arrival).items()
    assert together.patients > 1.5 * alone.patients


def test_who_does_not_show_is_drawn_with_the_share_described():
    work = draw(house(arrivals=door(), classes=scheduled(no_show=0.2)), days=100)

    assert 1 - work.shows.mean() == pytest.approx(0.2, abs=0.02)


def test_more_no_shows_keep_those_who_did_not_show_before():
    few = draw(house(arrivals=door(), classes=scheduled(no_show=0.1)))
    many = draw(house(arrivals=door(), classes=scheduled(no_show=0.3)))

    assert (many.shows <= few.shows).all()
    assert many.shows.sum() < few.shows.sum()


def test_a_patient_is_as_late_as_drawn_less_what_they_come_early_by():
    punctuality = {"mean": 0.5, "unit": "hours", "shape": "exponential"}
    booking = {"punctuality": punctuality, "early_by_minutes": 15}
    work = draw(house(arrivals=door(), classes=scheduled(**booking)), days=100)

    assert work.late.mean() == pytest.approx(HOUR / 4, rel=0.1)
    assert work.late.min() >= -HOUR / 4
    assert (work.late < 0).any()


def test_everybody_comes_on_time_where_nothing_is_scheduled():
    work = draw(house(arrivals=door()))

    assert work.shows.all() and not work.late.any()
