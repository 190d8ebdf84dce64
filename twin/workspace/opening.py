"""Opening: from what a user names (a file, an archive, a FHIR server) to the files that are read."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from twin.records.reading.archive import unpack
from twin.records.reading.content import ARCHIVES, Kind
from twin.records.reading.limits import Limits
from twin.records.reading.source import Source, recognise, shown_name

#: what a kind is called towards people
FORMATS = {
    Kind.CSV: "CSV",
    Kind.PARQUET: "Parquet",
    Kind.HL7: "HL7 v2",
    Kind.FHIR_BUNDLE: "FHIR R4",
    Kind.FHIR_NDJSON: "FHIR R4",
    Kind.JOURNAL: "HL7 v2 feed",
}
#: what a kind consists of, where that is not rows
UNITS = {
    Kind.HL7: "message",
    Kind.JOURNAL: "message",
    Kind.FHIR_BUNDLE: "resource",
    Kind.FHIR_NDJSON: "resource",
}


@dataclass(frozen=True)
class Opened:
    """One source: its files, all of which go in or none.

    Attributes
    ----------
    name : as the user knows it
    sha256 : of the bytes of what was named
    parts : the files to be read
    left_out : members of an archive that are no source
    """

    name: str
    sha256: str
    parts: tuple[Source, ...]
    left_out: int = 0

    @property
    def format(self) -> str:
        """What it is called towards people."""
        return ", ".join(sorted({FORMATS[part.kind] for part in self.parts}))

    @property
    def unit(self) -> str:
        """What it consists of."""
        units = {UNITS.get(part.kind, "row") for part in self.parts}
        return units.pop() if len(units) == 1 else "row"


def together(files: Sequence[Opened]) -> list[Opened]:
    """The same files, with those of messages as one source: a feed of files with one message each."""
    feed = [one for one in files if [part.kind for part in one.parts] == [Kind.HL7]]
    if len(feed) < 2:
        return list(files)
    feed = sorted(feed, key=lambda one: one.name)
    digest = hashlib.sha256("".join(one.sha256 for one in feed).encode()).hexdigest()
    name = f"{len(feed)} files, {feed[0].name} to {feed[-1].name}"
    whole = Opened(name, digest, tuple(one.parts[0] for one in feed))
    return [*(one for one in files if one not in feed), whole]


def is_address(source: str | Path) -> bool:
    """Whether a source is the address of a server."""
    return str(source).lower().startswith(("http://", "https://"))


def called(source: str | Path) -> str:
    """How a source is called towards people."""
    return str(source) if is_address(source) else shown_name(source)


def opened(
    source: str, staging: Path, told_as: str | None, limits: Limits, say: Callable[[str], None]
) -> Opened:
    """What a source consists of.

    Parameters
    ----------
    staging
        Where an archive's files are unpacked to, and a server's answers written.

    Raises
    ------
    BadData
        It is none that can be read.
    """
    if is_address(source):
        return _asked_of_a_server(source, staging, limits, say)
    one = recognise(source, told_as, limits)
    if one.kind not in ARCHIVES:
        return Opened(one.name, one.sha256(), (one,))
    say(f"unpacking {one.name}")
    unpacked = unpack(one, _folder(staging), told_as, limits)
    return Opened(one.name, one.sha256(), unpacked.sources, unpacked.left_out)


def _asked_of_a_server(address: str, staging: Path, limits: Limits, say: Callable[[str], None]) -> Opened:
    from twin.records.reading.fhir.server import fetch

    say(f"asking {address}")
    parts = tuple(
        recognise(file, "fhir", limits, name=file.name)
        for file in fetch(address, _folder(staging), limits=limits)
    )
    together = hashlib.sha256("".join(part.sha256() for part in parts).encode())
    return Opened(address, together.hexdigest(), parts)


def _folder(staging: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=staging))
