"""What the page of records and its command say: states, freshness, missing days, findings, rows put aside."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dashboards.services import findings as told
from dashboards.services import records as service
from tests.books import KeptBook, finding
from twin.records.encounters import load_encounters
from twin.workspace import Workspace, create_workspace

ENDS = datetime(2025, 3, 3)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A small hospital with 60 simulated days that end on 2 March 2025."""
    folder = tmp_path_factory.mktemp("records") / "ws"
    return create_workspace(folder, size="small", until=date(2025, 3, 2), days=60, seed=3)


def as_imported(simulated, folder, *lost: str) -> Workspace:
    """The same days as the hospital's own, without the emergency arrivals of the ``lost`` ones."""
    (folder / "records").mkdir(parents=True)
    (folder / "hospital.toml").write_bytes(simulated.hospital_file.read_bytes())
    records = load_encounters(simulated.records_file)
    gone = records.frame["arrived"].dt.strftime("%Y-%m-%d").isin(lost)
    gone &= records.frame["stream"].astype(object) == "ed_attendances"
    kept = replace(records, frame=records.frame[~gone].reset_index(drop=True), made_by="imported")
    (folder / "records" / "encounters.parquet").write_bytes(kept.parquet())
    return Workspace(folder)


@pytest.fixture(scope="module")
def whole(simulated, tmp_path_factory):
    """The hospital's own sixty days."""
    return as_imported(simulated, tmp_path_factory.mktemp("whole") / "ws")


@pytest.fixture(scope="module")
def own(simulated, tmp_path_factory):
    """The hospital's own sixty days, with nobody in the emergency department on 4 and 5 February."""
    return as_imported(simulated, tmp_path_factory.mktemp("own") / "ws", "2025-02-04", "2025-02-05")


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)


def test_a_new_folder_says_what_will_stand_there(tmp_path):
    view = service.records_view(tmp_path)

    assert (view.kind, view.first) == ("none", "No records yet.")
    assert len(view.absent) == 7


def test_no_folder_is_told_with_its_cure_and_not_thrown(tmp_path):
    view = service.records_view(tmp_path / "nowhere")

    assert "make one with: twin init" in view.fault


def test_damaged_records_are_told_and_not_thrown(simulated, tmp_path):
    (tmp_path / "records").mkdir()
    (tmp_path / "hospital.toml").write_bytes(simulated.hospital_file.read_bytes())
    (tmp_path / "records" / "encounters.parquet").write_bytes(b"PAR1 nothing PAR1")

    assert "encounters.parquet" in service.records_view(tmp_path).fault


def test_a_simulated_year_is_told_as_one_and_is_never_late(simulated):
    view = service.records_view(simulated, now=ENDS + timedelta(days=300))

    assert view.kind == "simulated"
    assert view.first.startswith("A simulated year stands in")
    assert {line.state for line in view.tables} == {"simulated"}
    assert view.findings == ()


def test_records_in_order_say_so_and_how_far_they_reach(whole):
    view = service.records_view(whole, KeptBook(), ENDS + timedelta(minutes=40))

    assert view.first == "The records are in order."
    assert view.then == "The records reach to Monday 3 March 2025, 00:00, 40 min ago. No day is missing."
    assert view.figures[-1].below == "nothing to mend"


def test_days_without_anybody_are_named_in_one_stretch(own):
    view = service.records_view(own, KeptBook(), ENDS)

    missing = {line.title: line.gap_words for line in view.streams if line.gaps}
    assert missing == {"Emergency attendances": "2 days: 4 to 5 Feb 2025"}
    assert view.first == "Days are missing in emergency attendances."


def test_one_late_table_is_named_while_the_others_are_fresh(whole):
    quiet = {"supply_movements": (9, at(2025, 1, 2), at(2025, 2, 20), None)}

    view = service.records_view(whole, KeptBook(quiet), ENDS)

    assert view.first == "Supply movements are late."


def test_every_day_of_a_stream_is_there_to_be_drawn(own):
    emergency = service.records_view(own, KeptBook(), ENDS).streams[0]

    assert emergency.first == date(2025, 1, 2)
    assert len(emergency.daily) == 60
    assert emergency.daily[33:35] == (0.0, 0.0)


