"""Bringing in: files of the hospital's own into the records, each whole or not at all.

Each file is read in a process of its own into statements; all statements together are folded into the tables
of today; and one transaction makes both the records. A file of which too many rows cannot be used is refused
and leaves everything as it was; the others of the same call go in. Nothing is seen half done: a process
that dies on the way leaves files that no row of the store names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twin.errors import BadData, NotFound, Problem, TwinError
from twin.records.folding.job import Folding
from twin.records.quality import Finding
from twin.records.reading.asked import FEED_AHEAD
from twin.store import open_store
from twin.store.lock import waiting_turn
from twin.store.records import HeadMoved, NewFold, NewImport, TableRef
from twin.workspace.asking import Asking, Desk
from twin.workspace.brought import Brought
from twin.workspace.folding_in import UNBALANCED, TodaysTables, names_key
from twin.workspace.opening import is_address
from twin.workspace.reading_in import Read, Reader

if TYPE_CHECKING:
    from twin.store import Store
    from twin.workspace.workspace import Workspace

#: how long an import waits for another one of the same workspace [s] (assumed)
PATIENCE_SECONDS = 600
#: how often an import is folded anew because another machine published first
_TRIES = 5


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
        self.desk = Desk(workspace, store, asking, folder, workspace.hospital())
        self.reader, self.tables = Reader(self.desk), TodaysTables(self.desk)

    def do(self, sources: Sequence[str | Path]) -> Brought:
        """Read, fold, look, publish."""
        read = self.reader.read(sources)
        if sources and not read:
            return self._brought([], {}, self.desk.store.records.findings())
        for _ in range(_TRIES):
            head = self.desk.store.records.head()
            read, folded = self.tables.fold(read)
            if sources and not read:
                return self._brought([], {}, self.desk.store.records.findings())
            if self.desk.asking.only_look:
                return self._brought(read, folded.rows, folded.findings)
            try:
                self._publish(read, folded, head)
            except HeadMoved:
                continue
            if self.desk.store.artefacts.sweep(dry=True).files:
                self.desk.store.artefacts.sweep()  # tables of older foldings, and what a dead import left
            return self._brought(read, folded.rows, folded.findings)
        raise TwinError(
            f"{self.desk.workspace.path}: others kept importing meanwhile; nothing was changed; try again"
        )

    def _publish(self, read: list[Read], folding: Folding, head: int) -> None:
        """Make files and rows the records, in this order."""
        artefacts = self.desk.store.artefacts
        imports = [
            NewImport(
                source=one.source.name,
                format=one.source.format,
                mapping=self.desk.mapping(),
                sha256=one.source.sha256,
                key=one.key,
                segment=self._kept(one),
                segment_rows=one.statements,
                begins=self.desk.asking.begins,
                as_of=self.desk.asking.as_of,
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
            self.tables.names,
            tables,
            (*self.tables.lost(folding), *folding.findings),
            {UNBALANCED: round(folding.unbalanced * 1e6)},
        )
        self.desk.store.records.publish(imports, fold, expected_head=head, actor=self.desk.asking.actor)

    def _kept(self, one: Read) -> str:
        """The segment's SHA-256; it is taken in once, and folded again from where it lies then."""
        if one.digest is None:
            one.digest = self.desk.store.artefacts.keep_file(one.segment)
            one.segment = self.desk.store.artefacts.path(one.digest)
        return one.digest

    def _brought(self, read: list[Read], rows: dict[str, int], findings: Sequence[Finding]) -> Brought:
        if not rows:
            rows = {name: table.rows for name, table in self.desk.store.records.tables().items()}
        kept = (*(one.kept() for one in read), *self.reader.again)
        return Brought(
            kept,
            (*self.reader.refused, *self.tables.refused),
            rows,
            tuple(findings),
            self.desk.asking.only_look,
        )


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


def fold_again(workspace: Workspace) -> None:
    """Work the records out anew under the names that hold today, unless somebody did so meanwhile."""
    with _in_turn(workspace) as (store, folder):
        if is_stale(store, workspace):
            _Import(workspace, store, Asking(), folder).do(())


def _is_there(source: str | Path) -> bool:
    return is_address(source) or os.path.lexists(source)
