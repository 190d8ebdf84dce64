"""Patients of a snapshot as columns: where each is, since when, and what is known of what is left."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from tests.mirror.twin.drawing.house import HOUR, by_key, draw, house
from twin.case import Cleaning, InHouse, Snapshot
from twin.workload import ARRIVES, BOOKED, IN_STEP, LISTED, NONE, STOPPED, WAITING

MIDNIGHT = datetime(2025, 1, 6)
STAY = {"mean": 30, "cv": 1.2, "unit": "hours"}
STEPS = [
    {
        "name": "see",
        "places": ["bay"],
        "staff": {"nurses": 2},
        "next": {"stay": 0.5, "see": 0.3, "home": 0.2},
    },
    {"name": "stay", "places": ["bay"], "duration": STAY},
]


def clinic(**more):
    return house(
        STEPS,
        staff={
            "porters": {"title": "p", "on_duty": 1},
            "nurses": {"title": "n", "on_duty": 3, "float_pool": "bank"},
            "bank": {"title": "b", "on_duty": 2},
        },
        classes={
            "acute": {"title": "a", "priority": 1, "pathway": "acute"},
            "planned": {"title": "p", "priority": 2, "pathway": "acute", "booking": {"no_show": 0.3}},
            "tray": {"title": "t", "priority": 2, "pathway": "acute", "of": "tray"},
        },
        sessions={"list": {"title": "l", "classes": ["planned"], "from": "09:00", "to": "12:00"}},
        trays={name: {"title": name, "owned": 3, "patient_class": "tray"} for name in ("hip",)},
        **more,
    )


def patient(name="p", patient_class="acute", step="see", place="bay", *, hours=2.0, **more):
    return InHouse(name, patient_class, step, place, MIDNIGHT - timedelta(hours=hours), **more)


def there(*people, **more):
    return draw(clinic(), snapshot=Snapshot(MIDNIGHT, people, **more))


@pytest.mark.parametrize(
    ("found", "origin"),
    [
        (patient(), IN_STEP),
        (patient(place=None, waiting=True), WAITING),
        (patient(waiting=True, step="stay"), WAITING),
        (patient(place=None, stopped=True), STOPPED),
        (patient(patient_class="planned", place=None, listed=True), LISTED),
        (
            patient(
                patient_class="planned",
                place=None,
                appointment=datetime(2025, 1, 6, 9),
                session="list",
            ),
            BOOKED,
        ),
    ],
    ids=["in step", "waiting", "boarding", "stopped", "listed", "booked"],
)
def test_each_is_found_where_the_snapshot_says(found, origin):
    work = there(found)

    assert work.origin.tolist() == [origin]
    assert work.held.tolist() == [NONE if found.place is None else 0]
    assert work.arrival.tolist() == work.since.tolist() == [-2 * HOUR]


def test_one_who_is_on_the_way_comes_when_it_says():
    work = there(patient(place=None, arrived=MIDNIGHT + timedelta(minutes=30)))

    assert (work.origin[0], work.arrival[0], work.came[0]) == (ARRIVES, HOUR // 2, HOUR // 2)


def test_the_appointment_is_known_of_who_is_booked_and_of_who_has_come_to_it():
    nine = datetime(2025, 1, 6, 9)
    booked = patient("b", "planned", place=None, appointment=nine, session="list")
    came = patient(
        "c", "planned", waiting=True, appointment=nine - timedelta(days=1), session="list", arrived=MIDNIGHT
    )

    work = there(booked, replace(came, arrived=MIDNIGHT - timedelta(hours=3)))

    assert sorted(work.appointment.tolist()) == [-15 * HOUR, 9 * HOUR]
    assert set(work.session) == {0}
    assert sorted(work.origin.tolist()) == sorted([BOOKED, WAITING])


def test_when_one_came_is_known_better_than_since_when_one_is_in_the_step():
    work = there(patient("a", arrived=MIDNIGHT - timedelta(hours=5)), patient("b"))

    assert sorted(work.came.tolist()) == [-5 * HOUR, -2 * HOUR]
    assert set(work.arrival) == {-2 * HOUR}


def test_promises_pools_and_places_in_turnaround_are_told_by_number():
    quarter = MIDNIGHT + timedelta(minutes=15)
    snapshot_of = (patient("a"), patient("b", promised="bay", pooled={"nurses": 2}, waiting=False))

    work = there(*snapshot_of, cleaning=(Cleaning("bay", quarter),))

    row = int(np.flatnonzero(work.promised == 0)[0])
    assert work.pooled.tolist() == [[row, 1, 2]]
    assert work.cleaning.tolist() == [[0, HOUR // 4]]


def test_a_tray_on_its_way_is_a_patient_who_says_which_tray_it_is():
    work = there(patient("t", "tray"), patient("p"))

    assert by_key(work, work.tray) == {
        int(k): 0 if c == 2 else NONE for k, c in zip(work.key, work.patient_class, strict=True)
    }
    assert 0 in work.tray


def test_what_is_known_to_be_left_is_left_and_has_its_hour_in_it():
    known = patient("k", step="stay", identity=77, remaining_ms=12_345)
    nothing = patient("n", step="stay", identity=78, remaining_ms=0)
    stopped = patient("s", step="stay", identity=79, stopped=True, remaining_ms=4)

    work = there(known, nothing, stopped)

    assert sorted(work.duration.tolist()) == [0, 4, 12_345]
    assert set(work.wall) == {NONE}


def test_a_known_identity_carries_the_chance_of_the_run_before():
    whole = draw(clinic(arrivals={"door": {"title": "d", "daily_mean": 9, "mix": {"acute": 1.0}}}))
    long_way = int(np.argmax(np.diff(whole.first)))
    way = whole.step[whole.first[long_way] : whole.first[long_way + 1]].tolist()
    lengths = whole.duration[whole.first[long_way] : whole.first[long_way + 1]].tolist()
    assert len(way) >= 4 and way[:3] == [0, 0, 0]

    third = there(
        patient(identity=_identity_of(whole, long_way), visits={"see": 2}, place=None, waiting=True)
    )

    assert third.key.tolist() == [whole.key[long_way]]
    assert third.step.tolist() == way[2:]
    assert third.duration.tolist() == lengths[2:]


def _identity_of(work, patient):
    """The 64-bit identity behind a key: the first of its two candidates under which the chance is his."""
    for low in (0, 1):
        identity = 2 * int(work.key[patient]) + low
        lengths = work.duration[work.first[patient] : work.first[patient + 1]].tolist()
        found = there(InHouse("x", "acute", "see", None, MIDNIGHT, waiting=True, identity=identity))
        if found.duration.tolist() == lengths:
            return identity
    raise AssertionError("no such identity")


def test_the_visits_of_one_patient_are_not_those_of_another():
    one = patient("one", identity=1 << 40, waiting=True, visits={"see": 3})
    other = patient("other", identity=5, waiting=True)

    together, alone = there(one, other), there(other)

    rows = {
        int(k): together.duration[together.first[i] : together.first[i + 1]].tolist()
        for i, k in enumerate(together.key)
    }
    assert rows[int(alone.key[0])] == alone.duration.tolist()


def test_links_of_a_population_go_on_where_they_were():
    away = {"mean": 6, "unit": "hours", "shape": "exponential"}
    hospital = house(populations={"ill": {"title": "i", "members": 3, "away": away, "mix": {"acute": 1.0}}})
    fresh = draw(hospital)
    chain = _chain(fresh, int(np.flatnonzero(fresh.origin == ARRIVES)[0]))
    from twin.drawing.populations import chain_identity
    from twin.streams import root

    member = next(
        m for m in range(3) if int(chain_identity(root(3, 0), "ill", m, 0)) >> 1 == int(fresh.key[chain[0]])
    )
    identity = int(chain_identity(root(3, 0), "ill", member, 4))

    found = draw(
        hospital,
        snapshot=Snapshot(MIDNIGHT, (patient(f"ill/{member}/4", step="treat", identity=identity),)),
    )

    assert int(found.key[0]) == int(fresh.key[chain[4]])
    assert found.key[_chain(found, 0)[1:6]].tolist() == fresh.key[chain[5:10]].tolist()
    assert (found.origin == ARRIVES).sum() == 2


def test_links_of_another_replication_are_still_members():
    away = {"mean": 6, "unit": "hours", "shape": "exponential"}
    hospital = house(populations={"ill": {"title": "i", "members": 3, "away": away, "mix": {"acute": 1.0}}})
    there = tuple(patient(f"ill/{member}/4", step="treat", identity=member) for member in range(3))

    work = draw(hospital, snapshot=Snapshot(MIDNIGHT, there))

    assert work.origin.tolist().count(IN_STEP) == 3
    assert ARRIVES not in work.origin  # nobody comes but those who were there


def _chain(work, head):
    patient_of = np.repeat(np.arange(work.patients), np.diff(work.first))
    follows = dict(zip(patient_of[work.cue_row].tolist(), work.cue_patient.tolist(), strict=True))
    chain = [head]
    while chain[-1] in follows:
        chain.append(follows[chain[-1]])
    return chain
