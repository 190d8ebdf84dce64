"""Migrations: the steps by which the tables of an older store become those of today.

``upgrade`` runs them from inside the program; nobody needs the ``alembic`` command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

from twin.errors import USAGE, TwinError

HEAD = "0002"  # the newest file in versions/, kept here so that opening a store need not import Alembic
LOCK = 7_238_114  # any number, the same for every twin: PostgreSQL's name for "migrating"


class NewerStore(TwinError):
    """The database was written by a newer version of the twin."""

    code = "E_NEWER"


class NoLog(TwinError):
    """SQLite would not keep a write-ahead log, without which a power cut may take what was confirmed."""

    exit_code = USAGE
    code = "E_STORE"


def upgrade(engine: Engine, *, just_look: bool = False, to: str = HEAD) -> bool:
    """Bring the tables to version ``to``; safe when several processes do it at once.

    All steps are one transaction: a process that is killed leaves the tables as they were.

    Parameters
    ----------
    just_look
        Change nothing.
    to
        An older version makes the tables that it had (to put its backup back, say).

    Returns
    -------
    bool
        Whether nothing was to be done.

    Raises
    ------
    NewerStore
        The tables are of a version that this program does not know.
    NoLog
        SQLite cannot keep its log beside the database (a full disk, say).
    """
    if just_look:
        with engine.connect().execution_options(twin_reading=True) as connection:
            return version_of(connection) == to and _keeps_a_log(connection)
    write_ahead(engine)
    with engine.begin() as connection:
        take_turn(connection)
        if version_of(connection) == to:
            return True
        migrate(connection, to)
    return False


def _keeps_a_log(connection: Connection) -> bool:
    """Whether the file keeps a write-ahead log; a copy made by other tools may have lost that."""
    return connection.dialect.name != "sqlite" or connection.scalar(text("PRAGMA journal_mode")) == "wal"


def write_ahead(engine: Engine) -> None:
    """Let SQLite write ahead; the file keeps it from then on.

    Raises
    ------
    NoLog
        It would not.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:  # outside a transaction
            door: Any = connection.connection
            (kind,) = door.execute("PRAGMA journal_mode = WAL").fetchone()
        if kind != "wal":  # SQLite says no fault: it stays silently with what it had
            raise NoLog(f"{engine.url.database} cannot be given its write-ahead log; try again")


def take_turn(connection: Connection) -> None:
    """Wait until nobody else makes tables; on SQLite a writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})


def version_of(connection: Connection) -> str | None:
    """The version that the tables stand at; None where there are none.

    Raises
    ------
    NewerStore
        This program does not know it.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if version is not None and version not in known_versions():
        raise NewerStore(
            f"the store stands at version {version}, newer than this program's {HEAD}; update hospital-twin"
        )
    return None if version is None else str(version)


def known_versions() -> set[str]:
    """Every version that the tables ever had."""
    return {path.name.split("_")[0] for path in (Path(__file__).parent / "versions").glob("[0-9]*_*.py")}


def migrate(connection: Connection, to: str = HEAD) -> None:
    """Take the steps to version ``to`` in a transaction that is already open."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
