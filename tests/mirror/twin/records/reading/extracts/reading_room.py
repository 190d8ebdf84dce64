"""A reading room: an extract is written, read, and what it tells stands there as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from twin.errors import BadData
from twin.records.events import SCHEMA
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import read
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
NAMES = Pseudonyms(b"a secret of sixteen bytes")


@dataclass
class Found:
    """Statements of a file, and the account of its reading."""

    table: pa.Table
    told: Told

    def column(self, name: str, thing: str | None = None) -> list[Any]:
        """A column of the event table; of one thing where it is named."""
        things, values = self.table["thing"].to_pylist(), self.table[name].to_pylist()
        return [value for one, value in zip(things, values, strict=True) if thing in (None, one)]

    def rows(self, thing: str | None = None) -> list[dict[str, Any]]:
        """Statements; of one thing where it is named."""
        return [row for row in self.table.to_pylist() if thing in (None, row["thing"])]

    @property
    def faults(self) -> list[tuple[int, str, str]]:
        """Row, field and code of each fault."""
        return [(fault.row, fault.field, fault.code) for fault in self.told.faults]

    def note(self, words: str) -> int:
        """How often something was left out or set right."""
        return next((times for what, times in self.told.notes.items() if words in what), 0)


def asked(source: str = "visits.csv", **more: Any) -> Asked:
    """As the hospital of London asks."""
    return Asked(**{"source": source, "timezone": "Europe/London", "now": NOW, "pseudonyms": NAMES, **more})


def read_file(path: Path, **more: Any) -> Found:
    """All statements of a file."""
    told = Told()
    batches = list(read(path, asked(path.name, **more), told))
    return Found(pa.Table.from_batches(batches, SCHEMA), told)


def read_text(folder: Path, text: str | bytes, **more: Any) -> Found:
    """All statements of a CSV with this text."""
    path = folder / "extract.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(path, **more)


def read_parquet(folder: Path, columns: dict[str, Any], **more: Any) -> Found:
    """All statements of a Parquet file with these columns."""
    path = folder / "extract.parquet"
    pq.write_table(pa.table(columns), path)
    return read_file(path, **more)


def refused(folder: Path, text: str | bytes, **more: Any) -> BadData:
    """Why a CSV with this text is not read at all."""
    with pytest.raises(BadData) as caught:
        read_text(folder, text, **more)
    return caught.value


def utc(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
