"""Bringing in: each file whole or not at all, twice is once, and nothing of a refused one is kept."""

import hashlib
from datetime import datetime
from pathlib import Path

import pytest

from tests.mirror.twin.records.house import house, stay, written
from twin.errors import BadData, NotFound
from twin.store import open_store
from twin.workspace import Asking, Brought, Workspace, bring_in

NOW = datetime(2025, 6, 1)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose description is the house of these tests."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(Workspace, "hospital", lambda self: house())
    return Workspace(folder)


def bring(own: Workspace, *files: Path, **asking: object) -> Brought:
    return bring_in(own, files, Asking(now=NOW, **asking))  # type: ignore[arg-type]


def tables(own: Workspace) -> dict[str, str]:
    """The content of every table of the records."""
    with open_store(own.path) as store:
        return {name: table.sha256 for name, table in store.records.tables().items()}


def rows_of_the_store(own: Workspace) -> str:
    """One number for all rows of the database."""
    with open_store(own.path) as store, store.database.reading() as connection:
        listed = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = sorted(row[0] for row in listed)
        told = {name: connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall() for name in names}
    return hashlib.sha256(repr(told).encode()).hexdigest()


def visits(first: int, count: int, **fields: str) -> list[str]:
    return [stay(f"{n:05d}", **fields) for n in range(first, first + count)]


def test_the_same_file_again_changes_nothing_and_says_so(own, tmp_path):
    file = written(tmp_path / "one.csv", *visits(1, 3))
    bring(own, file)
    before = rows_of_the_store(own)

    again = bring(own, file)

    assert [kept.again for kept in again.kept] == [True]
    assert rows_of_the_store(own) == before


def test_the_same_rows_in_another_file_and_order_leave_the_tables_as_they_are(own, tmp_path):
    rows = visits(1, 9)
    bring(own, written(tmp_path / "one.csv", *rows))
    before = tables(own)

    bring(own, written(tmp_path / "two.csv", *reversed(rows)))

    assert tables(own) == before
    assert len(own.records().arrivals()) == 9


def test_a_refused_file_leaves_every_row_of_the_store_as_it_was(own, tmp_path):
    bring(own, written(tmp_path / "one.csv", *visits(1, 3)))
    before, kept = rows_of_the_store(own), sorted(p for p in own.path.rglob("*") if p.is_file())

    refused = bring(own, written(tmp_path / "two.csv", *visits(10, 9), stay("19", ended="later")))

    assert refused.refused[0].error.problems[-1].code == "E_TOO_MANY_FAULTS"
    assert rows_of_the_store(own) == before
    assert sorted(p for p in own.path.rglob("*") if p.is_file()) == kept


def test_one_bad_file_does_not_keep_the_others_out(own, tmp_path):
    good = written(tmp_path / "good.csv", *visits(1, 3))
    bad = written(tmp_path / "bad.csv", stay("9", ended="2025-03-01 09:00"))

    brought = bring(own, bad, good)

    assert [one.source for one in brought.refused] == ["bad.csv"]
    assert [one.source for one in brought.kept] == ["good.csv"]
    assert len(own.records().arrivals()) == 3
    with pytest.raises(BadData, match="ended lies before started"):
        brought.or_raise()


def test_up_to_one_row_in_a_hundred_is_put_aside_by_its_shape_only(own, tmp_path):
    rows = [*visits(1, 99), stay("00100", place="Oak bed of Ann 12")]

    brought = bring(own, written(tmp_path / "one.csv", *rows))

    (kept,) = brought.kept
    assert (kept.rows, kept.aside) == (100, 1)
    assert "Oak bed of Ann 12" in str(kept.told.problems()[0])
    with open_store(own.path) as store:
        (aside,) = store.records.aside(1)
    assert (aside.row, aside.code) == (101, "E_UNKNOWN_WARD")
    assert "Ann" not in str(aside)
    assert len(own.records().arrivals()) == 99


def test_a_look_keeps_nothing(own, tmp_path):
    bring(own, written(tmp_path / "one.csv", *visits(1, 3)))
    before = rows_of_the_store(own)

    looked = bring(own, written(tmp_path / "two.csv", *visits(4, 3)), only_look=True)

    assert looked.only_looked
    assert looked.tables["encounters"] == 6, "what would be there"
    assert rows_of_the_store(own) == before


def test_a_file_that_is_not_there_is_told_before_anything_is_read(own, tmp_path):
    with pytest.raises(NotFound, match="nothing was read"):
        bring(own, written(tmp_path / "one.csv", *visits(1, 3)), tmp_path / "two.csv")

    assert not (own.path / "twin.db").exists()


def test_an_unknown_ward_is_known_once_records_toml_names_it(own, tmp_path):
    ward = {"place": "W-7", "step": "stay"}
    file = written(tmp_path / "one.csv", *visits(1, 3, **ward))
    assert bring(own, file).refused[0].error.problems[0].code == "E_UNKNOWN_WARD"

    own.names_file.write_text('[places]\n"W-7" = "oak"\n')

    assert bring(own, file).kept[0].aside == 0
    assert set(own.records().frame["place"]) == {"oak"}


def test_names_that_change_later_are_used_at_the_next_look(own, tmp_path):
    own.names_file.write_text('[places]\n"W-7" = "oak"\n')
    bring(own, written(tmp_path / "one.csv", *visits(1, 3, place="W-7", step="stay")))

    own.names_file.write_text('[places]\n"W-7" = "elm"\n')

    assert set(own.records().frame["place"]) == {"elm"}


def test_people_have_other_names_in_another_workspace_and_none_has_the_numbers(own, tmp_path):
    file = written(tmp_path / "one.csv", stay("000123"))
    other = Workspace((tmp_path / "other").mkdir() or tmp_path / "other")
    bring(own, file)
    bring(other, file)

    mine, theirs = (w.records().frame["encounter"].iloc[0] for w in (own, other))

    assert mine != theirs
    for path in (p for p in own.path.rglob("*") if p.is_file() and "artefacts" in p.parts):
        assert b"000123" not in path.read_bytes()


def test_a_header_alone_is_told_and_what_was_there_stays(own, tmp_path):
    bring(own, written(tmp_path / "one.csv", *visits(1, 3)))
    before = tables(own)

    refused = bring(own, written(tmp_path / "empty.csv"))

    assert refused.refused[0].error.problems[-1].code == "E_NO_ROWS"
    assert tables(own) == before
