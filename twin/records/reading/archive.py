"""Archive: the sources in a ZIP or gzip file, unpacked into a folder of ours.

Every member is looked at before anything is unpacked, and what is unpacked goes under names that we choose:
whatever a member is called, nothing is written elsewhere. Members that are no source (licences, pictures,
tables that no mapping fits) are left where they are and counted. It is done in a process of its own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from twin.errors import BadData
from twin.records.reading.allowance import Allowance
from twin.records.reading.child import run_in_child
from twin.records.reading.content import ARCHIVES, HEAD_BYTES, Kind, kind_of, kinds_told
from twin.records.reading.inside import Say
from twin.records.reading.limits import MB, USUAL, Limits
from twin.records.reading.members import TOLD, Member, check_unpacked, members_of, refused, shown
from twin.records.reading.source import MAPPINGS, Source, recognise

_NOT_OURS = re.compile(r"(^|/)(__MACOSX/|\.)")


@dataclass(frozen=True)
class Unpacked:
    """What came out of an archive.

    Attributes
    ----------
    sources
        In the order of the archive; their names tell the member.
    left_out
        How many members are no source.
    named
        The first of them.
    """

    sources: tuple[Source, ...]
    left_out: int
    named: tuple[str, ...]


def unpack(
    source: Source,
    folder: Path,
    told_as: str | None = None,
    limits: Limits = USUAL,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Unpacked:
    """Unpack the sources of an archive.

    Parameters
    ----------
    folder
        Where they go; it is there, empty, and the caller's to remove.
    told_as
        What the user says that they are, as for ``recognise``.
    progress
        Told bytes of the archive unpacked and its size.

    Raises
    ------
    BadData
        ``E_ARCHIVE_PATH``: a member's path leads out of the archive, or it is a link or a device;
        ``E_ARCHIVE``: damaged, encrypted, nested, packed in a way that is not read, or without a source;
        ``E_TOO_LARGE``: too many members, or too much to unpack; and as ``run_in_child``.
    Cancelled
        ``cancelled`` said so.
    """
    job = {
        "source": source.as_json(),
        "folder": str(folder),
        "told_as": told_as,
        "limits": asdict(limits),
    }
    allowance = replace(Allowance.for_size(source.size, limits), writes=limits.unpacked_bytes)
    answer = run_in_child(
        "twin.records.reading.archive:unpack_here",
        job,
        source.name,
        allowance,
        folder,
        progress=None if progress is None else lambda done: progress(min(done, source.size), source.size),
        cancelled=cancelled,
    )
    sources = tuple(recognise(path, told_as, limits, name=name) for path, name in answer["sources"])
    return Unpacked(sources, answer["left_out"], tuple(answer["named"]))


def unpack_here(job: dict[str, Any], say: Say) -> dict[str, Any]:
    """Unpack in this process: the work of ``unpack``."""
    source, limits = Source.of_json(job["source"]), Limits(**job["limits"])
    with source.held() as handle, members_of(source, handle, limits) as (members, position):
        return _Unpacking(source, limits, job["told_as"], Path(job["folder"]), position).done(members, say)


class _Unpacking:
    """Chooses the members that are sources, and writes them out within the caps."""

    def __init__(
        self,
        source: Source,
        limits: Limits,
        told_as: str | None,
        folder: Path,
        position: Callable[[], int],
    ) -> None:
        self._source, self._limits, self._told_as, self._folder = source, limits, told_as, folder
        self._position = position
        self._is_one, self._written = source.kind is Kind.GZIP, 0

    def done(self, members: Sequence[Member], say: Say) -> dict[str, Any]:
        kinds = [(member, *self._looked_at(member)) for member in members]
        chosen = [(member, kind) for member, kind, fits in kinds if kind is not None and fits]
        if not chosen:  # a table whose header does not fit is told by its reader, where it is the only one
            tables = [(member, kind) for member, kind, _ in kinds if kind is not None]
            chosen = tables if len(tables) == 1 else []
        if not chosen:
            names = ", ".join(shown(member.name) for member in members[:TOLD]) or "nothing"
            rule, cure = "holds no file that can be read", "name the mapping with --as, or unpack it"
            raise refused(self._source, "members", names, rule, cure)
        taken = {member.name for member, _ in chosen}
        left = [shown(member.name) for member in members if member.name not in taken]
        return {
            "sources": [self._written_out(*each, number, say) for number, each in enumerate(chosen, start=1)],
            "left_out": len(left),
            "named": left[:TOLD],
        }

    def _looked_at(self, member: Member) -> tuple[Kind | None, bool]:
        """The kind of a member, None where it is no source, and whether it is surely one."""
        if _NOT_OURS.search(member.name):
            return None, False
        with member.opened() as file:
            head = file.read(HEAD_BYTES)
        try:
            whole = len(head) < HEAD_BYTES
            if self._is_one:
                kind = kind_of(head, shown(member.name), self._told_as, whole=whole)
            else:  # of many, those that are something else are left out
                kind = kind_of(head, shown(member.name), whole=whole, suffix="")
        except BadData:
            if self._is_one:
                raise
            return None, False
        if kind in ARCHIVES:
            rule = "is an archive inside an archive"
            raise refused(self._source, shown(member.name), None, rule, "unpack it first")
        if self._is_one:
            return kind, True
        if self._told_as is not None and kind not in kinds_told(self._told_as):
            return None, False
        if kind is Kind.CSV:
            named_so = PurePosixPath(member.name.lower()).suffix in (".csv", ".tsv")
            fits = _fits(head, self._told_as)
            return (kind if named_so or fits else None), fits
        if kind in (Kind.FHIR_BUNDLE, Kind.FHIR_NDJSON) and b'"resourceType"' not in head:
            return None, False
        return kind, True

    def _written_out(self, member: Member, kind: Kind, number: int, say: Say) -> tuple[str, str]:
        suffix = {Kind.PARQUET: ".parquet", Kind.CSV: ".csv", Kind.HL7: ".hl7"}.get(kind, ".json")
        place = self._folder / f"{number:05d}{suffix}"
        with member.opened() as file, open(place, "xb") as out:
            while piece := file.read(MB):
                self._written += len(piece)
                check_unpacked(self._source, self._limits, self._written)
                out.write(piece)
                say(self._position())
        name = self._source.name if self._is_one else f"{self._source.name}, {shown(member.name)}"
        return str(place), name


def _fits(head: bytes, told_as: str | None) -> bool:
    """Whether the header has all columns that some mapping needs; the one that was told, where one was."""
    lines = head.decode("utf-8-sig", "replace").splitlines()
    mark = max(",;\t|", key=lines[0].count) if lines else ","
    try:
        there = {name.strip().lower() for name in next(csv.reader(lines[:1], delimiter=mark), ())}
    except csv.Error:
        return False
    told = told_as if told_as in MAPPINGS or (told_as or "").endswith(".toml") else None
    return any(all(names & there for names in needs) for needs in ([_needs(told)] if told else _shipped()))


@lru_cache(maxsize=1)
def _shipped() -> list[list[frozenset[str]]]:
    from twin.records.reading.extracts.mapping import shipped_mappings

    return [_needs(name) for name in shipped_mappings()]


def _needs(mapping: str) -> list[frozenset[str]]:
    """The columns that a mapping needs, each with its other names, in small letters."""
    from twin.records.reading.extracts.mapping import load_mapping

    columns = load_mapping(mapping).columns()
    return [frozenset(name.lower() for name in names) for names, needed in columns if needed]
