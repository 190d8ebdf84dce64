"""Hands: the same results in the same order, whoever played them, and nobody waits for what was dropped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.houses import START
from tests.kept import broken, lambda_of_ours, number, one_who_kills, slowly, story, who
from twin.case import Case, Window
from twin.errors import Cancelled, ConfigError, Problem, TwinError, UsageError
from twin.hospital import parse_hospital, shipped
from twin.measures import measure
from twin.once import Once
from twin.plan import Plan
from twin.replications import Side, parcel, play, replicate, replicate_sides, together
from twin.replications.hands import Processes, Threads
from twin.replications.parcel import fingerprint, pack, play_batch
from twin.replications.question import Prepared, Question
from twin.replications.together import MOST_IN_BATCH, MOST_SIDES, batch_size
from twin.trace import Trace

HOUSE = Path(__file__).resolve().parents[4]
WINDOW = Window(START, days=2, tail=0)


@pytest.fixture(scope="module")
def small() -> Case:
    return Case(parse_hospital(shipped("small")))


@pytest.fixture(scope="module")
def processes():
    with Processes(2) as hands:
        yield hands


def test_threads_and_processes_tell_the_same_in_the_same_order(small: Case, processes: Processes):
    asked = {"seed": 7, "replications": [5, 1, 8, 2, 0], "reduce": story}

    one_thread = replicate(small, WINDOW, **asked, threads=1)

    assert [kept[0] for kept in one_thread] == [5, 1, 8, 2, 0]
    assert replicate(small, WINDOW, **asked, threads=3) == one_thread
    assert replicate(small, WINDOW, **asked, executor=processes) == one_thread
    with ThreadPoolExecutor(2) as threads:
        assert replicate(small, WINDOW, **asked, executor=threads) == one_thread


def test_the_reference_engine_is_played_by_processes_the_kernel_by_threads(small: Case):
    asked = {"seed": 7, "replications": range(2), "reduce": who}

    assert set(replicate(small, WINDOW, **asked)) == {os.getpid()}
    assert os.getpid() not in replicate(small, WINDOW, **asked, engine="reference")


def test_both_engines_tell_the_same_story_wherever_they_play(small: Case, processes: Processes):
    asked = {"seed": 3, "replications": range(2), "reduce": story}

    assert replicate(small, WINDOW, **asked) == replicate(
        small, WINDOW, **asked, engine="reference", executor=processes
    )


def test_sides_that_meet_the_same_patients_share_one_drawing_and_nothing_else(small: Case):
    week = Window(START, days=7, tail=0)
    closed = {START + timedelta(days=day): 0 for day in range(week.total)}
    fewer = small.with_(plan=Plan("no beds", dict.fromkeys(small.hospital.wards, closed)))
    busier = small.hospital.model_copy(
        update={
            "arrivals": {
                name: stream.model_copy(update={"daily_mean": 2 * stream.daily_mean})
                for name, stream in small.hospital.arrivals.items()
            }
        }
    )
    cases = [small, small.with_(hospital=busier), fewer]
    asked = {"seed": 2, "replications": range(4)}

    together = replicate_sides([Side(case, story) for case in cases], week, **asked)

    assert together == [replicate(case, week, **asked, reduce=story) for case in cases]
    assert together[0] != together[2]
    sides = tuple(Side(case, story) for case in cases)
    assert Prepared(Question.of(sides, week, seed=2)).alike == [[0, 2], [1]]


@pytest.mark.parametrize("here", [True, False])
def test_progress_counts_replications_up_to_all(small: Case, processes: Processes, here):
    told: list[tuple[int, int]] = []

    replicate(
        small, WINDOW, seed=1, replications=range(6), reduce=number, executor=None if here else processes,
        progress=lambda *p: told.append(p),
    )  # fmt: skip

    assert told[-1] == (6, 6)
    assert told == sorted(told)


def test_nothing_asked_is_nothing_done(small: Case):
    assert replicate(small, WINDOW, seed=1, replications=[], reduce=number) == []


def test_batches_are_large_where_there_are_many_and_even_where_there_are_few():
    assert batch_size(100_000, 1, 1, workers=2, is_here=False) == MOST_IN_BATCH
    assert batch_size(100, 1, 1, workers=2, is_here=False) == 12  # eight tasks for two workers
    assert batch_size(30, 1, 2, workers=2, is_here=True) == 1
    assert batch_size(100, 20, 50, workers=2, is_here=False) == 10  # 500 runs of an engine
    assert batch_size(3, 1, 1, workers=64, is_here=False) == 1


def test_of_a_study_of_eighty_hospitals_no_table_is_made_twice(small: Case, monkeypatch: pytest.MonkeyPatch):
    made, get = [], Once.get

    def counted(self, make, *values, also=None):
        return get(self, lambda: made.append(1) or make(), *values, also=also)

    def tables(replications: int) -> int:
        hospitals = [small.hospital.model_copy() for _ in range(80)]
        sides = [Side(small.with_(hospital=one), partial(measure, hospital=one)) for one in hospitals]
        made.clear()
        replicate_sides(sides, WINDOW, seed=1, replications=range(replications), threads=1)
        return len(made)

    monkeypatch.setattr(Once, "get", counted)
    assert tables(replications=2) == tables(replications=1) >= 80


def test_a_study_in_groups_gives_each_side_its_own_results(small: Case):
    sides = [Side(small, partial(_of_side, side=i)) for i in range(2 * MOST_SIDES + 3)]

    told = replicate_sides(sides, WINDOW, seed=1, replications=[4, 2])

    assert told == [[(i, 4), (i, 2)] for i in range(len(sides))]


def _of_side(trace: Trace, *, side: int) -> tuple[int, int]:
    return side, trace.workload.replication


class _OneWorker(Executor):
    """A worker that does at once what it is given."""

    def submit(self, fn, /, *args, **kwargs):
        task = Future()
        task.set_result(fn(*args, **kwargs))
        return task


def test_a_worker_opens_each_parcel_of_a_large_study_once(small: Case, monkeypatch: pytest.MonkeyPatch):
    opened, cases = [], [small.with_(plan=Plan(f"{i}", {})) for i in range(6)]

    def counted(question: Question) -> Prepared:
        opened.append(question.sides[0].case.plan.name)
        return Prepared(question)

    monkeypatch.setattr(together, "MOST_SIDES", 1)
    monkeypatch.setattr(parcel, "_OPENED", OrderedDict())
    monkeypatch.setattr(parcel, "Prepared", counted)
    sides = [Side(case, number) for case in cases]
    told = replicate_sides(sides, WINDOW, seed=1, replications=range(20), executor=_OneWorker())

    assert told == [list(range(20))] * 6
    assert opened == ["0", "1", "2", "3", "4", "5"]


def test_a_worker_keeps_the_parcels_that_it_used_last(small: Case, monkeypatch: pytest.MonkeyPatch):
    parcels = [pack(Question.of([Side(small, number)], WINDOW, seed=seed)) for seed in range(5)]
    monkeypatch.setattr(parcel, "_OPENED", OrderedDict())

    for i in (0, 1, 2, 3, 0, 4):
        play_batch(parcels[i].key, parcels[i].data, fingerprint(), [6])

    assert list(parcel._OPENED) == [parcels[i].key for i in (2, 3, 0, 4)]


# ---- what goes wrong -----------------------------------------------------------------------------


def test_a_process_that_dies_costs_time_not_results(small: Case, tmp_path: Path):
    asked = {"seed": 1, "replications": range(8), "engine": "reference"}
    dies_once = partial(one_who_kills, mark=tmp_path / "died", often=False)

    assert replicate(small, WINDOW, **asked, reduce=dies_once) == list(range(8))

    assert (tmp_path / "died").exists()


def test_a_replication_that_kills_its_process_each_time_is_named(small: Case, tmp_path: Path):
    kills = partial(one_who_kills, mark=tmp_path / "died", often=True)

    with pytest.raises(
        TwinError, match=r"replication 3 was lost 4 times .*nothing of this question was kept"
    ) as told:
        replicate(small, WINDOW, seed=1, replications=range(3, 5), reduce=kills, engine="reference")

    assert told.value.code == "E_LOST"


def test_a_broken_executor_of_somebody_else_is_told(small: Case, tmp_path: Path):
    kills = partial(one_who_kills, mark=tmp_path / "died", often=True)

    with ProcessPoolExecutor(1) as theirs, pytest.raises(TwinError, match="the executor was lost with"):
        replicate(small, WINDOW, seed=1, replications=[3], reduce=kills, executor=theirs)


def test_an_executor_that_was_broken_before_it_was_asked_is_told(small: Case):
    with ProcessPoolExecutor(1) as theirs:
        with pytest.raises(BrokenExecutor):
            theirs.submit(os._exit, 1).result(timeout=60)

        with pytest.raises(TwinError, match="the executor was lost with replication 3") as told:
            replicate(small, WINDOW, seed=1, replications=[3], reduce=number, executor=theirs)

    assert told.value.code == "E_LOST"


def test_processes_that_break_whenever_they_are_given_work_are_given_up(
    small: Case, monkeypatch: pytest.MonkeyPatch
):
    begun = []

    class Broken(Processes):
        def submit(self, fn, /, *args, **kwargs):
            begun.append(self)
            raise BrokenExecutor("no process will begin")

    monkeypatch.setattr(together, "Processes", Broken)
    with pytest.raises(TwinError, match=r"replication 0 was lost 4 times .*no process will begin") as told:
        replicate(small, WINDOW, seed=1, replications=range(9), reduce=number, engine="reference")

    assert told.value.code == "E_LOST"
    assert len(set(begun)) == 4


def test_batches_that_each_break_the_processes_once_are_not_held_against_the_others(
    small: Case, tmp_path: Path
):
    kills = partial(_kill_once, marks=tmp_path, at=[1, 2, 5, 6, 9])

    told = replicate(small, WINDOW, seed=1, replications=range(10), reduce=kills, engine="reference")

    assert told == list(range(10))
    assert {mark.name for mark in tmp_path.iterdir()} == {"1", "2", "5", "6", "9"}


def _kill_once(trace: Trace, *, marks: Path, at: Sequence[int]) -> int:
    """Ends its process at each of these replications, the first time that it comes to it."""
    number = trace.workload.replication
    if number in at and not (marks / f"{number}").exists():
        (marks / f"{number}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_fault_of_the_work_itself_is_raised_at_once_and_not_tried_again(small: Case, processes: Processes):
    for hands in (None, processes):
        with pytest.raises(ZeroDivisionError):
            replicate(small, WINDOW, seed=1, replications=range(2), reduce=broken, executor=hands)


def test_what_cannot_be_sent_is_refused_with_the_cure(small: Case, processes: Processes):
    with pytest.raises(UsageError, match="a function at the top of a module"):
        replicate(
            small, WINDOW, seed=1, replications=[0], reduce=lambda_of_ours(), executor=processes
        )  # fmt: skip

    assert replicate(small, WINDOW, seed=1, replications=[4], reduce=lambda_of_ours()) == [4]


def test_who_computes_with_something_else_is_refused_before_any_work(small: Case):
    parcel = pack(Question.of([Side(small, number)], WINDOW, seed=1))
    other = {**fingerprint(), "numpy": "1.0"}

    assert play_batch(parcel.key, parcel.data, fingerprint(), [6]) == [(6,)]
    with pytest.raises(UsageError, match=r"numpy is .* there and 1\.0 here") as told:
        play_batch(parcel.key, parcel.data, other, [6])
    assert (told.value.code, told.value.exit_code) == ("E_CLUSTER", 2)


def test_an_error_comes_back_from_another_process_with_all_that_it_carries():
    fault = ConfigError("the plan", [Problem("beds.icu", 3, "no such ward", code="E_UNKNOWN_NAME")])

    with Processes(1) as hands:
        back = hands.submit(_same, fault).result()

    assert (type(back), str(back), back.problems) == (ConfigError, str(fault), fault.problems)
    assert (back.code, back.exit_code) == ("E_UNKNOWN_NAME", 2)


def _same(value):
    return value


# ---- stopped -------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_cancel_is_heard_at_once_however_long_a_replication_takes(small: Case, engine):
    play(small, WINDOW, seed=1, replication=0)
    begun: list[float] = []

    def cancelled() -> None:
        begun.append(time.monotonic())
        raise Cancelled("asked to stop")

    rest = partial(slowly, seconds=60)
    with pytest.raises(Cancelled):
        replicate(small, WINDOW, seed=1, replications=range(9), reduce=rest, engine=engine, check=cancelled)

    assert time.monotonic() - begun[0] < 2


def test_what_waits_is_dropped_when_threads_are_told_to_stop():
    hands, gate = Threads(1), threading.Event()
    first, second = hands.submit(gate.wait), hands.submit(gate.wait)
    while not first.running():
        time.sleep(0.01)

    hands.shutdown()
    gate.set()

    assert first.result(timeout=5) is True
    with pytest.raises(CancelledError):
        second.result(timeout=5)


STOPPED = """
import sys
from datetime import timedelta
from functools import partial
from datetime import date
from tests.kept import slowly
from twin.case import Case, Window
from twin.hospital import parse_hospital, shipped
from twin.replications import replicate
if __name__ == "__main__":
    case = Case(parse_hospital(shipped("small")))
    def check():
        print("begins", flush=True)
    replicate(case, Window(date(2025, 1, 6), days=1), seed=1, replications=range(9), check=check,
              engine=sys.argv[1], reduce=partial(slowly, seconds=60))
"""


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_ctrl_c_ends_the_program_and_leaves_nobody_behind(engine, tmp_path: Path):
    script = tmp_path / "asked.py"
    script.write_text(STOPPED)
    path = os.pathsep.join([str(HOUSE), os.environ.get("PYTHONPATH", "")])
    program = subprocess.Popen(
        [sys.executable, script, engine], cwd=HOUSE, env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # who starts tests may not hear it
    )  # fmt: skip
    assert program.stdout.readline() == "begins\n"

    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=20)

    assert "KeyboardInterrupt" in said
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # those who die with it have a moment to do so
            os.killpg(program.pid, 0)
            time.sleep(0.1)
