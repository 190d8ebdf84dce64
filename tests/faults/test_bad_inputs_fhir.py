"""Bad inputs of FHIR: resources that no model should take, JSON made to break what reads it, references
that ask to be followed.

The resource that has the fault is put aside with its code; the others of the same file are read.
"""

import json
import socket
import time
from pathlib import Path

import pytest

from tests.faults.bad_inputs import Book
from tests.mirror.twin.records.reading.fhir.resources import (
    at,
    bundle,
    encounter,
    location,
    ndjson,
    patient,
    reading,
    slot,
)
from twin.errors import BadData

BOOK = Book("fhir")
CPU_LIMIT = 0.05  # seconds of processor, of the list


@pytest.fixture(autouse=True)
def no_address_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a reading asked the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_input_of_fhir_is_answered(name: str, tmp_path: Path):
    BOOK.answer(name)(tmp_path)


def test_every_entry_of_the_fhir_list_is_answered_in_its_own_words():
    BOOK.hold_the_list()


def put_aside(folder: Path, bad: object, code: str, field: str) -> None:
    """Among good resources, in lines and in a bundle, only the bad one is put aside."""
    raw = bad if isinstance(bad, bytes) else json.dumps(bad).encode()
    good = [encounter("e1", subject={"reference": "Patient/p2"}), patient("p1"), patient("p2"), slot()]
    in_lines = ndjson(folder, good[0], raw, *good[1:])
    head, tail = (
        bundle(folder, good[0]).read_bytes()[:-2],
        json.dumps([{"resource": each} for each in good[1:]]),
    )
    bundled = folder / "bundle.json"
    bundled.write_bytes(head + b', {"resource": ' + raw + b"}, " + tail[1:-1].encode() + b"]}")

    for path in (in_lines, bundled):
        read = reading(path)
        assert read.codes == [code]
        assert read.fields == [field]
        assert [fault.row for fault in read.told.faults] == [2]
        assert (read.told.read, read.told.aside) == (5, 1)
        assert [row["row"] for row in read.rows] == [1, 5]


# ---- what a resource says ------------------------------------------------------------------------


@BOOK.answers_to("B076", "Encounter.period.end < start")
def an_end_before_its_start(folder: Path) -> None:
    period = {"start": "2024-03-04T10:00:00Z", "end": "2024-03-02T10:00:00Z"}
    put_aside(folder, encounter(period=period), "E_NEGATIVE_LOS", "period.end")
    put_aside(
        folder,
        encounter(location=[at("Location/b", *period.values())]),
        "E_NEGATIVE_LOS",
        "location.period.end",
    )


@BOOK.answers_to("B077", "Encounter.status = 'banana'")
def a_status_that_is_none(folder: Path) -> None:
    put_aside(folder, encounter(status="banana"), "E_CODE", "status")
    put_aside(folder, encounter(status=None), "E_CODE", "status")
    put_aside(folder, encounter(status="Finished"), "E_CODE", "status")
    put_aside(folder, location("w", status="banana"), "E_CODE", "status")


@BOOK.answers_to("B078", "resourceType null inside entry.resource")
def no_resource_type(folder: Path) -> None:
    for odd in (
        {**slot(), "resourceType": None},
        {"id": "x"},
        {**slot(), "resourceType": ["Slot"]},
        [],
        None,
        7,
    ):
        put_aside(folder, odd, "E_RESOURCE_TYPE", "resourceType")


@BOOK.answers_to("B079", "resourceType '2024-13-01'")
def an_odd_resource_type(folder: Path) -> None:
    for odd in ("2024-13-01", "", "slot", "Banana", "../Slot", "__class__"):
        put_aside(folder, {**slot(), "resourceType": odd}, "E_RESOURCE_TYPE", "resourceType")


@BOOK.answers_to("B087", "Narrative div with <script>")
def a_narrative_with_a_script(folder: Path) -> None:
    script = '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></div>'
    read = reading(ndjson(folder, encounter(text={"status": "generated", "div": script})))

    assert read.codes == []
    assert "script" not in repr(read)


# ---- JSON ----------------------------------------------------------------------------------------


@BOOK.answers_to("B081", "JSON 100,000 '[' deep")
def json_too_deep(folder: Path) -> None:
    whole = folder / "deep.json"
    shut = '{"a":' + "[" * 99_999 + "]" * 99_999 + "}"
    for text in ("[" * 100_000, '{"a":' * 100_000, '{"a":' + "[" * 100_000, "{\n" + shut[1:]):
        whole.write_text(text)
        with pytest.raises(BadData) as caught:
            reading(whole)
        assert caught.value.code == "E_DEPTH"
    whole.write_text(shut)
    assert reading(whole).codes == ["E_DEPTH"]
    deep = b"[" * 100_000 + b"]" * 100_000
    put_aside(folder, b'{"resourceType": "Slot", "a": ' + deep + b"}", "E_DEPTH", "")


@BOOK.answers_to("B082", "duplicate JSON keys id:a,id:b")
def one_name_twice(folder: Path) -> None:
    put_aside(folder, b'{"resourceType": "Slot", "id": "a", "id": "b"}', "E_DUP_KEY", "")
    put_aside(folder, rb'{"resourceType": "Slot", "meta": {"\u0069d": "a", "id": "b"}}', "E_DUP_KEY", "")


