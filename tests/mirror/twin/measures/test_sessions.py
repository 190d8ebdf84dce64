"""Theatres, clinics and lists: sessions and those booked into them, worked out by hand."""

import math

import pytest

from tests.houses import hospital, sitting
from tests.mirror.twin.measures.made import made, with_slots
from twin.measures import sessions_table, summarise
from twin.trace import Kind, Outcome
from twin.workload import BOOKED

H = 60
DONE = {"outcome": Outcome.DONE}


def house():
    booking = {"booking": {"limit_step": "cut"}}
    return with_slots(
        hospital(
            places={"theatre": 2, "room": {"physical": 1, "staffed": 1, "department": "outpatients"}},
            wards={"ward": 9},
            pathways={
                "case": [
                    {"name": "bed", "places": ["ward"], "keeps_place": True},
                    {"name": "cut", "places": ["theatre"], "keeps_place": True},
                    {"name": "back", "places": ["ward"]},
                ],
                "visit": [{"name": "see", "places": ["room"]}],
            },
            classes={"case": booking, "visit": {"booking": {}}},
            sessions={"list": ["case"], "clinic": ["visit"]},
        ),
        "clinic",
    )


def operated(begin, end, out, *, listed=0):
    """In a ward bed from an hour before; leaves theatre at ``out``."""
    came = begin - H
    return (
        "case",
        came,
        [
            ("bed", "ward", came, came, came + 10, begin),
            ("cut", "theatre", came + 10, begin, end, out),
            ("back", "ward", end, out),
        ],
        {"listed": listed},
    )


def seen(came, begin, end, *, listed=0):
    return ("visit", came, [("see", "room", came, begin, end, end)], {"listed": listed, **DONE})


def booked(at, who, number, appointment):
    return (Kind.BOOKED, at, who, number, appointment)


def test_theatre_use_is_time_held_within_the_session_and_overrun_what_comes_after():
    held = [sitting("list", 8 * H, 12 * H), sitting("list", 13 * H, 17 * H)]
    visits = [operated(8 * H, 9 * H, 9.5 * H), operated(10 * H, 13 * H, 13 * H)]
    log = [booked(0, 0, 0, 8 * H), booked(0, 1, 0, 10 * H)]

    known = summarise(made(house(), visits, held=held, log=log), house())

    # 8:00-9:30 (half an hour of it waiting for the bed) and 10:00-12:00 of two sessions of 4 hours
    assert known["theatre_use"] == pytest.approx(100 * 3.5 / 8)
    assert known["theatre_overrun_minutes"] == pytest.approx(60 / 2)


def test_a_theatre_held_by_nobody_from_the_session_is_not_used_by_it():
    emergency = operated(8 * H, 9 * H, 9 * H)

    known = summarise(made(house(), [emergency], held=[sitting("list", 8 * H, 12 * H)]), house())

    assert known["theatre_use"] == 0


def test_clinic_wait_is_from_the_later_of_appointment_and_arrival():
    held = [sitting("clinic", 9 * H, 10 * H, slots=(9 * H, 9 * H + 10))]
    visits = [seen(9 * H - 20, 9 * H + 5, 9 * H + 20), seen(9 * H + 15, 9 * H + 20, 9 * H + 45)]
    log = [booked(0, 0, 0, 9 * H), booked(0, 1, 0, 9 * H + 10)]

    known = summarise(made(house(), visits, held=held, log=log), house())

    assert known["outpatient_wait_minutes"] == pytest.approx((5 + 5) / 2)
    assert known["clinic_idle_minutes"] == 5 + 15  # 9:00 to 9:05 and 9:45 to 10:00
    assert known["clinic_overtime_minutes"] == 0


def test_a_clinic_that_ends_late_has_overtime_and_two_in_a_room_are_no_less_idle():
    held = [sitting("clinic", 9 * H, 10 * H), sitting("clinic", 14 * H, 15 * H)]
    visits = [seen(9 * H, 9 * H, 9.5 * H), seen(9 * H + 1, 9 * H + 10, 10 * H + 30)]
    log = [booked(0, 0, 0, 9 * H), booked(0, 1, 0, 9 * H)]

    known = summarise(made(house(), visits, held=held, log=log), house())

    assert known["clinic_idle_minutes"] == (0 + 60) / 2  # nobody came in the afternoon
    assert known["clinic_overtime_minutes"] == 30 / 2


