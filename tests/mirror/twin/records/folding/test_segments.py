"""A segment gives back what was written, bucket by bucket, and a fold of many buckets is that of one."""

import itertools

import pyarrow as pa
import pytest

from tests.mirror.twin.records.folding.telling import NOW, folded, message, segment, stay, told, visit
from tests.mirror.twin.records.house import house
from twin.records.events import SCHEMA, Thing, events
from twin.records.folding import buckets, segments
from twin.records.folding.fold import fold
from twin.records.folding.names import Names
from twin.records.folding.past import history_of_thing
from twin.records.folding.segments import write_segment
from twin.records.folding.statements import Statements

MANY = [
    row
    for n in range(200)
    for row in (
        message("admit", "2025-03-01 10:00", "oak", visit=f"E{n}"),
        message("transfer", "2025-03-02 10:00", "elm", visit=f"E{n}"),
        stay("clinic", "2025-03-05 10:00", "2025-03-05 11:00", visit=f"E{n}", said_at="2025-03-06"),
    )
]


def bytes_of(tables) -> dict[str, bytes]:
    return {name: table.path.read_bytes() for name, table in tables.items()}


def test_what_is_written_is_told(tmp_path):
    batch = events({"thing": ["slot"], "key": ["1"], "planned_start": [NOW], "row": [1]}, 1)

    info = write_segment([batch, batch], tmp_path / "s.parquet")

    assert (info.rows, info.first, info.last) == (2, NOW, NOW)


def test_a_segment_of_nothing_is_a_segment(tmp_path):
    info = write_segment([], tmp_path / "s.parquet")

    assert (info.rows, info.first) == (0, None)
    assert folded([]).tables == {}


@pytest.mark.parametrize("rows", [7, 40, 100_000])
def test_many_buckets_give_the_tables_of_one(tmp_path, monkeypatch, rows):
    (tmp_path / "one").mkdir()
    whole = fold([segment(MANY, tmp_path)], Names(), house(), tmp_path / "one", now=NOW)
    monkeypatch.setattr(buckets, "BUCKET_ROWS", rows)
    monkeypatch.setattr(segments, "_HELD", 50)
    (tmp_path / "many").mkdir()

    parts = [segment(MANY[n::3], tmp_path, 2 + n) for n in range(3)]
    many = fold(parts, Names(), house(), tmp_path / "many", now=NOW)

    assert bytes_of(many.tables) == bytes_of(whole.tables)
    assert many.balance == whole.balance


def test_every_statement_of_a_visit_lies_in_one_bucket(tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "BUCKET_ROWS", 20)

    with Statements([segment(MANY, tmp_path)], tmp_path) as statements:
        seen = [set(statements.bucket(n)["encounter"].to_pylist()) for n in range(statements.buckets)]

    assert statements.buckets > 8
    assert sum(map(len, seen)) == 200
    assert all(not a & b for a, b in itertools.combinations(seen, 2))


def test_a_merged_visit_is_found_in_every_bucket(tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "BUCKET_ROWS", 20)
    merges = [
        told(thing="encounter_merge", key=f"E{n}", said="state", encounter=f"E{n + 100}") for n in range(100)
    ]

    result = fold(
        [segment(MANY, tmp_path), segment(merges, tmp_path, 2)], Names(), house(), tmp_path, now=NOW
    )

    assert result.tables["encounters"].rows == 100


def test_nothing_is_left_beside_the_tables(tmp_path):
    fold([segment(MANY, tmp_path)], Names(), house(), tmp_path, now=NOW)

    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["encounters.parquet", "segment-1.parquet", "ward_stays.parquet"]


def test_the_past_of_a_visit_has_all_that_was_said_of_it(tmp_path):
    old = segment([visit(age=40, said_at="2025-03-01"), visit("E2")], tmp_path, 1)
    new = segment([visit(age=41, said_at="2025-03-02"), stay("oak", "2025-03-01 10:00")], tmp_path, 2)

    past = history_of_thing([new, old], Thing.ENCOUNTER, "E1")

    assert past["age"].to_pylist() == [40, 41, None]
    assert past["number"].to_pylist() == [1, 2, 2]


def test_statements_keep_their_columns(tmp_path):
    with Statements([segment(MANY, tmp_path)], tmp_path) as statements:
        assert statements.bucket(0).schema.names == [*SCHEMA.names, "number"]
        assert statements.bucket(0)["at"].type == pa.timestamp("ms", tz="UTC")