@pytest.mark.parametrize(("hours", "late"), [(36, False), (37, True)])
def test_records_are_late_after_a_day_and_a_half(own, hours, late):
    view = service.records_view(own, KeptBook(), ENDS + timedelta(hours=hours))

    assert view.age.is_late is late
    assert ("look at the feed" in view.first) is late
    assert {line.state for line in view.tables} == {"late" if late else "fresh"}


def test_what_is_planned_may_lie_ahead_and_is_late_when_it_ended(own):
    ahead = {"appointments": (90, at(2025, 1, 2), at(2025, 3, 13), None)}
    behind = {"appointments": (90, at(2025, 1, 2), at(2025, 2, 20), None)}

    line = service.records_view(own, KeptBook(ahead), ENDS).tables[0]
    old = service.records_view(own, KeptBook(behind), ENDS).tables[0]

    assert (line.title, line.rows, line.age, line.state) == ("Appointments", 90, "10 days ahead", "fresh")
    assert (old.age, old.state) == ("11 days old", "late")


def test_a_table_is_as_new_as_the_newest_that_was_said_of_it(own):
    quiet = {"supply_movements": (9, at(2025, 1, 2), at(2025, 2, 20), at(2025, 3, 2, 20))}

    line = service.records_view(own, KeptBook(quiet), ENDS).tables[0]

    assert (line.age, line.state) == ("4 h old", "fresh")


def test_instants_are_told_in_the_hospital_s_own_time(own):
    summer = {"encounters": (9, at(2025, 1, 2), at(2025, 7, 1, 5), None)}

    line = service.records_view(own, KeptBook(summer), datetime(2025, 7, 1, 6)).tables[0]

    assert (line.last, line.age) == ("Tue 1 Jul 2025, 06:00", "0 min old")  # British summer time


def test_tables_without_a_row_are_named_as_absent(own):
    tables = {"encounters": (5, None, None, None), "slots": (0, None, None, None)}

    view = service.records_view(own, KeptBook(tables), ENDS)

    assert [line.title for line in view.tables] == ["Encounters"]
    assert view.tables[0].state == "none"
    assert "Clinic slots" in view.absent


def test_the_gravest_finding_is_the_answer(whole):
    book = KeptBook(
        found=[finding("note"), finding("warning"), finding("error", title="Two patients in one bed")]
    )

    view = service.records_view(whole, book, ENDS)

    assert view.first == "One finding makes figures wrong: two patients in one bed."
    assert [line.severity for line in view.findings] == ["error", "warning", "note"]
    assert view.figures[-1].below == "1 error, 1 warning, 1 note"


def test_several_warnings_name_the_first_of_all(whole):
    book = KeptBook(found=[finding("warning", title="Hours without a message"), finding("warning")])

    view = service.records_view(whole, book, ENDS)

    assert view.first == "Two findings may make figures wrong: first of all hours without a message."


def test_a_finding_tells_share_time_and_the_places_by_their_titles(own):
    places = {"acute_medicine": 9, "nowhere_known": 4, "a": 3, "b": 2, "c": 1, "d": 1}
    found = replace(finding("error"), places=places, first=datetime(2025, 1, 9), last=datetime(2025, 2, 3))

    line = service.records_view(own, KeptBook(found=[found]), ENDS).findings[0]

    assert (line.count, line.share) == ("20 of 15,400", "1 in 770, in ward stays")
    assert line.when == "9 Jan to 3 Feb 2025"
    assert line.places[1] == ("nowhere_known", 4)
    assert (len(line.places), line.more) == (5, 1)


def test_lines_to_be_copied_stand_apart_from_the_words_about_them(own):
    detail = "5 -10 % of them fit this rule:\n[[classes]]\nage_from = -1"
    found = replace(finding("error"), detail=detail)

    line = service.records_view(own, KeptBook(found=[found]), ENDS).findings[0]

    assert line.detail.endswith("of them fit this rule:")
    assert line.snippet == "[[classes]]\nage_from = -1"


def test_a_place_of_the_hospital_is_told_by_its_title(own):
    name, ward = next(iter(own.hospital().wards.items()))
    found = replace(finding("error"), places={name: 2})

    line = service.records_view(own, KeptBook(found=[found]), ENDS).findings[0]

    assert line.places == ((ward.title, 2),)


