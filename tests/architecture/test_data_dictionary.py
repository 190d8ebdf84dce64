"""The data dictionary says what the models say, key by key."""

from pathlib import Path

from twin.hospital.dictionary import data_dictionary
from twin.hospital.schema import parts

HOUSE = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_models_say():
    page = (HOUSE / "docs" / "data_dictionary.md").read_text(encoding="utf-8")

    assert page == data_dictionary(), "write it anew: scripts/data_dictionary"


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
