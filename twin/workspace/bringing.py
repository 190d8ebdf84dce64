"""Bringing in: files of the hospital's own into the records, each whole or not at all.

Each file is read in a process of its own into statements; all statements together are folded into the tables of
today; and one transaction makes both the records. A file of which too many rows cannot be used is refused
and leaves everything as it was; the others of the same call go in. Nothing is seen half done: a process
that dies on the way leaves files that no row of the store names.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twin.errors import BadData, NotFound, Problem, TwinError
from twin.records.folding.job import FOLDING, FoldJob, Folding, Piece, fold_in_child
from twin.records.quality import Finding
from twin.records.reading.asked import FEED_AHEAD, Asked
from twin.records.reading.child import read_in_child
from twin.records.reading.limits import MB, USUAL, Limits
from twin.records.reading.extracts import load_mapping
from twin.records.reading.source import MAPPINGS
from twin.records.reading.told import Told
from twin.store import open_store
from twin.store.lock import waiting_turn
from twin.store.records import HeadMoved, NewFold, NewImport, TableRef
from twin.workspace.opening import Opened, called, is_address, opened, together

if TYPE_CHECKING:
    from twin.hospital import Hospital
    from twin.store import Store
    from twin.workspace.workspace import Workspace

#: version of the readers: a file that was read by an older one may be brought in again
READERS = 1
#: name of the note that keeps the share of ward-days out of balance [millionths]
UNBALANCED = "ward-days out of balance, of a million"
#: a file so large is told of while it is read [bytes]
LONG_BYTES = 32 * MB
#: largest share of a file's rows that may be put aside before the file is refused, 0 to 1 (assumed: one in a
#: hundred is a slip of the pen, more is a wrong mapping or a broken feed)
MOST_ASIDE = 0.01
#: largest share of ward-days whose midnight census does not follow from who came and who went, 0 to 1 (assumed)
MOST_UNBALANCED = 0.005
#: how long an import waits for another one of the same workspace [s] (assumed)
PATIENCE_SECONDS = 600
#: how often an import is folded anew because another machine published first
_TRIES = 5
#: kinds of faults that a finding names
_KINDS = 3


@dataclass(frozen=True)
class Asking:
    """How files are to be brought in.

    Attributes
    ----------
    told_as : what the files are, where it is not to be recognised: a mapping's name, ``hl7``, ``fhir``
    mapping : file of a mapping of the hospital's own, for CSV and Parquet
    begins, as_of : first whole day and last instant of the data (local), where they are told
    now : the present (local); the machine's when omitted
    most_aside, most_unbalanced : shares above which a file is refused, 0 to 1
    actor : who asks, for the audit
    only_look : read, fold and tell, but keep nothing
    say : told in words what is being done
    """

    told_as: str | None = None
    mapping: str | None = None
    begins: date | None = None
    as_of: datetime | None = None
    now: datetime | None = None
    most_aside: float = MOST_ASIDE
    most_unbalanced: float = MOST_UNBALANCED
    actor: str = "local"
    only_look: bool = False
    say: Callable[[str], None] | None = field(default=None, repr=False)
    limits: Limits = USUAL


@dataclass(frozen=True)
class Kept:
    """A file that is in the records.

    ``again`` says that the same file was there already under the same names; nothing was changed by it.
    """

    source: str
    format: str
    unit: str
    rows: int
    aside: int
    statements: int
    again: bool = False
    told: Told = field(default_factory=Told, repr=False)


@dataclass(frozen=True)
class Refused:
    """A file that is not, and why."""

    source: str
    error: BadData


@dataclass(frozen=True)
class Brought:
    """What an import came to; nothing of a refused file was kept."""

    kept: tuple[Kept, ...]
    refused: tuple[Refused, ...]
    tables: dict[str, int]
    findings: tuple[Finding, ...]
    only_looked: bool = False

    def or_raise(self) -> Brought:
        """Itself, where no file was refused.

        Raises
        ------
        BadData
            The faults of every file that was refused.
        """
        if len(self.refused) == 1:
            raise self.refused[0].error
        if self.refused:
            problems = [
                Problem(f"{one.source}, {p.path}", p.value, p.rule, p.cure, p.code)
                for one in self.refused
                for p in one.error.problems
            ]
            raise BadData(", ".join(one.source for one in self.refused), problems)
        return self


@dataclass
class _Read:
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


def bring_in(workspace: Workspace, sources: Sequence[str | Path], asking: Asking | None = None) -> Brought:
    """Bring files into the records; each goes in whole, or not at all.

    Raises
    ------
    NotFound
        A file is not there; nothing was read.
    Locked
        Another import of this workspace did not end in ten minutes.
    ConfigError
        ``hospital.toml`` or ``records.toml`` has faults.
    """
    asking = asking or Asking()
    missing = [str(source) for source in sources if not _is_there(source)]
    if missing:
        raise NotFound(f"{', '.join(missing)}: no such file; nothing was read")
    _refuse_the_future(workspace, asking)
    with _in_turn(workspace) as (store, folder):
        return _Import(workspace, store, asking, folder).do(sources)


@contextmanager
def _in_turn(workspace: Workspace) -> Iterator[tuple[Store, Path]]:
    """The store and a folder to work in, one import at a time."""
    with (
        open_store(workspace.path) as store,
        waiting_turn(workspace.path, "import", seconds=PATIENCE_SECONDS),
        store.artefacts.staging() as folder,
    ):
        yield store, folder


class _Import:
    """One call of ``bring_in``, under the workspace's lock."""

    def __init__(self, workspace: Workspace, store: Store, asking: Asking, folder: Path) -> None:
        self.workspace, self.store, self.asking, self.folder = workspace, store, asking, folder
        self.hospital = workspace.hospital()
        self.say = asking.say or (lambda words: None)
        self.refused: list[Refused] = []
        self.again: list[Kept] = []

    def do(self, sources: Sequence[str | Path]) -> Brought:
        """Read, fold, look, publish."""
        files = self._once([one for source in sources if (one := self._opened(str(source))) is not None])
        read = [found for file in together(files) if (found := self._read(file)) is not None]
        if sources and not read:
            return self._brought([], {}, self.store.records.findings())
        for _ in range(_TRIES):
            head = self.store.records.head()
            read, folded = self._fold(read)
            if sources and not read:
                return self._brought([], {}, self.store.records.findings())
            if self.asking.only_look:
                return self._brought(read, folded.rows, folded.findings)
            try:
                self._publish(read, folded, head)
            except HeadMoved:
                continue
            if self.store.artefacts.sweep(dry=True).files:
                self.store.artefacts.sweep()  # tables of older foldings, and what a dead import left
            return self._brought(read, folded.rows, folded.findings)
        raise TwinError(
            f"{self.workspace.path}: others kept importing meanwhile; nothing was changed; try again"
        )

    # Reading

    def _opened(self, source: str) -> Opened | None:
        """A source looked at; None where it is refused."""
        asking = self.asking
        try:
            return opened(source, self.folder, asking.told_as, asking.limits, self.say)
        except BadData as error:
            self.refused.append(Refused(called(source), error))
            return None

    def _once(self, files: list[Opened]) -> list[Opened]:
        """The same files without those of the same bytes as one before."""
        found: dict[str, Opened] = {}
        for one in files:
            first = found.setdefault(one.sha256, one)
            if first is not one:
                self.say(f"{one.name} holds the same as {first.name}; it is read once")
        return list(found.values())

    def _read(self, source: Opened) -> _Read | None:
        """A source read into the staging folder; None where it is refused, or was there already."""
        try:
            return self._looked_at(source)
        except BadData as error:
            self.refused.append(Refused(source.name, error))
            return None

    def _looked_at(self, source: Opened) -> _Read | None:
        key = self._key(source)
        known = self.store.records.known(key)
        if known is not None:
            was = (known.read, known.aside, known.segment_rows)
            self.again.append(Kept(source.name, known.format, source.unit, *was, again=True))
            return None
        self.say(f"reading {source.name}")
        segment = self.folder / f"{secrets.token_hex(8)}.parquet"
        told, info = read_in_child(
            source.parts, self._asked(source), segment, progress=self._teller(source.name)
        )
        told.note("members of the archive that are no source", source.left_out)
        self._refuse_too_many(source, told)
        return _Read(source, key, told, segment, info.rows)

    def _asked(self, source: Opened) -> Asked:
        zone = ZoneInfo(self.hospital.timezone)
        now, as_of = self.asking.now, self.asking.as_of
        return Asked(
            source=source.name,
            timezone=self.hospital.timezone,
            now=datetime.now(UTC) if now is None else now.replace(tzinfo=zone),
            pseudonyms=self.workspace.pseudonyms(),
            mapping=self._mapping(),
            as_of=None if as_of is None else as_of.replace(tzinfo=zone),
            limits=self.asking.limits,
        )

    def _mapping(self) -> str | None:
        """A mapping by name or path; None to recognise one."""
        if self.asking.mapping is not None:
            return str(Path(self.asking.mapping).resolve())
        return self.asking.told_as if self.asking.told_as in MAPPINGS else None

    def _key(self, source: Opened) -> str:
        """What makes two imports the same: the bytes, how they are read, and what was told about them."""
        mapping = self._mapping()
        meant = "" if mapping is None else load_mapping(mapping).model_dump_json()
        asking, kinds = self.asking, [str(part.kind) for part in source.parts]
        told = [READERS, kinds, meant, asking.as_of, asking.begins, self.hospital.timezone]
        return f"{source.sha256}/{hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"

    def _refuse_too_many(self, source: Opened, told: Told) -> None:
        if not told.read:
            rule = "holds no rows; what was there before stays"
            problem = Problem("file", None, rule, "look whether the export ran", "E_NO_ROWS")
            raise BadData(source.name, [problem])
        if told.share_aside > self.asking.most_aside:
            most = _too_many(told, self.asking.most_aside, source.unit)
            raise BadData(source.name, [*told.problems(source.unit), most])

    # Folding

    def _fold(self, read: list[_Read]) -> tuple[list[_Read], Folding]:
        """Fold what is there and what was read, without the files of which too many rows fall out."""
        while True:
            folding = self._folded(read)
            bad = {}  # by key: two files of different folders may have one name
            for number, one in self._numbered(read):
                one.later = folding.told.get(number)
                try:
                    self._refuse_too_many(one.source, one.whole())
                except BadData as error:
                    bad[one.key] = Refused(one.source.name, error)
            if not bad and read:
                bad = self._unbalanced(read, folding)
            self.refused += bad.values()
            read = [one for one in read if one.key not in bad]
            if not bad or not read:
                return read, folding

    def _folded(self, read: list[_Read]) -> Folding:
        self.say("working the records out")
        self.names = names_key(self.workspace.names_file, self.hospital)  # before they are read: never newer
        kept = [
            Piece(str(self.store.artefacts.path(one.sha256)), one.number, one.as_of, one.begins)
            for one in self.store.records.segments()
        ]
        new = [
            Piece(str(one.segment), number, self.asking.as_of, self.asking.begins)
            for number, one in self._numbered(read)
        ]
        shutil.rmtree(self.folder / "tables", ignore_errors=True)
        (self.folder / "tables").mkdir()
        return fold_in_child(
            FoldJob(
                hospital=self.hospital.model_dump_json(),
                names=str(self.workspace.names_file.resolve()),
                pieces=(*kept, *new),
                folder=str(self.folder / "tables"),
                now=self._asked_now(),
            ),
            self.asking.limits,
        )

    def _numbered(self, read: list[_Read]) -> list[tuple[int, _Read]]:
        newest = max((one.number for one in self.store.records.segments()), default=0)
        return list(enumerate(read, newest + 1))

    def _unbalanced(self, read: list[_Read], folding: Folding) -> dict[str, Refused]:
        """Every new file refused, where the census no longer follows from who came and who went."""
        if folding.unbalanced <= self.asking.most_unbalanced or folding.unbalanced <= self._unbalanced_now():
            return {}
        refused = {}
        for one in read:
            problems = [*folding.balance_problems, _too_unbalanced(folding, self.asking.most_unbalanced)]
            name = one.source.name
            refused[one.key] = Refused(name, BadData(name, problems))
        return refused

    def _unbalanced_now(self) -> float:
        fold = self.store.records.fold()
        return 0.0 if fold is None else fold.notes.get(UNBALANCED, 0) / 1e6

    def _publish(self, read: list[_Read], folding: Folding, head: int) -> None:
        """Make files and rows the records, in this order."""
        artefacts = self.store.artefacts
        imports = [
            NewImport(
                source=one.source.name,
                format=one.source.format,
                mapping=self._mapping(),
                sha256=one.source.sha256,
                key=one.key,
                segment=self._kept(one),
                segment_rows=one.statements,
                begins=self.asking.begins,
                as_of=self.asking.as_of,
                **NewImport.told(one.whole()),
            )
            for one in read
        ]
        tables = {
            name: TableRef(
                artefacts.keep_file(Path(table.path)), table.rows, table.first, table.last, table.said_at
            )
            for name, table in folding.tables.items()
        }
        fold = NewFold(
            self.names,
            tables,
            (*self._lost(folding), *folding.findings),
            {UNBALANCED: round(folding.unbalanced * 1e6)},
        )
        self.store.records.publish(imports, fold, expected_head=head, actor=self.asking.actor)

    def _lost(self, folding: Folding) -> list[Finding]:
        """Rows of earlier imports that cannot be used under today's names, and could when they came in."""
        kinds: Counter[tuple[str, str, str]] = Counter()
        count = of = 0
        for one in self.store.records.imports():
            told = folding.told.get(one.number)
            if told is not None and told.aside > one.aside:
                count, of = count + told.aside, of + one.read
                kinds.update(told.counts)
        if not count:
            return []
        most = "; ".join(f"{name}: {rule}" for (_, name, rule), _ in kinds.most_common(_KINDS))
        detail = (
            f"They were used before and are left out now ({most}). Name what they call things in records.toml, "
            "or undo the change in hospital.toml."
        )
        title = "Rows of earlier imports that today's names do not know"
        return [Finding("error", "E_UNKNOWN_NAME", title, detail, count, max(of, count), "encounters")]

    def _kept(self, one: _Read) -> str:
        """The segment's SHA-256; it is taken in once, and folded again from where it lies then."""
        if one.digest is None:
            one.digest = self.store.artefacts.keep_file(one.segment)
            one.segment = self.store.artefacts.path(one.digest)
        return one.digest

    def _brought(self, read: list[_Read], rows: dict[str, int], findings: Sequence[Finding]) -> Brought:
        if not rows:
            rows = {name: table.rows for name, table in self.store.records.tables().items()}
        kept = (*(one.kept() for one in read), *self.again)
        return Brought(kept, tuple(self.refused), rows, tuple(findings), self.asking.only_look)

    def _asked_now(self) -> datetime:
        now = self.asking.now
        return datetime.now(UTC) if now is None else now.replace(tzinfo=ZoneInfo(self.hospital.timezone))

    def _teller(self, name: str) -> Callable[[int, int], None]:
        """Tells a long reading's progress in words, each tenth of it."""
        tenth = 0

        def tell(done: int, size: int) -> None:
            nonlocal tenth
            if size >= LONG_BYTES and 10 * done // size > tenth:
                tenth = 10 * done // size
                self.say(f"reading {name}: {tenth}0 %")

        return tell


