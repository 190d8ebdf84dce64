"""Who is served, and by whom: ageing, float pools, escalation places, and those who hold the line.

Stories worked out with pencil and paper from the rule book, told by both engines. Times are minutes.
"""

from __future__ import annotations

from tests.houses import ends, hospital, level, lines, play, starts, where
from twin.hospital import Hospital
from twin.trace import Kind
from twin.workload import IN_STEP

SEE = [{"name": "see", "places": ["room"]}]


def see(name: str, at: float, long: float) -> tuple:
    """One who comes to be seen."""
    return (name, at, [("see", long)])


# ---- ageing --------------------------------------------------------------------------------------


def ageing_house(*ages: tuple[int, float], **step) -> Hospital:
    """One room; the calm (5) become more urgent by waiting, the red (3) do not."""
    return hospital(
        places={"room": 1},
        pathways={"calm": [{**SEE[0], **step}], "red": SEE},
        priorities={"calm": 5, "red": 3},
        classes={"calm": {"ages": [{"priority": p, "after_hours": h} for p, h in ages]}},
    )


def test_one_who_has_waited_long_enough_goes_before_the_more_urgent(engine):
    house = ageing_house((2, 1))

    trace = play(engine, house, [see("red", 0, 90), see("calm", 10, 30), see("red", 20, 30)])

    assert starts(trace) == [0, 90, 120]  # at 90 the calm one has waited 80 minutes


def test_one_who_has_not_waited_so_long_does_not(engine):
    house = ageing_house((2, 1))

    trace = play(engine, house, [see("red", 0, 90), see("red", 35, 30), see("calm", 31, 30)])

    assert starts(trace) == [0, 90, 120]  # 59 minutes


def test_who_ages_at_the_instant_the_room_is_freed_has_aged(engine):
    house = ageing_house((2, 1))

    trace = play(engine, house, [see("red", 0, 90), see("calm", 30, 30), see("red", 40, 30)])

    assert starts(trace) == [0, 90, 120]


def test_a_step_with_a_priority_of_its_own_does_not_age(engine):
    house = ageing_house((2, 1), priority=5)

    trace = play(engine, house, [see("red", 0, 90), see("calm", 10, 30), see("red", 20, 30)])

    assert starts(trace) == [0, 120, 90]


def test_each_age_counts_from_its_own_instant(engine):
    house = ageing_house((4, 0.5), (3, 1), (2, 1.5))
    rows = [see("red", 0, 65), see("calm", 0, 10), see("red", 1, 30), see("red", 2, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 65, 75, 105]  # from 60 on he is as urgent as they, and waits longest


def test_one_who_aged_is_still_behind_the_equally_urgent_who_wait_longer(engine):
    house = ageing_house((3, 1))

    trace = play(engine, house, [see("red", 0, 90), see("red", 5, 30), see("calm", 10, 30)])

    assert starts(trace) == [0, 90, 120]


# ---- float pools ---------------------------------------------------------------------------------


def floating_house(*, nurses=1, floats=1, aides=0) -> Hospital:
    """Nurses, and a float pool that stands in for them (and for the aides)."""
    return hospital(
        staff={
            "nurse": {"float_pool": "pool", **(nurses if isinstance(nurses, dict) else {"on_duty": nurses})},
            "aide": {"on_duty": aides, "float_pool": "pool"},
            "pool": floats,
        },
        pathways={
            "two": [{"name": "turn", "staff": {"nurse": 2}}],
            "one": [{"name": "wash", "staff": {"nurse": 1}}],
            "both": [{"name": "lift", "staff": {"nurse": 1, "aide": 1}}],
            "float": [{"name": "help", "staff": {"pool": 1}}],
        },
    )


def test_what_the_group_lacks_comes_from_the_float_pool(engine):
    house = floating_house()

    trace = play(engine, house, [("two", 0, [("turn", 30)]), ("float", 5, [("help", 10)])])

    assert starts(trace) == [0, 30]  # the one of the pool is with the first patient
    assert lines(trace, house, Kind.FLOATED) == [(0, 1, "nurse", 1)]


def test_the_groups_own_people_are_taken_first(engine):
    house = floating_house()

    trace = play(engine, house, [("one", 0, [("wash", 30)]), ("float", 5, [("help", 10)])])

    assert starts(trace) == [0, 5]
    assert lines(trace, house, Kind.FLOATED) == []


def test_who_came_from_the_pool_goes_back_to_the_pool(engine):
    house = floating_house()
    rows = [("one", 0, [("wash", 60)]), ("one", 10, [("wash", 30)]), ("float", 20, [("help", 10)])]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 40]  # at 40 the pool's comes back, though the nurse is still busy
    assert lines(trace, house, Kind.FLOATED) == [(10, 2, "nurse", 1)]


