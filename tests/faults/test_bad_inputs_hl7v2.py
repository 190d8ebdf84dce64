"""Bad messages: put aside or answered in words, and the next one is taken; never a crash or a long wait."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faults.bad_inputs import HOUSE, Book
from tests.mirror.twin.records.reading.hl7.feed import adt, header, heard
from tests.mirror.twin.records.reading.hl7.lines import BEGIN, END
from twin.records.reading.hl7.mllp import MOST, PATIENCE_SECONDS
from twin.store import open_store

BOOK = Book("hl7v2")
IN, OUT = adt("A01", "1"), adt("A03", "2", "20240302103000", visit={36: "01"})


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_input_is_answered(name: str, request: pytest.FixtureRequest):
    answer = BOOK.answer(name)
    wanted = answer.__code__.co_varnames[: answer.__code__.co_argcount]

    answer(**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()


# ---- a listener in a process of its own ----------------------------------------------------------


@dataclass
class Hospital:
    """A workspace with ``twin listen`` at work in it."""

    workspace: Path
    process: subprocess.Popen[str]
    port: int

    @property
    def inbox(self) -> Path:
        return self.workspace / "records" / "inbox"

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def told(self, message: str | bytes) -> list[str]:
        """Send one message over a connection of its own; segments of the answer."""
        with self.connected() as line:
            line.sendall(BEGIN + (message.encode() if isinstance(message, str) else message) + END)
            return answer_on(line)

    def letters(self) -> list[dict]:
        """The dead letters."""
        return [json.loads(line) for line in (self.inbox / "dead-letters.ndjson").read_text().splitlines()]

    def ends(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=120)


def answer_on(line: socket.socket) -> list[str]:
    """Segments of the next answer on a connection; none where it is closed."""
    data = b""
    while END not in data:
        with contextlib.suppress(ConnectionResetError):
            part = line.recv(65_536)
            data += part
            if part:
                continue
        return []
    return data.strip(BEGIN + END).decode().split("\r")


def listening(workspace: Path) -> Hospital:
    """Start ``twin listen`` in a workspace, on a free port."""
    program = "import sys; from dashboards.cli import main; main(sys.argv[1:])"
    words = ["listen", "--port", "0", "--every", "3600", "--workspace", str(workspace), "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *words],
        cwd=HOUSE,
        env=os.environ | {"PYTHONPATH": str(HOUSE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    assert said.startswith("listening on 127.0.0.1:"), said
    return Hospital(workspace, process, int(said.rpartition(":")[2]))


def workspace(folder: Path) -> Path:
    """A workspace with a description and nothing else."""
    folder.mkdir()
    (folder / "hospital.toml").write_text((HOUSE / "twin/hospital/library/small.toml").read_text())
    return folder


def said_in_the_records(folder: Path) -> list[str]:
    """What the statements of all imports of a workspace say."""
    with open_store(folder) as store:
        paths = [store.artefacts.path(one.sha256) for one in store.records.segments()]
        return [said for path in paths for said in pq.read_table(path)["said"].to_pylist()]


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A listener that outlives every test of this file."""
    started = listening(workspace(tmp_path_factory.mktemp("hospital") / "ws"))
    yield started
    assert started.ends(signal.SIGTERM) == 0
    started.process.communicate()


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Hospital]:
    """A listener that the test may end as it likes."""
    started = listening(workspace(tmp_path / "ws"))
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.communicate()


def test_what_was_acknowledged_outlives_a_kill(short_lived: Hospital):
    assert short_lived.told(IN)[1] == "MSA|AA|1"
    short_lived.ends(signal.SIGKILL)

    again = listening(short_lived.workspace)
    assert again.told(OUT)[1] == "MSA|AA|2"
    again.ends(signal.SIGTERM)
    again.process.communicate()

    assert list(short_lived.inbox.glob("heard-*")) == []
    assert sorted(said_in_the_records(short_lived.workspace)) == ["admit", "discharge"]


