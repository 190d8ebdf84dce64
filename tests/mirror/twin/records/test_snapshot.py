"""The last instant of the records is the first of the next run."""

from datetime import date, datetime

import numpy as np
import pytest

from tests.mirror.twin.records.house import brought, house, records, stay, written
from twin.case import Case, Window
from twin.engine import simulate
from twin.errors import UsageError
from twin.hospital import parse_hospital, shipped
from twin.records.daily import snapshot, ward_days
from twin.records.simulated import simulate_year
from twin.workload import NONE, draw_workload

WINDOW = Window(date(2026, 1, 1), days=7)


def in_place(work, place: str) -> int:
    return int((work.held == list(house().everywhere).index(place)).sum())


def test_the_run_begins_with_the_beds_that_the_records_end_with():
    table = ward_days(records(60), house())
    last_night = table[table["ds"] == "2025-12-31"].set_index("unique_id")["y"]
    case = Case(house(), snapshot=snapshot(records(60), house()))

    work = draw_workload(case, WINDOW, seed=1)

    assert {w: in_place(work, w) for w in house().wards} == {
        w: last_night[f"census/{w}"] for w in house().wards
    }
    assert sum(last_night) > 0


def test_both_engines_go_on_from_the_records_in_the_same_way():
    case = Case(house(), snapshot=snapshot(records(60), house()))
    work = draw_workload(case, WINDOW, seed=2)

    kernel, reference = simulate(case, work), simulate(case, work, engine="reference")

    assert kernel.same_as(reference)


def test_both_engines_go_on_from_the_small_hospitals_records():
    small = parse_hospital(shipped("small"))
    case = Case(small, snapshot=snapshot(simulate_year(small, days=14, seed=5), small))
    work = draw_workload(case, Window(WINDOW.start, days=1, tail=0), seed=2)

    assert len(case.snapshot.patients) > 20
    assert simulate(case, work).same_as(simulate(case, work, engine="reference"))


def test_both_engines_go_on_from_a_house_with_boarders_and_queues():
    crowded = house(ward_beds=15)
    case = Case(crowded, snapshot=snapshot(simulate_year(crowded, days=20, seed=5), crowded))
    work = draw_workload(case, Window(WINDOW.start, days=2), seed=2)

    assert any(p.waiting and p.place == "cubicles" for p in case.snapshot.patients)
    assert any(p.waiting and p.place is None for p in case.snapshot.patients)
    assert simulate(case, work).same_as(simulate(case, work, engine="reference"))


def test_a_boarder_holds_the_cubicle_and_waits_for_the_ward(tmp_path):
    rows = (
        stay(ended=""),
        stay(place="", step="stay", requested="2025-03-01 13:00", started="", ended=""),
    )
    found = brought(written(tmp_path / "r.csv", *rows), as_of=datetime(2025, 3, 1, 15)).encounters

    (patient,) = snapshot(found, house()).patients

    assert (patient.encounter, patient.step, patient.place, patient.waiting) == (
        "00042",
        "stay",
        "cubicles",
        True,
    )
    assert patient.since == datetime(2025, 3, 1, 13)


@pytest.mark.parametrize(
    ("at", "step", "place"),
    [("10:30", "treat", "cubicles"), ("12:30", "stay", "oak")],
)
def test_an_earlier_instant_finds_the_patient_where_he_was(tmp_path, at, step, place):
    rows = (
        stay(),
        stay(place="oak", step="stay", requested="2025-03-01 12:00", started="2025-03-01 12:00", ended=""),
    )
    found = brought(written(tmp_path / "r.csv", *rows), as_of=datetime(2025, 3, 1, 15)).encounters

    (patient,) = snapshot(found, house(), datetime.fromisoformat(f"2025-03-01 {at}")).patients

    assert (patient.step, patient.place, patient.waiting) == (step, place, False)


def test_nobody_is_there_before_the_arrival_or_after_the_end(tmp_path):
    found = brought(written(tmp_path / "r.csv", stay()), as_of=datetime(2025, 3, 1, 15)).encounters

    assert snapshot(found, house(), datetime(2025, 3, 1, 9)).patients == ()
    assert snapshot(found, house()).patients == ()


def test_an_instant_that_the_records_do_not_know_is_refused(tmp_path):
    found = brought(written(tmp_path / "r.csv", stay()), as_of=datetime(2025, 3, 1, 15)).encounters

    with pytest.raises(UsageError, match="nothing is known of 2025-03-02"):
        snapshot(found, house(), datetime(2025, 3, 2))


def test_patients_of_the_snapshot_are_in_step_since_before_the_run():
    case = Case(house(), snapshot=snapshot(records(60), house()))

    work = draw_workload(case, WINDOW, seed=3)

    there = work.origin != 0
    assert there.sum() == len(case.snapshot.patients)
    assert (work.since[there] < 0).all()
    assert (work.held[there & (work.held != NONE)] >= 0).all()
    assert np.all(np.diff(work.first)[there] >= 1)
