"""Whatever the bytes of an extract are, reading it gives statements or says why not, and nothing else."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twin.errors import CODES, BadData
from twin.records.events import SCHEMA, STATUSES, Thing
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import load_mapping, read, shipped_mappings
from twin.records.reading.limits import Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

NOW = datetime(2025, 6, 1, tzinfo=UTC)
NAMES = Pseudonyms(b"a secret of sixteen bytes")
SMALL = Limits(line_bytes=2_048, field_chars=512)
PIECES = [
    b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\x1f", b"\x1fthe end\x1f", b"PAR1", b"'", b"\\", b"=1+1", b"NaN", b"inf",
    b"1e400", b"-0", b"1,5", b"99999999999999999999", b"2024-03-31 01:30", b"2024-10-27 01:30",
    b"2024-02-30", b"0000-00-00", b"9999-12-31 23:59:59.999999999", b"1582-10-15",
    b"2025-01-02T10:00:00+99:99", b"24:00", b"03/04/2025", "\u202e".encode(), "١٢٣".encode(),
    "é".encode(), b"\xc3", b"x" * 3_000, b"9434765919", b"ann@example.org", b"NULL",
]  # fmt: skip


def example(name: str) -> bytes:
    """A few rows of a shipped mapping, each column with something that may stand there."""
    random = Random(name)
    mapping = load_mapping(name)
    values: dict[str, list[str]] = {}
    for tells, column, take in mapping.takes():
        words = list(mapping.words_of(take)) or ["", "W4A", "7", "2025-01-02 10:00", "2025-01-03", "08:00"]
        words += STATUSES.get(Thing(tells.thing), ()) if column == "status" else ()
        for source in (*take.sources, *take.time):
            values.setdefault(source, words)
    for tells in mapping.tells:
        for source, kinds in (*tells.only.items(), *tells.without.items()):
            values[source] = list(kinds)
    rows = [",".join(random.choice(words) for words in values.values()) for _ in range(20)]
    return "\n".join([",".join(values), *rows, ""]).encode()


def as_parquet(text: bytes) -> bytes:
    """The same table as Parquet."""
    header, *rows = [line.split(",") for line in text.decode().splitlines()]
    file = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(header)}), file)
    return file.getvalue()


GOOD = [example(name) for name in shipped_mappings()]
GOOD += [as_parquet(text) for text in GOOD[:3]]


def check(path: Path, content: bytes, mapping: str | None) -> None:
    """Reading ends with statements of the event table and a true account, or with a reason."""
    path.write_bytes(content)
    told = Told()
    asked = Asked("file", "Europe/London", NOW, NAMES, mapping, limits=SMALL)
    try:
        batches = list(read(path, asked, told))
    except BadData as error:
        assert error.problems
        assert {problem.code for problem in error.problems} - {""} <= set(CODES)
        return
    table = pa.Table.from_batches(batches, SCHEMA)
    table.validate(full=True)
    assert told.aside <= told.read
    assert len(set(table["row"].to_pylist())) <= told.read - told.aside
    assert not {fault.row for fault in told.faults} & set(table["row"].to_pylist())
    assert {fault.code for fault in told.faults} <= set(CODES)
    for name in ("key", "thing", "said", "row"):
        assert table[name].null_count == 0


def mutated(random: Random, content: bytes) -> bytes:
    """The content with a few bytes changed, left out, doubled or put in."""
    for _ in range(random.randint(1, 6)):
        at, length = random.randint(0, len(content)), random.choice([1, 1, 2, 8, 64])
        piece = random.choice(
            [random.choice(PIECES), random.randbytes(length), content[at : at + length] * 2, b""]
        )
        content = content[:at] + piece + content[at + random.choice([0, len(piece), length]) :]
    return content


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("extracts") / "file"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=400) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    st.sampled_from([b"", b"PAR1", *(text.split(b"\n")[0] + b"\n" for text in GOOD[:10])]),
    st.sampled_from([None, "twin", "hes", "encounters"]),
)
def test_any_bytes_are_read_or_refused(path, content, start, mapping):
    check(path, start + content, mapping)


@pytest.mark.parametrize("good", range(len(GOOD)))
def test_a_good_file_that_was_damaged_is_read_or_refused(path, good):
    for seed in range(6):
        check(path, mutated(Random(seed * 1_000 + good), GOOD[good]), None)


@pytest.mark.long
def test_a_minute_of_damaged_files_brings_nothing_else(path):
    ends, seed = time.monotonic() + 60, 10**6
    while time.monotonic() < ends:
        random = Random(seed)
        check(path, mutated(random, random.choice(GOOD)), random.choice([None, *shipped_mappings()]))
        seed += 1

    assert seed > 10**6 + 1_000
