"""The database behind the store: SQLite in the workspace, or PostgreSQL when an address is given.

SQLite runs so that what was confirmed survives a power cut (write-ahead log, full sync), writers wait for
each other up to 10 seconds, and a network folder, where its locks do not hold, is refused.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url

from twin.errors import USAGE, TwinError
from twin.files import code_of, make_folder
from twin.store.lock import waiting_turn
from twin.store.migrations import HEAD, upgrade

BUSY_TIMEOUT_SECONDS = 10  # assumed: longer than any transaction here, shorter than a person's patience
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "davfs", "glusterfs", "lustre", "ceph"}
MOUNTS = Path("/proc/mounts")
SQLITE_CODES = {
    sqlite3.SQLITE_FULL: "E_DISK_FULL",
    sqlite3.SQLITE_READONLY: "E_READ_ONLY",
    sqlite3.SQLITE_BUSY: "E_BUSY",
    sqlite3.SQLITE_LOCKED: "E_BUSY",
}
NO_ROOM_FOR_ITS_MEMORY = sqlite3.SQLITE_IOERR_SHMSIZE  # the file of shared memory beside the database
POSTGRES_CODES = {"53100": "E_DISK_FULL", "25006": "E_READ_ONLY", "53300": "E_BUSY", "55P03": "E_BUSY"}
NO_CONNECTION_FREE = ("too many clients", "remaining connection slots", "too many connections")


class StoreUnusable(TwinError):
    """The store cannot be opened or written; the message says why and what to do."""

    exit_code = USAGE
    code = "E_STORE"


class Database:
    """An engine with two ways in: ``reading()`` and ``writing()``; each is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.url.render_as_string(hide_password=True)
        assert engine.dialect.dbapi is not None
        self._driver_error: type[Exception] = engine.dialect.dbapi.Error  # of what the driver is asked itself
        _engines.add(engine)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of the workspace."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view; never waits for a writer on SQLite."""
        with self.in_words(), self.engine.connect() as connection:
            view = (
                {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
            connection = connection.execution_options(twin_reading=True, **view)
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing: committed and on disk when the block ends, undone when it raises."""
        with self.in_words(), self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Tell what the database refuses as ``StoreUnusable``; a broken rule of the tables passes."""
        try:
            yield
        except exc.IntegrityError:
            raise
        except (exc.DBAPIError, self._driver_error) as error:
            cause = getattr(error, "orig", error)
            code = _code_of(cause)
            cure = (
                "; nothing was changed: make room on its disk and try again" if code == "E_DISK_FULL" else ""
            )
            said = f"the database {self.name} says: {_first_line(cause)}{cure}"
            raise StoreUnusable(said, code=code) from error
        except exc.TimeoutError as error:
            raise StoreUnusable(
                f"all connections to {self.name} were in use for {BUSY_TIMEOUT_SECONDS} s; try again",
                code="E_BUSY",
            ) from error


def open_database(workspace: Path, url: str | None = None, *, version: str = HEAD) -> Database:
    """The workspace's database with its tables in their present shape, or in that of an older version.

    Raises
    ------
    StoreUnusable
        See ``open_store``.
    """
    _check_folder(workspace)
    if url is None:
        url = f"sqlite:///{workspace / 'twin.db'}"
    database = Database(_engine(url))
    try:
        with database.in_words():
            if not upgrade(database.engine, just_look=True, to=version):
                with waiting_turn(workspace, "migrate", seconds=60):
                    upgrade(database.engine, to=version)
    except BaseException:
        database.close()
        raise
    return database


def reach_database(url: str) -> Database:
    """The database of this address as it is, or ``StoreUnusable``."""
    return Database(_engine(url))


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise StoreUnusable(
            "DATABASE_URL is not a database address, like postgresql://user@host/name"
        ) from None
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        try:
            return _postgres(parsed.set(drivername="postgresql+psycopg"))
        except ImportError:
            raise StoreUnusable(
                "PostgreSQL needs its driver: pip install 'hospital-twin[postgres]'"
            ) from None
    if parsed.drivername == "sqlite" and parsed.database:
        _check_local(Path(parsed.database).resolve().parent)
        return _sqlite(parsed)
    raise StoreUnusable(f"{parsed.drivername} databases are not supported; use PostgreSQL")


def _postgres(url: Any) -> Engine:
    engine = create_engine(
        url, pool_pre_ping=True, pool_timeout=BUSY_TIMEOUT_SECONDS, connect_args={"connect_timeout": 10}
    )

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _: Any, arguments: Any, named: Any) -> Any:
        """Wait for a free connection of a server that has none."""
        last = time.monotonic() + BUSY_TIMEOUT_SECONDS
        while True:
            try:
                return dialect.connect(*arguments, **named)
            except dialect.dbapi.OperationalError as error:
                if _code_of(error) != "E_BUSY" or time.monotonic() > last:
                    raise
            time.sleep(0.1)

    return engine


def _sqlite(url: Any) -> Engine:
    engine = create_engine(
        url, pool_timeout=BUSY_TIMEOUT_SECONDS, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the transaction is begun below, not by the driver
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("twin_reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _check_folder(workspace: Path) -> None:
    try:
        make_folder(workspace)
        with tempfile.TemporaryFile(dir=workspace):
            pass
    except OSError as error:
        raise StoreUnusable(
            f"the workspace {workspace} cannot be written ({error.strerror}); name another with --workspace",
            code=code_of(error),
        ) from error
    file = workspace / "twin.db"
    if file.exists() and not os.access(file, os.W_OK):
        raise StoreUnusable(
            f"the database {file} is read-only; give yourself the right to write it", code="E_READ_ONLY"
        )


def _check_local(folder: Path) -> None:
    kind = _file_system(folder)
    if kind in NETWORK or kind.startswith(("fuse.sshfs", "fuse.gluster")):
        raise StoreUnusable(
            f"the workspace {folder} lies on a network drive ({kind}), where SQLite's locks do not hold; "
            "use a folder on this machine, or set DATABASE_URL to a PostgreSQL database",
            code="E_NETWORK_FOLDER",
        )


def _file_system(folder: Path) -> str:
    """The kind of file system under ``folder``; empty where the system does not tell (not Linux)."""
    if not MOUNTS.exists():
        return ""
    best, kind = -1, ""
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        _, mount, file_system, *_ = line.split(" ")
        point = Path(mount.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), file_system
    return kind


def _forget_connections() -> None:
    """In a forked child: never use, nor close, the parent's connections."""
    for engine in _engines:
        engine.dispose(close=False)


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()
os.register_at_fork(after_in_child=_forget_connections)


def _code_of(error: Any) -> str:
    """The code of what a database said."""
    text = str(error)
    if hasattr(error, "sqlite_errorcode"):
        if error.sqlite_errorcode == NO_ROOM_FOR_ITS_MEMORY:
            return "E_DISK_FULL"
        return SQLITE_CODES.get(error.sqlite_errorcode & 0xFF, StoreUnusable.code)
    full = any(words in text for words in NO_CONNECTION_FREE)  # a refused connection tells no SQLSTATE
    state = "53300" if full else getattr(error, "sqlstate", None) or ""
    return POSTGRES_CODES.get(state, StoreUnusable.code)


def _first_line(error: object) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
