"""Restore: a workspace from a backup, whole and checked, or not at all.

Everything is unpacked beside the folder and compared with what the backup tells of it; rows are put into the
database in one transaction, counted, and the audit is verified. Then the folder gets its name.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exc, func, select

from twin.errors import TwinError, UsageError
from twin.files import code_of, sync_folder
from twin.store import audit
from twin.store.database import StoreUnusable, reach_database
from twin.store.migrations import HEAD, NewerStore, known_versions, migrate, take_turn, write_ahead
from twin.store.named import named
from twin.store.packing import BadBackup, Manifest, Member, Unpacker
from twin.store.rows import fill, is_empty, tables_of, whole_lines
from twin.store.tables import audit_head


@dataclass(frozen=True)
class Restored:
    """What was put back: ``at`` is the backup's mark, ``left_out`` what was damaged when it was taken."""

    folder: Path
    database: str
    at: str
    rows: int
    files: int
    audit_rows: int
    left_out: tuple[str, ...] = ()


def restore(file: Path, folder: Path, url: str | None = None, *, actor: str = "local") -> Restored:
    """Make the workspace ``folder`` from a backup.

    Parameters
    ----------
    folder
        Not there yet, or empty.
    url
        Address of an empty PostgreSQL database to put the rows into; SQLite in the folder when omitted. A
        backup of either goes into either.

    Raises
    ------
    UsageError
        The folder or the database holds something already.
    BadBackup
        The file is no backup, cut short or altered.
    NewerStore
        It was written by a newer version of the twin.
    TwinError, StoreUnusable
        The folder or the database cannot be written.
    """
    folder = folder.expanduser().absolute()
    _refuse_if_taken(folder)
    if not file.is_file():
        raise UsageError(f"{file}: no such backup")
    with file.open("rb") as packed, _staged(folder) as staged:
        unpacker = Unpacker(packed)
        manifest = unpacker.manifest
        if manifest.schema not in known_versions():
            raise NewerStore(
                f"the backup stands at version {manifest.schema}, newer than this program's {HEAD}; "
                "update hospital-twin"
            )
        _refuse_if_too_large(manifest, staged)
        name = _put_back(unpacker, staged, folder, url, actor)
    rows = sum(int(table["rows"]) for table in manifest.tables.values())
    files = sum(not member.name.startswith("tables/") for member in manifest.members)
    return Restored(folder, name, manifest.at, rows, files, manifest.audit_rows, tuple(manifest.left_out))


def _put_back(unpacker: Unpacker, staged: Path, folder: Path, url: str | None, actor: str) -> str:
    """Everything into ``staged`` and the database, and ``staged`` into its place; the database's name."""
    database = reach_database(url or f"sqlite:///{staged / 'twin.db'}")
    try:
        with database.in_words():
            write_ahead(database.engine)
        with database.writing() as connection:
            take_turn(connection)
            if not is_empty(connection):
                raise UsageError(f"the database {database.name} is not empty; name one without tables")
            migrate(connection, unpacker.manifest.schema)
            _unpack(unpacker, connection, staged)
            _check(connection, unpacker.manifest)
            audit.append(connection, actor, "store.restore", folder.name, {"at": unpacker.manifest.at})
            if url is not None:
                _place(staged, folder)  # before the rows are confirmed: rows without files would be worse
        if url is None:
            database.close()
            _place(staged, folder)
    except BaseException:
        if not staged.exists():  # it had its name already, and the database refused in the last moment
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        database.close()
    return database.name if url is not None else "SQLite in the folder"


def _unpack(unpacker: Unpacker, connection: Connection, staged: Path) -> None:
    tables = {table.name: table for table in tables_of(connection)}
    told = {name: list(table["columns"]) for name, table in unpacker.manifest.tables.items()}
    if told != {name: [column.name for column in table.columns] for name, table in tables.items()}:
        raise BadBackup(f"the backup's tables are not those of version {unpacker.manifest.schema}")
    for member, blocks in unpacker.members():
        if not member.name.startswith("tables/"):
            _write(staged / member.name, member, blocks)
            continue
        name = Path(member.name).stem
        try:
            count = fill(connection, tables[name], whole_lines(blocks))
        except (
            ValueError,
            TypeError,
            OverflowError,
            RecursionError,
            exc.IntegrityError,
            exc.DataError,
        ) as error:
            raise BadBackup(f"the rows of {name} cannot be put back ({_first_line(error)})") from error
        if count != unpacker.manifest.tables[name]["rows"]:
            raise BadBackup(f"the backup's list tells of other than {count} rows of {name}")


def _write(path: Path, member: Member, blocks: Iterable[bytes]) -> None:
    if member.name.startswith("artefacts/") and member.sha256 != path.parent.name + path.name:
        raise BadBackup(f"the backup was altered: {member.name} is not named by its content")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        if member.name == "records/secret":
            os.fchmod(file.fileno(), 0o600)
        for block in blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _check(connection: Connection, manifest: Manifest) -> None:
    """Every row is there, the audit is unbroken and ends as it did, and each file that a row names came."""
    for table in tables_of(connection):
        count = connection.scalar(select(func.count()).select_from(table))
        if count != manifest.tables[table.name]["rows"]:
            raise BadBackup(f"{count} rows of {table.name} were put back; the backup tells of other")
    rows = audit.verify(connection)
    end = connection.scalar(select(audit_head.c.hash))
    if (rows, end) != (manifest.audit_rows, manifest.audit_hash):
        raise BadBackup("the backup's audit does not end as its list tells")
    if manifest.schema != HEAD:
        migrate(connection)
    came = {member.sha256 for member in manifest.members} | set(manifest.left_out)
    missing = named(connection) - came
    if missing:
        raise BadBackup(f"the backup lacks {len(missing)} files that its rows name, the first {min(missing)}")


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder beside the one to be made; gone afterwards, unless it got its name."""
    staged = folder.parent / f".{folder.name}.{secrets.token_hex(4)}.new"
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir(mode=0o700)
        yield staged
    except OSError as error:
        raise TwinError(
            f"{folder}: cannot be made: {error.strerror}; nothing was changed", code=code_of(error)
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _place(staged: Path, folder: Path) -> None:
    for place, _, _ in os.walk(staged):
        sync_folder(Path(place))
    staged.chmod(0o755)
    os.rename(staged, folder)  # takes the place of an empty folder, and of no other
    sync_folder(folder.parent)


def _refuse_if_taken(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink():
        names = sorted(entry.name for entry in folder.iterdir())
        if names:
            raise UsageError(f"{folder} is not empty ({names[0]}, ...); name a folder that is new or empty")
    elif folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is not a folder; name one that is new or empty")


def _refuse_if_too_large(manifest: Manifest, staged: Path) -> None:
    needed, free = sum(member.size for member in manifest.members), shutil.disk_usage(staged).free
    if needed > free:
        raise StoreUnusable(
            f"the backup unpacks to {needed:,} bytes and {staged.parent} has {free:,} free; make space first",
            code="E_DISK_FULL",
        )


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [""])[0][:200]
