"""Tables: one replication by ward, class and reason, as a planner reads it."""

import pytest

from tests.houses import hospital
from tests.mirror.twin.measures.made import made
from twin.measures import classes_table, delays_table, wards_table
from twin.trace import Kind, Outcome

H = 60


def house():
    delay = {"share": 0.5, "duration": {"unit": "days", "mean": 1}}
    return hospital(
        wards={"home": 2, "other": 2},
        pathways={
            "patient": [
                {"name": "stay", "places": ["home", "other"], "repatriates": True, "delays": {"care": delay}}
            ],
            "use": [{"name": "used"}],
        },
        classes={"use": {"of": "use"}},
    )


def visits():
    return [
        ("patient", 0, [("stay", "home", 0, 0, 12 * H, 12 * H)], {"outcome": Outcome.DONE, "delay": 3 * H}),
        ("patient", 1, [("stay", "other", 1, 6 * H, 18 * H, 18 * H)], {"outcome": Outcome.DONE}),
        ("patient", 2, [("stay", None, 2, None)], {"outcome": Outcome.LEFT, "patience": 2 * H}),
        ("use", 3, [("used", None, 3, 3, 4, 4)]),
    ]


def test_every_ward_has_its_beds_patients_and_moves():
    trace = made(house(), visits(), log=[(Kind.MOVED, 12 * H, 1, "home")])

    table = wards_table(trace, house()).set_index("ward")

    home, other = table.loc["home"], table.loc["other"]
    assert (home["open_beds"], home["in_beds"], other["in_beds"]) == (2, 0.75, 0.25)
    assert home["occupancy_percent"] == pytest.approx(37.5)
    assert home["waiting"] == pytest.approx((6 * H - 1 + 2 * H) / (24 * H))
    assert (home["discharges_a_day"], other["discharges_a_day"]) == (2, 0)
    assert home["length_of_stay_days"] == pytest.approx(18 / 24 / 2)
    assert (home["moved_in_a_day"], other["outliers_in_beds"]) == (1, 0.25)


def test_every_class_of_patients_has_its_ends_and_waits():
    table = classes_table(made(house(), visits()), house())

    assert table["patient_class"].tolist() == ["patient"]  # a use of supplies is no patient
    known = table.iloc[0]
    assert (known["came"], known["done"], known["left"], known["open"]) == (3, 2, 1, 0)
    assert known["hours_waiting"] == pytest.approx((6 - 1 / 60 + 2) / 3)
    assert known["hours_in_the_house"] == pytest.approx((12 + 18 - 1 / 60 + 2) / 3)


def test_delays_are_told_by_reason():
    table = delays_table(made(house(), visits()), house())

    assert table[["step", "reason", "stays"]].to_numpy().tolist() == [["stay", "care", 1]]
    assert table["bed_days"].tolist() == pytest.approx([3 / 24])
