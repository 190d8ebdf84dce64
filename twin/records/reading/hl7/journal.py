"""Journal: statements heard by the listener, on disk before the sender is told that they were taken.

One file of JSON lines: the first says what it is, each of the others holds the statements of one message and
the hash of its bytes. Statements only: the message itself is kept nowhere. A line that a crash cut short was
never acknowledged, and is passed over.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from twin.errors import BadData, Problem
from twin.files import sync_folder
from twin.records.events import INSTANTS, SCHEMA, Said, Thing
from twin.records.reading.asked import Asked
from twin.records.reading.hl7.reader import AGAIN, BATCH, Lately, as_events
from twin.records.reading.hl7.speaking import Statement
from twin.records.reading.told import Told
from twin.units import MS_SECOND

MARK = "twin hl7"
_HEAD = json.dumps({"journal": MARK, "version": 1}).encode() + b"\n"
OPEN, CLOSED = ".open", ".ndjson"
#: instants of a journal lie between these years
_YEARS = (1900, 2200)
_FIRST, _LAST = (round(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * MS_SECOND for year in _YEARS)
_WHOLE = 2**53

CUT_SHORT = "a last line that was cut short: it was never acknowledged"


class Journal:
    """The journal that is being written; the first message after a file was closed begins a new one.

    Parameters
    ----------
    folder
        Where it stands; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file: int | None = None
        self._size = 0
        self._written: list[Path] = []  # the open one is the last; those before could not be written on

    def append(self, sha256: str, statements: list[Statement]) -> None:
        """Keep the statements of one message; they are on disk when this returns.

        Raises
        ------
        OSError
            They could not be written; nothing of them is kept.
        """
        line = (
            json.dumps({"sha256": sha256, "statements": statements}, separators=(",", ":")).encode() + b"\n"
        )
        if self._file is None:
            self._begin()
        self._write(line)

    def close(self) -> list[Path]:
        """Close what was written, so that it can be brought in; the closed files, oldest first."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        closed = [_closed(path) for path in self._written]
        if closed:
            sync_folder(self.folder)
        self._written = []
        return [path for path in closed if path]

    def _begin(self) -> None:
        path = self.folder / f"heard-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{os.getpid()}{OPEN}"
        self._size = 0
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._written.append(path)
        self._write(_HEAD)
        sync_folder(self.folder)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            self._give_up()
            raise
        self._size += len(data)

    def _give_up(self) -> None:
        """Take back what was half written, and go on in another file: this one may be on bad ground."""
        assert self._file is not None
        file, self._file = self._file, None
        try:
            os.ftruncate(file, self._size)
        finally:
            os.close(file)


def waiting(folder: Path) -> list[Path]:
    """Journals that wait to be brought in, oldest first; those that a killed listener left open are closed.

    Only for whoever holds the folder alone: a journal that is still being written would be closed too.
    """
    for path in folder.glob(f"heard-*{OPEN}"):
        _closed(path)
    if folder.is_dir():
        sync_folder(folder)
    return sorted(folder.glob(f"heard-*{CLOSED}"))


def _closed(path: Path) -> Path | None:
    """Give a journal its last name; one in which nothing was kept goes."""
    with path.open("rb") as file:
        file.readline()
        anything = file.readline().endswith(b"\n")
    if not anything:
        path.unlink()
        return None
    return path.rename(path.with_suffix(CLOSED))


def read_journal(path: Path, asked: Asked, told: Told) -> Iterator[pa.RecordBatch]:
    """Statements of a closed journal.

    Parameters
    ----------
    path
        The file.
    asked
        Its limits bound a line.
    told
        Takes the account.

    Raises
    ------
    BadData
        It is no journal (``E_PARSE``).
    """
    lately = Lately()
    batch: list[Statement] = []
    longest = 2 * asked.limits.message_bytes  # the statements of a message are shorter than it
    with path.open("rb") as file:
        if file.readline(len(_HEAD) + 1) != _HEAD:
            rule = "no journal of the listener, or one of another version"
            raise BadData(asked.source, [Problem(asked.source, None, rule, "", "E_PARSE")])
        while line := file.readline(longest):
            told.read += 1
            entry = _entry(line)
            if entry is None and not file.peek(1):
                told.read -= 1
                told.note(CUT_SHORT)
            elif entry is None:
                rule, cure = (
                    "no line of a journal",
                    "somebody changed the file: find the one that was written",
                )
                told.fault(told.read, "", None, rule, cure, "E_PARSE")
            elif entry["sha256"] in lately:
                told.note(AGAIN)
            else:
                lately.add(entry["sha256"])
                batch += [{**statement, "row": told.read} for statement in entry["statements"]]
            if len(batch) >= BATCH:
                yield as_events(batch)
                batch = []
    if batch:
        yield as_events(batch)


def _entry(line: bytes) -> dict[str, Any] | None:
    """One line taken apart; None where it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict) or not isinstance(entry.get("sha256"), str):
        return None
    statements = entry.get("statements")
    if (
        not line.endswith(b"\n")
        or not isinstance(statements, list)
        or not all(map(_is_statement, statements))
    ):
        return None
    return entry


_THINGS, _SAID = set(Thing), set(Said)


def _is_statement(one: object) -> bool:
    if not isinstance(one, dict) or one.get("thing") not in _THINGS or one.get("said") not in _SAID:
        return False
    return all(value is None or _fits(name, value) for name, value in one.items())


_TYPES: dict[str, type] = {
    name: {pa.string(): str, pa.int64(): int, pa.float64(): float, pa.bool_(): bool}.get(
        SCHEMA.field(name).type, int
    )
    for name in SCHEMA.names
}


def _fits(name: str, value: object) -> bool:
    if type(value) is not _TYPES.get(name):
        return False
    if isinstance(value, int):
        return _FIRST <= value < _LAST if name in INSTANTS else abs(value) < _WHOLE
    return True
