"""What chance says of a step beside its length: how long one waits for it, what delays its end."""

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import HOUR, door, draw, house
from twin.workload import NONE

STEPS = [
    {"name": "see", "places": ["bay"], "patience": {"mean": 2, "unit": "hours", "shape": "exponential"}},
    {"name": "treat", "places": ["bay"], "duration": {"mean": 5, "cv": 1, "unit": "hours"}},
]


def test_patience_is_drawn_for_the_step_that_has_one_and_for_no_other():
    work = draw(house(STEPS, arrivals=door()), days=100)

    see, treat = work.patience[work.step == 0], work.patience[work.step == 1]

    assert see.mean() == pytest.approx(2 * HOUR, rel=0.06)
    assert see.min() >= 1
    assert set(treat) == {NONE}


def test_patience_changes_nothing_else():
    patient = draw(house(STEPS, arrivals=door()))
    endless = draw(house([{k: v for k, v in s.items() if k != "patience"} for s in STEPS], arrivals=door()))

    assert np.array_equal(patient.duration, endless.duration)
    assert np.array_equal(patient.arrival, endless.arrival)
    assert set(endless.patience) == {NONE}


def delayed(**shares):
    wait = {"mean": 4, "unit": "hours", "shape": "exponential"}
    delays = {name: {"share": share, "duration": wait} for name, share in shares.items()}
    return house([STEPS[0], {**STEPS[1], "delays": delays}], arrivals=door())


def test_reasons_of_delay_have_the_shares_described():
    work = draw(delayed(care_home=0.25, transport=0.5), days=100)

    treat = work.reason[work.step == 1]

    assert set(work.reason[work.step == 0]) == {NONE}
    assert np.mean(treat == 0) == pytest.approx(0.25, abs=0.02)
    assert np.mean(treat == 1) == pytest.approx(0.5, abs=0.02)
    assert np.mean(treat == NONE) == pytest.approx(0.25, abs=0.02)


def test_a_delay_is_a_part_of_the_stay():
    work = draw(delayed(care_home=0.5))

    assert (work.delay <= work.duration).all()
    assert ((work.delay > 0) == (work.reason != NONE)).all()
    assert (work.delay[work.reason == 0] < work.duration[work.reason == 0]).any()


def test_one_more_reason_leaves_the_delays_of_the_others():
    one, two = draw(delayed(care_home=0.25)), draw(delayed(care_home=0.25, transport=0.3))

    had = one.reason == 0

    assert np.array_equal(one.delay[had], two.delay[had])
    assert (two.reason[had] == 0).all() and (two.reason == 1).any()
