"""Kits, reserves, substitutes, trays and orders.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes since
Monday 6 January 2025, 0:00; the second day begins at 1440.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.houses import duty, ends, hospital, level, lines, outcomes, play, starts, told
from twin.case import Batch, Order, Snapshot
from twin.hospital import Hospital
from twin.trace import Kind, Outcome
from twin.workload import IN_STEP, STEP_ENDED, WAITING

DAY = 24 * 60  # minutes
AT_ONCE = 1 / 60_000  # one millisecond [minutes]


def after(minutes: float) -> datetime:
    """So many minutes after the run begins."""
    return datetime(2025, 1, 6) + timedelta(minutes=minutes)


def store(gauze, *, rooms: int = 5, needs: dict[str, int] | None = None, **items) -> Hospital:
    """Dressings of one, two and six gauzes; the urgent one takes the reserve."""

    def dress(kit: str) -> list[dict]:
        return [{"name": "dress", "places": ["room"], "kit": kit}]

    return hospital(
        places={"room": rooms},
        items={"gauze": gauze, **items},
        kits={
            "one": {"gauze": 1},
            "two": {"gauze": 2},
            "six": {"gauze": 6},
            "set": needs or {"gauze": 1},
        },
        pathways={
            "one": dress("one"),
            "two": dress("two"),
            "six": dress("six"),
            "set": dress("set"),
            "urgent": dress("two"),
            "plain": [{"name": "dress", "places": ["room"]}],
        },
        classes={"urgent": {"takes_reserve": True}},
    )


def dress(name: str, at: float, long: float = 10, **more) -> tuple:
    """One who comes for a dressing."""
    return (name, at, [("dress", long)], more)


# ---- kits ----------------------------------------------------------------------------------------


def test_a_kit_is_taken_when_the_step_starts_not_when_it_is_asked_for(engine):
    house = store(5, rooms=1)

    trace = play(engine, house, [dress("one", 0, 30), dress("two", 10, 30)])

    assert lines(trace, house, Kind.TAKEN) == [(0, 1, "gauze", 1), (30, 2, "gauze", 2)]


def test_a_step_waits_for_its_kit_and_starts_as_it_is_delivered(engine):
    house = store(1)
    today = Snapshot(after(0), orders=(Order("gauze", 4, after(60)),))

    trace = play(engine, house, [dress("two", 0), dress("plain", 5)], snapshot=today)

    assert starts(trace) == [60, 5]
    assert lines(trace, house, Kind.DELIVERED) == [(60, "gauze", 4)]
    assert lines(trace, house, Kind.MISSED) == [(0, 1, "gauze", 1)]


def test_one_who_needs_less_is_not_kept_from_it(engine):
    house = store(1)
    today = Snapshot(after(0), orders=(Order("gauze", 4, after(60)),))

    trace = play(engine, house, [dress("two", 0), dress("one", 5)], snapshot=today)

    assert starts(trace) == [60, 5]


def test_of_a_kit_all_is_taken_at_once_or_nothing(engine):
    house = store(5, needs={"gauze": 5, "tape": 2}, tape=1)

    trace = play(engine, house, [dress("set", 0), dress("six", 1), dress("two", 2)], days=1)

    assert starts(trace) == [None, None, 2]
    assert lines(trace, house, Kind.MISSED) == [(0, 1, "tape", 1), (1, 2, "gauze", 1)]


def test_one_who_holds_the_line_keeps_others_from_the_gauze_that_is_too_little_for_him(engine):
    house = store(3)
    held = house.pathways["six"].steps[0].model_copy(update={"holds_the_line": True})
    six = house.pathways["six"].model_copy(update={"steps": (held,)})
    house = house.model_copy(update={"pathways": {**house.pathways, "six": six}})
    today = Snapshot(after(0), orders=(Order("gauze", 5, after(60)),))

    trace = play(engine, house, [dress("six", 0), dress("one", 10), dress("plain", 10)], snapshot=today)

    assert starts(trace) == [60, 60, 10]


def test_what_is_delivered_is_no_longer_held_by_one_who_lacks_something_else(engine):
    house = hospital(
        staff={"nurse": duty(("00:00", "04:00", 0))},
        items={"gauze": 1},
        kits={"one": {"gauze": 1}, "two": {"gauze": 2}},
        pathways={
            "big": [{"name": "dress", "kit": "two", "staff": {"nurse": 1}, "holds_the_line": True}],
            "small": [{"name": "dress", "kit": "one"}],
        },
    )
    today = Snapshot(after(0), orders=(Order("gauze", 5, after(60)),))

    trace = play(engine, house, [dress("big", 0), dress("small", 10)], snapshot=today)

    assert starts(trace) == [240, 60]  # from 60 on the first lacks only the nurse


def test_gauze_that_expires_is_not_what_the_emergency_takes(engine):
    house = hospital(
        items={"gauze": {"stock": 0, "substitute": "wool"}, "wool": 5},
        kits={"one": {"gauze": 1}, "two": {"gauze": 2}},
        pathways={
            "big": [{"name": "dress", "kit": "two", "holds_the_line": True}],
            "urgent": [{"name": "dress", "kit": "one"}],
        },
        classes={"urgent": {"takes_reserve": True}},
    )
    today = Snapshot(after(0), stock={"gauze": (Batch(1, after(60)),)})

    trace = play(engine, house, [dress("big", 0), dress("urgent", 10)], days=1, snapshot=today)

    # the last gauze is held by the one who needs two; when it is thrown away there is the wool
    assert starts(trace) == [None, 60]
    assert lines(trace, house, Kind.SUBSTITUTED) == [(60, 2, "gauze", 1)]


# ---- kit misses ----------------------------------------------------------------------------------


def test_a_kit_is_missed_once_when_it_is_asked_for(engine):
    house = store(1)

    trace = play(engine, house, [dress("six", 10)], days=2)

    assert lines(trace, house, Kind.MISSED) == [(10, 1, "gauze", 5)]


def test_a_kit_is_missed_though_the_room_is_busy_too(engine):
    house = store(1, rooms=1)

    trace = play(engine, house, [dress("plain", 0, 60), dress("two", 10)], days=1)

    assert lines(trace, house, Kind.MISSED) == [(10, 2, "gauze", 1)]


def test_a_kit_that_is_there_when_asked_for_is_not_missed_though_others_take_it_first(engine):
    house = store(2, rooms=1)

    trace = play(engine, house, [dress("plain", 0, 60), dress("one", 5), dress("two", 6)], days=1)

    assert starts(trace) == [0, 60, None]
    assert lines(trace, house, Kind.MISSED) == []


def test_two_who_ask_at_one_instant_for_the_last_one_both_found_it_there(engine):
    house = store(1)

    trace = play(engine, house, [dress("one", 0), dress("one", 0)], days=1)

    assert starts(trace) == [0, None]
    assert lines(trace, house, Kind.MISSED) == []


def test_what_is_delivered_at_that_instant_was_there(engine):
    house = store(0)
    today = Snapshot(after(0), orders=(Order("gauze", 1, after(60)),))

    trace = play(engine, house, [dress("one", 60)], snapshot=today)

    assert starts(trace) == [60]
    assert lines(trace, house, Kind.MISSED) == []


def test_one_who_does_not_wait_has_missed_it_too(engine):
    house = store(0)
    rows = [("one", 10, [("dress", 10, 0)])]

    trace = play(engine, house, rows, days=1)

    assert outcomes(trace) == [Outcome.LEFT]
    assert lines(trace, house, Kind.MISSED) == [(10, 1, "gauze", 1)]


# ---- reserves and substitutes --------------------------------------------------------------------


def test_the_reserve_is_for_emergencies(engine):
    house = store({"stock": 3, "reserve": 2})

    trace = play(engine, house, [dress("two", 0), dress("urgent", 5)], days=1)

    assert starts(trace) == [None, 5]
    assert lines(trace, house, Kind.MISSED) == []  # three were on hand, reserve included
    assert lines(trace, house, Kind.TAKEN) == [(5, 2, "gauze", 2)]
    assert lines(trace, house, Kind.RESERVE) == [(5, 2, "gauze", 1)]  # from 3 to 1: one of the reserve


def test_an_emergency_that_leaves_the_reserve_whole_took_none_of_it(engine):
    house = store({"stock": 4, "reserve": 2})

    trace = play(engine, house, [dress("urgent", 5), dress("one", 6)], days=1)

    assert lines(trace, house, Kind.RESERVE) == []
    assert starts(trace) == [5, None]


def test_an_emergency_takes_the_rest_from_the_substitute_its_reserve_included(engine):
    house = store({"stock": 0, "substitute": "wool"}, wool={"stock": 3, "reserve": 2})

    trace = play(engine, house, [dress("urgent", 0)], days=1)

    assert starts(trace) == [0]
    assert lines(trace, house, Kind.TAKEN) == []
    assert lines(trace, house, Kind.SUBSTITUTED) == [(0, 1, "gauze", 2)]
    assert lines(trace, house, Kind.MISSED) == [(0, 1, "gauze", 2)]
    assert lines(trace, house, Kind.RESERVE) == []


def test_of_an_item_that_is_short_what_there_is_is_taken_first(engine):
    house = store({"stock": 1, "substitute": "wool"}, wool=5)

    trace = play(engine, house, [dress("urgent", 0)], days=1)

    assert lines(trace, house, Kind.TAKEN) == [(0, 1, "gauze", 1)]
    assert lines(trace, house, Kind.SUBSTITUTED) == [(0, 1, "gauze", 1)]


def test_others_take_no_substitute(engine):
    house = store({"stock": 1, "substitute": "wool"}, wool=5)

    trace = play(engine, house, [dress("two", 0)], days=1)

    assert starts(trace) == [None]


def test_what_the_substitute_gave_is_gone(engine):
    house = store({"stock": 0, "substitute": "wool"}, wool=3, needs={"wool": 2})

    trace = play(engine, house, [dress("urgent", 0), dress("set", 5)], days=1)

    assert starts(trace) == [0, None]
    assert lines(trace, house, Kind.MISSED)[1:] == [(5, 2, "wool", 1)]
    assert lines(trace, house, Kind.TAKEN) == []  # nothing but the substitute was taken


def test_a_substitute_does_not_stand_in_twice(engine):
    def house_with(wool: int) -> Hospital:
        return hospital(
            items={
                "gauze": {"stock": 0, "substitute": "wool"},
                "tape": {"stock": 0, "substitute": "wool"},
                "wool": wool,
            },
            kits={"both": {"gauze": 1, "tape": 1}},
            pathways={"urgent": [{"name": "dress", "kit": "both"}]},
            classes={"urgent": {"takes_reserve": True}},
        )

    one = play(engine, house_with(1), [dress("urgent", 0)], days=1)
    two = play(engine, house_with(2), [dress("urgent", 0)], days=1)

    assert starts(one) == [None]
    assert starts(two) == [0]
    assert lines(two, house_with(2), Kind.SUBSTITUTED) == [(0, 1, "gauze", 1), (0, 1, "tape", 1)]


# ---- trays ---------------------------------------------------------------------------------------


def tray_house(*, owned: int = 1, reserve: int = 0, washers: int = 1, **operate) -> Hospital:
    """Operations with a tray, which is washed after them."""
    steps = [{"name": "operate", "places": ["theatre"], "kit": "set", **operate}]
    return hospital(
        places={"theatre": level(("01:00", "02:00", 0), usual=2, on_fall="stop"), "washer": washers},
        trays={"tray": {"owned": owned, "reserve": reserve, "patient_class": "tray"}},
        kits={"set": {"tray": 1}},
        pathways={
            "elective": steps,
            "emergency": steps,
            "tray": [{"name": "wash", "places": ["washer"]}],
        },
        classes={"tray": {"of": "tray"}, "emergency": {"takes_reserve": True, "priority": 1}},
    )


def operation(name: str, at: float, long: float, **more) -> tuple:
    """One who is operated on with a tray."""
    return (name, at, [("operate", long)], more)


def tray_of(number: int, wash: float, gap: float = 1) -> tuple:
    """The tray's way through SPD after that patient's operation."""
    return ("tray", 0, [("wash", wash)], {"cue": (number, "operate", STEP_ENDED, gap), "tray": "tray"})


def test_a_tray_is_there_again_as_it_comes_out_of_spd_and_a_waiting_case_starts(engine):
    house = tray_house()
    rows = [operation("elective", 120, 60), operation("elective", 130, 30), tray_of(1, 90), tray_of(2, 90)]

    trace = play(engine, house, rows)

    # over at 180, in the washer from 181 to 271; then the second, whose tray goes from 302 to 392
    assert starts(trace) == [120, 271, 181, 302]
    assert lines(trace, house, Kind.TAKEN) == [(120, 1, "tray", 1), (271, 2, "tray", 1)]
    assert lines(trace, house, Kind.MISSED) == [(130, 2, "tray", 1)]


def test_trays_wait_for_the_washer_like_patients(engine):
    house = tray_house(owned=2)
    rows = [
        operation("elective", 120, 60),
        operation("elective", 120, 60),
        operation("elective", 130, 30),
        tray_of(1, 90),
        tray_of(2, 90),
        tray_of(3, 90),
    ]

    trace = play(engine, house, rows)

    assert starts(trace) == [120, 120, 271, 181, 271, 361]


def test_a_tray_of_the_reserve_is_for_emergencies(engine):
    house = tray_house(owned=2, reserve=1)
    rows = [
        operation("elective", 120, 90),
        operation("elective", 125, 30),
        operation("emergency", 130, 30),
        tray_of(3, 10),
    ]

    trace = play(engine, house, rows, days=1)

    # the last tray is not for the second; it is back at 171, and the first one's never comes back
    assert starts(trace) == [120, None, 130, 161]
    assert lines(trace, house, Kind.RESERVE) == [(130, 3, "tray", 1)]
    assert lines(trace, house, Kind.MISSED) == []


def test_one_who_is_stopped_keeps_his_tray_and_takes_no_second(engine):
    house = tray_house()
    rows = [operation("elective", 30, 60), operation("elective", 40, 10), tray_of(1, 20), tray_of(2, 20)]

    trace = play(engine, house, rows)

    # stopped at 60, goes on from 120 to 150; his tray is clean at 171
    assert starts(trace) == [30, 171, 151, 182]
    assert lines(trace, house, Kind.TAKEN) == [(30, 1, "tray", 1), (171, 2, "tray", 1)]


def test_the_tray_of_one_who_is_in_theatre_as_the_run_begins_is_in_use(engine):
    house = tray_house()
    rows = [
        operation("elective", -30, 20, origin=IN_STEP, held="theatre"),
        operation("elective", 0, 10),
        tray_of(1, 20),
        tray_of(2, 20),
    ]

    trace = play(engine, house, rows)

    assert starts(trace)[1:3] == [41, 21]


def test_a_tray_that_is_in_spd_as_the_run_begins_comes_out(engine):
    house = tray_house()
    rows = [
        ("tray", -10, [("wash", 35)], {"origin": IN_STEP, "held": "washer", "tray": "tray"}),
        operation("elective", 5, 10),
        tray_of(2, 20),
    ]

    trace = play(engine, house, rows)

    assert starts(trace)[1:] == [35, 46]


# ---- orders --------------------------------------------------------------------------------------


def policy(point: int, **more) -> dict:
    """Order when the position is at or below so many."""
    return {"policy": {"reorder_point": point, **more}}


def test_an_order_of_q_is_placed_when_the_position_reaches_r(engine):
    house = store({"stock": 5, **policy(3, order_quantity=4)})
    rows = [dress("one", 10), dress("one", 20), dress("one", 30)]

    trace = play(engine, house, rows, leads={"gauze": [60]})

    # 4 on hand at 10, 3 at 20: ordered; at 30 the position is 2 + 4
    assert lines(trace, house, Kind.ORDERED) == [(20, "gauze", 4)]
    assert lines(trace, house, Kind.DELIVERED) == [(80, "gauze", 4)]


def test_as_many_q_are_ordered_as_bring_the_position_above_r(engine):
    house = store({"stock": 12, **policy(10, order_quantity=4)})

    trace = play(engine, house, [dress("six", 10)], leads={"gauze": [60, 60]})

    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 8)]  # 6 + 4 is not above 10


def test_an_order_up_to_s_fills_up_to_s(engine):
    house = store({"stock": 8, **policy(3, order_up_to=10)})

    trace = play(engine, house, [dress("six", 10)], leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 8)]


def test_orders_come_in_whole_packs(engine):
    house = store({"stock": 8, "pack": 5, **policy(3, order_up_to=10)})

    trace = play(engine, house, [dress("six", 10)], leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 10)]


def test_quantities_of_q_are_rounded_up_to_packs_together(engine):
    house = store({"stock": 12, "pack": 3, **policy(10, order_quantity=4)})

    trace = play(engine, house, [dress("six", 10)], leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 9)]


def test_what_waiting_patients_want_is_ordered_too(engine):
    house = store({"stock": 5, **policy(3, order_up_to=10)})

    trace = play(engine, house, [dress("six", 10)], leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 11)]  # the position is 5 - 6
    assert starts(trace) == [70]


def test_one_who_goes_wants_no_more(engine):
    house = store({"stock": 5, **policy(3, order_up_to=10)})

    trace = play(engine, house, [("six", 10, [("dress", 10, 0)])], leads={"gauze": [60]}, days=1)

    assert lines(trace, house, Kind.ORDERED) == []  # he left before the instant was over


def test_all_items_are_looked_at_as_the_run_begins(engine):
    house = store({"stock": 2, **policy(3, order_up_to=10)})

    trace = play(engine, house, [], leads={"gauze": [60]}, days=1)

    assert lines(trace, house, Kind.ORDERED) == [(0, "gauze", 8)]


def test_what_is_on_order_counts(engine):
    house = store({"stock": 2, **policy(3, order_up_to=10)})
    today = Snapshot(after(0), orders=(Order("gauze", 4, after(500)),))

    trace = play(engine, house, [dress("one", 10), dress("two", 500)], leads={"gauze": [60]}, snapshot=today)

    # 2 + 4, then 5; at 500, when the four have come, 5 - 2 = 3 is the reorder point
    assert lines(trace, house, Kind.ORDERED) == [(500, "gauze", 7)]


def test_an_order_without_lead_time_is_there_the_next_instant(engine):
    house = store({"stock": 5, **policy(3, order_up_to=10)})

    trace = play(engine, house, [dress("two", 10), dress("six", 10)])

    # 3 on hand, and six are wanted: 13 are ordered
    assert lines(trace, house, Kind.ORDERED) == [(10, "gauze", 13)]
    assert starts(trace) == [10, 10 + AT_ONCE]


def test_each_order_has_its_own_lead_time(engine):
    house = store({"stock": 9, **policy(8, order_quantity=1)})
    rows = [dress("one", at) for at in (0, 10, 20)]

    trace = play(engine, house, rows, leads={"gauze": [100, 30, 60]})

    assert lines(trace, house, Kind.ORDERED) == [(at, "gauze", 1) for at in (0, 10, 20)]
    assert [line[0] for line in lines(trace, house, Kind.DELIVERED)] == [40, 80, 100]


def test_an_order_beyond_the_last_known_lead_time_takes_as_long_as_that(engine):
    house = store({"stock": 9, **policy(8, order_quantity=1)})

    trace = play(engine, house, [dress("one", at) for at in (0, 10, 20)], leads={"gauze": [100, 30]})

    assert [line[0] for line in lines(trace, house, Kind.DELIVERED)] == [40, 50, 100]


def test_an_item_without_a_policy_is_never_ordered(engine):
    house = store(1)

    trace = play(engine, house, [dress("one", 0), dress("one", 10)], days=5)

    assert lines(trace, house, Kind.ORDERED) == []


# ---- reviews by the calendar ---------------------------------------------------------------------


def test_a_par_level_is_filled_at_six_every_morning(engine):
    house = store({"stock": 10, **policy(9, order_up_to=10, review_days=1)})
    rows = [dress("two", 60), dress("six", 200), dress("six", 300), dress("one", 360)]

    trace = play(engine, house, rows, days=3)

    # 2 are left at 200, and six are wanted: at 6:00 14 come at once, and the six are taken at 6:00
    assert lines(trace, house, Kind.ORDERED) == [(360, "gauze", 14), (360 + DAY, "gauze", 1)]
    assert lines(trace, house, Kind.DELIVERED) == [(360, "gauze", 14), (360 + DAY, "gauze", 1)]
    assert starts(trace) == [60, 200, 360, 360]


def test_the_review_at_six_does_not_yet_know_who_comes_at_six(engine):
    house = store({"stock": 10, **policy(9, order_up_to=10, review_days=1)})

    trace = play(engine, house, [dress("six", 360)], days=2)

    assert lines(trace, house, Kind.ORDERED) == [(360 + DAY, "gauze", 6)]


def test_what_comes_in_the_morning_of_every_second_day(engine):
    point = policy(9, order_up_to=10, review_days=2, review_at="08:30")
    house = store({"stock": 10, **point})

    trace = play(engine, house, [dress("two", 60)], days=3)

    # 7 January 2025 is 9,138 days after 1 January 2000; the 6th is an odd one
    assert lines(trace, house, Kind.ORDERED) == [(510 + DAY, "gauze", 2)]


def test_a_review_by_calendar_with_a_lead_time(engine):
    house = store({"stock": 10, **policy(9, order_up_to=10, review_days=1)})

    trace = play(engine, house, [dress("six", 60), dress("six", 100)], days=1, leads={"gauze": [45, 45]})

    assert lines(trace, house, Kind.ORDERED) == [(360, "gauze", 12)]
    assert starts(trace) == [60, 405]


def test_a_calendar_item_is_not_looked_at_between_reviews(engine):
    house = store({"stock": 5, **policy(9, order_up_to=10, review_days=7)})

    trace = play(engine, house, [dress("two", 0)], days=1)

    assert lines(trace, house, Kind.ORDERED) == []


# ---- expiry --------------------------------------------------------------------------------------


def test_what_is_left_of_the_first_stock_expires_after_its_shelf_life(engine):
    house = store({"stock": 10, "shelf_life_days": 1})

    trace = play(engine, house, [dress("two", 60), dress("one", DAY)], days=2)

    # at midnight it is thrown away before anybody asks
    assert lines(trace, house, Kind.EXPIRED) == [(DAY, "gauze", 8)]
    assert starts(trace) == [60, None]
    assert lines(trace, house, Kind.MISSED) == [(DAY, 2, "gauze", 1)]


def test_the_oldest_is_taken_first(engine):
    house = store(0)
    today = Snapshot(after(0), stock={"gauze": (Batch(5, after(DAY)), Batch(5, after(2 * DAY)))})

    trace = play(engine, house, [dress("two", 60), dress("six", 2 * DAY - 1)], days=4, snapshot=today)

    # 3 of the first batch are left on Tuesday; on Wednesday the second has five, six are wanted
    assert lines(trace, house, Kind.EXPIRED) == [(DAY, "gauze", 3), (2 * DAY, "gauze", 5)]
    assert lines(trace, house, Kind.MISSED) == [(2 * DAY - 1, 2, "gauze", 1)]


def test_a_batch_that_is_used_up_does_not_expire(engine):
    house = store({"stock": 6, "shelf_life_days": 1})
    today = Snapshot(after(0), orders=(Order("gauze", 2, after(60)),))

    trace = play(engine, house, [dress("six", 30), dress("one", 90)], days=3, snapshot=today)

    assert lines(trace, house, Kind.EXPIRED) == [(DAY + 60, "gauze", 1)]


def test_what_expires_is_ordered_anew(engine):
    house = store({"stock": 4, "shelf_life_days": 1, **policy(3, order_up_to=4)})

    trace = play(engine, house, [], days=2, leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(DAY, "gauze", 4)]


def test_stock_of_the_snapshot_is_there_instead_of_the_usual(engine):
    house = store(10)
    today = Snapshot(after(0), stock={"gauze": (Batch(1),)})

    trace = play(engine, house, [dress("two", 0)], days=1, snapshot=today)

    assert starts(trace) == [None]


# ---- together ------------------------------------------------------------------------------------


def test_one_who_waited_before_the_run_wants_his_kit_but_did_not_miss_it_now(engine):
    house = store({"stock": 1, **policy(0, order_up_to=2)})
    rows = [dress("two", -30, origin=WAITING)]

    trace = play(engine, house, rows, leads={"gauze": [60]})

    assert lines(trace, house, Kind.ORDERED) == [(0, "gauze", 3)]  # the position is 1 - 2
    assert lines(trace, house, Kind.MISSED) == []
    assert starts(trace) == [60]


def test_people_and_kit_are_taken_together_or_not_at_all(engine):
    house = hospital(
        staff={"nurse": duty(("00:00", "01:00", 0))},
        items={"gauze": 1},
        kits={"one": {"gauze": 1}},
        pathways={
            "first": [{"name": "dress", "kit": "one", "staff": {"nurse": 1}}],
            "second": [{"name": "dress", "kit": "one"}],
        },
    )

    trace = play(engine, house, [dress("first", 0), dress("second", 10)], days=1)

    assert starts(trace) == [None, 10]
    assert lines(trace, house, Kind.MISSED) == []


def test_a_use_of_supplies_outside_pathways_takes_them_like_a_patient(engine):
    house = hospital(
        items={"gauze": 3},
        kits={"two": {"gauze": 2}},
        pathways={"patient": [{"name": "see", "kit": "two"}], "use": [{"name": "use", "kit": "two"}]},
        classes={"use": {"of": "use"}},
    )

    trace = play(engine, house, [("use", 0, [("use", 1)]), ("patient", 5, [("see", 10)])], days=1)

    assert told(trace, "started") == [[0], [None]]
    assert ends(trace) == [1, None]
