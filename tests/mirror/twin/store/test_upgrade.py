"""From every earlier version to today's: every row stays as it was, and the books work on."""

from pathlib import Path

import pytest

from tests.mirror.twin.store.older import EARLIER, FILL, older_store, rows_of
from twin.store import open_store
from twin.store.migrations import HEAD, upgrade, version_of


def test_every_earlier_version_has_a_filled_store_to_upgrade():
    assert EARLIER
    assert set(FILL) == set(EARLIER)


@pytest.mark.parametrize("version", EARLIER)
def test_an_upgrade_leaves_every_row_as_it_was(tmp_path: Path, url: str | None, version: str):
    database = older_store(tmp_path, url, version)
    before = rows_of(database)
    database.close()
    assert all(before.values()), "a row or more in every table"

    with open_store(tmp_path, url) as store:
        with store.database.reading() as connection:
            assert version_of(connection) == HEAD
        after = rows_of(store.database)
        assert {name: after[name] for name in before} == before
        assert not any(rows for name, rows in after.items() if name not in before)
        assert store.audit.verify() == len(before["audit"])
        assert {run.id for run in store.runs.list()} == {row[1] for row in before["run"]}
        assert store.records.head() == 0
        store.runs.add("run", {})


@pytest.mark.parametrize("version", EARLIER)
def test_an_upgrade_again_finds_nothing_to_do(tmp_path: Path, url: str | None, version: str):
    database = older_store(tmp_path, url, version)

    assert not upgrade(database.engine)
    assert upgrade(database.engine)
    assert upgrade(database.engine, just_look=True)
    database.close()
