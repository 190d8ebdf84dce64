"""Nothing that tells a person leaves the reader, in whatever column of whatever extract it stands."""

import json

import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import read_text
from twin.records.reading.extracts import load_mapping, shipped_mappings
from twin.records.reading.extracts.private import tells_somebody
from twin.records.reading.told import masked

#: the eighteen kinds of 45 CFR 164.514(b)(2)(i), made up: (A) names to (R) any other unique number
EIGHTEEN = {
    "A names": ["John Smith", "Mrs Patel", "SMITH, John", "Angela M Brown", "dr jones"],
    "B places smaller than a state": [
        "12 High Street",
        "SW1A 1AA",
        "4 Mill Lane Leeds",
        "90210-1234",
        "CA 90210",
    ],
    "C dates of a person": ["12/03/1956", "1956-03-12", "12 March 1956", "3rd jan 2021"],
    "D telephone numbers": [
        "07700 900123",
        "+44 20 7946 0958",
        "(555) 010-1234",
        "555.010.1234",
        "07700900123",
    ],
    "E fax numbers": ["fax 020 7946 0000"],
    "F e-mail addresses": ["ann.smith@example.org"],
    "G social security numbers": ["078-05-1120", "QQ 12 34 56 C", "AB123456C"],
    "H medical record numbers": ["MRN 0012345", "943 476 5919", "9434765919", "NHS: 9434765919"],
    "I health plan numbers": ["member 99887766", "policy no 12345"],
    "J account numbers": ["acct 12345678", "4111 1111 1111 1111", "GB29 NWBK 6016 1331 9268 19"],
    "K certificate and licence numbers": ["licence 123456", "license no. D1234567"],
    "L vehicles and plates": ["AB12 CDE", "1HGCM82633A004352"],
    "M devices and serial numbers": ["serial 4455667", "S/N 998877", "IMEI 490154203237518"],
    "N web addresses": ["https://example.org/ann", "www.example.org"],
    "O internet addresses": ["192.168.10.5", "2001:db8:85a3:0:0:8a2e:370:7334", "00:1B:44:11:3A:B7"],
    "P biometric identifiers": ["fingerprint A55F", "voiceprint-7.wsq"],
    "Q photographs": ["ann_smith.jpg", "data:image/png"],
    "R any other unique number": ["123456789012", "550e8400-e29b-41d4-a716-446655440000"],
}  # fmt: skip
PLANTED = [value for values in EIGHTEEN.values() for value in values]
WARDS = [
    "W-4A", "300", "Oak", "Acute Medical Unit", "Florence Ward", "St James", "Queen Elizabeth",
    "A&E", "Ward 12 Bay 3", "RGT01", "Day Surgery Unit (2)", "Élisabeth, 2e étage", "ITU/HDU",
    "Theatre 4 - am", "CT 2", "Elderly Care", "1:1", "Trauma & Orthopaedics", "Grade 5", "ICU_2025",
    "Location/12", "Mary Seacole Ward", "Band 6 nurse", "38004515",
]  # fmt: skip


@pytest.mark.parametrize("value", PLANTED)
def test_each_of_the_eighteen_kinds_is_seen(value):
    assert tells_somebody(value) is not None


@pytest.mark.parametrize("code", WARDS)
def test_a_code_of_a_ward_is_no_person(code):
    assert tells_somebody(code) is None


@pytest.mark.parametrize("code", ["20250102334455", "05012345678900", "LOT20240301A"])
def test_batches_and_items_have_long_numbers(code):
    assert tells_somebody(code, "long") is None


def test_an_item_that_would_be_an_nhs_number_passes_where_the_mapping_says_so():
    assert tells_somebody("9434765919", "long") == "an NHS number"
    assert tells_somebody("9434765919", "any") is None


def good_rows(name: str) -> dict[str, str]:
    """A row of a shipped mapping that is read, by column of the file."""
    mapping = load_mapping(name)
    row: dict[str, str] = {}
    for _, column, take in mapping.takes():
        words = [code for code, word in mapping.words_of(take).items() if word]
        value = words[0] if words else "2025-01-02 10:00" if column in TIMES else "7"
        for source in take.sources[:1]:
            row.setdefault(source, value)
    for tells in mapping.tells:
        row |= {source: kinds[0] for source, kinds in tells.only.items()}
    return row


THINGS = ("item", "lot", "supplier")
TIMES = (
    "requested", "arrived", "started", "ended", "planned_start", "planned_end", "fit", "expires",
    "said_at", "at",
)  # fmt: skip


@pytest.mark.parametrize("name", shipped_mappings())
def test_nothing_planted_in_any_column_reaches_a_statement(name, tmp_path):
    good = {**good_rows(name), "free_text": "", "name": ""}
    rows, planted = [good], {}
    takes = [(target, take.sources) for _, target, take in load_mapping(name).takes()]
    times = {source for target, sources in takes if target in TIMES for source in sources}
    things = {source for target, sources in takes if target in THINGS for source in sources}
    for column in good:
        for value in PLANTED:
            if column in times and value in EIGHTEEN["C dates of a person"]:
                continue  # a time where a time belongs
            if column in things and value == "123456789012":
                continue  # the number of a thing
            rows.append({**good, column: value})
            planted[len(rows) + 1] = value
    text = "\n".join(";".join(f'"{row[column]}"' for column in good) for row in rows)

    found = read_text(tmp_path, ";".join(good) + "\n" + text + "\n", mapping=name)

    assert 2 in found.column("row")
    told = [json.dumps(row, default=str, ensure_ascii=False) for row in found.rows()]
    for row, statement in zip(found.column("row"), told, strict=True):
        value = planted.get(row)
        if value is not None and not any(value in str(one) for one in good.values()):
            assert value.lower() not in statement.lower(), (row, value)
    notes = " ".join(found.told.notes)
    assert not any(value in notes for value in PLANTED)


def test_what_is_stored_of_a_fault_is_its_shape():
    assert masked("SMITH, John 943 476 5919") == "aaaaa, aaaa 999 999 9999"
