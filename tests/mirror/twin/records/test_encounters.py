"""Records are read whole or refused, with every fault told by row."""

from datetime import date, datetime

import pytest

from tests.mirror.twin.records.house import HEADER, house, records, stay, written
from twin.errors import BadData, NotFound
from twin.records.daily import daily_counts
from twin.records.encounters import read_encounters

WARD = {"place": "oak", "step": "stay", "requested": "2025-03-01 12:00", "started": "2025-03-01 12:00"}


def refused(path, **more) -> BadData:
    with pytest.raises(BadData) as caught:
        read_encounters(path, house(), **more)
    assert caught.value.exit_code == 3
    return caught.value


def test_leading_zeros_and_names_like_na_stay_text(tmp_path):
    found = read_encounters(written(tmp_path / "r.csv", stay("00042"), stay("NA"), stay("42")), house())

    assert list(found.arrivals()["encounter"]) == ["00042", "42", "NA"]


def test_the_last_instant_is_the_end_of_the_hour_of_the_last_event(tmp_path):
    found = read_encounters(written(tmp_path / "r.csv", stay(ended="2025-03-01 23:40")), house())

    assert (found.begins, found.as_of) == (date(2025, 3, 1), datetime(2025, 3, 2))
    assert daily_counts(found, house()).query("unique_id == 'door'")["y"].tolist() == [1]


def test_a_byte_order_mark_windows_line_ends_and_other_columns_are_read(tmp_path):
    file = tmp_path / "r.csv"
    text = f"{HEADER},consultant\r\n{stay()},Dr A\r\n\r\n{stay('7')},Dr B\r\n"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert read_encounters(file, house()).rows == 2


def test_what_a_file_may_leave_out_is_filled_in(tmp_path):
    lean = "encounter,patient_class,stream,place,step,started,ended"
    rows = (
        "1,sick,door,cubicles,treat,2025-03-01 10:00,2025-03-01 12:00",
        "1,sick,door,oak,stay,2025-03-01 12:00,",
    )

    frame = read_encounters(written(tmp_path / "r.csv", *rows, header=lean), house()).frame

    assert (frame["requested"] == frame["started"]).all()
    assert (frame["arrived"] == datetime(2025, 3, 1, 10)).all()
    assert frame["ended"].isna().tolist() == [False, True]


def test_own_parquet_is_read_as_a_strangers(tmp_path):
    made = records(60)
    (tmp_path / "r.parquet").write_bytes(made.parquet())

    found = read_encounters(tmp_path / "r.parquet", house(), begins=made.begins, as_of=made.as_of)

    assert found.rows == made.rows
    assert daily_counts(found, house()).equals(daily_counts(made, house()))


def test_the_hour_that_autumn_repeats_is_no_fault(tmp_path):
    back = {"requested": "2025-10-26 01:50", "started": "2025-10-26 01:50", "arrived": "2025-10-26 01:50"}

    assert (
        read_encounters(written(tmp_path / "r.csv", stay(**back, ended="2025-10-26 01:10")), house()).rows
        == 1
    )


