"""The store under faults: writers killed at any instant, many writers at once, a late worker, a race to open.

Each scene runs in processes of its own, forked from one small process so that twenty kills take seconds.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from twin.store import Store, open_store
from twin.store.migrations import HEAD

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
HOUSE = Path(__file__).resolve().parents[2]

SCENES = '''
"""Scenes played by forked processes; each line of output is something the store confirmed."""
import json, os, signal, sys, time, traceback
from twin.store import StaleLease, open_store


def say(**what):
    os.write(1, (json.dumps(what) + "\\n").encode())  # one write: a line is there whole or not at all


def life_of_a_run(store, name, n):
    run_id = store.runs.add("run", {"n": n}, key=f"{name}-{n}")
    say(run=run_id, state="queued")
    claim = store.runs.claim(run_id, owner=name)
    data = f"{name} {n} ".encode() * 500
    digest = store.artefacts.put(claim, "plan", data)
    store.runs.progress(claim, 1, 2, "half")
    store.runs.finish(claim, {"sha": digest})
    say(run=run_id, state="done", sha=digest)
    say(audit=store.audit.write(name, "plan.approve", run_id))


def write_for_ever(workspace, url, name):
    with open_store(workspace, url) as store:
        os.write(at_work[1], b".")
        for n in range(10**9):
            life_of_a_run(store, name, n)


def write_some(workspace, url, name):
    with open_store(workspace, url) as store:
        for n in range(15):
            life_of_a_run(store, name, n)
            store.audit.verify()  # whole at any instant, while the others write


def take_all(workspace, url, name):
    with open_store(workspace, url) as store:
        while (claim := store.runs.claim(owner=name)) is not None:
            say(taken=claim.run_id)
            store.runs.finish(claim, {"by": name})


def only_open(workspace, url, name):
    open_store(workspace, url).close()
    say(opened=name)


def zombie(workspace, url, name):
    with open_store(workspace, url) as store:
        claim = store.runs.claim(owner=name, lease_seconds=0.0)
        say(held=claim.token)
        os.kill(os.getpid(), signal.SIGSTOP)  # a laptop that sleeps; the test wakes it
        for write in (store.runs.finish, store.runs.progress):
            try:
                write(claim, *([{"by": name}] if write == store.runs.finish else [1, 2]))
            except StaleLease:
                say(refused=True)


def fork(scene, *arguments):
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        scene(*arguments)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


scene, workspace, url, *rest = sys.argv[1:]
scene, url = globals()[scene], url or None
if rest[0] == "kill":
    for n, wait in enumerate(rest[1:]):
        at_work = os.pipe()
        child = fork(scene, workspace, url, f"writer {n}")
        if n % 4:  # every fourth may be killed while it still opens the store
            os.read(at_work[0], 1)
        time.sleep(float(wait))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
else:
    children = [fork(scene, workspace, url, f"writer {n}") for n in range(int(rest[1]))]
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
'''


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def play(scene: str, workspace: Path, url: str | None, *how: object) -> list[dict[str, Any]]:
    """Play a scene and return what its processes were told is safe."""
    command = [sys.executable, "-c", SCENES, scene, str(workspace), url or "", *map(str, how)]
    played = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=60, check=False)
    assert played.stderr == ""
    assert played.returncode == 0
    return [json.loads(line) for line in played.stdout.splitlines()]


def assert_whole(store: Store) -> None:
    """Nothing half-written: sound tables, an unbroken audit, every done run with its artefact."""
    store.audit.verify()
    for run in store.runs.list(100_000, state="done"):
        assert store.artefacts.names(run.id) == ("plan",)
        store.artefacts.get(run.id, "plan")
    if store.database.is_sqlite:
        with store.database.reading() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_writer_killed_at_any_instant_loses_nothing_that_was_confirmed(tmp_path: Path, url: str | None):
    open_store(tmp_path, url).close()
    chance = random.Random("kills of a writer")

    told = play("write_for_ever", tmp_path, url, "kill", *[chance.uniform(0.02, 0.4) for _ in range(20)])

    with open_store(tmp_path, url) as store:
        assert len(told) > 20, "the writers came to write at all"
        for line in told:
            if "run" in line:
                run = store.runs.get(line["run"])
                assert line["state"] == "queued" or run.state == "done"
                assert "sha" not in line or run.summary == {"sha": line["sha"]}
        assert store.audit.verify() >= max(line.get("audit", 0) for line in told)
        assert_whole(store)


def test_eight_writers_at_once_all_get_their_turn(tmp_path: Path, url: str | None):
    open_store(tmp_path, url).close()

    told = play("write_some", tmp_path, url, "together", 8)

    assert sum(line.get("state") == "done" for line in told) == 8 * 15
    with open_store(tmp_path, url) as store:
        assert len(store.runs.list(1000, state="done")) == 8 * 15
        assert_whole(store)


def test_a_run_is_taken_by_one_of_many_workers(tmp_path: Path, url: str | None):
    with open_store(tmp_path, url) as store:
        asked = {store.runs.add("run", {}) for _ in range(40)}

    taken = [line["taken"] for line in play("take_all", tmp_path, url, "together", 4)]

    assert len(taken) == 40
    assert set(taken) == asked


def test_many_who_open_a_new_store_at_once_find_it_whole(tmp_path: Path, url: str | None):
    told = play("only_open", tmp_path, url, "together", 6)

    assert len(told) == 6
    with open_store(tmp_path, url) as store, store.database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def test_a_worker_that_wakes_up_late_is_refused(tmp_path: Path, url: str | None):
    with open_store(tmp_path, url) as store:
        run_id = store.runs.add("run", {})
        command = [sys.executable, "-c", SCENES, "zombie", str(tmp_path), url or "", "together", "1"]
        late = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
        first = json.loads(late.stdout.readline())

        heir = store.runs.claim(run_id, owner="heir")
        assert heir.token > first["held"]
        wake(late.pid)
        rest, _ = late.communicate(timeout=20)

        assert [json.loads(line) for line in rest.splitlines()] == [{"refused": True}, {"refused": True}]
        store.artefacts.put(heir, "plan", b"{}")
        store.runs.finish(heir, {"by": "heir"})
        assert store.runs.get(run_id).summary == {"by": "heir"}
        assert_whole(store)


def wake(parent: int) -> None:
    """Let the stopped child of ``parent`` go on, once it has stopped."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    while True:
        child = children.read_text().split()[0]
        if Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T":
            os.kill(int(child), signal.SIGCONT)
            return
        time.sleep(0.01)
