"""Killed at any instant: what was confirmed is there, nothing is half there, and the work is done again.

Kills come at random times here; kills right before, right after and in the middle of each single call are in
``test_nth_call``.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scenes import Stage, assert_kept
from twin.store import open_store


def kill_often(stage: Stage, workspace: Path, url: str | None, kills: int) -> list[dict[str, Any]]:
    """Kill so many writers of runs and publications; everything confirmed to any of them."""
    chance, told = random.Random(f"kills {kills}"), []
    for n in range(kills):
        opening = n % 4 == 0  # every fourth may be killed while it still opens the store
        wait = chance.uniform(0.0, 0.1 if opening else 0.5)
        name = f"writer {n}"
        played = stage.play(
            "all_for_ever", workspace, url, name=name, kill_after=wait, kill_at_work=not opening
        )
        assert played.codes == [-9]
        again = stage.play("one_publish", workspace, url, name=name)  # perhaps done already, perhaps not
        assert (again.codes, again.errors) == ([0], [])
        if any(line.get("import_key") == f"{name} 0 1" for line in played.told):
            assert again.of("already") == [f"{name} 0 1"]
        told += played.told + again.told
        if n % 50 == 49:
            with open_store(workspace, url) as store:
                assert_kept(store, told)
    with open_store(workspace, url) as store:
        assert_kept(store, told)
    assert stage.traces() == ""
    return told


def test_a_writer_killed_at_any_instant_loses_nothing_that_was_confirmed(
    stage: Stage, tmp_path: Path, url: str | None
):
    told = kill_often(stage, tmp_path, url, 12)

    assert sum("import_key" in line for line in told) > 12, "the writers came to publish at all"
    assert sum(line.get("state") == "done" for line in told) > 3, "and to end runs"


@pytest.mark.long
def test_five_hundred_kills_lose_nothing_that_was_confirmed(stage: Stage, tmp_path: Path, url: str | None):
    told = kill_often(stage, tmp_path, url, 500)

    print(f"{sum('import_key' in t for t in told)} imports, {sum('sha' in t for t in told)} runs confirmed")
    assert sum("import_key" in line for line in told) > 500
