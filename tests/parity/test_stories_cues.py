"""Patients who come on a cue, and those who are there when the run begins.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes.
"""

from __future__ import annotations

from tests.houses import came, ends, hospital, level, lines, outcomes, play, sitting, starts, told
from twin.hospital import Hospital
from twin.trace import Kind, Outcome
from twin.workload import HOUSE_LEFT, IN_STEP, PLACE_LEFT, STEP_ENDED, STOPPED, WAITING


def house_of(**step) -> Hospital:
    """A room, and a ward after it; or a room alone."""
    return hospital(
        places={"room": 1, "washer": 1},
        wards={"ward": 1},
        pathways={
            "visit": [{"name": "see", "places": ["room"], **step}],
            "admitted": [
                {"name": "see", "places": ["room"], "keeps_place": True, **step},
                {"name": "stay", "places": ["ward"]},
            ],
            "tray": [{"name": "wash", "places": ["washer"]}],
        },
    )


def see(at: float, *long: float, **more) -> tuple:
    """One who comes to be seen."""
    return ("visit", at, [("see", *long)], more)


# ---- cues ----------------------------------------------------------------------------------------


def test_the_next_comes_when_the_first_gives_up_the_room(engine):
    house = house_of()

    trace = play(engine, house, [see(0, 30), see(0, 30, cue=(1, "see", PLACE_LEFT, 5))])

    assert starts(trace) == [0, 35]
    assert came(trace) == [0, 35]


def test_a_room_that_is_kept_is_given_up_when_the_ward_takes_the_patient(engine):
    house = house_of()
    rows = [
        ("admitted", 0, [("see", 10), ("stay", 100)]),
        ("admitted", 1, [("see", 10), ("stay", 100)]),
        see(0, 30, cue=(1, "see", PLACE_LEFT, 5)),
        see(0, 30, cue=(2, "see", PLACE_LEFT, 5)),
    ]

    trace = play(engine, house, rows)

    # the first goes to the ward at 10; the second is seen at 20 and keeps the room until 110
    assert came(trace) == [0, 1, 15, 115]
    assert starts(trace) == [0, 10, 110, 140]


def test_a_member_of_a_population_comes_back_after_he_has_left_the_house(engine):
    house = house_of()
    rows = [
        ("admitted", 0, [("see", 10), ("stay", 100)]),
        ("admitted", 0, [("see", 10), ("stay", 50)], {"cue": (1, "stay", HOUSE_LEFT, 60)}),
        ("admitted", 0, [("see", 10), ("stay", 50)], {"cue": (2, "stay", HOUSE_LEFT, 60)}),
    ]

    trace = play(engine, house, rows)

    assert came(trace) == [0, 170, 290]
    assert outcomes(trace) == [Outcome.DONE] * 3


def test_who_left_without_being_seen_has_left_the_house_and_the_room(engine):
    house = house_of()
    rows = [
        see(0, 100),
        see(10, 30, 20),
        see(0, 5, cue=(2, "see", HOUSE_LEFT, 7)),
        see(0, 5, cue=(2, "see", PLACE_LEFT, 9)),
    ]

    trace = play(engine, house, rows)

    assert came(trace) == [0, 10, 37, 39]


def test_who_did_not_attend_gives_his_cues_too(engine):
    house = hospital(
        places={"room": 1},
        pathways={name: [{"name": "see", "places": ["room"]}] for name in ("visit", "booked")},
        classes={"booked": {"booking": {}}},
        sessions={"clinic": ["booked"]},
    )
    rows = [
        ("booked", 0, [("see", 10)], {"shows": False}),
        see(0, 5, cue=(1, "see", HOUSE_LEFT, 7)),
        see(0, 5, cue=(1, "see", PLACE_LEFT, 9)),
        see(0, 5, cue=(1, "see", STEP_ENDED, 9)),
    ]

    trace = play(engine, house, rows, days=1, held=[sitting("clinic", 480, 540, books=60, slots=[480])])

    assert came(trace) == [None, 487, 489, None]


def test_a_step_passed_over_gives_its_cue_when_the_patient_leaves_the_house(engine):
    house = hospital(
        places={"scanner": 0, "room": 1},
        pathways={
            "visit": [
                {"name": "scan", "places": ["scanner"], "if_full": "skips"},
                {"name": "see", "places": ["room"]},
            ]
        },
    )
    rows = [
        ("visit", 0, [("scan", 5), ("see", 30)]),
        ("visit", 0, [("scan", 5), ("see", 30)], {"cue": (1, "scan", PLACE_LEFT, 5)}),
        ("visit", 0, [("scan", 5), ("see", 30)], {"cue": (1, "scan", STEP_ENDED, 1)}),
    ]

    trace = play(engine, house, rows)

    assert came(trace) == [0, 35, None]  # a step that never ended gives no cue of its end


