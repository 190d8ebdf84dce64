"""What SIU messages say of an appointment, trigger by trigger."""

from pathlib import Path

import pytest

from tests.mirror.twin.records.reading.hl7.feed import encounter, heard, patient, segment, siu, utc

HERS = encounter("F77")


def test_a_booking_is_told_whole(tmp_path: Path):
    message = siu("S12", schedule={5: "LIST3"}, more=segment("PV1", {2: "O", 10: "120", 19: "V100"}))

    said = heard(tmp_path, message).one

    assert said == {
        "thing": "appointment",
        "said": "state",
        "key": HERS,
        "encounter": encounter(),
        "patient": patient(),
        "said_at": utc("2024-03-01 10:30"),
        "said_by": "PAS/000000000001",
        "row": 1,
        "kind": "outpatient",
        "specialty": "120",
        "place": "ENT",
        "planned_start": utc("2024-03-12 09:30"),
        "planned_end": utc("2024-03-12 10:00"),
        "status": "booked",
        "theatre_list": "LIST3",
    }


@pytest.mark.parametrize(
    ("trigger", "filler", "status"),
    [
        ("S12", "", "booked"),
        ("S12", "Pending", "proposed"),
        ("S12", "Wait list", "proposed"),
        ("S12", "Overbook", "booked"),
        ("S13", "", "booked"),
        ("S14", "", None),
        ("S14", "Arrived", "arrived"),
        ("S14", "Started", "arrived"),
        ("S14", "Complete", "attended"),
        ("S14", "Noshow", "no_show"),
        ("S14", "Something else", None),
        ("S15", "Booked", "cancelled"),
        ("S16", "", "cancelled"),
        ("S26", "Booked", "no_show"),
        ("S18", "Booked", "booked"),
        ("S19", "", None),
        ("S20", "", None),
        ("S21", "", None),
        ("S22", "", None),
    ],
)
def test_the_trigger_holds_over_the_status_that_it_carries(tmp_path, trigger, filler, status):
    assert heard(tmp_path, siu(trigger, schedule={25: filler})).one.get("status") == status


def test_a_deleted_appointment_never_was(tmp_path: Path):
    said = heard(tmp_path, siu("S17")).one

    assert (said["thing"], said["said"], said["key"]) == ("appointment", "gone", HERS)


def test_a_moved_appointment_keeps_its_number(tmp_path: Path):
    later = {11: "^^30^20240319093000^20240319100000"}

    feed = heard(tmp_path, siu("S12", "1"), siu("S13", "2", schedule=later))

    assert [row["key"] for row in feed.rows] == [HERS, HERS]
    assert [row["planned_start"].day for row in feed.rows] == [12, 19]


@pytest.mark.parametrize(("trigger", "status"), [("S23", "blocked"), ("S24", "free")])
def test_a_part_of_the_timetable_is_blocked_and_opened(tmp_path: Path, trigger: str, status: str):
    said = heard(tmp_path, siu(trigger)).one

    assert (said["thing"], said["status"], said["place"]) == ("slot", status, "ENT")
    assert "patient" not in said


@pytest.mark.parametrize(
    ("schedule", "more", "start", "end"),
    [
        ({}, "", "2024-03-12 09:30", "2024-03-12 10:00"),
        ({11: "^^^20240312093000"}, "", "2024-03-12 09:30", None),
        ({11: "^^^20240312093000", 9: "20", 10: "MIN"}, "", "2024-03-12 09:30", "2024-03-12 09:50"),
        ({11: "^^^20240312093000", 9: "2", 10: "hours"}, "", "2024-03-12 09:30", "2024-03-12 11:30"),
        ({11: "^^^20240312093000", 9: "20", 10: "moons"}, "", "2024-03-12 09:30", None),
        ({11: "^^^20240312093000", 9: "many"}, "", "2024-03-12 09:30", None),
        ({11: "^^^20240312093000^20240312090000"}, "", "2024-03-12 09:30", None),
        ({11: "^^^20240312093000^99991231"}, "", "2024-03-12 09:30", None),
        ({}, "TQ1|||||||20240313110000|20240313113000", "2024-03-13 11:00", "2024-03-13 11:30"),
        ({11: ""}, "AIS|1|A|99|20240314080000|||15|min^Minutes", "2024-03-14 08:00", "2024-03-14 08:15"),
        ({11: ""}, "AIP|1||9|||20240314080000|||15|min", "2024-03-14 08:00", "2024-03-14 08:15"),
    ],
)
def test_its_time_is_found_wherever_the_sender_puts_it(tmp_path, schedule, more, start, end):
    said = heard(tmp_path, siu("S12", schedule=schedule, more=more)).one

    assert said["planned_start"] == utc(start)
    assert said.get("planned_end") == (utc(end) if end else None)


def test_a_booking_without_a_time_is_put_aside(tmp_path: Path):
    assert heard(tmp_path, siu("S12", schedule={11: ""})).codes == ["E_DATE"]
    assert heard(tmp_path, siu("S15", schedule={11: ""})).one["status"] == "cancelled"


def test_an_appointment_without_a_number_is_put_aside(tmp_path: Path):
    assert heard(tmp_path, siu("S12", schedule={1: "", 2: ""})).codes == ["E_NO_KEY"]
    assert heard(tmp_path, siu("S12", schedule={2: ""})).one["key"] == encounter("P55")


@pytest.mark.parametrize(
    ("told", "kept"), [("DNA", "DNA"), ("PAT_ILL", "PAT_ILL"), ("her bus was late", None), ("", None)]
)
def test_why_it_was_cancelled_is_kept_as_a_code_only(tmp_path: Path, told: str, kept: str | None):
    assert heard(tmp_path, siu("S15", schedule={6: told})).one.get("reason") == kept


def test_other_triggers_are_counted(tmp_path: Path):
    feed = heard(tmp_path, siu("S99"))

    assert (feed.rows, feed.told.aside) == ([], 0)
    assert feed.told.notes["messages of other types and triggers"] == 1
