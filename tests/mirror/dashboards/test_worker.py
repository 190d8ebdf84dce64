"""The worker: does what waits, tells how it ended, gives back what it could not finish."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboards import jobs
from dashboards.jobs import JOBS
from dashboards.worker import execute, run_now, work
from twin.errors import Cancelled, Infeasible, Locked, UsageError
from twin.store import Job, StaleLease, Store, open_store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Job], dict]], None]:
    """Let a function do the runs of kind "run"."""

    def use(function: Callable[[Job], dict]) -> None:
        monkeypatch.setitem(JOBS, "run", "dashboards.jobs:for_this_test")
        monkeypatch.setattr(jobs, "for_this_test", function, raising=False)

    return use


def count_beds(job: Job) -> dict:
    for ward in range(3):
        job.check()
        job.progress(ward + 1, 3, f"ward {ward}")
    job.put("beds.json", b"[24, 12]")
    return {"beds": 36, "asked": job.inputs["wards"]}


def test_the_worker_does_what_waits_and_publishes_it(store: Store, job):
    job(count_beds)
    run_id = store.runs.add("run", {"wards": 2})

    assert work(store.workspace, once=True) == 1

    run = store.runs.get(run_id)
    assert (run.state, run.summary) == ("done", {"beds": 36, "asked": 2})
    assert (run.progress_done, run.progress_total, run.note) == (3, 3, "ward 2")
    assert store.artefacts.get(run_id, "beds.json") == b"[24, 12]"
    assert store.workers.last_seen() is None, "a worker that ends in good order leaves the list"


def test_a_job_that_fails_is_told_in_its_row_and_the_next_one_is_done(store: Store, job):
    def plan(job: Job) -> dict:
        if job.inputs["beds"] < 10:
            raise Infeasible("Sunday, ICU: 9 beds asked, 7 can be staffed")
        return {1: 1}[job.inputs["beds"]]

    job(plan)
    short, broken = store.runs.add("run", {"beds": 9}), store.runs.add("run", {"beds": 24})

    assert work(store.workspace, once=True) == 2
    assert store.runs.get(short).error == "Sunday, ICU: 9 beds asked, 7 can be staffed"
    assert "KeyError" in store.runs.get(broken).error
    assert {store.runs.get(i).state for i in (short, broken)} == {"failed"}


def test_a_running_job_hears_that_it_is_cancelled(store: Store, job):
    def wait(job: Job) -> dict:
        job.store.runs.cancel(job.claim.run_id)
        while True:
            job.check()
            time.sleep(0.01)

    job(wait)
    run_id = store.runs.add("run", {})

    work(store.workspace, once=True)
    assert store.runs.get(run_id).state == "cancelled"


def test_a_job_whose_run_was_taken_over_stops_and_writes_nothing(store: Store, job):
    def slow(job: Job) -> dict:
        nonlocal heir
        heir = job.store.runs.claim(owner="heir")
        with pytest.raises(Cancelled, match="taken over"):
            while True:
                job.check()
                time.sleep(0.01)
        return {"by": "zombie"}

    heir = None
    job(slow)
    store.runs.add("run", {})
    zombie = store.runs.claim(owner="zombie", lease_seconds=0.0)

    with pytest.raises(StaleLease):
        execute(store, zombie)
    assert store.runs.get(zombie.run_id).owner == "heir"
    store.runs.finish(heir, {"by": "heir"})


def test_the_lease_is_kept_while_the_job_works(store: Store, job):
    def longer_than_the_lease(job: Job) -> dict:
        time.sleep(1.6)
        return {"stolen": job.store.runs.claim(owner="thief") is not None}

    job(longer_than_the_lease)
    store.runs.add("run", {})

    done = execute(store, store.runs.claim(lease_seconds=1.2))
    assert done.summary == {"stolen": False}


def test_progress_is_written_seldom_and_told_at_once(store: Store, job, monkeypatch: pytest.MonkeyPatch):
    def busy(job: Job) -> dict:
        for n in range(2000):
            job.progress(n + 1, 2000, "replications")
        return {}

    job(busy)
    told, written = [], []
    write = store.runs.progress
    monkeypatch.setattr(store.runs, "progress", lambda *row: (written.append(row), write(*row)))

    run = run_now(store, "run", {}, tell=lambda done, total, note: told.append(done))
    assert len(told) == 2000
    assert 1 <= len(written) < 10
    assert run.progress_done == 2000


def test_a_command_does_its_own_run_and_the_same_key_is_not_done_twice(store: Store, job):
    job(lambda job: {"day": job.inputs["day"]})

    first = run_now(store.workspace, "run", {"day": 1}, key="day 1")
    again = run_now(store.workspace, "run", {"day": 1}, key="day 1")
    assert first.id == again.id
    assert first.summary == {"day": 1}
    assert len(store.runs.list()) == 1


def test_a_run_with_this_key_that_somebody_does_now_is_locked(store: Store, job):
    job(lambda job: {})
    store.runs.start("run", {}, owner="other-pc", key="day 1")

    with pytest.raises(Locked, match="other-pc since") as refused:
        run_now(store, "run", {}, key="day 1")
    assert refused.value.exit_code == 75


def test_a_run_with_this_key_whose_worker_died_is_done_now(store: Store, job):
    job(lambda job: {"ok": True})
    dead = store.runs.start("run", {}, owner="dead", key="day 1", lease_seconds=0.0)

    run = run_now(store, "run", {}, key="day 1")
    assert (run.id, run.state) == (dead.run_id, "done")


def test_a_command_that_fails_raises_what_its_job_raised(store: Store, job):
    def plan(job: Job) -> dict:
        raise Infeasible("no beds")

    job(plan)
    with pytest.raises(Infeasible, match="no beds"):
        run_now(store, "run", {})
    assert store.runs.latest("run", "failed").error == "no beds"
    with pytest.raises(UsageError, match="known: nightly"):
        run_now(store, "juggle", {})


def test_ctrl_c_cancels_the_run_of_a_command(store: Store, job):
    def interrupted(job: Job) -> dict:
        raise KeyboardInterrupt

    job(interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_now(store, "run", {})
    assert store.runs.list()[0].state == "cancelled"


SLOW_WORKER = """
import sys, time
import dashboards.jobs as jobs
from dashboards.worker import work
def slow(job):
    print("working", flush=True)
    time.sleep(60)
