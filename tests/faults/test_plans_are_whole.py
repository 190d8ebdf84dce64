"""A plan is kept while the machine fails or kills at any call: it is in the book whole, or not at all."""

from __future__ import annotations

import errno
from datetime import date
from pathlib import Path

import pytest

from scenarios.plan_book import DOCUMENT, TOML, read_plan
from tests.faults import calls
from tests.faults.scenes import Stage
from tests.plans import beds_planned
from twin.store import Store, open_store

FIRST = date(2025, 3, 4)


def assert_whole(store: Store) -> int:
    """Every plan has its run, its files and its document; every run of a plan has its plan. How many."""
    found = [read_plan(store, entry.number) for entry in store.plans.list()]
    runs = store.runs.list(100)
    assert {each.entry.run_id for each in found} == {run.id for run in runs}
    assert all(run.state == "done" and store.artefacts.names(run.id) == (DOCUMENT, TOML) for run in runs)
    assert all(each.plan.beds == beds_planned(FIRST).plan.beds for each in found)
    store.audit.verify()
    return len(found)


def hold(stage: Stage, control: calls.Control, workspace: Path, mode: int, nth: int, **fault: int) -> None:
    """Keep a plan with a fault at a call; then again on a sound machine: one plan, and all of it."""
    control.set(mode, workspace, nth=nth, many=1, kinds=calls.ALL, **fault)
    played = stage.play("keep_a_plan", workspace)
    met = control.off()
    assert stage.traces() == "", met
    assert played.codes[0] in (0, 3, -9), met
    with open_store(workspace) as store:
        there = assert_whole(store)
        assert there >= len(played.of("plan")), met
    again = stage.play("keep_a_plan", workspace)
    assert (again.codes, again.errors) == ([0], [])
    with open_store(workspace) as store:
        assert assert_whole(store) == 1
    assert again.of("plan") == [1] and (not played.of("plan") or played.of("plan") == [1])


@pytest.mark.parametrize("mode", [calls.KILL_BEFORE, calls.KILL_AFTER, calls.KILL_HALF])
def test_killed_between_its_files_and_its_proposal_nothing_is_half_there(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, mode: int
):
    control.set(calls.COUNT, tmp_path / "count", kinds=calls.ALL)
    assert faulty_stage.play("keep_a_plan", tmp_path / "count").codes == [0]
    count = control.off().met
    assert count > 30

    for nth in range(mode, count + 1, 13):
        hold(faulty_stage, control, tmp_path / f"{nth}", mode, nth)


def test_a_call_that_fails_is_told_and_the_plan_is_there_or_not(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path
):
    control.set(calls.COUNT, tmp_path / "count", kinds=calls.ALL)
    assert faulty_stage.play("keep_a_plan", tmp_path / "count").codes == [0]
    count = control.off().met

    for nth in range(2, count + 1, 17):
        hold(faulty_stage, control, tmp_path / f"{nth}", calls.FAIL, nth, error=errno.ENOSPC)
