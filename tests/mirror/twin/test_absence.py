"""Absence: who is away from a shift is missed in the run, and each replication has its own."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from tests.houses import START, case, hospital, patients, starts
from twin.case import Window, shared_schedule
from twin.engine import simulate
from twin.plan import Plan
from twin.replications import replicate
from twin.units import MS_HOUR
from twin.workload import draw_workload

VISIT = {"visit": [{"name": "see", "staff": {"nurses": 1}}]}
DAY = {"day": {"from": "08:00", "to": "20:00", "on_duty": 3}}


def test_a_patient_waits_for_a_nurse_who_is_absent():
    house = hospital(staff={"nurses": {"shifts": {"day": {**DAY["day"], "on_duty": 1}}}}, pathways=VISIT)
    work = patients(house, [("visit", 9 * 60, [("see", 10)])])
    ill = replace(work, absent=np.array([(0, 8 * MS_HOUR, 20 * MS_HOUR, 1)], np.int64))

    well, missed = simulate(case(house), work), simulate(case(house), ill)

    assert starts(well) == [9 * 60]
    assert starts(missed) == [(24 + 8) * 60]


def test_each_replication_has_its_own_absences():
    house = hospital(staff={"nurses": {"shifts": DAY, "absence": 0.5}}, pathways=VISIT)
    window = Window(START, days=4, tail=0)

    on_duty = replicate(
        case(house),
        window,
        seed=1,
        replications=range(6),
        reduce=lambda trace: tuple(trace.schedule.levels["nurses"].values.tolist()),
    )

    assert len(set(on_duty)) > 1
    assert shared_schedule(case(house), window) is None


def test_where_nobody_is_ever_absent_all_replications_share_their_levels():
    house = hospital(staff={"nurses": {"shifts": DAY}}, pathways=VISIT)

    assert shared_schedule(case(house), Window(START, days=4, tail=0)) is not None


def test_under_a_plan_the_same_chance_tells_who_of_its_people_is_away():
    house = hospital(staff={"nurses": {"shifts": DAY, "absence": 0.5}}, pathways=VISIT)
    window = Window(START, days=60, tail=0)
    work = draw_workload(case(house), window, seed=1)
    wednesday = START + timedelta(days=2)

    usual, alike = levels_of(house, work, {}), levels_of(house, work, {wednesday: {"day": 3}})
    crowded = levels_of(house, work, {START + timedelta(days=d): {"day": 300} for d in range(60)})
    one_more = levels_of(house, work, {START + timedelta(days=d): {"day": 4} for d in range(60)})

    assert usual == alike  # a plan that asks what the shifts say themselves changes nothing
    assert abs(np.mean(crowded) - 150) < 5
    assert {more - few for more, few in zip(one_more, usual, strict=True)} == {0, 1}


def test_absence_under_a_plan_leaves_other_days_and_groups_alone():
    house = hospital(
        staff={"nurses": {"shifts": DAY, "absence": 0.5}, "porters": {"shifts": DAY, "absence": 0.5}},
        pathways=VISIT,
    )
    work = draw_workload(case(house), Window(START, days=30, tail=0), seed=1)

    usual, planned = levels_of(house, work, {}), levels_of(house, work, {START: {"day": 40}})

    assert planned[0] > usual[0]
    assert planned[1:] == usual[1:]
    assert levels_of(house, work, {START: {"day": 40}}, group="porters") == levels_of(
        house, work, {}, group="porters"
    )


def test_both_engines_play_the_people_whom_a_plan_asks():
    house = hospital(staff={"nurses": {"shifts": DAY, "absence": 0.3}}, pathways=VISIT)
    work = patients(house, [("visit", 9 * 60 + i, [("see", 90)]) for i in range(12)])
    plan = Plan("p", cover={"nurses": {START: {"day": 2}}})

    fast, plain = (simulate(case(house, plan=plan), work, engine=e) for e in ("kernel", "reference"))

    assert fast.same_as(plain)
    assert starts(fast) != starts(simulate(case(house), work))


def levels_of(house, work, cover, *, group="nurses"):
    plan = Plan("p", cover={"nurses": cover})
    level = simulate(case(house, plan=plan), work).schedule.levels[group]
    return [level.at((24 * d + 12) * MS_HOUR) for d in range(work.window.days)]
