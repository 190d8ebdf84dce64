"""Folding in: what is there and what was read, worked out together as the tables of today."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import BadData, Problem
from twin.records.folding.job import FOLDING, Folding, FoldJob, Piece, fold_in_child
from twin.records.quality import Finding
from twin.workspace.asking import Desk
from twin.workspace.brought import Refused
from twin.workspace.reading_in import Read, refuse_too_many

if TYPE_CHECKING:
    from twin.hospital import Hospital

#: name of the note that keeps the share of ward-days out of balance [millionths]
UNBALANCED = "ward-days out of balance, of a million"
#: kinds of faults that a finding names
_KINDS = 3


class TodaysTables:
    """Statements of many files folded into one set of tables.

    Attributes
    ----------
    refused : files without which it was done, each with its reason
    names : key of the names under which it was done (``names_key``)
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.refused: list[Refused] = []
        self.names = ""

    def fold(self, read: list[Read]) -> tuple[list[Read], Folding]:
        """Fold what is there and what was read, without the files of which too many rows fall out."""
        while True:
            folding = self._folded(read)
            bad = {}  # by key: two files of different folders may have one name
            for number, one in self._numbered(read):
                one.later = folding.told.get(number)
                try:
                    refuse_too_many(one.source, one.whole(), self.desk.asking.most_aside)
                except BadData as error:
                    bad[one.key] = Refused(one.source.name, error)
            if not bad and read:
                bad = self._unbalanced(read, folding)
            self.refused += bad.values()
            read = [one for one in read if one.key not in bad]
            if not bad or not read:
                return read, folding

    def _folded(self, read: list[Read]) -> Folding:
        self.desk.say("working the records out")
        # the key before the names are read: never newer than they
        self.names = names_key(self.desk.workspace.names_file, self.desk.hospital)
        kept = [
            Piece(str(self.desk.store.artefacts.path(one.sha256)), one.number, one.as_of, one.begins)
            for one in self.desk.store.records.segments()
        ]
        new = [
            Piece(str(one.segment), number, self.desk.asking.as_of, self.desk.asking.begins)
            for number, one in self._numbered(read)
        ]
        shutil.rmtree(self.desk.folder / "tables", ignore_errors=True)
        (self.desk.folder / "tables").mkdir()
        return fold_in_child(
            FoldJob(
                hospital=self.desk.hospital.model_dump_json(),
                names=str(self.desk.workspace.names_file.resolve()),
                pieces=(*kept, *new),
                folder=str(self.desk.folder / "tables"),
                now=self.desk.now(),
            ),
            self.desk.asking.limits,
        )

    def _numbered(self, read: list[Read]) -> list[tuple[int, Read]]:
        newest = max((one.number for one in self.desk.store.records.segments()), default=0)
        return list(enumerate(read, newest + 1))

    def _unbalanced(self, read: list[Read], folding: Folding) -> dict[str, Refused]:
        """Every new file refused, where the census no longer follows from who came and who went."""
        most = self.desk.asking.most_unbalanced
        if folding.unbalanced <= max(most, self._unbalanced_now()):
            return {}
        refused = {}
        for one in read:
            problems = [*folding.balance_problems, _too_unbalanced(folding, most)]
            name = one.source.name
            refused[one.key] = Refused(name, BadData(name, problems))
        return refused

    def _unbalanced_now(self) -> float:
        fold = self.desk.store.records.fold()
        return 0.0 if fold is None else fold.notes.get(UNBALANCED, 0) / 1e6

    def lost(self, folding: Folding) -> list[Finding]:
        """Rows of earlier imports that cannot be used under today's names, and could when they came in."""
        kinds: Counter[tuple[str, str, str]] = Counter()
        count = of = 0
        for one in self.desk.store.records.imports():
            told = folding.told.get(one.number)
            if told is not None and told.aside > one.aside:
                count, of = count + told.aside, of + one.read
                kinds.update(told.counts)
        if not count:
            return []
        most = "; ".join(f"{name}: {rule}" for (_, name, rule), _ in kinds.most_common(_KINDS))
        detail = (
            f"They were used before and are left out now ({most}). Name what they call things in "
            "records.toml, or undo the change in hospital.toml."
        )
        title = "Rows of earlier imports that today's names do not know"
        return [Finding("error", "E_UNKNOWN_NAME", title, detail, count, max(of, count), "encounters")]


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


def _too_unbalanced(folding: Folding, most: float) -> Problem:
    shown = f"{folding.unbalanced:.2%} of ward-days"
    rule = f"the census of at most {most:.2%} of ward-days may not follow from who came and who went"
    return Problem("census", shown, rule, "look for missing stays, or raise --most-unbalanced", "E_BALANCE")
