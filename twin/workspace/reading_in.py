"""Reading in: each file into statements, in a process of its own, before anything is folded or kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from twin.errors import BadData, Problem
from twin.records.reading.asked import Asked
from twin.records.reading.child import read_in_child
from twin.records.reading.extracts import load_mapping
from twin.records.reading.limits import MB
from twin.records.reading.told import Told
from twin.workspace.asking import Desk
from twin.workspace.brought import Kept, Refused
from twin.workspace.opening import Opened, called, opened, together

#: version of the readers: a file that was read by an older one may be brought in again
READERS = 1
#: a file so large is told of while it is read [bytes]
LONG_BYTES = 32 * MB


@dataclass
class Read:
    """A source that was read and waits in the staging folder."""

    source: Opened
    key: str
    told: Told
    segment: Path
    statements: int
    digest: str | None = None  # once its segment is kept
    later: Told | None = None  # what fell out of it when it was folded last

    def whole(self) -> Told:
        """What its reading told, and what fell out of it when it was folded."""
        together = Told(starts=self.told.starts)
        together.add(self.told)
        if self.later is not None:
            faults = [self.told.in_its_part(fault) for fault in self.later.faults]
            together.add(replace(self.later, faults=faults))
        return together

    def kept(self) -> Kept:
        """As it is told to the one who asked."""
        told = self.whole()
        source = self.source
        unit = source.unit
        return Kept(source.name, source.format, unit, told.read, told.aside, self.statements, told=told)


class Reader:
    """Sources looked at and read; those refused and those that were there before are kept apart.

    Attributes
    ----------
    refused : each with its reason
    again : files that are in the records already, under the same names
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.refused: list[Refused] = []
        self.again: list[Kept] = []

    def read(self, sources: Sequence[str | Path]) -> list[Read]:
        """All sources that are new and can be read."""
        files = self._once([one for source in sources if (one := self._opened(str(source))) is not None])
        return [found for file in together(files) if (found := self._read(file)) is not None]

    def _opened(self, source: str) -> Opened | None:
        """A source looked at; None where it is refused."""
        asking = self.desk.asking
        try:
            return opened(source, self.desk.folder, asking.told_as, asking.limits, self.desk.say)
        except BadData as error:
            self.refused.append(Refused(called(source), error))
            return None

    def _once(self, files: list[Opened]) -> list[Opened]:
        """The same files without those of the same bytes as one before."""
        found: dict[str, Opened] = {}
        for one in files:
            first = found.setdefault(one.sha256, one)
            if first is not one:
                self.desk.say(f"{one.name} holds the same as {first.name}; it is read once")
        return list(found.values())

    def _read(self, source: Opened) -> Read | None:
        """A source read into the staging folder; None where it is refused, or was there already."""
        try:
            return self._looked_at(source)
        except BadData as error:
            self.refused.append(Refused(source.name, error))
            return None

    def _looked_at(self, source: Opened) -> Read | None:
        key = self._key(source)
        known = self.desk.store.records.known(key)
        if known is not None:
            was = (known.read, known.aside, known.segment_rows)
            self.again.append(Kept(source.name, known.format, source.unit, *was, again=True))
            return None
        self.desk.say(f"reading {source.name}")
        segment = self.desk.folder / f"{secrets.token_hex(8)}.parquet"
        told, info = read_in_child(
            source.parts, self._asked(source), segment, progress=self._teller(source.name)
        )
        told.note("members of the archive that are no source", source.left_out)
        refuse_too_many(source, told, self.desk.asking.most_aside)
        return Read(source, key, told, segment, info.rows)

    def _asked(self, source: Opened) -> Asked:
        zone, as_of = ZoneInfo(self.desk.hospital.timezone), self.desk.asking.as_of
        return Asked(
            source=source.name,
            timezone=self.desk.hospital.timezone,
            now=self.desk.now(),
            pseudonyms=self.desk.workspace.pseudonyms(),
            mapping=self.desk.mapping(),
            as_of=None if as_of is None else as_of.replace(tzinfo=zone),
            limits=self.desk.asking.limits,
        )

    def _key(self, source: Opened) -> str:
        """What makes two imports the same: the bytes, how they are read, and what was told about them."""
        mapping = self.desk.mapping()
        meant = "" if mapping is None else load_mapping(mapping).model_dump_json()
        asking, kinds = self.desk.asking, [str(part.kind) for part in source.parts]
        told = [READERS, kinds, meant, asking.as_of, asking.begins, self.desk.hospital.timezone]
        return f"{source.sha256}/{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"

    def _teller(self, name: str) -> Callable[[int, int], None]:
        """Tells a long reading's progress in words, each tenth of it."""
        tenth = 0

        def tell(done: int, size: int) -> None:
            nonlocal tenth
            if size >= LONG_BYTES and 10 * done // size > tenth:
                tenth = 10 * done // size
                self.desk.say(f"reading {name}: {tenth}0 %")

        return tell


def refuse_too_many(source: Opened, told: Told, most_aside: float) -> None:
    """Refuse a file without rows, or with too many that cannot be used."""
    if not told.read:
        rule = "holds no rows; what was there before stays"
        problem = Problem("file", None, rule, "look whether the export ran", "E_NO_ROWS")
        raise BadData(source.name, [problem])
    if told.share_aside > most_aside:
        most = _too_many(told, most_aside, source.unit)
        raise BadData(source.name, [*told.problems(source.unit), most])


def _too_many(told: Told, most: float, unit: str) -> Problem:
    shown = f"{told.aside:,} of {told.read:,} {unit}s cannot be used"
    rule = f"at most {100 * most:.4g} % may be put aside; nothing of it was taken"
    return Problem("file", shown, rule, "mend the faults above, or raise --most-aside", "E_TOO_MANY_FAULTS")
