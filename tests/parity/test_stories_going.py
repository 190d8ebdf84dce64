"""Those who do not wait: patience, places that are full, waiting rooms.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes.
"""

from __future__ import annotations

from tests.houses import came, ends, hospital, level, outcomes, play, starts, told
from twin.hospital import Hospital
from twin.trace import Outcome
from twin.workload import WAITING

H = 60  # minutes
DONE, LEFT, REFUSED, BALKED = Outcome.DONE, Outcome.LEFT, Outcome.REFUSED, Outcome.BALKED


def see(name: str, at: float, *long: float, **more) -> tuple:
    """One who comes to be seen."""
    return (name, at, [("see", *long)], more)


def room(n=1, **step) -> Hospital:
    """A room, and patients who want to be seen in it."""
    return hospital(places={"room": n}, pathways={"visit": [{"name": "see", "places": ["room"], **step}]})


def admitting(*, cubicle=1, ward=0, **stay) -> Hospital:
    """A patient is treated in a cubicle, keeps it, and waits there for a ward bed; then he goes home."""
    return hospital(
        places={"cubicle": cubicle},
        wards={"ward": ward},
        pathways={
            "admitted": [
                {"name": "see", "places": ["cubicle"], "keeps_place": True},
                {"name": "stay", "places": ["ward"], **stay},
            ],
            "minor": [{"name": "see", "places": ["cubicle"]}],
        },
    )


# ---- patience ------------------------------------------------------------------------------------


def test_who_can_start_as_his_patience_ends_starts(engine):
    house = room()  # hand_renege
    rows = [see("visit", 0, 5 * H), see("visit", 1 * H, H, 3 * H), see("visit", 2 * H, H, 3 * H)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, None, 5 * H]
    assert outcomes(trace) == [DONE, LEFT, DONE]
    assert came(trace) == [0, 1 * H, 2 * H]
    assert told(trace, "requested") == [[0], [1 * H], [2 * H]]
    assert told(trace, "left") == [[5 * H], [None], [6 * H]]


def test_one_without_patience_leaves_at_once_or_starts_at_once(engine):
    house = room()

    trace = play(engine, house, [see("visit", 0, 30, 0), see("visit", 10, 30, 0), see("visit", 30, 30, 0)])

    assert starts(trace) == [0, None, 30]
    assert outcomes(trace) == [DONE, LEFT, DONE]


