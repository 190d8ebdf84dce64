"""Each shipped mapping reads a row as its source means it."""

import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import NAMES, read_text, utc

HES = (
    "EPIKEY,SPELL,PSEUDO_HESID,ADMIDATE,ADMIMETH,EPISTART,EPIEND,EPIORDER,DISDATE,DISMETH,"
    "DISDEST,MAINSPEF,TRETSPEF,SITETRET,STARTAGE,SEX,CLASSPAT\n"
)


def test_an_episode_of_hes_tells_its_spell_and_its_stay(tmp_path):
    rows = "11,5,A1,2025-01-02,21,2025-01-02,2025-01-04,1,2025-01-09,1,19,300,301,RGT01,7003,2,1\n"
    rows += "12,5,A1,2025-01-02,21,2025-01-04,1801-01-01,2,1800-01-01,8,98,300,302,RGT01,92,1,1\n"

    found = read_text(tmp_path, HES + rows)

    spell, goes_on = found.rows("encounter")
    assert spell["key"] == goes_on["key"] == NAMES.encounter("5")
    assert (spell["method"], spell["outcome"], spell["kind"]) == ("emergency", "home", "inpatient")
    assert (spell["status"], goes_on["status"]) == ("finished", None)
    assert spell["said_by"] < goes_on["said_by"]
    assert (spell["age"], goes_on["age"], spell["sex"]) == (0, 90, "female")
    assert (spell["arrived"], spell["ended"]) == (utc("2025-01-02 12:00"), utc("2025-01-09 12:00"))
    assert (goes_on["ended"], goes_on["outcome"]) == (None, None)
    assert found.column("place", "ward_stay") == ["301", "302"]
    assert found.column("ended", "ward_stay") == [utc("2025-01-04 12:00"), None]
    assert found.column("key", "ward_stay")[0] == NAMES.encounter("11")


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("11", "elective"),
        ("2A", "emergency"),
        ("2d", "emergency"),
        ("31", "other"),
        ("81", "transfer"),
        ("82", "birth"),
        ("99", None),
    ],
)
def test_admission_methods_of_the_nhs_have_their_meaning(tmp_path, code, meant):
    row = f"11,5,A1,02/01/2025,{code},02/01/2025,03/01/2025,1,03/01/2025,1,19,300,301,RGT01,40,2,1\n"

    assert read_text(tmp_path, HES + row).column("method", "encounter") == [meant]


def test_a_day_case_of_hes_stays_no_time_at_all(tmp_path):
    row = "11,5,A1,2025-01-02,12,2025-01-02,2025-01-02,1,2025-01-02,1,19,300,301,RGT01,40,2,2\n"

    (stay,) = read_text(tmp_path, HES + row).rows("ward_stay")

    assert stay["started"] == stay["ended"] == utc("2025-01-02 12:00")


def test_visits_of_omop_are_told_by_their_concepts(tmp_path):
    header = (
        "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,"
        "visit_end_date,visit_end_datetime,care_site_id,discharged_to_concept_id\n"
    )
    rows = (
        "1,7,9201,2025-01-02,2025-01-02 08:00:00,2025-01-05,,31,8536\n2,7,262,2025-01-02,,"
        "2025-01-05,,31,4216643\n3,7,9202,2025-01-02,,2025-01-02,,31,0\n4,8,9203,2025-01-02,,"
        "2025-01-02,,31,8863\n"
    )

    found = read_text(tmp_path, header + rows)

    assert found.column("kind") == ["inpatient", "inpatient", "outpatient", "emergency"]
    assert found.column("method") == [None, "emergency", None, "emergency"]
    assert found.column("outcome") == ["home", "died", None, "care_home"]
    assert found.column("arrived")[:2] == [utc("2025-01-02 08:00"), utc("2025-01-02 12:00")]
    assert found.column("ended")[0] == utc("2025-01-05 12:00")


def test_details_of_omop_are_stays_in_a_care_site(tmp_path):
    header = (
        "visit_detail_id,person_id,visit_detail_concept_id,visit_detail_start_date,"
        "visit_detail_start_datetime,visit_detail_end_date,visit_detail_end_datetime,"
        "care_site_id,visit_occurrence_id\n"
    )
    rows = (
        "9,7,9201,2025-01-02,2025-01-02 08:00:00,2025-01-05,2025-01-05 09:00:00,31,1\n10,7,"
        "9202,2025-01-02,,2025-01-02,,32,2\n"
    )

    found = read_text(tmp_path, header + rows)

    assert found.column("place") == ["31"]
    assert found.column("encounter") == [NAMES.encounter("1")]
    assert found.note("of a kind that the mapping leaves out") == 1


