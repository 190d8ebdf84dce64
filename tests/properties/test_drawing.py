"""Compiled drawing is drawing as it is defined: same keys, same patients, to the millisecond."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from tests.houses import START
from tests.plain_drawing import Patient, hour_of_day, left, length, plain_patients
from tests.random_houses import random_case
from twin.case import Case, Window
from twin.drawing import lengths
from twin.drawing.chance import drawn, hashed, joined, part, uniform_of
from twin.drawing.coming import hour_of_day as compiled_hour
from twin.drawing.tables import known_of
from twin.hospital import Hospital, parse_hospital, shipped
from twin.hospital.base import Duration, Profile
from twin.hospital.duration import mean_ms, share_below
from twin.streams import LAST, STEP, mix, name_key, uniform
from twin.workload import ARRIVES, Workload, draw_workload


def people(hospital: Hospital, work: Workload) -> dict[int, Patient]:
    """Everything that was drawn of each patient who comes by himself, by key."""
    classes, found = list(hospital.classes), {}
    before = np.cumsum([0] + [len(hospital.pathways[c.pathway].steps) for c in hospital.classes.values()])
    for i in np.flatnonzero(work.origin == ARRIVES):
        number = int(work.patient_class[i])
        rows = range(work.first[i], work.first[i + 1])
        columns = (
            work.step - before[number],
            work.duration,
            work.wall,
            work.patience,
            work.delay,
            work.reason,
        )
        found[int(work.key[i])] = (
            classes[number],
            int(work.arrival[i]),
            (int(work.shows[i]), int(work.late[i])),
            tuple(tuple(int(column[row]) for column in columns) for row in rows),
        )
    return found


def without_sources_of_others(case: Case) -> Case:
    """The case without those already there and without populations."""
    return Case(case.hospital.model_copy(update={"populations": {}}))


# ---- the whole -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(60))
def test_every_patient_of_a_random_hospital_is_drawn_as_defined(number):
    case = without_sources_of_others(random_case(Random(number), crowded=number % 2 == 0))
    window = Window(START, days=3, tail=0)

    work = draw_workload(case, window, seed=number, replication=2)

    assert people(case.hospital, work) == plain_patients(case, window, seed=number, replication=2)


@pytest.mark.parametrize(("name", "days"), [("small", 5), ("reference", 1)])
def test_every_patient_of_a_shipped_hospital_is_drawn_as_defined(name, days):
    case, window = Case(parse_hospital(shipped(name))), Window(START, days=days, tail=0)

    work = draw_workload(case, window, seed=3)

    assert people(case.hospital, work) == plain_patients(case, window, seed=3)
    assert work.patients > 100


@pytest.mark.parametrize("number", range(12))
def test_patients_stand_in_order_of_arrival_and_then_key(number):
    work = draw_workload(random_case(Random(number)), Window(START, days=4, tail=1), seed=number)

    order = np.lexsort((work.key, work.arrival))

    assert np.array_equal(order, np.arange(work.patients))
    assert work.first[0] == 0 and work.first[-1] == work.step.size
    assert (np.diff(work.first) > 0).all()


# ---- keys ----------------------------------------------------------------------------------------


def test_compiled_keys_and_numbers_are_those_of_the_streams():
    keys = np.random.default_rng(1).integers(0, 2**64, 500, dtype=np.uint64)

    for key in keys.tolist():
        assert int(joined(np.uint64(key), part("route"))) == int(mix(np.uint64(key), name_key("route")))
        assert int(joined(np.uint64(key), hashed(7))) == int(mix(np.uint64(key), 7))
        assert drawn(np.uint64(key), part("stay")) == uniform(mix(np.uint64(key), name_key("stay")))


@pytest.mark.parametrize("key", [0, 1, 2**63, 2**64 - 1])
def test_numbers_are_strictly_between_0_and_1_for_every_key(key):
    assert 0 < uniform_of(np.uint64(key)) == uniform(np.uint64(key)) < 1


# ---- lengths -------------------------------------------------------------------------------------

LENGTHS = [
    {"mean": 5, "cv": 1.3, "unit": "days"},
    {"mean": 5, "cv": 1.3, "unit": "days", "at_most": 9},
    {"mean": 40, "cv": 0.4, "unit": "minutes", "shape": "gamma"},
    {"mean": 40, "cv": 3, "unit": "minutes", "shape": "gamma", "at_most": 500},
    {"mean": 3, "unit": "hours", "shape": "exponential"},
    {"mean": 3, "unit": "hours"},
    {"unit": "hours", "quantiles": [[0, 1], [0.5, 2], [0.9, 6], [1, 24]]},
    {"unit": "minutes", "quantiles": [[0, 0], [1, 0.00001]]},
]
NUMBERS = np.concatenate(
    [
        [STEP / 2, 1.5 * STEP, LAST],
        2.0 ** -np.arange(2, 50),
        1 - 2.0 ** -np.arange(2, 50),
        np.linspace(0.01, 0.99, 99),
    ]
)


@pytest.mark.parametrize("table", LENGTHS, ids=str)
def test_a_length_is_the_quantile_of_its_distribution(table):
    duration = Duration.model_validate(table)
    rows, points = lengths.table_of_lengths([duration])

    drawn_lengths = [lengths.length(rows[0], points, u) for u in NUMBERS]

    # far out in a tail a rounding of the exponential function is more than a millisecond
    assert drawn_lengths == pytest.approx([length(duration, u) for u in NUMBERS], rel=1e-14, abs=0.1)
    assert min(drawn_lengths) >= 1


@pytest.mark.parametrize("table", LENGTHS, ids=str)
@pytest.mark.parametrize("elapsed", [0.0, 0.5, 2, 30])
def test_what_is_left_is_the_length_given_that_it_has_lasted_so_long(table, elapsed):
    duration = Duration.model_validate(table)
    rows, points = lengths.table_of_lengths([duration])
    reached = float(share_below(duration, np.array(elapsed)))

    drawn_lengths = [lengths.length_left(rows[0], points, u, reached, elapsed) for u in NUMBERS]

    assert drawn_lengths == pytest.approx([left(duration, elapsed, u) for u in NUMBERS], rel=1e-12, abs=1)


def test_an_exponential_does_not_age():
    duration = Duration.model_validate(LENGTHS[4])
    rows, points = lengths.table_of_lengths([duration])
    middles = (np.arange(20_000) + 0.5) / 20_000

    left_after_20 = [
        lengths.length_left(rows[0], points, u, float(share_below(duration, np.array(20.0))), 20.0)
        for u in middles
    ]

    assert np.mean(left_after_20) == pytest.approx(mean_ms(duration), rel=2e-3)


@pytest.mark.parametrize(("elapsed", "expected"), [(20.0, 2_400_000), (59.0, 60_000), (61.0, 1)])
def test_an_exact_stay_has_left_what_it_has_left(elapsed, expected):
    duration = Duration(mean=60, unit="minutes")
    rows, points = lengths.table_of_lengths([duration])

    reached = float(share_below(duration, np.array(elapsed)))

    assert lengths.length_left(rows[0], points, 0.9, reached, elapsed) == expected


# ---- hours of the day ----------------------------------------------------------------------------

HOURS = {
    "even": [1 / 24] * 24,
    "noon": [float(h == 12) for h in range(24)],
    "two hours": [0.5 * (h in (3, 22)) for h in range(24)],
    "rising": [h / 276 for h in range(24)],
    "first": [float(h == 0) for h in range(24)],
}


@pytest.mark.parametrize("hours", HOURS.values(), ids=HOURS)
def test_an_hour_of_the_day_is_the_inverse_of_the_profile(hours):
    profile = Profile(hours=tuple(hours))
    house = Hospital(name="a house", profiles={"it": profile}, classes={}, pathways={})
    row = known_of(house).tables.hours[0]

    assert [compiled_hour(row, u) for u in NUMBERS] == [hour_of_day(profile, u) for u in NUMBERS]
