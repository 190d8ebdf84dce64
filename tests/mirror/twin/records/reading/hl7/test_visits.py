"""What ADT messages say of a visit, trigger by trigger."""

from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.hl7.feed import adt, encounter, header, heard, patient, segment, utc


def test_an_admission_is_told_whole(tmp_path: Path):
    message = adt(
        "A01",
        event={6: "20240301100000"},
        visit={36: "", 44: "20240301095500"},
        more="PV2" + "|" * 25 + "2",
    )

    said = heard(tmp_path, message).one

    assert said == {
        "thing": "encounter",
        "said": "admit",
        "key": encounter(),
        "encounter": encounter(),
        "patient": patient(),
        "said_at": utc("2024-03-01 10:30"),
        "said_by": "PAS/000000000001",
        "row": 1,
        "at": utc("2024-03-01 10:00"),
        "started": utc("2024-03-01 09:55"),
        "kind": "inpatient",
        "method": "emergency",
        "specialty": "300",
        "priority": "2",
        "sex": "female",
        "age": 73,
        "place": "OAK",
        "bed": "1-A",
    }


@pytest.mark.parametrize(
    ("trigger", "verb"),
    [
        ("A01", "admit"),
        ("A02", "transfer"),
        ("A03", "discharge"),
        ("A04", "register"),
        ("A05", "preadmit"),
        ("A06", "to_inpatient"),
        ("A07", "to_outpatient"),
        ("A08", "update"),
        ("A11", "cancel_admit"),
        ("A12", "cancel_transfer"),
        ("A13", "cancel_discharge"),
        ("A14", "preadmit"),
        ("A15", "update"),
        ("A16", "update"),
        ("A23", "gone"),
        ("A25", "update"),
        ("A26", "update"),
        ("A27", "cancel_preadmit"),
        ("A38", "cancel_preadmit"),
    ],
)
def test_each_trigger_has_its_verb(tmp_path: Path, trigger: str, verb: str):
    assert heard(tmp_path, adt(trigger)).one["said"] == verb


@pytest.mark.parametrize(
    "trigger",
    ["A09", "A10", "A20", "A21", "A22", "A24", "A28", "A29", "A31", "A37", "A52", "A54", "A60", "A99", "R01"],
)
def test_what_moves_nobody_is_left_out_and_counted(tmp_path: Path, trigger: str):
    feed = heard(tmp_path, adt(trigger))

    assert feed.rows == []
    assert feed.told.aside == 0
    assert sum(feed.told.notes.values()) == 1


@pytest.mark.parametrize(
    ("trigger", "event", "visit", "at"),
    [
        ("A01", {6: "20240301080000"}, {44: "20240301070000"}, "2024-03-01 08:00"),
        ("A01", {}, {44: "20240301070000"}, "2024-03-01 07:00"),
        ("A01", {}, {}, "2024-03-01 09:00"),
        ("A01", {2: ""}, {}, "2024-03-01 10:30"),
        ("A02", {}, {44: "20240301070000"}, "2024-03-01 09:00"),
        ("A06", {}, {44: "20240301070000"}, "2024-03-01 09:00"),
        ("A03", {}, {44: "20240301070000", 45: "20240301074500"}, "2024-03-01 07:45"),
        ("A11", {}, {44: "20240301070000"}, "2024-03-01 07:00"),
        ("A13", {}, {45: "20240301074500"}, "2024-03-01 07:45"),
        ("A12", {6: "20240301081500"}, {}, "2024-03-01 08:15"),
    ],
)
def test_what_happened_is_told_by_the_surest_field_of_its_trigger(tmp_path, trigger, event, visit, at):
    message = adt(trigger, event={2: "20240301090000"} | event, visit=visit)

    assert heard(tmp_path, message).one["at"] == utc(at)


@pytest.mark.parametrize("trigger", ["A11", "A12", "A13"])
def test_a_cancellation_that_names_no_instant_means_the_last_one(tmp_path: Path, trigger: str):
    assert "at" not in heard(tmp_path, adt(trigger)).one


def test_a_transfer_tells_both_places(tmp_path: Path):
    said = heard(tmp_path, adt("A02", visit={3: "ELM^2^B", 6: "OAK^1^A"})).one

    assert (said["place"], said["bed"]) == ("ELM", "2-B")
    assert (said["from_place"], said["from_bed"]) == ("OAK", "1-A")


