"""The book of records: published whole, once, and only on top of the newest folding."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from twin.records.quality import Finding
from twin.records.reading.told import Told
from twin.store import (
    AlreadyImported,
    ArtefactDamaged,
    HeadMoved,
    NewFold,
    NewImport,
    Segment,
    Store,
    StoreUnusable,
    TableRef,
)

NOON = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
AS_OF = dt.datetime(2024, 3, 31, 23, 59)
OVERLAP = Finding("error", "E_OVERLAP", "Two patients in one bed", "Look.", 3, 120, "ward_stays", {"oak": 3})


def kept(store: Store, words: str) -> str:
    with store.artefacts.staging() as folder:
        staged = folder / "file"
        staged.write_text(words)
        return store.artefacts.keep_file(staged)


def an_import(store: Store, name: str, **changed) -> NewImport:
    segment = kept(store, f"statements of {name}")
    entry = NewImport(f"{name}.csv", "csv", "a" * 64, f"{name} v1", 120, 0, segment, 118)
    return replace(entry, **changed)


def a_fold(store: Store, words: str = "stays") -> NewFold:
    table = TableRef(kept(store, words), 118, NOON, NOON + dt.timedelta(days=30), NOON)
    return NewFold("b" * 64, {"ward_stays": table}, [OVERLAP], {"merged people": 2})


def counts(store: Store) -> dict[str, int]:
    tables = ("records_import", "records_aside", "records_fold", "records_table", "records_finding", "audit")
    with store.database.reading() as connection:
        return {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in tables}


def test_an_empty_book_has_no_head_and_holds_nothing(store: Store):
    book = store.records

    assert (book.head(), book.fold(), book.imports(), book.segments()) == (0, None, (), ())
    assert (book.tables(), book.findings(), book.known("nothing"), book.aside(1)) == ({}, (), None, ())


def test_what_is_published_is_read_as_it_was_given(store: Store):
    told = Told(read=120)
    told.note("segments that the twin does not read", 40_123)
    told.fault(7, "ward", "W-4 Ann 12\0", "no such ward", "name it in records.toml", "E_UNKNOWN_WARD")
    account = NewImport.told(told)
    entry = an_import(store, "march", begins=dt.date(2024, 3, 1), as_of=AS_OF, mapping="hes", **account)
    fold = a_fold(store)

    number = store.records.publish([entry], fold, expected_head=0, actor="bed_manager")

    assert number == store.records.head() == 1
    (found,) = store.records.imports()
    assert found == store.records.known("march v1")
    assert (found.number, found.source, found.mapping, found.actor) == (1, "march.csv", "hes", "bed_manager")
    assert (found.begins, found.as_of) == (dt.date(2024, 3, 1), AS_OF)
    assert found.notes == {"segments that the twin does not read": 40_123}
    assert found.counts == (("E_UNKNOWN_WARD", "ward", "no such ward", 1),)
    assert abs(found.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert store.records.segments() == (Segment(1, entry.segment, 118, dt.date(2024, 3, 1), AS_OF),)
    assert store.records.tables() == fold.tables
    assert store.records.findings() == (OVERLAP,)
    published = store.records.fold()
    assert (published.number, published.after_import, published.notes) == (1, 1, {"merged people": 2})
    assert store.audit.verify() == 1


def test_of_a_row_put_aside_only_the_shape_of_its_value_is_kept(store: Store):
    told = Told(read=10)
    told.fault(3, "ward", "Ann Müller, 12 May", "no such ward", "map it", "E_UNKNOWN_WARD")
    told.fault(4, "ended", None, "an end is needed", "", "E_DATA")
    entry = an_import(store, "march", **NewImport.told(told))
    store.records.publish([entry], a_fold(store), expected_head=0)

    first, second = store.records.aside(1)

    assert (first.row, first.field, first.shape) == (3, "ward", "aaa aaaaaa, 99 aaa")
    assert (first.rule, first.cure, first.code) == ("no such ward", "map it", "E_UNKNOWN_WARD")
    assert second.shape is None
    if store.database.is_sqlite:
        assert b"Ann" not in b"".join(path.read_bytes() for path in store.workspace.glob("twin.db*"))


def test_imports_are_numbered_on_without_a_gap_and_the_newest_fold_is_the_head(store: Store):
    first = [an_import(store, name) for name in ("jan", "feb")]
    store.records.publish(first, a_fold(store, "two"), expected_head=0)
    with pytest.raises(HeadMoved):
        store.records.publish([an_import(store, "lost")], a_fold(store), expected_head=0)
    store.records.publish([an_import(store, "mar")], a_fold(store, "three"), expected_head=1)
    anew = replace(a_fold(store, "anew"), findings=())
    assert store.records.publish([], anew, expected_head=2) == 3

    assert [entry.number for entry in store.records.imports()] == [3, 2, 1]
    assert [entry.number for entry in store.records.imports(2)] == [3, 2]
    assert [segment.number for segment in store.records.segments()] == [1, 2, 3]
    assert store.records.tables() == anew.tables
    assert store.records.findings() == ()
    assert (store.records.fold().number, store.records.fold().after_import) == (3, 3)


def test_two_who_publish_on_the_same_head_do_not_lose_each_other(opened: Callable[[], Store]):
    one, two = opened(), opened()
    heads = one.records.head(), two.records.head()
    one.records.publish([an_import(one, "jan")], a_fold(one), expected_head=heads[0])
    before = counts(two)

    with pytest.raises(HeadMoved, match="from folding 0 to 1") as refused:
        two.records.publish([an_import(two, "feb")], a_fold(two), expected_head=heads[1])
    assert (refused.value.head, refused.value.code) == (1, "E_MOVED")
    assert counts(two) == before

    two.records.publish([an_import(two, "feb")], a_fold(two), expected_head=refused.value.head)
    assert [entry.source for entry in one.records.imports()] == ["feb.csv", "jan.csv"]


def test_the_same_import_again_is_told_and_changes_nothing(store: Store):
    entry = an_import(store, "march")
    store.records.publish([entry], a_fold(store), expected_head=0)
    before = counts(store)

    for head in (0, 1):  # by one who lost the answer, and by one who knows of it
        with pytest.raises(AlreadyImported, match=r"march\.csv .import 1") as told:
            store.records.publish([an_import(store, "new"), entry], a_fold(store), expected_head=head)
        assert told.value.imports == store.records.imports()
    assert counts(store) == before


def test_nothing_is_published_whose_file_is_not_there(store: Store):
    gone = "0" * 64

    with pytest.raises(ArtefactDamaged, match=r"march\.csv"):
        entry = an_import(store, "march", segment=gone)
        store.records.publish([entry], a_fold(store), expected_head=0)
    with pytest.raises(ArtefactDamaged, match="ward_stays"):
        fold = NewFold("b" * 64, {"ward_stays": TableRef(gone, 1)})
        store.records.publish([an_import(store, "march")], fold, expected_head=0)
    assert set(counts(store).values()) == {0}
    assert store.records.head() == 0


def test_a_time_without_or_with_a_zone_is_not_taken_for_the_other(store: Store):
    for wrong in (
        {"as_of": NOON},
        {"segment_rows": 1, "fold": TableRef(kept(store, "x"), 1, first=NOON.replace(tzinfo=None))},
    ):
        table = wrong.pop("fold", TableRef(kept(store, "x"), 1))
        with pytest.raises(Exception, match="time zone"):
            entry = an_import(store, "march", **wrong)
            store.records.publish([entry], NewFold("b" * 64, {"t": table}), expected_head=0)
    assert store.records.head() == 0


# Files of any size


def test_a_file_is_taken_in_by_content_and_kept_once(store: Store):
    one, two = kept(store, "statements"), kept(store, "statements")

    assert one == two
    path = store.artefacts.open_file(one)
    assert path.read_text() == "statements"
    assert path == store.artefacts.path(one)
    assert [p for p in (store.workspace / "artefacts").rglob("*") if p.is_file()] == [path]


def test_a_file_from_another_file_system_is_taken_as_well(store: Store, monkeypatch: pytest.MonkeyPatch):
    import errno
    import os

    elsewhere = store.workspace / "elsewhere"
    elsewhere.write_text("statements")
    replace_file = os.replace

    def across(source, target):
        if Path(source) == elsewhere:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace_file(source, target)

    monkeypatch.setattr(os, "replace", across)
    digest = store.artefacts.keep_file(elsewhere)

    assert store.artefacts.open_file(digest).read_text() == "statements"
    assert not elsewhere.exists()
    assert not list((store.workspace / "artefacts").glob(".staged-*"))


def test_a_kept_file_that_was_altered_or_removed_is_never_given_out(store: Store):
    digest = kept(store, "statements")

    store.artefacts.path(digest).write_text("statementz")
    with pytest.raises(ArtefactDamaged, match="segment 4 was altered") as damaged:
        store.artefacts.open_file(digest, "segment 4")
    assert damaged.value.code == "E_DAMAGED"
    store.artefacts.path(digest).unlink()
    with pytest.raises(ArtefactDamaged, match="gone"):
        store.artefacts.open_file(digest)
    assert kept(store, "statements") == digest
    assert store.artefacts.open_file(digest).read_text() == "statements"


def test_what_cannot_be_taken_is_refused_in_words(store: Store):
    for wrong in (store.workspace, store.workspace / "not-there"):
        with pytest.raises(StoreUnusable, match="cannot keep"):
            store.artefacts.keep_file(wrong)


def test_only_old_files_that_no_row_names_are_swept(store: Store):
    claim = store.runs.start("run", {}, owner="test")
    of_a_run = store.artefacts.put(claim, "plan", b"beds = 24")
    folds = [a_fold(store, f"tables {n}") for n in range(3)]
    segments = [an_import(store, f"month {n}") for n in range(3)]
    for n in range(3):
        store.records.publish([segments[n]], folds[n], expected_head=n)
    orphan = kept(store, "made by an import that was killed")
    fresh = store.artefacts.sweep()
    assert fresh.files == 0, "work that is under way keeps its files"

    expected = {orphan, folds[0].tables["ward_stays"].sha256}
    assert store.artefacts.sweep(dry=True, older_than_seconds=-60).files == 2
    assert store.artefacts.path(orphan).exists()
    swept = store.artefacts.sweep(older_than_seconds=-60)

    assert swept.files == 2
    assert not any(store.artefacts.path(digest).exists() for digest in expected)
    for digest in [
        of_a_run,
        *(s.segment for s in segments),
        *(f.tables["ward_stays"].sha256 for f in folds[1:]),
    ]:
        store.artefacts.open_file(digest)