def test_the_groups_own_go_back_to_the_group_while_the_pool_is_away(engine):
    house = floating_house()
    rows = [("one", 0, [("wash", 20)]), ("one", 10, [("wash", 60)]), ("one", 15, [("wash", 10)])]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 20]
    assert lines(trace, house, Kind.FLOATED) == [(10, 2, "nurse", 1)]


def test_one_of_the_pool_cannot_stand_in_twice(engine):
    house = floating_house(nurses=0, floats=1)

    trace = play(engine, house, [("both", 0, [("lift", 30)]), ("float", 5, [("help", 10)])], days=1)

    assert starts(trace) == [None, 5]


def test_two_of_the_pool_stand_in_for_two_groups(engine):
    house = floating_house(nurses=0, floats=2)

    trace = play(engine, house, [("both", 0, [("lift", 30)]), ("float", 5, [("help", 10)])])

    assert starts(trace) == [0, 30]
    assert lines(trace, house, Kind.FLOATED) == [(0, 1, "nurse", 1), (0, 1, "aide", 1)]


def test_nurses_who_stay_over_the_end_of_their_shift_do_not_eat_up_the_pool(engine):
    shift = {"on_duty": 0, "calendar": [{"from": "00:00", "to": "01:00", "on_duty": 2}]}
    house = floating_house(nurses=shift, floats=1)
    rows = [("two", 30, [("turn", 60)]), ("one", 60, [("wash", 10)])]

    trace = play(engine, house, rows)

    # at 60 nobody of the group is on duty and two are still at work: none is free, never less than none
    assert starts(trace) == [30, 60]
    assert lines(trace, house, Kind.FLOATED) == [(60, 2, "nurse", 1)]


def test_one_of_the_pool_who_is_with_a_patient_as_the_run_begins_goes_back_to_the_pool(engine):
    house = floating_house()
    rows = [
        ("two", -10, [("turn", 30)], {"origin": IN_STEP, "pooled": {"nurse": 1}}),
        ("float", 0, [("help", 10)]),
        ("one", 5, [("wash", 10)]),
    ]

    trace = play(engine, house, rows)

    assert starts(trace)[1:] == [30, 30]
    assert lines(trace, house, Kind.FLOATED) == []


# ---- escalation places ---------------------------------------------------------------------------


def corridor_house(majors=1, *, corridor: int = 1, **parts) -> Hospital:
    """Majors, and a corridor that takes patients only while majors is full."""
    return hospital(
        places={
            "majors": majors,
            "corridor": {"physical": corridor, "staffed": corridor, "opens_when_full": ["majors"]},
        },
        pathways={
            "ill": [{"name": "see", "places": ["majors", "corridor"]}],
            "trolley": [{"name": "see", "places": ["corridor"]}],
        },
        **parts,
    )


def test_the_corridor_takes_who_finds_majors_full(engine):
    house = corridor_house()

    trace = play(engine, house, [see("ill", 0, 60), see("ill", 10, 60), see("ill", 20, 60)])

    assert starts(trace) == [0, 10, 60]
    assert where(trace) == ["majors", "corridor", "majors"]


def test_the_corridor_is_closed_while_majors_has_room(engine):
    house = corridor_house()

    trace = play(engine, house, [see("trolley", 0, 10), see("ill", 30, 60)])

    assert starts(trace) == [30, 30]  # it opens at the instant majors is full


