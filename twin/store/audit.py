"""The audit: who did what to which thing, and when; rows are added and never changed.

Each row's hash covers the row and the hash before it, so one altered, missing or inserted row breaks the
chain from there on; the last hash is kept apart, so that rows cut off the end are missed as well.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from twin.errors import TwinError
from twin.store.columns import EPOCH, MILLISECOND, Now, canonical, clean
from twin.store.database import Database
from twin.store.tables import audit, audit_head

START = "0" * 64


class AuditBroken(TwinError):
    """The audit was altered; the message names the first bad row."""

    code = "E_AUDIT"


@dataclass(frozen=True)
class Row:
    """One row: who did what to which thing, and when; ``detail`` is what else was told."""

    number: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    detail: Any


class Audit:
    """The audit book of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, actor: str, action: str, subject: str, detail: Any = None) -> int:
        """Add a row and return its number."""
        with self._database.writing() as connection:
            return append(connection, actor, action, subject, detail)

    def list(self, last: int = 20) -> tuple[Row, ...]:
        """The newest rows, in the order in which they were written."""
        columns = (audit.c.number, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
        newest = select(*columns).order_by(audit.c.number.desc()).limit(last)
        with self._database.reading() as connection:
            rows = connection.execute(newest).all()
        return tuple(
            Row(number, EPOCH + at * MILLISECOND, actor, action, subject, json.loads(detail))
            for number, at, actor, action, subject, detail in reversed(rows)
        )

    def verify(self) -> int:
        """Recompute the whole chain and return how many rows it has.

        Raises
        ------
        AuditBroken
            A row does not carry the hash that its content and its forerunner give.
        """
        with self._database.reading() as connection:
            return verify(connection)


def verify(connection: Connection) -> int:
    """As ``Audit.verify``, inside a transaction that is already open."""
    columns = (audit.c.number, audit.c.at, audit.c.actor, audit.c.action, audit.c.subject, audit.c.detail)
    rows = select(*columns, audit.c.hash).order_by(audit.c.number)
    count, previous = 0, START
    head = connection.execute(select(audit_head.c.number, audit_head.c.hash)).one_or_none()
    if head is None:
        raise AuditBroken("audit row 1 cannot be trusted: the end of the audit, kept apart, is gone")
    for *content, kept in connection.execute(rows, execution_options={"yield_per": 10_000}):
        count += 1
        if content[0] != count:
            raise AuditBroken(f"audit row {count} is missing: row {content[0]} stands in its place")
        previous = _hash(previous, content)
        if previous != kept:
            raise AuditBroken(f"audit row {count} was altered: its hash does not fit its content")
        if count > head.number:
            raise AuditBroken(f"audit row {count} was inserted: {head.number} rows were written")
    if count < head.number:
        raise AuditBroken(
            f"audit row {count + 1} is missing: {head.number} rows were written, {count} are there"
        )
    if previous != head.hash:
        raise AuditBroken(f"audit row {count} was altered: it is not the one that was written last")
    return count


def append(connection: Connection, actor: str, action: str, subject: str, detail: Any = None) -> int:
    """Add a row inside a transaction that is already open; call it last, for it holds the chain's end."""
    head = connection.execute(select(audit_head, Now().label("at")).with_for_update(of=audit_head)).one()
    number = head.number + 1
    words = [clean(actor), clean(action), clean(subject), canonical({} if detail is None else detail)]
    content = [number, head.at, *words]
    digest = _hash(head.hash, content)
    names = ("number", "at", "actor", "action", "subject", "detail")
    connection.execute(audit.insert().values(**dict(zip(names, content, strict=True)), hash=digest))
    connection.execute(update(audit_head).values(number=number, hash=digest))
    return number


def _hash(previous: str, content: Sequence[Any]) -> str:
    """SHA-256 of the previous hash and each field behind its own length, so that no two rows read alike."""
    number, at, actor, action, subject, detail = content
    n, t = str(number), str(at)
    joined = (
        f"{previous}|{len(n)}:{n}|{len(t)}:{t}|{len(actor)}:{actor}|{len(action)}:{action}"
        f"|{len(subject)}:{subject}|{len(detail)}:{detail}"
    )
    return hashlib.sha256(joined.encode()).hexdigest()