def test_a_transfer_to_nowhere_is_put_aside(tmp_path: Path):
    feed = heard(tmp_path, adt("A02", visit={3: ""}))

    assert (feed.rows, feed.codes) == ([], ["E_NO_KEY"])


def test_a_swap_is_two_transfers(tmp_path: Path):
    second = [
        segment("PID", {3: "4712^^^OAK^MR", 8: "M"}),
        segment("PV1", {2: "I", 3: "OAK^1^A", 6: "ELM^2^B", 19: "V200"}),
    ]

    feed = heard(tmp_path, adt("A17", visit={3: "ELM^2^B", 6: "OAK^1^A"}, more="\r".join(second)))

    assert [(row["said"], row["encounter"], row["place"]) for row in feed.rows] == [
        ("transfer", encounter(), "ELM"),
        ("transfer", encounter("V200"), "OAK"),
    ]


def test_a_pending_admission_tells_when_the_bed_was_asked_for(tmp_path: Path):
    assert heard(tmp_path, adt("A14")).one["requested"] == utc("2024-03-01 10:30")


@pytest.mark.parametrize(
    ("visit", "person", "more", "outcome"),
    [
        ({36: "01"}, {}, "", "home"),
        ({36: "1"}, {}, "", "home"),
        ({36: "20"}, {}, "", "died"),
        ({36: "02"}, {}, "", "transferred"),
        ({36: "07"}, {}, "", "left"),
        ({36: "01"}, {30: "Y"}, "", "died"),
        ({}, {}, "PDA|I21", "died"),
        ({36: "went home by taxi"}, {}, "", None),
        ({}, {}, "", None),
    ],
)
def test_where_the_patient_went(tmp_path: Path, visit, person, more, outcome):
    message = adt("A03", visit={45: "20240301100000"} | visit, person=person, more=more)

    said = heard(tmp_path, message).one

    assert said.get("outcome") == outcome
    assert said["ended"] == utc("2024-03-01 10:00")


def test_death_is_told_by_the_discharge_only(tmp_path: Path):
    assert "outcome" not in heard(tmp_path, adt("A08", person={30: "Y"})).one


@pytest.mark.parametrize(
    ("visit", "person", "number"),
    [
        ({19: "V1"}, {18: "ACC9"}, "V1"),
        ({19: ""}, {18: "ACC9"}, "ACC9"),
        ({19: "V1^^^PAS^VN"}, {}, "V1"),
        ({19: "0001"}, {}, "0001"),
    ],
)
def test_a_visit_is_known_by_its_number_else_by_the_account(tmp_path: Path, visit, person, number):
    assert heard(tmp_path, adt("A01", visit=visit, person=person)).one["encounter"] == encounter(number)


def test_a_visit_without_any_number_is_known_by_person_and_admission(tmp_path: Path):
    visit = {19: "", 44: "20240301095500"}

    feed = heard(tmp_path, adt("A01", "1", visit=visit), adt("A03", "2", visit=visit))

    assert len({row["encounter"] for row in feed.rows}) == 1
    assert feed.told.notes["visits without a number: told apart by person and admission"] == 2


def test_a_visit_that_cannot_be_known_is_put_aside(tmp_path: Path):
    feed = heard(tmp_path, adt("A01", visit={19: ""}), adt("A08", visit={19: ""}))

    assert feed.rows == []
    assert feed.codes == ["E_NO_KEY"]  # an update without a visit is one of a person


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ("1^^^NHS^NH~4711^^^OAK^MR", "4711^OAK"),
        ("1^^^NHS^NH~2^^^OAK^PI", "1^NHS"),
        ("4711^^^^MR", "4711"),
        ("4711", "4711"),
        ("4711^^^OAK&2.16.1&ISO^MR", "4711^OAK"),
        ("~4711^^^OAK^MR", "4711^OAK"),
    ],
)
def test_a_person_is_known_by_the_medical_record_number(tmp_path: Path, listed: str, number: str):
    assert heard(tmp_path, adt("A01", person={3: listed})).one["patient"] == patient(number)