def test_the_corridor_opens_at_once_for_the_more_urgent_too(engine):
    house = corridor_house(priorities={"trolley": 1, "ill": 5})

    trace = play(engine, house, [see("trolley", 0, 10), see("ill", 0, 60)])

    assert starts(trace) == [0, 0]  # passed over first, started once majors was taken


def test_the_corridor_closes_to_new_patients_when_majors_has_room_again(engine):
    house = corridor_house(corridor=2)
    rows = [see("ill", 0, 30), see("ill", 10, 90), see("trolley", 40, 10), see("ill", 50, 20)]

    trace = play(engine, house, rows)

    # the second stays where he is; the trolley of 40 waits until the ill of 50 fills majors again
    assert starts(trace) == [0, 10, 50, 50]
    assert where(trace) == ["majors", "corridor", "corridor", "majors"]


def test_a_closed_place_is_full(engine):
    house = corridor_house(level(("00:00", "08:00", 0)))

    trace = play(engine, house, [see("trolley", 60, 10), see("trolley", 480, 10), see("ill", 600, 10)])

    assert starts(trace) == [60, 600, 600]  # at 8:00 majors opens and is empty: the corridor closes


def test_a_place_in_turnaround_is_full(engine):
    house = corridor_house({"physical": 1, "staffed": 1, "turnaround_minutes": 20})

    trace = play(engine, house, [see("ill", 0, 30), see("trolley", 35, 60), see("trolley", 40, 10)])

    assert starts(trace) == [0, 35, None]  # ready again at 50, and then nobody fills majors


def test_two_corridors_open_one_after_the_other(engine):
    house = hospital(
        places={
            "majors": 1,
            "north": {"physical": 1, "staffed": 1, "opens_when_full": ["majors"]},
            "south": {"physical": 1, "staffed": 1, "opens_when_full": ["majors", "north"]},
        },
        pathways={
            "ill": [{"name": "see", "places": ["majors", "north", "south"]}],
            "south_only": [{"name": "see", "places": ["south"]}],
        },
    )
    rows = [see("ill", 0, 60), see("south_only", 1, 5), *(see("ill", at, 60) for at in (10, 20, 30))]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 10, 10, 20, 60]  # the south opens as the north is full, at 10; free at 15
    assert where(trace) == ["majors", "south", "north", "south", "majors"]


# ---- holding the line ----------------------------------------------------------------------------


def operating_house(*, holds: bool, **parts) -> Hospital:
    """Two doctors; an operation needs both and a theatre, a visit needs one."""
    return hospital(
        places={"theatre": 1, "room": 3},
        staff={"doctor": 2},
        pathways={
            "operation": [
                {
                    "name": "operate",
                    "places": ["theatre"],
                    "staff": {"doctor": 2},
                    "holds_the_line": holds,
                }
            ],
            "visit": [{"name": "see", "places": ["room"], "staff": {"doctor": 1}}],
            "dressing": [{"name": "dress", "places": ["theatre"]}],
        },
        **parts,
    )


def test_who_needs_two_doctors_and_holds_the_line_keeps_others_from_the_one_that_is_free(engine):
    house = operating_house(holds=True)
    rows = [see("visit", 0, 30), ("operation", 5, [("operate", 60)]), see("visit", 10, 15)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 30, 90]


def test_without_holding_the_line_he_is_overtaken(engine):
    house = operating_house(holds=False)
    rows = [
        see("visit", 0, 30),
        ("operation", 5, [("operate", 60)]),
        see("visit", 10, 30),
        see("visit", 20, 40),
    ]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 70, 10, 30]


def test_the_more_urgent_may_take_what_he_lacks(engine):
    house = operating_house(holds=True, priorities={"visit": 1, "operation": 5})
    rows = [see("visit", 0, 30), ("operation", 5, [("operate", 60)]), see("visit", 10, 30)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 40, 10]


