"""Work that is stopped and goes on later: falls in level, pre-emption; and stays that go on elsewhere.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.houses import (
    case,
    duty,
    ends,
    hospital,
    level,
    lines,
    outcomes,
    patients,
    play,
    profile_at,
    starts,
    told,
    where,
)
from twin.engine import simulate
from twin.hospital import Hospital
from twin.trace import Kind, Outcome
from twin.units import hours
from twin.workload import IN_STEP

H = 60  # minutes


def see(name: str, at: float, *long: float) -> tuple:
    """One who comes to be seen."""
    return (name, at, [("see", *long)])


# ---- a fall in level -----------------------------------------------------------------------------


def clinic(room, doctor: dict | None = None, **step) -> Hospital:
    """Rooms, and a doctor where a story needs one."""
    return hospital(
        places={"room": room},
        staff={} if doctor is None else {"doctor": doctor},
        pathways={
            name: [{"name": "see", "places": ["room"], **people, **step}]
            for name, people in {
                "visit": {} if doctor is None else {"staff": {"doctor": 1}},
                "urgent": {} if doctor is None else {"staff": {"doctor": 1}},
            }.items()
        },
        priorities={"urgent": 1},
    )


def test_who_is_being_seen_as_the_room_closes_is_stopped_and_goes_on_when_it_opens(engine):
    house = clinic(level(("08:00", "16:00", 0), on_fall="stop"))  # hand_shift_finish, but stopped
    rows = [see("visit", 7 * H, 2 * H), see("visit", 7.5 * H, H), see("visit", 12 * H, H)]

    trace = play(engine, house, rows)

    assert starts(trace) == [7 * H, 17 * H, 18 * H]  # the first goes on at 16, for he asked first
    assert ends(trace) == [17 * H, 18 * H, 19 * H]
    assert told(trace, "left")[0] == [17 * H]
    assert lines(trace, house, Kind.STOPPED) == [(8 * H, 1, "room", 0)]
    assert lines(trace, house, Kind.RESUMED) == [(16 * H, 1, "room")]


def test_a_patient_stopped_by_each_fall_has_what_is_left_of_his_step_each_time(engine):
    house = clinic(level(("01:00", "02:00", 0), ("03:00", "04:00", 0), on_fall="stop"))

    trace = play(engine, house, [see("visit", 30, 120)])

    assert ends(trace) == [270]  # 30 minutes before 1:00, 60 from 2:00, the last 30 from 4:00
    assert [line[0] for line in lines(trace, house, Kind.STOPPED)] == [60, 180]


def test_a_step_that_ends_as_the_room_closes_has_ended(engine):
    house = clinic(level(("01:00", "02:00", 0), on_fall="stop"))

    trace = play(engine, house, [see("visit", 0, 60)])

    assert ends(trace) == [60]
    assert lines(trace, house, Kind.STOPPED) == []


def test_one_less_doctor_stops_the_one_who_started_last(engine):
    house = clinic(3, duty(("01:00", "03:00", 1), usual=2, on_fall="stop"))

    trace = play(engine, house, [see("visit", 0, 100), see("visit", 10, 100)])

    # stopped at 60 with 50 minutes left; the doctor of the first is free at 100
    assert ends(trace) == [100, 150]
    assert lines(trace, house, Kind.STOPPED) == [(60, 2, "room", 1)]
    assert lines(trace, house, Kind.RESUMED) == [(100, 2, "room")]


def test_of_two_the_less_urgent_is_stopped_though_he_started_first(engine):
    house = clinic(3, duty(("01:00", "03:00", 1), usual=2, on_fall="stop"))

    trace = play(engine, house, [see("visit", 0, 100), see("urgent", 10, 100)])

    assert ends(trace) == [150, 110]  # stopped at 60 with 40 left, goes on at 110


def test_of_two_who_started_together_the_later_key_is_stopped(engine):
    house = clinic(3, duty(("01:00", "03:00", 1), usual=2, on_fall="stop"))

    trace = play(engine, house, [see("visit", 0, 100), see("visit", 0, 100)])

    assert ends(trace) == [100, 140]


def test_the_more_urgent_go_before_one_who_was_stopped(engine):
    house = clinic(4, duty(("01:00", "01:30", 1), ("02:00", "03:00", 1), usual=2, on_fall="stop"))
    rows = [see("visit", 0, 300), see("visit", 10, 100), see("urgent", 40, 30)]

    trace = play(engine, house, rows)

    # at 60 the second is stopped; at 90 the urgent is first, until one doctor goes again at 120
    assert starts(trace) == [0, 10, 90]
    assert ends(trace) == [300, 230, 120]
    assert lines(trace, house, Kind.STOPPED) == [(60, 2, "room", 1)]
    assert lines(trace, house, Kind.RESUMED) == [(180, 2, "room")]


def test_who_went_on_last_counts_as_the_one_who_started_last(engine):
    house = hospital(
        places={"north": level(("01:00", "01:30", 0), on_fall="stop"), "south": 1},
        staff={"doctor": duty(("02:00", "03:00", 1), usual=2, on_fall="stop")},
        pathways={
            name: [{"name": "see", "places": [name], "staff": {"doctor": 1}}] for name in ("north", "south")
        },
    )

    trace = play(engine, house, [see("north", 0, 150), see("south", 20, 200)])

    # the north goes on at 90 with 90 minutes left, so at 120 it is the one that is stopped
    assert ends(trace) == [240, 220]
    assert lines(trace, house, Kind.STOPPED) == [(60, 1, "north", 0), (120, 1, "north", 1)]


def test_who_is_stopped_for_want_of_a_doctor_keeps_his_room(engine):
    house = clinic(2, duty(("01:00", "02:00", 1), usual=2, on_fall="stop"))
    rows = [see("visit", 0, 90), see("visit", 10, 60), see("urgent", 70, 10)]

    trace = play(engine, house, rows)

    # both rooms are taken until the first ends at 90; the doctor he gives up goes to the urgent
    assert starts(trace) == [0, 10, 90]
    assert ends(trace) == [90, 110, 100]


def test_who_is_stopped_for_his_room_gives_up_the_doctor_too(engine):
    house = hospital(
        places={"north": level(("01:00", "02:00", 0), on_fall="stop"), "south": 1},
        staff={"doctor": 1},
        pathways={
            name: [{"name": "see", "places": [name], "staff": {"doctor": 1}}] for name in ("north", "south")
        },
    )

    trace = play(engine, house, [see("north", 0, 90), see("south", 10, 20)])

    assert starts(trace) == [0, 60]
    assert ends(trace) == [150, 80]


def test_rooms_are_looked_at_before_people(engine):
    house = hospital(
        places={"north": level(("01:00", "02:00", 0), on_fall="stop"), "south": 1},
        staff={"doctor": duty(("01:00", "02:00", 1), usual=2, on_fall="stop")},
        pathways={
            name: [{"name": "see", "places": [name], "staff": {"doctor": 1}}] for name in ("north", "south")
        },
    )

    trace = play(engine, house, [see("north", 0, 90), see("south", 10, 90)])

    # the north closes and gives up one doctor: then nobody is too many, and the south goes on
    assert ends(trace) == [150, 100]
    assert lines(trace, house, Kind.STOPPED) == [(60, 1, "north", 0)]


def test_only_as_many_are_stopped_as_are_too_many(engine):
    house = clinic(level(("01:00", "02:00", 1), usual=3, on_fall="stop"))
    rows = [see("visit", 0, 100), see("urgent", 5, 100), see("visit", 10, 100)]

    trace = play(engine, house, rows)

    # the third is stopped, then the first, who goes on at 105; the third goes on at 120
    assert ends(trace) == [145, 105, 170]


def test_a_boarder_is_not_stopped_and_one_in_treatment_is(engine):
    house = hospital(
        places={"cubicle": level(("01:00", "02:00", 1), usual=2, on_fall="stop")},
        wards={"ward": 0},
        pathways={
            "admitted": [
                {"name": "see", "places": ["cubicle"], "keeps_place": True},
                {"name": "stay", "places": ["ward"]},
            ]
        },
    )
    rows = [("admitted", 0, [("see", 100), ("stay", 10)]), ("admitted", 1, [("see", 30), ("stay", 10)])]

    trace = play(engine, house, rows, days=1)

    assert told(trace, "ended") == [[160, None], [31, None]]  # the second boards; the first is stopped


def test_a_step_in_the_place_that_was_kept_is_not_stopped_for_that_place(engine):
    house = hospital(
        places={"cubicle": level(("01:00", "02:00", 0), on_fall="stop")},
        pathways={
            "visit": [
                {"name": "see", "places": ["cubicle"], "keeps_place": True},
                {"name": "treat", "in_place": True},
            ]
        },
    )

    trace = play(engine, house, [("visit", 0, [("see", 30), ("treat", 60)])])

    assert told(trace, "ended") == [[30, 90]]


def test_a_group_that_lets_work_finish_takes_nobody_until_fewer_are_busy_than_there(engine):
    house = clinic(3, duty(("01:00", "03:00", 1), usual=2))
    rows = [see("visit", 0, 80), see("visit", 10, 90), see("visit", 70, 10)]

    trace = play(engine, house, rows)

    assert ends(trace) == [80, 100, 110]  # at 80 one doctor is busy and one is there; at 100 one is free


def test_who_is_looked_after_by_the_pool_is_not_stopped_as_the_group_falls(engine):
    house = hospital(
        staff={
            "nurse": duty(("01:00", "02:00", 0), usual=1, on_fall="stop", float_pool="pool"),
            "pool": 1,
        },
        pathways={"visit": [{"name": "see", "staff": {"nurse": 1}}]},
    )

    trace = play(engine, house, [see("visit", 0, 90), see("visit", 10, 70)])

    # the first had the nurse: he is stopped at 60, and the pool is with the second until 80
    assert ends(trace) == [110, 80]
    assert lines(trace, house, Kind.STOPPED) == [(60, 1, None, 0)]
    assert lines(trace, house, Kind.RESUMED) == [(80, 1, None)]
    assert lines(trace, house, Kind.FLOATED) == [(10, 2, "nurse", 1), (80, 1, "nurse", 1)]


def test_who_lost_his_place_goes_on_in_another_of_his_list(engine):
    house = hospital(
        places={"north": level(("01:00", "24:00", 0), on_fall="stop"), "south": 1},
        pathways={
            "visit": [{"name": "see", "places": ["north", {"place": "south", "after_hours": 2}]}],
        },
    )

    trace = play(engine, house, [see("visit", 0, 90)], days=1)

    # two hours after he asked the south is open to him; the row keeps the place where it began
    assert ends(trace) == [150]
    assert where(trace) == ["north"]
    assert lines(trace, house, Kind.RESUMED) == [(120, 1, "south")]
    assert told(trace, "left") == [[150]]


def test_one_who_is_stopped_has_no_patience_to_lose(engine):
    house = clinic(level(("01:00", "05:00", 0), on_fall="stop"))

    trace = play(engine, house, [see("visit", 0, 90, 30), see("visit", 10, 20, 30)])

    assert outcomes(trace) == [Outcome.DONE, Outcome.LEFT]
    assert ends(trace) == [330, None]


def test_one_who_is_stopped_and_holds_the_line_keeps_others_from_his_doctor(engine):
    house = hospital(
        places={"theatre": 1, "room": 1},
        staff={"doctor": duty(("01:00", "02:00", 1), usual=2, on_fall="stop")},
        pathways={
            "operation": [
                {"name": "cut", "places": ["theatre"], "staff": {"doctor": 2}, "holds_the_line": True}
            ],
            "visit": [{"name": "see", "places": ["room"], "staff": {"doctor": 1}}],
        },
    )

    trace = play(engine, house, [("operation", 0, [("cut", 90)]), see("visit", 70, 10)])

    assert ends(trace) == [150, 160]


def test_a_bed_that_a_stopped_patient_left_needs_no_turnaround(engine):
    room = level(("01:00", "02:00", 1), usual=2, on_fall="stop", turnaround_minutes=30)
    house = clinic(room)

    trace = play(engine, house, [see("visit", 0, 90), see("visit", 10, 90)])

    # one room is used at once, so the first is not too many; the second goes on as both open, at 120
    assert ends(trace) == [90, 160]
    assert lines(trace, house, Kind.STOPPED) == [(60, 2, "room", 0)]


def test_what_is_left_of_a_stay_is_a_length_not_an_hour_of_the_day(engine):
    closed = [
        {"days": ["tue"], "from": "00:00", "to": "06:00", "staffed_beds": 0},
    ]
    house = hospital(
        wards={
            "ward": {
                "physical_beds": 1,
                "staffed_beds": 1,
                "discharge_profile": "noon",
                "calendar": closed,
                "on_fall": "stop",
            }
        },
        profiles={"noon": profile_at(12)},
        pathways={"stay": [{"name": "stay", "places": ["ward"], "duration": {"mean": 2, "unit": "days"}}]},
    )
    work = patients(house, [("stay", 10 * H, [("stay", 48 * H)])])
    work = replace(work, wall=np.full(1, hours(12.5)))

    trace = simulate(case(house), work, engine=engine)

    # he would leave on Wednesday at 12:30; six hours without a bed, so at 18:30
    assert ends(trace) == [66.5 * H]


def test_only_a_fall_of_the_place_itself_stops_who_is_too_many(engine):
    house = hospital(
        places={
            "theatre": 1,
            "recovery": level(("00:30", "02:30", 0), on_fall="stop"),
        },
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery"]},
            ]
        },
    )

    trace = play(engine, house, [("surgical", 0, [("operate", 60), ("recover", 30)])])

    # recovery closes at 30, but his place is promised; he begins there at 60 and is left in peace
    assert told(trace, "ended") == [[60, 90]]
    assert lines(trace, house, Kind.STOPPED) == []


# ---- pre-emption ---------------------------------------------------------------------------------


def resus(beds=1, *, doctors: int = 0, stoppable: bool = True, **places) -> Hospital:
    """Beds where a red patient (1) may stop an amber (3) or a green one (5)."""
    step = {"name": "see", "places": ["bed"], "can_be_stopped": stoppable}
    staffed = {**step, "staff": {"doctor": 1}}
    return hospital(
        places={"bed": beds, **places},
        staff={"doctor": doctors},
        pathways={
            "red": [{"name": "see", "places": ["bed", *places]}],
            "red_with_doctor": [staffed],
            "amber": [step],
            "green": [step],
            "green_with_doctor": [staffed],
        },
        priorities={"red": 1, "red_with_doctor": 1, "amber": 3, "green": 5, "green_with_doctor": 5},
        classes={"red": {"preempts": True}, "red_with_doctor": {"preempts": True}},
    )


def test_the_urgent_stop_the_less_urgent_who_then_go_on_where_they_were(engine):
    house = resus()  # hand_preempt_resume

    trace = play(engine, house, [see("green", 0, 5), see("red", 2, 3)])

    assert ends(trace) == [8, 5]
    assert starts(trace) == [0, 2]
    assert lines(trace, house, Kind.STOPPED) == [(2, 1, "bed", 0)]
    assert lines(trace, house, Kind.RESUMED) == [(5, 1, "bed")]


def test_a_step_that_cannot_be_stopped_is_finished(engine):
    house = resus(stoppable=False)

    trace = play(engine, house, [see("green", 0, 5), see("red", 2, 3)])

    assert ends(trace) == [5, 8]


def test_nobody_stops_one_who_is_as_urgent(engine):
    house = resus(doctors=1)

    trace = play(engine, house, [see("red_with_doctor", 0, 5), see("red", 2, 3)])

    assert ends(trace) == [5, 8]


def test_a_class_that_does_not_preempt_waits_however_urgent(engine):
    house = resus()

    trace = play(engine, house, [see("green", 0, 5), see("amber", 2, 3)])

    assert ends(trace) == [5, 8]


def test_the_least_urgent_is_stopped_though_he_started_first(engine):
    house = resus(beds=2)

    trace = play(engine, house, [see("green", 0, 30), see("amber", 1, 60), see("red", 5, 10)])

    assert ends(trace) == [40, 61, 15]


def test_of_the_equally_urgent_the_one_who_started_last_is_stopped(engine):
    house = resus(beds=2)

    trace = play(engine, house, [see("green", 0, 60), see("green", 1, 60), see("red", 5, 10)])

    assert ends(trace) == [60, 71, 15]


def test_of_those_who_started_together_the_later_key_is_stopped(engine):
    house = resus(beds=2)

    trace = play(engine, house, [see("green", 0, 60), see("green", 0, 60), see("red", 5, 10)])

    assert ends(trace) == [60, 70, 15]


def test_nobody_is_stopped_if_that_would_not_help(engine):
    house = resus(beds=2, doctors=1)
    rows = [see("green_with_doctor", 0, 30), see("green", 1, 60), see("red_with_doctor", 5, 10)]

    trace = play(engine, house, rows)

    # the last is the one without a doctor; to stop him brings none, and nobody else is tried
    assert ends(trace) == [30, 61, 40]
    assert lines(trace, house, Kind.STOPPED) == []


def test_who_is_stopped_brings_his_doctor_too(engine):
    house = resus(beds=2, doctors=1)
    rows = [see("green", 0, 60), see("green_with_doctor", 1, 30), see("red_with_doctor", 5, 10)]

    trace = play(engine, house, rows)

    assert ends(trace) == [60, 41, 15]
    assert lines(trace, house, Kind.STOPPED) == [(5, 2, "bed", 0)]


def test_a_free_place_further_down_the_list_comes_before_stopping_anybody(engine):
    house = resus(beds=1, side=1)

    trace = play(engine, house, [see("green", 0, 60), see("red", 5, 10)])

    assert ends(trace) == [60, 15]
    assert where(trace) == ["bed", "side"]


def test_who_comes_as_the_bed_is_freed_stops_nobody(engine):
    house = resus()

    trace = play(engine, house, [see("green", 0, 30), see("red", 30, 10), see("green", 10, 5)])

    assert starts(trace) == [0, 30, 40]
    assert lines(trace, house, Kind.STOPPED) == []


def test_two_red_at_once_stop_two(engine):
    house = resus(beds=2)
    rows = [see("green", 0, 60), see("amber", 0, 60), see("red", 10, 20), see("red", 10, 30)]

    trace = play(engine, house, rows)

    # the amber goes on first, at 30; the green as the second red ends
    assert ends(trace) == [90, 80, 30, 40]


def test_the_stopped_may_stop_others_in_their_turn(engine):
    step = {"name": "see", "places": ["bed"], "can_be_stopped": True}
    house = hospital(
        places={"bed": 1},
        pathways={"red": [step], "amber": [step], "green": [step]},
        priorities={"red": 1, "amber": 2, "green": 3},
        classes={"red": {"preempts": True}, "amber": {"preempts": True}},
    )
    rows = [see("green", 0, 60), see("amber", 10, 60), see("red", 20, 10), see("green", 75, 5)]

    trace = play(engine, house, rows)

    # the amber goes on from 30 to 80, then the green from 80 to 130, for he asked before the green of 75
    assert ends(trace) == [130, 80, 30, 135]


def test_one_who_lost_his_room_may_stop_another_to_go_on(engine):
    house = hospital(
        places={"north": level(("01:00", "04:00", 0), on_fall="stop"), "south": 1},
        pathways={
            "red": [{"name": "see", "places": ["north", "south"]}],
            "green": [{"name": "see", "places": ["south"], "can_be_stopped": True}],
        },
        priorities={"red": 1, "green": 5},
        classes={"red": {"preempts": True}},
    )

    trace = play(engine, house, [see("green", 0, 100), see("red", 10, 90)])

    assert ends(trace) == [140, 100]
    assert lines(trace, house, Kind.STOPPED) == [(60, 1, "south", 0), (60, 2, "north", 0)]
    assert lines(trace, house, Kind.RESUMED) == [(60, 2, "south"), (100, 1, "south")]


def test_who_is_stopped_makes_room_without_turnaround(engine):
    house = resus({"physical": 1, "staffed": 1, "turnaround_minutes": 20})

    trace = play(engine, house, [see("green", 0, 30), see("red", 10, 10)])

    assert starts(trace) == [0, 10]
    assert ends(trace) == [60, 20]  # the red one's bed is turned around as usual: ready at 40


def test_one_who_aged_is_not_stopped_by_the_no_more_urgent(engine):
    house = hospital(
        places={"bed": 1},
        pathways={
            name: [{"name": "see", "places": ["bed"], "can_be_stopped": True}] for name in ("green", "red")
        },
        priorities={"green": 5, "red": 2},
        classes={
            "green": {"ages": [{"priority": 2, "after_hours": 1}]},
            "red": {"preempts": True},
        },
    )
    rows = [see("red", 0, 70), see("green", 5, 60), see("red", 80, 10)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 70, 130]


def test_one_who_ages_in_his_step_is_no_longer_stopped(engine):
    house = hospital(
        places={"bed": 1},
        pathways={
            name: [{"name": "see", "places": ["bed"], "can_be_stopped": True}] for name in ("green", "red")
        },
        priorities={"green": 5, "red": 2},
        classes={"green": {"ages": [{"priority": 2, "after_hours": 1}]}, "red": {"preempts": True}},
    )

    trace = play(engine, house, [see("green", 0, 90), see("red", 30, 10), see("red", 60, 10)])

    # stopped at 30 for the first red; at 60 he has aged, and the second waits until he is done
    assert ends(trace) == [100, 40, 110]


def test_one_who_ages_as_he_waits_stops_another_at_that_instant(engine):
    house = hospital(
        places={"bed": 1},
        pathways={
            "old": [{"name": "see", "places": ["bed"]}],
            "amber": [{"name": "see", "places": ["bed"], "can_be_stopped": True}],
        },
        priorities={"old": 5, "amber": 3},
        classes={"old": {"preempts": True, "ages": [{"priority": 1, "after_hours": 1}]}},
    )

    trace = play(engine, house, [see("amber", 0, 120), see("old", 20, 30)])

    assert starts(trace) == [0, 80]
    assert ends(trace) == [150, 110]


def test_who_holds_the_line_is_not_robbed_of_his_doctor_by_a_stop(engine):
    house = hospital(
        places={"theatre": 1, "bed": 1},
        staff={"doctor": 2},
        pathways={
            "operation": [
                {"name": "cut", "places": ["theatre"], "staff": {"doctor": 2}, "holds_the_line": True}
            ],
            "red": [{"name": "see", "places": ["bed"], "staff": {"doctor": 1}}],
            "green": [{"name": "see", "places": ["bed"], "can_be_stopped": True}],
            "talk": [{"name": "see", "staff": {"doctor": 1}}],
        },
        priorities={"operation": 1, "red": 2, "green": 5, "talk": 5},
        classes={"red": {"preempts": True}},
    )
    rows = [see("talk", 0, 60), see("green", 0, 200), ("operation", 5, [("cut", 30)]), see("red", 10, 20)]

    trace = play(engine, house, rows)

    # one doctor is free, but the operation waits for both; the red one stops the green at 90
    assert starts(trace) == [0, 0, 60, 90]
    assert ends(trace)[1] == 220


def test_the_priority_of_the_class_says_who_preempts_and_that_of_the_step_who_is_stopped(engine):
    house = hospital(
        places={"bed": 1},
        pathways={
            "red": [{"name": "see", "places": ["bed"], "priority": 4}],
            "green": [{"name": "see", "places": ["bed"], "can_be_stopped": True, "priority": 4}],
            "blue": [{"name": "see", "places": ["bed"], "can_be_stopped": True}],
        },
        priorities={"red": 1, "green": 5, "blue": 5},
        classes={"red": {"preempts": True}},
    )
    rows = [see("green", 0, 30), see("red", 10, 10), see("blue", 40, 30), see("red", 50, 10)]

    trace = play(engine, house, rows)

    # a step of 4 is no worse than the red one's step of 4; a blue of 5 is
    assert ends(trace) == [30, 40, 80, 60]


# ---- repatriation --------------------------------------------------------------------------------


def wards(medical=1, surgical=1, **step) -> Hospital:
    """A medical patient may lie in surgery, and goes home to medicine when a bed is free."""
    return hospital(
        wards={"medical": medical, "surgical": surgical},
        places={"scanner": level(("00:00", "08:00", 0))},
        pathways={
            "medical": [
                {"name": "stay", "places": ["medical", "surgical"], "repatriates": True, **step},
                {"name": "scan", "places": ["scanner"]},
            ],
            "surgical": [{"name": "stay", "places": ["surgical"]}],
        },
    )


def stay(name: str, at: float, long: float) -> tuple:
    """One who comes for a stay."""
    return (name, at, [("stay", long)])


def test_an_outlier_goes_to_his_own_ward_when_it_has_a_bed(engine):
    house = wards()
    rows = [stay("medical", 0, 60), stay("medical", 10, 300), stay("surgical", 20, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 60]
    assert ends(trace) == [60, 310, 90]
    assert where(trace) == ["medical", "surgical", "surgical"]  # where each stay began
    assert lines(trace, house, Kind.MOVED) == [(60, 2, "medical")]
    assert told(trace, "left")[1] == [310]


def test_one_without_a_bed_comes_before_an_outlier_with_one(engine):
    house = wards()
    rows = [stay("medical", 0, 60), stay("medical", 10, 300), stay("medical", 59, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 60]
    assert lines(trace, house, Kind.MOVED) == [(90, 2, "medical")]


def test_the_outlier_who_lies_longest_goes_first(engine):
    house = wards(surgical=2)
    rows = [stay("medical", 0, 60), stay("medical", 10, 300), stay("medical", 5, 100)]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.MOVED) == [(60, 3, "medical"), (105, 2, "medical")]


def test_the_bed_he_leaves_is_turned_around(engine):
    house = wards(surgical={"physical_beds": 1, "staffed_beds": 1, "turnaround_minutes": 30})
    rows = [stay("medical", 0, 60), stay("medical", 10, 300), stay("surgical", 20, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 90]


def test_the_bed_he_goes_to_must_be_ready(engine):
    house = wards(medical={"physical_beds": 1, "staffed_beds": 1, "turnaround_minutes": 30})
    rows = [stay("medical", 0, 60), stay("medical", 10, 300)]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.MOVED) == [(90, 2, "medical")]


def test_a_move_that_has_not_begun_when_the_stay_ends_is_forgotten(engine):
    house = wards()
    rows = [stay("medical", 0, 60), stay("medical", 10, 50), stay("surgical", 70, 10)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 70]
    assert lines(trace, house, Kind.MOVED) == []


def test_he_keeps_the_bed_he_moved_to(engine):
    house = wards(keeps_place=True)
    rows = [
        stay("medical", 0, 60),
        ("medical", 10, [("stay", 90), ("scan", 10)]),
        stay("medical", 110, 30),
        stay("surgical", 110, 30),
    ]

    trace = play(engine, house, rows)

    # in medicine from 60, over at 100, and there until the scanner opens at 8:00; surgery is free
    assert told(trace, "left")[1] == [480, 490]
    assert starts(trace)[3] == 110
    assert lines(trace, house, Kind.MOVED)[0] == (60, 2, "medical")


def test_two_move_one_after_the_other_at_one_instant(engine):
    house = hospital(
        wards={"north": 1, "south": 1, "east": 1},
        pathways={
            "north": [{"name": "stay", "places": ["north", "south"], "repatriates": True}],
            "south": [{"name": "stay", "places": ["south", "east"], "repatriates": True}],
            "east": [{"name": "stay", "places": ["east"]}],
        },
    )
    rows = [stay("north", 0, 60), stay("north", 1, 300), stay("south", 2, 300), stay("east", 3, 10)]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.MOVED) == [(60, 2, "north"), (60, 3, "south")]
    assert starts(trace) == [0, 1, 2, 60]


def test_who_lacks_only_the_doctor_does_not_hold_the_bed_from_an_outlier(engine):
    house = hospital(
        wards={"medical": 1, "surgical": 1},
        staff={"doctor": 0},
        pathways={
            "medical": [{"name": "stay", "places": ["medical", "surgical"], "repatriates": True}],
            "clerked": [
                {"name": "stay", "places": ["medical"], "staff": {"doctor": 1}, "holds_the_line": True}
            ],
        },
    )
    rows = [stay("medical", 0, 60), stay("medical", 10, 300), stay("clerked", 20, 10)]

    trace = play(engine, house, rows, days=1)

    assert lines(trace, house, Kind.MOVED) == [(60, 2, "medical")]
    assert starts(trace) == [0, 10, None]


def test_an_outlier_found_in_another_ward_as_the_run_begins_waits_for_his_own(engine):
    house = wards()
    rows = [
        ("medical", -100, [("stay", 60)], {"origin": IN_STEP, "held": "medical"}),
        ("medical", -50, [("stay", 200)], {"origin": IN_STEP, "held": "surgical"}),
        stay("surgical", 10, 10),
    ]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.MOVED) == [(60, 2, "medical")]
    assert starts(trace)[2] == 60


# ---- the discharge lounge ------------------------------------------------------------------------


def lounge_house(beds=1, lounge=1, *, lounge_hours: float = 2, **step) -> Hospital:
    """A ward whose patients wait for the hour of discharge in the lounge."""
    return hospital(
        wards={"ward": beds, "annex": 1},
        places={"lounge": lounge},
        pathways={
            "stay": [
                {
                    "name": "stay",
                    "places": ["ward"],
                    "lounge": {"place": "lounge", "hours": lounge_hours},
                    **step,
                }
            ],
            "plain": [{"name": "stay", "places": ["ward"]}],
        },
    )


def test_two_hours_before_he_goes_home_his_bed_is_free(engine):
    house = lounge_house()

    trace = play(engine, house, [stay("stay", 0, 300), stay("stay", 10, 600)])

    assert starts(trace) == [0, 180]
    assert ends(trace) == [300, 780]
    assert told(trace, "left") == [[300], [780]]
    assert lines(trace, house, Kind.MOVED) == [(180, 1, "lounge"), (660, 2, "lounge")]


def test_a_full_lounge_is_waited_for_in_bed(engine):
    house = lounge_house(beds=2)

    trace = play(engine, house, [stay("stay", 0, 300), stay("stay", 0, 330), stay("stay", 5, 400)])

    # the lounge is free again at 300; the third has the first bed from 180 on
    assert lines(trace, house, Kind.MOVED)[:2] == [(180, 1, "lounge"), (300, 2, "lounge")]
    assert starts(trace) == [0, 0, 180]


def test_a_stay_that_ends_as_the_lounge_is_freed_goes_home_from_the_bed(engine):
    house = lounge_house(beds=2)

    trace = play(engine, house, [stay("stay", 0, 300), stay("stay", 0, 300)])

    assert lines(trace, house, Kind.MOVED) == [(180, 1, "lounge")]


def test_a_stay_shorter_than_the_lounge_time_goes_there_from_its_start(engine):
    house = lounge_house()

    trace = play(engine, house, [stay("stay", 0, 60), stay("stay", 0, 300)])

    # the first takes the bed, goes on in the lounge at once, and the second has the bed
    assert starts(trace) == [0, 0]
    assert lines(trace, house, Kind.MOVED) == [(0, 1, "lounge"), (180, 2, "lounge")]


def test_a_lounge_that_opens_at_eight_takes_at_eight_those_who_wait(engine):
    house = lounge_house(lounge=level(("00:00", "08:00", 0)))

    trace = play(engine, house, [stay("stay", 0, 540), stay("stay", 10, 30)])

    assert lines(trace, house, Kind.MOVED)[0] == (480, 1, "lounge")
    assert starts(trace) == [0, 480]


def test_a_bed_left_for_the_lounge_is_turned_around(engine):
    house = lounge_house({"physical_beds": 1, "staffed_beds": 1, "turnaround_minutes": 45})

    trace = play(engine, house, [stay("stay", 0, 300), stay("stay", 10, 600)])

    assert starts(trace) == [0, 225]


def test_who_sits_in_the_lounge_is_not_stopped_as_the_ward_closes(engine):
    night = [{"from": "04:00", "to": "06:00", "staffed_beds": 0}]
    ward = {"physical_beds": 1, "staffed_beds": 1, "calendar": night, "on_fall": "stop"}
    house = lounge_house(ward)

    trace = play(engine, house, [stay("stay", 0, 300), stay("stay", 200, 300)])

    # the first has been in the lounge since 180; the second is stopped at 240 and goes on at 360
    assert ends(trace) == [300, 620]
    assert lines(trace, house, Kind.STOPPED) == [(240, 2, "ward", 0)]
    assert lines(trace, house, Kind.MOVED)[1:] == [(500, 2, "lounge")]


def test_an_outlier_may_go_home_to_his_ward_and_then_to_the_lounge(engine):
    house = lounge_house(places=["ward", "annex"], repatriates=True)
    rows = [stay("stay", 0, 200), stay("stay", 10, 400)]

    trace = play(engine, house, rows)

    # the first goes to the lounge at 80, so the second goes to the ward at 80; he to the lounge at 290
    assert lines(trace, house, Kind.MOVED) == [(80, 1, "lounge"), (80, 2, "ward"), (290, 2, "lounge")]


def test_who_went_to_the_lounge_goes_nowhere_else(engine):
    house = lounge_house(places=["ward", "annex"], repatriates=True)
    rows = [stay("plain", 0, 60), stay("stay", 10, 100), stay("stay", 70, 300)]

    trace = play(engine, house, rows)

    # the second is in the lounge from 10 to 110; the bed of his ward that is free from 60 is not for him
    assert lines(trace, house, Kind.MOVED) == [(10, 2, "lounge"), (250, 3, "lounge")]
    assert starts(trace) == [0, 10, 70]


def test_one_who_is_stopped_asks_for_the_lounge_again_as_he_goes_on(engine):
    night = [{"from": "04:00", "to": "06:00", "staffed_beds": 0}]
    ward = {"physical_beds": 1, "staffed_beds": 1, "calendar": night, "on_fall": "stop"}
    house = lounge_house(ward, lounge=level(("00:00", "06:30", 0)))

    trace = play(engine, house, [stay("stay", 0, 300)])

    # he waits for the lounge since 180, is stopped at 240, and goes on at 360 with 60 minutes left
    assert ends(trace) == [420]
    assert lines(trace, house, Kind.MOVED) == [(390, 1, "lounge")]
