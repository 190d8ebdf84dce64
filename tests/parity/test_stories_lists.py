"""Waiting lists, sessions, appointments and cancellations.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes;
the second day begins at 1440.
"""

from __future__ import annotations

from tests.houses import came, ends, hospital, level, lines, minutes_of, outcomes, play, sitting, starts, told
from twin.hospital import Hospital
from twin.trace import Kind, Outcome
from twin.workload import BOOKED, LISTED, PLACE_LEFT

DAY = 24 * 60  # minutes
DONE, OPEN, NO_SHOW, LEFT = Outcome.DONE, Outcome.OPEN, Outcome.NO_SHOW, Outcome.LEFT
AT_ONCE = 1 / 60_000  # one millisecond [minutes]


def theatre_house(theatre=1, *, limit: bool = True, early: float = 0, ward=5, **parts) -> Hospital:
    """Long and short operations in sessions of one list; emergencies come as they come."""
    limit_step = {"limit_step": "operate"} if limit else {}
    booking = {"come_early_minutes": early, **limit_step}

    def operate(mean: float) -> dict:
        return {"name": "operate", "places": ["theatre"], "duration": {"mean": mean, "unit": "minutes"}}

    return hospital(
        places={"theatre": theatre},
        wards={"ward": ward},
        pathways={
            "long": [operate(150)],
            "short": [operate(30)],
            "prepared": [{"name": "prepare", "places": ["ward"], "keeps_place": True}, operate(30)],
            "emergency": [operate(30)],
        },
        priorities={"emergency": 1, **parts.pop("priorities", {})},
        classes={name: {"booking": booking} for name in ("long", "short", "prepared")},
        sessions={"list": ["long", "short", "prepared"]},
        **parts,
    )


def case_of(name: str, listed: float, long: float, **more) -> tuple:
    """One who is put on the list for an operation (an emergency: who comes for one)."""
    return (name, listed, [("operate", long)], more)


# ---- who is booked, and for when -----------------------------------------------------------------


def test_cases_are_booked_by_time_and_who_does_not_fit_is_passed_over(engine):
    house = theatre_house({"physical": 1, "staffed": 1, "turnaround_minutes": 30})
    rows = [case_of("long", 0, 150), case_of("long", 1, 150), case_of("short", 2, 30)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 720, books=60)])

    # 150 + 30, then 30 + 30 of the 240 minutes; another long one does not fit
    assert lines(trace, house, Kind.BOOKED) == [(60, 1, 0, 480), (60, 3, 0, 660)]
    assert starts(trace) == [480, None, 660]
    assert came(trace) == [480, None, 660]
    assert outcomes(trace) == [DONE, OPEN, DONE]


def test_the_most_urgent_is_booked_first_then_who_is_listed_longest(engine):
    house = theatre_house(priorities={"long": 5, "short": 3})
    rows = [case_of("long", 0, 10), case_of("short", 10, 30), case_of("short", 5, 30)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 700, books=60)])

    assert lines(trace, house, Kind.BOOKED) == [(60, 1, 0, 540), (60, 3, 0, 480), (60, 2, 0, 510)]


def test_of_two_listed_together_the_first_key_is_booked_first(engine):
    house = theatre_house()

    trace = play(engine, house, [case_of("short", 0, 30)] * 2, held=[sitting("list", 480, 600, books=0)])

    assert starts(trace) == [480, 510]


def test_who_is_listed_as_the_session_is_filled_is_a_candidate_and_who_comes_after_is_not(engine):
    house = theatre_house()
    rows = [case_of("short", 60, 30), case_of("short", 60 + AT_ONCE, 30)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 600, books=60)])

    assert starts(trace) == [480, None]


def test_who_is_not_booked_waits_for_the_next_session(engine):
    house = theatre_house()
    rows = [case_of("long", 0, 150), case_of("long", 1, 150)]
    held = [sitting("list", 480, 640, books=60), sitting("list", 480 + DAY, 640 + DAY, books=60 + DAY)]

    trace = play(engine, house, rows, held=held)

    assert lines(trace, house, Kind.BOOKED) == [(60, 1, 0, 480), (60 + DAY, 2, 1, 480 + DAY)]
    assert starts(trace) == [480, 480 + DAY]


