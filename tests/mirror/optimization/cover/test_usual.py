"""Usual nurses for a hospital that names none: enough for its usual beds, and rows to put into its file."""

import pytest

from optimization.cover.house import nursing_groups
from optimization.cover.planning import plan_cover
from optimization.cover.usual import BY_DAY, CRITICAL_CARE, rows_of, with_usual_nurses
from tests.houses import START
from tests.mirror.optimization.cover.conftest import ward_that_closes
from twin.case import Case, Window, resolve
from twin.hospital import load_hospital, parse_hospital, shipped


@pytest.fixture(scope="module")
def bare():
    return parse_hospital(shipped("small"))


def test_usual_nurses_are_enough_for_the_usual_beds_of_every_ward(bare):
    laid, notes = with_usual_nurses(bare)

    assert nursing_groups(laid) == tuple(f"{ward}_nurses" for ward in bare.wards)
    levels = resolve(Case(laid), Window(START, days=2, tail=0)).levels
    for hour in (3, 12, 22):
        assert all(levels[w].at(hour * 3_600_000) == ward.staffed_beds for w, ward in bare.wards.items())
    critical = next(w for w, ward in bare.wards.items() if ward.critical_care)
    assert laid.wards[critical].nursing.patients_per_nurse == CRITICAL_CARE
    assert f"one to {BY_DAY:g} patients by day" in notes[0]


def test_a_hospital_that_names_its_nurses_keeps_them():
    named = ward_that_closes()

    assert with_usual_nurses(named) == (named, ())


def test_the_rows_that_are_written_make_the_same_hospital(bare, tmp_path):
    file = tmp_path / "hospital.toml"
    file.write_text(shipped("small") + "\n" + rows_of(bare))

    read, (laid, _) = load_hospital(file), with_usual_nurses(bare)

    assert (read.staff, read.wards) == (laid.staff, laid.wards)


def test_cover_is_planned_for_it_and_the_answer_says_what_was_assumed(bare):
    answer = plan_cover(Case(bare), Window(START, days=4, warm_up=4), replications=4, threads=1, targets=[])

    assert not answer.names_groups
    assert "usual ones were assumed" in answer.notes[0]
    assert set(answer.plan.cover) == {*(f"{ward}_nurses" for ward in bare.wards), "float_nurses"}
