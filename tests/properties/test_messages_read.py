"""Whatever the bytes of a file or a frame are, a reader of messages tells faults and never falls over.

A minute of it (``-m long``) tries what a second does not.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.mirror.twin.records.reading.hl7.feed import adt, asked, siu
from twin.errors import CODES, BadData
from twin.records.events import INSTANTS, KINDS, METHODS, SCHEMA, SEXES, STATUSES, Thing
from twin.records.reading.hl7 import read, read_journal
from twin.records.reading.hl7.acknowledging import UNUSABLE, answer
from twin.records.reading.hl7.journal import _HEAD
from twin.records.reading.hl7.wrong import Wrong
from twin.records.reading.limits import Limits
from twin.records.reading.told import Told

MESSAGES = [
    *(adt(f"A{number:02}") for number in range(1, 63)),
    *(siu(f"S{number}") for number in range(12, 27)),
    adt("A40", more="MRG|1^^^OAK||ACC||V1"),
    adt("A45", more="MRG|1^^^OAK||ACC||V1"),
    f"\x0b{adt('A01')}\x1c\r",
]
PIECES = st.sampled_from(
    [
        "|", "^", "~", "\\", "&", "\r", "\n", "\x0b", "\x1c", "\x00", "MSH", "MSH|^~\\&|", "PID|", "PV1|",
        "A01", "EVN|", "20240301", "20240331013000", "99991231235959", "00000000", "+9999", "-0000",
        "\\X41\\", "\\X", "\\T\\", '""', "é", "\ufeff", "１", "|" * 60, "^" * 40, "\u2028", "\x85",
        "9" * 400, ".", "-",
    ]
)  # fmt: skip
#: where of the message, how much is cut, what is put there
EDIT = st.tuples(st.floats(0, 1), st.integers(0, 8), PIECES | st.text(max_size=4) | st.just(""))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Messages of every kind with things cut out and put in; or any bytes."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=400))
    chosen = draw(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=3))
    text = "".join(chosen)
    for where, cut, put in draw(st.lists(EDIT, max_size=8)):
        at = int(where * len(text))
        text = text[:at] + put + text[at + cut :]
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-16", "latin-1"])), "replace")
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def check(data: bytes) -> None:
    """Read a file; everything that comes out keeps the contract of the event table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.hl7"
        path.write_bytes(data)
        told = Told()
        try:
            batches = list(read(path, asked(limits=Limits(segments=50, message_bytes=5_000)), told))
        except BadData as refused:
            assert refused.code == "E_NO_MSH"
            assert told.read == 0
            return
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert all(batch.schema == SCHEMA for batch in batches)
    assert {fault.code for fault in told.faults} <= set(CODES)
    assert told.aside <= told.read
    assert {row["row"] for row in rows} <= set(range(1, told.read + 1))
    for row in rows:
        keeps_the_contract(row)
    letter = Wrong("PV1-3", "x", "a rule", "a cure", "E_DATE")
    assert answer(UNUSABLE, data, 1, letter).count(b"\x1c") == 1


def keeps_the_contract(row: dict) -> None:
    """One statement says only what the event table knows."""
    thing = Thing(row["thing"])
    assert row["key"] and row["said_at"] and row["said_by"]
    assert row["kind"] in (None, *KINDS)
    assert row["method"] in (None, *METHODS)
    assert row["sex"] in (None, *SEXES)
    assert row["status"] in (None, *STATUSES.get(thing, ()))
    assert row["age"] is None or 0 <= row["age"] <= 90
    for name in INSTANTS:
        assert row[name] is None or 1900 <= row[name].year <= 2035
    for name in ("at", "said_at", "started", "ended"):
        limit = datetime(2024, 6, 1, 12, 15, tzinfo=UTC)
        assert row[name] is None or row[name] <= limit
    for name in ("said_by", "place", "bed", "specialty", "priority", "reason", "theatre_list"):
        assert row[name] is None or (row[name].isprintable() and 0 < len(row[name]) <= 500)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(files())
def test_no_file_breaks_the_reader(data: bytes):
    check(data)


@pytest.mark.long
def test_no_file_breaks_the_reader_in_a_minute():
    end = datetime.now(UTC) + timedelta(seconds=60)
    tried = 0

    @settings(
        deadline=None,
        max_examples=1_000,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=False,
    )
    @given(files())
    def try_many(data: bytes) -> None:
        nonlocal tried
        tried += 1
        check(data)

    while datetime.now(UTC) < end:
        try_many()
    assert tried >= 1_000


@settings(deadline=None, max_examples=100)
@given(st.lists(st.binary(max_size=80) | st.sampled_from([b"\n", b"{}", b'{"sha256":"a","statements":['])))
def test_no_file_breaks_the_reader_of_journals(parts: list[bytes]):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heard.ndjson"
        path.write_bytes(_HEAD + b"".join(parts))
        told = Told()

        assert list(read_journal(path, asked(), told)) == []
        assert told.aside == told.read


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(MESSAGES), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_messages_changes_no_statement(messages: list[str], chance):
    def statements(order: list[str]) -> list[tuple]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "feed.hl7"
            path.write_bytes("".join(order).encode())
            batches = list(read(path, asked(), Told()))
        rows = [row | {"row": 0} for batch in batches for row in batch.to_pylist()]
        return sorted(repr(sorted(row.items(), key=lambda item: item[0])) for row in rows)

    shuffled = list(messages)
    chance.shuffle(shuffled)

    assert statements(messages) == statements(shuffled)
