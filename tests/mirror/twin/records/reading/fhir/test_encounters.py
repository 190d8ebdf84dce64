"""An encounter becomes a visit, and its places the stays of that visit."""

from datetime import UTC, datetime

import pytest

from tests.mirror.twin.records.reading.fhir.resources import (
    NAMES,
    appointment,
    at,
    bundle,
    concept,
    encounter,
    location,
    ndjson,
    patient,
    reading,
    slot,
)

MON, TUE, WED = "2024-03-04T10:00:00Z", "2024-03-05T09:00:00Z", "2024-03-06T16:00:00Z"


def only_encounter(folder, **changes):
    read = reading(ndjson(folder, encounter(**changes)))
    assert read.codes == []
    [visit] = read.of("encounter")
    return visit


def stays(folder, *places, **changes):
    read = reading(ndjson(folder, encounter(location=list(places), **changes)))
    assert read.codes == []
    return read.of("ward_stay")


def test_an_inpatient_encounter_is_a_visit_with_its_times_and_its_version(tmp_path):
    visit = only_encounter(tmp_path)

    assert visit == {
        "thing": "encounter",
        "said": "state",
        "said_at": datetime(2024, 3, 6, 17),
        "said_by": "2".zfill(20),
        "row": 1,
        "key": NAMES.encounter("Encounter/e1"),
        "encounter": NAMES.encounter("Encounter/e1"),
        "patient": NAMES.patient("Patient/p1"),
        "kind": "inpatient",
        "status": "finished",
        "arrived": datetime(2024, 3, 4, 10),
        "started": datetime(2024, 3, 4, 10),
        "ended": datetime(2024, 3, 6, 16),
    }


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AMB", "outpatient"), ("EMER", "emergency"), ("ACUTE", "inpatient"), ("NONAC", "inpatient"),
     ("OBSENC", "inpatient"), ("SS", "day_case"), ("HH", "home"), ("VR", "outpatient"),
     ("PRENC", "inpatient")],
)  # fmt: skip
def test_the_class_of_an_encounter_is_its_kind(tmp_path, code, kind):
    assert only_encounter(tmp_path, **{"class": {"code": code}})["kind"] == kind


def test_a_class_of_the_hospitals_own_leaves_the_kind_empty_and_is_counted(tmp_path):
    read = reading(ndjson(tmp_path, encounter(**{"class": {"system": "urn:own", "code": "IMP"}})))

    assert "kind" not in read.of("encounter")[0]
    assert [times for what, times in read.told.notes.items() if "class" in what] == [1]


def test_how_a_patient_was_admitted_and_where_to_they_left(tmp_path):
    visit = only_encounter(
        tmp_path,
        priority=concept("EL"),
        serviceType=concept("300"),
        hospitalization={"admitSource": concept("hosp-trans"), "dischargeDisposition": concept("exp")},
    )

    assert (visit["method"], visit["priority"], visit["specialty"]) == ("transfer", "EL", "300")
    assert visit["outcome"] == "died"
    assert only_encounter(tmp_path, priority=concept("EL"))["method"] == "elective"
    assert only_encounter(tmp_path, **{"class": {"code": "EMER"}})["method"] == "emergency"


def test_words_where_a_code_belongs_are_not_kept(tmp_path):
    visit = only_encounter(
        tmp_path, serviceType=concept("Mrs Smith of 12 High Street"), priority={"text": "Ann's neighbour"}
    )

    assert "specialty" not in visit
    assert "priority" not in visit


@pytest.mark.parametrize("tells", ["ann.smith@example.org", "07700900123", "1950-03-05", "943-476-5919"])
def test_a_code_that_tells_of_a_person_is_not_kept_and_counted(tmp_path, tells):
    read = reading(ndjson(tmp_path, encounter(serviceType=concept(tells), priority=concept(tells))))

    assert tells not in repr(read.rows)
    assert [times for what, times in read.told.notes.items() if "codes" in what] == [2]


def test_the_history_of_statuses_tells_when_a_patient_came_and_when_care_began(tmp_path):
    history = [
        {"status": "arrived", "period": {"start": "2024-03-04T09:10:00Z", "end": "2024-03-04T09:40:00Z"}},
        {"status": "in-progress", "period": {"start": "2024-03-04T09:40:00Z"}},
    ]

    visit = only_encounter(tmp_path, statusHistory=history)

    assert (visit["arrived"], visit["started"]) == (datetime(2024, 3, 4, 9, 10), datetime(2024, 3, 4, 9, 40))


def test_a_planned_encounter_has_planned_times_and_no_stays(tmp_path):
    period = {"start": "2024-07-01T10:00:00Z"}
    read = reading(
        ndjson(tmp_path, encounter(status="planned", period=period, location=[at("Location/w", MON)]))
    )

    [visit] = read.rows
    assert visit["planned_start"] == datetime(2024, 7, 1, 10)
    assert "started" not in visit


def test_an_end_that_lies_ahead_of_a_visit_under_way_is_planned(tmp_path):
    visit = only_encounter(
        tmp_path, status="in-progress", period={"start": MON, "end": "2024-06-09T10:00:00Z"}
    )

    assert visit["planned_end"] == datetime(2024, 6, 9, 10)
    assert "ended" not in visit


