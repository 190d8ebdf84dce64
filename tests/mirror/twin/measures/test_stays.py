"""Stays: who held which place, from when until when, whatever the log tells."""

from __future__ import annotations

import numpy as np
import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.measures import need, stays, summarise
from twin.measures.stays import LATER, cut_rows, departures, displaced, wait_ends, worked
from twin.trace import Kind, Outcome
from twin.units import MS_MINUTE
from twin.workload import STOPPED, WAITING

H = 60


def house(**more):
    return hospital(
        places={"lounge": 3, "theatre": 1},
        wards={"home": 2, "other": 2},
        pathways={
            "patient": [
                {
                    "name": "stay",
                    "places": ["home", {"place": "other", "after_hours": 1}],
                    "duration": {"unit": "hours", "mean": 10},
                    "repatriates": True,
                    "can_be_stopped": True,
                    "lounge": {"place": "lounge", "hours": 2},
                }
            ],
            "case": [
                {"name": "bed", "places": ["home"], "keeps_place": True},
                {"name": "cut", "places": ["theatre"]},
            ],
        },
        **more,
    )


def told(trace) -> list[tuple[int, str, float, float | None]]:
    """(row, place, begin, end) of every stay in order, in minutes; None where it goes on."""
    held = stays(trace)
    order = np.lexsort((held.begin, held.row))
    return [
        (
            int(held.row[i]),
            trace.places[held.place[i]],
            held.begin[i] / MS_MINUTE,
            None if held.end[i] == LATER else held.end[i] / MS_MINUTE,
        )
        for i in order
    ]


def test_without_a_log_a_stay_is_a_row_until_it_is_left():
    trace = made(
        house(),
        [("patient", 0, [("stay", "home", 0, 5, 60, 70)]), ("patient", 9, [("stay", "other", 9, 69)])],
    )

    assert told(trace) == [(0, "home", 5, 70), (1, "other", 69, None)]


def test_a_move_ends_the_stay_in_one_place_and_begins_it_in_another():
    log = [(Kind.MOVED, 100, 0, "home"), (Kind.MOVED, 480, 0, "lounge")]

    trace = made(house(), [("patient", 0, [("stay", "other", 0, 0, 600, 600)])], log=log)

    assert told(trace) == [(0, "other", 0, 100), (0, "home", 100, 480), (0, "lounge", 480, 600)]


def test_who_is_stopped_and_loses_the_place_holds_none_until_he_resumes_elsewhere():
    log = [(Kind.STOPPED, 100, 0, "home", 0), (Kind.RESUMED, 130, 0, "other")]

    trace = made(house(), [("patient", 0, [("stay", "home", 0, 0, 630, 630)])], log=log)

    assert told(trace) == [(0, "home", 0, 100), (0, "other", 130, 630)]
    away = displaced(trace)
    assert (away.begin.tolist(), away.end.tolist()) == ([100 * MS_MINUTE], [130 * MS_MINUTE])


def test_who_is_stopped_for_people_keeps_the_place():
    log = [(Kind.STOPPED, 100, 0, "home", 1), (Kind.RESUMED, 130, 0, "home")]

    trace = made(house(), [("patient", 0, [("stay", "home", 0, 0, 630, 630)])], log=log)

    assert [(place, begin, end) for _, place, begin, end in told(trace)] == [
        ("home", 0, 100),
        ("home", 100, 130),
        ("home", 130, 630),
    ]
    _, begin, end = worked(trace)
    assert (end - begin).sum() == 600 * MS_MINUTE


def test_who_resumes_and_is_stopped_again_at_one_instant_is_stopped():
    log = [
        (Kind.STOPPED, 100, 0, "home", 0),
        (Kind.RESUMED, 130, 0, "home"),
        (Kind.STOPPED, 130, 0, "home", 0),
        (Kind.RESUMED, 150, 0, "other"),
    ]

    trace = made(house(), [("patient", 0, [("stay", "home", 0, 0, 300, 300)])], log=log)

    assert told(trace) == [(0, "home", 0, 100), (0, "other", 150, 300)]