def _refuse_the_future(workspace: Workspace, asking: Asking) -> None:
    now = asking.now or datetime.now(ZoneInfo(workspace.hospital().timezone)).replace(tzinfo=None)
    if asking.as_of is not None and asking.as_of > now + FEED_AHEAD:
        rule = f"lies in the future: it is {now:%Y-%m-%d %H:%M} at the hospital"
        shown = f"{asking.as_of:%Y-%m-%d %H:%M}"
        cure = "name the last instant of the data"
        raise BadData("the import", [Problem("as_of", shown, rule, cure, "E_FUTURE")])
    if asking.begins is not None and asking.begins > (asking.as_of or now).date():
        rule = "lies after the last instant of the data"
        cure = "name the first day from which every arrival is in the files"
        raise BadData("the import", [Problem("begins", asking.begins.isoformat(), rule, cure, "E_FUTURE")])


def is_stale(store: Store, workspace: Workspace) -> bool:
    """Whether the records were worked out under other names, or by another version of the rules."""
    fold = store.records.fold()
    return fold is not None and fold.sha256 != names_key(workspace.names_file, workspace.hospital())


def names_key(names_file: Path, hospital: Hospital) -> str:
    """sha256 of all that the tables depend on beside the statements: names, not numbers, of the hospital."""
    pathways = {
        name: [
            [step.name, sorted(eligible.place for eligible in step.alternatives())] for step in pathway.steps
        ]
        for name, pathway in hospital.pathways.items()
    }
    depends = {
        "folding": FOLDING,
        "timezone": hospital.timezone,
        "places": sorted(hospital.everywhere),
        "classes": {name: one.pathway for name, one in hospital.classes.items()},
        "streams": {name: sorted(stream.mix) for name, stream in hospital.arrivals.items()},
        "pathways": pathways,
        "names": names_file.read_text("utf-8", "replace") if names_file.is_file() else "",
    }
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()


def fold_again(workspace: Workspace) -> None:
    """Work the records out anew under the names that hold today, unless somebody did so meanwhile."""
    with _in_turn(workspace) as (store, folder):
        if is_stale(store, workspace):
            _Import(workspace, store, Asking(), folder).do(())


def _too_many(told: Told, most: float, unit: str) -> Problem:
    shown = f"{told.aside:,} of {told.read:,} {unit}s cannot be used"
    rule = f"at most {100 * most:.4g} % may be put aside; nothing of it was taken"
    return Problem("file", shown, rule, "mend the faults above, or raise --most-aside", "E_TOO_MANY_FAULTS")


def _too_unbalanced(folding: Folding, most: float) -> Problem:
    shown = f"{folding.unbalanced:.2%} of ward-days"
    rule = f"the census of at most {most:.2%} of ward-days may not follow from who came and who went"
    return Problem("census", shown, rule, "look for missing stays, or raise --most-unbalanced", "E_BALANCE")


def _is_there(source: str | Path) -> bool:
    return is_address(source) or os.path.lexists(source)