def test_all_faults_are_told_at_once_with_their_rows(tmp_path):
    rows = (
        stay("1", ended="2025-03-01 09:00"),
        stay("2", place="cubicle"),
        stay("3", started="soon", requested=""),
        stay("4"),
        stay("4"),
        stay("5", ended=""),
        stay("5", **WARD, ended=""),
        stay("6", started="2025-03-01 10:00+01:00", requested=""),
        stay("7", patient_class="sik"),
        stay("8", ended="NaN"),
        "9,sick,door",
        stay("", outcome="home"),
    )

    told = str(refused(written(tmp_path / "r.csv", *rows)))

    for line in (
        "row 2, ended",
        'did you mean "cubicles"?',
        "row 4, started = 'soon'",
        "row 6, encounter = '4'",
        "the same row stands there twice",
        "row 8, started",
        "the patient is in another place at that time",
        "row 9, started",
        "without an offset",
        "row 10, patient_class = 'sik'",
        'did you mean "sick"?',
        "row 11, ended = 'NaN'",
        "row 12 = '9,sick,door'",
        "10 fields a row, not 3",
        "row 13, encounter",
    ):
        assert line in told, line


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"ended": "2025-03-01 09:59"}, "a stay ends after it has started"),
        ({"requested": "2025-03-01 10:30"}, "a step starts after it was asked for"),
        ({"arrived": "2025-03-01 10:30"}, "a step is asked for after arrival"),
        ({"started": ""}, "a stay that has ended has a start"),
        ({"started": "", "ended": "", "requested": ""}, "or, for one who still waits"),
        ({"step": "stya"}, 'did you mean "stay"?'),
        ({"stream": "windows"}, "no such stream of arrivals"),
        ({"place": ""}, "a stay that has started names its place"),
        ({"ended": "03/04/2025 10:00"}, "day/month or month/day"),
        ({"ended": "2025-03-01 12:00+01"}, "without an offset"),
        ({"ended": "2025-03-01T12:00Z"}, "without an offset"),
        ({"ended": "2025-02-30 10:00"}, "is an ISO date and time"),
        ({"ended": "2925-03-01 12:00"}, "lies between 1990 and 2200"),
        ({"ended": "2052-03-01 12:00"}, "more than 92 days after the last arrival"),
    ],
)
def test_a_wrong_row_is_refused_with_its_rule(tmp_path, fields, rule):
    assert rule in str(refused(written(tmp_path / "r.csv", stay("1"), stay("2", **fields))))


def test_a_time_after_the_last_instant_is_in_the_future(tmp_path):
    told = str(refused(written(tmp_path / "r.csv", stay()), as_of=datetime(2025, 3, 1, 11)))

    assert "row 2, ended = '2025-03-01 12:00'" in told
    assert "in the future" in told


def test_one_encounter_is_one_patients_visit(tmp_path):
    later = {**WARD, "arrived": "2025-03-01 11:00", "stream": "letters"}

    told = str(refused(written(tmp_path / "r.csv", stay("1"), stay("1", **later))))

    assert "one encounter has one stream" in told
    assert "one encounter arrives once" in told


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (HEADER.encode() + b"\n", "has a header and no rows"),
        (b"encounter;started;ended\n1;2;3\n", "fields stand between commas"),
        (b"encounter,started,ended\n1,2,3\n", "column stream"),
        (HEADER.replace("requested", "requestd").encode() + b"\n1\n", 'did you mean "requested"?'),
        (HEADER.encode() + b"\n1,2\n", "10 fields a row, not 2"),
        (HEADER.replace("place", "plaice").encode() + b"\n1\n", 'did you mean "plaice"?'),
        (HEADER.encode() + b"\n" + b"\xff\xfe1,\n", "records are UTF-8"),
        (b"\xff\xfe" + HEADER.encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04\0\0", "records are text"),
    ],
)
def test_a_file_that_is_no_table_of_records_is_refused(tmp_path, data, rule):
    file = tmp_path / "r.csv"
    file.write_bytes(data)

    assert rule in str(refused(file))


def test_a_damaged_parquet_a_folder_and_no_file_are_told_in_words(tmp_path):
    broken = tmp_path / "r.parquet"
    broken.write_bytes(b"PAR1 and then nothing")

    assert "is not a Parquet file" in str(refused(broken))
    assert "records are a regular file" in str(refused(tmp_path))
    with pytest.raises(NotFound):
        read_encounters(tmp_path / "none.csv", house())


def test_a_thousand_faults_of_one_kind_are_told_as_twenty(tmp_path):
    rows = [stay(str(n), ended="later") for n in range(1_000)]

    assert "and 980 more rows where this does not hold" in str(refused(written(tmp_path / "r.csv", *rows)))


def test_a_fault_in_the_second_file_names_the_file(tmp_path):
    one = written(tmp_path / "one.csv", stay("1"))
    two = written(tmp_path / "two.csv", stay("2"), stay("3", ended="later"))

    assert "two.csv, row 3, ended = 'later'" in str(refused([one, two]))