def test_who_is_stopped_at_the_end_of_the_run_holds_nothing():
    trace = made(
        house(),
        [("patient", 0, [("stay", "home", 0, 0)])],
        log=[(Kind.STOPPED, 100, 0, "home", 0)],
    )

    assert told(trace) == [(0, "home", 0, 100)]


def test_a_cancelled_visit_held_the_bed_that_its_unset_row_no_longer_shows():
    steps = [("bed", None, None, None), ("cut", None, None, None)]
    log = [(Kind.ABANDONED, 400, 0, "home", 60), (Kind.CANCELLED, 400, 0, None)]

    trace = made(house(), [("case", None, steps, {"listed": 0})], log=log)

    assert told(trace) == [(0, "home", 60, 400)]


def test_a_case_cancelled_moved_and_operated_another_day_has_all_its_stays():
    steps = [("bed", "home", 1500, 1500, 1510, 1600), ("cut", "theatre", 1510, 1600, 1700, 1700)]
    log = [
        (Kind.MOVED, 200, 0, "other"),
        (Kind.ABANDONED, 400, 0, "home", 60),
        (Kind.MOVED, 1550, 0, "other"),
    ]

    trace = made(house(), [("case", 1500, steps, {"listed": 0})], log=log, days=3)

    assert told(trace) == [
        (0, "home", 60, 200),
        (0, "other", 200, 400),
        (0, "home", 1500, 1550),
        (0, "other", 1550, 1600),
        (1, "theatre", 1600, 1700),
    ]


def test_a_bed_kept_since_before_the_run_is_held_until_the_next_step_starts():
    visit = ("case", 0, [("cut", "theatre", 0, 90, 200, 200)], {"origin": WAITING, "held": "home"})

    assert told(made(house(), [visit])) == [(0, "home", 0, 90), (0, "theatre", 90, 200)]


def test_a_bed_kept_since_before_the_run_is_given_up_by_who_leaves_or_is_cancelled():
    kept = {"origin": WAITING, "held": "home", "patience": 50}
    left = made(house(), [("case", 0, [("cut", None, 0, None)], {**kept, "outcome": Outcome.LEFT})])
    cancelled = made(
        house(),
        [("case", None, [("cut", None, None, None)], {**kept, "listed": 0})],
        log=[(Kind.CANCELLED, 70, 0, None)],
    )

    assert told(left) == [(0, "home", 0, 50)]
    assert told(cancelled) == [(0, "home", 0, 70)]


@pytest.mark.parametrize(("held", "before"), [("home", [(0, "home", -30, 45)]), (None, [])])
def test_who_was_stopped_before_the_run_holds_what_he_kept(held, before):
    known = {"origin": STOPPED, **({"held": held} if held else {})}
    trace = made(
        house(),
        [("patient", -30, [("stay", held, -30, -30, 100, 100)], known)],
        log=[(Kind.RESUMED, 45, 0, "home")],
    )

    assert told(trace) == [*before, (0, "home", 45, 100)]
    assert worked(trace)[1].tolist() == [45 * MS_MINUTE]


def test_who_was_stopped_before_the_run_and_is_cancelled_in_it_works_no_more():
    trace = made(
        house(),
        [("patient", -30, [("stay", None, None, None)], {"origin": STOPPED, "held": "home"})],
        log=[(Kind.ABANDONED, 40, 0, "home", -30)],
    )

    assert told(trace) == [(0, "home", -30, 40)]
    assert LATER not in worked(trace)[2]


