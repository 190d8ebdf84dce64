"""The power goes while files are kept: each is whole or not there, and no row names one that may be lost.

What the store really asks of the system is written down (``calls``): each write, sync, rename and new name of
its files, and those of SQLite beside them, in their true order, with what the store confirmed in between.
Then the disk is cut at every call, and each time the store opens what may be left.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import calls
from tests.faults.disk import Disk, lay_out
from tests.faults.scenes import Stage, assert_kept
from twin.errors import TwinError
from twin.store import open_store


def written_down(
    stage: Stage, control: calls.Control, folder: Path, scene: str, **more: Any
) -> tuple[Path, Path]:
    """Play a scene in a new workspace and write its calls down: the log, and the folder of the disk."""
    log, root = folder / "log", folder / "disk"
    root.mkdir()
    control.set(calls.LOG, root, log=log)
    played = stage.play(scene, root / "workspace", **more)
    control.off()
    assert (played.codes, played.errors, stage.traces()) == ([0], [], "")
    return log, root


def cut(
    log: Path,
    root: Path,
    chance: random.Random,
    share: float,
    look: Callable[[dict[str, bytes | None], list[dict[str, Any]]], str],
    forgets: Callable[[str], bool] = lambda path: False,
) -> Counter[str]:
    """Cut the power before this share of all calls; what was found how often: "whole", or what was wrong."""
    disk, told, found = Disk(root), [], Counter[str]()
    for call, path in calls.replayed(log, disk, forgets):
        if call == "say":
            told += [json.loads(line) for line in path.splitlines()]
        elif not path.endswith("-shm"):
            for _ in range(int(share) + (chance.random() < share % 1)):
                found[look(disk.after_cut(chance), told)] += 1
    return found


def store_in(folder: Path) -> Callable[[dict[str, bytes | None], list[dict[str, Any]]], str]:
    """Lay out what a cut left, open the store there and look for everything that was confirmed."""

    def look(there: dict[str, bytes | None], told: list[dict[str, Any]]) -> str:
        lay_out(there, folder)
        try:
            with open_store(folder / "workspace") as store:
                assert_kept(store, told)
        except (TwinError, AssertionError, FileNotFoundError) as fault:
            return type(fault).__name__
        finally:
            shutil.rmtree(folder)
        return "whole"

    return look


def plan_of(there: dict[str, bytes | None], told: list[dict[str, Any]]) -> str:
    """The plan must be one that was written whole, and no older than the newest that was confirmed."""
    plan = there.get("workspace/plans/plan.toml")
    newest = max([-1, *(line.get("written", -1) for line in told)])
    whole = [None, *(f"beds = {n}\n".encode() * 1000 for n in range(3))]
    return "whole" if plan in whole[newest + 1 : newest + 3] else "harmed"


def test_no_row_names_a_file_that_a_power_cut_may_take(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path
):
    log, root = written_down(faulty_stage, control, tmp_path, "some_of_all", lives=2)

    found = cut(log, root, random.Random("files"), 0.1, store_in(tmp_path / "cut"))

    assert set(found) == {"whole"}
    assert found.total() > 30


FORGOTTEN = {
    "the names in folders": lambda path: "." not in Path(path).name,
    "the files kept": lambda path: "/artefacts/" in path and len(Path(path).name) > 2,
    "the log of the database": lambda path: path.endswith("-wal"),
    "the name of the workspace": lambda path: path.endswith("/disk"),
}


@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_a_sync_that_is_forgotten_is_found_out(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path, forgotten: str
):
    log, root = written_down(faulty_stage, control, tmp_path, "some_of_all", lives=1)

    found = cut(log, root, random.Random(1), 0.1, store_in(tmp_path / "cut"), FORGOTTEN[forgotten])

    assert found.total() > found["whole"]


def test_a_file_is_as_before_or_as_after_a_power_cut(
    faulty_stage: Stage, control: calls.Control, tmp_path: Path
):
    log, root = written_down(faulty_stage, control, tmp_path, "write_a_plan")

    assert set(cut(log, root, random.Random(2), 100, plan_of)) == {"whole"}
    for forgets in (lambda path: path.endswith("/plans"), lambda path: "plan.toml" in path):
        assert cut(log, root, random.Random(2), 100, plan_of, forgets)["harmed"] > 0


@pytest.mark.long
def test_a_power_cut_at_each_call_of_the_system(faulty_stage: Stage, control: calls.Control, tmp_path: Path):
    log, root = written_down(faulty_stage, control, tmp_path, "some_of_all", lives=4)

    found = cut(log, root, random.Random("each call"), 2, store_in(tmp_path / "cut"))
    print(found)

    assert set(found) == {"whole"}
    assert found.total() > 1000
