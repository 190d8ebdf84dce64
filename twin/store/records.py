"""The book of records: what was imported, what it came to, and what is odd about it.

A folding names the tables of today; the newest one is the *head*. ``publish`` adds imports and a folding in
one step with its line in the audit: seen whole or not at all, and only if nobody published meanwhile. Rows
put aside are kept by the shape of what stood there, never by what it said.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from sqlalchemy import Connection, exc, func, select

from twin.errors import TwinError
from twin.records.quality import Finding
from twin.records.reading.told import Fault, Told, masked
from twin.store.artefacts import ArtefactDamaged, Artefacts
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.tables_records import (
    records_aside,
    records_finding,
    records_fold,
    records_import,
    records_table,
)


class HeadMoved(TwinError):
    """Another process published meanwhile; ``head`` is the newest folding now. Fold again on top of it."""

    code = "E_MOVED"

    def __init__(self, expected: int, head: int) -> None:
        super().__init__(f"the records moved on meanwhile, from folding {expected} to {head}; import again")
        self.expected, self.head = expected, head


class AlreadyImported(TwinError):
    """What is to be published is there already: ``imports`` are those with the same keys."""

    def __init__(self, imports: Sequence[Import]) -> None:
        names = ", ".join(f"{entry.source} (import {entry.number})" for entry in imports)
        super().__init__(f"imported already: {names}; nothing was changed")
        self.imports = tuple(imports)


@dataclass(frozen=True)
class Aside:
    """One row put aside: where, the shape of what stood there ("aaa 99"), rule, cure and code."""

    row: int
    field: str
    shape: str | None
    rule: str
    cure: str
    code: str

    @classmethod
    def of(cls, fault: Fault) -> Aside:
        """The fault with its value masked, wherever it stands."""
        shape = masked(fault.value)

        def without(words: str) -> str:
            return words.replace(fault.value, shape or "") if fault.value else words

        return cls(fault.row, fault.field, shape, without(fault.rule), without(fault.cure), fault.code)


@dataclass(frozen=True)
class NewImport:
    """One source that was read.

    Attributes
    ----------
    source
        The file's name as the user knows it.
    format, mapping
        What it was read as ("csv", "hl7", "fhir"), and by which mapping, if any.
    sha256
        Of the source's bytes.
    key
        What makes two imports the same: content, mapping and version of the reader, say; 300 characters.
    read, aside
        Rows (messages, resources) seen, and of those put aside.
    segment, segment_rows
        SHA-256 and statements of its segment, which ``store.artefacts`` keeps already.
    begins, as_of
        First whole day and last instant of what it tells; local. None where it does not tell.
    notes
        What was left out or set right by a stated rule: sentence -> times.
    counts
        Faults by (code, field, rule, times), all of them.
    faults
        The first of each, masked.
    """

    source: str
    format: str
    sha256: str
    key: str
    read: int
    aside: int
    segment: str
    segment_rows: int
    mapping: str | None = None
    begins: dt.date | None = None
    as_of: dt.datetime | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    counts: Sequence[tuple[str, str, str, int]] = ()
    faults: Sequence[Aside] = ()

    @staticmethod
    def told(account: Told) -> dict[str, Any]:
        """What a reading told, as arguments: ``NewImport(..., **NewImport.told(account))``."""
        return {
            "read": account.read,
            "aside": account.aside,
            "notes": dict(account.notes),
            "counts": tuple((*kind, times) for kind, times in account.counts.items()),
            "faults": tuple(Aside.of(fault) for fault in account.faults),
        }


@dataclass(frozen=True)
class Import:
    """One source as it was imported; see ``NewImport``. ``number`` counts from 1 without a gap."""

    number: int
    id: str
    source: str
    format: str
    mapping: str | None
    sha256: str
    key: str
    read: int
    aside: int
    notes: Mapping[str, int]
    counts: Sequence[tuple[str, str, str, int]]
    segment: str
    segment_rows: int
    begins: dt.date | None
    as_of: dt.datetime | None
    actor: str
    at: dt.datetime


@dataclass(frozen=True)
class Segment:
    """The statements of one import: ``number`` orders them among others', ``sha256`` names the file."""

    number: int
    sha256: str
    rows: int
    begins: dt.date | None
    as_of: dt.datetime | None


