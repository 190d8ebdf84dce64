"""Hand-made traces: one small story a rule, worked out with pencil and paper, told by both engines.

Times are minutes since a Monday's midnight unless a story says otherwise. Cases named ``hand_...`` are
published beside the exact queueing results that the twin is held to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import numpy as np

from tests.houses import START, case, hospital, minutes_of, patients, play, profile_at, where
from twin.case import Case, InHouse, Snapshot, Window
from twin.engine import simulate
from twin.hospital import Hospital
from twin.plan import Plan
from twin.units import hours, minutes
from twin.workload import draw_workload

H = 60  # minutes


def one_room(**parts) -> Hospital:
    return hospital(places={"room": 1}, pathways={"visit": [{"name": "see", "places": ["room"]}]}, **parts)


# ---- order of service ----------------------------------------------------------------------------


def test_one_doctor_sees_patients_in_the_order_they_came(engine):
    house = one_room()  # hand_lindley
    rows = [("visit", at, [("see", long)]) for at, long in [(0, 4), (1, 1), (2, 3), (3, 2), (10, 1)]]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 4, 5, 8, 10]
    assert minutes_of(trace.ended) == [4, 5, 8, 10, 11]


def test_the_more_urgent_go_first_but_nobody_is_interrupted(engine):
    steps = [{"name": "see", "places": ["room"]}]  # hand_priority
    house = hospital(
        places={"room": 1},
        pathways={"acute": steps, "urgent": steps, "standard": steps},
        priorities={"acute": 1, "urgent": 2, "standard": 3},
    )
    rows = [
        ("standard", 0, [("see", 5)]),
        ("standard", 1, [("see", 2)]),
        ("acute", 2, [("see", 2)]),
        ("urgent", 3, [("see", 2)]),
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 9, 5, 7]


def test_at_the_same_instant_the_place_is_freed_before_the_arrival_asks(engine):
    house = one_room()
    rows = [("visit", 0, [("see", 30)]), ("visit", 30, [("see", 30)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 30]


def test_all_that_happens_at_one_instant_is_served_by_order_not_by_turn(engine):
    calm, red = ({"name": "see", "places": ["room"]} for _ in range(2))
    house = hospital(
        places={"room": 1},
        pathways={"calm": [calm], "red": [red]},
        priorities={"calm": 5, "red": 1},
    )
    rows = [("calm", 0, [("see", 30)]), ("calm", 10, [("see", 30)]), ("red", 30, [("see", 30)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 60, 30]  # red comes as the room is freed, and is first


def test_two_rooms_freed_at_one_instant_go_to_the_longest_waiting_first(engine):
    house = hospital(
        places={"east": 1, "west": 1},
        pathways={"visit": [{"name": "see", "places": ["west", {"place": "east", "after_hours": 0}]}]},
    )
    rows = [("visit", at, [("see", long)]) for at, long in [(0, 30), (0, 30), (20, 5), (10, 5)]]

    trace = play(engine, house, rows)

    # both rooms end at 30: the one who waits since 10 chooses first, and takes the first of the list
    assert where(trace) == ["west", "east", "west", "east"]
    assert minutes_of(trace.started) == [0, 0, 30, 30]


# ---- place and people, all at once ---------------------------------------------------------------


def test_a_request_whose_doctor_is_busy_is_passed_over_and_reserves_no_room(engine):
    house = hospital(
        places={"room": 2},
        staff={"doctor": 1},
        pathways={
            "long": [{"name": "see", "places": ["room"], "staff": {"doctor": 1}}],
            "dressing": [{"name": "dress", "places": ["room"]}],
        },
    )
    rows = [("long", 0, [("see", 60)]), ("long", 5, [("see", 10)]), ("dressing", 6, [("dress", 10)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 60, 6]  # the later dressing takes the free room at once


def test_room_doctor_and_both_nurses_are_taken_together_or_not_at_all(engine):
    house = hospital(
        places={"theatre": 1},
        staff={"surgeon": 1, "nurse": 2},
        pathways={
            "operation": [{"name": "operate", "places": ["theatre"], "staff": {"surgeon": 1, "nurse": 2}}],
            "drip": [{"name": "drip", "staff": {"nurse": 1}}],
        },
        priorities={"operation": 1, "drip": 2},
    )
    rows = [("drip", 0, [("drip", 30)]), ("operation", 5, [("operate", 60)]), ("drip", 10, [("drip", 15)])]

    trace = play(engine, house, rows)

    # at 5 one nurse is missing, so nothing is held; the drip at 10 takes the nurse the operation did not get
    assert minutes_of(trace.started) == [0, 30, 10]


def test_people_are_free_for_others_while_the_patient_boards(engine):
    house = hospital(
        places={"cubicle": 2},
        wards={"ward": 0},
        staff={"doctor": 1},
        pathways={
            "admitted": [
                {"name": "see", "places": ["cubicle"], "staff": {"doctor": 1}, "keeps_place": True},
                {"name": "stay", "places": ["ward"]},
            ]
        },
    )
    rows = [("admitted", 0, [("see", 20), ("stay", 600)]), ("admitted", 0, [("see", 20), ("stay", 600)])]

    trace = play(engine, house, rows, days=1)

    assert minutes_of(trace.started) == [0, None, 20, None]


# ---- keeping a place, exchange -------------------------------------------------------------------


def boarding_house(*, cubicles: int, beds: int, **ward) -> Hospital:
    return hospital(
        places={"cubicle": cubicles},
        wards={"ward": {"physical_beds": beds, "staffed_beds": beds, **ward}},
        pathways={
            "admitted": [
                {"name": "treat", "places": ["cubicle"], "keeps_place": True},
                {"name": "stay", "places": ["ward"]},
            ],
            "home": [{"name": "treat", "places": ["cubicle"]}],
        },
    )


def test_a_boarder_keeps_the_cubicle_until_a_ward_bed_is_free(engine):
    house = boarding_house(cubicles=2, beds=1)  # hand_boarding
    rows = [
        ("admitted", 0, [("treat", 2 * H), ("stay", 10 * H)]),
        ("admitted", 0.5 * H, [("treat", 2 * H), ("stay", 10 * H)]),
        ("home", 1 * H, [("treat", 2 * H)]),
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 2 * H, 0.5 * H, 12 * H, 2 * H]
    assert minutes_of(trace.left) == [2 * H, 12 * H, 12 * H, 22 * H, 4 * H]


def test_a_patient_who_keeps_no_place_frees_it_at_once_and_waits_outside(engine):
    house = hospital(
        places={"room": 1, "scanner": 0},
        pathways={
            "scanned": [{"name": "see", "places": ["room"]}, {"name": "scan", "places": ["scanner"]}],
        },
    )
    rows = [("scanned", 0, [("see", 10), ("scan", 5)]), ("scanned", 0, [("see", 10), ("scan", 5)])]

    trace = play(engine, house, rows, days=1)

    assert minutes_of(trace.started) == [0, None, 10, None]
    assert minutes_of(trace.left) == [10, None, 20, None]


def test_a_step_in_place_stays_in_the_cubicle_of_the_step_before(engine):
    house = hospital(
        places={"cubicle": 1},
        staff={"doctor": 1, "nurse": 1},
        pathways={
            "visit": [
                {"name": "see", "places": ["cubicle"], "staff": {"doctor": 1}, "keeps_place": True},
                {"name": "treat", "in_place": True, "staff": {"nurse": 1}},
            ]
        },
    )
    rows = [("visit", 0, [("see", 10), ("treat", 20)]), ("visit", 5, [("see", 10), ("treat", 20)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 10, 30, 40]
    assert minutes_of(trace.left) == [10, 30, 40, 60]
    assert where(trace) == ["cubicle"] * 4


def circle(*names: str) -> Hospital:
    """One bed a ward, and patients who each go on to the next ward of the circle."""
    following = [*names[1:], names[0]]
    return hospital(
        wards=dict.fromkeys(names, 1),
        pathways={
            f"from_{a}": [
                {"name": "first", "places": [a], "keeps_place": True},
                {"name": "second", "places": [b]},
            ]
            for a, b in zip(names, following, strict=True)
        },
    )


def test_two_who_wait_for_each_others_beds_swap_them_at_once(engine):
    house = circle("north", "south")
    rows = [
        ("from_north", 0, [("first", 60), ("second", 30)]),
        ("from_south", 0, [("first", 90), ("second", 30)]),
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 90, 0, 90]
    assert where(trace) == ["north", "south", "south", "north"]
    assert trace.exchanges == 1


def test_three_in_a_circle_move_together_and_count_as_one_exchange(engine):
    house = circle("east", "north", "west")
    rows = [
        (name, 0, [("first", long), ("second", 30)])
        for name, long in [("from_east", 60), ("from_north", 80), ("from_west", 70)]
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started)[1::2] == [80, 80, 80]
    assert where(trace)[1::2] == ["north", "west", "east"]
    assert trace.exchanges == 1


def test_nobody_swaps_while_a_bed_of_the_circle_is_free(engine):
    house = hospital(
        wards={"north": 1, "south": 2},
        pathways={
            "down": [
                {"name": "first", "places": ["north"], "keeps_place": True},
                {"name": "second", "places": ["south"]},
            ],
            "up": [
                {"name": "first", "places": ["south"], "keeps_place": True},
                {"name": "second", "places": ["north"]},
            ],
        },
    )
    rows = [("down", 0, [("first", 60), ("second", 30)]), ("up", 0, [("first", 60), ("second", 30)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started)[1::2] == [60, 60]
    assert trace.exchanges == 0


# ---- turnaround, calendars, plans ----------------------------------------------------------------


def test_a_bed_is_ready_for_the_next_only_after_its_turnaround(engine):
    house = boarding_house(cubicles=2, beds=1, turnaround_minutes=45)
    rows = [("admitted", 0, [("treat", 10), ("stay", 100)]), ("admitted", 0, [("treat", 10), ("stay", 100)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started)[1::2] == [10, 155]  # 10 + 100 + 45


def test_who_is_being_seen_as_the_shift_ends_is_finished(engine):
    shifts = [{"from": "08:00", "to": "16:00", "staffed": 0}]  # hand_shift_finish
    house = hospital(
        places={"room": {"physical": 1, "staffed": 1, "calendar": shifts}},
        pathways={"visit": [{"name": "see", "places": ["room"]}]},
    )
    rows = [
        ("visit", 7 * H, [("see", 2 * H)]),
        ("visit", 7.5 * H, [("see", H)]),
        ("visit", 12 * H, [("see", H)]),
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [7 * H, 16 * H, 17 * H]
    assert minutes_of(trace.ended) == [9 * H, 17 * H, 18 * H]


def test_a_ward_that_opens_at_eight_takes_those_who_wait_at_eight(engine):
    night = [{"days": ["mon"], "from": "00:00", "to": "08:00", "staffed_beds": 0}]
    house = hospital(
        wards={"day_ward": {"physical_beds": 2, "staffed_beds": 2, "calendar": night}},
        pathways={"day": [{"name": "stay", "places": ["day_ward"]}]},
    )
    rows = [("day", at, [("stay", 60)]) for at in (5 * H, 6 * H, 7 * H)]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [8 * H, 8 * H, 9 * H]


def test_a_plan_closes_beds_on_the_date_it_names_and_on_no_other(engine):
    house = hospital(wards={"ward": 2}, pathways={"stay": [{"name": "stay", "places": ["ward"]}]})
    rows = [("stay", 24 * H + at, [("stay", 24 * H)]) for at in (60, 70)]
    plan = Plan("one bed on Tuesday", {"ward": {date(2025, 1, 7): 1}})

    trace = play(engine, house, rows, plan=plan)

    assert minutes_of(trace.started) == [25 * H, 48 * H]  # the second waits for Wednesday's midnight


def test_beds_without_nurses_stay_closed(engine):
    ward = {"physical_beds": 4, "staffed_beds": 4, "nursing": {"group": "nurses", "patients_per_nurse": 2}}
    late = [{"from": "12:00", "to": "24:00", "on_duty": 2}]
    house = hospital(
        wards={"ward": ward},
        staff={"nurses": {"on_duty": 1, "calendar": late}},
        pathways={"stay": [{"name": "stay", "places": ["ward"]}]},
    )
    rows = [("stay", at, [("stay", 20 * H)]) for at in (10, 20, 30, 40, 50)]

    trace = play(engine, house, rows)

    # one nurse, two patients: two beds until noon, then four; the fifth follows the first, at 20:10
    assert minutes_of(trace.started) == [10, 20, 12 * H, 12 * H, 20 * H + 10]


# ---- outliers ------------------------------------------------------------------------------------


def two_wards() -> Hospital:
    return hospital(
        wards={"medical": 1, "surgical": 1},
        pathways={
            "medical": [{"name": "stay", "places": ["medical", {"place": "surgical", "after_hours": 4}]}],
            "surgical": [{"name": "stay", "places": ["surgical"]}],
        },
    )


def test_a_patient_goes_to_another_ward_only_after_the_minimum_wait(engine):
    house = two_wards()
    rows = [("medical", 0, [("stay", 24 * H)]), ("medical", 1 * H, [("stay", 24 * H)])]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 5 * H]  # four hours after he asked, though the bed stood free
    assert where(trace) == ["medical", "surgical"]


def test_a_wards_own_patient_goes_before_an_outlier_who_waits_longer(engine):
    house = two_wards()
    rows = [
        ("medical", 0, [("stay", 24 * H)]),
        ("surgical", 0, [("stay", 6 * H)]),
        ("medical", 1 * H, [("stay", 24 * H)]),  # may go to surgery from 5:00
        ("surgical", 5.5 * H, [("stay", 6 * H)]),
    ]

    trace = play(engine, house, rows)

    assert minutes_of(trace.started) == [0, 0, 12 * H, 6 * H]
    assert where(trace) == ["medical", "surgical", "surgical", "surgical"]


# ---- discharge hours and the clocks --------------------------------------------------------------


def noon_ward(timezone: str = "UTC") -> Hospital:
    house = hospital(
        wards={"ward": {"physical_beds": 1, "staffed_beds": 1, "discharge_profile": "noon"}},
        profiles={"noon": profile_at(12)},
        pathways={"stay": [{"name": "stay", "places": ["ward"], "duration": {"mean": 2, "unit": "days"}}]},
    )
    return house.model_copy(update={"timezone": timezone})


def test_a_stay_ends_at_its_discharge_hour_on_the_day_that_was_drawn(engine):
    house = noon_ward()
    work = patients(house, [("stay", 10 * H, [("stay", 48 * H)]), ("stay", 20 * H, [("stay", 48 * H)])])
    work = replace(work, wall=np.full(2, hours(12.5)))

    trace = simulate(case(house), work, engine=engine)

    # drawn to end on Wednesday at 10:00; the next, from Wednesday 12:30, on Friday at 12:30
    assert minutes_of(trace.started) == [10 * H, 60.5 * H]
    assert minutes_of(trace.ended) == [60.5 * H, 108.5 * H]


def test_a_stay_that_would_end_before_it_began_ends_at_that_hour_the_next_day(engine):
    house = noon_ward()
    work = patients(house, [("stay", 13 * H, [("stay", 2 * H)])])
    work = replace(work, wall=np.full(1, hours(12.5)))

    trace = simulate(case(house), work, engine=engine)

    assert minutes_of(trace.ended) == [36.5 * H]


def test_in_the_night_of_summer_time_arrival_opening_and_discharge_follow_the_wall_clock(engine):
    friday = date(2025, 3, 28)  # on Sunday the 30th London's clocks go from 01:00 to 02:00
    house = noon_ward("Europe/London")
    work = patients(house, [("stay", 10 * H, [("stay", 48 * H)])], start=friday)
    sunday_eight = work.clock.instant(np.array([2]), np.array([hours(8)]))
    rows = [
        ("stay", 10 * H, [("stay", 48 * H)]),
        ("stay", int(sunday_eight[0]) / minutes(1), [("stay", 72 * H)]),
    ]
    work = replace(patients(house, rows, start=friday), wall=np.full(2, hours(12.5)))

    trace = simulate(case(house), work, engine=engine)

    assert minutes_of(trace.requested) == [10 * H, 55 * H]  # 48 h + 8 h - 1 h
    assert minutes_of(trace.ended)[0] == 59.5 * H  # 12:30 by the clock is 11.5 h after that midnight
    assert [work.clock.at(int(t)) for t in trace.ended] == [
        datetime(2025, 3, 30, 12, 30),
        datetime(2025, 4, 2, 12, 30),
    ]


def test_a_ward_opens_at_eight_by_the_wall_clock_on_a_day_of_23_hours(engine):
    night = [{"from": "00:00", "to": "08:00", "staffed_beds": 0}]
    house = hospital(
        wards={"ward": {"physical_beds": 1, "staffed_beds": 1, "calendar": night}},
        pathways={"stay": [{"name": "stay", "places": ["ward"]}]},
    ).model_copy(update={"timezone": "Europe/London"})
    work = patients(house, [("stay", 30, [("stay", 60)])], start=date(2025, 3, 30))

    trace = simulate(case(house), work, engine=engine)

    assert minutes_of(trace.started) == [7 * H]


def test_a_room_open_only_in_the_hour_that_the_clocks_skip_does_not_stay_open(engine):
    once = [{"from": "02:30", "to": "03:00", "staffed": 1}]
    house = hospital(
        places={"room": {"physical": 1, "staffed": 0, "calendar": once}},
        pathways={"visit": [{"name": "see", "places": ["room"]}]},
    ).model_copy(update={"timezone": "Europe/London"})
    work = patients(house, [("visit", 8 * H, [("see", 10)])], start=date(2025, 3, 30), days=3)

    trace = simulate(case(house), work, engine=engine)

    assert minutes_of(trace.started) == [25.5 * H]  # Monday at 02:30: 23 hours and 2.5


# ---- today's state -------------------------------------------------------------------------------


def test_the_run_goes_on_from_the_patients_who_are_there(engine):
    house = hospital(
        places={"cubicle": 1},
        wards={"ward": 1},
        pathways={
            "admitted": [
                {
                    "name": "treat",
                    "places": ["cubicle"],
                    "keeps_place": True,
                    "duration": {"mean": 60, "unit": "minutes"},
                },
                {"name": "stay", "places": ["ward"], "duration": {"mean": 300, "unit": "minutes"}},
            ]
        },
    )
    midnight = datetime(2025, 1, 6)
    there = (
        InHouse("in bed", "admitted", "stay", "ward", datetime(2025, 1, 5, 20, 0)),  # 240 of 300 minutes over
        InHouse("boarder", "admitted", "stay", "cubicle", datetime(2025, 1, 5, 23, 0), waiting=True),
        InHouse("at the door", "admitted", "treat", None, datetime(2025, 1, 5, 23, 30), waiting=True),
    )
    today = Case(house, snapshot=Snapshot(midnight, there))

    trace = simulate(today, draw_workload(today, Window(START, days=1, tail=0), seed=1), engine=engine)

    # rows: in bed (stay), boarder (stay), at the door (treat, stay), in order of since
    assert minutes_of(trace.requested) == [-240, -60, -30, 120]
    assert minutes_of(trace.started) == [-240, 60, 60, 360]
    assert minutes_of(trace.ended) == [60, 360, 120, 660]
    assert minutes_of(trace.left) == [60, 360, 360, 660]


def test_a_patient_in_a_step_keeps_the_people_busy_from_the_first_instant(engine):
    step = {"name": "see", "staff": {"doctor": 1}, "duration": {"mean": 30, "unit": "minutes"}}
    house = hospital(staff={"doctor": 1}, pathways={"visit": [step]})
    there = (
        InHouse("seen", "visit", "see", None, datetime(2025, 1, 5, 23, 40)),
        InHouse("next", "visit", "see", None, datetime(2025, 1, 5, 23, 50), waiting=True),
    )
    today = Case(house, snapshot=Snapshot(datetime(2025, 1, 6), there))

    trace = simulate(today, draw_workload(today, Window(START, days=1, tail=0), seed=1), engine=engine)

    assert minutes_of(trace.started) == [-20, 10]