def test_nothing_has_happened_after_the_last_instant_of_the_data(tmp_path):
    told = {"as_of": datetime(2024, 3, 5, tzinfo=UTC)}

    late = reading(ndjson(tmp_path, encounter()), **told)
    here = reading(ndjson(tmp_path, encounter(status="in-progress")), **told)

    assert (late.codes, late.fields) == (["E_FUTURE"], ["period.end"])
    assert here.of("encounter")[0]["planned_end"] == datetime(2024, 3, 6, 16), (
        "said later, of the time before"
    )


def test_a_visit_entered_in_error_is_gone(tmp_path):
    read = reading(ndjson(tmp_path, encounter(status="entered-in-error")))

    [said] = read.rows
    assert (said["said"], said["key"], said["encounter"]) == ("gone", *[NAMES.encounter("Encounter/e1")] * 2)
    assert "started" not in said


def test_sex_and_age_come_from_the_patient_of_the_same_file_wherever_it_stands(tmp_path):
    after = reading(ndjson(tmp_path, encounter(), patient()))
    before = reading(bundle(tmp_path, patient(), encounter()))

    for read in (after, before):
        [visit] = read.of("encounter")
        assert (visit["sex"], visit["age"]) == ("female", 73), "a day before the birthday"
    assert not any("1950" in str(row) for row in after.rows)


@pytest.mark.parametrize(
    ("born", "age"),
    [("1920-01-01", 90), ("1934-03-04", 90), ("1934-03-05", 89), ("1950", 73), ("2030-01-01", None)],
)
def test_ages_above_ninety_are_told_as_ninety(tmp_path, born, age):
    read = reading(ndjson(tmp_path, encounter(), patient(birthDate=born)))

    assert read.of("encounter")[0].get("age") == age


def test_a_contained_patient_tells_sex_and_age(tmp_path):
    contained = [{"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "2000-01-01"}]

    visit = only_encounter(tmp_path, subject={"reference": "#p"}, contained=contained)

    assert (visit["sex"], visit["age"]) == ("male", 24)
    assert "patient" not in visit


def test_each_place_of_the_history_is_a_stay(tmp_path):
    first, second = stays(tmp_path, at("Location/b1", MON, TUE), at("Location/b2", TUE, WED))

    assert (first["place"], first["started"], first["ended"]) == (
        "Location/b1", datetime(2024, 3, 4, 10), datetime(2024, 3, 5, 9),
    )  # fmt: skip
    assert (second["place"], second["ended"]) == ("Location/b2", datetime(2024, 3, 6, 16))
    assert first["whole"] and second["whole"]
    assert first["key"] != second["key"]
    assert first["encounter"] == second["encounter"] == NAMES.encounter("Encounter/e1")


def test_a_stay_without_an_end_goes_on_to_the_next_or_to_the_end_of_the_visit(tmp_path):
    first, second = stays(tmp_path, at("Location/b2", TUE), at("Location/b1", MON))

    assert [first["place"], second["place"]] == ["Location/b1", "Location/b2"]
    assert (first["ended"], second["ended"]) == (datetime(2024, 3, 5, 9), datetime(2024, 3, 6, 16))


def test_a_visit_in_one_place_without_a_time_is_there_all_along(tmp_path):
    [stay] = stays(tmp_path, at("Location/clinic", status="active"))

    assert (stay["started"], stay["ended"]) == (datetime(2024, 3, 4, 10), datetime(2024, 3, 6, 16))


def test_a_bed_told_with_its_room_and_its_ward_is_one_stay(tmp_path):
    kinds = {"Location/w": "wa", "Location/b": "bd", "Location/r": "ro"}
    places = [at(place, MON, WED, physicalType=concept(kind)) for place, kind in kinds.items()]

    [stay] = stays(tmp_path, *places)

    assert (stay["place"], stay["bed"]) == ("Location/b", "Location/b")


def test_a_place_that_is_only_planned_is_none_yet(tmp_path):
    told = stays(tmp_path, at("Location/b1", MON, WED), at("Location/b2", TUE, WED, status="reserved"))

    assert [stay["place"] for stay in told] == ["Location/b1"]


def test_an_encounter_within_another_gives_its_stays_to_that_visit(tmp_path):
    inner = encounter("e2", partOf={"reference": "Encounter/e1"}, location=[at("Location/b", MON, WED)])

    read = reading(ndjson(tmp_path, encounter(), inner))

    [visit] = read.of("encounter")
    [stay] = read.of("ward_stay")
    assert stay["encounter"] == visit["key"] == NAMES.encounter("Encounter/e1")
    assert "whole" not in stay


def test_the_same_resources_say_the_same_as_lines_and_as_a_bundle(tmp_path):
    resources = [
        patient(),
        encounter(location=[at("Location/b", MON)]),
        location("b", "Bed 1"),
        slot(),
        appointment(),
    ]

    in_lines, bundled = reading(ndjson(tmp_path, *resources)), reading(bundle(tmp_path, *resources, indent=2))

    assert in_lines.rows == bundled.rows
    assert in_lines.told == bundled.told
    assert in_lines.told.read == 5


def test_a_visit_that_is_cancelled_is_told_whole_so_that_stays_told_before_never_were(tmp_path):
    assert only_encounter(tmp_path, status="cancelled")["whole"] is True
