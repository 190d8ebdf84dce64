"""A file that is hostile costs the process that reads it, and nothing else."""

import errno
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.mirror.twin.records.reading.hostile import HERE
from twin.errors import BAD_DATA, BadData, Cancelled, Infeasible, NotFound, TwinError
from twin.records.reading.allowance import Allowance
from twin.records.reading.asked import Asked
from twin.records.reading.child import read_in_child, run_in_child
from twin.records.reading.limits import MB, USUAL
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.source import recognise

HOUSE = Path(__file__).resolve().parents[5]
SECRET = b"a secret of the workspace"
ENOUGH = Allowance(memory=64 * MB, cpu_seconds=30, seconds=60, writes=4 * MB)


def done(work, folder, job=None, allowance=ENOUGH, **more):
    return run_in_child(f"{HERE}:{work}", job or {}, "visits.csv", allowance, folder, **more)


def refused(work, folder, code, *words, allowance=ENOUGH, **more):
    with pytest.raises(BadData) as caught:
        done(work, folder, allowance=allowance, **more)
    told = str(caught.value)
    assert (caught.value.code, caught.value.exit_code) == (code, BAD_DATA)
    assert all(word in told for word in ("visits.csv", *words)), told
    assert "Ann" not in told and "Traceback" not in told
    return told


def asked(**more) -> Asked:
    return Asked("visits.txt", "Europe/London", datetime(2026, 3, 1, tzinfo=UTC), Pseudonyms(SECRET), **more)


def visits(folder: Path, *lines: str) -> Path:
    path = folder / "visits.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def gone(process_id: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


# ---------------------------------------------------------------- what is handed over


def test_a_job_and_its_answer_pass_as_they_are(tmp_path):
    job = {"ward": "Chirurgie für Ältere", "beds": [1, None, 2.5]}

    answer = done("echo", tmp_path, job)

    assert answer["job"] == job
    assert answer["pid"] != os.getpid()
    assert answer["cwd"] == str(tmp_path)


def test_the_secret_stands_neither_in_arguments_nor_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:password@b/c")

    answer = done("echo", tmp_path, {"secret": SECRET.hex()})

    assert SECRET.hex() not in json.dumps([answer["argv"], answer["environment"]])
    assert "DATABASE_URL" not in answer["environment"]


def test_progress_is_told_on_the_way(tmp_path):
    heard = []

    done("counts", tmp_path, progress=heard.append)

    assert heard == [1, 2, 3]


def test_what_a_library_prints_is_no_answer_and_is_shown_to_nobody(tmp_path, capfd):
    assert done("prints", tmp_path) == {"said": "all is well"}
    assert capfd.readouterr() == ("", "")


def test_a_refusal_is_raised_as_it_was_said(tmp_path):
    told = refused("refuses", tmp_path, "E_NOT_FOUND", "row 2 = 7", "no such ward", 'did you mean "oak"?')

    assert told.startswith("visits.csv has 1 problem")


@pytest.mark.parametrize(
    ("work", "kind", "words"),
    [("finds_nothing", NotFound, "no mapping of this name"), ("is_infeasible", Infeasible, "no room")],
)
def test_other_errors_of_ours_keep_their_kind(tmp_path, work, kind, words):
    with pytest.raises(kind, match=words) as caught:
        done(work, tmp_path)

    assert (caught.value.code, caught.value.exit_code) == (kind.code, kind.exit_code)


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("work", ["eats_memory", "eats_memory_in_arrow", "aborts_for_memory"])
def test_too_much_memory_is_told_as_too_large(tmp_path, work):
    refused(work, tmp_path, "E_TOO_LARGE", "more memory than 64 MB", "split it", warm=("pyarrow",))


def test_all_the_memory_that_reading_may_take_is_half_a_gigabyte(tmp_path):
    usual = Allowance.for_size(5_000 * MB)
    modules = ("twin.records.reading.extracts", "twin.records.folding.segments")

    answer = done("takes_all_it_may", tmp_path, allowance=usual, warm=modules)

    assert USUAL.child_bytes < answer["peak"] <= 512 * MB


@pytest.mark.parametrize("work", ["spins", "spins_deaf"])
def test_too_much_of_the_processor_is_told_as_time(tmp_path, work):
    little = replace(ENOUGH, cpu_seconds=0.2)

    refused(work, tmp_path, "E_TIME", "takes longer than", allowance=little)


def test_one_that_sleeps_and_is_deaf_to_the_end_is_ended_by_the_clock(tmp_path):
    file = tmp_path / "pid"

    refused("sleeps", tmp_path, "E_TIME", job={"pid_file": str(file)}, allowance=replace(ENOUGH, seconds=2))

    assert gone(int(file.read_text()))


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ("segfaults", "SIGSEGV"),
        ("leaves", "exit code 7"),
        ("breaks", "KeyError"),
        ("breaks_deep", "RecursionError"),
        ("answers_garbage", "makes no sense"),
        ("answers_without_end", "makes no sense"),
        ("answers_a_list", "makes no sense"),
        ("opens_without_end", "EMFILE"),
        ("asks_the_network", "RuntimeError"),
        ("starts_another", "RuntimeError"),
        ("is_not_there", "AttributeError"),
    ],
)
def test_a_reader_that_breaks_is_told_without_what_it_read(tmp_path, work, words):
    refused(work, tmp_path, "E_CRASH", "broke off by a fault of the twin", words)


