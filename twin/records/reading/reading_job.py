"""The job of reading: how sources and what is asked pass to the process that reads, and what is done."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from twin.records.events import SCHEMA
from twin.records.folding.segments import write_segment
from twin.records.reading.asked import Asked, Reader
from twin.records.reading.content import Kind
from twin.records.reading.inside import Say, load
from twin.records.reading.limits import Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.source import Source
from twin.records.reading.told import Told

#: who reads what
READERS = {
    Kind.CSV: "twin.records.reading.extracts:read",
    Kind.PARQUET: "twin.records.reading.extracts:read",
    Kind.HL7: "twin.records.reading.hl7:read",
    Kind.JOURNAL: "twin.records.reading.hl7:read_journal",
    Kind.FHIR_BUNDLE: "twin.records.reading.fhir:read",
    Kind.FHIR_NDJSON: "twin.records.reading.fhir:read",
}


def job_of(parts: Sequence[Source], asked: Asked, out: Path, reader: str | None = None) -> dict[str, Any]:
    """The job as JSON; it holds the secret."""
    return {
        "parts": [{"source": part.as_json(), "reader": reader or READERS[part.kind]} for part in parts],
        "asked": {
            "source": asked.source,
            "timezone": asked.timezone,
            "now": asked.now.isoformat(),
            "mapping": asked.mapping,
            "as_of": _iso(asked.as_of),
            "limits": asdict(asked.limits),
            "secret": asked.pseudonyms.secret_for_a_reader().hex(),
        },
        "out": str(out),
    }


def warm(job: dict[str, Any]) -> tuple[str, ...]:
    """Modules that this job needs, to be loaded before memory is counted."""
    readers = {part["reader"].partition(":")[0] for part in job["parts"]}
    return ("twin.records.folding.segments", *sorted(readers))


def read(job: dict[str, Any], say: Say) -> dict[str, Any]:
    """Read the parts of a source into one segment; an account of both."""
    told = Told()
    batches = _of_parts(job["parts"], _asked(job["asked"]), told, say)
    info = write_segment(batches, Path(job["out"]))
    return {"told": told.as_json(), "info": [info.rows, _iso(info.first), _iso(info.last)]}


def info_of(told: list[Any]) -> tuple[int, datetime | None, datetime | None]:
    """Rows, first and last instant of the segment, as ``read`` told them."""
    rows, first, last = told
    return int(rows), _instant(first), _instant(last)


def _of_parts(parts: list[dict[str, Any]], asked: Asked, told: Told, say: Say) -> Iterator[pa.RecordBatch]:
    """The statements of all parts, one after the other, into one account."""
    before = rows = 0
    for part in parts:
        source = Source.of_json(part["source"])
        reader: Reader = load(part["reader"])
        alone = len(parts) == 1
        own, called = Told(), asked if alone else replace(asked, source=source.name)
        with source.held():
            for batch in reader(source.path, called, own):
                if not batch.schema.equals(SCHEMA):
                    raise TypeError("a reader gave something else than statements")
                say(before + _position(source))
                yield batch if alone else _numbered(batch, rows)
        if not alone:
            told.starts.append((source.name, rows))
        rows += own.read + 1  # the first row of a table is row 2
        told.add(own if alone else _of_member(own, source))
        before += source.size


def _numbered(batch: pa.RecordBatch, before: int) -> pa.RecordBatch:
    """The statements with rows counted on from those of the parts before."""
    row = batch.schema.get_field_index("row")
    return batch.set_column(row, batch.schema.field(row), pc.add(batch["row"], before))


def _of_member(told: Told, source: Source) -> Told:
    """The account with the part's name at every fault: each counts its own rows."""
    told.faults = [replace(fault, part=source.name) for fault in told.faults]
    return told


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _asked(given: dict[str, Any]) -> Asked:
    return Asked(
        source=given["source"],
        timezone=given["timezone"],
        now=datetime.fromisoformat(given["now"]),
        pseudonyms=Pseudonyms(bytes.fromhex(given["secret"])),
        mapping=given["mapping"],
        as_of=_instant(given["as_of"]),
        limits=Limits(**given["limits"]),
    )


def _position(source: Source) -> int:
    """How far into the source this process has read [bytes]; 0 where the system does not tell."""
    furthest = 0
    try:
        handles = os.listdir("/proc/self/fd")
    except OSError:
        return 0
    for handle in handles:
        try:
            about = os.stat(f"/proc/self/fd/{handle}")
            if (about.st_dev, about.st_ino) == (source.device, source.inode):
                furthest = max(furthest, os.lseek(int(handle), 0, os.SEEK_CUR))
        except OSError:  # closed since it was listed
            continue
    return furthest
