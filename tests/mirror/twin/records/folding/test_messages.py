"""A visit is where its messages say, whatever order they were said in."""

import pytest

from tests.mirror.twin.records.folding.telling import folded, message, stay, visit

D = "2025-03-01 "


def test_a_visit_goes_from_admission_to_discharge():
    outcome = folded(
        [
            message("admit", D + "10:00", "cubicles"),
            message("transfer", D + "12:00", "oak"),
            message("discharge", "2025-03-03 09:00", "oak", outcome="home"),
        ]
    )

    assert outcome.stays() == [
        ("cubicles", "03-01 10:00", "03-01 12:00"),
        ("oak", "03-01 12:00", "03-03 09:00"),
    ]
    assert outcome.encounter("started", "ended", "status", "outcome") == (
        "03-01 10:00", "03-03 09:00", "finished", "home",
    )  # fmt: skip


def test_messages_that_come_late_and_twice_change_nothing():
    first = message("admit", D + "10:00", "cubicles")
    second = message("transfer", D + "12:00", "oak", said_at=D + "15:00")
    third = message("discharge", D + "14:00", "oak")

    outcome = folded([third, first], [second, first, second])

    assert outcome.stays() == [
        ("cubicles", "03-01 10:00", "03-01 12:00"),
        ("oak", "03-01 12:00", "03-01 14:00"),
    ]
    assert outcome.found("N_DUPLICATED") == 2


