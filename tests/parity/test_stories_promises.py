"""Places promised beforehand, and circles of patients who swap them.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes.
"""

from __future__ import annotations

from tests.houses import duty, ends, hospital, level, lines, outcomes, play, starts, told, where
from twin.hospital import Hospital
from twin.trace import Kind, Outcome
from twin.workload import IN_STEP, WAITING


def theatre_house(*, theatre=2, recovery=1, ward=1, operate: dict | None = None, **parts) -> Hospital:
    """An operation starts only with a place in recovery promised."""
    return hospital(
        places={"theatre": theatre, "recovery": recovery},
        wards={"ward": ward},
        pathways={
            "surgical": [
                {
                    "name": "operate",
                    "places": ["theatre"],
                    "needs_next": "recover",
                    "next": {"recover": 0.5, "stay": 0.25, "home": 0.25},
                    **(operate or {}),
                },
                {"name": "recover", "places": ["recovery"]},
                {"name": "stay", "places": ["ward"]},
            ],
            "direct": [{"name": "recover", "places": ["recovery"]}],
            "emergency": [{"name": "operate", "places": ["theatre"]}],
        },
        **parts,
    )


def surgical(at: float, *steps: tuple, **more) -> tuple:
    """One who is operated on."""
    return ("surgical", at, list(steps), more)


def direct(at: float, long: float) -> tuple:
    """One who comes straight to recovery."""
    return ("direct", at, [("recover", long)])


def test_an_operation_waits_for_a_place_in_recovery_to_be_promised(engine):
    house = theatre_house()
    rows = [surgical(at, ("operate", 60), ("recover", 30)) for at in (0, 5)]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[0, 60], [90, 150]]
    assert lines(trace, house, Kind.PROMISED) == [(0, 1, "recovery"), (90, 2, "recovery")]


def test_a_promised_place_is_not_there_for_others(engine):
    house = theatre_house()
    rows = [surgical(0, ("operate", 60), ("recover", 30)), direct(10, 20)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 90]


def test_who_asked_first_gets_the_promise_or_the_place(engine):
    house = theatre_house()
    rows = [
        surgical(0, ("operate", 60), ("recover", 30)),
        surgical(5, ("operate", 60), ("recover", 30)),
        direct(10, 20),
    ]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 90, 180]  # at 90 the promise goes to the second


def test_who_goes_home_gives_the_promise_back(engine):
    house = theatre_house()
    rows = [surgical(0, ("operate", 60)), surgical(5, ("operate", 60), ("recover", 30))]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 60]
    assert outcomes(trace) == [Outcome.DONE, Outcome.DONE]


def test_who_goes_another_way_gives_it_back_as_he_asks(engine):
    house = theatre_house(ward=0)
    rows = [surgical(0, ("operate", 60), ("stay", 500)), direct(10, 20)]

    trace = play(engine, house, rows, days=1)

    # no bed for him, and he does not come to recovery any more
    assert told(trace, "started") == [[0, None], [60]]


def test_the_promise_is_kept_while_another_step_comes_between(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 1, "scanner": level(("00:00", "02:00", 0))},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "scan", "places": ["scanner"]},
                {"name": "recover", "places": ["recovery"]},
            ],
            "direct": [{"name": "recover", "places": ["recovery"]}],
        },
    )
    rows = [surgical(0, ("operate", 60), ("scan", 10), ("recover", 30)), direct(70, 20)]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[0, 120, 130], [160]]


def test_a_step_that_promises_its_own_place_needs_two(engine):
    house = hospital(
        places={"chair": level(("00:00", "01:00", 1), usual=2)},
        pathways={
            "infusion": [
                {"name": "prepare", "places": ["chair"], "needs_next": "infuse"},
                {"name": "infuse", "places": ["chair"]},
            ],
            "short": [{"name": "sit", "places": ["chair"]}],
        },
    )
    rows = [("infusion", 0, [("prepare", 30), ("infuse", 30)]), ("short", 70, [("sit", 5)])]

    trace = play(engine, house, rows)

    # only one chair until 60; from then on he has both, and one of them after 90
    assert told(trace, "started") == [[60, 90], [90]]


def test_the_gate_of_a_place_does_not_matter_to_a_promise(engine):
    house = theatre_house(recovery={"physical": 1, "staffed": 1, "opens_when_full": ["theatre"]}, theatre=5)

    trace = play(engine, house, [surgical(0, ("operate", 60), ("recover", 30)), direct(10, 20)])

    assert told(trace, "started") == [[0, 60], [None]]


