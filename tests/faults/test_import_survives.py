"""A whole import under faults: killed at any instant, refused a call, two at once: in whole, or not at all.

An import is three processes: one that asks and publishes, one that reads the file, one that folds.
"""

from __future__ import annotations

import errno
import random
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from tests.faults import calls
from tests.faults.scenes import Played, Stage, assert_files_whole
from twin.records.reading.pseudonyms import secret_of
from twin.store import Store, open_store
from twin.store.records import HeadMoved, Records
from twin.workspace import Workspace, bring_in, create_workspace

TOLD = {"E_STORE", "E_DISK_FULL", "E_READ_ONLY", "E_DAMAGED", "E_CRASH"}


@dataclass(frozen=True)
class Desk:
    """A workspace to begin from, and files to bring in."""

    workspace: Path
    files: list[Path]

    def begin(self, folder: Path) -> Path:
        """A fresh copy of the workspace."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.workspace, folder)
        return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A small hospital with two weeks of stays in two files."""
    folder = tmp_path_factory.mktemp("desk")
    made = create_workspace(folder / "workspace", size="small", days=14, until=date(2025, 3, 2))
    stays = made.records().frame
    table = stays.sort_values("started", kind="stable")
    half = len(table) // 2
    names = ["encounter", "patient_class", "stream", "place", "step", "requested", "started", "ended"]
    for name, part in (("first", table[:half]), ("second", table[half:])):
        part[[column for column in names if column in part]].to_csv(folder / f"{name}.csv", index=False)
    secret_of(made.path)  # one salt for all copies, so that their tables come to the same
    return Desk(made.path, [folder / "first.csv", folder / "second.csv"])


def tables_of(store: Store) -> dict[str, str]:
    """The hash of each table of today."""
    return {name: table.sha256 for name, table in store.records.tables().items()}


def hold(
    workspace: Path, url: str | None, played: Played, before: dict[str, str], after: dict[str, str]
) -> None:
    """All of the import is there or nothing of it; all of it where it was confirmed."""
    with open_store(workspace, url) as store:
        store.audit.verify()
        imports = assert_files_whole(store)
        assert tables_of(store) == (after if imports else before)
        assert imports == 1 or not played.of("brought")


def brought_in(stage: Stage, desk: Desk, folder: Path, url: str | None = None) -> dict[str, str]:
    """The tables that the first file comes to."""
    workspace = desk.begin(folder)
    played = stage.play("bring_in_file", workspace, url, source=str(desk.files[0]))
    assert (played.codes, played.errors, stage.traces()) == ([0], [], "")
    with open_store(workspace, url) as store:
        return tables_of(store)


def test_an_import_whose_call_fails_is_told_and_leaves_nothing_half_there(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, desk: Desk
):
    fail_often(faulty_stage, control, tmp_path, desk, tries=4)


@pytest.mark.long
def test_every_call_of_an_import_may_fail(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, desk: Desk
):
    print(fail_often(faulty_stage, control, tmp_path, desk), "calls of an import")


def fail_often(
    stage: Stage, control: calls.Control, tmp_path: Path, desk: Desk, tries: int | None = None
) -> int:
    """Let so many calls of an import fail (all), then bring the file in again; how many calls there are."""
    source = str(desk.files[0])
    after = brought_in(stage, desk, tmp_path / "sound")
    workspace = desk.begin(tmp_path / "workspace")
    control.set(calls.COUNT, workspace)
    assert stage.play("bring_in_file", workspace, source=source).codes == [0]
    count = control.off().met
    for nth in range(1, count + 1, 1 if tries is None else count // tries):
        desk.begin(workspace)
        control.set(calls.FAIL, workspace, nth=nth, error=errno.ENOSPC if nth % 2 else errno.EIO)
        played = stage.play("bring_in_file", workspace, source=source)
        met = control.off()
        assert stage.traces() == "", met
        assert played.codes[0] in (0, 3), met
        assert {line["error"] for line in played.errors} <= TOLD, (met, played.errors)
        hold(workspace, None, played, {}, after)
        again = stage.play("bring_in_file", workspace, source=source)
        assert (again.codes, again.errors) == ([0], []), met
        hold(workspace, None, again, {}, after)
    return count


def kill_often(stage: Stage, tmp_path: Path, desk: Desk, url: str | None, kills: int) -> int:
    """Kill so many imports at any instant, bring each file in again; how many had been published."""
    chance, published = random.Random(f"imports {kills}"), 0
    workspace = desk.begin(tmp_path / "workspace")
    for n in range(kills):
        name = tmp_path / f"{n}.csv"
        shutil.copy(desk.files[n % 2], name)
        with name.open("a") as file:
            file.write("\n" * n)  # the same stays, another file
        played = stage.play(
            "bring_in_file", workspace, url, source=str(name), kill_after=chance.uniform(0.0, 2.5)
        )
        assert played.codes[0] in (0, -9)
        with open_store(workspace, url) as store:
            imports = assert_files_whole(store)
            store.audit.verify()
            there = {entry.source for entry in store.records.imports()}
        assert name.name in there or not played.of("brought")
        published += name.name in there
        again = stage.play("bring_in_file", workspace, url, source=str(name))
        assert (again.codes, again.errors) == ([0], [])
        assert again.of("again") == [name.name in there]
        with open_store(workspace, url) as store:
            assert len(store.records.imports()) == imports + (name.name not in there)
            assert tables_of(store)
    return published


def test_an_import_killed_at_any_instant_is_in_whole_or_not_at_all(
    stage: Stage, tmp_path: Path, desk: Desk, url: str | None
):
    kill_often(stage, tmp_path, desk, url, 2)

    assert stage.traces() == ""


@pytest.mark.long
def test_many_kills_of_an_import(stage: Stage, tmp_path: Path, desk: Desk, url: str | None):
    print(kill_often(stage, tmp_path, desk, url, 100), "of 100 had been published")

    assert stage.traces() == ""


def test_two_imports_at_once_both_go_in(stage: Stage, tmp_path: Path, desk: Desk, url: str | None):
    workspace = desk.begin(tmp_path / "workspace")

    played = stage.play("bring_in_file", workspace, url, actors=3, source=str(desk.files[0]))

    assert (played.codes, played.errors, stage.traces()) == ([0] * 3, [], "")
    assert sorted(played.of("again")) == [False, True, True]
    with open_store(workspace, url) as store:
        assert assert_files_whole(store) == 1


def test_an_import_that_another_machine_was_faster_than_is_folded_again(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    publish, tries = Records.publish, []

    def overtaken(self: Records, *given: object, **named: object) -> int:
        tries.append(len(tries))
        if len(tries) == 1:
            raise HeadMoved(0, 1)
        return publish(self, *given, **named)

    monkeypatch.setattr(Records, "publish", overtaken)

    brought = bring_in(Workspace(desk.begin(tmp_path / "workspace")), [desk.files[0]]).or_raise()

    assert len(tries) == 2
    assert brought.kept[0].rows > 0
    with open_store(tmp_path / "workspace") as store:
        assert assert_files_whole(store) == 1
