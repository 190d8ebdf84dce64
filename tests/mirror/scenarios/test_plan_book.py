"""The book of plans: what is written is read again whole, and what is approved is what today means."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from scenarios.base_case import WARM_UP, base_case
from scenarios.plan_book import approve, in_force, read_plan, write_down
from scenarios.study import study_workspace
from tests.mirror.scenarios.conftest import TOWN
from tests.plans import Planned, beds_planned, cover_planned
from twin.case import resolve
from twin.errors import ConfigError, UsageError
from twin.hospital import Hospital, parse_hospital
from twin.plan import Plan
from twin.store import ArtefactDamaged, PlanOverlaps, Store, open_store

#: the first measured day where the hospital's own model of demand serves
TODAY = date(2025, 1, 6) + timedelta(days=WARM_UP)
NURSES = """
[staff.nurses]
title = "Ward nurses"
[staff.nurses.shifts.day]
from = "07:00"
to = "19:00"
on_duty = 9
[staff.nurses.shifts.night]
from = "19:00"
to = "07:00"
on_duty = 6
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "hospital.toml").write_text(TOWN + NURSES)
    with open_store(tmp_path) as store:
        yield store


@pytest.fixture
def house(store: Store) -> Hospital:
    return parse_hospital(TOWN + NURSES)


def kept(store: Store, house: Hospital, planned: Planned, kind: str = "beds") -> int:
    return write_down(store, kind, planned, house, "the forecast of a test")[0].number


def test_a_plan_is_read_again_as_it_was_written_with_its_proof_and_its_reasons(store, house):
    planned = cover_planned(TODAY)

    found = read_plan(store, kept(store, house, planned, "cover"))

    assert found.plan.cover == planned.plan.cover
    assert (found.kind, found.hospital, found.origin) == ("cover", "Town hospital", "the forecast of a test")
    assert found.answer["certificate"] == planned.document()["certificate"]
    assert found.answer["explanation"]["binds"] == ["the total of 32 beds"]
    assert found.titles["groups"]["nurses"] == "Ward nurses"
    assert (found.entry.valid_from, found.entry.valid_to) == (TODAY, TODAY + timedelta(days=13))


def test_its_run_is_done_and_has_the_plan_as_files(store, house):
    number = kept(store, house, beds_planned(TODAY))

    run = store.runs.get(store.plans.get(number).run_id)

    assert (run.kind, run.state, run.summary["kind"]) == ("optimize", "done", "beds")
    assert store.artefacts.names(run.id) == ("plan.json", "plan.toml")
    assert b"[beds.medicine]" in store.artefacts.get(run.id, "plan.toml")


def test_the_same_plan_again_is_the_one_that_is_there_until_it_is_taken_back(store, house):
    planned = beds_planned(TODAY)
    entry, new = write_down(store, "beds", planned, house)
    again, new_again = write_down(store, "beds", planned, house)
    store.plans.withdraw(entry.number, actor="bed_manager")
    after, new_after = write_down(store, "beds", planned, house)

    assert (new, new_again, new_after) == (True, False, True)
    assert again == entry
    assert after.number > entry.number
    assert len(store.runs.list()) == 2


def test_a_plan_without_a_date_is_nothing_to_approve(store, house):
    with pytest.raises(UsageError, match="names no date"):
        write_down(store, "beds", Planned(Plan.empty()), house)


def test_a_proposed_plan_changes_nothing_and_an_approved_one_is_what_today_means(store, house):
    number = kept(store, house, beds_planned(TODAY))
    before = base_case(store.workspace, store, days=7)

    approve(store, number, actor="bed_manager")
    after = base_case(store.workspace, store, days=7)

    assert before.case.plan.beds == {} and before.decided == ""
    assert after.case.plan.open_beds("medicine", TODAY) == 22
    assert 'beds as approved: plan 1 "More medicine"' in after.origin
    assert before.demand == after.demand
    noon = after.window.clock(house).day_starts[WARM_UP] + 12 * 3_600_000
    levels = [resolve(base.case, base.window).levels["medicine"].at(int(noon)) for base in (before, after)]
    assert levels == [20, 22]


def test_each_date_keeps_to_its_own_plan_and_days_gone_by_are_left_out(store, house):
    first = kept(store, house, beds_planned(TODAY - timedelta(days=3), 10, "one", medicine=21))
    second = kept(store, house, beds_planned(TODAY + timedelta(days=7), 10, "two", medicine=23))
    for number in (first, second):
        approve(store, number, actor="bed_manager")

    held = in_force(store, house, TODAY)

    levels = held.plan.beds["medicine"]
    assert min(levels) == TODAY
    assert (levels[TODAY], levels[TODAY + timedelta(days=7)]) == (21, 23)
    assert 'plan 1 "one"' in held.told and 'plan 2 "two"' in held.told


def test_two_plans_of_one_date_are_not_both_approved_unless_one_takes_the_others_place(store, house):
    first = kept(store, house, beds_planned(TODAY))
    second = kept(store, house, cover_planned(TODAY), "cover")
    approve(store, first, actor="bed_manager")

    with pytest.raises(PlanOverlaps):
        approve(store, second, actor="matron")
    entry, replaced = approve(store, second, actor="matron", supersede=True)

    assert (entry.status, replaced) == ("approved", (first,))
    assert in_force(store, house, TODAY).plan.beds == {}
    assert in_force(store, house, TODAY).told.startswith("people as approved")


def test_a_ward_that_is_gone_is_told_with_the_way_out(store, house):
    approve(store, kept(store, house, beds_planned(TODAY)), actor="bed_manager")
    smaller = TOWN.replace("wards.medicine", "wards.physicians").replace('"medicine"', '"physicians"')
    (store.workspace / "hospital.toml").write_text(smaller + NURSES)

    with pytest.raises(ConfigError, match="no such ward") as told:
        base_case(store.workspace, store, days=7)

    assert "twin plans withdraw 1" in str(told.value)
    store.plans.withdraw(1, actor="bed_manager")
    assert base_case(store.workspace, store, days=7).decided == ""


def test_a_plan_that_the_hospital_cannot_follow_is_not_approved(store, house):
    number = kept(store, house, beds_planned(TODAY, hospice=4))

    with pytest.raises(ConfigError, match="hospice"):
        approve(store, number, actor="bed_manager")

    assert store.plans.get(number).status == "proposed"


def test_a_document_that_was_altered_is_told_and_not_followed(store, house):
    number = kept(store, house, beds_planned(TODAY))
    approve(store, number, actor="bed_manager")
    page = store.artefacts.path(store.plans.get(number).sha256)
    page.chmod(0o600)
    page.write_bytes(page.read_bytes().replace(b"22", b"99"))

    with pytest.raises(ArtefactDamaged, match='plan 1 "More medicine"'):
        base_case(store.workspace, store, days=7)


def test_a_what_if_says_which_plan_it_begins_from(store, house):
    approve(store, kept(store, house, beds_planned(TODAY)), actor="bed_manager")
    more = [{"lever": "add_beds", "ward": "medicine", "beds": 2}]

    found = study_workspace(store.workspace, store, more, days=2, warm_up=2, replications=2, seed=1)

    assert any('plan 1 "More medicine"' in note for note in found.notes)