@dataclass(frozen=True)
class TableRef:
    """One table of a folding: a kept Parquet file and its rows.

    ``first`` and ``last`` are the first and last instant of what happened, ``said_at`` is when the newest of
    it was said; each with a time zone, None where the table tells none.
    """

    sha256: str
    rows: int
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    said_at: dt.datetime | None = None


@dataclass(frozen=True)
class NewFold:
    """What the set of all statements comes to.

    Attributes
    ----------
    sha256
        Of all that it depends on beside the statements: the hospital's names and rules, the code's version.
    tables
        By name; ``store.artefacts`` keeps their files already.
    findings
        In the order in which they are shown.
    notes
        Anything more that was counted: sentence -> times.
    """

    sha256: str
    tables: Mapping[str, TableRef]
    findings: Sequence[Finding] = ()
    notes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fold:
    """A folding as published; ``after_import`` is the newest import in it (0: none)."""

    number: int
    after_import: int
    sha256: str
    notes: Mapping[str, int]
    actor: str
    at: dt.datetime


class Records:
    """The book of records of a store."""

    def __init__(self, database: Database, artefacts: Artefacts) -> None:
        self._database, self._artefacts = database, artefacts

    # Looking

    def head(self) -> int:
        """The number of the newest folding; 0 before the first."""
        with self._database.reading() as connection:
            return _head(connection)

    def fold(self) -> Fold | None:
        """The newest folding; None before the first."""
        newest = select(records_fold).order_by(records_fold.c.number.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(newest).mappings().one_or_none()
        return None if row is None else Fold(**row)

    def imports(self, limit: int | None = None) -> tuple[Import, ...]:
        """Every import, or the newest ``limit``, the newest first."""
        with self._database.reading() as connection:
            return _imports(connection, limit=limit)

    def known(self, key: str) -> Import | None:
        """The import with this key; None where there is none yet."""
        with self._database.reading() as connection:
            return next(iter(_imports(connection, [key])), None)

    def segments(self) -> tuple[Segment, ...]:
        """The statements of every import, the oldest first."""
        columns = [
            records_import.c[name] for name in ("number", "segment", "segment_rows", "begins", "as_of")
        ]
        with self._database.reading() as connection:
            return tuple(Segment(*row) for row in connection.execute(select(*columns).order_by(columns[0])))

    def tables(self) -> dict[str, TableRef]:
        """The tables of the newest folding by name; none before the first."""
        columns = [records_table.c[name] for name in ("name", *(entry.name for entry in fields(TableRef)))]
        mine = records_table.c.fold == select(func.max(records_fold.c.number)).scalar_subquery()
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(mine).order_by(records_table.c.name))
            return {name: TableRef(*rest) for name, *rest in rows}

    def findings(self) -> tuple[Finding, ...]:
        """What the newest folding found odd."""
        mine = records_finding.c.fold == select(func.max(records_fold.c.number)).scalar_subquery()
        rows = select(records_finding.c.finding).where(mine).order_by(records_finding.c.position)
        with self._database.reading() as connection:
            return tuple(Finding.of_json(found) for found in connection.execute(rows).scalars())

    def aside(self, number: int) -> tuple[Aside, ...]:
        """The rows of one import that were put aside, the first of each kind."""
        columns = [records_aside.c[entry.name] for entry in fields(Aside)]
        rows = select(*columns).where(records_aside.c.import_number == number)
        with self._database.reading() as connection:
            return tuple(Aside(*row) for row in connection.execute(rows.order_by(records_aside.c.position)))

    # Publishing

    def publish(
        self, imports: Sequence[NewImport], fold: NewFold, *, expected_head: int, actor: str = "local"
    ) -> int:
        """Add the imports and make ``fold`` the head, all in one step; return its number.

        Imports get the numbers that follow the newest one, in the order given, so that who folds beforehand
        knows them. None at all is a folding anew (the names of the hospital changed).

        Raises
        ------
        AlreadyImported
            Of some import the key is there already (published before, or by another meanwhile).
        HeadMoved
            The newest folding is not ``expected_head``.
        ArtefactDamaged
            A file that is named is not there.
        """
        try:
            with self._database.writing() as connection:
                _refuse(connection, imports, expected_head)
                self._write(connection, imports, fold, expected_head + 1, actor)
        except exc.IntegrityError:
            with self._database.reading() as connection:  # another took the number at the same moment
                _refuse(connection, imports, expected_head)
            raise
        return expected_head + 1

    def _write(
        self, connection: Connection, imports: Sequence[NewImport], fold: NewFold, number: int, actor: str
    ) -> None:
        last = connection.scalar(select(func.coalesce(func.max(records_import.c.number), 0))) or 0
        turn = {"number": number, "after_import": last + len(imports), "sha256": fold.sha256}
        turn |= {"notes": dict(fold.notes), "actor": clean(actor), "at": Now()}
        connection.execute(records_fold.insert().values(**turn))  # others who publish wait here
        for place, entry in enumerate(imports, last + 1):
            _write_import(connection, place, entry, actor)
        _write_fold(connection, number, fold)
        told = [
            {"number": place, "source": entry.source, "sha256": entry.sha256, "rows": entry.segment_rows}
            for place, entry in enumerate(imports, last + 1)
        ]
        tables = {name: table.sha256 for name, table in fold.tables.items()}
        append(connection, actor, "records.publish", str(number), {"imports": told, "tables": tables})
        self._refuse_missing(imports, fold)

    def _refuse_missing(self, imports: Sequence[NewImport], fold: NewFold) -> None:
        """No row names a file that is not there (nothing is swept while the audit's end is held)."""
        named = [(entry.source, entry.segment) for entry in imports]
        named += [(name, table.sha256) for name, table in fold.tables.items()]
        for name, digest in named:
            if not self._artefacts.path(digest).is_file():
                raise ArtefactDamaged(f"{name} cannot be published: {self._artefacts.path(digest)} is gone")


