"""What a file is, is told by its first bytes; whatever is no file of ours is refused by its own name."""

import codecs
import gzip
import hashlib
import io
import os
import socket
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.errors import BAD_DATA, BadData, NotFound, UsageError
from twin.records.reading.content import Kind
from twin.records.reading.limits import USUAL
from twin.records.reading.source import NAMES, recognise

VISITS = "encounter,place,started\n1,oak,2026-01-01 10:00\n"
ADMISSION = "MSH|^~\\&|PAS|H|||20260101100000||ADT^A01|1|P|2.4\rPID|1||1\r"
BUNDLE = '{"resourceType": "Bundle", "type": "searchset", "entry": []}'
ENCOUNTER = '{"resourceType": "Encounter", "id": "1"}'


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"encounter": ["1"]}), out)
    return out.getvalue()


def zipped(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def written(folder: Path, content: bytes | str, name: str = "visits.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refused(path, code, *words, **more) -> BadData:
    with pytest.raises(BadData) as caught:
        recognise(path, **more)
    told = str(caught.value)
    assert (caught.value.code, caught.value.exit_code) == (code, BAD_DATA), told
    assert all(word in told for word in words), told
    return caught.value


# ---------------------------------------------------------------- what it is


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("visits.csv", VISITS, Kind.CSV),
        ("visits.txt", VISITS, Kind.CSV),
        ("visits", VISITS, Kind.CSV),
        ("VISITS.CSV", VISITS.replace(",", ";"), Kind.CSV),
        ("visits.csv", codecs.BOM_UTF8 + VISITS.encode(), Kind.CSV),
        ("visits.csv", codecs.BOM_UTF16_LE + VISITS.encode("utf-16-le"), Kind.CSV),
        ("visits.csv", codecs.BOM_UTF16_BE + VISITS.encode("utf-16-be"), Kind.CSV),
        ("visits.csv", "Ward;Größe\n".encode("latin-1"), Kind.CSV),
        ("visits.csv", "MSH,encounter\n1,2\n", Kind.CSV),
        ("visits.csv", "[encounter],[place]\n1,oak\n", Kind.CSV),
        ("visits.csv", VISITS.replace("oak", "o\0k"), Kind.CSV),
        ("visits.parquet", parquet(), Kind.PARQUET),
        ("feed.hl7", ADMISSION, Kind.HL7),
        ("feed.txt", ADMISSION, Kind.HL7),
        ("feed", codecs.BOM_UTF8 + b"\r\n" + ADMISSION.encode(), Kind.HL7),
        ("feed", b"\x0b" + ADMISSION.encode() + b"\x1c\r", Kind.HL7),
        ("feed", "FHS|^~\\&|PAS\rBHS|^~\\&\r" + ADMISSION, Kind.HL7),
        ("feed.hl7", "EVN|A01\rPID|1\r", Kind.HL7),
        ("bundle.json", BUNDLE, Kind.FHIR_BUNDLE),
        ("bundle", codecs.BOM_UTF8 + b"\n " + BUNDLE.encode(), Kind.FHIR_BUNDLE),
        ("bundle.json", BUNDLE.replace(",", ",\n"), Kind.FHIR_BUNDLE),
        ("bundle.json", BUNDLE[:-1] + " " * 100_000 + "}", Kind.FHIR_BUNDLE),
        ("broken.json", BUNDLE[:-9], Kind.FHIR_BUNDLE),
        ("deep.json", "[" * 100_000, Kind.FHIR_BUNDLE),
        ("one.json", ENCOUNTER, Kind.FHIR_BUNDLE),
        ("visits.ndjson", f"{ENCOUNTER}\n{ENCOUNTER}\n", Kind.FHIR_NDJSON),
        ("visits", f"{ENCOUNTER}\r\n{ENCOUNTER}\r\n", Kind.FHIR_NDJSON),
        ("visits.ndjson", ENCOUNTER[:-1] + " " * 100_000 + "}", Kind.FHIR_NDJSON),
        ("journal.ndjson", '{"journal": "twin hl7", "version": 1}\n{}\n', Kind.JOURNAL),
        ("visits.zip", zipped(visits__csv=VISITS), Kind.ZIP),
        ("visits.csv.gz", gzip.compress(VISITS.encode(), mtime=0), Kind.GZIP),
    ],
)
def test_content_tells_the_kind(tmp_path, name, content, kind):
    path = written(tmp_path, content, name)

    found = recognise(path)

    assert (found.kind, found.name, found.size) == (kind, name, path.stat().st_size)


