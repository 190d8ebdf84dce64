"""The records in a terminal: the words of the page, one thing a line."""

from dataclasses import replace
from datetime import date, datetime

from dashboards.services.findings import AsideBatch, AsideLine, FindingLine
from dashboards.services.records_text import records_text
from dashboards.services.records_view import Age, ImportLine, RecordsView, StreamLine, TableLine

VIEW = RecordsView(
    kind="own",
    hospital="Town",
    first="Days are missing in emergency attendances.",
    then="The records reach to today.",
    age=Age(datetime(2025, 3, 3), 1.0),
    tables=(
        TableLine("encounters", "Encounters", 1234, "1 Jan 2025", "3 Mar 2025", "1 h old", "fresh"),
        TableLine("ward_stays", "Ward stays", 5, "1 Jan 2025", "3 Mar 2025", "1 h old", "late"),
    ),
    absent=("Clinic slots", "Roster shifts"),
    streams=(StreamLine("ed", "Emergency", date(2025, 1, 1), (9.0,), 100.0, 110.0, (date(2025, 1, 3),)),),
    imports=(ImportLine(1, "Mon 3 Mar 2025, 01:00", "adt.hl7", "HL7 v2", 400, 3, "3, 1 in 130", "local"),),
)


def test_the_answer_stands_first_and_tables_are_in_columns():
    lines = records_text(VIEW).splitlines()

    assert lines[0] == "Days are missing in emergency attendances. The records reach to today."
    assert lines[2:6] == [
        "table        rows  first       last        newest   state",
        "Encounters  1,234  1 Jan 2025  3 Mar 2025  1 h old  fresh",
        "Ward stays      5  1 Jan 2025  3 Mar 2025  1 h old  late",
        "nothing yet of: clinic slots, roster shifts",
    ]


def test_streams_tell_their_missing_days_and_imports_what_was_put_aside():
    told = records_text(VIEW)

    assert "Emergency  100.0   110.0 +10\u202f%  1 day: 3 Jan 2025" in told
    assert "adt.hl7  HL7 v2    400  3, 1 in 130  local" in told


def test_a_finding_tells_what_to_do_and_the_lines_to_copy():
    found = FindingLine(
        "error",
        "E_X",
        "Two in one bed",
        "Mend it.",
        "2 of 9",
        "22 %",
        "3 Mar 2025",
        (("Oak", 2),),
        0,
        (),
        "a = 1",
    )

    told = records_text(replace(VIEW, findings=(found,) * 13))

    assert "ERROR: Two in one bed (2 of 9, 22 %; 3 Mar 2025; Oak 2)\n  Mend it.\n    a = 1" in told
    assert "and 1 more findings" in told


def test_rows_put_aside_tell_rule_cure_and_rows():
    line = AsideLine(3, "4, 5, 6", "place", "a-9", "No such ward", "name it", "E_UNKNOWN_WARD")

    told = records_text(replace(VIEW, asides=(AsideBatch(1, "x.csv", "Mon", "3 of 9 rows", (line,), 2),)))

    assert "3x place: No such ward (looks like a-9); name it; rows 4, 5, 6 [E_UNKNOWN_WARD]" in told
    assert "  and 2 more rules" in told


def test_records_that_cannot_be_read_are_one_sentence():
    view = RecordsView("none", "", "The records cannot be read.", "", fault="gone")

    assert records_text(view) == "The records cannot be read. gone"
