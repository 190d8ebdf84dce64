"""The random hospitals, on which engines are compared, use every rule: equality is about something."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from tests.random_houses import RULES, random_case, random_workload
from twin.case import Case, resolve
from twin.engine.kernel import simulate_kernel
from twin.hospital import Hospital
from twin.trace import Kind, Outcome, Trace
from twin.workload import ARRIVES, HOUSE_LEFT, ON_CUE, PLACE_LEFT, STEP_ENDED

#: hospitals played, and in how many of them at least everything occurs
HOSPITALS, AT_LEAST = 400, 4


@pytest.fixture(scope="module")
def played() -> list[tuple[Case, Trace]]:
    """Random hospitals and what happened in them."""
    runs = []
    for seed in range(HOSPITALS):
        rng = Random(seed)
        case = random_case(rng)
        work = random_workload(rng, case, whole_minutes=seed % 2 == 0)
        runs.append((case, simulate_kernel(case, work, resolve(case, work.window, work.absent))))
    return runs


def _seldom(found: Counter[int], names: list[int]) -> list[int]:
    return [name for name in names if found[name] < AT_LEAST]


def test_every_kind_of_line_is_in_the_logs_of_some_hospitals(played):
    found = Counter(int(kind) for _, trace in played for kind in np.unique(trace.log.kind))

    assert _seldom(found, list(Kind)) == []


def test_visits_end_in_every_way(played):
    found = Counter(int(outcome) for _, trace in played for outcome in np.unique(trace.outcome))

    assert _seldom(found, list(Outcome)) == []


def test_patients_of_every_origin_and_on_every_cue_are_there(played):
    origins = Counter(int(origin) for _, trace in played for origin in np.unique(trace.workload.origin))
    cues = Counter(int(kind) for _, trace in played for kind in np.unique(trace.workload.cue_kind))

    assert _seldom(origins, list(range(ARRIVES, ON_CUE + 1))) == []
    assert _seldom(cues, [PLACE_LEFT, HOUSE_LEFT, STEP_ENDED]) == []


def test_patients_swap_beds_and_who_was_stopped_for_people_keeps_his(played):
    swaps = sum(trace.exchanges > 0 for _, trace in played)
    stops = [trace.log.only(Kind.STOPPED).n for _, trace in played]

    assert swaps >= AT_LEAST
    assert sum((n == 1).any() for n in stops) >= AT_LEAST
    assert sum((n == 0).any() for n in stops) >= AT_LEAST


def rules_of(hospital: Hospital) -> set[str]:
    """Rules that a description has in force."""
    steps = [s for p in hospital.pathways.values() for s in p.steps]
    everywhere, staff = hospital.everywhere.values(), hospital.staff.values()
    rows = [row for entry in (*everywhere, *staff) for row, _ in entry.exceptions()]
    in_force = {
        "nursing": any(w.nursing for w in hospital.wards.values()),
        "discharge": any(w.discharge_profile for w in hospital.wards.values()),
        "exceptions": any(row.is_exception for row in rows),
        "shifts": any(g.shifts for g in staff),
        "breaks": any(g.breaks for g in staff),
        "absence": any(g.absence > 0 for g in staff),
        "pool": any(g.float_pool for g in staff),
        "stop": any(e.on_fall == "stop" for e in (*everywhere, *staff)),
        "gates": any(e.opens_when_full for e in everywhere),
        "waiting_room": any(e.waiting_room is not None for e in everywhere),
        "ages": any(c.ages for c in hospital.classes.values()),
        "preempts": any(c.preempts for c in hospital.classes.values()),
        "patience": any(s.patience for s in steps),
        "if_full": any(s.if_full != "waits" for s in steps),
        "holds": any(s.holds_the_line for s in steps),
        "promises": any(s.needs_next for s in steps),
        "repatriates": any(s.repatriates for s in steps),
        "lounge": any(s.lounge for s in steps),
        "delays": any(s.delays for s in steps),
        "kits": any(s.kit for s in steps) and bool(hospital.items),
        "trays": bool(hospital.trays),
        "uses": any(c.of == "use" for c in hospital.classes.values()),
        "booking": any(c.booking for c in hospital.classes.values()),
        "population": bool(hospital.populations),
        "parties": any(len(a.party_sizes) > 1 for a in hospital.arrivals.values()),
        "own_priority": any(s.priority for s in steps),
        "circles": any(name.startswith("circle") for name in hospital.pathways),
    }
    return {name for name, used in in_force.items() if used}


def test_every_rule_is_in_force_in_a_good_share_of_the_hospitals(played):
    found = Counter(rule for case, _ in played for rule in rules_of(case.hospital))

    assert set(found) == set(RULES)
    assert {rule: n for rule, n in found.items() if n < HOSPITALS // 20} == {}