def test_of_two_sessions_filled_together_the_one_that_opens_first_is_filled_first(engine):
    house = theatre_house(theatre=2)
    rows = [case_of("short", at, 30) for at in (0, 1, 2)]
    held = [sitting("list", 600, 660, books=60), sitting("list", 480, 520, books=60)]

    trace = play(engine, house, rows, held=held)

    assert starts(trace) == [480, 600, 630]


def test_a_session_takes_only_patients_of_its_classes(engine):
    booking = {"booking": {"limit_step": "see"}}
    house = hospital(
        places={"room": 2},
        pathways={name: [{"name": "see", "places": ["room"]}] for name in ("new", "follow_up")},
        classes={"new": booking, "follow_up": booking},
        sessions={"first_visits": ["new"], "any_visits": ["new", "follow_up"]},
    )
    rows = [("follow_up", 0, [("see", 10)]), ("new", 1, [("see", 10)])]
    held = [
        sitting("first_visits", 480, 500, books=60, slots=[480, 490]),
        sitting("any_visits", 600, 620, books=60, slots=[600]),
    ]

    trace = play(engine, house, rows, held=held)

    assert starts(trace) == [600, 480]


def clinic(*, rooms: int = 1, early: float = 0, patience: bool = False) -> Hospital:
    """A clinic with slots; nobody is cancelled for want of time."""
    return hospital(
        places={"room": rooms},
        pathways={
            "visit": [{"name": "see", "places": ["room"]}],
            "walk_in": [{"name": "see", "places": ["room"]}],
        },
        classes={"visit": {"booking": {"come_early_minutes": early}}},
        sessions={"clinic": ["visit"]},
    )


def visit(listed: float, long: float, **more) -> tuple:
    """One who waits for an appointment."""
    return ("visit", listed, [("see", long)], more)


def test_slots_are_taken_in_turn_and_the_first_may_be_overbooked(engine):
    house = clinic()
    slots = [480, 480, 500, 520]

    trace = play(
        engine,
        house,
        [visit(at, 15) for at in range(5)],
        held=[sitting("clinic", 480, 540, books=60, slots=slots)],
    )

    assert [line[3] for line in lines(trace, house, Kind.BOOKED)] == [480, 480, 500, 520]
    assert came(trace) == [480, 480, 500, 520, None]
    assert starts(trace) == [480, 495, 510, 525, None]


def test_a_visit_longer_than_its_slot_is_still_booked(engine):
    house = clinic()

    trace = play(engine, house, [visit(0, 90)], held=[sitting("clinic", 480, 485, books=60, slots=[480])])

    assert ends(trace) == [570]


def test_patients_come_early_and_late_and_are_seen_as_they_come(engine):
    house = clinic(early=10)
    rows = [visit(0, 15, late=25), visit(1, 15, late=-5), visit(2, 15)]

    trace = play(engine, house, rows, held=[sitting("clinic", 480, 540, books=60, slots=[480, 500, 520])])

    # 480 - 10 + 25, 500 - 10 - 5, 520 - 10
    assert came(trace) == [495, 485, 510]
    assert starts(trace) == [500, 485, 515]


def test_a_walk_in_is_seen_between_appointments(engine):
    house = clinic()
    rows = [visit(0, 15), visit(1, 15), ("walk_in", 490, [("see", 20)])]

    trace = play(engine, house, rows, held=[sitting("clinic", 480, 540, books=60, slots=[480, 500])])

    assert starts(trace) == [480, 515, 495]


def test_who_is_booked_for_now_comes_the_next_instant(engine):
    house = clinic(early=30)

    trace = play(engine, house, [visit(0, 15)], held=[sitting("clinic", 480, 540, books=480, slots=[480])])

    assert came(trace) == [480 + AT_ONCE]
    assert starts(trace) == [480 + AT_ONCE]


def test_who_does_not_come_leaves_the_list_for_good_and_his_slot_is_lost(engine):
    house = clinic()
    rows = [visit(0, 15, shows=False), visit(1, 15)]
    held = [
        sitting("clinic", 480, 500, books=60, slots=[480]),
        sitting("clinic", 480 + DAY, 500 + DAY, books=60 + DAY, slots=[480 + DAY, 490 + DAY]),
    ]

    trace = play(engine, house, rows, held=held)

    assert outcomes(trace) == [NO_SHOW, DONE]
    assert came(trace) == [None, 480 + DAY]
    assert lines(trace, house, Kind.NO_SHOW) == [(480, 1, 0)]
    assert told(trace, "requested")[0] == [None]


