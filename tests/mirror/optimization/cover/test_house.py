"""A hospital's nurses become cover: what ratios ask, who is rostered, what is decided already."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from optimization.beds.needs import WardNeeds
from optimization.cover.counting import count_again
from optimization.cover.house import families, plan_of
from optimization.cover.solving import solve_cover
from tests.houses import START, hospital
from twin.case import Case, Window, resolve
from twin.errors import UsageError
from twin.plan import Plan

SHIFTS = {
    "early": {"from": "07:00", "to": "14:30", "on_duty": 3},
    "late": {"from": "14:30", "to": "22:00", "on_duty": 3},
    "night": {"from": "22:00", "to": "07:00", "on_duty": 2},
}
RATIO = {"group": "nurses", "patients_per_nurse": 4, "by_shift": {"night": 8}}


def house(**nurses):
    return hospital(
        wards={"ward": {"physical_beds": 20, "staffed_beds": 20, "nursing": RATIO}},
        staff={"nurses": {"shifts": SHIFTS, "float_pool": "float", **nurses}, "float": {"shifts": SHIFTS}},
        pathways={"stay": [{"name": "stay", "places": ["ward"]}]},
    )


def needs(beds, days):
    """The same beds needed at every hour of each future."""
    table = np.repeat(np.array(beds)[:, None, None], 24 * days, axis=2)
    dates = tuple(START + timedelta(days=d) for d in range(days))
    return WardNeeds(("ward",), dates, np.repeat(np.arange(days), 24), 8 + 24 * np.arange(days), table)


def test_nurses_are_needed_by_the_ratio_of_their_shift_and_for_beds_that_stand_there():
    (family,) = families(house(), Plan.empty(), needs([9, 40], 7), first=START)

    wanted = [shift[:, 0, 0, 0].tolist() for shift in family.needs["nurses"].by_shift]

    assert wanted == [[3, 5], [3, 5], [2, 3]]  # 40 patients would fill 20 beds


def test_within_the_notice_the_roster_stays_and_pools_and_agencies_fill_in():
    made = house()
    (family,) = families(made, Plan.empty(), needs([20, 20], 7), first=START)

    numbers = solve_cover(family.terms, threads=1).numbers
    plan = plan_of([(family, numbers)], "cover")

    assert family.terms.weeks == ()
    assert plan.people("nurses", START, "early") == 5
    assert plan.people("float", START, "early") < 3  # who is lent is not in the pool
    assert (
        resolve(Case(made, plan=plan), Window(START, days=7, tail=0)).levels["ward"].at(8 * 3_600_000) == 20
    )


def test_beyond_the_notice_people_work_weekly_patterns_and_the_cost_counts_again():
    (family,) = families(house(absence=0.05), Plan.empty(), needs([12, 18], 14), first=START, notice=7)

    plan = solve_cover(family.terms, threads=1)
    counted = count_again(family.terms, plan.numbers, family.needs)

    assert family.terms.weeks == (7,)
    assert counted.cost == pytest.approx(plan.solved.objective, rel=1e-6)
    assert plan.numbers.come(family.terms, family.terms.wards[0].crew)[:7, 0, 0].tolist() == [3] * 7


def test_what_a_plan_has_decided_already_is_what_is_rostered():
    decided = Plan("p", cover={"nurses": {START: {"early": 1}}})

    (family,) = families(house(), decided, needs([8], 7), first=START)

    assert family.terms.wards[0].crew.rostered[:2, :, 0].tolist() == [[1, 3, 2], [3, 3, 2]]


def test_a_hospital_whose_wards_name_no_nurses_is_told_how_to():
    bare = hospital(
        wards={"ward": {"physical_beds": 2, "staffed_beds": 2}},
        pathways={"stay": [{"name": "stay", "places": ["ward"]}]},
    )

    with pytest.raises(UsageError, match="patients_per_nurse"):
        families(bare, Plan.empty(), needs([1], 7), first=START)


def test_a_plan_that_begins_on_a_tuesday_counts_its_weeks_from_the_next_monday():
    from_tuesday = replace(needs([12, 18], 13), days=tuple(START + timedelta(days=d) for d in range(1, 14)))
    (family,) = families(house(), Plan.empty(), from_tuesday, first=START, notice=1)

    plan = solve_cover(family.terms, threads=1)

    assert family.terms.weeks == (6,)
    assert count_again(family.terms, plan.numbers, family.needs).persons > 0