def test_a_step_gives_one_cue_as_it_ends_however_often_it_was_stopped(engine):
    house = hospital(
        places={"room": level(("01:00", "02:00", 0), on_fall="stop"), "washer": 1},
        pathways={
            "visit": [{"name": "see", "places": ["room"]}],
            "tray": [{"name": "wash", "places": ["washer"]}],
        },
    )
    rows = [see(30, 60), ("tray", 0, [("wash", 10)], {"cue": (1, "see", STEP_ENDED, 1)})]

    trace = play(engine, house, rows)

    assert came(trace) == [30, 151]
    assert ends(trace) == [150, 161]


def test_several_come_on_one_cue(engine):
    house = house_of()
    rows = [
        see(0, 30),
        see(0, 10, cue=(1, "see", STEP_ENDED, 5)),
        see(0, 10, cue=(1, "see", STEP_ENDED, 5)),
        see(0, 10, cue=(1, "see", STEP_ENDED, 2)),
    ]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 42, 52, 32]
    assert came(trace) == [0, 35, 35, 32]


def test_who_waits_for_a_cue_at_the_end_never_came(engine):
    house = house_of()

    trace = play(engine, house, [see(0, 2_000), see(0, 10, cue=(1, "see", PLACE_LEFT, 5))], days=1)

    assert came(trace) == [0, None]
    assert outcomes(trace) == [Outcome.OPEN, Outcome.OPEN]


def test_a_saturated_room_always_has_one_in_it_and_one_who_waits(engine):
    house = house_of()
    rows = [see(0, 10), see(0, 10)] + [see(0, 10, cue=(n, "see", PLACE_LEFT, 1)) for n in (1, 2, 3)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 20, 30, 40]
    assert came(trace) == [0, 0, 11, 21, 31]


# ---- there when the run begins -------------------------------------------------------------------


def test_a_bed_in_turnaround_as_the_run_begins_is_ready_when_it_says(engine):
    house = house_of()

    trace = play(engine, house, [see(0, 10), see(0, 10)], cleaning=[("room", 45)])

    assert starts(trace) == [45, 55]


def test_of_two_rooms_in_turnaround_each_is_ready_in_its_time(engine):
    house = hospital(places={"room": 2}, pathways={"visit": [{"name": "see", "places": ["room"]}]})

    trace = play(engine, house, [see(0, 100), see(0, 100)], cleaning=[("room", 45), ("room", 20)])

    assert starts(trace) == [20, 45]


def test_one_who_was_stopped_before_the_run_goes_on_with_what_is_left(engine):
    house = house_of()

    trace = play(engine, house, [see(-60, 20, origin=STOPPED), see(-30, 10, origin=WAITING)])

    assert ends(trace) == [20, 30]
    assert lines(trace, house, Kind.RESUMED) == [(0, 1, "room")]
    assert lines(trace, house, Kind.STOPPED) == []


def test_one_who_was_stopped_for_people_goes_on_in_the_room_that_he_kept(engine):
    house = hospital(
        places={"room": 1},
        staff={"doctor": 1},
        pathways={
            "visit": [{"name": "see", "places": ["room"], "staff": {"doctor": 1}}],
            "talk": [{"name": "see", "staff": {"doctor": 1}}],
        },
    )
    rows = [
        ("talk", -70, [("see", 15)], {"origin": IN_STEP}),
        see(-60, 20, origin=STOPPED, held="room"),
        see(0, 10),
    ]

    trace = play(engine, house, rows)

    assert ends(trace) == [15, 35, 45]
    assert lines(trace, house, Kind.RESUMED) == [(15, 2, "room")]


def test_they_came_when_the_workload_says(engine):
    house = house_of()
    rows = [
        ("admitted", -60, [("stay", 100)], {"origin": IN_STEP, "held": "ward", "came": -200}),
        ("admitted", -30, [("stay", 100)], {"origin": WAITING, "held": "room", "came": -90}),
        see(-10, 5, origin=WAITING),
    ]

    trace = play(engine, house, rows)

    assert came(trace) == [-200, -90, -10]
    assert told(trace, "started") == [[-60], [100], [100]]


def test_more_may_lie_in_a_ward_as_the_run_begins_than_are_open(engine):
    house = hospital(wards={"ward": 1}, pathways={"stay": [{"name": "stay", "places": ["ward"]}]})
    rows = [("stay", -at, [("stay", 100 - at)], {"origin": IN_STEP, "held": "ward"}) for at in (60, 50, 40)]

    trace = play(engine, house, [*rows, ("stay", 0, [("stay", 10)])])

    assert ends(trace) == [40, 50, 60, 70]


def test_a_place_that_stops_work_stops_who_is_too_many_as_the_run_begins(engine):
    house = hospital(
        places={"room": level(("00:00", "01:00", 1), usual=2, on_fall="stop")},
        pathways={"visit": [{"name": "see", "places": ["room"]}]},
    )
    rows = [see(-at, 100, origin=IN_STEP, held="room") for at in (60, 50)]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.STOPPED) == [(0, 2, "room", 0)]
    assert ends(trace) == [100, 160]
