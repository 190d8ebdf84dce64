"""Bad inputs of the flow of patients: what cannot be is put aside, what is odd is kept and flagged."""

from pathlib import Path

import pytest

from tests.faults.bad_inputs import Book
from tests.mirror.twin.records.folding.telling import folded, message, segment, stay, visit
from tests.mirror.twin.records.reading.extracts.reading_room import read_text
from twin.records.events import SCHEMA, Thing
from twin.records.folding.past import history_of_thing

BOOK = Book("flow-data")
D = "2025-03-01 "
HEADER = "encounter,arrived,discharged,ward,sex,age"


@pytest.mark.parametrize("name", BOOK.names())
def test_a_bad_input_of_the_flow_is_answered(name: str, tmp_path: Path):
    answer = BOOK.answer(name)

    answer(tmp_path) if answer.__code__.co_argcount else answer()


def test_every_entry_about_the_flow_is_answered_in_its_own_words():
    BOOK.hold_the_list()


@BOOK.answers_to("B045", "discharge before admission (LOS = -2 d)")
def ends_before_it_began() -> None:
    good = [stay("oak", D + "10:00", visit=f"E{n}") for n in range(2, 12)]

    outcome = folded([stay("oak", "2025-03-03 10:00", "2025-03-01 10:00"), *good])

    told = outcome.result.told_by_import[1]
    assert (told.aside, outcome.aside) == (1, [(1, 1, "E_NEGATIVE_LOS")])
    assert outcome.result.tables["ward_stays"].rows == 10


@BOOK.answers_to("B046", "LOS 0 min")
def no_length() -> None:
    outcome = folded([stay("oak", D + "10:00", D + "10:00")])

    assert outcome.stays() == [("oak", "03-01 10:00", "03-01 10:00")]
    assert (outcome.aside, outcome.found("N_NO_LENGTH")) == ([], 1)


@BOOK.answers_to("B047", "LOS 900 days")
def nine_hundred_days() -> None:
    outcome = folded([stay("oak", "2022-08-01 10:00", "2025-01-17 10:00")])

    days = (outcome.tables["ward_stays"]["ended"] - outcome.tables["ward_stays"]["started"]).dt.days
    assert (days.tolist(), outcome.aside, outcome.found("N_LONG_STAY")) == ([900], [], 1)


@BOOK.answers_to("B049", "cyclic transfers A->B->A->B within one second")
def to_and_fro() -> None:
    hops = [message("transfer", D + "11:00", ("elm", "oak")[n % 2], said_by=f"{n:05}") for n in range(5_000)]

    outcome = folded([message("admit", D + "10:00", "oak"), *hops])

    assert outcome.result.told_by_import[1].counts.total() == 5_000
    assert {code for _, _, code in outcome.aside} == {"E_TRANSFER_CYCLE"}
    assert outcome.stays() == [("oak", "03-01 10:00", None)]


@BOOK.answers_to("B050", "transfer to the ward the patient is in")
def nowhere_else() -> None:
    outcome = folded([message("admit", D + "10:00", "oak"), message("transfer", D + "11:00", "oak")])

    assert outcome.stays() == [("oak", "03-01 10:00", None)]
    assert (outcome.aside, outcome.found("N_SAME_WARD")) == ([], 1)


@BOOK.answers_to("B051", "unknown ward code 'W99'")
def an_unknown_ward() -> None:
    outcome = folded([stay("W99", D + "10:00"), stay("oaks", D + "10:00", visit="E2")])

    faults = outcome.result.told_by_import[1].faults
    assert [(fault.value, fault.code) for fault in faults] == [
        ("W99", "E_UNKNOWN_WARD"),
        ("oaks", "E_UNKNOWN_WARD"),
    ]
    assert ("known: " in faults[0].cure, 'did you mean "oak"?' in faults[1].cure) == (True, True)
    assert "ward_stays" not in outcome.result.tables


@BOOK.answers_to("B054", "midnight census does not equal admissions - discharges")
def the_census_does_not_follow() -> None:
    rows = [
        stay("cubicles", D + "10:00", D + "12:00"),
        stay("oak", D + "12:00", "2025-03-03 09:00"),
        # where the patient was from the third to the fifth is missing
        stay("elm", "2025-03-05 09:00", "2025-03-08 09:00"),
        stay("oak", "2025-03-05 09:00", "2025-03-08 09:00", visit="E2"),
    ]

    balance = folded(rows).result.balance

    told = [(day.ward, str(day.day), day.unmatched_ins, day.unmatched_outs) for day in balance.faults]
    assert sorted(told) == [("elm", "2025-03-05", 1, 0), ("oak", "2025-03-03", 0, 1)]
    assert (balance.failing, balance.ward_days) == (2, 12)
    assert balance.share == pytest.approx(2 / 12)


@BOOK.answers_to("B055", "duplicate encounter id with different contents")
def two_versions(folder: Path) -> None:
    first = [visit(specialty="300", age=40, said_at=D + "10:00")]
    second = [visit(specialty="301", age=40, said_at=D + "12:00")]

    assert folded(first, second).encounter("specialty", "versions") == ("301", 2)
    assert folded(second, first).encounter("specialty", "versions") == ("301", 2)
    kept = [segment(first, folder, 1), segment(second, folder, 2)]
    past = history_of_thing(kept, Thing.ENCOUNTER, "E1")
    assert past["specialty"].to_pylist() == ["300", "301"]


@BOOK.answers_to("B056", "free-text column holding names / NHS numbers / phone numbers")
def free_text(folder: Path) -> None:
    row = "1,2025-01-02,,oak,F,40,Ann Smith 943 476 5919 call 020 7946 0958"

    found = read_text(folder, f"{HEADER},notes\n{row}\n")

    assert found.note("columns left unread") == 1
    assert not [word for word in ("Smith", "943", "7946") if word in str(found.rows())]


@BOOK.answers_to("B057", "age 104; birth date given")
def very_old(folder: Path) -> None:
    found = read_text(folder, f"{HEADER},date_of_birth\n1,2025-01-02,,oak,F,104,1920-05-06\n")

    assert set(found.column("age", "encounter")) == {90}
    assert "1920" not in str(found.rows())
    assert not [name for name in SCHEMA.names if "birth" in name]
