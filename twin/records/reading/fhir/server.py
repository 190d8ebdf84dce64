"""A FHIR server as a source: its search results, page by page, written into NDJSON files.

Only the server that the user named is asked: pages and redirects that lead to another scheme, host or port
are refused, and so is a name that turns out to mean an address of the machine's own network services (as
169.254.169.254), unless the user wrote that address himself. Of patients no more than id, sex and day of
birth is written down, in front of the encounters they belong to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

from twin.errors import BadData, Problem
from twin.records.reading.fhir.asking import Opener, Origin, ask, opener_of, origin_of
from twin.records.reading.fhir.bundle import Frame, entries
from twin.records.reading.fhir.fields import parts, text
from twin.records.reading.fhir.survey import type_of
from twin.records.reading.fhir.text import Json, Refused, parse
from twin.records.reading.limits import GB, USUAL, Limits

#: what is asked for, in this order; patients are written into the file of encounters
RESOURCES = ("Location", "Schedule", "Slot", "Appointment", "Patient", "Encounter")
#: environment variable with the bearer token
TOKEN = "TWIN_FHIR_TOKEN"
#: resources asked for in one page (servers may give fewer)
PAGE = 500
#: pages of one type; with the size of a page more than any hospital's year
PAGES = 100_000
_OF_PATIENTS = ("resourceType", "id", "gender", "birthDate")


def fetch(
    base: str,
    folder: Path,
    resources: Sequence[str] = RESOURCES,
    limits: Limits = USUAL,
    opener: Opener | None = None,
) -> list[Path]:
    """Fetch all resources of these types from a FHIR server.

    Parameters
    ----------
    base
        Address of the server, as https://emr.example/fhir. A bearer token stands in the environment
        variable ``TWIN_FHIR_TOKEN``.
    folder
        Where the files are written: one a type, "Encounter.ndjson". It has to be there.
    resources
        Types; those that the server does not have are passed over.
    limits
        A page is at most ``bundle_bytes``, a file at most ``file_bytes``.
    opener
        How an address is asked; over the network when omitted.

    Returns
    -------
    list of Path
        Of types that have resources.

    Raises
    ------
    BadData
        ``E_ADDRESS``: the address, or one that the server names, is not asked. ``E_SERVER``: no answer, or
        one that is no search result. ``E_TOO_LARGE``: more than the limits allow.
    """
    try:
        origin = origin_of(base, os.environ.get(TOKEN))
        fetching = _Fetching(base.rstrip("/"), origin, limits, opener or opener_of(origin))
        written = [fetching.write(kind, folder) for kind in resources]
    except Refused as refused:
        field = refused.field or "the server"
        problem = Problem(field, refused.value, refused.rule, refused.cure, refused.code)
        raise BadData(base, [problem]) from None
    if not any(fetching.known):
        raise BadData(
            base,
            [Problem("the server", None, "has none of these resources", "name its FHIR base", "E_SERVER")],
        )
    return list(dict.fromkeys(path for path in written if path))


class _Fetching:
    """One server being asked; ``known`` tells which of the types it has."""

    def __init__(self, base: str, origin: Origin, limits: Limits, opener: Opener) -> None:
        self.base, self.origin, self.limits, self.opener = base, origin, limits, opener
        self.known: list[bool] = []
        self.begun: set[Path] = set()

    def write(self, kind: str, folder: Path) -> Path | None:
        """Write the resources of one type; None where there are none."""
        path = folder / f"{'Encounter' if kind == 'Patient' else kind}.ndjson"
        size = count = 0
        mode = "ab" if path in self.begun else "wb"
        self.begun.add(path)
        with path.open(mode) as file:
            for line in self._lines(kind):
                size, count = size + len(line), count + 1
                if size > self.limits.file_bytes:
                    cap = f"a file has at most {self.limits.file_bytes / GB:g} GB"
                    raise Refused("E_TOO_LARGE", kind, None, cap)
                file.write(line)
        if path.stat().st_size == 0:
            path.unlink()
        return path if count else None

    def _lines(self, kind: str) -> Iterator[bytes]:
        elements = "&_elements=id,gender,birthDate" if kind == "Patient" else ""
        address: str | None = f"{self.base}/{kind}?_count={PAGE}{elements}"
        seen: set[str] = set()
        while address:
            if address in seen or len(seen) >= PAGES:
                raise Refused("E_SERVER", kind, address, "its pages go round in a circle")
            seen.add(address)
            answer = ask(address, self.origin, self.opener, self.limits)
            if answer is None:  # the server does not know this type
                self.known.append(False)
                return
            with answer as page:
                frame = Frame()
                yield from self._page(page, kind, frame)
            address = self._next(address, frame, kind)
        self.known.append(True)

    def _page(self, page: BinaryIO, kind: str, frame: Frame) -> Iterator[bytes]:
        for data in entries(page, self.limits, frame):
            if data is None:
                raise Refused("E_TOO_LARGE", kind, None, "a resource larger than is read")
            line = _line(data, kind, self.limits)
            if line is not None:
                yield line

    def _next(self, address: str, frame: Frame, kind: str) -> str | None:
        """Address of the next page, None after the last."""
        around = parse(frame.text, self.limits)
        if type_of(around) != "Bundle" or around.get("type") != "searchset":
            raise Refused("E_SERVER", kind, type_of(around), "the answer to a search is a bundle, searchset")
        for link in parts(around, "link"):
            if link.get("relation") == "next" and (written := text(link, "url", "link.")):
                following = urljoin(address, written)
                self.origin.hold(following)
                return urlsplit(following)._replace(fragment="").geturl()
        return None


def _line(data: bytes, kind: str, limits: Limits) -> bytes | None:
    """The resource of an entry as a line; as it came where it cannot be taken, for the reader to tell."""
    try:
        entry = parse(data, limits)
        resource = entry.get("resource")
        if type_of(resource) != kind:  # what came with it (_include, OperationOutcome)
            return None
    except Refused:
        if kind == "Patient":
            return b'{"resourceType":"Patient"\n'
        return data.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
    return _written(resource if kind != "Patient" else _of_a_patient(resource))


def _of_a_patient(resource: Json) -> Json:
    return {name: resource[name] for name in _OF_PATIENTS if name in resource}


def _written(resource: Json) -> bytes:
    return json.dumps(resource, separators=(",", ":")).encode("ascii") + b"\n"