def test_he_who_holds_a_promise_waits_for_the_nurse_in_his_turn(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 2},
        staff={"nurse": 1},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery"], "staff": {"nurse": 1}},
            ],
            "direct": [{"name": "recover", "places": ["recovery"], "staff": {"nurse": 1}}],
        },
    )
    rows = [surgical(0, ("operate", 60), ("recover", 30)), direct(50, 40), direct(55, 10)]

    trace = play(engine, house, rows)

    # the nurse is free at 90, and the one of 55 asked for her before him; his place is kept for him
    assert told(trace, "started") == [[0, 100], [50], [90]]


def test_he_who_holds_a_promise_asks_in_no_other_line(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 1, "corridor": 1},
        staff={"nurse": duty(("00:00", "02:00", 0))},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery", "corridor"], "staff": {"nurse": 1}},
            ],
        },
    )

    trace = play(engine, house, [surgical(0, ("operate", 60), ("recover", 30))])

    assert where(trace) == ["theatre", "recovery"]
    assert told(trace, "started") == [[0, 120]]


def test_one_promise_is_enough_for_two_steps_that_need_it(engine):
    house = hospital(
        places={"induction": 1, "theatre": 1, "recovery": 2},
        pathways={
            "surgical": [
                {"name": "induce", "places": ["induction"], "needs_next": "recover"},
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery"]},
            ],
            "direct": [{"name": "recover", "places": ["recovery"]}],
        },
    )
    rows = [surgical(0, ("induce", 20), ("operate", 60), ("recover", 30)), direct(30, 10), direct(31, 10)]

    trace = play(engine, house, rows)

    assert lines(trace, house, Kind.PROMISED) == [(0, 1, "recovery")]
    assert starts(trace) == [0, 30, 40]


def test_a_step_started_by_a_promise_makes_the_next_promise(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 1},
        wards={"ward": 1},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery"], "needs_next": "stay"},
                {"name": "stay", "places": ["ward"]},
            ],
            "medical": [{"name": "stay", "places": ["ward"]}],
        },
    )
    rows = [
        ("medical", 0, [("stay", 100)]),
        surgical(0, ("operate", 60), ("recover", 30), ("stay", 50)),
        ("medical", 110, [("stay", 5)]),
    ]

    trace = play(engine, house, rows)

    # the operation needs recovery only; recovery begins as the ward can be promised, at 100
    assert told(trace, "started") == [[0], [0, 100, 130], [180]]
    assert lines(trace, house, Kind.PROMISED) == [(0, 2, "recovery"), (100, 2, "ward")]


def test_a_promise_outlives_the_closing_of_the_place(engine):
    house = theatre_house(recovery=level(("00:30", "03:00", 0)))
    rows = [surgical(0, ("operate", 60), ("recover", 30)), direct(10, 20)]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[0, 60], [180]]


def test_one_who_is_stopped_keeps_his_promise(engine):
    house = theatre_house(
        theatre=1,
        operate={"can_be_stopped": True},
        priorities={"emergency": 1},
        classes={"emergency": {"preempts": True}},
    )
    rows = [
        surgical(0, ("operate", 60), ("recover", 30)),
        ("emergency", 10, [("operate", 40)]),
        direct(15, 5),
    ]

    trace = play(engine, house, rows)

    assert told(trace, "ended") == [[100, 130], [50], [135]]
    assert lines(trace, house, Kind.PROMISED) == [(0, 1, "recovery")]


def test_who_leaves_out_of_patience_gives_the_promise_back(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 1},
        staff={"nurse": 0},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "needs_next": "recover"},
                {"name": "recover", "places": ["recovery"], "staff": {"nurse": 1}},
            ],
            "direct": [{"name": "recover", "places": ["recovery"]}],
        },
    )
    rows = [surgical(0, ("operate", 60), ("recover", 30, 20)), direct(10, 20)]

    trace = play(engine, house, rows)

    assert outcomes(trace) == [Outcome.LEFT, Outcome.DONE]
    assert starts(trace) == [0, 80]


def test_the_kept_theatre_is_given_up_as_recovery_starts(engine):
    house = theatre_house(theatre=1, operate={"keeps_place": True})
    rows = [surgical(0, ("operate", 60), ("recover", 30)), ("emergency", 10, [("operate", 10)])]

    trace = play(engine, house, rows)

    assert told(trace, "left")[0] == [60, 90]
    assert starts(trace) == [0, 60]


