"""Census: patients in beds and patients who wait for one, counted hour by hour in small stories."""

from datetime import datetime

from tests.houses import START, case, hospital, patients
from twin.case import Case, InHouse, Snapshot, Window
from twin.engine import simulate
from twin.measures import need, summarise
from twin.plan import Plan
from twin.workload import draw_workload

H = 60


def two_wards():
    day = {"unit": "days", "mean": 1}
    return hospital(
        places={"cubicle": 9},
        wards={"medical": 1, "surgical": 1},
        pathways={
            "admitted": [
                {"name": "treat", "places": ["cubicle"], "keeps_place": True},
                {
                    "name": "stay",
                    "places": ["medical", {"place": "surgical", "after_hours": 3}],
                    "duration": day,
                },
            ],
            "moved": [
                {"name": "first", "places": ["surgical"], "keeps_place": True, "duration": day},
                {"name": "second", "places": ["medical"], "duration": day},
            ],
        },
    )


def test_beds_taken_beds_waited_for_and_beds_open_are_counted_every_hour():
    house = two_wards()
    rows = [
        ("admitted", 0, [("treat", H), ("stay", 5 * H)]),
        ("admitted", H / 2, [("treat", H), ("stay", 5 * H)]),
    ]

    counts = need(simulate(case(house), patients(house, rows, days=1)), house)

    # one has a medical bed from 1:00 to 6:00; the other waits from 1:30 and lies in surgery from 4:30
    assert counts.wards == ("medical", "surgical")
    assert counts.in_beds[0][:8].tolist() == [0, 1, 1, 1, 1, 1, 0, 0]
    assert counts.in_beds[1][:11].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0]
    assert counts.waiting[0][:8].tolist() == [0, 0, 1, 1, 1, 0, 0, 0]  # where he asked, wherever he goes
    assert counts.total[:8].tolist() == [0, 1, 2, 2, 2, 2, 1, 1]


def test_a_patient_who_keeps_one_wards_bed_while_waiting_for_anothers_is_one_patient():
    house = two_wards()
    rows = [
        ("admitted", 0, [("treat", 1), ("stay", 9 * H)]),
        ("moved", 0, [("first", 2 * H), ("second", 9 * H)]),
    ]

    counts = need(simulate(case(house), patients(house, rows, days=1)), house)

    assert (counts.in_beds[1][5], counts.waiting[0][5], counts.total[5]) == (1, 1, 2)


def test_a_bed_kept_since_before_the_run_is_occupied():
    house = two_wards()
    night = datetime(2025, 1, 5, 12, 0)
    there = (
        InHouse("in bed", "admitted", "stay", "medical", night),  # until noon
        InHouse("to move", "moved", "second", "surgical", night, waiting=True),
    )
    today = Case(house, snapshot=Snapshot(datetime(2025, 1, 6), there))

    trace = simulate(today, draw_workload(today, Window(START, days=1, tail=0), seed=1))
    counts = need(trace, house)

    assert counts.in_beds[:, 5].tolist() == [1, 1]
    assert counts.total[5] == 2  # he waits for a medical bed in a surgical one
    assert counts.in_beds[:, 13].tolist() == [1, 0]
    assert summarise(trace, house)["occupancy"] == 100 * (24 + 12) / 48


def test_open_beds_are_those_that_were_decided():
    house = two_wards()

    counts = need(
        simulate(case(house, plan=Plan("p", {"medical": {START: 0}})), patients(house, [], days=2)), house
    )

    assert (counts.open_beds[0][23], counts.open_beds[0][24]) == (0, 1)
