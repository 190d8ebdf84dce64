"""SQLite on a disk that loses its power, or refuses its Nth call: a file system of our own under ``apsw``.

The files themselves lie in a real folder, where SQLite reads them and locks them; every write, sync,
truncation, new file and removal is told to a ``Disk`` as well, which says what a cut would leave. ``driver``
is the face that SQLAlchemy expects of a driver, so that the store's own code runs on it, with the store's own
settings.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw
from sqlalchemy import make_url

from tests.faults.disk import Disk
from twin.store import database

FOLDER_IS_SYNCED_FOR = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
_numbers = itertools.count()


class System(apsw.VFS):
    """The file system: SQLite's own for this machine, watched.

    ``watch`` is called with a word and a path before each call that changes something; what it raises,
    SQLite gets.
    """

    def __init__(self, disk: Disk, watch: Callable[[str, str], None]) -> None:
        self.disk, self.watch = disk, watch
        self.name = f"watched {next(_numbers)}"
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> Watched:
        return Watched(self, name, flags)

    def xDelete(self, path: str, syncdir: bool) -> None:
        self.watch("delete", path)
        super().xDelete(path, syncdir)
        self.disk.remove(path)
        if syncdir:
            self.disk.sync_folder(str(Path(path).parent))


class Watched(apsw.VFSFile):
    """One open file."""

    def __init__(self, system: System, name: Any, flags: list[int]) -> None:
        self.system = system
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        makes = bool(flags[0] & apsw.SQLITE_OPEN_CREATE)
        if makes and system.disk.file(self.path) is None:
            system.watch("open", self.path)
        super().__init__("", name, flags)
        if system.disk.file(self.path) is None:
            system.disk.make(self.path)
        self.folder_owed = makes and bool(flags[0] & FOLDER_IS_SYNCED_FOR)  # as SQLite's own does
        self.file = system.disk.file(self.path)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.system.watch("write", self.path)
        super().xWrite(data, offset)
        self.file.write(offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        self.system.watch("truncate", self.path)
        super().xTruncate(size)
        self.file.truncate(size)

    def xSync(self, flags: int) -> None:
        self.system.watch("sync", self.path)
        self.file.sync()  # the real file need not be synced: the real power stays on
        if self.folder_owed:
            self.system.disk.sync_folder(str(Path(self.path).parent))
            self.folder_owed = False


@contextmanager
def stores_on(system: System, *settings: str) -> Iterator[None]:
    """SQLite stores below the disk's root, opened in this block, lie on it.

    ``settings`` are run after the store's own.
    """
    module = driver(system, settings)
    usual = database.create_engine

    def create_engine(url: Any, **more: Any) -> Any:
        here = Path(make_url(url).database or "/").is_relative_to(system.disk.root)
        return usual(url, **more, **({"module": module} if here else {}))

    database.create_engine = create_engine
    try:
        yield
    finally:
        database.create_engine = usual


# ---------------------------------------------------------------- what SQLAlchemy asks of a driver


class Error(Exception):
    """As ``sqlite3.Error``, with its two attributes."""

    def __init__(self, message: str, code: int = apsw.SQLITE_ERROR) -> None:
        super().__init__(message)
        names = {**apsw.mapping_result_codes, **apsw.mapping_extended_result_codes}
        self.sqlite_errorcode, self.sqlite_errorname = code, str(names.get(code, ""))


class OperationalError(Error):
    pass


class IntegrityError(Error):
    pass


def driver(system: System, settings: tuple[str, ...] = ()) -> SimpleNamespace:
    """A driver's module whose connections lie on ``system``."""
    errors = dict.fromkeys(
        ("DatabaseError", "InterfaceError", "ProgrammingError", "DataError", "InternalError"), Error
    )
    return SimpleNamespace(
        paramstyle="qmark",
        sqlite_version_info=tuple(map(int, apsw.sqlite_lib_version().split("."))),
        connect=lambda path, **asked: Link(system, settings, path, asked.get("timeout", 5.0)),
        Error=Error,
        OperationalError=OperationalError,
        IntegrityError=IntegrityError,
        **errors,
    )


class Link:
    """A connection."""

    isolation_level: str | None = ""

    def __init__(self, system: System, settings: tuple[str, ...], path: str, timeout: float) -> None:
        with _told():
            self.inner = apsw.Connection(path, vfs=system.name)
        self.inner.set_busy_timeout(int(timeout * 1000))
        self._settings = settings

    def cursor(self) -> Cursor:
        if not self.inner.in_transaction:
            for setting in self._settings:
                self.inner.execute(setting).fetchall()
        return Cursor(self.inner)

    def execute(self, sql: str, given: Any = ()) -> Cursor:
        return Cursor(self.inner).execute(sql, given)

    def create_function(self, name: str, size: int, call: Callable[..., Any], **more: Any) -> None:
        self.inner.create_scalar_function(name, call, size, **more)

    def commit(self) -> None:
        if self.inner.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.inner.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        with _told():
            self.inner.close()


class Cursor:
    """A cursor that holds all its rows."""

    arraysize = 1

    def __init__(self, inner: apsw.Connection) -> None:
        self._inner, self._cursor = inner, inner.cursor()
        self._cursor.exec_trace = self._describe
        self._rows: Iterator[tuple[Any, ...]] = iter(())
        self.description: Any = None
        self.rowcount, self.lastrowid = -1, None

    def _describe(self, cursor: apsw.Cursor, sql: str, given: Any) -> bool:
        columns = cursor.get_description()
        self.description = [(name, *[None] * 6) for name, _ in columns] or None
        return True

    def execute(self, sql: str, given: Any = ()) -> Cursor:
        before = self._inner.total_changes()
        self.description = None
        with _told():
            self._rows = iter(self._cursor.execute(sql, tuple(given)).fetchall())
        self.rowcount = self._inner.total_changes() - before if self.description is None else -1
        self.lastrowid = self._inner.last_insert_rowid()
        return self

    def executemany(self, sql: str, many: Any) -> Cursor:
        count = 0
        for given in many:
            count += self.execute(sql, given).rowcount
        self.rowcount = count
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return list(itertools.islice(self._rows, size or self.arraysize))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)

    def close(self) -> None:
        self._cursor.close()


@contextmanager
def _told() -> Iterator[None]:
    """The library's errors as a driver's."""
    try:
        yield
    except apsw.ConstraintError as fault:
        raise IntegrityError(str(fault), fault.extendedresult) from fault
    except apsw.Error as fault:
        code = getattr(fault, "extendedresult", apsw.SQLITE_ERROR)
        raise OperationalError(str(fault), code) from fault
