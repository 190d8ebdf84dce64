"""Appointments, slots, cases, movements and shifts stand as they were last told."""

import pytest

from tests.mirror.twin.records.folding.telling import folded, told

D = "2025-03-01 "


def appointment(key: str = "A1", **fields) -> dict:
    return told(**{"thing": "appointment", "key": key, "said": "state", **fields})


def test_the_newest_word_holds_field_by_field():
    booked = [
        appointment(place="clinic", planned_start="2025-03-05 09:00", status="booked", said_at=D + "10:00")
    ]
    moved = [appointment(planned_start="2025-03-06 09:00", said_at=D + "12:00")]

    for imports in ((booked, moved), (moved, booked)):
        rows = folded(*imports).rows(
            "appointments", "key", "place", "planned_start", "status", "said_at", "versions"
        )

        assert rows == [("A1", "clinic", "03-06 09:00", "booked", "03-01 12:00", 2)]


def test_an_appointment_entered_in_error_never_was():
    gone = appointment(said="gone", said_at=D + "12:00")

    outcome = folded(
        [gone], [appointment(place="clinic", said_at=D + "10:00"), appointment("A2", place="clinic")]
    )

    assert outcome.rows("appointments", "key") == [("A2",)]


def test_messages_at_one_instant_are_ordered_by_their_number():
    rows = [
        appointment(status=status, said_at=D + "10:00", said_by=number)
        for number, status in (("10", "cancelled"), ("9", "booked"))
    ]

    assert folded(rows).rows("appointments", "status") == [("cancelled",)]


@pytest.mark.parametrize(
    ("thing", "table", "begin", "end"),
    [
        ("slot", "slots", "planned_start", "planned_end"),
        ("theatre_case", "theatre_cases", "started", "ended"),
        ("roster_shift", "roster_shifts", "planned_start", "planned_end"),
    ],
)
def test_an_end_before_its_begin_is_put_aside(thing, table, begin, end):
    rows = [
        told(**{"thing": thing, "key": key, "said": "state", begin: D + "10:00", end: until})
        for key, until in (("1", D + "11:00"), ("2", D + "09:00"))
    ]

    outcome = folded(rows)

    assert outcome.rows(table, "key") == [("1",)]
    assert outcome.aside == [(1, 2, "E_NEGATIVE_LOS")]


def test_a_clinic_that_is_not_known_puts_the_row_aside_and_a_store_does_not():
    movement = told(thing="supply_movement", key="1", said="state", kind="issue", item="gloves", place="ST1")

    outcome = folded([appointment(place="eyes"), movement])

    assert outcome.aside == [(1, 1, "E_UNKNOWN_WARD")]
    assert outcome.rows("supply_movements", "key", "item", "place") == [("1", "gloves", None)]
    assert outcome.found("N_UNKNOWN_PLACE") == 1


def test_a_row_without_a_number_is_put_aside():
    assert folded([appointment(key=None, place="clinic")]).aside == [(1, 1, "E_NO_KEY")]


def test_the_number_of_a_merged_patient_is_the_one_that_holds():
    merge = told(thing="patient_merge", key="P1", said="state", patient="P2")

    assert folded([appointment(patient="P1"), merge]).rows("appointments", "patient") == [("P2",)]


def test_what_a_row_put_aside_was_told_is_the_same_for_every_order():
    rows = [appointment(f"A{n}", place="eyes", row=n) for n in range(50)]

    one, other = folded(rows), folded(rows[::-1])

    assert one.result.told_by_import == other.result.told_by_import
    assert (one.result.told_by_import[1].aside, len(one.aside)) == (50, 20)
