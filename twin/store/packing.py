"""Packing: the one file of a backup, a tar packed by gzip whose first member says what the others have to be.

It is read strictly: plain files only, in the order, of the size and with the SHA-256 that the manifest tells,
under names that a backup has. So nothing of a damaged or hostile file reaches a folder unchecked, and no more
is held in memory than a block.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO

from twin.errors import BadData

FORMAT = "hospital-twin backup 1"
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64 << 20  # bytes: half a million files
LEVEL = 1  # of gzip: most of it is Parquet, which is packed already
BLOCK = 1 << 20  # bytes
UNIT = 512  # bytes: what a tar is counted in

OF_WORKSPACE = ("hospital.toml", "records.toml", "records/encounters.parquet", "records/secret")
#: what a feed has acknowledged and nobody has brought in yet
INBOX = "records/inbox"
#: what the nights have learned
MODEL = r"models/[0-9a-f]{16}/[0-9]{6}-[0-9a-f]{32}\.(?:safetensors|json)"
NAMES = re.compile(
    r"(?:tables/[a-z][a-z0-9_]{0,60}\.ndjson|artefacts/[0-9a-f]{2}/[0-9a-f]{62}|"
    + INBOX
    + r"/[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.(?:ndjson|open)|"
    + MODEL
    + "|"
    + "|".join(re.escape(name) for name in OF_WORKSPACE)
    + ")"
)


class BadBackup(BadData):
    """A file that is no backup, or one that is cut short or altered; nothing of it was taken."""

    code = "E_DAMAGED"


@dataclass(frozen=True)
class Member:
    """One file of a backup."""

    name: str
    sha256: str
    size: int  # bytes


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    schema
        Version of the tables.
    at
        Instant of the mark, by the database's clock, ISO 8601 in UTC: all that was confirmed before is in it.
    audit_rows, audit_hash
        The end of the audit at the mark.
    tables
        Name -> {"columns": names, "rows": how many}.
    members
        The files, in their order.
    left_out
        Kept files that rows name and that were damaged when the backup was taken.
    """

    schema: str
    at: str
    audit_rows: int
    audit_hash: str
    tables: Mapping[str, Mapping[str, Any]]
    members: Sequence[Member]
    left_out: Sequence[str] = ()
    format: str = field(default=FORMAT)

    def as_bytes(self) -> bytes:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def of_bytes(cls, data: bytes) -> Manifest:
        """What ``as_bytes`` wrote.

        Raises
        ------
        BadBackup
            It is something else.
        """
        try:
            raw = json.loads(data)
            if raw["format"] != FORMAT:
                raise BadBackup(f"the backup is of another kind: {str(raw['format'])[:60]!r}, not {FORMAT!r}")
            members = [Member(str(m["name"]), str(m["sha256"]), int(m["size"])) for m in raw.pop("members")]
            found = cls(members=members, **raw)
            names = [member.name for member in members]
            tables = {f"tables/{name}.ndjson" for name in found.tables}
            sound = tables == {name for name in names if name.startswith("tables/")}
            sound &= all(isinstance(t["rows"], int) and list(t["columns"]) for t in found.tables.values())
            sound &= isinstance(found.schema, str) and isinstance(found.audit_rows, int)
            sound &= all(isinstance(digest, str) for digest in found.left_out)
            sound &= dt.datetime.fromisoformat(found.at).tzinfo is not None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadBackup(f"the backup's list of what it holds cannot be read ({error})") from None
        wrong = [name for name in names if not NAMES.fullmatch(name)]
        if wrong or len(set(names)) != len(names) or not sound or any(m.size < 0 for m in members):
            shown = f": {wrong[0][:80]!r}" if wrong else ""
            raise BadBackup(f"the backup's list of what it holds is not one of ours{shown}")
        return found


class Packer:
    """Writes a backup member by member; ``close`` ends it."""

    def __init__(self, file: BinaryIO, manifest: Manifest) -> None:
        self._packed = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=LEVEL, mtime=0)
        data = manifest.as_bytes()
        self._head(MANIFEST, len(data))
        self._packed.write(data)
        self._pad(len(data))

    def add(self, member: Member, source: BinaryIO) -> bool:
        """Write a member; whether ``source`` gave exactly what the manifest tells of it."""
        self._head(member.name, member.size)
        digest, left = hashlib.sha256(), member.size
        while left and (block := source.read(min(BLOCK, left))):
            digest.update(block)
            self._packed.write(block)
            left -= len(block)
        self._pad(member.size)
        return left == 0 and digest.hexdigest() == member.sha256 and not source.read(1)

    def close(self) -> None:
        """Write the end."""
        self._packed.write(bytes(2 * UNIT))
        self._packed.close()

    def _head(self, name: str, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._packed.write(entry.tobuf(tarfile.GNU_FORMAT))

    def _pad(self, size: int) -> None:
        self._packed.write(bytes(-size % UNIT))


class Unpacker:
    """Reads a backup: first its manifest, then the members in order."""

    def __init__(self, file: BinaryIO) -> None:
        self._packed = gzip.GzipFile(fileobj=file, mode="rb")
        name, size = self._head()
        if name != MANIFEST or size > LARGEST_MANIFEST:
            raise BadBackup(
                "the file is no backup of the twin: it does not begin with a list of what it holds"
            )
        self.manifest = Manifest.of_bytes(b"".join(self._blocks(size)))
        self._pad(size)

    def members(self) -> Iterator[tuple[Member, Iterator[bytes]]]:
        """Each member with its blocks, to be read to their end before the next.

        Raises
        ------
        BadBackup
            At the first thing that is not as the manifest tells, and for bytes after the end.
        """
        for member in self.manifest.members:
            name, size = self._head()
            if (name, size) != (member.name, member.size):
                raise BadBackup(f"the backup was altered: {name[:80]!r} stands where {member.name} belongs")
            yield member, self._checked(member)
            self._pad(size)
        if any(self._exactly(2 * UNIT)) or self._read(1):
            raise BadBackup("the backup was altered: there is more in it than its list tells")

    def _checked(self, member: Member) -> Iterator[bytes]:
        digest = hashlib.sha256()
        for block in self._blocks(member.size):
            digest.update(block)
            yield block
        if digest.hexdigest() != member.sha256:
            raise BadBackup(
                f"the backup was altered: {member.name} has another content than it was stored with"
            )

    def _head(self) -> tuple[str, int]:
        try:
            entry = tarfile.TarInfo.frombuf(self._exactly(UNIT), "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise BadBackup(f"the backup is damaged, or no backup ({error})") from None
        if entry.type != tarfile.REGTYPE or entry.size < 0:
            raise BadBackup(f"the backup holds something that is no plain file: {entry.name[:80]!r}")
        return entry.name, entry.size

    def _blocks(self, size: int) -> Iterator[bytes]:
        while size:
            block = self._exactly(min(BLOCK, size))
            size -= len(block)
            yield block

    def _pad(self, size: int) -> None:
        self._exactly(-size % UNIT)

    def _exactly(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) != size:
            raise BadBackup("the backup is cut short")
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._packed.read(size)
        except EOFError:
            raise BadBackup("the backup is cut short") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadBackup(f"the backup is damaged, or no backup ({error})") from None