def test_his_absence_is_noted_at_the_appointment_however_early_he_was_asked_to_come(engine):
    house = clinic(early=60)

    trace = play(
        engine,
        house,
        [visit(0, 15, shows=False, late=30)],
        held=[sitting("clinic", 480, 500, books=60, slots=[480])],
    )

    assert lines(trace, house, Kind.NO_SHOW) == [(480, 1, 0)]


def test_a_clinic_without_a_limit_sees_its_patients_after_it_has_closed(engine):
    house = clinic()
    rows = [visit(0, 100), visit(1, 100)]

    trace = play(engine, house, rows, held=[sitting("clinic", 480, 500, books=60, slots=[480, 490])])

    assert starts(trace) == [480, 580]
    assert lines(trace, house, Kind.CANCELLED) == []


def test_a_session_after_the_run_books_and_its_patients_stay_on_the_books(engine):
    house = clinic()

    trace = play(
        engine,
        house,
        [visit(0, 15)],
        days=1,
        held=[sitting("clinic", 480 + DAY, 500 + DAY, books=60, slots=[480 + DAY])],
    )

    assert lines(trace, house, Kind.BOOKED) == [(60, 1, 0, 480 + DAY)]
    assert outcomes(trace) == [OPEN]
    assert came(trace) == [None]


# ---- emergencies and the limit -------------------------------------------------------------------


def test_an_emergency_goes_between_the_electives(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 30), case_of("short", 1, 30), case_of("emergency", 495, 60)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 540, books=60, limit=600)])

    assert starts(trace) == [480, 570, 510]


LIST = [
    sitting("list", 480, 560, books=60),
    sitting("list", 480 + DAY, 560 + DAY, books=60 + DAY),
]


def test_who_still_waits_at_the_limit_is_cancelled_and_booked_again_with_his_first_date(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 100), case_of("short", 1, 30), case_of("short", 100, 30)]

    trace = play(engine, house, rows, held=LIST)

    # the first is in theatre at the limit of 560 and is finished at 580; the second comes before the
    # third in the next session, since he was listed before him
    assert lines(trace, house, Kind.CANCELLED) == [(560, 2, 0)]
    assert lines(trace, house, Kind.BOOKED) == [
        (60, 1, 0, 480),
        (60, 2, 0, 510),
        (60 + DAY, 2, 1, 480 + DAY),
        (60 + DAY, 3, 1, 510 + DAY),
    ]
    assert starts(trace) == [480, 480 + DAY, 510 + DAY]
    assert came(trace) == [480, 480 + DAY, 510 + DAY]
    assert outcomes(trace) == [DONE, DONE, DONE]


def test_a_theatre_that_is_freed_at_the_limit_is_freed_in_time(engine):
    house = theatre_house()

    trace = play(engine, house, [case_of("short", 0, 80), case_of("short", 1, 30)], held=LIST)

    assert starts(trace) == [480, 560]
    assert lines(trace, house, Kind.CANCELLED) == []


def test_the_allowed_overrun_puts_the_limit_off(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 100), case_of("short", 1, 30)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 560, books=60, limit=580)])

    assert starts(trace) == [480, 580]


def test_who_comes_after_the_limit_is_cancelled_though_the_theatre_is_free(engine):
    house = theatre_house()

    trace = play(engine, house, [case_of("short", 0, 30, late=81)], held=LIST)

    assert lines(trace, house, Kind.CANCELLED) == [(561, 1, 0), (561 + DAY, 1, 1)]
    assert told(trace, "requested") == [[None]]
    assert came(trace) == [None]
    assert outcomes(trace) == [OPEN]


def test_who_comes_at_the_limit_itself_may_start(engine):
    house = theatre_house()

    trace = play(engine, house, [case_of("short", 0, 30, late=80)], held=LIST)

    assert starts(trace) == [560]


