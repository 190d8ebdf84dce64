"""A journal is read as carefully as any file: whoever changed it is told."""

import json
from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.hl7.feed import asked
from twin.errors import BadData
from twin.records.reading.hl7 import read_journal
from twin.records.reading.hl7.journal import Journal, waiting
from twin.records.reading.told import Told

ADMIT = {"thing": "encounter", "said": "admit", "key": "E1", "encounter": "E1", "at": 1_709_286_600_000}


def written(folder: Path, *lines: bytes) -> Path:
    journal = Journal(folder)
    journal.append("a" * 64, [ADMIT])
    (path,) = journal.close()
    with path.open("ab") as file:
        file.writelines(lines)
    return path


def line(**changed: object) -> bytes:
    return json.dumps({"sha256": "b" * 64, "statements": [ADMIT | changed]}).encode() + b"\n"


def read(path: Path) -> tuple[int, Told]:
    told = Told()
    return sum(len(batch) for batch in read_journal(path, asked(), told)), told


def test_statements_come_back_as_they_were_kept(tmp_path: Path):
    path = written(tmp_path, line(place="OAK", age=90))

    (batch,) = read_journal(path, asked(), Told())

    assert [row["place"] for row in batch.to_pylist()] == [None, "OAK"]
    assert [row["row"] for row in batch.to_pylist()] == [1, 2]
    assert batch.column("at").to_pylist()[0].isoformat() == "2024-03-01T09:50:00+00:00"


@pytest.mark.parametrize(
    "bad",
    [
        b"{}\n",
        b"[]\n",
        b"no JSON\n",
        b"\xff\n",
        b"[" * 100_000 + b"\n",
        b'{"sha256": "c", "statements": [7]}\n',
        line(name="Ann"),
        line(thing="dream"),
        line(said=None),
        line(age="old"),
        line(age=True),
        line(age=10**30),
        line(at="2024"),
        line(at=10**15),
        line(whole=1),
    ],
)
def test_a_line_that_is_none_is_put_aside(tmp_path: Path, bad: bytes):
    rows, told = read(written(tmp_path, bad, line()))

    assert (rows, told.read, told.aside) == (2, 3, 1)
    assert told.faults[0].code == "E_PARSE"


def test_a_last_line_cut_short_was_never_acknowledged(tmp_path: Path):
    rows, told = read(written(tmp_path, line()[:-20]))

    assert (rows, told.read, told.aside) == (1, 1, 0)
    assert sum(told.notes.values()) == 1


def test_a_message_that_stands_there_twice_counts_once(tmp_path: Path):
    assert read(written(tmp_path, line(), line()))[0] == 2


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"journal": "twin hl7", "version": 2}\n', b"MSH|^~\\&|\r"])
def test_another_file_is_refused(tmp_path: Path, data: bytes):
    path = tmp_path / "heard.ndjson"
    path.write_bytes(data)

    with pytest.raises(BadData) as refused:
        read(path)
    assert refused.value.code == "E_PARSE"


def test_a_journal_in_which_nothing_was_kept_goes(tmp_path: Path):
    whole = written(tmp_path).read_bytes()
    head, first, _ = whole.split(b"\n")
    for number, data in enumerate((b"", head[:5], head + b"\n", head + b"\n" + first[:9])):
        (tmp_path / f"heard-{number}.open").write_bytes(data)

    assert [path.read_bytes() for path in waiting(tmp_path)] == [whole]
    assert list(tmp_path.glob("*.open")) == []