def test_a_word_of_the_user_decides_what_text_may_be(tmp_path):
    odd = written(tmp_path, "\\X0B\\MSH without its marks", "feed.txt")

    assert recognise(odd).kind is Kind.CSV
    assert recognise(odd, "hl7").kind is Kind.HL7


@pytest.mark.parametrize("told_as", [None, *NAMES[:10], "own/mapping.toml"])
def test_a_mapping_is_of_a_table(tmp_path, told_as):
    assert recognise(written(tmp_path, VISITS), told_as).kind is Kind.CSV
    assert recognise(written(tmp_path, parquet(), "v.parquet"), told_as).kind is Kind.PARQUET


def test_text_that_is_no_message_is_not_called_one(tmp_path):
    told = refused(written(tmp_path, VISITS), "E_FILE_TYPE", "--as hl7", told_as="hl7")

    assert told.problems[0].value == "text, a CSV perhaps"


def test_only_the_beginning_is_read(tmp_path):
    path = written(tmp_path, VISITS * 2_000)
    os.truncate(path, 5 << 30)  # five gigabytes of nothing, and no bytes on the disk

    assert recognise(path).size == 5 << 30


# ---------------------------------------------------------------- what it is not


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (gzip.compress(VISITS.encode(), mtime=0), "packed by gzip"),
        (zipped(visits__csv=VISITS), "a ZIP archive"),
        (parquet(), "a Parquet file"),
        (ADMISSION, "HL7 v2 messages"),
        (BUNDLE, "JSON"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x7fELF\x02\x01\x01", "an executable program"),
        (b"MZ\x90\x00", "an executable program"),
        (b"#!/bin/sh\nrm -rf /\n", "a script"),
        (zipped(**{"[Content_Types]__xml": "<Types/>", "xl/workbook__xml": "<w/>"}), "a spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "an old Office document"),
        (b"SQLite format 3\x00" + bytes(84), "an SQLite database"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"{\\rtf1 encounter}", "an RTF document"),
        (bytes(257) + b"ustar\x0000", "a tar archive"),
        (bytes(range(256)) * 10, "binary"),
        (VISITS.encode("utf-16-le"), "binary"),
        ("<!DOCTYPE html>\n<html></html>", "a web page"),
    ],
)
def test_what_is_called_csv_and_is_something_else_is_told_by_its_name(tmp_path, content, what):
    refused(written(tmp_path, content), "E_FILE_TYPE", "visits.csv", what)


@pytest.mark.parametrize(
    ("name", "content", "told_as"),
    [
        ("visits.parquet", VISITS, None),
        ("visits.zip", VISITS, None),
        ("visits.csv.gz", VISITS, None),
        ("bundle.json", VISITS, None),
        ("feed.hl7", BUNDLE, None),
        ("visits", VISITS, "journal"),
        ("visits.csv", VISITS, "hl7"),
        ("feed", ADMISSION, "encounters"),
        ("bundle", BUNDLE, "hl7"),
        ("feed", ADMISSION, "fhir"),
        ("visits.parquet", parquet(), "fhir"),
    ],
)
def test_name_content_and_word_have_to_agree(tmp_path, name, content, told_as):
    refused(written(tmp_path, content, name), "E_FILE_TYPE", name, told_as=told_as)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "content",
    [
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        '\n <Bundle xmlns="http://hl7.org/fhir"/>',
        "<!DOCTYPE lolz [<!ENTITY lol 'lol'>]><lolz>&lol;</lolz>",
    ],
)
def test_xml_is_not_read(tmp_path, content, encoding):
    for name in ("bundle.xml", "bundle.json", "bundle"):
        path = written(tmp_path, content.encode(encoding), name)
        refused(path, "E_FORMAT", "XML is not supported", "export FHIR as JSON")


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_nothing_is_no_file_of_records(tmp_path, content):
    refused(written(tmp_path, content), "E_EMPTY", "visits.csv")


def test_a_word_that_as_does_not_know_is_told_with_the_nearest(tmp_path):
    with pytest.raises(UsageError, match='did you mean "encounters"') as caught:
        recognise(written(tmp_path, VISITS), "encounter")

    assert caught.value.code == "E_UNKNOWN_NAME"


def test_a_file_over_the_cap_is_refused_unread(tmp_path):
    path = written(tmp_path, VISITS)
    os.truncate(path, USUAL.file_bytes + 1)

    refused(path, "E_TOO_LARGE", "at most 20,480 MB a file", "split it")


def test_a_bundle_has_a_cap_of_its_own(tmp_path):
    path = written(tmp_path, BUNDLE, "bundle.json")

    refused(path, "E_TOO_LARGE", "NDJSON", limits=replace(USUAL, bundle_bytes=40))


