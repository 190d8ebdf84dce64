"""Absence: who is away from a shift is missed in the run, and each replication has its own."""

from dataclasses import replace

import numpy as np

from tests.houses import START, case, hospital, patients, starts
from twin.case import Window, shared_schedule
from twin.engine import simulate
from twin.replications import replicate
from twin.units import MS_HOUR

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
