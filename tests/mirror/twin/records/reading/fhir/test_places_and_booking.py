"""Places are chains of names; slots and appointments stand in them."""

from datetime import datetime

import pytest

from tests.mirror.twin.records.reading.fhir.resources import (
    NAMES,
    appointment,
    at,
    concept,
    encounter,
    location,
    ndjson,
    reading,
    slot,
)

MON = "2024-03-04T10:00:00Z"


def chain(rows, start):
    """Names from a place upwards, as a folding would try them."""
    by_key, names = {row["key"]: row for row in rows if row["thing"] == "location"}, []
    while start in by_key:
        names.append(by_key[start].get("place"))
        start = by_key[start].get("part_of")
    return names


@pytest.mark.parametrize("turned", [False, True])
def test_a_bed_leads_to_its_ward_by_identifier_and_by_name_in_whatever_order(tmp_path, turned):
    places = [
        location("b1", "Bed 1", "B-1", partOf={"reference": "Location/r1"}, physicalType=concept("bd")),
        location("r1", "Room 1", partOf={"reference": "https://emr/fhir/Location/w1"}),
        location("w1", "Ward 4A", "W-4A", physicalType=concept("wa")),
    ]
    stay = encounter(location=[at("Location/b1", MON)])

    read = reading(ndjson(tmp_path, stay, *(reversed(places) if turned else places)))

    assert chain(read.rows, read.of("ward_stay")[0]["place"]) == [
        "B-1", "Bed 1", "b1", "Room 1", "r1", "W-4A", "Ward 4A", "w1",
    ]  # fmt: skip
    kinds = {row["place"]: row.get("kind") for row in read.of("location")}
    assert (kinds["B-1"], kinds["Room 1"], kinds["W-4A"]) == ("bed", None, "ward")


def test_somebodys_home_is_told_without_its_name(tmp_path):
    home = location("h1", "Home of Ann Smith", "NHS 943 476 5919", physicalType=concept("ho"))

    read = reading(ndjson(tmp_path, home))

    assert [row["place"] for row in read.rows] == ["h1"]


def test_a_place_named_after_a_person_goes_by_its_id(tmp_path):
    read = reading(ndjson(tmp_path, location("r1", "Tel. 020 7946 0958", "ann@example.org")))

    assert [row["place"] for row in read.rows] == ["r1"]


def test_a_place_with_a_character_that_cannot_be_seen_is_put_aside(tmp_path):
    read = reading(
        ndjson(tmp_path, location("w", "Ward\u0000 1"), location("v", "Ward\ud800 2"), location("u", "3"))
    )

    assert read.codes == ["E_CONTROL_CHAR"] * 2
    assert [row["place"] for row in read.rows] == ["3", "u"]


def test_contained_and_logical_places_are_called_by_identifier_or_name(tmp_path):
    inside = [location("w", "Ward 1", "W1")]
    read = reading(
        ndjson(
            tmp_path,
            encounter("e1", contained=inside, location=[at("#w", MON)]),
            encounter("e2", location=[{"location": {"identifier": {"value": "W2"}}}]),
            encounter("e3", location=[at("Location?identifier=urn:wards%7CW3", MON)]),
        )
    )

    assert [stay["place"] for stay in read.of("ward_stay")] == ["W1", "W2", "W3"]


def test_a_slot_stands_in_its_schedule_which_its_clinic_holds(tmp_path):
    actors = [{"reference": "Practitioner/x"}, {"reference": "Location/clinic"}]
    mondays = {"resourceType": "Schedule", "id": "mondays", "actor": actors}

    read = reading(
        ndjson(tmp_path, slot(serviceType=[concept("124")]), mondays, location("clinic", "Clinic 1"))
    )

    [free] = read.of("slot")
    assert (free["key"], free["theatre_list"], free["specialty"]) == ("Slot/s1", "Schedule/mondays", "124")
    assert (free["status"], free["planned_start"]) == ("free", datetime(2024, 7, 1, 8))
    assert chain(read.rows, free["place"]) == ["mondays", "Clinic 1", "clinic"]


def test_an_appointment_is_a_patients_in_a_clinic(tmp_path):
    booked = appointment(
        created="2024-05-01T08:00:00Z",
        slot=[{"reference": "Slot/s1"}],
        serviceType=[concept("124")],
        priority=1,
    )

    [said] = reading(ndjson(tmp_path, booked)).rows

    assert said == {
        "thing": "appointment", "said": "state", "row": 1, "key": NAMES.encounter("Appointment/a1"),
        "patient": NAMES.patient("Patient/p1"), "kind": "outpatient", "place": "Location/clinic",
        "specialty": "124", "priority": "1", "status": "booked", "theatre_list": "Slot/s1",
        "requested": datetime(2024, 5, 1, 8),
        "planned_start": datetime(2024, 7, 1, 8), "planned_end": datetime(2024, 7, 1, 8, 30),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "stands"),
    [("proposed", "proposed"), ("pending", "proposed"), ("waitlist", "proposed"), ("booked", "booked"),
     ("arrived", "arrived"), ("checked-in", "arrived"), ("fulfilled", "attended"), ("noshow", "no_show"),
     ("cancelled", "cancelled")],
)  # fmt: skip
def test_the_status_of_an_appointment(tmp_path, status, stands):
    [said] = reading(ndjson(tmp_path, appointment(status=status))).rows

    assert said["status"] == stands


def test_a_day_on_which_an_appointment_was_made_is_not_after_the_appointment(tmp_path):
    early = appointment(
        status="fulfilled", created="2024-03-04", start="2024-03-04T09:00:00Z", end="2024-03-04T09:30:00Z"
    )

    [said] = reading(ndjson(tmp_path, early)).rows

    assert said["requested"] == said["planned_start"]


def test_what_was_entered_in_error_is_gone(tmp_path):
    read = reading(ndjson(tmp_path, appointment(status="entered-in-error"), slot(status="entered-in-error")))

    assert [(row["thing"], row["said"]) for row in read.rows] == [("appointment", "gone"), ("slot", "gone")]


@pytest.mark.parametrize("made", [appointment, slot])
def test_what_is_bookable_has_a_status_of_its_list_and_a_time(tmp_path, made):
    read = reading(
        ndjson(tmp_path, made(status="banana"), made(start=None), made(end="2024-06-30"), made(status=None))
    )

    assert read.codes == ["E_CODE", "E_DATE", "E_NEGATIVE_LOS", "E_CODE"]
    assert read.rows == []