def test_who_leaves_the_line_lets_the_next_move_up(engine):
    house = room()
    rows = [see("visit", 0, 60), see("visit", 1, 30, 59), see("visit", 2, 30, 20), see("visit", 3, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 60, None, 90]  # the second could start at 60, when his patience ended


def test_a_leaver_gives_up_the_cubicle_that_he_keeps(engine):
    house = admitting()
    rows = [("admitted", 0, [("see", 30), ("stay", 600, 60)]), see("minor", 10, 20)]

    trace = play(engine, house, rows)

    assert told(trace, "left") == [[90, None], [110]]
    assert starts(trace) == [0, 90]
    assert outcomes(trace) == [LEFT, DONE]


def test_a_cubicle_that_a_leaver_gives_up_is_turned_around(engine):
    house = admitting(cubicle={"physical": 1, "staffed": 1, "turnaround_minutes": 15})
    rows = [("admitted", 0, [("see", 30), ("stay", 600, 60)]), see("minor", 10, 20)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 105]


def test_two_whose_patience_ends_together_both_go(engine):
    house = admitting()
    rows = [("admitted", 0, [("see", 30), ("stay", 600, 60)]), see("minor", 10, 20, 80)]

    trace = play(engine, house, rows)

    # at 90 the first gives up the cubicle that the second wants; but both had already decided
    assert outcomes(trace) == [LEFT, LEFT]
    assert starts(trace) == [0, None]


def scanning(**scan) -> Hospital:
    """A scan on the way to the doctor."""
    return hospital(
        places={"scanner": 1, "room": 1},
        pathways={
            "visit": [
                {"name": "scan", "places": ["scanner"], **scan},
                {"name": "see", "places": ["room"]},
            ],
            "last": [
                {"name": "see", "places": ["room"], "keeps_place": True},
                {"name": "scan", "places": ["scanner"], **scan},
            ],
        },
    )


def test_who_is_out_of_patience_may_go_on_to_the_next_step(engine):
    house = scanning(out_of_patience="skips")
    rows = [("visit", 0, [("scan", 60), ("see", 10)]), ("visit", 5, [("scan", 60, 20), ("see", 10)])]

    trace = play(engine, house, rows)

    assert told(trace, "requested")[1] == [5, 25]
    assert told(trace, "started")[1] == [None, 25]
    assert told(trace, "left")[1] == [None, 35]
    assert outcomes(trace) == [DONE, DONE]


def test_who_skips_his_last_step_is_done_and_gives_up_what_he_kept(engine):
    house = scanning(out_of_patience="skips")
    rows = [
        ("visit", 0, [("scan", 100), ("see", 1)]),
        ("last", 5, [("see", 10), ("scan", 60, 20)]),
        ("last", 6, [("see", 10), ("scan", 5)]),
    ]

    trace = play(engine, house, rows)

    assert told(trace, "left")[1] == [35, None]
    assert told(trace, "started")[2] == [35, 100]
    assert outcomes(trace) == [DONE, DONE, DONE]


def test_who_skips_keeps_his_place_while_he_waits_for_the_step_after(engine):
    house = hospital(
        places={"cubicle": 1, "scanner": 0},
        wards={"ward": 1},
        pathways={
            "admitted": [
                {"name": "see", "places": ["cubicle"], "keeps_place": True},
                {"name": "scan", "places": ["scanner"], "out_of_patience": "skips"},
                {"name": "stay", "places": ["ward"]},
            ]
        },
    )
    rows = [
        ("admitted", 0, [("see", 10), ("scan", 5, 30), ("stay", 100)]),
        ("admitted", 1, [("see", 10), ("scan", 5, 30), ("stay", 100)]),
    ]

    trace = play(engine, house, rows)

    # the first keeps the cubicle until 40; the second is seen at 40, skips at 80, boards until 140
    assert told(trace, "started") == [[0, None, 40], [40, None, 140]]
    assert told(trace, "left") == [[40, None, 140], [140, None, 240]]


def test_one_already_there_whose_patience_is_over_goes_as_the_run_begins_if_he_cannot_start(engine):
    house = room(2)
    rows = [
        see("visit", -100, 30, 60, origin=WAITING),
        see("visit", -90, 30, 60, origin=WAITING),
        see("visit", -80, 30, 60, origin=WAITING),
        see("visit", -50, 30, 60, origin=WAITING),
    ]

    trace = play(engine, house, rows)

    # two rooms at 0 for the first two; the third goes at 0, the fourth's patience ends at 10
    assert starts(trace) == [0, 0, None, None]
    assert outcomes(trace) == [DONE, DONE, LEFT, LEFT]


def test_patience_that_ends_after_the_run_leaves_the_story_open(engine):
    house = room()

    trace = play(engine, house, [see("visit", 0, 48 * H), see("visit", 60, 10, 24 * H)], days=1)

    assert outcomes(trace) == [Outcome.OPEN, Outcome.OPEN]


# ---- full ----------------------------------------------------------------------------------------


def test_who_finds_the_room_full_goes_elsewhere(engine):
    house = room(if_full="leaves")

    trace = play(engine, house, [see("visit", at, 30) for at in (0, 5, 29, 30)])

    assert starts(trace) == [0, None, None, 30]  # at 30 the room is freed before he asks
    assert outcomes(trace) == [DONE, REFUSED, REFUSED, DONE]
    assert came(trace) == [0, 5, 29, 30]


def test_of_two_at_once_for_one_room_the_second_is_refused(engine):
    house = room(if_full="leaves")

    trace = play(engine, house, [see("visit", 0, 30), see("visit", 0, 30)])

    assert outcomes(trace) == [DONE, REFUSED]


def test_one_refused_by_the_ward_gives_up_the_cubicle_at_once(engine):
    house = admitting(if_full="leaves")
    rows = [("admitted", 0, [("see", 30), ("stay", 600)]), see("minor", 10, 20)]

    trace = play(engine, house, rows)

    assert told(trace, "left") == [[30, None], [50]]
    assert starts(trace) == [0, 30]
    assert outcomes(trace) == [REFUSED, DONE]


def test_a_step_that_is_full_may_be_passed_over(engine):
    house = scanning(if_full="skips")
    rows = [("visit", 0, [("scan", 60), ("see", 10)]), ("visit", 5, [("scan", 60), ("see", 100)])]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[0, 105], [None, 5]]
    assert told(trace, "requested")[1] == [5, 5]


def test_one_step_passed_over_may_be_followed_by_another_at_the_same_instant(engine):
    house = hospital(
        places={"scanner": 0, "xray": 0, "room": 1},
        pathways={
            "visit": [
                {"name": "scan", "places": ["scanner"], "if_full": "skips"},
                {"name": "xray", "places": ["xray"], "if_full": "skips"},
                {"name": "see", "places": ["room"], "if_full": "leaves"},
            ]
        },
    )
    rows = [("visit", at, [("scan", 5), ("xray", 5), ("see", 30)]) for at in (0, 10)]

    trace = play(engine, house, rows)

    assert told(trace, "requested") == [[0, 0, 0], [10, 10, 10]]
    assert told(trace, "started") == [[None, None, 0], [None, None, None]]
    assert outcomes(trace) == [DONE, REFUSED]


def test_who_may_wait_for_another_place_later_is_still_refused_now(engine):
    house = hospital(
        places={"near": 1, "far": 1},
        pathways={
            "visit": [
                {
                    "name": "see",
                    "places": ["near", {"place": "far", "after_hours": 1}],
                    "if_full": "leaves",
                }
            ]
        },
    )

    trace = play(engine, house, [see("visit", 0, 300), see("visit", 10, 5)])

    assert outcomes(trace) == [DONE, REFUSED]


# ---- waiting rooms -------------------------------------------------------------------------------


