"""Reader: a file of messages to statements of the event table, one message at a time.

A message that cannot be read is put aside with the reason, and the next is read. One that is the same, byte
for byte, as one shortly before counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from twin.errors import BadData, Problem
from twin.records.events import NAMES, events
from twin.records.reading.asked import Asked
from twin.records.reading.hl7 import bookings, triggers, visits
from twin.records.reading.hl7.frames import Piece, pieces
from twin.records.reading.hl7.message import taken_apart
from twin.records.reading.hl7.speaking import Speaker, Statement, digest_of
from twin.records.reading.hl7.times import Times
from twin.records.reading.hl7.wrong import Wrong
from twin.records.reading.told import Told
from twin.units import MS_SECOND

#: statements of a batch
BATCH = 10_000
#: messages looked back at for one that comes again; each takes about 150 bytes
REMEMBERED = 100_000
_BATCH_HEADERS = (b"FHS", b"BHS", b"BTS", b"FTS")
_SHOWN = 40  # characters of a message that has no header

AGAIN = "messages that came again, the same byte for byte: counted once"
UNREAD = "segments that the twin does not read"
NOT_UTF8 = "messages that are not UTF-8: read as ISO 8859-1"
FOR_TRAINING = "messages marked as for training or debugging (MSH-11): taken like the others"

_SPEAKS: dict[str, Callable[[Speaker], list[Statement]]] = {
    "ADT": visits.statements,
    "SIU": bookings.statements,
}


def read(path: Path, asked: Asked, told: Told) -> Iterator[pa.RecordBatch]:
    """Statements of a file of HL7 v2 messages.

    Parameters
    ----------
    path
        A file with one or many messages, with or without MLLP frames and batch headers.
    asked
        How it is to be read.
    told
        Takes the account.

    Raises
    ------
    BadData
        The file holds no message at all (``E_NO_MSH``).
    """
    reading = Reading(asked, told)
    batch: list[Statement] = []
    for piece in pieces(path, asked.limits.message_bytes):
        batch += reading.statements(piece)
        if len(batch) >= BATCH:
            yield as_events(batch)
            batch = []
    if batch:
        yield as_events(batch)
    if not told.read:
        rule, cure = "no message of HL7 in it", "give a file of messages, each beginning with MSH"
        raise BadData(asked.source, [Problem(asked.source, None, rule, cure, "E_NO_MSH")])


def as_events(statements: list[Statement]) -> pa.RecordBatch:
    """A batch of the event table from statements, each with the columns that it fills."""
    filled = {name for statement in statements for name in statement}
    columns: dict[str, list[object] | pa.Array] = {
        name: [statement.get(name) for statement in statements] for name in NAMES if name in filled
    }
    return events(columns, len(statements))


class Lately:
    """The last so many names that were seen."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        """Remember a name, and forget the oldest where there are too many."""
        self._names[name] = None
        if len(self._names) > REMEMBERED:
            del self._names[next(iter(self._names))]


class Reading:
    """The reading of one source, message by message.

    Parameters
    ----------
    asked
        How it is to be read.
    told
        Takes the account.
    """

    def __init__(self, asked: Asked, told: Told) -> None:
        self._asked, self._told = asked, told
        self._times = Times(asked.timezone, round(asked.now.timestamp() * MS_SECOND), told)
        self._lately = Lately()

    def set_clock(self, now: datetime) -> None:
        """Set the present anew, for messages that come one by one."""
        self._times.now = round(now.timestamp() * MS_SECOND)

    def statements(self, piece: Piece) -> list[Statement]:
        """What a message of a file says; empty where it is put aside or left out, which is told."""
        data = piece.data
        if data[:3] in _BATCH_HEADERS:
            return []
        self._told.read += 1
        row = self._told.read
        digest = digest_of(data)
        if self.heard_before(digest):
            return []
        try:
            said = self.said(piece, data, digest, row)
        except Wrong as wrong:
            self._told.fault(row, wrong.field, wrong.value, wrong.rule, wrong.cure, wrong.code)
            return []
        self.remember(digest)
        return said

    def heard_before(self, digest: str) -> bool:
        """Whether the same message came shortly before; counted."""
        again = digest in self._lately
        if again:
            self._told.note(AGAIN)
        return again

    def remember(self, digest: str) -> None:
        """A message was taken."""
        self._lately.add(digest)

    def said(self, piece: Piece, data: bytes, digest: str, row: int) -> list[Statement]:
        """What one message says.

        Parameters
        ----------
        piece, data, digest
            The message, its bytes, their hash.
        row
            Its number in the source.

        Raises
        ------
        Wrong
            It cannot be used.
        """
        self._within_limits(piece, data)
        message = taken_apart(self._decoded(data))
        self._told.note(UNREAD, message.unread)
        if message.header[11:12] in (["T"], ["D"]):
            self._told.note(FOR_TRAINING)
        speak = _SPEAKS.get(message.type)
        if speak is None:
            self._told.note(triggers.OTHER)
            return []
        return speak(Speaker(self._asked, self._told, self._times, message, row, digest))

    def _within_limits(self, piece: Piece, data: bytes) -> None:
        limits = self._asked.limits
        if data[:3] != b"MSH":
            shown = data[:_SHOWN].decode("ascii", "replace")
            rule, cure = "a message begins with its header, MSH", "send it whole"
            raise Wrong("MSH", shown, rule, cure, "E_NO_MSH")
        if piece.lines > limits.segments:
            rule = f"a message has at most {limits.segments:,} segments"
            raise Wrong("", f"{piece.lines:,} segments", rule, "send it in parts", "E_TOO_MANY_SEGMENTS")
        if piece.size > limits.message_bytes:
            rule = f"a message has at most {limits.message_bytes:,} bytes"
            raise Wrong("", f"{piece.size:,} bytes", rule, "send it without attachments", "E_TOO_LARGE")

    def _decoded(self, data: bytes) -> str:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            self._told.note(NOT_UTF8)
            return data.decode("latin-1")
