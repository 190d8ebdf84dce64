"""Backup: everything that a workspace keeps in one file, taken while others work.

All rows are read in one transaction, so that the backup stands at one mark: all that was confirmed before is
in. A row is written after its files are, and kept files never change, so they can be read afterwards.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, select

from twin.errors import TwinError, UsageError
from twin.files import code_of, sync_folder
from twin.store.columns import EPOCH, MILLISECOND, Now
from twin.store.content import ArtefactDamaged, digest_of
from twin.store.migrations import version_of
from twin.store.named import named
from twin.store.packing import INBOX, MODEL, OF_WORKSPACE, Manifest, Member, Packer
from twin.store.rows import lines_of, tables_of
from twin.store.store import Store
from twin.store.tables import audit_head


@dataclass(frozen=True)
class Backup:
    """What a backup holds: ``at`` is its mark (UTC), ``left_out`` the damaged files that are not in it."""

    file: Path
    at: dt.datetime
    schema: str
    rows: int
    files: int
    audit_rows: int
    size: int  # bytes
    left_out: tuple[str, ...] = ()


def back_up(store: Store, file: Path, *, actor: str = "local", leave_out_damaged: bool = False) -> Backup:
    """Write a backup of the store and its workspace; it is there whole, or not at all.

    Only its owner may read the file: it holds the secret of the pseudonyms and the hashes of passwords.

    Parameters
    ----------
    file
        A name that is not taken yet.
    leave_out_damaged
        Take a backup of all else where kept files are gone or altered, and name them.

    Raises
    ------
    UsageError
        There is something of that name.
    ArtefactDamaged
        Kept files are gone or altered; all are named.
    TwinError
        The file cannot be written there (E_DISK_FULL, E_READ_ONLY).
    """
    if file.exists() or file.is_symlink():
        raise UsageError(f"{file} is there already; a backup never takes another's place", code="E_OUTPUT")
    with _whole(file) as (folder, packed), ExitStack() as held:
        plain = _plain_files(store.workspace, held)
        store.audit.write(actor, "store.backup", file.name)
        manifest, files = _mark(store, folder, [member for member, _ in plain], leave_out_damaged)
        packer = Packer(packed, manifest)
        sources = {member.name: source for member, source in plain} | files
        for member in manifest.members:
            source = sources[member.name]
            with source.open("rb") if isinstance(source, Path) else source as opened:
                if not packer.add(member, opened):
                    raise TwinError(f"{member.name} changed while the backup was taken; nothing was written")
        packer.close()
    tables = sum(int(table["rows"]) for table in manifest.tables.values())
    return Backup(
        file=file,
        at=dt.datetime.fromisoformat(manifest.at),
        schema=manifest.schema,
        rows=tables,
        files=sum(not member.name.startswith("tables/") for member in manifest.members),
        audit_rows=manifest.audit_rows,
        size=file.stat().st_size,
        left_out=tuple(manifest.left_out),
    )


def _mark(
    store: Store, folder: Path, plain: list[Member], leave_out_damaged: bool
) -> tuple[Manifest, dict[str, Path]]:
    """Read every row in one transaction, then look at each file that the rows name."""
    with store.database.reading() as connection:
        head = connection.execute(select(audit_head, Now().label("at"))).one()
        schema = str(version_of(connection))
        wanted = sorted(named(connection))
        for digest in wanted:
            _in_use(store.artefacts.path(digest))
        members, tables = _rows(connection, folder)
    files = {member.name: folder / Path(member.name).name for member in members}
    damaged = []
    for digest in wanted:
        path = store.artefacts.path(digest)
        try:
            store.artefacts.open_file(digest)
        except ArtefactDamaged as error:
            damaged.append((digest, str(error)))
            continue
        members.append(Member(f"artefacts/{digest[:2]}/{digest[2:]}", digest, path.stat().st_size))
        files[members[-1].name] = path
    if damaged and not leave_out_damaged:
        told = "\n  ".join(words for _, words in damaged)
        raise ArtefactDamaged(
            f"{len(damaged)} kept files are damaged; nothing was written. "
            f"To back up all else: --leave-out-damaged\n  {told}"
        )
    at = (EPOCH + head.at * MILLISECOND).isoformat()
    left_out = [digest for digest, _ in damaged]
    return Manifest(schema, at, head.number, head.hash, tables, [*members, *plain], left_out), files


def _rows(connection: Connection, folder: Path) -> tuple[list[Member], dict[str, dict[str, object]]]:
    members, tables = [], {}
    for table in tables_of(connection):
        path, count = folder / f"{table.name}.ndjson", 0
        with path.open("wb") as page:
            for line in lines_of(connection, table):
                page.write(line)
                count += 1
        tables[table.name] = {"columns": [column.name for column in table.columns], "rows": count}
        members.append(Member(f"tables/{table.name}.ndjson", digest_of(path), path.stat().st_size))
    return members, tables


def _plain_files(workspace: Path, held: ExitStack) -> list[tuple[Member, BinaryIO]]:
    """The files of the workspace that people or imports write, opened, so that each is one version of it."""
    found: list[tuple[Member, BinaryIO]] = []
    inbox = (workspace / INBOX).glob("[A-Za-z0-9]*")
    waiting = sorted(f"{INBOX}/{path.name}" for path in inbox if path.suffix in (".ndjson", ".open"))
    learned = sorted(path.relative_to(workspace).as_posix() for path in workspace.glob("models/*/*"))
    for name in (*OF_WORKSPACE, *waiting, *(name for name in learned if re.fullmatch(MODEL, name))):
        path = workspace / name
        if path.is_file():
            source = held.enter_context(path.open("rb"))
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            found.append((Member(name, digest, source.tell()), source))
            source.seek(0)
    return found


def _in_use(path: Path) -> None:
    """Keep a file from being swept away while it is read; one that is gone is told of later."""
    if path.exists():
        os.utime(path)


def _name(packed: Path, file: Path) -> None:
    """Give a whole file its name, in nobody's place."""
    try:
        os.link(packed, file)
    except FileExistsError:
        raise
    except OSError:  # a drive without links, a USB stick say
        if file.exists():
            raise
        os.rename(packed, file)


@contextmanager
def _whole(file: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A folder to work in beside ``file``, and what becomes ``file`` if all goes well."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as name:
            folder = Path(name)
            private = os.open(folder / "packed", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(private, "wb") as packed:
                yield folder, packed
                packed.flush()
                os.fsync(packed.fileno())
            _name(folder / "packed", file)
        sync_folder(file.parent)
    except OSError as error:
        raise TwinError(
            f"{file}: the backup cannot be written ({error.strerror}); nothing is there", code=code_of(error)
        ) from error
