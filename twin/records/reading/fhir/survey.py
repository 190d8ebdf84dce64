"""Survey: what is looked at before the first statement is made.

Whether the file is NDJSON or a bundle, whether a bundle is whole, which patients a file holds, and which
entries are referred to by another name than their id.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from twin.records.reading.fhir import codes
from twin.records.reading.fhir.bundle import Frame, entries
from twin.records.reading.fhir.fields import bound_code, text
from twin.records.reading.fhir.lines import MARK, is_lines, lines
from twin.records.reading.fhir.people import MOST
from twin.records.reading.fhir.telling import Source, name_of
from twin.records.reading.fhir.text import Refused, depth_of, parse, too_deep
from twin.records.reading.limits import MB, Limits

_PATIENT = re.compile(rb'"resourceType"\s*:\s*"Patient"')
_URN = re.compile(rb'"fullUrl"\s*:\s*"urn:[a-z]+:([^"]*)"')


def recognise(path: Path, limits: Limits) -> bool:
    """Whether the file is NDJSON; else it is one JSON document.

    Raises
    ------
    Refused
        ``E_ENCODING``, ``E_FORMAT``, ``E_DEPTH``, ``E_TOO_LARGE``: neither.
    """
    with path.open("rb") as file:
        begin = file.read(4096).removeprefix(MARK).lstrip()
        if begin[:2] in (b"\xff\xfe", b"\xfe\xff") or begin[1:2] == b"\0":
            raise Refused("E_ENCODING", "", None, "FHIR is written in UTF-8", "save it as UTF-8")
        if begin[:1] == b"<":
            raise Refused("E_FORMAT", "", None, "XML is not read", "ask the source for JSON")
        if begin[:1] == b"[":
            file.seek(0)
            if depth_of(file.read(limits.resource_bytes)) > limits.depth:
                raise too_deep(limits)
        if begin[:1] != b"{":
            raise Refused(
                "E_FORMAT", "", None, "a bundle or NDJSON of FHIR begins with {", "export it as FHIR JSON"
            )
        file.seek(0)
        in_lines = is_lines(file, limits)
        if not in_lines and path.stat().st_size > limits.bundle_bytes:
            cap = limits.bundle_bytes / MB
            raise Refused("E_TOO_LARGE", "", None, f"a bundle has at most {cap:g} MB", "export it as NDJSON")
        return in_lines


def survey(path: Path, in_lines: bool, source: Source) -> bool:
    """Take the patients and other names of entries; say whether the resources come in a bundle.

    Raises
    ------
    Refused
        A document that is not whole, or a bundle of no known type.
    """
    limits, frame, bundled = source.asked.limits, Frame(), False
    with path.open("rb") as file:
        if in_lines:
            for _, data in lines(file, limits):
                if data and _PATIENT.search(data):
                    _know(data, False, source)
        else:
            for data in entries(file, limits, frame):
                if data and (_PATIENT.search(data) or _has_other_name(data)):
                    _know(data, True, source)
            bundled = _is_bundle(frame.text, limits)
    source.people.close()
    if source.people.too_many:
        source.told.note(f"a file with more than {MOST:,} patients: age and sex are not told")
    return bundled


def _is_bundle(text_: bytes, limits: Limits) -> bool:
    frame = parse(text_, limits)
    kind = type_of(frame)
    if kind != "Bundle":
        if frame.get("entry") == []:
            raise Refused("E_RESOURCE_TYPE", "resourceType", kind, "entries stand in a Bundle")
        return False
    if bound_code(frame, "type", codes.BUNDLES) is None:
        raise Refused("E_CODE", "type", None, "a bundle has a type")
    if frame.get("entry"):
        raise Refused("E_PARSE", "entry", None, "entries are written as a plain list", "export it once more")
    return True


def _has_other_name(data: bytes) -> bool:
    """Whether an entry's full URL may be a name that is not its id."""
    found = _URN.search(data)
    return found is not None and b'"id":"' + found[1] + b'"' not in data


def _know(data: bytes, entry: bool, source: Source) -> None:
    """Take what later resources need to know of this one; its faults are told when its turn comes."""
    try:
        resource, full_url = parse(data, source.asked.limits), None
        if entry:
            full_url = text(resource, "fullUrl") if isinstance(resource, dict) else None
            resource = resource.get("resource") if isinstance(resource, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            return
        name = name_of(resource, full_url)
        if full_url and full_url.startswith("urn:"):
            source.aliases[full_url] = name
        if resource["resourceType"] == "Patient":
            source.people.add(name, resource)
    except Refused:
        return  # told in its turn


def type_of(resource: Any) -> str:
    """Type of a resource.

    Raises
    ------
    Refused
        ``E_RESOURCE_TYPE``: none, or none of R4.
    """
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or kind not in codes.TYPES:
        shown = kind if isinstance(kind, str) else None
        raise Refused("E_RESOURCE_TYPE", "resourceType", shown, "a resource of FHIR R4 tells its type")
    return kind