def test_a_listener_that_is_told_to_end_says_what_it_took(short_lived: Hospital):
    short_lived.told(IN)
    short_lived.told("PID|1")
    open_still = short_lived.connected()

    assert short_lived.ends(signal.SIGTERM) == 0

    assert short_lived.process.stdout is not None
    said = json.loads(short_lived.process.stdout.read())
    assert (said["taken"], said["refused"]) == (1, 1)
    assert answer_on(open_still) == []
    open_still.close()


def test_a_second_listener_of_a_workspace_is_refused(hospital: Hospital):
    words = ["listen", "--port", "0", "--workspace", str(hospital.workspace)]
    second = subprocess.run(
        [sys.executable, "-c", "import sys; from dashboards.cli import main; main(sys.argv[1:])", *words],
        cwd=HOUSE, env=os.environ | {"PYTHONPATH": str(HOUSE)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip

    assert second.returncode == 75
    assert "listen is already under way" in second.stderr


def test_a_port_that_is_taken_is_told(hospital: Hospital, tmp_path: Path):
    other = workspace(tmp_path / "other")
    words = ["listen", "--port", str(hospital.port), "--workspace", str(other)]
    second = subprocess.run(
        [sys.executable, "-c", "import sys; from dashboards.cli import main; main(sys.argv[1:])", *words],
        cwd=HOUSE, env=os.environ | {"PYTHONPATH": str(HOUSE)}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip

    assert second.returncode == 2
    assert f"127.0.0.1:{hospital.port}: cannot listen there" in second.stderr


# ---- the list ------------------------------------------------------------------------------------


@BOOK.answers_to("B058", "empty message; message without MSH")
def no_header(hospital: Hospital, tmp_path: Path) -> None:
    for message in ("", "\r", "PID|1||4711\rPV1|1|I\r"):
        _, refused, error = hospital.told(message)
        assert refused.startswith("MSA|AE|")
        assert error.split("|")[5] == "E_NO_MSH"

    assert [letter["code"] for letter in hospital.letters()[-3:]] == ["E_NO_MSH"] * 3
    assert hospital.letters()[-1]["shape"] == "aaa|9||9999\raa9|9|a"
    assert heard(tmp_path, "PID|1||4711\r", IN).codes == ["E_NO_MSH"]


@BOOK.answers_to("B059", "'MSH' only (3 characters)")
def three_letters(hospital: Hospital, tmp_path: Path) -> None:
    assert hospital.told("MSH")[2].split("|")[5] == "E_PARSE"

    feed = heard(tmp_path, "MSH\r", IN)
    assert feed.codes == ["E_PARSE"]
    assert len(feed.rows) == 1


@BOOK.answers_to("B062", "same ADT (same MSH-10) 3 times")
def three_times(hospital: Hospital, tmp_path: Path) -> None:
    message = adt("A01", "62")

    assert [hospital.told(message)[1] for _ in range(3)] == ["MSA|AA|62"] * 3

    journals = "".join(path.read_text() for path in hospital.inbox.glob("heard-*"))
    assert journals.count("PAS/000000000062") == 1
    assert len(heard(tmp_path, message, message, message).rows) == 1


@BOOK.answers_to("B066", "EVN-2 '20241399999999'; 100,000 digits; '+9999' offset")
def no_such_times(hospital: Hospital, tmp_path: Path) -> None:
    for time_told in ("20241399999999", "1" * 100_000, "20240301103000+9999"):
        message = adt("A01", "9", event={2: time_told})

        assert hospital.told(message)[2].split("|")[5] == "E_DATE"
        feed = heard(tmp_path, message, OUT)
        assert feed.codes == ["E_DATE"]
        assert [row["said"] for row in feed.rows] == ["discharge"]

    assert [letter["code"] for letter in hospital.letters()[-3:]] == ["E_DATE"] * 3
    assert hospital.told(OUT)[1] == "MSA|AA|2"


@BOOK.answers_to("B068", "200,000 segments")
def too_many_segments(hospital: Hospital, tmp_path: Path) -> None:
    for line in ("OBX\r", "OBX|1|NM|HT||170|cm\r"):
        message = IN + line * 200_000

        begun = time.process_time()
        feed = heard(tmp_path, message, OUT)
        assert time.process_time() - begun < 2
        assert feed.codes == ["E_TOO_MANY_SEGMENTS"]
        assert [row["said"] for row in feed.rows] == ["discharge"]
        assert hospital.told(message)[2].split("|")[5] == "E_TOO_MANY_SEGMENTS"


@BOOK.answers_to("B069", "2,000 OBX in an ADT")
def many_findings(hospital: Hospital, tmp_path: Path) -> None:
    message = IN + "OBX|1|TX|NOTE||long text^with~parts&of it|||||F\r" * 2_000

    begun = time.process_time()
    feed = heard(tmp_path, message)
    assert time.process_time() - begun < 0.5
    assert [row["said"] for row in feed.rows] == ["admit"]
    assert feed.told.notes["segments that the twin does not read"] == 2_000
    assert hospital.told(message)[1] == "MSA|AA|1"


@BOOK.answers_to("B072", "MLLP frame without end bytes; 10,000 open idle connections")
def who_never_ends(hospital: Hospital) -> None:
    unfinished = hospital.connected()
    unfinished.sendall(BEGIN + IN.encode())
    idle = [hospital.connected() for _ in range(63)]
    for _ in range(1_000):
        newcomer = hospital.connected()
        assert answer_on(newcomer)[1].startswith("MSA|AR|")
        assert newcomer.recv(1) == b""
        newcomer.close()

    idle.pop().close()
    time.sleep(0.5)
    assert hospital.told(OUT)[1] == "MSA|AA|2"
    for line in (unfinished, *idle):
        line.close()
    assert PATIENCE_SECONDS == 30.0
    assert MOST == 64


@pytest.mark.long
def test_who_sends_nothing_whole_for_half_a_minute_is_let_go(hospital: Hospital):
    unfinished, silent = hospital.connected(), hospital.connected()
    unfinished.sendall(BEGIN + IN.encode())
    begun = time.monotonic()

    for line in (unfinished, silent):
        line.settimeout(45)
        assert line.recv(1) == b""
        assert 25 < time.monotonic() - begun < 45
        line.close()
    assert hospital.told(IN)[1] == "MSA|AA|1"


@BOOK.answers_to("B073", "\\X41...\\ escape of 1 MB")
def a_long_escape(hospital: Hospital, tmp_path: Path) -> None:
    escapes = ("\\X" + "41" * 500_000 + "\\", "\\X41" * 250_000, "\\" * 1_000_000, "\\X41\\" * 200_000)
    for escape in escapes:
        for visit, codes in (({3: escape}, ["E_TOO_LARGE"]), ({7: escape}, [])):
            message = adt("A01", visit=visit)

            begun = time.process_time()
            feed = heard(tmp_path, message, OUT)
            assert time.process_time() - begun < 0.5
            assert feed.codes == codes
            assert feed.rows[-1]["said"] == "discharge"

    assert hospital.told(adt("A01", visit={3: escapes[0]}))[2].split("|")[5] == "E_TOO_LARGE"


@BOOK.answers_to("B074", "Z-segments, unknown triggers ZZZ^Z99")
def what_nobody_knows(hospital: Hospital, tmp_path: Path) -> None:
    unknown = header("ZZZ^Z99^ZZZ_Z99", "7") + "\rZZZ|1\r"

    feed = heard(tmp_path, unknown, IN + "ZBE|1\rZZZ\r")

    assert [row["said"] for row in feed.rows] == ["admit"]
    assert feed.told.aside == 0
    assert feed.told.notes == {
        "messages of other types and triggers": 1,
        "segments that the twin does not read": 3,
    }
    assert hospital.told(unknown)[1] == "MSA|AA|7"
