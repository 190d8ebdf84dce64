"""An extract is read as text, and each row tells what stands in it: no more, no less."""

import pyarrow as pa
import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import (
    NAMES,
    read_parquet,
    read_text,
    refused,
    utc,
)
from twin.errors import BadData
from twin.records.reading.limits import Limits

VISITS = "encounter,patient,arrived,discharged,ward,specialty\n"


def test_a_row_tells_a_visit_under_pseudonyms(tmp_path):
    found = read_text(tmp_path, VISITS + "000123,77,2025-01-02 10:00,2025-01-05 09:30,W4A,300\n")

    (visit,) = found.rows()
    assert visit["thing"] == "encounter"
    assert visit["key"] == visit["encounter"] == NAMES.encounter("000123")
    assert visit["patient"] == NAMES.patient("77")
    assert (visit["arrived"], visit["ended"]) == (utc("2025-01-02 10:00"), utc("2025-01-05 09:30"))
    assert (visit["place"], visit["specialty"], visit["row"]) == ("W4A", "300", 2)


def test_leading_zeros_make_another_person(tmp_path):
    found = read_text(tmp_path, VISITS + "1,0007,2025-01-02,,A,\n2,7,2025-01-02,,A,\n")

    assert len(set(found.column("patient"))) == 2


@pytest.mark.parametrize("ward", ["NA", "None", "nan", "00", "true", "1e5"])
def test_what_looks_like_something_else_stays_a_ward(tmp_path, ward):
    found = read_text(tmp_path, VISITS + f"1,7,2025-01-02,,{ward},\n")

    assert found.column("place") == [ward]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_way_of_writing_text_reads_alike(tmp_path, encoding, end):
    text = VISITS + '1,7,2025-01-02,,"Sainte-Thérèse, 2",\n\n2,8,2025-01-03,,B,\n'

    found = read_text(tmp_path, text.replace("\n", end).encode(encoding))

    assert found.column("place") == ["Sainte-Thérèse, 2", "B"]
    assert found.column("row") == [2, 4]


def test_a_text_over_several_blocks_keeps_its_rows_and_characters(tmp_path):
    rows = "".join(f"{number},7,2025-01-02,,Thérèse,\n" for number in range(200_000))

    for encoding in ("utf-8", "utf-16"):
        found = read_text(tmp_path, (VISITS + rows).encode(encoding))

        assert found.column("row") == list(range(2, 200_002))
        assert set(found.column("place")) == {"Thérèse"}


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_mark_between_the_fields_is_seen_in_the_header(tmp_path, mark):
    found = read_text(tmp_path, (VISITS + "1,7,2025-01-02,,A,300\n").replace(",", mark))

    assert found.column("specialty") == ["300"]


def test_a_row_of_another_width_is_put_aside_and_shifts_nothing(tmp_path):
    found = read_text(tmp_path, VISITS + "1,7,2025-01-02,,A,300,x\n2,7,2025-01-02,,A,300\n3,7\n4,7,,,A,300\n")

    assert found.column("row") == [3, 5]
    assert found.faults == [(2, "", "E_ROW_WIDTH"), (4, "", "E_ROW_WIDTH")]


def test_a_column_that_the_mapping_does_not_name_is_not_read(tmp_path):
    found = read_text(tmp_path, "encounter,arrived,discharged,comment\n1,2025-01-02,,Ann Smith fell\x00\n")

    assert found.told.aside == 0
    assert found.note("columns left unread, as the mapping does not name them: comment") == 1
    assert "Smith" not in str(found.rows())


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        ('1,7,2025-01-02,,A,300\n2,"7,2025-01-02,,A,300\n3,7,2025-01-02,,A,300\n', 3),
        ('1,7,2025-01-02,,A,"300\n', 2),
    ],
)
def test_a_quote_that_is_never_closed_is_told_with_the_row_where_it_opens(tmp_path, rows, row):
    error = refused(tmp_path, VISITS + rows)

    assert error.code == "E_PARSE"
    assert error.problems[0].path == f"row {row}"


def test_a_quote_left_open_in_a_column_that_nobody_reads_is_found_too(tmp_path):
    error = refused(tmp_path, 'encounter,arrived,discharged,comment\n1,2025-01-02,,"fell\n2,2025-01-02,,\n')

    assert (error.code, error.problems[0].path) == ("E_PARSE", "row 2")


def test_a_row_longer_than_allowed_ends_the_reading_there(tmp_path):
    rows = "1,7,2025-01-02,,A,300\n" + '2,7,2025-01-02,,"' + "x" * 40_000

    error = refused(tmp_path, VISITS + rows, limits=Limits(line_bytes=4_096))

    assert (error.code, error.problems[0].path) == ("E_PARSE", "row 3")


def test_a_byte_that_is_no_character_puts_its_row_aside(tmp_path):
    text = (VISITS + "1,7,2025-01-02,,A,\n2,7,2025-01-02,,K\xf6ln,\n").encode("latin-1")

    found = read_text(tmp_path, text)

    assert found.faults == [(3, "ward", "E_ENCODING")]
    assert found.column("row") == [2]


def test_a_file_with_nothing_in_it_is_refused(tmp_path):
    assert refused(tmp_path, "").code == "E_NO_ROWS"
    assert refused(tmp_path, VISITS).code == "E_NO_ROWS"
    assert refused(tmp_path, VISITS + "\n\n").code == "E_NO_ROWS"


def test_parquet_tells_the_same_as_the_text(tmp_path):
    arrived = pa.array(["2025-01-02 10:00"]).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))
    columns = {
        "Encounter": ["000123"],
        "patient": [77],
        "arrived": arrived,
        "discharged": pa.array([None], pa.string()),
        "ward": pa.array(["W4A"]).dictionary_encode(),
        "specialty": ["300"],
    }
    of_parquet = read_parquet(tmp_path, columns)
    of_text = read_text(tmp_path, VISITS + "000123,77,2025-01-02 10:00,,W4A,300\n")

    assert of_parquet.rows() == of_text.rows()


def test_parquet_of_another_type_is_refused_with_what_it_had_and_what_is_wanted(tmp_path):
    columns = {
        "encounter": [1.0],
        "arrived": pa.array([0], pa.timestamp("us")),
        "discharged": pa.array(["2025-01-01"]),
        "age": ["40"],
    }

    with pytest.raises(BadData) as caught:
        read_parquet(tmp_path, columns)

    told = {problem.path: (problem.value, problem.code) for problem in caught.value.problems}
    assert told == {
        "column encounter": ("double", "E_SCHEMA"),
        "column arrived": ("timestamp[us]", "E_SCHEMA"),
        "column age": ("string", "E_SCHEMA"),
    }
    assert "with its time zone" in str(caught.value)


def test_the_account_counts_rows_once_however_many_faults_they_have(tmp_path):
    found = read_text(tmp_path, VISITS + "1,7,yesterday,tomorrow,A,\n,7,2025-01-02,,A,\n3,7,2025-01-02,,A,\n")

    assert (found.told.read, found.told.aside) == (3, 2)
    assert found.faults == [
        (2, "arrived", "E_DATE"),
        (2, "discharged", "E_DATE"),
        (3, "encounter", "E_NO_KEY"),
    ]
