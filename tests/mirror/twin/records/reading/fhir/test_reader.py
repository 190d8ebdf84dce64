"""A file of FHIR is read resource by resource, strictly, and what cannot be taken is put aside."""

import json
import tracemalloc
from dataclasses import replace
from datetime import datetime

import pytest

from tests.mirror.twin.records.reading.fhir.resources import (
    NAMES,
    bundle,
    encounter,
    location,
    ndjson,
    patient,
    reading,
    slot,
)
from twin.errors import BadData
from twin.records.reading.limits import MB, USUAL


def refused(path, **changes) -> BadData:
    with pytest.raises(BadData) as caught:
        reading(path, **changes)
    assert caught.value.exit_code == 3
    return caught.value


def test_what_the_twin_does_not_read_is_counted_by_type(tmp_path):
    others = [{"resourceType": kind, "id": "x"} for kind in ("Observation", "Observation", "Claim")]

    read = reading(ndjson(tmp_path, *others, slot()))

    assert read.told.notes == {
        "resources that the twin does not read: Claim": 1,
        "resources that the twin does not read: Observation": 2,
    }
    assert (read.told.read, read.told.aside) == (4, 0)


def test_a_bad_line_is_told_by_its_number_and_the_others_are_read(tmp_path):
    read = reading(
        ndjson(tmp_path, slot("s1"), b"", b'{"resourceType": "Slot", "id"', b"\xff\xfe{", slot("s2"))
    )

    assert [(fault.row, fault.code) for fault in read.told.faults] == [(3, "E_PARSE"), (4, "E_ENCODING")]
    assert [row["key"] for row in read.of("slot")] == ["Slot/s1", "Slot/s2"]
    assert [row["row"] for row in read.of("slot")] == [1, 5]


def test_a_line_above_the_cap_is_put_aside_without_being_held(tmp_path):
    large = json.dumps(slot("s1") | {"comment": "x" * 12 * MB}).encode()
    path = ndjson(tmp_path, large, slot("s2"), large)
    tracemalloc.start()

    read = reading(path, limits=replace(USUAL, resource_bytes=1 * MB))

    assert read.codes == ["E_TOO_LARGE"] * 2
    assert [row["row"] for row in read.rows] == [2]
    assert tracemalloc.get_traced_memory()[1] < 6 * MB
    tracemalloc.stop()


def test_an_entry_above_the_cap_is_put_aside_without_being_held(tmp_path):
    large = slot("s1") | {"comment": "\\{[" * 4 * MB}
    path = bundle(tmp_path, large, slot("s2"), large, slot("s3"))
    tracemalloc.start()

    read = reading(path, limits=replace(USUAL, resource_bytes=1 * MB))

    assert read.codes == ["E_TOO_LARGE"] * 2
    assert [row["row"] for row in read.rows] == [2, 4]
    assert tracemalloc.get_traced_memory()[1] < 32 * MB
    tracemalloc.stop()


def test_a_bundle_larger_than_the_cap_is_refused_unread(tmp_path):
    path = bundle(tmp_path, *[slot(f"s{n}") for n in range(100)])

    assert refused(path, limits=replace(USUAL, bundle_bytes=1000)).code == "E_TOO_LARGE"
    assert len(reading(path).rows) == 100


@pytest.mark.parametrize("type", ["searchset", "transaction", "collection", "history"])
@pytest.mark.parametrize("indent", [None, 0, 4])
def test_bundles_of_each_type_are_read_however_they_are_laid_out(tmp_path, type, indent):
    read = reading(
        bundle(tmp_path, slot("s1"), {"resource": slot("s2"), "fullUrl": "x"}, type=type, indent=indent)
    )

    assert [row["key"] for row in read.rows] == ["Slot/s1", "Slot/s2"]


def test_a_bundle_with_one_entry_a_line_is_a_bundle(tmp_path):
    text = (
        '{"resourceType":"Bundle","type":"searchset","entry":[\n' + json.dumps({"resource": slot()}) + "\n]}"
    )
    (tmp_path / "b.json").write_text(text)

    assert reading(tmp_path / "b.json").told.read == 1


