"""A snapshot is written down and read as it was; a file that cannot be one is refused in words."""

import json
from dataclasses import fields, replace
from datetime import datetime

import pytest

from twin.case import Batch, Cleaning, InHouse, Order, Snapshot
from twin.checkpoint import read_snapshot, write_snapshot
from twin.errors import ConfigError, NotFound

AT = datetime(2025, 10, 26, 1, 30, 0, 125_000)
FULL = InHouse(
    "e1",
    "acute",
    "stay",
    "oak",
    AT,
    waiting=True,
    stopped=True,
    listed=True,
    appointment=datetime(2025, 10, 27, 9),
    session="hips",
    arrived=datetime(2025, 10, 25, 23, 59, 59, 999_000),
    promised="critical_care",
    pooled={"nurses": 2},
    identity=(1 << 64) - 3,
    visits={"see": 2},
    remaining_ms=0,
    asked=datetime(2025, 10, 25, 8, 30),
    listed_on=datetime(2025, 9, 1, 14),
)
SNAPSHOT = Snapshot(
    datetime(2025, 10, 27),
    (FULL, InHouse("e2", "acute", "see", None, AT, waiting=True)),
    {"gauze": (Batch(3, datetime(2025, 12, 1)), Batch(5)), "tape": ()},
    (Order("gauze", 7, datetime(2025, 10, 28, 6)),),
    {"gauze": 4},
    (Cleaning("oak", datetime(2025, 10, 27, 0, 20)),),
)


def test_a_snapshot_is_read_as_it_was_written(tmp_path):
    write_snapshot(SNAPSHOT, tmp_path / "house.json")

    assert read_snapshot(tmp_path / "house.json") == SNAPSHOT
    assert all(getattr(FULL, f.name) != f.default for f in fields(FULL))  # nothing was left as usual


def test_an_empty_house_is_a_snapshot_too(tmp_path):
    write_snapshot(Snapshot.empty(), tmp_path / "house.json")

    assert read_snapshot(tmp_path / "house.json") == Snapshot.empty()


def test_the_hour_that_comes_twice_is_told_apart(tmp_path):
    twice = Snapshot(None, tuple(replace(FULL, encounter=str(f), since=AT.replace(fold=f)) for f in (0, 1)))
    write_snapshot(twice, tmp_path / "house.json")

    text = json.loads((tmp_path / "house.json").read_text())
    first, second = read_snapshot(tmp_path / "house.json").patients

    assert [p["since"] for p in text["patients"]] == [
        "2025-10-26T01:30:00.125",
        "2025-10-26T01:30:00.125 second",
    ]
    assert (first.since.fold, second.since.fold) == (0, 1)


def test_what_is_as_usual_is_not_written(tmp_path):
    write_snapshot(SNAPSHOT, tmp_path / "house.json")

    second = json.loads((tmp_path / "house.json").read_text())["patients"][1]

    assert set(second) == {"encounter", "patient_class", "step", "since", "waiting"}


PATIENT = {"encounter": "e", "patient_class": "acute", "step": "see", "since": "2025-10-26T01:30:00.000"}


@pytest.mark.parametrize(
    ("table", "path", "rule"),
    [
        ({"patient": []}, "patient", "no such key here"),
        ({"patients": [{**PATIENT, "since": "yesterday"}]}, "patients.0.since", "a local time"),
        (
            {"patients": [{**PATIENT, "since": "2025-10-26T01:30:00+00:00"}]},
            "patients.0.since",
            "without a time zone",
        ),
        (
            {"patients": [{k: v for k, v in PATIENT.items() if k != "step"}]},
            "patients.0.step",
            "is needed here",
        ),
        ({"patients": [{**PATIENT, "identity": "12"}]}, "patients.0.identity", "16 hexadecimal digits"),
        ({"patients": [{**PATIENT, "identity": "x" * 16}]}, "patients.0.identity", "16 hexadecimal digits"),
        ({"patients": [{**PATIENT, "remaining_ms": -1}]}, "patients.0.remaining_ms", "0 or more"),
        ({"stock": {"gauze": [{"units": 1.5}]}}, "stock.gauze.0.units", "a whole number"),
        ({"orders": [{"item": "gauze", "units": 1}]}, "orders.0.due", "is needed here"),
    ],
)
def test_a_fault_is_told_with_its_path_and_rule(tmp_path, table, path, rule):
    (tmp_path / "house.json").write_text(json.dumps(table))

    with pytest.raises(ConfigError) as caught:
        read_snapshot(tmp_path / "house.json")

    assert [p.path for p in caught.value.problems] == [path]
    assert rule in caught.value.problems[0].rule


def test_all_faults_are_told_in_one_pass(tmp_path):
    table = {"patients": [{**PATIENT, "since": 1}, {**PATIENT, "listed": "perhaps"}], "cleaning": [{}]}
    (tmp_path / "house.json").write_text(json.dumps(table))

    with pytest.raises(ConfigError) as caught:
        read_snapshot(tmp_path / "house.json")

    assert len(caught.value.problems) == 4


def test_half_a_file_is_refused(tmp_path):
    write_snapshot(SNAPSHOT, tmp_path / "house.json")
    whole = (tmp_path / "house.json").read_text()
    (tmp_path / "house.json").write_text(whole[: len(whole) // 2])

    with pytest.raises(ConfigError, match="is not JSON"):
        read_snapshot(tmp_path / "house.json")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(NotFound, match=r"nowhere\.json: no such snapshot"):
        read_snapshot(tmp_path / "nowhere.json")