def test_a_cancelled_transfer_leaves_the_patient_where_he_was():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("transfer", D + "11:00", "elm"),
            message("cancel_transfer", D + "11:00", "oak", said_at=D + "11:05"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", None)]


def test_a_cancel_takes_back_the_event_that_it_names_by_its_time():
    outcome = folded(
        [
            message("admit", D + "10:00", "cubicles"),
            message("transfer", D + "11:00", "elm"),
            message("transfer", D + "12:00", "oak"),
            message("cancel_transfer", D + "11:00", said_at=D + "13:00"),
        ]
    )

    assert outcome.stays() == [("cubicles", "03-01 10:00", "03-01 12:00"), ("oak", "03-01 12:00", None)]


def test_a_cancel_without_a_time_takes_back_the_last_one():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("discharge", D + "12:00"),
            message("cancel_discharge", None, said_at=D + "12:30"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert outcome.encounter("ended", "status") == (None, "in_progress")


def test_a_message_sent_again_is_taken_back_with_the_first():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("transfer", D + "11:00", "elm", said_by="7"),
            message("transfer", D + "11:00", "elm", said_at=D + "11:01", said_by="8"),
            message("cancel_transfer", D + "11:00", said_at=D + "11:05"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", None)]


def test_a_visit_whose_admission_is_cancelled_never_was():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("transfer", D + "11:00", "elm"),
            message("cancel_admit", D + "10:00", said_at=D + "11:30"),
        ]
    )

    assert outcome.stays() == []
    assert outcome.encounter("status", "started") == ("cancelled", None)


def test_a_cancel_of_what_was_never_said_is_counted():
    outcome = folded([message("admit", D + "10:00", "oak"), message("cancel_discharge", D + "11:00")])

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert outcome.found("N_CANCEL_OF_NOTHING") == 1


def test_a_transfer_to_the_ward_the_patient_is_in_is_counted_and_moves_nobody():
    outcome = folded([message("admit", D + "10:00", "oak"), message("transfer", D + "11:00", "oak")])

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert outcome.found("N_SAME_WARD") == 1


def test_fifty_transfers_in_a_minute_are_put_aside():
    hops = [
        message("transfer", D + f"11:00:{n:02}", ("elm", "oak")[n % 2], said_by=f"{n}") for n in range(50)
    ]

    outcome = folded([message("admit", D + "10:00", "oak"), *hops])

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert outcome.result.told_by_import[1].aside == 50
    assert {code for _, _, code in outcome.aside} == {"E_TRANSFER_CYCLE"}


def test_forty_nine_transfers_in_a_minute_are_believed():
    hops = [message("transfer", D + f"11:00:{n:02}", ("elm", "oak")[n % 2]) for n in range(49)]

    outcome = folded([message("admit", D + "10:00", "oak"), *hops])

    assert len(outcome.stays()) == 50
    assert outcome.aside == []


def test_an_update_that_shows_another_ward_moves_the_patient_and_is_counted():
    outcome = folded([message("admit", D + "10:00", "oak"), message("update", D + "13:00", "elm")])

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 13:00"), ("elm", "03-01 13:00", None)]
    assert outcome.found("N_MOVED_BY_UPDATE") == 1


def test_an_update_tells_of_a_patient_who_was_there_before_the_feed():
    outcome = folded([message("update", D + "13:00", "elm", started="2025-02-20 08:00")])

    assert outcome.stays() == [("elm", "02-20 08:00", None)]
    assert outcome.found("N_NO_ADMISSION") == 1


def test_a_transfer_tells_the_stay_before_where_the_admission_was_not_seen():
    outcome = folded([message("transfer", D + "12:00", "elm", from_place="oak", started="2025-02-27 09:00")])

    assert outcome.stays() == [("oak", "02-27 09:00", "03-01 12:00"), ("elm", "03-01 12:00", None)]


def test_a_discharge_without_an_admission_closes_what_it_knows_of():
    outcome = folded([message("discharge", D + "12:00", "elm", started="2025-02-27 09:00")])

    assert outcome.stays() == [("elm", "02-27 09:00", "03-01 12:00")]
    assert outcome.encounter("status") == ("finished",)


def test_two_admissions_without_a_discharge_are_one_stay_and_counted():
    outcome = folded([message("admit", D + "10:00", "oak"), message("admit", D + "12:00", "oak")])

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert outcome.found("N_ADMITTED_TWICE") == 1


def test_a_discharge_before_the_admission_is_put_aside():
    outcome = folded(
        [
            message("admit", "2025-03-03 10:00", "oak"),
            message("discharge", D + "10:00", said_at="2025-03-04 10:00"),
        ]
    )

    assert outcome.aside == [(1, 2, "E_NEGATIVE_LOS")]
    assert outcome.stays() == [("oak", "03-03 10:00", None)]


def test_a_later_discharge_corrects_the_time_of_an_earlier_one():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("discharge", D + "15:00", said_at=D + "15:00"),
            message("discharge", D + "15:40", said_at=D + "16:00"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 15:40")]


def test_a_discharge_said_later_and_earlier_in_time_holds_too():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("discharge", D + "15:00", said_at=D + "15:00"),
            message("discharge", D + "14:10", said_at=D + "16:00"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 14:10")]


def test_who_comes_back_under_the_same_number_has_two_stays():
    outcome = folded(
        [
            message("admit", D + "10:00", "oak"),
            message("discharge", D + "12:00"),
            message("admit", "2025-03-05 10:00", "elm"),
        ]
    )

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 12:00"), ("elm", "03-05 10:00", None)]
    assert outcome.encounter("status") == ("in_progress",)


def test_a_planned_visit_has_no_stay_and_is_off_when_cancelled():
    planned = message("preadmit", D + "10:00", "oak", requested=D + "09:00")

    assert folded([planned]).encounter("status", "requested") == ("planned", "03-01 09:00")
    outcome = folded([planned, message("cancel_preadmit", D + "11:00")])
    assert (outcome.encounter("status"), outcome.stays()) == (("cancelled",), [])


def test_who_came_to_the_emergency_department_and_stays_is_an_emergency():
    outcome = folded(
        [
            message("register", D + "10:00", "cubicles", kind="emergency"),
            message("to_inpatient", D + "13:00", "oak", kind="inpatient"),
        ]
    )

    assert outcome.encounter("kind", "method", "arrived") == ("inpatient", "emergency", "03-01 10:00")
    assert outcome.stays() == [("cubicles", "03-01 10:00", "03-01 13:00"), ("oak", "03-01 13:00", None)]


def test_a_visit_that_was_deleted_is_gone():
    outcome = folded(
        [message("admit", D + "10:00", "oak"), message("gone", D + "11:00")], [visit("E2", status="planned")]
    )

    assert [row[0] for row in outcome.rows("encounters", "encounter")] == ["E2"]
    assert outcome.stays() == []


@pytest.mark.parametrize("first", ["messages", "extract"])
def test_messages_and_an_extract_meet_under_one_set_of_rules(first: str):
    messages = [message("admit", D + "10:00", "oak"), message("discharge", D + "15:00")]
    extract = [stay("oak", D + "10:05", "2025-03-01 15:10", said_at="2025-03-02 01:00")]

    outcome = folded(messages, extract) if first == "messages" else folded(extract, messages)

    assert outcome.stays() == [("oak", "03-01 10:05", "03-01 15:10")]
    assert outcome.found("N_SUPERSEDED") == 1


def test_a_discharge_ends_the_stay_that_an_extract_told():
    extract = [stay("oak", D + "10:00", said_at=D + "11:00")]

    outcome = folded(extract, [message("discharge", D + "18:00", "oak")])

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 18:00")]