def test_one_resource_alone_is_read(tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(slot(), indent=2))

    assert [row["key"] for row in reading(tmp_path / "one.json").rows] == ["Slot/s1"]
    assert [row["key"] for row in reading(ndjson(tmp_path, slot())).rows] == ["Slot/s1"]


def test_strings_that_look_like_brackets_do_not_end_an_entry(tmp_path):
    odd = slot("s1") | {"comment": '}]}, {"resource": \\" \\'}

    assert [row["key"] for row in reading(bundle(tmp_path, odd, slot("s2"))).rows] == ["Slot/s1", "Slot/s2"]


@pytest.mark.parametrize("cut", [1, 2, 3, 20, 60, 200])
def test_a_bundle_cut_short_is_refused(tmp_path, cut):
    path = bundle(tmp_path, slot("s1"), slot("s2"))
    path.write_bytes(path.read_bytes()[:-cut])

    assert refused(path).code == "E_PARSE"


@pytest.mark.parametrize(
    "wrong",
    [
        '{"resourceType":"Bundle","type":"batch","entry":[{} {}]}',
        '{"resourceType":"Bundle","type":"batch","entry":[{},,{}]}',
        '{"resourceType":"Bundle","type":"batch","entry":[{},]}',
        '{"resourceType":"Bundle","type":"batch","entry":[1,{}]}',
        '{"resourceType":"Bundle","type":"batch","entry":[{}}}',
        '{"resourceType":"Bundle","type":"batch","entry":[{}]} {"more": 1}',
        '{"resourceType":"Bundle","type":"batch","entry":[{"a":"',
        '{"resourceType":"Bundle","type":"batch","\\u0065ntry":[{}]}',
    ],
)
def test_a_document_that_is_not_whole_is_refused(tmp_path, wrong):
    (tmp_path / "b.json").write_text(wrong)

    assert refused(tmp_path / "b.json").code == "E_PARSE"


def test_entries_twice_in_one_bundle_are_refused(tmp_path):
    (tmp_path / "b.json").write_text('{"resourceType":"Bundle","type":"batch","entry":[],"entry":[{}]}')

    assert refused(tmp_path / "b.json").code == "E_DUP_KEY"


@pytest.mark.parametrize(("type", "code"), [("banana", "E_CODE"), (None, "E_CODE"), (7, "E_PARSE")])
def test_a_bundle_has_a_type_of_the_list(tmp_path, type, code):
    assert refused(bundle(tmp_path, slot(), type=type)).code == code


