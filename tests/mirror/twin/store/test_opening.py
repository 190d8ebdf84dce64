"""Opening the store: the right shape from nothing and again, and clear words where it cannot be used."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from twin.store import Store, StoreUnusable, database, open_store
from twin.store.migrations import HEAD, NewerStore
from twin.store.tables import metadata


def test_a_store_opens_from_nothing_and_again_with_what_it_held(opened: Callable[[], Store]):
    run_id = opened().runs.add("run", {})

    assert opened().runs.get(run_id).state == "queued"


def test_the_migrations_make_the_tables_that_the_program_uses(store: Store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_the_newest_migration_is_the_one_the_program_names():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_store_of_a_newer_version_is_refused(store: Store, opened: Callable[[], Store]):
    with store.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerStore, match="9999"):
        opened()


def test_sqlite_keeps_what_it_confirmed(tmp_path: Path):
    with open_store(tmp_path) as store, store.database.reading() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert asked == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_network_folder_is_refused_for_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str):
    mounts = tmp_path / "mounts"
    shared = tmp_path / "shared disk"
    mounts.write_text(
        f"disk / ext4 rw 0 0\nserver:/x {str(shared).replace(' ', chr(92) + '040')} {kind} rw 0 0\n"
    )
    monkeypatch.setattr(database, "MOUNTS", mounts)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    with pytest.raises(StoreUnusable, match=f"network drive .{kind}.*DATABASE_URL") as refused:
        open_store(shared / "workspace")
    assert refused.value.exit_code == 2
    assert not (shared / "workspace" / "twin.db").exists()
    open_store(tmp_path / "beside").close()


def test_a_folder_that_cannot_be_made_or_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StoreUnusable, match="cannot be written"):
        open_store(tmp_path / "file" / "workspace")
    with pytest.raises(StoreUnusable, match="cannot be written"):
        open_store(Path("/proc/workspace"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_database_is_refused(tmp_path: Path):
    open_store(tmp_path).close()
    (tmp_path / "twin.db").chmod(0o444)

    with pytest.raises(StoreUnusable, match="read-only"):
        open_store(tmp_path)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path):
    (tmp_path / "twin.db").write_bytes(b"this is not a database, it is a letter " * 100)

    with pytest.raises(StoreUnusable, match="not a database"):
        open_store(tmp_path)


def test_a_sqlite_database_of_somebody_else_is_left_alone(tmp_path: Path):
    with sqlite3.connect(tmp_path / "twin.db") as other:
        other.execute("CREATE TABLE run (x)")

    with pytest.raises(StoreUnusable, match="already exists"):
        open_store(tmp_path)


@pytest.mark.parametrize("url", ["mysql://root@host/db", "not an address", "sqlite://"])
def test_other_databases_are_refused_without_repeating_a_password(tmp_path: Path, url: str):
    with pytest.raises(StoreUnusable, match=r"not supported|not a database address"):
        open_store(tmp_path, url)


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path):
    with pytest.raises(StoreUnusable) as refused:
        open_store(tmp_path, "postgresql://twin:geheim@127.0.0.1:9/none")
    assert "geheim" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)
