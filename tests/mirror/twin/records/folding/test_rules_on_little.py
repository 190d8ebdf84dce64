"""Every rule stands on tables in which hardly anything is told."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.mirror.twin.records.house import house
from twin.records.events import INSTANT
from twin.records.folding.looking import Rule, Tables
from twin.records.folding.rules import RULES
from twin.records.folding.tables import TABLES

NOW = datetime(2025, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)
AT = datetime(2025, 3, 1, 10, tzinfo=UTC)


def little(folder: Path, rows: int, told: tuple[str, ...]) -> dict[str, Path]:
    """All tables with so many rows in which only these kinds of columns are filled."""
    paths = {}
    for name, schema in TABLES.items():
        columns = []
        for field in schema:
            if field.type == INSTANT and "instants" in told:
                columns.append(pa.array([AT] * rows, field.type))
            elif field.type == pa.string() and "texts" in told:
                columns.append(pa.array(["oak"] * rows, field.type))
            else:
                columns.append(pa.nulls(rows, field.type))
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), folder / f"{name}.parquet")
        paths[name] = folder / f"{name}.parquet"
    return paths


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("told", [(), ("instants",), ("texts",), ("instants", "texts")], ids=" and ".join)
@pytest.mark.parametrize("rows", [0, 1, 120])
def test_a_rule_stands_on_little(tmp_path: Path, rule: Rule, told: tuple[str, ...], rows: int):
    found = rule(Tables(little(tmp_path, rows, told), house(), NOW))

    assert found is None or 0 < found.count <= max(found.of, found.count)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_stands_on_no_tables_at_all(rule: Rule):
    assert rule(Tables({}, house(), NOW)) is None