def test_he_who_is_cancelled_gives_up_his_bed_and_what_was_done_is_told_in_the_log(engine):
    house = theatre_house(ward={"physical_beds": 1, "staffed_beds": 1, "turnaround_minutes": 60})
    rows = [
        case_of("short", 0, 90),
        ("prepared", 1, [("prepare", 20), ("operate", 30)]),
        ("prepared", 2, [("prepare", 20), ("operate", 30)], {"late": 40}),
    ]
    first = sitting("list", 480, 560, books=60, slots=[480, 490, 510])

    trace = play(engine, house, rows, held=[first, LIST[1]])

    # the second lies in the one bed from 490, ready for theatre at 510, cancelled at 560; the bed is
    # ready again at 620, where the third (who came at 550) begins: he asks for theatre at 640, too late
    assert lines(trace, house, Kind.CANCELLED)[:2] == [(560, 2, 0), (640, 3, 0)]
    assert lines(trace, house, Kind.ABANDONED)[:2] == [(560, 2, "ward", 490), (640, 3, "ward", 620)]
    # the next day the third is as late again, and finds the bed in turnaround again
    assert told(trace, "started")[1:] == [[480 + DAY, 500 + DAY], [None, None]]
    assert outcomes(trace) == [DONE, DONE, OPEN]


def test_a_bed_that_the_cancelled_gives_up_lets_the_next_come_and_only_once(engine):
    house = theatre_house()
    rows = [
        case_of("short", 0, 100),
        ("prepared", 1, [("prepare", 20), ("operate", 30)]),
        ("emergency", 0, [("operate", 10)], {"cue": (2, "prepare", PLACE_LEFT, 5)}),
    ]

    trace = play(engine, house, rows, held=LIST)

    # the second lies in the ward when he is cancelled at 560, and gives up the bed again the next day
    assert lines(trace, house, Kind.CANCELLED) == [(560, 2, 0)]
    assert came(trace) == [480, 480 + DAY, 565]


def test_a_bed_given_up_before_the_cancellation_is_told_as_it_was(engine):
    house = theatre_house()
    steps = house.pathways["prepared"].steps
    given_up = steps[0].model_copy(update={"keeps_place": False})
    house = house.model_copy(
        update={
            "pathways": {
                **house.pathways,
                "prepared": house.pathways["prepared"].model_copy(update={"steps": (given_up, steps[1])}),
            }
        }
    )
    rows = [case_of("short", 0, 100), ("prepared", 1, [("prepare", 20), ("operate", 30)])]

    trace = play(engine, house, rows, days=1, held=LIST[:1])

    assert lines(trace, house, Kind.CANCELLED) == [(560, 2, 0)]
    assert lines(trace, house, Kind.ABANDONED) == [(530, 2, "ward", 510)]


def test_a_cancelled_patient_brings_the_same_draws(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 100), case_of("short", 1, 37, late=5)]

    trace = play(engine, house, rows, held=LIST)

    assert came(trace)[1] == 485 + DAY
    assert ends(trace)[1] == 522 + DAY


def test_he_who_is_cancelled_gives_the_promise_back(engine):
    booking = {"booking": {"limit_step": "operate"}}
    house = hospital(
        places={"holding": 1, "theatre": level(("08:00", "24:00", 0)), "recovery": 1},
        pathways={
            "surgical": [
                {"name": "hold", "places": ["holding"], "needs_next": "recover"},
                {"name": "operate", "places": ["theatre"]},
                {"name": "recover", "places": ["recovery"]},
            ],
            "direct": [{"name": "recover", "places": ["recovery"]}],
        },
        classes={"surgical": booking},
        sessions={"list": ["surgical"]},
    )
    rows = [
        ("surgical", 0, [("hold", 5), ("operate", 30), ("recover", 30)]),
        ("direct", 500, [("recover", 10)]),
    ]

    trace = play(engine, house, rows, days=1, held=[sitting("list", 480, 560, books=60)])

    assert lines(trace, house, Kind.CANCELLED) == [(560, 1, 0)]
    assert starts(trace) == [None, 560]


def test_a_case_that_was_stopped_in_theatre_is_not_cancelled(engine):
    house = theatre_house(level(("08:30", "11:00", 0), on_fall="stop"))

    trace = play(engine, house, [case_of("short", 0, 60)], held=LIST)

    assert ends(trace) == [690]
    assert lines(trace, house, Kind.CANCELLED) == []


def test_who_leaves_at_the_limit_has_left_and_is_not_cancelled(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 100), ("short", 1, [("operate", 30, 50)])]

    trace = play(engine, house, rows, held=LIST)

    assert outcomes(trace) == [DONE, LEFT]  # asked at 510, out of patience at 560
    assert lines(trace, house, Kind.CANCELLED) == []


