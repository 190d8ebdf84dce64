"""The Nth write, sync, rename, open or removal fails, for every N: told in words, nothing half there.

Twice: the calls of the real libraries refused by the system (``calls``), and SQLite's own calls refused by a
file system under it (``sqlite_on_disk``), which needs no compiler. Afterwards the store opens, everything
confirmed is there, and the same work done again succeeds and comes to the same hashes.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import calls
from tests.faults.disk import Disk
from tests.faults.scenes import Played, Stage, assert_kept, run_once
from twin.errors import TwinError
from twin.store import open_store

TOLD = {"E_STORE", "E_DISK_FULL", "E_READ_ONLY", "E_DAMAGED"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, faulty_stage: Stage) -> Path:
    """A workspace that holds one import already."""
    folder = tmp_path_factory.mktemp("template") / "workspace"
    assert faulty_stage.play("one_publish", folder, name="before").codes == [0]
    return folder


class Rehearsal:
    """The same scene again and again, from the same start."""

    def __init__(self, stage: Stage, control: calls.Control, folder: Path, template: Path | None) -> None:
        self.stage, self.control, self.template = stage, control, template
        self.workspace = folder / "workspace"

    def begin(self) -> None:
        shutil.rmtree(self.workspace, ignore_errors=True)
        if self.template is not None:
            shutil.copytree(self.template, self.workspace)

    def calls_of(self, scene: str, kinds: int = calls.ALL) -> tuple[int, Played]:
        self.begin()
        self.kinds = kinds
        self.control.set(calls.COUNT, self.workspace, kinds=kinds)
        played = self.stage.play(scene, self.workspace)
        return self.control.off().met, played

    def hold(
        self, scene: str, wanted: Played, mode: int, nth: int, many: int = 1, error: int = 0
    ) -> calls.Count:
        """Play it with a fault and look; then play it on a sound machine and look for the same hashes."""
        self.begin()
        self.control.set(mode, self.workspace, nth=nth, many=many, error=error, kinds=self.kinds)
        played = self.stage.play(scene, self.workspace)
        met = self.control.off()
        assert self.stage.traces() == "", met
        assert played.codes[0] in ([0, 3] if mode in (calls.FAIL, calls.INTERRUPT) else [0, -9]), met
        assert {line["error"] for line in played.errors} <= TOLD, (met, played.errors)
        assert mode != calls.INTERRUPT or played.codes == [0], (met, played.errors)
        with open_store(self.workspace) as store:
            assert_kept(store, played.told)
        again = self.stage.play(scene, self.workspace)
        assert (again.codes, again.errors) == ([0], [])
        with open_store(self.workspace) as store:
            assert_kept(store, played.told + again.told)
            newest = {table.sha256 for table in store.records.tables().values()}
        for word in ("segment", "sha"):
            assert again.of(word)[-1:] == wanted.of(word)[-1:]
        assert not wanted.of("table") or newest == set(wanted.of("table"))
        assert played.codes != [0] or scene == "one_run" or "already" in again.told[-1]
        return met


@pytest.mark.parametrize("scene", ["one_publish", "one_run"])
def test_a_call_that_fails_is_told_and_leaves_nothing_half_written(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path, scene: str
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, template)
    count, wanted = rehearsal.calls_of(scene)
    assert count > 50

    for nth in range(1, count + 1, 5):
        rehearsal.hold(scene, wanted, calls.FAIL, nth, error=errno.EIO)


def test_a_disk_that_fails_from_some_call_on_leaves_nothing_half_written(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, template)
    count, wanted = rehearsal.calls_of("one_publish")

    for nth in range(3, count + 1, 8):
        rehearsal.hold("one_publish", wanted, calls.FAIL, nth, many=-1, error=errno.ENOSPC)


@pytest.mark.parametrize("scene", ["one_publish", "one_run"])
def test_a_read_that_fails_is_told_as_well(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path, scene: str
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, template)
    count, wanted = rehearsal.calls_of(scene, calls.LOOKING)

    for nth in range(1, count + 1, 8):
        rehearsal.hold(scene, wanted, calls.FAIL, nth, error=errno.EIO)


def test_the_first_call_of_a_new_store_may_fail_as_well(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, None)
    count, wanted = rehearsal.calls_of("one_publish")

    for nth in range(1, count + 1, 16):
        rehearsal.hold("one_publish", wanted, calls.FAIL, nth, error=errno.ENOSPC)


@pytest.mark.parametrize("mode", [calls.KILL_BEFORE, calls.KILL_AFTER, calls.KILL_HALF])
def test_a_kill_at_a_call_leaves_nothing_half_written(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path, mode: int
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, template)
    count, wanted = rehearsal.calls_of("one_publish")

    for nth in range(mode, count + 1, 12):
        rehearsal.hold("one_publish", wanted, mode, nth)


def test_calls_that_are_interrupted_or_done_by_half_are_done_again(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path
):
    for start in (template, None):
        rehearsal = Rehearsal(faulty_stage, control, tmp_path, start)
        for scene in ("one_publish", "one_run"):
            _, wanted = rehearsal.calls_of(scene)
            assert rehearsal.hold(scene, wanted, calls.INTERRUPT, 1).done > 20


@pytest.mark.long
@pytest.mark.parametrize(
    "fault", ["EIO once", "ENOSPC once", "EIO for ever", "ENOSPC for ever", "EIO reading once"]
)
@pytest.mark.parametrize("scene", ["one_publish", "one_run", "new store"])
def test_every_call_may_fail(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, template: Path, scene: str, fault: str
):
    rehearsal = Rehearsal(faulty_stage, control, tmp_path, None if scene == "new store" else template)
    scene = "one_publish" if scene == "new store" else scene
    count, wanted = rehearsal.calls_of(scene, calls.LOOKING if "reading" in fault else calls.ALL)

    error, many = getattr(errno, fault.split()[0]), 1 if fault.endswith("once") else -1
    for nth in range(1, count + 1):
        rehearsal.hold(scene, wanted, calls.FAIL, nth, many=many, error=error)
    print(f"{count} calls")


# ---------------------------------------------------------------- without a compiler: SQLite's own calls

apsw_disk = pytest.importorskip("tests.faults.sqlite_on_disk", reason="apsw is not installed")
apsw = pytest.importorskip("apsw")
REFUSED = {
    "write": (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_FULL),
    "sync": (apsw.SQLITE_IOERR_FSYNC,),
    "truncate": (apsw.SQLITE_IOERR_TRUNCATE,),
    "delete": (apsw.SQLITE_IOERR_DELETE,),
    "open": (apsw.SQLITE_CANTOPEN,),
}


def refusing(nth: int, which: int = 0) -> Iterator[None]:
    """A watch that refuses the ``nth`` call it hears of."""
    heard = 0

    def watch(call: str, path: str) -> None:
        nonlocal heard
        heard += 1
        if heard == nth:
            codes = REFUSED[call]
            raise apsw.exception_for(codes[which % len(codes)])

    watch.heard = lambda: heard
    return watch


def play_on(folder: Path, watch) -> tuple[str | None, list[dict]]:
    """A run on a store under a watch: the code of the error, if any, and what was confirmed before."""
    told: list[dict] = []
    with pytest.MonkeyPatch.context() as patch, apsw_disk.stores_on(apsw_disk.System(Disk.of(folder), watch)):
        patch.setattr("tests.faults.scenes.say", lambda **what: told.append(what))
        try:
            with open_store(folder) as store:
                run_once(store, "writer", 1)
        except TwinError as error:
            return error.code, told
    return None, told


def hold_on(folder: Path, nth: int, which: int) -> int:
    """The ``nth`` call of a run's life on a new store fails; how many calls were heard."""
    folder.mkdir()
    watch = refusing(nth, which)
    code, told = play_on(folder, watch)

    assert code is None or code in TOLD
    with open_store(folder) as store:
        assert_kept(store, told)
    assert play_on(folder, refusing(0))[0] is None
    with open_store(folder) as store:
        assert_kept(store, told)
    return watch.heard()


def test_each_call_of_sqlite_may_fail(tmp_path: Path):
    count = hold_on(tmp_path / "sound", 0, 0)
    assert count > 100

    for nth in range(1, count + 1, 12):
        hold_on(tmp_path / str(nth), nth, nth // 12)


@pytest.mark.long
def test_every_call_of_sqlite_may_fail(tmp_path: Path):
    count = hold_on(tmp_path / "sound", 0, 0)

    for nth in range(1, count + 1):
        for which in (0, 1):
            hold_on(tmp_path / f"{nth} {which}", nth, which)
            shutil.rmtree(tmp_path / f"{nth} {which}")
    print(f"{count} calls of SQLite")