@pytest.mark.parametrize(
    ("count", "of", "said"),
    [
        (0, 0, ""),
        (0, 9, "none"),
        (9, 9, "all"),
        (12, 100, "12\u202f%"),
        (32, 1000, "3.2\u202f%"),
        (128, 98_114, "1 in 770"),
        (1, 1_069_573, "1 in 1,100,000"),
    ],
)
def test_a_share_is_said_as_people_say_it(count, of, said):
    assert told.share_words(count, of) == said


def test_the_newest_import_stands_first_in_local_time(own):
    book = KeptBook()
    book.bring("encounters.csv", "CSV", read=1000, mapping="twin", at=datetime(2025, 7, 1, 5, 12, tzinfo=UTC))
    book.bring("adt.hl7", "HL7 v2", read=400, at=datetime(2025, 7, 2, 5, 12, tzinfo=UTC))

    newest, older = service.records_view(own, book, ENDS).imports

    assert (newest.source, newest.read_as, newest.aside_words) == ("adt.hl7", "HL7 v2", "none")
    assert older.read_as == "CSV, mapping twin"
    assert newest.when == "Wed 2 Jul 2025, 06:12"  # British summer time


def test_rows_put_aside_are_told_by_rule_the_most_frequent_first(own):
    book = KeptBook()
    faults = [
        ("place", "a-9", "no such ward", "name it in records.toml", "E_UNKNOWN_WARD", row) for row in range(8)
    ]
    faults += [("ended", None, "ends after it begins", "", "E_ORDER", 77)]
    counts = [
        ("E_ORDER", "ended", "ends after it begins", 1),
        ("E_UNKNOWN_WARD", "place", "no such ward", 40),
    ]
    book.bring("encounters.csv", "CSV", read=10_000, aside=41, faults=faults, counts=counts)

    batch = service.records_view(own, book, ENDS).asides[0]

    assert batch.share == "41 of 10,000 rows, 1 in 240"
    first, second = batch.lines
    assert (first.times, first.rows, first.rule) == (40, "0, 1, 2, 3, 4, …", "No such ward")
    assert (first.shape, first.cure) == ("a-9", "name it in records.toml")
    assert (second.shape, second.cure) == ("", "mend it at the source and send it again")


def test_of_many_broken_rules_the_most_frequent_are_told_and_the_others_counted(own):
    book = KeptBook()
    faults = [("place", "a" * 80, f"rule {n}", "", "E_X", n) for n in range(15)]
    counts = [("E_X", "place", f"rule {n}", n + 1) for n in range(15)]
    book.bring("encounters.csv", "CSV", read=10_000, aside=120, faults=faults, counts=counts)

    batch = service.records_view(own, book, ENDS).asides[0]

    assert (len(batch.lines), batch.more) == (12, 3)
    assert batch.lines[0].rule == "Rule 14"
    assert batch.lines[0].shape == "a" * 23 + "…"


def test_rows_put_aside_are_told_though_clean_imports_came_after_them(own):
    book = KeptBook()
    fault = ("place", "a-9", "no such ward", "", "E_UNKNOWN_WARD", 4)
    book.bring("first.csv", "CSV", read=10, aside=1, faults=[fault])
    for minute in range(5):
        book.bring(f"heard-{minute}", "journal", read=9)

    assert [batch.source for batch in service.records_view(own, book, ENDS).asides] == ["first.csv"]


def test_an_import_that_put_nothing_aside_has_no_table_of_faults(own):
    book = KeptBook()
    book.bring("encounters.csv", "CSV", read=10)

    assert service.records_view(own, book, ENDS).asides == ()


def test_the_records_are_counted_once_and_again_when_they_change(own, monkeypatch):
    service.records_view(own, KeptBook(), ENDS)
    counted, real = [], service.daily_counts
    monkeypatch.setattr(service, "daily_counts", lambda *given: counted.append(1) or real(*given))

    service.records_view(own, KeptBook(), ENDS)
    before = len(counted)
    os.utime(own.records_file, ns=(1, 1))
    service.records_view(own, KeptBook(), ENDS)

    assert (before, len(counted)) == (0, 1)


def test_the_change_of_the_last_four_weeks_is_signed():
    line = service.StreamLine("ed", "Emergency", date(2025, 1, 1), (1.0,), a_day=200.0, lately=190.0)

    assert line.change == "\N{MINUS SIGN}5\u202f%"
    assert replace(line, lately=210.0).change == "+5\u202f%"
    assert replace(line, lately=200.1).change == "0\u202f%"
    assert replace(line, a_day=0.0).change == ""
