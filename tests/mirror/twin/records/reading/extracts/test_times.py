"""Times of an extract are read by stated rules, and none is guessed."""

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import NOW, read_parquet, read_text, utc
from twin.records.reading.extracts import parse_mapping

STAYS = "encounter,ward,start,end\n"
DAY_FIRST = """
name = "day_first"
title = "days first"
[times]
formats = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
[[tells]]
thing = "encounter"
key = [["encounter"]]
take = { encounter = "encounter", arrived = "arrived" }
"""


def stay(folder, start, end="", **more):
    return read_text(folder, STAYS + f"1,oak,{start},{end}\n", **more)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-01-02 10:00", "2025-01-02 10:00"),
        ("2025-01-02T10:00:30", "2025-01-02 10:00:30"),
        ("2025-01-02 10:00:30.123456", "2025-01-02 10:00:30.123"),
        ("2025-05-02 10:00", "2025-05-02 09:00"),
        ("2025-05-02 10:00Z", "2025-05-02 10:00"),
        ("2025-05-02 10:00+02:00", "2025-05-02 08:00"),
        ("2025-05-02T10:00:00.5-0530", "2025-05-02 15:30:00.5"),
        ("2025-05-02", "2025-05-02 11:00"),
    ],
)
def test_a_time_is_local_unless_it_says_its_offset_and_a_date_is_its_noon(tmp_path, written, meant):
    assert stay(tmp_path, written).column("started") == [utc(meant)]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2024-03-31 01:30", "E_NONEXISTENT_TIME"),
        ("03/04/2025", "E_AMBIGUOUS_DATE"),
        ("3.4.2025 10:00", "E_AMBIGUOUS_DATE"),
        ("31/03/2025", "E_DATE"),
        ("2025-02-30", "E_DATE"),
        ("2025-01-02 24:30", "E_DATE"),
        ("2025-01-02 1", "E_DATE"),
        ("٢٠٢٥-٠١-٠٢", "E_DATE"),
        ("still here", "E_DATE"),
        ("45658.5", "E_DATE"),
        ("1825-01-02", "E_RANGE"),
        ("2525-01-02", "E_RANGE"),
        ("9999-12-31 23:59", "E_RANGE"),
        ("2025-06-01 15:30", "E_FUTURE"),
    ],
)
def test_what_is_no_time_is_told_and_never_guessed(tmp_path, written, code):
    found = stay(tmp_path, written)

    assert found.faults == [(2, "start", code)]
    assert found.rows() == []


def test_one_bad_time_does_not_change_how_the_others_are_read(tmp_path):
    good = ["2025-01-02 10:00", "2025-01-02T10:00Z", "2025-01-02", "2025-01-02 10:00:00.25"]
    alone = [stay(tmp_path, written).column("started")[0] for written in good]
    rows = "".join(f"{number},oak,{written},\n" for number, written in enumerate([*good, "2025-02-30"]))

    assert read_text(tmp_path, STAYS + rows).column("started") == alone


def test_a_time_shown_twice_is_the_first_of_the_two_and_counted(tmp_path):
    found = stay(tmp_path, "2024-10-27 01:30", "2024-10-27 03:00")

    assert found.column("started") == [utc("2024-10-27 00:30")]
    assert found.note("showed twice") == 1


def test_an_end_in_the_hour_shown_twice_is_the_second_where_the_first_lies_before_the_start(tmp_path):
    found = stay(tmp_path, "2024-10-27 01:40", "2024-10-27 01:20")

    assert found.column("ended") == [utc("2024-10-27 01:20")]
    assert found.column("started") == [utc("2024-10-27 00:40")]


def test_the_offset_tells_the_two_hours_apart(tmp_path):
    rows = "1,oak,2024-10-27 01:30+01:00,\n2,oak,2024-10-27 01:30+00:00,\n"

    found = read_text(tmp_path, STAYS + rows)

    assert found.column("started") == [utc("2024-10-27 00:30"), utc("2024-10-27 01:30")]


def test_nobody_leaves_before_they_came(tmp_path):
    found = read_text(
        tmp_path, STAYS + "1,oak,2025-01-03 10:00,2025-01-01 10:00\n2,oak,2025-01-03,2025-01-04\n"
    )

    assert found.faults == [(2, "end", "E_NEGATIVE_LOS")]
    assert found.column("row") == [3]


def test_a_stay_of_no_time_is_one(tmp_path):
    found = stay(tmp_path, "2025-01-03 10:00", "2025-01-03 10:00")

    assert found.column("started") == found.column("ended")


@pytest.mark.parametrize(
    ("start", "end"), [("2025-01-03 18:00", "2025-01-03"), ("2025-01-03", "2025-01-03 08:00")]
)
def test_a_date_alone_is_never_before_or_after_a_time_of_its_day(tmp_path, start, end):
    found = stay(tmp_path, start, end)

    assert found.told.aside == 0
    assert found.column("started") == found.column("ended")


def test_today_without_a_time_is_not_in_the_future(tmp_path):
    found = stay(tmp_path, "2025-06-01", now=NOW - timedelta(hours=4))

    assert found.column("started") == [NOW - timedelta(hours=4)]


def test_nothing_lies_after_the_last_instant_that_was_told(tmp_path):
    found = stay(tmp_path, "2025-01-03 10:00", as_of=utc("2025-01-02 00:00"))

    assert found.faults == [(2, "start", "E_FUTURE")]


def test_a_way_of_writing_that_is_declared_is_read(tmp_path):
    mapping = tmp_path / "own.toml"
    mapping.write_text(DAY_FIRST)
    parse_mapping(DAY_FIRST, source="own.toml")
    text = "encounter,arrived\n1,03/04/2025 10:00\n2,03/04/2025\n3,2025-04-03 10:00\n4,13/13/2025\n"

    found = read_text(tmp_path, text, mapping=str(mapping))

    assert found.column("arrived") == [
        utc("2025-04-03 09:00"),
        utc("2025-04-03 11:00"),
        utc("2025-04-03 09:00"),
    ]
    assert found.faults == [(5, "arrived", "E_DATE")]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_parquet_are_what_they_are(tmp_path, unit):
    at = datetime(2025, 5, 2, 10, 0, 30)
    columns = {
        "encounter": ["1"],
        "ward": ["oak"],
        "start": pa.array([at]).cast(pa.timestamp(unit)).cast(pa.timestamp(unit, "America/New_York")),
        "end": pa.nulls(1, pa.timestamp(unit, "UTC")),
    }

    assert read_parquet(tmp_path, columns).column("started") == [utc("2025-05-02 10:00:30")]


def test_a_year_that_no_calendar_has_is_put_aside(tmp_path):
    columns = {
        "encounter": ["1", "2"],
        "ward": ["oak", "oak"],
        "start": pa.array([2**62, 0], pa.timestamp("us", "UTC")),
        "end": pa.array([None, -(2**62)], pa.timestamp("us", "UTC")),
    }

    assert {code for *_, code in read_parquet(tmp_path, columns).faults} == {"E_RANGE"}