def test_a_wait_ends_with_the_start_with_patience_at_the_door_or_by_skipping():
    ends_of = {
        "starts": ([("stay", "home", 10, 30)], {}),
        "leaves": ([("stay", None, 10, None)], {"patience": 15, "outcome": Outcome.LEFT}),
        "is refused": ([("stay", None, 10, None)], {"outcome": Outcome.REFUSED}),
        "waits": ([("stay", None, 10, None)], {}),
    }

    ends = {
        name: int(wait_ends(made(house(), [("patient", 10, steps, known)]))[0])
        for name, (steps, known) in ends_of.items()
    }
    skips = made(house(), [("case", 10, [("bed", None, 10, None), ("cut", "theatre", 25, 40)])])

    assert ends == {
        "starts": 30 * MS_MINUTE,
        "leaves": 25 * MS_MINUTE,
        "is refused": 10 * MS_MINUTE,
        "waits": LATER,
    }
    assert wait_ends(skips).tolist() == [25 * MS_MINUTE, 40 * MS_MINUTE]


def test_who_is_out_of_the_house_went_when_the_last_place_was_left_or_patience_ended():
    trace = made(
        house(),
        [
            ("patient", 0, [("stay", "home", 0, 0, 60, 60)], {"outcome": Outcome.DONE}),
            ("patient", 1, [("stay", None, 1, None)], {"outcome": Outcome.LEFT, "patience": 30}),
            ("patient", 2, [("stay", "home", 2, 2)]),
        ],
    )

    assert departures(trace).tolist() == [60 * MS_MINUTE, 31 * MS_MINUTE, LATER]


def test_the_census_counts_a_moved_patient_where_he_lies_and_a_displaced_one_as_waiting():
    log = [
        (Kind.MOVED, 2 * H, 0, "home"),
        (Kind.STOPPED, 3 * H, 1, "home", 0),
        (Kind.RESUMED, 5 * H, 1, "other"),
    ]
    visits = [
        ("patient", 0, [("stay", "other", 0, 0, 10 * H, 10 * H)]),
        ("patient", 0.5, [("stay", "home", 0.5, 0.5, 8 * H, 8 * H)]),
    ]

    counts = need(made(house(), visits, log=log), house())

    assert counts.wards == ("home", "other")
    assert counts.in_beds[0][:9].tolist() == [0, 1, 2, 1, 1, 1, 1, 1, 1]
    assert counts.in_beds[1][:9].tolist() == [1, 1, 0, 0, 0, 1, 1, 1, 0]
    assert counts.waiting[0][:6].tolist() == [0, 0, 0, 1, 1, 0]


def test_who_left_while_waiting_waits_no_more_in_the_census():
    visits = [("patient", 0, [("stay", None, 0, None)], {"patience": 90, "outcome": Outcome.LEFT})]

    assert need(made(house(), visits), house()).waiting[0][:4].tolist() == [1, 1, 0, 0]


def test_occupancy_knows_of_moves_stops_and_cancelled_visits():
    log = [
        (Kind.MOVED, 4 * H, 0, "lounge"),  # the bed is free from 4:00
        (Kind.STOPPED, 2 * H, 1, "other", 0),  # and this one from 2:00 to 5:00
        (Kind.RESUMED, 5 * H, 1, "other"),
        (Kind.ABANDONED, 9 * H, 2, "home", 8 * H),
    ]
    visits = [
        ("patient", 0, [("stay", "home", 0, 0, 6 * H, 6 * H)]),
        ("patient", 1, [("stay", "other", 1, 0, 10 * H, 10 * H)]),
        ("case", None, [("bed", None, None, None), ("cut", None, None, None)], {"listed": 2}),
    ]

    known = summarise(made(house(), visits, log=log), house())

    assert known["occupancy"] == pytest.approx(100 * (4 + 7 + 1) / (4 * 24))
    assert known["census_mean"] == pytest.approx(12 / 24)


def test_a_run_whose_log_tells_of_no_moves_has_nothing_cut():
    trace = made(
        house(),
        [("patient", 0, [("stay", "home", 0, 0)])],
        log=[(Kind.PROMISED, 0, 0, "home")],
    )

    assert cut_rows(trace).row.size == 0
