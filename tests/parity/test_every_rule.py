"""The hospital on which speed is measured has every rule, all of them occur, and both engines agree on it."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from benchmarks.hospitals import (
    START,
    beside,
    every_rule,
    every_rule_text,
    more_beds,
    patients_in,
    reference,
    reference_mix,
    scaled,
)
from tests.architecture.test_every_number_has_a_source import KINDS, numbers, source_of
from tests.parity.test_coverage import rules_of
from tests.random_houses import RULES
from twin.case import Case, Window
from twin.checkpoint import snapshot_at
from twin.engine import simulate
from twin.hospital import Hospital
from twin.hospital.load import growing_lists, overloaded
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.workload import NONE, draw_workload

#: days after which the house is as full as it gets, and days that are compared from then on
FULL, DAYS = 49, 4


@pytest.fixture(scope="module")
def house() -> Hospital:
    """The reference hospital with every rule."""
    return every_rule()


@pytest.fixture(scope="module")
def full(house) -> Case:
    """The same, as it stands one midnight after seven weeks."""
    case = Case(house)
    trace = simulate(case, draw_workload(case, Window(START, days=FULL + 1, tail=0), seed=3))
    return Case(house, snapshot=snapshot_at(case, trace, FULL))


@pytest.fixture(scope="module")
def both(full) -> tuple[Trace, Trace]:
    """The days after it, told by the kernel and by the reference engine."""
    work = draw_workload(full, Window(full.snapshot.as_of.date(), days=DAYS, tail=0), seed=3)
    return simulate(full, work), simulate(full, work, engine="reference")


# ---- the description ---------------------------------------------------------------------------------


def test_every_rule_of_the_rule_book_is_in_its_description(house):
    # circles are told by a pathway that only random hospitals have; here fractures close them
    assert set(RULES) - rules_of(house) == {"circles"}


def test_every_number_of_it_has_a_source():
    raw = tomllib.loads(every_rule_text())

    missing = [path for path in numbers(raw) if source_of(path, raw["sources"]) is None]

    assert missing == []
    assert [text for text in raw["sources"].values() if text.split(":")[0] not in KINDS] == []


def test_nothing_in_it_is_asked_for_more_than_there_is(house):
    assert overloaded(house) == ()
    assert growing_lists(house) == ()


@pytest.mark.long
def test_its_lists_are_no_longer_after_a_year_than_they_were(house):
    case = Case(house)
    trace = simulate(case, draw_workload(case, Window(START, days=364, tail=0), seed=1))

    planned = house.sessions["theatre_lists"].classes
    of_class = np.array(trace.classes)[trace.workload.patient_class]
    listed = (trace.came == UNSET) & (trace.outcome == Outcome.OPEN) & np.isin(of_class, planned)
    assert trace.stopped_at is None
    assert listed.sum() < 5 * 76  # a week of operations


def test_as_many_patients_come_as_to_the_reference_hospital(house):
    def a_weekday(hospital):
        work = draw_workload(Case(hospital), Window(START, days=5, tail=0), seed=1)
        return patients_in(work, hospital) / 5

    assert a_weekday(house) == pytest.approx(a_weekday(reference()), rel=0.01)
    assert a_weekday(house) == pytest.approx(2_290, rel=0.05)  # a Monday and no weekend: some more


def test_the_mix_is_that_of_the_reference_hospital(house):
    def mix(hospital):
        work = draw_workload(Case(hospital), Window(START, days=7, tail=0), seed=1)
        return reference_mix(work, hospital)

    assert mix(house) == pytest.approx(mix(reference()), abs=0.01)
    assert sum(mix(reference()).values()) == pytest.approx(1)


# ---- what happens ------------------------------------------------------------------------------------


def test_both_engines_tell_the_same_story(both):
    kernel, reference = both

    assert kernel.same_as(reference)


def test_every_kind_of_line_and_every_way_to_go_occurs(both):
    trace, _ = both

    assert set(Kind) - {Kind(kind) for kind in np.unique(trace.log.kind)} == set()
    assert set(Outcome) - {Outcome(way) for way in np.unique(trace.outcome)} == set()


def test_escalation_places_are_used_and_outliers_lie_elsewhere(both, house):
    trace, _ = both
    used = {trace.places[place] for place in np.unique(trace.place[trace.place != NONE])}
    moved = {trace.places[place] for place in np.unique(trace.log.only(Kind.MOVED).what)}

    assert {"corridor", "escalation", "dialysis", "packing"} <= used
    assert "discharge_lounge" in moved
    assert moved & set(house.wards)  # repatriated


def test_people_are_absent_and_beds_close_with_them(both, house):
    trace, _ = both
    levels = trace.schedule.levels

    assert trace.workload.absent.shape[0] > 0
    closed = [
        name
        for name, ward in house.wards.items()
        if name != "amu" and levels[name].values.min() < ward.staffed_beds
    ]
    assert closed


def test_some_wait_until_they_age_and_some_who_hold_the_line_wait(both, house):
    trace, _ = both
    wait = trace.started - trace.requested
    known = (trace.started != UNSET) & (trace.requested != UNSET)
    of_class = np.array(trace.classes)[trace.workload.patient_class[trace.patient]]
    ages = min(age.after_hours for age in house.classes["non_urgent"].ages)

    assert (known & (of_class == "non_urgent") & (wait >= ages * 3_600_000)).any() or (
        known & (of_class == "urgent") & (wait >= 6 * 3_600_000)
    ).any()
    names = np.array([step.name for step in trace.steps])[trace.workload.step]
    assert (known & (names == "resuscitation") & (wait > 0)).any()


@pytest.mark.long
def test_both_engines_tell_the_same_story_of_four_weeks(house, full):
    for case, day in ((Case(house), START), (full, full.snapshot.as_of.date())):
        work = draw_workload(case, Window(day, days=28, tail=0), seed=5)

        assert simulate(case, work).same_as(simulate(case, work, engine="reference"))


# ---- larger ones -------------------------------------------------------------------------------------


def test_ten_times_the_patients_find_ten_times_the_beds(house):
    ten = scaled(house, 10)
    work = draw_workload(Case(ten), Window(START, days=1, tail=0), seed=1)
    one = draw_workload(Case(house), Window(START, days=1, tail=0), seed=1)

    assert patients_in(work, ten) == pytest.approx(10 * patients_in(one, house), rel=0.02)
    assert ten.wards["amu"].staffed_beds == 480
    assert ten.staff["emergency_doctors"].shifts["day"].on_duty == 60
    assert ten.sessions["theatre_lists"].sittings == 120
    assert ten.trays["day_set"].owned == 10 * house.trays["day_set"].owned
    assert ten.items["drapes"].policy.order_up_to == 17_400


def test_ten_times_the_beds_meet_the_same_patients(house):
    ten = more_beds(house, 10)
    work = draw_workload(Case(ten), Window(START, days=1, tail=0), seed=1)
    one = draw_workload(Case(house), Window(START, days=1, tail=0), seed=1)

    assert (work.key == one.key).all()
    assert ten.wards["amu"].staffed_beds == 480
    assert ten.wards["amu"].calendar[0].staffed_beds == 460


@pytest.mark.parametrize("hospital", [reference, every_rule])
def test_ten_houses_side_by_side_take_the_patients_of_one(hospital):
    one = hospital()
    ten = beside(one, 10)
    window = Window(START, days=2, tail=0)
    work = draw_workload(Case(ten), window, seed=1)

    trace = simulate(Case(ten), work)

    assert patients_in(work, ten) == pytest.approx(
        patients_in(draw_workload(Case(one), window, seed=1), one), rel=0.05
    )
    assert len(ten.wards) == 10 * len(one.wards)
    assert sum(ward.staffed_beds for ward in ten.wards.values()) == 10 * sum(
        ward.staffed_beds for ward in one.wards.values()
    )
    used = {trace.places[place] for place in np.unique(trace.place[trace.place != NONE])}
    assert {f"majors_{i}" for i in range(10)} <= used
