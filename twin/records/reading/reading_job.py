"""The job of reading: how a source and what is asked pass into the process that reads, and what is done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from twin.records.events import SCHEMA
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
#: who writes segments
SEGMENTS = "twin.records.folding.segments"


def job_of(source: Source, asked: Asked, out: Path, reader: str | None = None) -> dict[str, Any]:
    """The job as JSON; it holds the secret."""
    identity = {name: getattr(source, name) for name in ("name", "size", "device", "inode", "modified")}
    return {
        "source": {**identity, "path": str(source.path), "kind": str(source.kind)},
        "asked": {
            "source": asked.source,
            "timezone": asked.timezone,
            "now": asked.now.isoformat(),
            "mapping": asked.mapping,
            "as_of": None if asked.as_of is None else asked.as_of.isoformat(),
            "limits": asdict(asked.limits),
            "secret": asked.pseudonyms.secret_for_a_reader().hex(),
        },
        "out": str(out),
        "reader": reader or READERS[source.kind],
    }


def warm(source: Source, reader: str | None = None) -> tuple[str, ...]:
    """Modules that reading this source needs."""
    return (SEGMENTS, "pyarrow.parquet", (reader or READERS[source.kind]).partition(":")[0])


def read(job: dict[str, Any], say: Say) -> dict[str, Any]:
    """Read a source into a segment; an account of both."""
    given = job["source"]
    source = Source(**{**given, "path": Path(given["path"]), "kind": Kind(given["kind"])})
    reader: Reader = load(job["reader"])
    told = Told()
    with source.held():
        batches = reader(source.path, _asked(job["asked"]), told)
        info = load(f"{SEGMENTS}:write_segment")(_heard(batches, source, say), Path(job["out"]))
    return {"told": told.as_json(), "info": [info.rows, _iso(info.first), _iso(info.last)]}


def info_of(told: list[Any], kind: type) -> Any:
    """The segment's account as ``read`` told it."""
    rows, first, last = told
    return kind(int(rows), *(None if at is None else datetime.fromisoformat(at) for at in (first, last)))


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _asked(given: dict[str, Any]) -> Asked:
    as_of = given["as_of"]
    return Asked(
        source=given["source"],
        timezone=given["timezone"],
        now=datetime.fromisoformat(given["now"]),
        pseudonyms=Pseudonyms(bytes.fromhex(given["secret"])),
        mapping=given["mapping"],
        as_of=None if as_of is None else datetime.fromisoformat(as_of),
        limits=Limits(**given["limits"]),
    )


def _heard(batches: Iterator[pa.RecordBatch], source: Source, say: Say) -> Iterator[pa.RecordBatch]:
    """The batches as they come, each of the event table, and how far the reader has come."""
    for batch in batches:
        if not batch.schema.equals(SCHEMA):
            raise TypeError("a reader gave something else than statements")
        say(_position(source))
        yield batch
    say(source.size)


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
