"""A run left off at a midnight and gone on with is the run that was never left off; so are two what-ifs."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.houses import START
from tests.random_houses import random_case
from twin.case import Case, InHouse, Snapshot, Window
from twin.checkpoint import read_snapshot, snapshot_at, write_snapshot
from twin.drawing.in_house import is_booked
from twin.engine import ENGINES, simulate
from twin.errors import Deadlock
from twin.hospital import Hospital, parse_hospital, shipped
from twin.hospital.places import PlaceHours
from twin.plan import Plan
from twin.trace import UNSET, Kind, Trace
from twin.workload import draw_workload

#: (key, step, visit) of a row
Row = tuple[int, str, int]


def play(case: Case, start, days: int, *, seed: int, engine: str = "reference") -> Trace:
    work = draw_workload(case, Window(start, days=days, tail=0), seed=seed)
    return simulate(case, work, engine=engine)


def rows_of(case: Case, trace: Trace) -> dict[Row, int]:
    """Rows of a trace by key, step and visit, those before a snapshot counted."""
    visits: Counter[tuple[int, str]] = Counter()
    for p in case.snapshot.patients:
        if p.identity is not None:
            visits.update({(p.identity >> 1, step): n for step, n in p.visits.items()})
    rows = {}
    for row, (patient, step) in enumerate(zip(trace.patient, trace.workload.step, strict=True)):
        name = int(trace.workload.key[patient]), trace.steps[step].name
        rows[*name, visits[name]] = row
        visits[name] += 1
    return rows


def story(case: Case, trace: Trace, at: int, shift: int) -> dict[Row, tuple]:
    """What happened to each row from an instant on; of a stay that had begun only how it ended."""
    told = {}
    for name, row in rows_of(case, trace).items():
        times = [
            int(column[row]) + shift if column[row] != UNSET and column[row] + shift >= at else None
            for column in (trace.requested, trace.started, trace.ended, trace.left)
        ]
        if any(t is not None for t in times[:3]):  # a place that is only kept for the next step is told there
            told[name] = (*times, int(trace.place[row]) if times[1] is not None else None)
    return told


def outcomes(trace: Trace, at: int, shift: int) -> dict[int, int]:
    """How the visits ended of those who came, or were there, from an instant on."""
    last = np.maximum.reduceat(np.maximum(trace.requested, trace.ended), trace.workload.first[:-1])
    late = (last != UNSET) & (last + shift >= at)
    return {
        int(key): int(outcome)
        for key, outcome, told in zip(trace.workload.key, trace.outcome, late, strict=True)
        if told
    }


def lines(case: Case, trace: Trace, at: int, shift: int) -> Counter[tuple]:
    """The log from an instant on, with names in place of numbers."""
    names = {row: name for name, row in rows_of(case, trace).items()}
    sittings = trace.schedule.sittings
    told: Counter[tuple] = Counter()
    for when, kind, who, what, n in zip(
        *(getattr(trace.log, c) for c in ("at", "kind", "who", "what", "n")), strict=True
    ):
        if when + shift < at or kind == Kind.ABANDONED:
            continue
        if kind in (Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED):
            who_told: object = int(trace.workload.key[who])
            held_since = what >= 0 and sittings.opens[what] + shift >= at  # those before have no number
            what = (int(sittings.session[what]), int(sittings.opens[what]) + shift) if held_since else None
            n = n + shift if kind == Kind.BOOKED else n
        else:
            who_told = names[who] if who >= 0 else None
        told[int(when) + shift, int(kind), who_told, what, int(n)] += 1
    return told


def assert_goes_on(long_case: Case, long: Trace, case: Case, trace: Trace, day: int) -> None:
    """A run from a checkpoint tells from there on what the long run tells."""
    at = int(long.workload.clock.day_starts[day])
    assert trace.workload.end + at == long.workload.end
    assert story(case, trace, at, at) == story(long_case, long, at, 0)
    assert outcomes(trace, at, at) == outcomes(long, at, 0)
    assert lines(case, trace, at, at) == lines(long_case, long, at, 0)


def meets_what_is_not_carried(case: Case, snapshot: Snapshot, trace: Trace) -> bool:
    """Whether a run may meet one of the things that ``snapshot_at`` says it does not carry."""
    sources = [name for name, entry in case.hospital.populations.items() if entry.away is None]
    keeps_the_source = any(
        p.place and p.waiting and p.encounter.split("/")[0] in sources and sum(p.visits.values()) > 1
        for p in snapshot.patients
    )
    before = {p.encounter for p in case.snapshot.patients if _has_begun(p)}
    cancelled_before = any(p.encounter in before for p in snapshot.patients if p.listed or is_booked(p))
    begun = {p.identity >> 1 for p in snapshot.patients if _has_begun(p)}
    cancelled = set(trace.workload.key[trace.log.only(Kind.CANCELLED).who].tolist())
    return keeps_the_source or cancelled_before or not begun.isdisjoint(cancelled)


def _has_begun(patient: InHouse) -> bool:
    """In the house, and beyond asking for the first step."""
    outside = patient.listed or is_booked(patient)
    return bool(patient.visits) or patient.stopped or not (patient.waiting or outside)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["small", "reference"])
def test_a_shipped_hospital_goes_on_as_if_never_left_off(name, engine, tmp_path):
    case = Case(parse_hospital(shipped(name)))
    long = play(case, START, 9, seed=4, engine=engine)

    write_snapshot(snapshot_at(case, play(case, START, 6, seed=4, engine=engine), 6), tmp_path / "house.json")
    later = case.with_(snapshot=read_snapshot(tmp_path / "house.json"))
    trace = play(later, START + timedelta(days=6), 3, seed=4, engine=engine)

    assert len(later.snapshot.patients) > 20
    assert_goes_on(case, long, later, trace, 6)


@pytest.mark.parametrize("engine", ENGINES)
def test_random_hospitals_go_on_as_if_never_left_off(engine, tmp_path):
    gone_on = [goes_on(seed, tmp_path / "house.json", engine) for seed in range(60)]

    assert sum(gone_on) >= 55


@pytest.mark.long
def test_many_random_hospitals_go_on_as_if_never_left_off(tmp_path):
    gone_on = [goes_on(seed, tmp_path / "house.json") for seed in range(1_000, 2_000)]

    assert sum(gone_on) >= 940


def goes_on(seed: int, file: Path, engine: str = "reference") -> bool:
    """Whether a random hospital was left off and gone on with (it may meet what is not carried)."""
    rng = Random(seed)
    case = random_case(rng)
    days = rng.randint(2, 5)
    day = rng.randint(1, days - 1)
    try:
        long = play(case, START, days, seed=seed, engine=engine)
        write_snapshot(snapshot_at(case, long, day), file)
        later = case.with_(snapshot=read_snapshot(file))
        trace = play(later, START + timedelta(days=day), days - day, seed=seed, engine=engine)
    except Deadlock:
        return False  # a run that has no answer
    if meets_what_is_not_carried(case, later.snapshot, trace):
        return False
    assert_goes_on(case, long, later, trace, day)
    return True


def test_two_plans_forked_from_one_night_are_two_long_runs():
    case = Case(parse_hospital(shipped("small")))
    ward = next(iter(case.hospital.wards))
    beds = case.hospital.wards[ward].staffed_beds
    snapshot = snapshot_at(case, play(case, START, 4, seed=2), 4)

    for change in (-beds // 2, beds // 2):
        dates = {START + timedelta(days=d): max(beds + change, 0) for d in range(4, 9)}
        what_if = case.with_(plan=Plan("another number of beds", {ward: dates}))
        long = play(what_if, START, 8, seed=2)

        fork = what_if.with_(snapshot=snapshot)
        trace = play(fork, START + timedelta(days=4), 4, seed=2)

        assert_goes_on(what_if, long, fork, trace, 4)


def test_two_hospitals_forked_from_one_night_are_two_long_runs():
    case = Case(parse_hospital(shipped("small")))
    snapshot = snapshot_at(case, play(case, START, 3, seed=5), 3)
    usual = play(case, START, 7, seed=5)
    told = []

    for place in ("theatres", "minors"):
        changed = case.with_(hospital=closed_from(case.hospital, place, START + timedelta(days=3)))
        long = play(changed, START, 7, seed=5)

        fork = changed.with_(snapshot=snapshot)
        trace = play(fork, START + timedelta(days=3), 4, seed=5)

        assert_goes_on(changed, long, fork, trace, 3)
        told.append(story(changed, long, 0, 0))
    assert told[0] != told[1] != story(case, usual, 0, 0)


def closed_from(hospital: Hospital, place: str, day: date) -> Hospital:
    """One place of several closed every afternoon from a date on."""
    entry = hospital.places[place]
    row = {"from": "12:00", "to": "17:00", "staffed": 1, "first": day}
    changed = entry.model_copy(update={"calendar": (*entry.calendar, PlaceHours.model_validate(row))})
    return hospital.model_copy(update={"places": {**hospital.places, place: changed}})