def test_entries_of_something_else_than_a_bundle_are_refused(tmp_path):
    path = tmp_path / "list.json"
    path.write_text(
        json.dumps({"resourceType": "List", "entry": [{"item": {"reference": "Slot/s1"}}]}, indent=1)
    )

    assert refused(path).code == "E_RESOURCE_TYPE"


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = ndjson(tmp_path, slot("s1"), slot("s2"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert reading(path).codes == []

    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf" + bundle(tmp_path, slot()).read_bytes())
    assert reading(tmp_path / "b.json").codes == []


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(tmp_path, coding):
    (tmp_path / "b.json").write_bytes(json.dumps(slot()).encode(coding))

    assert refused(tmp_path / "b.json").code == "E_ENCODING"


@pytest.mark.parametrize("text", ["", " \n", "id,name\n1,2\n", "null", "7", '"Bundle"', "[{}]", "\0\0"])
def test_what_is_no_fhir_at_all_is_refused(tmp_path, text):
    (tmp_path / "x").write_text(text)

    assert refused(tmp_path / "x").code in ("E_FORMAT", "E_ENCODING")


def test_a_history_tells_what_was_deleted(tmp_path):
    deleted = {
        "request": {"method": "DELETE", "url": "Encounter/e1"},
        "response": {"status": "204", "etag": 'W/"3"', "lastModified": "2024-03-07T10:00:00Z"},
    }

    read = reading(bundle(tmp_path, deleted, encounter(), type="history"))

    gone, there = read.rows
    assert (gone["said"], gone["key"], gone["said_at"]) == (
        "gone", NAMES.encounter("Encounter/e1"), datetime(2024, 3, 7, 10),
    )  # fmt: skip
    assert gone["said_by"] > there["said_by"]
    assert gone["key"] == there["key"]


def test_versions_sort_as_numbers_do(tmp_path):
    versions = [encounter(meta={"versionId": number}) for number in ("9", "10", "a-z")]

    nine, ten, word = (row["said_by"] for row in reading(ndjson(tmp_path, *versions)).rows)

    assert nine < ten
    assert word == "a-z"


def test_references_within_a_transaction_go_by_full_url(tmp_path):
    full = "urn:uuid:6a0a7d1e-1111-4222-8333-444455556666"
    visit = encounter(subject={"reference": full}, location=[{"location": {"reference": "urn:uuid:w"}}])

    read = reading(
        bundle(
            tmp_path,
            {"resource": visit, "fullUrl": "urn:uuid:e"},
            {"resource": patient("p77"), "fullUrl": full},
            {"resource": location("w1", "Ward"), "fullUrl": "urn:uuid:w"},
            type="transaction",
        )
    )

    assert read.codes == []
    assert read.of("encounter")[0]["patient"] == NAMES.patient("Patient/p77")
    assert read.of("ward_stay")[0]["place"] == "Location/w1"


def test_a_resource_without_an_id_goes_by_its_full_url_or_not_at_all(tmp_path):
    read = reading(
        bundle(tmp_path, {"resource": encounter(id=None), "fullUrl": "urn:uuid:e"}, encounter(id=None))
    )

    assert [row["key"] for row in read.rows] == [NAMES.encounter("Encounter/e")]
    assert read.codes == ["E_NO_KEY"]


@pytest.mark.parametrize(
    "same", ["Patient/p1", "https://emr.example/fhir/Patient/p1", "Patient/p1/_history/3"]
)
def test_relative_absolute_and_versioned_references_mean_the_same_person(tmp_path, same):
    read = reading(ndjson(tmp_path, encounter(subject={"reference": same}), patient()))

    assert read.codes == []
    assert read.of("encounter")[0]["patient"] == NAMES.patient("Patient/p1")


def test_no_text_of_a_resource_that_is_not_a_code_comes_into_a_statement(tmp_path):
    secret = "Ann Smith"
    noisy = encounter(
        text={"status": "generated", "div": secret}, extension=[{"url": "u", "valueString": secret}],
        subject={"reference": "Patient/p1", "display": secret}, reasonCode=[{"text": secret}],
        identifier=[{"value": secret}], serviceType={"text": secret, "coding": [{"display": secret}]},
        participant=[{"individual": {"display": secret}}],
        hospitalization={"admitSource": {"text": secret}, "preAdmissionIdentifier": {"value": secret}},
    )  # fmt: skip
    person = patient(name=[{"text": secret}], address=[{"text": secret}], telecom=[{"value": secret}])

    read = reading(ndjson(tmp_path, noisy, person))

    assert read.codes == []
    assert secret not in repr(read)
    assert "p1" not in repr(read.rows)


def test_the_kinds_of_faults_do_not_grow_with_what_a_file_says(tmp_path):
    twice = [f'{{"resourceType": "Slot", "n{n}": 1, "n{n}": 2}}'.encode() for n in range(50)]
    places = [{"location": {"reference": f"Location/{n}"}, "status": "active"} for n in range(50)]
    odd = [encounter(f"e{n}", location=[*places[:n], {"status": f"odd{n}"}]) for n in range(50)]
    types = [{"resourceType": f"Banana{n}"} for n in range(50)]

    told = reading(ndjson(tmp_path, *twice, *odd, *types)).told

    assert told.aside == 150
    assert len(told.counts) == 3
    assert not any("n1" in part for kind in told.counts for part in kind), (
        "what a file calls its fields is not kept"
    )
