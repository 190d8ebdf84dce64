"""Cover: people at work, lent and short, worked out by hand."""

import math

import pytest

from tests.houses import duty, hospital
from tests.mirror.twin.measures.made import made
from twin.measures import staff_table, summarise
from twin.trace import Kind
from twin.workload import IN_STEP

H = 60


def house(**wards):
    return hospital(
        staff={
            "nurses": {"on_duty": 2, "float_pool": "pool"},
            "pool": 1,
            "porters": duty(("12:00", "24:00", 0), usual=1),
            "ward_nurses": 1,
        },
        wards=wards or {"ward": 4},
        pathways={
            "patient": [
                {"name": "task", "staff": {"nurses": 2}, "can_be_stopped": True},
                {"name": "carry", "staff": {"porters": 1}},
                {"name": "stay", "places": ["ward"]},
            ]
        },
    )


def task(begin, end, *more):
    return ("patient", begin, [("task", None, begin, begin, end, end), *more])


def use(trace, of=None):
    return staff_table(trace, of or house()).set_index("group")["hours_at_work_a_day"].to_dict()


def test_people_are_at_work_from_start_to_end_of_the_step():
    trace = made(house(), [task(0, 6 * H)])

    known = summarise(trace, house())

    assert use(trace) == {"nurses": 12, "pool": 0, "porters": 0, "ward_nurses": 0}
    assert known["staff_use"] == pytest.approx(100 * 12 / (48 + 12))  # of nurses and porters on duty


def test_while_a_step_is_stopped_its_people_are_not_at_work():
    log = [(Kind.STOPPED, 1 * H, 0, None, 0), (Kind.RESUMED, 3 * H, 0, None)]

    assert use(made(house(), [task(0, 6 * H)], log=log))["nurses"] == 2 * (1 + 3)


def test_who_stood_in_counts_for_the_float_pool():
    log = [(Kind.FLOATED, 0, 0, "nurses", 1)]
    trace = made(house(), [task(0, 6 * H)], log=log)

    assert use(trace)["nurses"] == 6
    assert use(trace)["pool"] == 6
    assert summarise(trace, house())["floated_a_day"] == 1


def test_who_stood_in_since_before_the_run_counts_for_the_pool():
    there = task(-2 * H, 6 * H)

    trace = made(house(), [(*there, {"origin": IN_STEP, "pooled": {"nurses": 2}})])

    assert (use(trace)["nurses"], use(trace)["pool"]) == (0, 12)


def test_people_who_finish_after_their_shift_are_a_shortfall():
    late = ("patient", 0, [("task", None, 0, 0, 1, 1), ("carry", None, 1, 11 * H, 14 * H, 14 * H)])

    known = summarise(made(house(), [late]), house())

    assert known["shortfall_hours_a_day"] == 2  # at 12:00 and 13:00 a porter works who is not on duty


def test_patients_beyond_the_ratio_want_a_nurse_who_is_not_there():
    nursing = {"group": "ward_nurses", "patients_per_nurse": 1}
    full = house(ward={"physical_beds": 4, "staffed_beds": 4, "nursing": nursing})
    lies = [
        (
            "patient",
            i / 10,
            [("task", None, None, None), ("carry", None, None, None), ("stay", "ward", 0, 0, 5 * H, 5 * H)],
        )
        for i in range(2)
    ]

    known = summarise(made(full, lies), full)

    assert known["shortfall_hours_a_day"] == 5  # two patients, one nurse, at 0:00 to 4:00


def test_a_house_without_staff_has_no_cover():
    plain = hospital(pathways={"visit": [{"name": "see"}]})

    assert math.isnan(summarise(made(plain, []), plain)["staff_use"])
