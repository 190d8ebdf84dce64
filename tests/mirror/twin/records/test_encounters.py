"""The twin's own table comes in as it went out; what cannot be used is told with its row and rule."""

from datetime import date, datetime

import pandas as pd
import pytest

from tests.mirror.twin.records.house import HEADER, brought, house, records, stay, written
from twin.errors import BadData
from twin.records.daily import daily_counts
from twin.records.encounters import Encounters

WARD = {"place": "oak", "step": "stay", "requested": "2025-03-01 12:00", "started": "2025-03-01 12:00"}


def taken(path, **more) -> Encounters:
    """The records of a file that has no fault."""
    found = brought(path, **more)
    assert found.problems == ""
    assert found.encounters is not None
    return found.encounters


def test_leading_zeros_and_names_like_na_stay_text(tmp_path):
    found = taken(written(tmp_path / "r.csv", stay("00042"), stay("NA"), stay("42")))

    assert sorted(found.arrivals()["encounter"]) == ["00042", "42", "NA"]


def test_the_last_instant_is_the_end_of_the_hour_of_the_last_event(tmp_path):
    found = taken(written(tmp_path / "r.csv", stay(ended="2025-03-01 23:40")))

    assert (found.begins, found.as_of) == (date(2025, 3, 1), datetime(2025, 3, 2))
    assert daily_counts(found, house()).query("unique_id == 'door'")["y"].tolist() == [1]


def test_a_byte_order_mark_windows_line_ends_and_other_columns_are_read(tmp_path):
    file = tmp_path / "r.csv"
    text = f"{HEADER},consultant\r\n{stay()},Dr A\r\n\r\n{stay('7')},Dr B\r\n"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert taken(file).rows == 2


def test_what_a_file_may_leave_out_is_filled_in(tmp_path):
    lean = "encounter,patient_class,stream,place,step,started,ended"
    rows = (
        "1,sick,door,cubicles,treat,2025-03-01 10:00,2025-03-01 12:00",
        "1,sick,door,oak,stay,2025-03-01 12:00,",
    )

    frame = taken(written(tmp_path / "r.csv", *rows, header=lean)).frame

    assert (frame["requested"] == frame["started"]).all()
    assert (frame["arrived"] == datetime(2025, 3, 1, 10)).all()
    assert frame["ended"].isna().tolist() == [False, True]


def test_a_simulated_year_comes_back_as_it_was_written(tmp_path):
    made = records(60)
    (tmp_path / "r.parquet").write_bytes(made.parquet())

    found = taken(tmp_path / "r.parquet", begins=made.begins, as_of=made.as_of)

    order = ["encounter", "requested", "step"]
    was, now = (
        one.frame.astype(dict.fromkeys(one.frame.select_dtypes("category"), object))
        .sort_values(order)
        .reset_index(drop=True)
        for one in (made, found)
    )
    pd.testing.assert_frame_equal(was, now, check_dtype=False)
    assert daily_counts(found, house()).equals(daily_counts(made, house()))


def test_the_hour_that_autumn_repeats_is_no_fault(tmp_path):
    back = {"requested": "2025-10-26 01:10", "started": "2025-10-26 01:10", "arrived": "2025-10-26 01:10"}

    assert taken(written(tmp_path / "r.csv", stay(**back, ended="2025-10-26 01:50"))).rows == 1


def test_all_faults_are_told_at_once_with_their_rows(tmp_path):
    rows = (
        stay("1", ended="2025-03-01 09:00"),
        stay("2", place="cubicle"),
        stay("3", started="soon", requested=""),
        stay("5", ended=""),
        stay("5", **WARD, ended=""),
        stay("7", patient_class="sik"),
        stay("8", ended="NaN"),
        "9,sick,door",
        stay("", outcome="home"),
    )

    told = brought(written(tmp_path / "r.csv", *rows)).problems

    for line in (
        "row 2, ended",
        "row 3, place = 'cubicle'",
        'did you mean "cubicles"?',
        "row 4, started = 'soon'",
        "the patient is in another place at that time",
        "row 7, patient_class = 'sik'",
        'did you mean "sick"?',
        "row 8, ended = 'NaN'",
        "row 9",
        "row 10, encounter",
    ):
        assert line in told, (line, told)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"ended": "2025-03-01 09:59"}, "ended lies before started"),
        ({"requested": "2025-03-01 10:30"}, "a step starts after it was asked for"),
        ({"step": "stya"}, 'did you mean "stay"?'),
        ({"stream": "windows"}, "no such stream of arrivals"),
        ({"ended": "03/04/2025 10:00"}, "day/month or month/day"),
        ({"ended": "2925-03-01 12:00"}, "E_"),
        ({"ended": "2052-03-01 12:00"}, "in the future"),
    ],
)
def test_a_wrong_row_is_put_aside_with_its_rule(tmp_path, fields, rule):
    found = brought(written(tmp_path / "r.csv", stay("1"), stay("2", **fields)))

    assert rule in found.problems
    assert "row 3" in found.problems
    assert found.told.aside == 1
    assert found.encounters.frame["encounter"].tolist() == ["1"]


def test_a_time_after_the_last_instant_is_in_the_future(tmp_path):
    told = brought(written(tmp_path / "r.csv", stay()), as_of=datetime(2025, 3, 1, 11)).problems

    assert "row 2, ended" in told
    assert "in the future" in told


def test_one_encounter_is_one_patients_visit(tmp_path):
    later = {**WARD, "ended": "2025-03-03 12:00", "arrived": "2025-03-01 11:00", "stream": "letters"}

    told = brought(written(tmp_path / "r.csv", stay("1"), stay("1", **later))).problems

    assert "one encounter has one stream" in told
    assert "one encounter arrives once" in told


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (HEADER.replace("place", "plaice").encode() + b"\n1\n", 'did you mean "plaice"?'),
        (b"encounter,started,ended\n1,2,3\n", "E_MISSING_COLUMN"),
    ],
)
def test_a_file_that_is_no_table_of_records_is_refused(tmp_path, data, rule):
    file = tmp_path / "r.csv"
    file.write_bytes(data)

    with pytest.raises(BadData) as refused:
        brought(file)

    assert rule in refused.value.told()


def test_a_thousand_faults_of_one_kind_are_told_in_a_few_lines(tmp_path):
    rows = [stay(str(n), ended=f"later {n}") for n in range(1_000)]

    told = brought(written(tmp_path / "r.csv", *rows)).problems

    assert "and 980 more rows" in told
    assert len(told.splitlines()) == 21
