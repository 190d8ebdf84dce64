"""The reader of FHIR R4: one file, a bundle or NDJSON, as batches of statements.

The file is gone through twice: first for what statements need to know beforehand (the patients' sex and
age, entries under other names, and whether a bundle is whole), then resource by resource.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from twin.errors import BadData, Problem
from twin.records.events import Thing, events
from twin.records.reading.asked import Asked
from twin.records.reading.fhir import codes
from twin.records.reading.fhir.booking import appointment, slot
from twin.records.reading.fhir.bundle import Frame, entries, too_large
from twin.records.reading.fhir.encounters import encounter
from twin.records.reading.fhir.fields import part, text
from twin.records.reading.fhir.lines import MARK, lines
from twin.records.reading.fhir.people import facts_of
from twin.records.reading.fhir.places import location, schedule
from twin.records.reading.fhir.references import is_id
from twin.records.reading.fhir.survey import recognise, survey, type_of
from twin.records.reading.fhir.telling import Source, Statement, gone, name_of, said_of, version
from twin.records.reading.fhir.text import Json, Refused, parse
from twin.records.reading.fhir.times import Clock
from twin.records.reading.limits import Limits
from twin.records.reading.told import Told

#: goes up when the same file would be read into other statements
VERSION = "fhir-1"
_BATCH = 10_000

_READ: dict[str, Callable[[Json, str, Statement, Source], list[Statement]]] = {
    "Encounter": encounter,
    "Location": location,
    "Schedule": schedule,
    "Appointment": appointment,
    "Slot": slot,
}
_THING = {
    "Encounter": Thing.ENCOUNTER,
    "Location": Thing.LOCATION,
    "Appointment": Thing.APPOINTMENT,
    "Slot": Thing.SLOT,
}


class _Piece(NamedTuple):
    """One line, or one entry of a bundle; ``data`` is None where it is too large."""

    number: int
    data: bytes | None


def read(path: Path, asked: Asked, told: Told) -> Iterator[pa.RecordBatch]:
    """Statements of a FHIR file (see ``twin.records.reading.asked``).

    Raises
    ------
    BadData
        Nothing of it can be read: not JSON, a bundle that is too large, cut short or no bundle.
    """
    source = Source(asked, told, Clock(asked.timezone, asked.now, asked.as_of))
    try:
        in_lines = recognise(path, asked.limits)
        bundled = survey(path, in_lines, source)
    except Refused as refused:
        raise _bad(asked.source, refused) from None
    made: list[Statement] = []
    passed_over: Counter[str] = Counter()
    for number, data in _pieces(path, in_lines, bundled, asked.limits):
        told.read += 1
        try:
            made += _statements(data, number, bundled, source, passed_over)
        except Refused as refused:
            told.fault(number, refused.field, refused.value, refused.rule, refused.cure, refused.code)
        if len(made) >= _BATCH:
            yield _batch(made)
            made = []
    if made:
        yield _batch(made)
    for kind, times in sorted(passed_over.items()):
        told.note(f"resources that the twin does not read: {kind}", times)


def _pieces(path: Path, in_lines: bool, bundled: bool, limits: Limits) -> Iterator[_Piece]:
    with path.open("rb") as file:
        if in_lines:
            yield from (_Piece(number, data) for number, data in lines(file, limits))
        elif bundled:
            for number, data in enumerate(entries(file, limits, Frame()), start=1):
                yield _Piece(number, data)
        else:
            yield _Piece(1, file.read(limits.resource_bytes).removeprefix(MARK))


def _statements(
    data: bytes | None, number: int, bundled: bool, source: Source, passed_over: Counter[str]
) -> list[Statement]:
    """What one line or entry says.

    Raises
    ------
    Refused
        It cannot be taken.
    """
    if data is None:
        raise too_large(source.asked.limits)
    resource = parse(data, source.asked.limits)
    full_url = None
    if bundled:
        entry = resource
        if (deleted := _deleted(entry, number, source)) is not None:
            return deleted
        full_url, resource = text(entry, "fullUrl", "entry."), entry.get("resource")
        if resource is None and entry.get("response") is not None:
            passed_over["answers without a resource"] += 1
            return []
    kind = type_of(resource)
    make = _READ.get(kind)
    if make is None:
        if kind == "Bundle":
            raise Refused("E_RESOURCE_TYPE", "resourceType", kind, "a bundle is a file of its own")
        if kind == "Patient":
            facts_of(resource)
        else:
            passed_over[kind] += 1
        return []
    name = name_of(resource, full_url)
    said = said_of(resource, number, source)
    return make(resource, name, said, source)


def _deleted(entry: Any, number: int, source: Source) -> list[Statement] | None:
    """The statements of an entry that deletes; None where it does not.

    Raises
    ------
    Refused
        ``E_PARSE``, ``E_REFERENCE``.
    """
    if not isinstance(entry, dict):
        raise Refused("E_RESOURCE_TYPE", "entry", None, "an entry is an object that holds a resource")
    request = part(entry, "request", "entry.") or {}
    if request.get("method") != "DELETE":
        return None
    kind, _, id_ = (text(request, "url", "entry.request.") or "").partition("/")
    if not is_id(id_) or kind not in codes.TYPES:
        raise Refused("E_REFERENCE", "entry.request.url", request.get("url"), 'what is deleted is "Type/id"')
    thing = _THING.get(kind)
    if thing is None:
        return []
    response = part(entry, "response", "entry.") or {}
    at = text(response, "lastModified", "entry.response.")
    etag = (text(response, "etag", "entry.response.") or "").removeprefix("W/").strip('"')
    said = {
        "said_at": source.clock.past(
            source.clock.instant(at, "lastModified"), "lastModified", at, source.clock.heard
        ),
        "said_by": version(etag),
        "row": number,
    }
    name = f"{kind}/{id_}"
    pseudonymised = thing in (Thing.ENCOUNTER, Thing.APPOINTMENT)
    return [gone(thing, source.visit(name) if pseudonymised else name, said)]


def _batch(made: list[Statement]) -> pa.RecordBatch:
    used = dict.fromkeys(name for each in made for name in each)
    return events({name: [each.get(name) for each in made] for name in used}, len(made))


def _bad(source: str, refused: Refused) -> BadData:
    field = refused.field or "the file"
    return BadData(source, [Problem(field, refused.value, refused.rule, refused.cure, refused.code)])