def _write_import(connection: Connection, number: int, entry: NewImport, actor: str) -> None:
    plain = {
        entry_field.name: getattr(entry, entry_field.name)
        for entry_field in fields(NewImport)
        if entry_field.name in records_import.c
    }
    words = {name: clean(plain[name]) for name in ("source", "format", "key")}
    row = {**plain, **words, "notes": dict(entry.notes), "counts": [list(kind) for kind in entry.counts]}
    row |= {"number": number, "id": _name(), "actor": clean(actor), "at": Now()}
    connection.execute(records_import.insert().values(**row))
    rows = [
        {"import_number": number, "position": position, **{k: _cleaned(v) for k, v in vars(fault).items()}}
        for position, fault in enumerate(entry.faults)
    ]
    if rows:
        connection.execute(records_aside.insert(), rows)


def _write_fold(connection: Connection, number: int, fold: NewFold) -> None:
    tables = [{"fold": number, "name": name, **vars(table)} for name, table in fold.tables.items()]
    if tables:
        connection.execute(records_table.insert(), tables)
    findings = [
        {"fold": number, "position": position, "finding": found.as_json()}
        for position, found in enumerate(fold.findings)
    ]
    if findings:
        connection.execute(records_finding.insert(), findings)


def _head(connection: Connection) -> int:
    return connection.scalar(select(func.coalesce(func.max(records_fold.c.number), 0))) or 0


def _imports(
    connection: Connection, keys: Sequence[str] | None = None, limit: int | None = None
) -> tuple[Import, ...]:
    rows = select(records_import).order_by(records_import.c.number.desc()).limit(limit)
    if keys is not None:
        rows = rows.where(records_import.c.key.in_([clean(key) for key in keys]))
    found = connection.execute(rows).mappings()
    return tuple(Import(**{**row, "counts": tuple(map(tuple, row["counts"]))}) for row in found)


def _refuse(connection: Connection, imports: Sequence[NewImport], expected_head: int) -> None:
    known = _imports(connection, [entry.key for entry in imports])
    if known:
        raise AlreadyImported(known)
    head = _head(connection)
    if head != expected_head:
        raise HeadMoved(expected_head, head)


def _name() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value