def test_what_he_does_not_lack_he_does_not_hold(engine):
    house = operating_house(holds=True)
    rows = [see("visit", 0, 30), ("operation", 5, [("operate", 60)]), ("dressing", 10, [("dress", 10)])]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 30, 10]  # he lacks a doctor; the theatre is free for a dressing


def test_who_lacks_the_theatre_does_not_hold_the_doctors(engine):
    house = operating_house(holds=True)
    rows = [("dressing", 0, [("dress", 30)]), ("operation", 5, [("operate", 60)]), see("visit", 10, 40)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 50, 10]  # nobody is kept from a doctor until the theatre is free, at 30


def test_who_comes_to_lack_the_doctors_holds_them_from_then_on(engine):
    house = operating_house(holds=True)
    rows = [
        ("dressing", 0, [("dress", 30)]),
        ("operation", 5, [("operate", 60)]),
        see("visit", 10, 40),
        see("visit", 30, 5),
    ]

    trace = play(engine, house, rows)

    # at 30 he has the theatre and lacks one doctor: the visit of that instant may not take the other
    assert starts(trace) == [0, 50, 10, 110]


def test_he_holds_the_pool_of_the_group_that_is_short(engine):
    house = hospital(
        staff={"nurse": {"on_duty": 1, "float_pool": "pool"}, "pool": 1},
        pathways={
            "two": [{"name": "turn", "staff": {"nurse": 2}, "holds_the_line": True}],
            "one": [{"name": "wash", "staff": {"nurse": 1}}],
            "float": [{"name": "help", "staff": {"pool": 1}}],
        },
    )
    rows = [("one", 0, [("wash", 30)]), ("two", 5, [("turn", 30)]), ("float", 10, [("help", 10)])]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 30, 60]


def test_who_can_go_to_another_place_holds_nothing(engine):
    house = hospital(
        places={"north": 1, "south": 1, "room": 1},
        staff={"doctor": 2},
        pathways={
            "operation": [
                {
                    "name": "operate",
                    "places": ["north", {"place": "south", "after_hours": 0.5}],
                    "staff": {"doctor": 1},
                    "holds_the_line": True,
                }
            ],
            "southern": [{"name": "dress", "places": ["south"]}],
        },
    )
    rows = [
        ("operation", 0, [("operate", 100)]),
        ("operation", 10, [("operate", 10)]),
        ("southern", 20, [("dress", 5)]),
        ("southern", 41, [("dress", 5)]),
    ]

    trace = play(engine, house, rows)

    # he waits for the north alone until 40, so the south is not held; then he goes there
    assert starts(trace) == [0, 40, 20, 50]


def test_who_may_go_to_either_of_two_places_lacks_what_he_lacks_in_each(engine):
    house = hospital(
        places={"north": 1, "south": 1, "room": 5},
        staff={"doctor": 1},
        pathways={
            "operation": [
                {
                    "name": "cut",
                    "places": ["north", "south"],
                    "staff": {"doctor": 1},
                    "holds_the_line": True,
                }
            ],
            "northern": [{"name": "dress", "places": ["north"]}],
            "southern": [{"name": "dress", "places": ["south"]}],
            "visit": [{"name": "see", "places": ["room"], "staff": {"doctor": 1}}],
        },
    )
    rows = [
        see("visit", 0, 60),
        ("northern", 0, [("dress", 30)]),
        ("operation", 5, [("cut", 10)]),
        ("southern", 10, [("dress", 100)]),
        ("northern", 20, [("dress", 100)]),
        see("visit", 40, 10),
    ]

    trace = play(engine, house, rows)

    # of the north he lacks the place and the doctor until 30, of the south the doctor: so the southern
    # starts, and from 30 on the northern; then there is no place left for him until 110
    assert starts(trace) == [0, 0, 110, 10, 30, 60]


