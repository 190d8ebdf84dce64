"""A listener takes messages over the network: on disk first, then acknowledged; nobody can stop it."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.hl7.feed import adt, encounter, header, heard, siu
from tests.mirror.twin.records.reading.hl7.lines import BEGIN, END, journals, kept, listening
from twin.errors import TwinError
from twin.records.reading.hl7 import journal, mllp

IN, OUT = adt("A01", "1"), adt("A03", "2", "20240302103000", visit={36: "01"})

OTHER = adt("A08", "3")


def test_a_message_is_acknowledged_by_its_number(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        head, taken = await sender.send(adt("A01", "MSG|7".replace("|", "-")))
        assert taken == "MSA|AA|MSG-7"
        assert head.split("|")[8] == "ACK^A01"
        assert head.split("|")[4] == "PAS"
        assert head.split("|")[11] == "2.5"

    assert listening(tmp_path, talk).taken == 1


def test_what_was_heard_is_what_a_file_of_the_same_messages_says(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        for message in (IN, OUT, siu("S12", "3")):
            await sender.send(message)

    listening(tmp_path / "inbox", talk)

    read = heard(tmp_path, IN, OUT, siu("S12", "3")).rows
    assert [{k: v for k, v in row.items() if v is not None} for row in kept(tmp_path / "inbox")] == read


def test_a_message_is_on_disk_before_it_is_acknowledged(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        await sender.send(IN)
        (path,) = journals(tmp_path)
        assert path.suffix == ".open"
        assert encounter() in path.read_text()

    listening(tmp_path, talk)

    assert [path.suffix for path in journals(tmp_path)] == [".ndjson"]


def test_nothing_of_a_person_stands_in_the_inbox(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        await sender.send(IN)
        await sender.send(adt("A01", "2", event={6: "yesterday"}))

    listening(tmp_path, talk)

    text = "".join(path.read_text() for path in tmp_path.iterdir())
    for word in ("Archer", "Ann", "4711", "V100", "19500615"):
        assert word not in text


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("", "E_NO_MSH"),
        ("PID|1\r", "E_NO_MSH"),
        ("MSH", "E_PARSE"),
        (adt("A01", "7", event={6: "20241399999999"}), "E_DATE"),
        (adt("A02", "7", visit={3: ""}), "E_NO_KEY"),
        (IN + OUT, "E_PARSE"),
        (IN + "OBX|1\r" * 200_000, "E_TOO_MANY_SEGMENTS"),
        (IN + "OBX|1|" + "x" * 5_000_000, "E_TOO_LARGE"),
    ],
    ids=["empty", "no header", "three letters", "date", "nowhere", "two in one", "segments", "size"],
)
def test_a_message_that_cannot_be_used_is_refused_and_kept_by_its_shape(tmp_path, message: str, code: str):
    async def talk(connect):
        sender = await connect()
        _, told, error = await sender.send(message)
        assert told.startswith("MSA|AE|")
        assert error.split("|")[5] == code
        assert (await sender.send(IN))[1] == "MSA|AA|1"

    listener = listening(tmp_path, talk)

    (letter,) = (tmp_path / "dead-letters.ndjson").read_text().splitlines()
    kept_of_it = json.loads(letter)
    assert (listener.taken, listener.refused) == (1, 1)
    assert kept_of_it["code"] == code
    assert set("BCDYZ123") & set(kept_of_it["shape"]) == set()


def test_what_the_twin_does_not_read_is_acknowledged_and_counted(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        assert (await sender.send(header("ORU^R01", "5") + "\r"))[1] == "MSA|AA|5"

    listener = listening(tmp_path, talk)

    assert journals(tmp_path) == []
    assert listener.told.notes["messages of other types and triggers"] == 1


def test_the_same_message_three_times_is_acknowledged_three_times_and_counts_once(tmp_path: Path):
    async def talk(connect):
        first, second = await connect(), await connect()
        for sender in (first, first, second):
            assert (await sender.send(IN))[1] == "MSA|AA|1"

    assert listening(tmp_path, talk).taken == 3
    assert len(kept(tmp_path)) == 1


def test_several_messages_sent_at_once_are_answered_in_order(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        messages = [adt("A08", str(number)) for number in range(20)]
        sender.writer.write(b"".join(BEGIN + one.encode() + END for one in messages))
        assert [(await sender.answer())[1] for _ in messages] == [f"MSA|AA|{number}" for number in range(20)]

    listening(tmp_path, talk)

    assert len(kept(tmp_path)) == 20


def test_a_message_that_comes_in_pieces_is_one(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        frame = BEGIN + IN.encode() + END
        for start in range(0, len(frame), 50):
            sender.writer.write(frame[start : start + 50])
            await sender.writer.drain()
            await asyncio.sleep(0)
        assert (await sender.answer())[1] == "MSA|AA|1"

    listening(tmp_path, talk)


def test_a_message_cut_short_by_the_next_is_never_acknowledged(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        sender.writer.write(BEGIN + IN.encode()[:150])
        assert (await sender.send(OUT))[1] == "MSA|AA|2"

    listening(tmp_path, talk)

    assert [row["said"] for row in kept(tmp_path)] == ["discharge"]


def test_a_sender_who_leaves_in_the_middle_stops_nobody(tmp_path: Path):
    async def talk(connect):
        rude, polite = await connect(), await connect()
        rude.writer.write(BEGIN + IN.encode()[:80])
        rude.writer.transport.abort()
        assert (await polite.send(OUT))[1] == "MSA|AA|2"

    assert listening(tmp_path, talk).taken == 1


def test_who_sends_nothing_whole_in_time_is_let_go(tmp_path: Path):
    async def talk(connect):
        silent, unfinished = await connect(), await connect()
        unfinished.writer.write(BEGIN + IN.encode())
        assert await silent.answer() == []
        assert await unfinished.answer() == []
        assert (await (await connect()).send(OUT))[1] == "MSA|AA|2"

    listening(tmp_path, talk, patience=0.2)


def test_above_the_most_connections_a_newcomer_is_told_to_come_later(tmp_path, monkeypatch):
    monkeypatch.setattr(mllp, "MOST", 2)

    async def talk(connect):
        first, second = await connect(), await connect()
        await first.send(IN)
        await second.send(IN)
        third = await connect()
        answer = await third.answer()
        assert answer[1].startswith("MSA|AR|")
        assert "E_TOO_MANY_CONNECTIONS" in answer[2]
        assert await third.answer() == []
        first.writer.close()
        await first.writer.wait_closed()
        await asyncio.sleep(0.05)
        assert (await (await connect()).send(OUT))[1] == "MSA|AA|2"

    listening(tmp_path, talk)


@pytest.mark.parametrize("writes", [[True], [False, True], [False, False, True]])
def test_what_cannot_be_kept_is_not_acknowledged(tmp_path, monkeypatch, writes):
    sync = os.fsync
    full = list(writes)  # the journal's head, the first message, the second: which one fails

    def failing(handle: int) -> None:
        if full and full.pop(0):
            raise OSError(28, "No space left on device")
        sync(handle)

    async def talk(connect):
        sender = await connect()
        monkeypatch.setattr(journal.os, "fsync", failing)
        monkeypatch.setattr(journal, "sync_folder", lambda folder: None)
        if len(full) == 3:
            assert (await sender.send(OTHER))[1] == "MSA|AA|3"
        later = await sender.send(OUT)
        assert later[1].startswith("MSA|AR|2|")
        assert "E_DISK_FULL" in later[2]
        assert (await sender.send(OUT))[1] == "MSA|AA|2"  # there is space again
        monkeypatch.undo()

    listening(tmp_path, talk)

    assert [row["said"] for row in kept(tmp_path)] == ["update"] * (len(writes) == 3) + ["discharge"]
    assert len(journals(tmp_path)) == (2 if len(writes) == 3 else 1)


def test_journals_are_brought_in_every_so_often_and_at_the_end(tmp_path: Path):
    brought: list[str] = []

    def bring(path: Path) -> None:
        brought.extend(
            json.loads(line)["statements"][0]["said"] for line in path.read_text().splitlines()[1:]
        )

    async def talk(connect):
        sender = await connect()
        await sender.send(IN)
        while not brought:
            await asyncio.sleep(0.01)
        await sender.send(OUT)

    listening(tmp_path, talk, bring=bring, every=0.05)

    assert brought == ["admit", "discharge"]
    assert journals(tmp_path) == []


@pytest.mark.parametrize(
    "wrong", [TwinError("the store is locked"), RuntimeError("of a kind nobody foresaw")]
)
def test_a_journal_that_cannot_be_brought_in_waits(tmp_path: Path, wrong):
    async def talk(connect):
        await (await connect()).send(IN)

    def never(path: Path) -> None:
        raise wrong

    listening(tmp_path, talk, bring=never, every=0.05)
    (waiting,) = journals(tmp_path)
    brought: list[Path] = []

    async def silence(connect):
        await asyncio.sleep(0)

    listening(tmp_path, silence, bring=brought.append)

    assert brought == [waiting]


def test_a_journal_left_open_is_read_up_to_its_last_whole_line(tmp_path: Path):
    async def talk(connect):
        sender = await connect()
        await sender.send(IN)
        (path,) = journals(tmp_path)
        (tmp_path / "heard-0.open").write_bytes(path.read_bytes() + b'{"sha256":"half of a li')

    listening(tmp_path, talk)

    assert {path.suffix for path in journals(tmp_path)} == {".ndjson"}
    assert [row["said"] for row in kept(tmp_path)] == ["admit", "admit"]
