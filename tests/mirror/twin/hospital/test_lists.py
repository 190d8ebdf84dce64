"""Waiting lists: what joins them against what the sessions of a usual week can take."""

import numpy as np
import pytest

from tests.houses import START, hospital
from twin.calendar import DAY_NAMES
from twin.case import Case, Window
from twin.engine import ENGINES, simulate
from twin.hospital import Hospital
from twin.hospital.base import Duration
from twin.hospital.lists import growing_lists, list_in_words, waiting_lists
from twin.hospital.load import offered_load, overloaded
from twin.hospital.sessions import Session
from twin.trace import Kind
from twin.workload import draw_workload

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def clinic(sessions: dict, *, daily_mean: float, no_show: float = 0.0, rooms: int = 1) -> Hospital:
    """New and known patients, seen for half an hour each in rooms that take ten minutes to make ready."""
    see = {"name": "see", "places": ["room"], "duration": {"mean": 30, "unit": "minutes"}}
    made = hospital(
        places={"room": {"physical": rooms, "staffed": rooms, "turnaround_minutes": 10}},
        pathways={"new": [see], "known": [see]},
        classes={name: {"booking": {"no_show": no_show}} for name in ("new", "known")},
    )
    held = {
        name: Session.model_validate({"title": name, "days": WEEKDAYS, "from": "09:00", "to": "13:00", **s})
        for name, s in sessions.items()
    }
    door = {"daily_mean": daily_mean, "mix": {"new": 0.25, "known": 0.75}}
    arrivals = {"door": made.arrivals["door"].model_copy(update=door)}
    return made.model_copy(update={"sessions": held, "arrivals": arrivals})


BOTH = {"classes": ["new", "known"]}


def test_slots_of_the_week_are_what_a_list_can_be_booked_into():
    slots = {**BOTH, "slot_minutes": 25, "patients_a_slot": 2, "extra_at_start": 1, "sittings": 3}

    (waiting,) = waiting_lists(clinic({"clinic": slots}, daily_mean=10))

    assert (waiting.classes, waiting.sessions) == (("new", "known"), ("clinic",))
    assert waiting.booked == pytest.approx(3 * 5 / 7 * (9 * 2 + 1))
    assert waiting.growth == 0


def test_time_of_the_week_is_booked_by_the_length_of_cases():
    (waiting,) = waiting_lists(clinic({"list": BOTH}, daily_mean=10))

    assert waiting.booked == pytest.approx(5 / 7 * 240 / 40)
    assert waiting.growth == pytest.approx(10 - 30 / 7)


def test_what_is_left_of_a_session_takes_no_part_of_a_case():
    short = {**BOTH, "days": list(DAY_NAMES), "to": "10:55"}  # 115 minutes for cases of 40

    (waiting,) = waiting_lists(clinic({"list": short}, daily_mean=2.5))

    assert (waiting.booked, waiting.growth) == (2, 0.5)


def test_cases_of_several_lengths_are_booked_at_most_by_their_mean():
    made = clinic({"list": BOTH}, daily_mean=10)
    (step,) = made.pathways["new"].steps
    longer = step.model_copy(update={"duration": Duration(mean=70, unit="minutes")})
    new = made.pathways["new"].model_copy(update={"steps": (longer,)})
    mixed = made.model_copy(update={"pathways": {**made.pathways, "new": new}})

    (waiting,) = growing_lists(mixed)

    assert waiting.booked == pytest.approx(5 / 7 * 240 / (0.25 * 80 + 0.75 * 40))
    assert "at most 3.4 can be booked; it grows by at least 6.6 a day" in list_in_words(mixed, waiting)


@pytest.mark.parametrize("engine", ENGINES)
def test_as_many_are_booked_as_the_list_is_told_to_take(engine):
    short = {**BOTH, "days": list(DAY_NAMES), "to": "10:55", "booked_days_ahead": 0}
    made = clinic({"list": short}, daily_mean=40)

    window = Window(START, days=10, tail=0)
    trace = simulate(Case(made), draw_workload(Case(made), window, seed=1, replication=0), engine=engine)

    sitting = trace.log.only(Kind.BOOKED).what
    assert np.unique(sitting, return_counts=True)[1].max() == 2 == waiting_lists(made)[0].booked


def test_classes_that_share_no_session_wait_on_lists_of_their_own():
    apart = {"first": {"classes": ["new"]}, "second": {"classes": ["known"]}}

    made = clinic(apart, daily_mean=8)

    assert [(w.classes, w.joins) for w in waiting_lists(made)] == [(("new",), 2), (("known",), 6)]
    assert [w.classes for w in growing_lists(made)] == [("known",)]


def test_a_list_that_grows_is_told_in_one_line():
    made = clinic({"list": BOTH}, daily_mean=10)

    assert list_in_words(made, growing_lists(made)[0]) == (
        "list (list): 10.0 patients a day join the list, 4.3 can be booked; it grows by 5.7 a day"
    )


def test_the_house_is_asked_by_no_more_than_can_be_booked():
    made = clinic({"list": BOTH}, daily_mean=1_000, no_show=0.5)

    load = {row.name: row.offered for row in offered_load(made)}

    assert load["room"] == pytest.approx(0.5 * 5 * 240 / 7 / 1_440)
    assert overloaded(made) == ()