def test_of_two_entries_that_share_a_pool_the_first_takes_what_there_is(engine):
    house = hospital(
        staff={
            "nurse": {"on_duty": 0, "float_pool": "pool"},
            "aide": {"on_duty": 1, "float_pool": "pool"},
            "pool": 1,
        },
        pathways={
            "turn": [{"name": "turn", "staff": {"nurse": 1, "aide": 2}, "holds_the_line": True}],
            "aided": [{"name": "wash", "staff": {"aide": 1}}],
            "nursed": [{"name": "drip", "staff": {"nurse": 1}}],
        },
    )
    rows = [("turn", 0, [("turn", 5)]), ("aided", 10, [("wash", 5)]), ("nursed", 20, [("drip", 5)])]

    trace = play(engine, house, rows, days=1)

    # the nurse comes from the pool; one aide is short, and with the aides their pool is held
    assert starts(trace) == [None, None, None]


def test_an_escalation_place_that_is_not_open_is_held_too(engine):
    house = hospital(
        places={"majors": 1, "corridor": {"physical": 1, "staffed": 1, "opens_when_full": ["majors"]}},
        staff={"nurse": 1},
        pathways={
            "held": [{"name": "see", "places": ["corridor"], "holds_the_line": True}],
            "later": [{"name": "see", "places": ["corridor"]}],
            "ill": [{"name": "see", "places": ["majors"]}],
        },
    )
    rows = [see("held", 0, 30), see("later", 5, 10), see("ill", 10, 200)]

    trace = play(engine, house, rows)

    assert starts(trace) == [10, 40, 10]


def test_when_one_who_held_the_line_gives_up_those_behind_him_start_at_once(engine):
    house = operating_house(holds=True)
    rows = [see("visit", 0, 60), ("operation", 5, [("operate", 60, 20)]), see("visit", 10, 15)]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, None, 25]


def test_who_waits_for_a_full_theatre_does_not_keep_the_surgeon(engine):
    house = hospital(
        places={"north": 1, "south": 1},
        staff={"surgeon": 1, "nurse": 1},
        pathways={
            "operation": [
                {
                    "name": "cut",
                    "places": ["north", {"place": "south", "after_hours": 1}],
                    "staff": {"surgeon": 1},
                    "holds_the_line": True,
                }
            ],
            "long": [{"name": "cut", "places": ["north"]}],
            "talk": [{"name": "talk", "staff": {"surgeon": 1}}],
            "northern": [{"name": "dress", "places": ["north"]}],
        },
    )
    rows = [
        ("talk", 0, [("talk", 30)]),
        ("operation", 5, [("cut", 10)]),
        ("talk", 6, [("talk", 20)]),
        ("long", 7, [("cut", 100)]),
        ("operation", 8, [("cut", 10)]),
        ("talk", 9, [("talk", 5)]),
    ]

    trace = play(engine, house, rows)

    # the first operation lacks the surgeon only, so the long case takes the north at 7; from 65 on the
    # operation may go south. The north is what it lacks, so the surgeon is free from 30 on for a talk
    assert starts(trace) == [0, 65, 30, 7, 75, 50]


def test_two_who_hold_the_line_hold_what_each_lacks(engine):
    house = hospital(
        places={"theatre": 2, "room": 2},
        staff={"surgeon": 1, "nurse": 1},
        pathways={
            "operation": [
                {"name": "cut", "places": ["theatre"], "staff": {"surgeon": 1}, "holds_the_line": True}
            ],
            "plaster": [
                {"name": "set", "places": ["theatre"], "staff": {"nurse": 1}, "holds_the_line": True}
            ],
            "drip": [{"name": "drip", "staff": {"nurse": 1}}],
            "talk": [{"name": "talk", "staff": {"surgeon": 1}}],
        },
    )
    rows = [
        ("talk", 0, [("talk", 30)]),
        ("drip", 0, [("drip", 20)]),
        ("operation", 5, [("cut", 60)]),
        ("plaster", 6, [("set", 60)]),
        ("drip", 7, [("drip", 10)]),
        ("talk", 8, [("talk", 10)]),
    ]

    trace = play(engine, house, rows)

    assert starts(trace) == [0, 0, 30, 20, 80, 90]
    assert ends(trace) == [30, 20, 90, 80, 90, 100]
