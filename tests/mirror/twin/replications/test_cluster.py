"""A cluster: two worker processes on this machine behind a real scheduler tell what threads tell."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from dashboards.cli import main
from scenarios.scenario import scenario_of
from scenarios.study import run_studies
from tests.houses import START
from tests.kept import number, one_who_kills, slowly, story, who
from twin.case import Case, Window
from twin.errors import Cancelled, TwinError, UsageError
from twin.hospital import parse_hospital, shipped
from twin.replications import cluster, on_cluster, replicate

HOUSE = Path(__file__).resolve().parents[4]
WINDOW = Window(START, days=2, tail=0)
MORE_BEDS = [{"lever": "add_beds", "ward": "medicine", "beds": 2}]


@pytest.fixture(scope="module")
def two_workers():
    """A scheduler, and two workers of one thread each in processes of their own."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1",
        dashboard_address="127.0.0.1:0", memory_limit=0,
    ) as house:  # fmt: skip
        yield house


@pytest.fixture(scope="module")
def small() -> Case:
    return Case(parse_hospital(shipped("small")))


@pytest.fixture(scope="module")
def address(two_workers) -> str:
    return two_workers.scheduler_address


def _pids(two_workers) -> list[int]:
    return [nanny.pid for nanny in two_workers.workers.values() if nanny.pid is not None]


def test_workers_tell_the_same_stories_in_the_same_order(small: Case, two_workers, address: str):
    asked = {"seed": 7, "replications": [5, 1, 8, 2, 0, 3]}
    here = replicate(small, WINDOW, **asked, reduce=story)

    with on_cluster(address):
        there = replicate(small, WINDOW, **asked, reduce=story)
        read = replicate(small, WINDOW, **asked, reduce=story, engine="reference")
        pids = replicate(small, WINDOW, **asked, reduce=partial(who, seconds=0.1))

    assert there == here
    assert read == here
    assert set(pids) == set(_pids(two_workers))


def test_a_study_on_a_cluster_is_the_study_here(small: Case, address: str):
    scenarios = [scenario_of(MORE_BEDS), scenario_of([{"lever": "earlier_discharge", "hours": 2}])]
    asked = {"window": WINDOW, "replications": 5, "seed": 1}
    here, told = run_studies(small, scenarios, **asked), []

    with on_cluster(address):
        there = run_studies(small, scenarios, **asked, progress=lambda *p: told.append(p))

    assert repr(there) == repr(here)  # not a number is not equal to itself
    assert told[-1][:2] == (15, 15)


def test_an_executor_that_dask_made_is_as_good_as_any(small: Case, address: str):
    asked = {"seed": 3, "replications": range(4), "reduce": story}

    with Client(address, set_as_default=False) as client:
        there = replicate(small, WINDOW, **asked, executor=client.get_executor(pure=False))

    assert there == replicate(small, WINDOW, **asked)


def test_a_worker_killed_in_the_middle_costs_time_not_results(small: Case, two_workers, address: str):
    asked = {"seed": 7, "replications": range(24)}
    killed: list[int] = []

    def kill_one(done: int, of: int) -> None:
        if not killed:
            killed.append(_pids(two_workers)[0])
            os.kill(killed[0], signal.SIGKILL)

    with on_cluster(address):
        rest = partial(slowly, seconds=0.1)
        there = replicate(small, WINDOW, **asked, reduce=rest, progress=kill_one)

    assert killed
    assert there == replicate(small, WINDOW, **asked, reduce=story)


def test_a_batch_that_the_scheduler_gave_up_is_sent_again(
    small: Case, two_workers, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(two_workers.scheduler, "allowed_failures", 0)
    dies_once = partial(one_who_kills, mark=tmp_path / "died", often=False)

    with on_cluster(address):
        there = replicate(small, WINDOW, seed=1, replications=range(8), reduce=dies_once)

    assert there == list(range(8))
    assert (tmp_path / "died").exists()


def test_a_cancel_is_heard_at_once_and_drops_what_waits(small: Case, two_workers, address: str):
    begun: list[float] = []

    def cancelled() -> None:
        begun.append(time.monotonic())
        raise Cancelled("asked to stop")

    with on_cluster(address), pytest.raises(Cancelled):
        rest = partial(slowly, seconds=0.5)
        replicate(small, WINDOW, seed=1, replications=range(64), reduce=rest, check=cancelled)

    assert time.monotonic() - begun[0] < 3
    last = time.monotonic() + 10
    while two_workers.scheduler.tasks:  # the batches in hand end, no other begins
        assert time.monotonic() < last
        time.sleep(0.05)


# ---- refused, in words ---------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def test_a_command_says_that_nobody_answers_and_does_not_play_here_instead(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    monkeypatch.setattr(cluster, "ANSWERS_WITHIN", 0.5)
    nobody, page = f"tcp://127.0.0.1:{_free_port()}", tmp_path / "hospital.toml"
    page.write_text(shipped("small"))
    asked = ["simulate", str(page), "--days", "2", "--warm-up", "0", "--replications", "2"]

    for words in ([*asked, "--cluster", nobody], asked):
        with pytest.raises(SystemExit) as end:
            main(words)

        said = capsys.readouterr()
        assert (end.value.code, said.out) == (2, "")
        assert f'no cluster answers at "{nobody}"' in said.err
        assert "E_CLUSTER" in said.err
        monkeypatch.setenv("TWIN_CLUSTER", nobody)  # the second time it is named there


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1:80", "tcp://127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "ANSWERS_WITHIN", 0.5)
    with pytest.raises(UsageError, match="no cluster answers at") as told, on_cluster(address):
        pass

    assert told.value.code == "E_CLUSTER"


def test_one_who_listens_and_says_nothing_is_refused_in_seconds(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "ANSWERS_WITHIN", 0.5)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        begun, port = time.monotonic(), deaf.getsockname()[1]

        with pytest.raises(UsageError, match="no cluster answers"), on_cluster(f"127.0.0.1:{port}"):
            pass

    assert time.monotonic() - begun < 5


def test_a_scheduler_without_workers_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "ANSWERS_WITHIN", 0.5)
    with (
        LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(UsageError, match=r"has no worker; start one: dask worker tcp://127\.0\.0\.1"),
        on_cluster(empty.scheduler_address),
    ):
        pass


def test_a_cluster_whose_workers_are_gone_for_good_is_given_up(small: Case, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "WORKER_WITHIN", 0.5)
    monkeypatch.setattr(cluster, "_LOOK", 0.1)
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as house,
        on_cluster(house.scheduler_address),
        pytest.raises(TwinError, match=r"has had no worker for .* ask it again") as told,
    ):
        house.scale(0)
        replicate(small, WINDOW, seed=1, replications=range(2), reduce=number)

    assert told.value.code == "E_LOST"


def test_a_worker_with_another_source_is_refused_by_name_before_any_work(address: str, tmp_path: Path):
    for package in ("twin", "forecasting", "optimization", "scenarios", "dashboards"):
        shutil.copytree(HOUSE / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "twin" / "units.py").open("a") as source:
        source.write("\nANOTHER = 1\n")
    words = ["worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--name", "stranger"]
    stranger = subprocess.Popen(
        [sys.executable, "-m", "dask", *words], cwd=tmp_path, stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    try:
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=60)

        refused = pytest.raises(UsageError, match="would not compute the same as this machine")
        with refused as told, on_cluster(address):
            pass
    finally:
        stranger.terminate()
        stranger.wait()

    assert "the twin's source is" in str(told.value)
    assert str(told.value).count("tcp://127.0.0.1") == 2  # the cluster, and the one worker that differs
