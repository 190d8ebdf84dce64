"""A full disk: what is under way is undone and told as E_DISK_FULL, reading goes on, and room again suffices.

On a small file system in memory, which needs the right to mount one; a disk that is full at each single call
is in ``test_nth_call``, where that right is not needed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.scenes import DAYS, SAID, Stage, assert_kept, assert_whole, keep, publish_once, run_once
from twin.store import Store, StoreUnusable, open_store

ROOM = 48 * 1024  # bytes left on the disk when the work begins
MORE_THAN_ROOM = "a patient, a bed, a ward\n" * 200_000


class Ballast:
    """A file that leaves so much room."""

    def __init__(self, disk: Path) -> None:
        self.path = disk / "ballast"

    def leave(self, room: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        with self.path.open("ab") as file:
            file.write(bytes(max(0, free - room)))
            os.fsync(file.fileno())

    def off(self) -> None:
        self.path.unlink()


def in_a_commit(store: Store) -> None:
    run_id = store.runs.add("run", {}, key="nightly")
    for n in range(100):
        store.forecasts.add(run_id, SAID, f"stream {n}", DAYS * 10, *[[1.0] * len(DAYS) * 10] * 4)


def in_a_segment(store: Store) -> None:
    keep(store, MORE_THAN_ROOM)


def in_an_artefact(store: Store) -> None:
    store.artefacts.put(store.runs.start("run", {}, owner="ward-pc"), "plan", MORE_THAN_ROOM.encode())


def in_a_publication(store: Store) -> None:
    for n in range(1000):
        publish_once(store, "march", n, lines=20)


FILES = [in_a_segment, in_an_artefact, in_a_publication]
CASES = [(work, "sqlite") for work in (*FILES, in_a_commit)]  # a server's disk is its own
CASES += [pytest.param(work, "postgres", marks=pytest.mark.postgres) for work in FILES]


@pytest.mark.parametrize(("work", "url"), CASES, indirect=["url"])
def test_a_disk_that_fills_up_is_told_and_work_goes_on_with_room_again(
    small_disk: Path, url: str | None, work: Callable[[Store], None]
):
    fill_up(small_disk, url, work)


def fill_up(small_disk: Path, url: str | None, work: Callable[[Store], None]) -> None:
    """The disk fills up in the middle of some work; a page is open beside it."""
    told: list[dict] = []
    ballast, workspace = Ballast(small_disk), small_disk / "workspace"
    with (
        pytest.MonkeyPatch.context() as patch,
        open_store(workspace, url) as store,
        open_store(workspace, url) as page,
    ):
        patch.setattr("tests.faults.scenes.say", lambda **what: told.append(what))
        publish_once(store, "before", 1)
        run_once(store, "before", 1)
        ballast.leave(ROOM)

        with pytest.raises(StoreUnusable) as refused:
            work(store)

        assert refused.value.code == "E_DISK_FULL"
        assert page.audit.verify() >= 3
        assert_kept(page, told)
        ballast.off()
        publish_once(store, "after", 1)
        run_once(store, "after", 1)
        assert_kept(page, told)
        leftovers = [path for path in (workspace / "artefacts").iterdir() if path.name.startswith(".")]
        assert leftovers == []


def test_a_full_disk_is_told_at_the_opening_as_well(small_disk: Path):
    ballast, workspace = Ballast(small_disk), small_disk / "workspace"
    with open_store(workspace) as store:
        run_once(store, "before", 1)
    ballast.leave(0)

    with pytest.raises(StoreUnusable) as refused:
        open_store(workspace).close()

    assert refused.value.code == "E_DISK_FULL"
    ballast.off()
    with open_store(workspace) as store:
        assert_whole(store)


@pytest.mark.parametrize("room", [0, 4096, 65536, 1_000_000])
def test_writers_that_fill_the_disk_lose_nothing_confirmed(stage: Stage, small_disk: Path, room: int):
    ballast, workspace = Ballast(small_disk), small_disk / "workspace"
    assert stage.play("one_publish", workspace, name="before").codes == [0]
    ballast.leave(room + 200_000)

    played = stage.play("fill_the_disk", workspace)

    assert (played.codes, [line["error"] for line in played.errors]) == ([3], ["E_DISK_FULL"])
    ballast.off()
    assert stage.play("some_of_all", workspace, name="after").codes == [0]
    with open_store(workspace) as store:
        assert_kept(store, played.told)
    assert stage.traces() == ""