def test_two_numbers_of_one_person_are_told(tmp_path: Path):
    merge = "\r".join(
        [header("ADT^A40"), "EVN||20240301103000", "PID|||4711^^^OAK^MR", "MRG|4700^^^OAK^MR",
         "PID|||4711^^^OAK^MR", "MRG|4699"]
    )  # fmt: skip

    feed = heard(tmp_path, merge)

    assert [(row["thing"], row["key"], row["patient"]) for row in feed.rows] == [
        ("patient_merge", patient("4700^OAK"), patient()),
        ("patient_merge", patient("4699^OAK"), patient()),
    ]


def test_a_merge_without_the_old_number_is_put_aside(tmp_path: Path):
    assert heard(tmp_path, adt("A40")).codes == ["E_NO_KEY"]


@pytest.mark.parametrize(
    ("trigger", "visit", "person", "merged", "pairs"),
    [
        ("A50", {}, {}, "MRG|||||V099", [("V099", "V100")]),
        ("A42", {}, {}, "MRG|||||V099", [("V099", "V100")]),
        ("A41", {19: ""}, {18: "ACC2"}, "MRG|||ACC1", [("ACC1", "ACC2")]),
        ("A41", {}, {18: "ACC2"}, "MRG|||ACC1", []),
        ("A50", {}, {}, "MRG|||||V100", []),
        ("A06", {}, {}, "MRG|||||V099", [("V099", "V100")]),
    ],
)
def test_two_numbers_of_one_visit_are_told(tmp_path: Path, trigger, visit, person, merged, pairs):
    feed = heard(tmp_path, adt(trigger, visit=visit, person=person, more=merged))

    merges = [row for row in feed.rows if row["thing"] == "encounter_merge"]
    assert [(row["key"], row["encounter"]) for row in merges] == [
        (encounter(old), encounter(new)) for old, new in pairs
    ]


def test_a_visit_that_moves_belongs_to_the_other_person(tmp_path: Path):
    said = heard(tmp_path, adt("A45", person={3: "9^^^OAK^MR"}, more="MRG|4711||ACC1||V100")).one

    assert (said["said"], said["encounter"], said["patient"]) == ("update", encounter(), patient("9^OAK"))
    assert "place" not in said


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("19500301", 74),
        ("19500302", 73),
        ("20240229", 0),
        ("1950", 74),
        ("195004", 73),
        ("19200101", 90),
        ("19340301", 90),
        ("18000101", None),
        ("20250101", None),
        ("19501332", None),
        ("about 1950", None),
        ("", None),
    ],
)
def test_age_is_told_in_years_at_the_event_and_never_above_ninety(tmp_path: Path, born: str, age: int | None):
    feed = heard(tmp_path, adt("A01", person={7: born}))

    assert feed.one.get("age") == age
    assert feed.told.aside == 0


def test_what_the_sender_calls_empty_is_empty(tmp_path: Path):
    said = heard(tmp_path, adt("A08", visit={3: '""', 10: '""', 4: '""'})).one

    assert not {"place", "bed", "specialty", "method"} & set(said)


def test_a_code_of_no_table_is_left_out_and_counted(tmp_path: Path):
    feed = heard(tmp_path, adt("A01", visit={2: "Q"}))

    assert "kind" not in feed.one
    assert feed.told.notes["codes of PV1-2 that no table lists: left out"] == 1


def test_nothing_of_a_person_is_kept(tmp_path: Path):
    names = {5: "Archer^Ann", 11: "1 Elm Lane^^Leeds", 13: "0113 496 0000", 19: "QQ123456C"}

    said = str(heard(tmp_path, adt("A01", person=names)).rows)

    for word in ("Archer", "Ann", "Elm", "Leeds", "0113", "QQ123456C", "4711", "V100", "1950"):
        assert word not in said


def test_a_name_or_telephone_number_where_a_code_belongs_is_left_out_and_counted(tmp_path: Path):
    feed = heard(tmp_path, adt("A01", visit={3: "OAK^1^Ann Smith", 10: "Ann Smith 07700900123"}))

    assert "Ann" not in str(feed.rows)
    assert "07700900123" not in str(feed.rows)
    assert feed.one["place"] == "OAK"
    assert "bed" not in feed.one
    assert feed.told.notes["codes that look as if they told of a person: left out"] == 2