def test_one_who_is_seen_after_all_sessions_have_closed_is_in_nobody_elses_time():
    held = [sitting("clinic", 8 * H, 9 * H), sitting("clinic", 10 * H, 11 * H)]
    visits = [
        seen(10 * H, 10 * H, 10.5 * H),
        seen(10 * H + 1, 10.5 * H, 10.75 * H),
        seen(10 * H + 2, 22 * H, 23 * H),
    ]
    log = [booked(0, 0, 1, 10 * H), booked(0, 1, 1, 10 * H), booked(0, 2, 0, 8 * H)]

    known = summarise(made(house(), visits, held=held, log=log), house())

    assert known["clinic_idle_minutes"] == (60 + 15) / 2
    assert known["clinic_overtime_minutes"] == (14 * H + 0) / 2


def test_cancellations_and_no_shows_are_shares_of_those_booked():
    held = [sitting("list", 8 * H, 12 * H), sitting("clinic", 9 * H, 10 * H)]
    nothing = [("bed", None, None, None), ("cut", None, None, None), ("back", None, None, None)]
    visits = [
        ("case", None, nothing, {"listed": 0}),
        operated(8 * H, 9 * H, 9 * H, listed=1),
        ("visit", None, [("see", None, None, None)], {"listed": 2, "outcome": Outcome.NO_SHOW}),
        seen(9 * H, 9 * H, 9.5 * H, listed=3),
    ]
    log = [
        *(booked(5, who, 0, 8 * H) for who in (0, 1)),
        *(booked(5, who, 1, 9 * H) for who in (2, 3)),
        (Kind.ABANDONED, 12 * H, 0, "ward", 10 * H),
        (Kind.CANCELLED, 12 * H, 0, 0),
        (Kind.NO_SHOW, 9 * H, 2, 1),
    ]
    trace = made(house(), visits, held=held, log=log)

    known = summarise(trace, house())

    assert known["cancellations_a_day"] == 1
    assert known["cancelled_share"] == 25
    assert known["no_show_share"] == 25
    table = sessions_table(trace, house()).set_index("session")
    assert table.loc["list", ["held", "booked", "cancelled", "not_attended"]].tolist() == [1, 2, 1, 0]
    assert table.loc["clinic", ["held", "booked", "cancelled", "not_attended"]].tolist() == [1, 2, 0, 1]


def test_who_was_booked_before_the_run_belongs_to_the_session_of_that_day():
    held = [sitting("list", 8 * H, 12 * H), sitting("list", 32 * H, 36 * H)]
    before = operated(32 * H, 34 * H, 34 * H, listed=-99)
    before[3].update(origin=BOOKED, appointment=32 * H, session="list")

    table = sessions_table(made(house(), [before], held=held, days=2), house()).set_index("session")

    assert table.loc["list", "booked"] == 1
    assert table.loc["list", "use_percent"] == pytest.approx(100 * 2 / 8)


def test_the_list_is_those_listed_and_not_yet_come():
    visits = [
        seen(12 * H, 12 * H, 13 * H, listed=-12 * H),  # on the list for half of the day, and half before
        seen(18 * H, 18 * H, 19 * H, listed=12 * H),  # a quarter
        ("visit", None, [("see", None, None, None)], {"listed": 12 * H}),  # still on it
    ]

    known = summarise(made(house(), visits), house())

    assert known["list_length"] == pytest.approx(0.5 + 0.25 + 0.5)
    assert known["list_wait_days"] == pytest.approx((1 + 0.25) / 2)


def test_a_house_without_sessions_has_none_of_it():
    plain = hospital(pathways={"visit": [{"name": "see"}]})

    known = summarise(made(plain, [("visit", 0, [("see", None, 0, 0, 9, 9)])]), plain)

    assert all(
        math.isnan(known[key])
        for key in ("theatre_use", "clinic_idle_minutes", "cancelled_share", "list_length")
    )