def test_a_session_filled_as_someone_is_cancelled_does_not_have_him_yet(engine):
    house = theatre_house()
    rows = [case_of("short", 0, 100), case_of("short", 1, 30)]
    held = [
        sitting("list", 480, 560, books=60),
        sitting("list", 700, 760, books=560),
        sitting("list", 800, 860, books=561),
    ]

    trace = play(engine, house, rows, held=held)

    assert starts(trace) == [480, 800]


def test_a_cancelled_patient_goes_through_all_his_steps_again(engine):
    house = theatre_house(ward=1)
    rows = [
        case_of("short", 0, 100),
        ("prepared", 1, [("prepare", 20), ("operate", 30)]),
        ("prepared", 600, [("prepare", 20), ("operate", 30)]),
    ]
    held = [
        sitting("list", 480, 560, books=60),
        sitting("list", 900, 960, books=700),
    ]

    trace = play(engine, house, rows, held=held)

    # cancelled at 560 and booked again before the other: 900 and 930
    assert told(trace, "started")[1:] == [[900, 920], [930, 950]]


# ---- lists and books from before the run ---------------------------------------------------------


def test_who_was_on_the_list_before_the_run_is_booked_first(engine):
    house = theatre_house()
    rows = [case_of("long", -600, 150, origin=LISTED), case_of("long", 0, 150)]

    trace = play(engine, house, rows, held=[sitting("list", 480, 640, books=60)])

    assert starts(trace) == [480, None]


def test_who_was_booked_before_the_run_comes_to_his_appointment(engine):
    house = theatre_house(early=30)
    booked = {"origin": BOOKED, "session": "list"}
    rows = [
        case_of("short", -600, 100, appointment=480, **booked),
        case_of("short", -500, 30, appointment=510, late=20, **booked),
    ]

    trace = play(engine, house, rows, held=[sitting("list", 480, 560, books=-60), LIST[1]])

    assert came(trace) == [450, 500]
    assert lines(trace, house, Kind.BOOKED) == []
    assert starts(trace) == [450, 550]


def test_he_belongs_to_the_session_of_that_day_and_is_cancelled_at_its_limit(engine):
    house = theatre_house()
    booked = {"origin": BOOKED, "session": "list"}
    rows = [
        case_of("short", -600, 100, appointment=480, **booked),
        case_of("short", -500, 30, appointment=510, **booked),
    ]

    trace = play(engine, house, rows, held=[sitting("list", 480, 560, books=-60), LIST[1]])

    assert lines(trace, house, Kind.CANCELLED) == [(560, 2, 0)]
    assert starts(trace) == [480, 480 + DAY]


def test_one_booked_before_the_run_who_does_not_come_is_missed_at_his_appointment(engine):
    house = theatre_house(early=60)
    booked = {"origin": BOOKED, "session": "list", "shows": False}

    trace = play(
        engine,
        house,
        [case_of("short", -600, 100, appointment=480, **booked)],
        held=[sitting("list", 480, 560, books=-60)],
    )

    assert lines(trace, house, Kind.NO_SHOW) == [(480, 1, 0)]


def test_who_asks_too_late_has_missed_his_kit_all_the_same(engine):
    house = hospital(
        places={"theatre": 1},
        items={"gauze": 1},
        kits={"two": {"gauze": 2}},
        pathways={"short": [{"name": "operate", "places": ["theatre"], "kit": "two"}]},
        classes={"short": {"booking": {"limit_step": "operate"}}},
        sessions={"list": ["short"]},
    )

    trace = play(engine, house, [case_of("short", 0, 30, late=81)], days=1, held=LIST[:1])

    assert lines(trace, house, Kind.CANCELLED) == [(561, 1, 0)]
    assert lines(trace, house, Kind.MISSED) == [(561, 1, "gauze", 1)]


def test_if_no_session_is_held_that_day_he_has_no_limit(engine):
    house = theatre_house()
    booked = {"origin": BOOKED, "session": "list"}
    rows = [
        case_of("short", -600, 100, appointment=480, **booked),
        case_of("short", -500, 30, appointment=510, **booked),
    ]

    trace = play(engine, house, rows, held=LIST[1:])

    assert starts(trace) == [480, 580]


def test_one_booked_for_an_hour_before_the_run_comes_as_it_begins(engine):
    house = theatre_house(early=60)

    trace = play(
        engine,
        house,
        [case_of("short", -600, 30, origin=BOOKED, session="list", appointment=30)],
        held=[sitting("list", 0, 60, books=-600)],
    )

    assert came(trace) == [0]
    assert minutes_of(trace.started) == [0]