def test_a_promise_made_before_the_run_is_kept(engine):
    house = theatre_house()
    rows = [
        surgical(-30, ("operate", 60), ("recover", 30), origin=IN_STEP, held="theatre", promised="recovery"),
        direct(5, 10),
    ]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[-30, 60], [90]]


def test_one_who_waits_with_a_promise_from_before_the_run_starts_at_once(engine):
    house = theatre_house()
    rows = [surgical(-30, ("recover", 30), origin=WAITING, promised="recovery"), direct(0, 10)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 30]


# ---- blocking ------------------------------------------------------------------------------------


def test_a_full_recovery_blocks_the_theatre_and_so_the_next_operation(engine):
    house = hospital(
        places={"theatre": 1, "recovery": 1},
        pathways={
            "surgical": [
                {"name": "operate", "places": ["theatre"], "keeps_place": True},
                {"name": "recover", "places": ["recovery"]},
            ]
        },
    )
    rows = [surgical(0, ("operate", 30), ("recover", 100)) for _ in range(3)]

    trace = play(engine, house, rows)

    # the second is done at 60 and lies in theatre until 130; the third then waits there from 160 to 230
    assert told(trace, "started") == [[0, 30], [30, 130], [130, 230]]
    assert told(trace, "left") == [[30, 130], [130, 230], [230, 330]]


# ---- circles -------------------------------------------------------------------------------------


def swapping(*, staff: dict | None = None, second: dict | None = None, north: dict | None = None) -> Hospital:
    """Two wards of one bed, and patients who go from each to the other."""
    ward = {"physical_beds": 1, "staffed_beds": 1}
    return hospital(
        wards={"north": {**ward, **(north or {})}, "south": ward},
        staff=staff or {},
        pathways={
            name: [
                {"name": "first", "places": [here], "keeps_place": True},
                {"name": "second", "places": [there], **(second or {})},
            ]
            for name, here, there in [("down", "north", "south"), ("up", "south", "north")]
        },
    )


BOTH = [("down", 0, [("first", 60), ("second", 30)]), ("up", 0, [("first", 90), ("second", 30)])]


def test_swapped_beds_need_no_turnaround(engine):
    house = swapping(north={"turnaround_minutes": 40})

    trace = play(engine, house, BOTH)

    assert ends(trace) == [120, 120]
    assert trace.exchanges == 1


def test_the_people_for_both_moves_must_be_there_together(engine):
    house = swapping(staff={"porter": duty(("00:00", "02:00", 1), usual=2)}, second={"staff": {"porter": 1}})

    trace = play(engine, house, BOTH)

    assert told(trace, "started") == [[0, 120], [0, 120]]


def test_the_float_pool_is_not_asked_for_a_swap(engine):
    porter = duty(("00:00", "02:00", 1), usual=2, float_pool="pool")
    house = swapping(staff={"porter": porter, "pool": 1}, second={"staff": {"porter": 1}})

    trace = play(engine, house, BOTH)

    assert told(trace, "started") == [[0, 120], [0, 120]]
    assert lines(trace, house, Kind.FLOATED) == []


def test_a_circle_through_a_place_with_a_gate_is_not_resolved(engine):
    house = hospital(
        wards={
            "north": {"physical_beds": 1, "staffed_beds": 1, "opens_when_full": ["other"]},
            "south": 1,
            "other": 0,
        },
        pathways={
            name: [
                {"name": "first", "places": [here], "keeps_place": True},
                {"name": "second", "places": [there], "patience": {"mean": 50, "unit": "minutes"}},
            ]
            for name, here, there in [("down", "north", "south"), ("up", "south", "north")]
        },
    )
    rows = [("down", 0, [("first", 60), ("second", 30)]), ("up", 0, [("first", 90), ("second", 30, 50)])]

    trace = play(engine, house, rows)

    # at 140 the second loses patience and makes room
    assert told(trace, "started") == [[0, 140], [0, None]]
    assert trace.exchanges == 0


def test_who_closes_a_circle_as_his_patience_ends_moves(engine):
    house = swapping()
    rows = [("down", 0, [("first", 60), ("second", 30, 30)]), ("up", 0, [("first", 90), ("second", 30)])]

    trace = play(engine, house, rows)

    assert told(trace, "started") == [[0, 90], [0, 90]]
