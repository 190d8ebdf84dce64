"""Many at once: each gets its turn, nobody meets a locked database, and who wakes up late is refused."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from sqlalchemy import text

from tests.faults.scenes import Stage, assert_kept, assert_whole
from twin.store import open_store
from twin.store.migrations import HEAD

OF_A_LIFE = 10  # transactions: a run has seven, the sign of life, the audit and the publication one each


def write_together(stage: Stage, workspace: Path, url: str | None, lives: int) -> None:
    """Eight writers of all books at once: each gets its turn, and nothing of anybody's is lost."""
    open_store(workspace, url).close()

    played = stage.play("many_of_all", workspace, url, actors=8, lives=lives)

    assert (played.codes, played.errors, stage.traces()) == ([0] * 8, [], "")
    assert sum(line.get("state") == "done" for line in played.told) == 8 * lives
    assert sorted(played.of("fold")) == list(range(1, 8 * lives + 1)), "each on top of another"
    with open_store(workspace, url) as store:
        assert_kept(store, played.told)
        assert store.audit.verify() >= 8 * lives * 5


def test_eight_writers_at_once_all_get_their_turn(stage: Stage, tmp_path: Path, url: str | None):
    assert 8 * 15 * OF_A_LIFE >= 1200

    write_together(stage, tmp_path, url, lives=15)


def test_the_same_file_brought_in_by_four_at_once_is_in_once(stage: Stage, tmp_path: Path, url: str | None):
    open_store(tmp_path, url).close()

    played = stage.play("same_import", tmp_path, url, actors=4)

    assert (played.codes, played.errors, stage.traces()) == ([0] * 4, [], "")
    assert (len(played.of("import_key")), len(played.of("already"))) == (1, 3)
    with open_store(tmp_path, url) as store:
        assert_kept(store, played.told)


def test_a_run_is_taken_by_one_of_many_workers(stage: Stage, tmp_path: Path, url: str | None):
    with open_store(tmp_path, url) as store:
        asked = {store.runs.add("run", {}) for _ in range(40)}

    taken = stage.play("take_all", tmp_path, url, actors=4).of("taken")

    assert len(taken) == 40
    assert set(taken) == asked


def test_many_who_open_a_new_store_at_once_find_it_whole(stage: Stage, tmp_path: Path, url: str | None):
    played = stage.play("only_open", tmp_path, url, actors=6)

    assert (len(played.of("opened")), stage.traces()) == (6, "")
    with open_store(tmp_path, url) as store, store.database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def test_a_worker_that_wakes_up_late_is_refused(stage: Stage, tmp_path: Path, url: str | None):
    wake_up_late(stage, tmp_path, url)


def wake_up_late(stage: Stage, tmp_path: Path, url: str | None) -> None:
    """A worker sleeps over its lease; its run has an heir by the time it wakes up and writes."""
    with open_store(tmp_path, url) as store:
        run_id = store.runs.add("run", {})

        def take_over(line: dict[str, Any], actors: list[int]) -> None:
            if "held" in line:
                heir = store.runs.claim(run_id, owner="heir")
                assert heir.token > line["held"]
                wake(actors[0])
                store.artefacts.put(heir, "plan", b"{}")
                store.runs.finish(heir, {"by": "heir"})

        played = stage.play("sleep_over_the_lease", tmp_path, url, when=take_over)

        assert played.of("refused") == [True] * 3
        assert store.runs.get(run_id).summary == {"by": "heir"}
        assert store.artefacts.get(run_id, "plan") == b"{}"
        assert_whole(store)


def wake(child: int) -> None:
    """Let a process that stops itself go on, once it has stopped."""
    while Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        time.sleep(0.01)
    os.kill(child, signal.SIGCONT)