def test_a_row_of_the_twin_tells_a_stay_and_once_its_visit(tmp_path):
    header = "encounter,patient_class,stream,place,step,requested,started,ended,arrived,outcome\n"
    rows = "7,medical,ed,cubicle,seen,,2025-01-02 10:00,2025-01-02 12:00,2025-01-02 09:50,\n"
    rows += "7,medical,ed,oak,bed,2025-01-02 11:00,2025-01-02 12:00,,2025-01-02 09:50,\n"
    rows += "8,medical,ed,,bed,2025-01-03,,,,\n"

    found = read_text(tmp_path, header + rows)

    assert found.column("place", "ward_stay") == ["cubicle", "oak", None]
    assert found.column("row", "encounter") == [2, 4]
    assert found.column("patient_class", "encounter") == ["medical", "medical"]
    assert found.column("requested", "ward_stay")[2] == utc("2025-01-03 00:00")
    assert len(set(found.column("key", "ward_stay"))) == 3


def test_a_stay_of_the_twin_that_is_over_has_begun(tmp_path):
    header = "encounter,patient_class,stream,place,step,started,ended\n"

    found = read_text(tmp_path, header + "7,medical,ed,oak,bed,,2025-01-02 12:00\n8,medical,ed,oak,bed,,\n")

    assert found.faults == [(2, "started", "E_DATA"), (3, "started", "E_DATA")]


def test_an_appointment_book_tells_what_became_of_each(tmp_path):
    header = "appointment_id,patient_id,clinic,appointment_date,appointment_time,end_time,status,referred\n"
    rows = (
        "1,7,eyes,2025-07-02,09:20,09:40,booked,2025-05-01\n2,7,eyes,2025-01-02,09:20,,DNA,"
        "\n3,7,eyes,2025-01-02,,,6,\n"
    )

    found = read_text(tmp_path, header + rows)

    assert found.column("status") == ["booked", "no_show", "attended"]
    assert found.column("planned_start")[0] == utc("2025-07-02 08:20")
    assert found.column("planned_end")[0] == utc("2025-07-02 08:40")
    assert found.column("key")[0] == NAMES.encounter("1")


def test_a_theatre_case_is_planned_and_done(tmp_path):
    header = (
        "case_id,patient_id,theatre,specialty,list,scheduled_start,operation_start,operation_end,status\n"
    )

    (case,) = read_text(
        tmp_path,
        header + "C1,7,TH1,110,TH1-AM,2025-01-02 09:00,2025-01-02 09:20,2025-01-02 11:00,completed\n",
    ).rows()

    assert (case["thing"], case["status"], case["theatre_list"]) == ("theatre_case", "done", "TH1-AM")
    assert (case["planned_start"], case["ended"]) == (utc("2025-01-02 09:00"), utc("2025-01-02 11:00"))


def test_a_supply_movement_has_its_sign_its_batch_and_its_price(tmp_path):
    header = "movement_id,item_code,timestamp,qty,type,store,lot,expiry_date,unit_cost\n"

    (moved,) = read_text(
        tmp_path, header + "1,GLV-M,2025-01-02 10:00,20,issued,S1,20250102334455,2027-01-31,0.08\n"
    ).rows()

    assert (moved["kind"], moved["quantity"], moved["cost"]) == ("issue", -20, 0.08)
    assert (moved["lot"], moved["expires"]) == ("20250102334455", utc("2027-01-31 12:00"))


def test_a_roster_keeps_the_group_and_not_the_person(tmp_path):
    header = "employee_id,name,role,band,ward,shift_date,start_time,end_time,status\n"

    (shift,) = read_text(
        tmp_path, header + "55123,Ann Smith,nurse,5,oak,2025-07-02,20:00,08:00,rostered\n"
    ).rows()

    assert (shift["staff_group"], shift["skill"], shift["status"]) == ("nurse", "5", "planned")
    assert (shift["planned_start"], shift["planned_end"]) == (
        utc("2025-07-02 19:00"),
        utc("2025-07-03 07:00"),
    )
    assert shift["key"].startswith(str(NAMES.patient("55123")))
    assert "Smith" not in str(shift)
