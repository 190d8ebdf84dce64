"""The data dictionary says what the models and the tables of the records say, line by line."""

from pathlib import Path

from twin.hospital.dictionary import data_dictionary
from twin.hospital.schema import parts
from twin.records.dictionary import SAYINGS, THINGS, records_dictionary
from twin.records.events import NAMES, Said, Thing
from twin.records.folding.tables import TABLES
from twin.records.reading.extracts.mapping import load_mapping, shipped_mappings

HOUSE = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_models_say():
    page = (HOUSE / "docs" / "data_dictionary.md").read_text(encoding="utf-8")

    assert page == f"{data_dictionary()}\n{records_dictionary()}", "write it anew: scripts/data_dictionary"


def test_every_key_of_every_table_has_a_line():
    page = data_dictionary()

    for part in parts():
        section = page.split(f"\n## {part.__name__}\n", 1)[1].split("\n## ", 1)[0]
        keys = [field.alias or name for name, field in part.model_fields.items()]
        assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == keys


def test_a_line_tells_unit_usual_value_rule_and_meaning():
    line = next(line for line in data_dictionary().splitlines() if line.startswith("| `slot_minutes`"))

    assert line == (
        "| `slot_minutes` | number | minutes | none | more than 0, at most 1440 "
        "| Length of a slot; without it cases are booked by their length |"
    )


def test_every_column_of_the_event_table_has_a_line_with_the_tables_it_stands_in():
    section = records_dictionary().split("\n## The event table\n", 1)[1].split("\n### ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]

    assert tuple(line.split("`")[1] for line in lines) == NAMES
    told = {line.split("`")[1]: line.rsplit("|", 2)[1].strip() for line in lines}
    assert told["step"] == "ward_stays"
    assert told["thing"] == "none"


def test_every_thing_and_every_saying_has_its_words():
    assert set(THINGS) == set(Thing)
    assert set(SAYINGS) == set(Said)


def test_every_table_of_today_names_all_its_columns():
    page = records_dictionary()

    for name, schema in TABLES.items():
        line = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert line.split("`")[3::2] == [
            column for column in schema.names if column not in ("said_at", "versions")
        ]


def test_every_shipped_mapping_names_the_columns_that_it_needs():
    page = records_dictionary()

    for name in shipped_mappings():
        section = page.split(f"\n### `{name}`\n", 1)[1].split("\n### ", 1)[0]
        for columns, needed in load_mapping(name).columns():
            assert all(f"`{column}`" in section for column in columns if needed)
