"""A circle of patients that no rule resolves is an error; one that can be resolved is not."""

import pytest

from tests.houses import case, hospital, patients
from twin.engine import ENGINES, simulate
from twin.errors import Deadlock

SWAP = {
    "up": [
        {"name": "low", "places": ["low"], "keeps_place": True},
        {"name": "high", "places": ["high"], "staff": {"porter": 1}},
    ],
    "down": [
        {"name": "high", "places": ["high"], "keeps_place": True},
        {"name": "low", "places": ["low"], "staff": {"porter": 1}},
    ],
}


def _house(porters):
    return hospital(places={"low": 1, "high": 1}, staff={"porter": porters}, pathways=SWAP)


def _two_who_want_each_others_place(house):
    return patients(
        house,
        [("up", 0, [("low", 10), ("high", 10)]), ("down", 0, [("high", 10), ("low", 10)])],
        days=1,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_two_who_can_never_swap_because_one_porter_is_all_there_is_are_an_error(engine):
    house = _house(porters=1)

    with pytest.raises(Deadlock, match="takes 2 of porter, and at most 1"):
        simulate(case(house), _two_who_want_each_others_place(house), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_with_two_porters_they_swap(engine):
    house = _house(porters=2)

    assert simulate(case(house), _two_who_want_each_others_place(house), engine=engine).exchanges == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_second_place_that_somebody_will_leave_is_no_deadlock(engine):
    house = hospital(places={"low": 1, "high": 2}, staff={"porter": 1}, pathways=SWAP)
    work = _two_who_want_each_others_place(house)

    assert simulate(case(house), work, engine=engine).stopped_at is None