def waiting_room(seats: int, **parts) -> Hospital:
    """One room with so many seats before it."""
    return room({"physical": 1, "staffed": 1, "waiting_room": seats}, **parts)


def test_who_finds_no_seat_goes_away(engine):
    house = waiting_room(2)

    trace = play(engine, house, [see("visit", at, 60) for at in (0, 1, 2, 3, 60)])

    assert starts(trace) == [0, 60, 120, None, 180]  # at 60 a seat is free again
    assert outcomes(trace) == [DONE, DONE, DONE, BALKED, DONE]
    assert came(trace)[3] == 3


def test_of_those_who_come_together_the_last_keys_find_no_seat(engine):
    house = waiting_room(2)

    trace = play(engine, house, [see("visit", 0, 60), see("visit", 1, 60), *[see("visit", 5, 60)] * 3])

    assert outcomes(trace) == [DONE, DONE, DONE, BALKED, BALKED]


def test_without_seats_who_cannot_be_seen_at_once_goes(engine):
    house = waiting_room(0)

    trace = play(engine, house, [see("visit", 0, 60), see("visit", 59, 60), see("visit", 60, 60)])

    assert outcomes(trace) == [DONE, BALKED, DONE]


def test_a_seat_left_at_this_instant_is_free_for_who_comes_now(engine):
    house = waiting_room(1)
    rows = [see("visit", 0, 60), see("visit", 5, 60, 15), see("visit", 20, 60)]

    trace = play(engine, house, rows)

    assert outcomes(trace) == [DONE, LEFT, DONE]
    assert starts(trace) == [0, None, 60]


def test_who_waits_in_a_place_of_his_own_needs_no_seat(engine):
    house = hospital(
        places={
            "cubicle": 2,
            "scanner": {"physical": 1, "staffed": 1, "waiting_room": 1},
        },
        pathways={
            "lying": [
                {"name": "see", "places": ["cubicle"], "keeps_place": True},
                {"name": "scan", "places": ["scanner"]},
            ],
            "walking": [{"name": "scan", "places": ["scanner"]}],
        },
    )
    rows = [
        ("walking", 0, [("scan", 60)]),
        ("lying", 0, [("see", 5), ("scan", 10)]),
        ("lying", 0, [("see", 5), ("scan", 10)]),
        ("walking", 10, [("scan", 5)]),
        ("walking", 11, [("scan", 5)]),
    ]

    trace = play(engine, house, rows)

    assert outcomes(trace) == [DONE, DONE, DONE, DONE, BALKED]
    assert ends(trace) == [60, 70, 80, 85, None]


def test_seats_are_of_the_first_place_of_the_list(engine):
    house = hospital(
        places={
            "near": {"physical": 1, "staffed": 1, "waiting_room": 0},
            "far": {"physical": 1, "staffed": 1, "waiting_room": 5},
        },
        pathways={
            "visit": [{"name": "see", "places": ["near", "far"]}],
            "distant": [{"name": "see", "places": ["far"]}],
        },
    )

    trace = play(engine, house, [see("visit", at, 60) for at in (0, 1, 2)])

    assert starts(trace) == [0, 1, None]
    assert outcomes(trace)[2] == BALKED


def test_those_who_sat_there_before_the_run_are_not_sent_away(engine):
    house = waiting_room(1)
    rows = [see("visit", at, 30, origin=WAITING) for at in (-30, -20, -10)] + [see("visit", 5, 30)]

    trace = play(engine, house, rows)

    assert outcomes(trace) == [DONE, DONE, DONE, BALKED]
    assert starts(trace) == [0, 30, 60, None]


def test_one_who_was_stopped_takes_no_seat(engine):
    house = room(level(("01:00", "02:00", 0), on_fall="stop", waiting_room=1))

    trace = play(engine, house, [see("visit", 0, 90), see("visit", 70, 10), see("visit", 71, 10)])

    assert outcomes(trace) == [DONE, DONE, BALKED]
    assert ends(trace) == [150, 160, None]


def test_the_refused_go_before_seats_are_counted(engine):
    house = hospital(
        places={"room": {"physical": 1, "staffed": 1, "waiting_room": 1}},
        pathways={
            "calls": [{"name": "see", "places": ["room"], "if_full": "leaves"}],
            "visit": [{"name": "see", "places": ["room"]}],
        },
    )
    rows = [see("visit", 0, 60), see("calls", 10, 5), see("visit", 10, 30)]

    trace = play(engine, house, rows)

    assert outcomes(trace) == [DONE, REFUSED, DONE]


def test_who_balks_at_a_later_step_gives_up_nothing_but_the_house(engine):
    house = hospital(
        places={"desk": 1, "room": {"physical": 1, "staffed": 1, "waiting_room": 0}},
        pathways={
            "visit": [{"name": "register", "places": ["desk"]}, {"name": "see", "places": ["room"]}],
        },
    )
    rows = [("visit", at, [("register", 5), ("see", 60)]) for at in (0, 5)]

    trace = play(engine, house, rows)

    assert told(trace, "left") == [[5, 65], [10, None]]
    assert outcomes(trace) == [DONE, BALKED]
