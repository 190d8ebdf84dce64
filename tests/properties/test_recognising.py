"""Whatever the bytes of a file are, it is told what it is, or refused in words; nothing else happens."""

import gzip
import io
import os
import tempfile
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.errors import CODES, BadData
from twin.records.reading.archive import unpack_here
from twin.records.reading.content import ARCHIVES, Kind, kind_of
from twin.records.reading.limits import USUAL
from twin.records.reading.source import NAMES, recognise

BEGINNINGS = [
    b"",
    b"MSH|^~\\&|",
    b"FHS|",
    b'{"resourceType": "Bundle"',
    b'{"journal": "',
    b"[[[[",
    b'{"a": 1e9',
    b"<?xml ",
    b"<!",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"PAR1",
    b"%PDF",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe\x00\x00",
    b"\x00\x00\xfe\xff",
    b"encounter,place\n",
    b"\x0b",
    b"{\\rtf",
    b'"',
    b"{\n",
]
SUFFIXES = [
    "",
    ".csv",
    ".CSV",
    ".parquet",
    ".hl7",
    ".json",
    ".ndjson",
    ".zip",
    ".csv.gz",
    ".txt",
    ".xml",
    ".",
]
REPEATED = [b"[", b"{", b'{"a":', b"9", b"\n", b"\0", b"\xff"]
BYTES = st.one_of(
    st.binary(max_size=200),
    st.builds(bytes.__add__, st.sampled_from(BEGINNINGS), st.binary(max_size=200)),
    st.builds(lambda start, text: start + text.encode(), st.sampled_from(BEGINNINGS), st.text(max_size=200)),
    st.builds(bytes.__mul__, st.sampled_from(REPEATED), st.integers(1, 70_000)),
)


def an_archive(start: bytes) -> bytes:
    """A good one, of the kind that begins so."""
    text = b"encounter,place,started\n1,oak,2026-01-01\n" * 20
    if start.startswith(b"\x1f"):
        return gzip.compress(text, mtime=0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("visits.csv", "more/stays.csv", "LICENCE.txt"):
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


@given(content=BYTES, suffix=st.sampled_from(SUFFIXES), told_as=st.sampled_from([None, *NAMES]))
@settings(deadline=None)
def test_any_file_is_recognised_or_refused_in_words(content, suffix, told_as):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(content)
        try:
            found = recognise(path, told_as)
        except BadData as refusal:
            assert refusal.code in CODES
            assert str(refusal).startswith(path.name)
            assert len(refusal.problems) == 1
        else:
            assert isinstance(found.kind, Kind)
            assert found.size == len(content)
            assert found.sha256()


@given(head=BYTES, name=st.text(max_size=20), whole=st.booleans())
@settings(deadline=None)
def test_any_name_will_do(head, name, whole):
    try:
        kind = kind_of(head, name, whole=whole)
    except BadData as refusal:
        assert refusal.code in ("E_FILE_TYPE", "E_FORMAT", "E_EMPTY")
    else:
        assert isinstance(kind, Kind)


@given(
    start=st.sampled_from([b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00"]),
    rest=st.binary(max_size=300),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=5),
    good=st.booleans(),
)
@settings(deadline=None)
def test_any_archive_is_unpacked_or_refused_in_words(start, rest, flips, good):
    content = bytearray(an_archive(start) if good else start + rest)
    for place, value in flips:
        content[place % len(content)] = value
    with tempfile.TemporaryDirectory() as folder:
        path, staging = Path(folder) / "file", Path(folder) / "staging"
        path.write_bytes(content)
        staging.mkdir()
        try:
            source = recognise(path)
            if source.kind not in ARCHIVES:
                return
            job = {"source": source.as_json(), "folder": str(staging), "told_as": None, "limits": vars(USUAL)}
            found = unpack_here(job, lambda _: None)
        except BadData as refusal:
            assert refusal.code in CODES
        else:
            assert {Path(place).parent for place, _ in found["sources"]} == {staging}
        assert sorted(os.listdir(folder)) == ["file", "staging"]