# ---------------------------------------------------------------- what is no file


@contextmanager
def a_socket(path: Path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        yield


def test_a_folder_a_pipe_a_device_and_a_socket_are_no_files(tmp_path):
    pipe, ear = tmp_path / "pipe.csv", tmp_path / "ear.csv"
    os.mkfifo(pipe)
    with a_socket(ear):
        for path, what in (
            (tmp_path, "a folder"),
            (pipe, "a pipe"),
            (ear, "a socket"),
            ("/dev/zero", "a device"),
            ("/", "a folder"),
        ):
            refused(path, "E_NOT_REGULAR_FILE", what)


def test_a_pipe_that_takes_the_place_of_the_file_is_not_waited_for(tmp_path, monkeypatch):
    path, about = written(tmp_path, VISITS), os.stat(written(tmp_path, VISITS, "other"))
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: about)  # it was a file when it was looked at
    found = []

    def look() -> None:
        found.append(refused(path, "E_NOT_REGULAR_FILE", "a pipe"))

    opening = threading.Thread(target=look, daemon=True)
    opening.start()
    opening.join(timeout=20)

    assert found, "opening waits for somebody to write"


def test_a_link_that_leads_out_of_its_folder_is_not_followed(tmp_path):
    inside, outside = tmp_path / "inbox", tmp_path / "secrets"
    inside.mkdir()
    outside.mkdir()
    written(outside, VISITS, "salaries.csv")
    written(inside, VISITS)
    (inside / "out.csv").symlink_to("../secrets/salaries.csv")
    (inside / "in.csv").symlink_to("visits.csv")
    (inside / "circle.csv").symlink_to("circle.csv")
    (inside / "dangling.csv").symlink_to("nothing.csv")
    (inside / "folder.csv").symlink_to(".")

    for name in ("out.csv", "folder.csv"):
        refused(inside / name, "E_NOT_REGULAR_FILE")
    assert recognise(inside / "in.csv").kind is Kind.CSV
    refused(inside / "circle.csv", "E_NOT_REGULAR_FILE", "a link")
    with pytest.raises(NotFound):
        recognise(inside / "dangling.csv")


def test_a_folder_may_be_reached_by_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    written(tmp_path / "real", VISITS)
    (tmp_path / "link").symlink_to("real")

    assert recognise(tmp_path / "link" / "visits.csv").path == (tmp_path / "real" / "visits.csv").resolve()


@pytest.mark.parametrize("path", ["nothing.csv", "no/folder.csv", "a\0b.csv", "x" * 5000, "visits.csv/more"])
def test_what_is_not_there_is_told_so(tmp_path, path):
    written(tmp_path, VISITS)

    with pytest.raises(NotFound):
        recognise(f"{tmp_path}/{path}")


@contextmanager
def as_a_user_without_rights():
    """Root may read everything: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read_is_told_with_its_path():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = written(Path(folder), VISITS)
        os.chmod(path, 0)

        with as_a_user_without_rights():
            refused(path, "E_PERMISSION", str(path)[:60], "the right to read it")


def test_a_name_that_a_terminal_would_obey_is_shown_without_its_orders(tmp_path):
    path = written(tmp_path, VISITS, "a\x1b[2Jb\n.csv")

    assert recognise(path).name == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}.csv"
    assert recognise(os.fsdecode(os.fsencode(str(written(tmp_path, VISITS, "\udcff.csv"))))).kind is Kind.CSV


# ---------------------------------------------------------------- the same file


def test_the_sum_is_that_of_the_bytes(tmp_path):
    assert recognise(written(tmp_path, VISITS)).sha256() == hashlib.sha256(VISITS.encode()).hexdigest()


@pytest.mark.parametrize("how", ["written to", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, how):
    path = written(tmp_path, VISITS)
    found = recognise(path)

    def change() -> None:
        if how == "written to":
            written(tmp_path, VISITS + "2,elm,2026-01-02 10:00\n")
        elif how == "replaced":
            os.replace(written(tmp_path, VISITS, "other"), path)
        else:
            path.unlink()

    with pytest.raises(BadData) as caught:
        found.sha256(cancelled=change)

    assert caught.value.code == "E_CHANGED"
    assert "rename it" in str(caught.value)


def test_no_open_file_is_left_behind(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for content in (VISITS, b"", b"%PDF-1.7", BUNDLE):
        path = written(tmp_path, content)
        try:
            recognise(path).sha256()
        except BadData:
            continue

    assert len(os.listdir("/proc/self/fd")) == before
