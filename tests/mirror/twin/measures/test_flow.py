"""Flow: waits, boarding and those who go without, worked out by hand."""

import math

import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.measures import step_waits, summarise
from twin.trace import Kind, Outcome

H = 60


def house():
    patience = {"patience": {"mean": 60, "unit": "minutes"}}
    return hospital(
        staff={"doctor": 1},
        places={"cubicle": {"physical": 2, "staffed": 2, "department": "emergency", "waiting_room": 5}},
        wards={"ward": 2},
        pathways={
            "emergency": [
                {"name": "triage"},
                {
                    "name": "treat",
                    "places": ["cubicle"],
                    "staff": {"doctor": 1},
                    "keeps_place": True,
                    **patience,
                },
                {"name": "stay", "places": ["ward"]},
            ],
            "use": [{"name": "used", "if_full": "leaves"}],
        },
        classes={"use": {"of": "use"}},
    )


def visit(came, seen, left, **known):
    """Triage at once for 5 minutes, seen in a cubicle, gone home from there."""
    return (
        "emergency",
        came,
        [("triage", None, came, came, came + 5, came + 5), ("treat", "cubicle", came + 5, seen, left, left)],
        {"outcome": Outcome.DONE, **known},
    )


def leaver(came, patience):
    """Triage at once, never seen."""
    return (
        "emergency",
        came,
        [("triage", None, came, came, came + 5, came + 5), ("treat", None, came + 5, None)],
        {"outcome": Outcome.LEFT, "patience": patience},
    )


def test_wait_to_be_seen_is_to_the_first_task_with_staff_in_the_department():
    visits = [visit(0, 25, 90), visit(10, 20, 90)]  # 25 and 10 minutes

    known = summarise(made(house(), visits), house())

    assert known["wait_to_be_seen_minutes"] == pytest.approx(17.5)


def test_who_loses_patience_before_that_left_without_being_seen():
    visits = [visit(0, 25, 90), visit(10, 20, 90), visit(11, 40, 90), leaver(12, 60)]

    known = summarise(made(house(), visits), house())

    assert known["left_without_being_seen"] == 25
    assert known["left_waiting"] == 25
    assert known["wait_to_be_seen_minutes"] == pytest.approx((25 + 10 + 29) / 3)  # the leaver is left out
    assert known["ed_hours_mean"] == pytest.approx((90 + 80 + 79 + 65) / 4 / 60)  # but was 65 minutes there
    assert known["unresolved"] == 0


def test_who_leaves_after_being_seen_was_seen():
    boards = (
        "emergency",
        0,
        [
            ("triage", None, 0, 0, 5, 5),
            ("treat", "cubicle", 5, 5, 60, 100),
            ("stay", None, 60, None),
        ],
        {"outcome": Outcome.LEFT, "patience": 40},
    )

    known = summarise(made(house(), [boards]), house())

    assert (known["left_without_being_seen"], known["left_waiting"]) == (0, 100)
    assert known["ed_hours_mean"] == pytest.approx(100 / 60)


def test_refused_and_turned_away_are_shares_of_who_came_and_no_attendances():
    away = {"outcome": Outcome.BALKED}
    no_triage = [("triage", None, 5, None), ("treat", None, None, None)]
    visits = [visit(0, 25, 90), ("emergency", 5, no_triage, away), visit(10, 20, 90), visit(11, 20, 90)]

    known = summarise(made(house(), visits), house())

    assert known["balked"] == 25
    assert math.isnan(known["refused"])  # nobody is: only a use of supplies does not wait
    assert known["ed_hours_mean"] == pytest.approx((90 + 80 + 79) / 3 / 60)


def test_twelve_hours_are_counted_from_arrival_and_from_the_decision_to_admit():
    def admitted(came, decided, bed):
        return (
            "emergency",
            came,
            [
                ("triage", None, came, came, came + 5, came + 5),
                ("treat", "cubicle", came + 5, came + 5, decided, bed),
                ("stay", "ward", decided, bed),
            ],
        )

    visits = [admitted(0, 2 * H, 13 * H), admitted(1, 1 * H, 13.5 * H), admitted(2, 1 * H, 3 * H)]

    known = summarise(made(house(), visits), house())

    assert known["twelve_hours_from_arrival"] == 2  # 13 h and 13.5 h
    assert known["ed_over_12h"] == pytest.approx(200 / 3)
    assert known["twelve_hours_from_decision"] == 1  # 12.5 h; 11 h and 2 h are not
    assert known["boarding_hours_mean"] == pytest.approx((11 + 12.5 + 2) / 3)


def test_a_patient_moved_out_of_the_department_within_a_step_has_left_it():
    log = [(Kind.MOVED, 3 * H, 1, "ward")]
    stay = [("triage", None, None, None), ("treat", "cubicle", 0, 0, 20 * H, 20 * H)]

    known = summarise(made(house(), [("emergency", 0, stay)], log=log), house())

    assert known["ed_hours_mean"] == 3


def test_the_cohort_is_who_came_then_not_who_was_listed_then():
    seen = [("triage", None, 0, 10, 20, 20)]

    trace = made(house(), [("emergency", 0, seen, {"listed": -9}), ("emergency", None, seen, {"listed": 1})])

    assert trace.cohort().tolist() == [0]


def test_a_trace_made_without_who_came_takes_those_of_the_workload():
    from dataclasses import replace

    trace = replace(made(house(), [visit(0, 25, 90)]), came=None, outcome=None)

    assert trace.came.tolist() == [0]
    assert trace.outcome.tolist() == [Outcome.OPEN]


def test_uses_of_supplies_are_no_patients():
    visits = [visit(0, 25, 90), ("use", 3, [("used", None, 3, 3, 4, 4)])]
    trace = made(house(), visits)

    assert summarise(trace, house())["arrivals_a_day"] == 1
    assert {wait.patient_class for wait in step_waits(trace, house())} == {"emergency"}