@BOOK.answers_to("B083", "NaN / Infinity / 1e999999 in valueQuantity")
def numbers_that_are_none(folder: Path) -> None:
    for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999999", b"-1e400"):
        seen = b'{"resourceType": "Observation", "valueQuantity": {"value": ' + number + b"}}"
        put_aside(folder, seen, "E_NOT_FINITE", "")


@BOOK.answers_to("B084", "integer of 1,000,000 digits")
def a_number_of_a_million_figures(folder: Path) -> None:
    path = ndjson(folder, b'{"resourceType": "Slot", "n": ' + b"9" * 1_000_000 + b"}")
    took = []
    for _ in range(5):
        start = time.process_time()
        assert reading(path).codes == ["E_NUMBER"]
        took.append(time.process_time() - start)
    assert min(took) < CPU_LIMIT
    put_aside(folder, b'{"resourceType": "Slot", "n": -' + b"9" * 41 + b"}", "E_NUMBER", "")
    put_aside(folder, b'{"resourceType": "Slot", "n": 0.' + b"9" * 100_000 + b"}", "E_NUMBER", "")


@BOOK.answers_to("B088", "XML with XXE file:///etc/hostname, and billion laughs")
def xml_is_not_read(folder: Path) -> None:
    stranger = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><Patient>&e;</Patient>'
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><Patient>&b;</Patient>'
    for text in (stranger, laughs, "<Bundle/>", '\ufeff  \n<?xml version="1.0"?><Bundle/>'):
        (folder / "p.xml").write_text(text)
        with pytest.raises(BadData) as caught:
            reading(folder / "p.xml")
        assert caught.value.code == "E_FORMAT"


# ---- references ----------------------------------------------------------------------------------


@BOOK.answers_to("B085", "dangling reference Patient/p9")
def a_patient_who_is_not_there(folder: Path) -> None:
    put_aside(folder, encounter(subject={"reference": "Patient/p9"}), "E_DANGLING_REF", "subject.reference")
    put_aside(folder, encounter(subject={"reference": "#p9"}), "E_DANGLING_REF", "subject")

    alone = reading(ndjson(folder, encounter(subject={"reference": "Patient/p9"})))
    assert alone.codes == [], "a file without patients leaves them to another file"


ODD_REFERENCES = (
    "Patient/../../etc/passwd",
    "http://169.254.169.254/",
    "http://x/Patient/1?a=b",
    "file:///Patient/1",
    "javascript:alert(1)",
    "/etc/passwd",
    "Patient/..",
    "Patient/",
    "Patient/a b",
    "Patient/p1\n",
    "Patient/" + "9" * 65,
    "p1",
)


@BOOK.answers_to("B086", "reference 'Patient/../../etc/passwd' or http://169.254.169.254/")
def a_reference_that_asks_to_be_followed(folder: Path) -> None:
    for odd in ODD_REFERENCES:
        put_aside(folder, encounter(subject={"reference": odd}), "E_REFERENCE", "subject")
        put_aside(folder, encounter(location=[at(odd)]), "E_REFERENCE", "location.location")


def test_other_shapes_than_those_of_fhir_are_put_aside(tmp_path: Path):
    odd_shapes = {
        "subject": "Patient/p1", "period": [], "location": ["Location/w"], "class": "IMP", "meta": [],
        "hospitalization": 7, "priority": True, "statusHistory": "x", "serviceType": [],
    }  # fmt: skip
    for field, odd in odd_shapes.items():
        put_aside(tmp_path, encounter(**{field: odd}), "E_PARSE", field)
    put_aside(tmp_path, encounter(status=7), "E_PARSE", "status")
    put_aside(tmp_path, encounter(period={"start": 20240304}), "E_PARSE", "period.start")


@pytest.mark.parametrize(
    "odd",
    ["20240304", "2024-13-01", "2024-02-30", "2024-03-04T25:00:00Z", "2024-03-04T10:00:00+99:00", "2024",
     "2024-03", "0001-01-01", "9999-12-31T23:59:59Z", "٢٠٢٤-03-04", "2024-03-04 10:00", "2024-W10-1",
     "04/03/2024", "9" * 100_000],
)  # fmt: skip
def test_times_that_are_none_are_put_aside(tmp_path: Path, odd: str):
    put_aside(tmp_path, encounter(period={"start": odd, "end": "2024-03-06"}), "E_DATE", "period.start")


def test_times_ahead_of_the_present_are_put_aside(tmp_path: Path):
    ahead = "2024-06-01T12:30:00Z"
    put_aside(tmp_path, encounter(period={"start": ahead, "end": ahead}), "E_FUTURE", "period.start")
    put_aside(tmp_path, encounter(meta={"lastUpdated": "2999-01-01T00:00:00Z"}), "E_DATE", "meta.lastUpdated")
    put_aside(tmp_path, encounter(meta={"lastUpdated": ahead}), "E_FUTURE", "meta.lastUpdated")


def test_a_local_time_that_never_was_is_put_aside(tmp_path: Path):
    period = {"start": "2024-03-31T01:30:00", "end": "2024-03-31T04:30:00"}

    put_aside(tmp_path, encounter(period=period), "E_NONEXISTENT_TIME", "period.start")


def test_an_encounter_that_has_begun_tells_when_and_a_finished_one_when_it_ended(tmp_path: Path):
    put_aside(tmp_path, encounter(period=None), "E_DATE", "period.start")
    put_aside(tmp_path, encounter(period={"start": "2024-03-04"}), "E_DATE", "period.end")