jobs.JOBS["run"], jobs.slow = "dashboards.jobs:slow", slow
print("taken", work(sys.argv[1]), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_end_puts_its_run_back_in_the_queue(store: Store, number: signal.Signals):
    run_id = store.runs.add("run", {})
    script = [sys.executable, "-c", SLOW_WORKER, str(store.workspace)]
    worker = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
    assert worker.stdout.readline() == "working\n"
    assert store.workers.seconds_since() < 10

    os.kill(worker.pid, number)
    rest, _ = worker.communicate(timeout=10)

    assert (rest, worker.returncode) == ("taken 1\n", 0)
    assert store.runs.get(run_id).state == "queued"
    assert store.workers.last_seen() is None


def test_an_idle_worker_takes_a_run_that_comes_later(store: Store, job):
    seen = threading.Event()
    job(lambda job: seen.set() or {"ok": True})
    script = [sys.executable, "-c", SLOW_WORKER.replace("time.sleep(60)", "return {}"), str(store.workspace)]
    worker = subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
    while store.workers.last_seen() is None:
        time.sleep(0.05)
    run_id = store.runs.add("run", {})
    assert worker.stdout.readline() == "working\n"
    while not store.runs.get(run_id).is_over:
        time.sleep(0.05)

    worker.terminate()
    assert worker.wait(timeout=10) == 0
    assert store.runs.get(run_id).state == "done"


def test_the_worker_of_the_app_ends_with_the_app_and_without_it(store: Store):
    start = f"[sys.executable, '-m', 'dashboards.worker', {str(store.workspace)!r}]"
    beside = f"import subprocess, sys; subprocess.Popen({start}); input()"
    app = subprocess.Popen(
        [sys.executable, "-c", beside], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert "waits for runs" in app.stderr.readline()
    assert store.workers.seconds_since() < 10

    app.kill()
    assert "ends" in app.stderr.readline()
    app.wait()
    assert store.workers.last_seen() is None


def test_status_says_what_ran_and_what_waits(store: Store, job, capsys: pytest.CaptureFixture):
    from dashboards.cli import main

    job(count_beds)
    store.runs.add("run", {"wards": 2})
    store.runs.add("run", {})
    work(store.workspace, once=True)
    waiting = store.runs.add("nightly", {})

    assert _exit_code(main, "status", "--workspace", store.workspace, "--json") == 0
    status = json.loads(capsys.readouterr().out)
    assert [(run["kind"], run["state"]) for run in status["runs"]] == [
        ("nightly", "queued"),
        ("run", "failed"),
        ("run", "done"),
    ]
    assert status["worker"] == {"alive": False, "last_seen": None}

    assert _exit_code(main, "status", "--workspace", store.workspace) == 0
    words = capsys.readouterr().out
    assert waiting in words
    assert "KeyError" in words


def test_status_and_worker_make_no_workspace(tmp_path: Path, capsys: pytest.CaptureFixture):
    from dashboards.cli import main

    for command in ("status", "worker"):
        assert _exit_code(main, command, "--workspace", tmp_path / "none") == 2
        assert "twin init" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def _exit_code(main: Callable, *words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code
