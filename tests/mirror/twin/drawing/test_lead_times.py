"""Each order of an item has a lead time of its own, found by the order's number."""

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import HOUR, door, draw, house
from twin.case import Snapshot

STEPS = [{"name": "treat", "places": ["bay"], "kit": "dressing"}]
LEAD = {"mean": 30, "unit": "hours", "shape": "exponential"}
USUAL = {"title": "i", "stock": 50, "lead_time": LEAD, "policy": {"reorder_point": 40, "order_quantity": 10}}


def store(daily_mean=40, units=2, **items):
    kits = {"dressing": {"contents": dict.fromkeys(items, units)}}
    arrivals = door(daily_mean=daily_mean)
    return house(STEPS, arrivals=arrivals, items={k: {**USUAL, **v} for k, v in items.items()}, kits=kits)


def of(work, item):
    return work.lead[work.lead_from[item] : work.lead_from[item + 1]]


def test_lead_times_have_the_distribution_described():
    work = draw(store(gauze={}), days=200)

    assert of(work, 0).mean() == pytest.approx(30 * HOUR, rel=0.06)


def test_there_are_as_many_as_could_be_ordered():
    work = draw(store(gauze={"policy": {"reorder_point": 40, "order_up_to": 41}}, tape={}))

    demanded = 2 * work.patients

    assert of(work, 0).size >= demanded
    assert demanded / 10 <= of(work, 1).size < of(work, 0).size


def test_units_wanted_of_an_item_may_be_taken_of_its_substitute():
    plain = draw(store(gauze={}, tape={}))
    substitute = draw(store(gauze={"substitute": "tape"}, tape={}))

    assert of(substitute, 1).size >= 2 * of(plain, 1).size - 2
    assert of(substitute, 0).size == of(plain, 0).size


def test_reviews_by_calendar_order_once_a_day_at_most():
    policy = {"reorder_point": 40, "order_up_to": 60, "review_days": 2}
    work = draw(store(gauze={"policy": policy}), days=20)

    assert 10 <= of(work, 0).size <= 22


def test_what_expires_may_be_ordered_again():
    plain, fresh = draw(store(gauze={})), draw(store(gauze={"shelf_life_days": 2}))

    assert of(fresh, 0).size >= 10 * of(plain, 0).size
    assert np.array_equal(of(fresh, 0)[: of(plain, 0).size], of(plain, 0))


def test_an_item_that_is_never_ordered_or_comes_at_once_has_none():
    work = draw(store(gauze={"policy": None}, tape={"lead_time": None}, glove={}))

    assert [of(work, i).size > 0 for i in range(3)] == [False, False, True]
    assert work.lead_from.size == 4


def test_an_order_keeps_its_lead_time_whatever_was_ordered_before_the_run():
    hospital = store(gauze={}, tape={})
    fresh = draw(hospital)

    later = draw(hospital, snapshot=Snapshot(orders_placed={"tape": 7}))

    assert np.array_equal(of(fresh, 0), of(later, 0))
    assert np.array_equal(of(fresh, 1)[7:], of(later, 1)[:-7])


def test_another_item_moves_no_lead_time():
    alone, beside = draw(store(gauze={})), draw(store(gauze={}, tape={}))

    assert np.array_equal(of(alone, 0), of(beside, 0))