def test_a_file_that_grows_without_end_is_stopped(tmp_path):
    refused("writes_without_end", tmp_path, "E_TOO_LARGE", "more space than 4 MB")

    assert (tmp_path / "big").stat().st_size == 4 * MB


@pytest.mark.parametrize(
    ("number", "code"), [("ENOSPC", "E_DISK_FULL"), ("EROFS", "E_READ_ONLY"), ("EIO", "E_STORE")]
)
def test_a_place_that_cannot_be_written_is_no_fault_of_the_file(tmp_path, number, code):
    with pytest.raises(TwinError, match=r"cannot be written: .*; nothing was changed") as caught:
        done("is_refused_by_the_system", tmp_path, {"number": getattr(errno, number)})

    assert (caught.value.code, type(caught.value)) == (code, TwinError)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    source = recognise(visits(tmp_path, "one"))

    with pytest.raises(TwinError, match="cannot be written"):
        read_in_child(source, asked(), tmp_path / "gone" / "segment.parquet", reader=f"{HERE}:read")


def test_no_memory_is_written_to_disk_when_it_crashes(tmp_path):
    assert done("limits", tmp_path)["core"] == [0, 0]


# ---------------------------------------------------------------- who ends it


def test_whoever_asked_may_want_no_more(tmp_path):
    file = tmp_path / "pid"

    with pytest.raises(Cancelled, match="nothing was changed"):
        done("sleeps", tmp_path, {"pid_file": str(file)}, cancelled=file.exists)

    assert gone(int(file.read_text() or 0))


def test_it_ends_with_the_process_that_asked(tmp_path):
    file = tmp_path / "pid"
    lines = f"""
from pathlib import Path
from tests.mirror.twin.records.reading.test_child import done
done("sleeps", Path({str(tmp_path)!r}), {{"pid_file": {str(file)!r}}})
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", lines], cwd=HOUSE, env={**os.environ, "PYTHONPATH": str(HOUSE)}
    )
    try:
        for _ in range(600):
            if file.exists() and file.read_text():
                break
            time.sleep(0.05)
        child = int(file.read_text())
        assert not gone_now(child)
    finally:
        parent.kill()
        parent.wait()

    assert gone(child)


def gone_now(process_id: int) -> bool:
    return not Path(f"/proc/{process_id}").exists()


def test_an_interrupt_ends_it(tmp_path):
    file = tmp_path / "pid"

    def interrupted() -> bool:
        if file.exists() and file.read_text():
            raise KeyboardInterrupt
        return False

    with suppress(KeyboardInterrupt):
        done("sleeps", tmp_path, {"pid_file": str(file)}, cancelled=interrupted)

    assert gone(int(file.read_text()))


# ---------------------------------------------------------------- readers


def read(folder: Path, *lines: str, reader: str = "read", **more):
    source, out = recognise(visits(folder, *lines)), folder / "segment.parquet"
    return read_in_child(source, asked(), out, reader=f"{HERE}:{reader}", **more)


def test_a_source_becomes_a_segment_and_an_account(tmp_path):
    told, info = read(tmp_path, "one", "odd", "two")

    rows = pq.read_table(tmp_path / "segment.parquet").to_pylist()
    names = Pseudonyms(SECRET)
    assert {row["key"] for row in rows} == {names.encounter("one"), names.encounter("two")}
    assert (told.read, told.aside, dict(told.notes)) == (3, 1, {"lines": 2})
    assert (told.faults[0].row, told.faults[0].code) == (2, "E_RANGE")
    assert (info.rows, info.first, info.last) == (2, asked().now, asked().now)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["segment.parquet", "visits.txt"]


def test_progress_ends_at_the_size_of_the_source(tmp_path):
    heard = []

    read(tmp_path, "one", "two", progress=lambda done, size: heard.append((done, size)))

    assert heard
    assert all(0 <= done <= size == len("one\ntwo\n") for done, size in heard)


@pytest.mark.parametrize(
    ("reader", "code", "words"),
    [
        ("read_what_is_written_to", "E_CHANGED", "changed or replaced while it was read"),
        ("read_what_is_replaced", "E_CHANGED", "changed or replaced while it was read"),
        ("read_then_break", "E_CRASH", "SIGKILL"),
        ("read_something_else", "E_CRASH", "TypeError"),
    ],
)
def test_nothing_stays_of_a_reading_that_fails(tmp_path, reader, code, words):
    with pytest.raises(BadData, match=words) as caught:
        read(tmp_path, "one", "two", reader=reader)

    assert caught.value.code == code
    assert "Ann" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["visits.txt"]


def test_a_file_that_was_replaced_since_it_was_recognised_is_not_read(tmp_path):
    source = recognise(visits(tmp_path, "one"))
    (tmp_path / "other").write_text("two\n")
    os.replace(tmp_path / "other", source.path)

    with pytest.raises(BadData) as caught:
        read_in_child(source, asked(), tmp_path / "segment.parquet", reader=f"{HERE}:read")

    assert caught.value.code == "E_CHANGED"


def test_a_larger_source_may_take_longer_and_no_more_memory():
    small, large = Allowance.for_size(1), Allowance.for_size(10_000 * MB)

    assert large.cpu_seconds > small.cpu_seconds
    assert large.memory == small.memory == USUAL.child_bytes
