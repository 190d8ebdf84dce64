"""A mapping says what a row tells; whatever it gets wrong is told at once."""

import pytest

from tests.mirror.twin.records.reading.extracts.reading_room import NAMES, read_text, refused, utc
from twin.errors import ConfigError, NotFound
from twin.records.reading.extracts import load_mapping, parse_mapping, shipped_mappings

OWN = """
name = "own"
title = "our table"
missing = ["-", "n/a"]
decimal = ","
[[tells]]
thing = "ward_stay"
only = { typ = ["S"] }
key = [["number"], ["encounter", "started"]]
[tells.take]
number = "nr"
encounter = { column = "fall", filled = true }
place = { column = ["station", "ward"], needed = true, words = { "4A" = "acute" }, others = "kept" }
started = { date = "tag", time = "von", filled = true }
ended = { date = "tag", time = "bis", after = "started" }
[[tells]]
thing = "supply_movement"
without = { typ = ["S"] }
key = [["item", "at"]]
[tells.take]
item = "station"
at = { date = "tag", time = "von" }
quantity = "menge"
kind = { is = "issue" }
"""
HEADER = "nr;fall;typ;station;tag;von;bis;menge\n"


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return lambda text: read_text(tmp_path, HEADER + text, mapping=str(path))


def test_rows_of_two_kinds_tell_two_things(own):
    found = own(
        "1;7;S;4A;2025-01-02;20:00;23:00;-\n;;X;gloves;2025-01-02;08:30;;1,5\n;8;s;oak;2025-01-02;20:00;;\n"
    )

    assert [(row["thing"], row["row"]) for row in found.rows()] == [
        ("ward_stay", 2),
        ("ward_stay", 4),
        ("supply_movement", 3),
    ]
    assert found.column("quantity", "supply_movement") == [1.5]
    assert found.column("place", "ward_stay") == ["acute", "oak"]


def test_the_key_is_made_the_first_way_for_which_the_row_has_all(own):
    found = own("1;7;S;4A;2025-01-02;20:00;;\n;7;S;4A;2025-01-02;20:00;;\n;7;S;4A;;;;\n")

    at = int(utc("2025-01-02 20:00").timestamp() * 1000)
    assert found.column("key") == [NAMES.encounter("1"), f"{NAMES.encounter('7')}:{at}"]
    assert found.faults == [(4, "tag", "E_DATA")]


@pytest.mark.parametrize(
    ("begin", "end", "ended"),
    [
        ("20:00", "08:00", "2025-01-03 08:00"),
        ("2000", "23:30", "2025-01-02 23:30"),
        ("08:00", "", "2025-01-02 12:00"),
    ],
)
def test_an_earlier_time_of_day_is_of_the_next_day(own, begin, end, ended):
    assert own(f"1;7;S;4A;2025-01-02;{begin};{end};\n").column("ended") == [utc(ended)]


@pytest.mark.parametrize("time", ["25:00", "8", "noon", "08:60", "٠٨:٠٠"])
def test_a_time_of_day_that_is_none_is_told(own, time):
    assert own(f"1;7;S;4A;2025-01-02;{time};;\n").faults == [(2, "von", "E_DATE")]


def test_a_night_over_the_change_of_clocks_ends_when_the_clocks_say(own):
    found = own("1;7;S;4A;2025-03-29;20:00;08:00;\n")

    assert found.column("ended") == [utc("2025-03-30 07:00")]


def test_every_fault_of_a_mapping_is_told_at_once():
    text = OWN.replace('item = "station"', 'itm = "station"').replace('{ is = "issue" }', '{ is = "gone" }')

    with pytest.raises(ConfigError) as caught:
        parse_mapping(text, source="own.toml")

    told = str(caught.value)
    assert 'did you mean "item"?' in told
    assert "kind of a supply movement is one of receipt" in told
    assert {problem.path for problem in caught.value.problems} == {
        "tells.1.take.itm",
        "tells.1.key",
        "tells.1.take.kind.words",
    }


@pytest.mark.parametrize(
    "line",
    [
        'place = "x"\nplaec = "y"',
        'place = { colum = "x" }',
        'quantity = { column = "x", hour = "12:00" }',
        'started = { column = "x", hour = "25:00" }',
        'age = { born = "x" }',
        'age = { born = "x", born_at = "arived" }',
        'sex = { column = "x", words = "sexes" }',
        "sex = {}",
        'sex = { column = "x", others = "kept" }',
        'thing = "x"',
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(line):
    head = 'name = "a"\ntitle = "b"\n[[tells]]\nthing = "encounter"\nkey = [["encounter"]]\n'
    text = f'{head}[tells.take]\nencounter = "e"\n{line}\n'

    with pytest.raises(ConfigError):
        parse_mapping(text, source="own.toml")


def test_a_mapping_that_is_not_there_is_told_with_the_nearest():
    with pytest.raises(NotFound, match='did you mean "encounters"'):
        load_mapping("encountres")


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_is_recognised_by_its_own_columns(name, tmp_path):
    header = ",".join(load_mapping(name).known())

    error = refused(tmp_path, header + "\n")

    assert error.code == "E_NO_ROWS"


def test_a_column_nearly_named_is_told_with_the_nearest(tmp_path):
    error = refused(tmp_path, "encounter,arived,discharged\n1,2025-01-02,\n")

    assert error.code == "E_MISSING_COLUMN"
    assert 'did you mean "arived"?' in str(error)


def test_upper_and_lower_case_of_a_header_are_one(tmp_path):
    assert read_text(tmp_path, "ENCOUNTER, Arrived ,discharged\n1,2025-01-02,\n").told.aside == 0


def test_a_header_that_nothing_fits_is_told_with_what_each_mapping_needs(tmp_path):
    error = refused(tmp_path, "a,b\n1,2\n")

    assert error.problems[0].code == "E_HEADER"
    assert {problem.path for problem in error.problems[1:]} == set(shipped_mappings())


def test_a_column_that_stands_there_twice_is_refused(tmp_path):
    error = refused(tmp_path, "encounter,arrived,Arrived,discharged\n1,2025-01-02,2025-01-03,\n")

    assert "stands there twice" in str(error)
