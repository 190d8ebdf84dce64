"""A circle of patients that no rule resolves is an error; one that can be resolved is not."""

from dataclasses import replace

import numpy as np
import pytest

from tests.houses import case, hospital, patients
from twin.engine import ENGINES, simulate
from twin.errors import Deadlock
from twin.units import minutes
from twin.workload import NONE

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


def _swap_with(**step):
    """Two who want each other's place, one of them for a step of this kind."""
    low = {"name": "low", "places": ["low"], **step}
    pathways = {
        "up": [
            {"name": "low", "places": ["low"], "keeps_place": True},
            {"name": "high", "places": ["high"]},
        ],
        "down": [{"name": "high", "places": ["high"], "keeps_place": True}, low],
    }
    return hospital(
        places={"low": 1, "high": 1},
        items={"drape": {"title": "drape", "stock": 10}},
        kits={"set": {"drape": 1}},
        pathways=pathways,
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_with_a_kit_does_not_swap_so_its_circle_is_an_error(engine):
    house = _swap_with(kit="set")

    with pytest.raises(Deadlock, match="steps with a kit"):
        simulate(case(house), _two_who_want_each_others_place(house), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_circle_that_somebody_leaves_out_of_patience_is_no_deadlock(engine):
    house = _swap_with(kit="set")
    work = _two_who_want_each_others_place(house)
    patience = np.where(np.arange(work.step.size) == 3, minutes(10_000), NONE)

    trace = simulate(case(house), replace(work, patience=patience), engine=engine)

    assert trace.exchanges == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_one_who_skips_to_a_step_in_the_place_that_he_keeps_waits_for_himself(engine):
    house = hospital(
        places={"bay": 1, "scanner": 0},
        pathways={
            "visit": [
                {"name": "see", "places": ["bay"], "keeps_place": True},
                {"name": "scan", "places": ["scanner"], "if_full": "skips"},
                {"name": "treat", "places": ["bay"]},
            ]
        },
    )
    work = patients(house, [("visit", 0, [("see", 10), ("scan", 10), ("treat", 10)])], days=1)

    with pytest.raises(Deadlock, match="he waits for the place that he keeps"):
        simulate(case(house), work, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_one_who_was_moved_keeps_the_place_moved_to(engine):
    stay = {"name": "stay", "places": ["home", {"place": "away"}], "repatriates": True, "keeps_place": True}
    house = hospital(
        places={"home": 1, "away": 1, "scanner": 1},
        items={"drape": {"title": "drape", "stock": 10}},
        kits={"set": {"drape": 1}},
        pathways={
            "short": [{"name": "rest", "places": ["home"]}],
            "down": [stay, {"name": "scan", "places": ["scanner"]}],
            "up": [
                {"name": "scan", "places": ["scanner"], "keeps_place": True},
                {"name": "rest", "places": ["home"], "kit": "set"},
            ],
        },
    )
    rows = [
        ("short", 0, [("rest", 20)]),
        ("down", 1, [("stay", 60), ("scan", 10)]),  # begins away, goes home at 20
        ("up", 0, [("scan", 30), ("rest", 10)]),
    ]

    with pytest.raises(Deadlock, match=r"home -> scanner -> home|scanner -> home -> scanner"):
        simulate(case(house), patients(house, rows, days=1), engine=engine)
