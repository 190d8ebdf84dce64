"""The state of the house at a midnight of a run, on houses small enough to check by hand."""

from datetime import datetime, timedelta

import pytest

from tests.houses import START
from twin.case import Case, Window
from twin.checkpoint import snapshot_at
from twin.engine import simulate
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.trace import UNSET, Kind
from twin.workload import draw_workload

MIDNIGHT = datetime(2025, 1, 8)
DAYS = {"unit": "days", "shape": "exactly"}


def house(steps, *, daily_mean=12, classes=None, **parts) -> Hospital:
    """One stream of patients through these steps."""
    usual = {"duration": {"mean": 0.1, "unit": "days", "shape": "exponential"}}
    return Hospital.model_validate(
        {
            "name": "a small house",
            "timezone": "UTC",
            "places": {
                "bay": {"title": "bay", "physical": 1, "staffed": 1, "turnaround_minutes": 90},
                "ward": {"title": "ward", "physical": 3, "staffed": 3},
            },
            "arrivals": {"door": {"title": "door", "daily_mean": daily_mean, "mix": {"acute": 1.0}}},
            "classes": classes or {"acute": {"title": "acute", "priority": 1, "pathway": "acute"}},
            "pathways": {"acute": {"steps": [{**usual, **step} for step in steps]}},
            **parts,
        }
    )


def found(hospital: Hospital, *, seed=1, day=2):
    """State on the day, and the run it is of."""
    case = Case(hospital)
    work = draw_workload(case, Window(START, days=4, tail=0), seed=seed)
    trace = simulate(case, work, engine="reference")
    return snapshot_at(case, trace, day), trace


STAY = {"name": "stay", "places": ["ward"], "duration": {"mean": 2, **DAYS}}
TREAT = {"name": "treat", "places": ["bay"], "keeps_place": True}


def test_who_is_in_a_step_has_what_is_left_of_it():
    snapshot, _ = found(house([STAY]))

    inside = [p for p in snapshot.patients if not p.waiting]

    assert snapshot.as_of == MIDNIGHT and len(inside) == 3
    for p in inside:
        assert MIDNIGHT + timedelta(milliseconds=p.remaining_ms) == p.since + timedelta(days=2)
        assert (p.place, p.step) == ("ward", "stay")


def test_who_waits_has_asked_at_an_instant_and_keeps_what_he_keeps():
    snapshot, _ = found(house([TREAT, STAY]))

    boarder = [p for p in snapshot.patients if p.step == "stay" and p.waiting]
    queue = [p for p in snapshot.patients if p.step == "treat" and p.waiting]

    assert [p.place for p in boarder] == ["bay"] and boarder[0].visits == {"treat": 1}
    assert queue and {p.place for p in queue} == {None}
    assert all(p.since == p.arrived and p.remaining_ms is None for p in queue)


def test_everybody_who_came_and_has_not_left_is_there_once():
    snapshot, trace = found(house([TREAT, STAY]))
    work, at = trace.workload, int(trace.workload.clock.day_starts[2])
    last = work.first[1:] - 1

    gone = (trace.left[last] != UNSET) & (trace.left[last] < at)
    there = work.key[(work.arrival < at) & ~gone].tolist()

    assert sorted(p.identity >> 1 for p in snapshot.patients) == sorted(there)


def test_a_place_that_was_left_a_while_ago_is_in_turnaround():
    visit = {**TREAT, "keeps_place": False, "duration": {"mean": 0.1, **DAYS}}
    for seed in range(20):
        snapshot, trace = found(house([visit]), seed=seed)
        at = int(trace.workload.clock.day_starts[2])
        left = [int(t) for t in trace.left if t != UNSET and at - 90 * 60_000 < t < at]
        until = [MIDNIGHT + timedelta(milliseconds=t - at, minutes=90) for t in left]

        assert [c.until for c in snapshot.cleaning] == until
        assert {c.place for c in snapshot.cleaning} <= {"bay"}


def test_stock_is_what_was_delivered_less_what_was_taken_oldest_first():
    policy = {"reorder_point": 20, "order_quantity": 10}
    lead = {"mean": 0.6, **DAYS}
    gauze = {"title": "g", "stock": 40, "policy": policy, "lead_time": lead, "shelf_life_days": 30}
    hospital = house(
        [{**STAY, "duration": {"mean": 0.1, **DAYS}, "kit": "dressing"}],
        items={"gauze": gauze},
        kits={"dressing": {"contents": {"gauze": 2}}},
    )

    snapshot, trace = found(hospital)

    at, log = int(trace.workload.clock.day_starts[2]), trace.log
    total = {
        kind: int(log.only(kind).n[log.only(kind).at < at].sum())
        for kind in (Kind.TAKEN, Kind.DELIVERED, Kind.ORDERED, Kind.EXPIRED)
    }
    batches = snapshot.stock["gauze"]
    assert sum(b.units for b in batches) == 40 + total[Kind.DELIVERED] - total[Kind.TAKEN]
    assert [b.expires for b in batches] == sorted(b.expires for b in batches)
    assert sum(o.units for o in snapshot.orders) == total[Kind.ORDERED] - total[Kind.DELIVERED]
    assert all(MIDNIGHT <= o.due < MIDNIGHT + timedelta(days=0.6) for o in snapshot.orders)
    assert snapshot.orders_placed == {"gauze": (log.only(Kind.ORDERED).at < at).sum()}
    assert total[Kind.DELIVERED] > 0 and snapshot.orders


def test_who_is_on_a_list_or_booked_is_told_with_his_first_date():
    planned = {"acute": {"title": "a", "priority": 1, "pathway": "acute", "booking": {}}}
    session = {"title": "s", "classes": ["acute"], "from": "09:00", "to": "17:00", "slot_minutes": 60}
    hospital = house([STAY], classes=planned, sessions={"clinic": session})

    snapshot, _ = found(hospital)

    listed = [p for p in snapshot.patients if p.listed]
    booked = [p for p in snapshot.patients if p.appointment is not None and p.arrived is None]
    assert listed and booked
    assert {p.session for p in booked} == {"clinic"}
    assert all(datetime(2025, 1, 8, 9) <= p.appointment < datetime(2025, 1, 8, 17) for p in booked)
    assert max(p.since for p in booked) <= datetime(2025, 1, 7, 12)
    assert {p.remaining_ms for p in (*listed, *booked)} == {None}


def test_members_away_from_a_population_come_when_their_time_is_over():
    away = {"mean": 1.5, "unit": "days", "shape": "exponential"}
    ill = {"title": "ill", "members": 5, "away": away, "mix": {"acute": 1.0}}
    hospital = house([{**STAY, "duration": {"mean": 0.2, **DAYS}}], daily_mean=0, populations={"ill": ill})

    snapshot, _ = found(hospital)

    assert sorted(p.encounter.split("/")[1] for p in snapshot.patients) == list("01234")
    coming = [p for p in snapshot.patients if p.arrived >= MIDNIGHT]
    assert coming and all(p.place is None and p.since == p.arrived for p in coming)


@pytest.mark.parametrize("day", [0, 5, -1])
def test_a_midnight_outside_the_run_is_refused(day):
    with pytest.raises(UsageError, match=r"a checkpoint is taken at a midnight of the run, day 1 to 4"):
        found(house([STAY]), day=day)


def test_a_trace_of_another_case_is_refused():
    case, other = Case(house([STAY])), Case(house([STAY], daily_mean=30))
    trace = simulate(case, draw_workload(case, Window(START, days=2, tail=0), seed=1))

    with pytest.raises(UsageError, match="a checkpoint is taken of a run of this case"):
        snapshot_at(other, trace, 1)
