"""Told: what a reader has to say of the rows that it could not take, and of those it left out on purpose.

A fault puts its row (message, resource) aside and the reading goes on; whether a file with faults is taken
is decided when it has been read whole. What was put aside is counted without end and shown by its first
examples, so that a hostile file cannot fill the memory with complaints. Values are shown to the person who
holds the file and never stored: ``masked`` keeps their shape only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from twin.errors import Problem

#: faults of one kind told one by one before "and N more"
TOLD = 20
#: faults of all kinds kept one by one
KEPT = 2_000
#: so many rows more with the same value are told as one
_ALIKE = 2
#: longest value shown [characters]
SHOWN = 80

_FIGURE, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Fault:
    """One fault of one row: where, what stands there, the rule, the cure, the code."""

    row: int
    field: str
    value: str | None
    rule: str
    cure: str
    code: str
    part: str = ""  # of several parts of a source: its name

    def problem(self, unit: str = "row") -> Problem:
        """As it is told to a person; ``unit`` is what the source consists of (row, message, resource)."""
        parts = (self.part, f"{unit} {self.row}", self.field)
        where = ", ".join(part for part in parts if part)
        return Problem(where, self.value, self.rule, self.cure, self.code)


@dataclass
class Told:
    """The account of one reading.

    Attributes
    ----------
    read
        Rows, messages or resources seen, good or bad.
    aside
        Of those, how many were put aside (a row with three faults counts once).
    faults
        The first of each kind, in order.
    counts
        Faults by (code, field, rule), all of them.
    notes
        What was left out or set right on purpose, by a sentence that counts: {"segments that the twin does
        not read": 40_123}.
    starts
        Where there are several parts: each part's name and the number of rows before it, as the statements of
        all are numbered.
    """

    read: int = 0
    aside: int = 0
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    starts: list[tuple[str, int]] = field(default_factory=list)
    _last: int = -1

    def fault(
        self, row: int, field: str, value: object, rule: str, cure: str = "", code: str = "E_DATA"
    ) -> None:
        """Put ``row`` aside. Faults of one row are told one after the other."""
        if row != self._last:
            self.aside += 1
            self._last = row
        kind = (code, field, rule)
        self.counts[kind] += 1
        if self.counts[kind] <= TOLD and len(self.faults) < KEPT:
            shown = None if value is None else str(value)[:SHOWN]
            self.faults.append(Fault(row, field, shown, rule, cure, code))

    def note(self, what: str, times: int = 1) -> None:
        """Count something that is left out or set right by a stated rule."""
        if times:
            self.notes[what] += times

    @property
    def share_aside(self) -> float:
        """Share of the rows read that were put aside, 0 to 1."""
        return self.aside / self.read if self.read else 0.0

    def problems(self, unit: str = "row") -> list[Problem]:
        """The faults as they are told: the first of each kind, and how many more there are.

        Rows where the same stands (a ward that is not known, say) are told as one.
        """
        told = []
        shown: Counter[tuple[str, str, str]] = Counter()
        alike: dict[tuple[str, str | None, str, str, str], list[Fault]] = {}
        for fault in self.faults:
            shown[(fault.code, fault.field, fault.rule)] += 1
            key = (fault.field, fault.value, fault.rule, fault.cure, fault.code)
            alike.setdefault(key, []).append(fault)
        for first, *rest in alike.values():
            problem = first.problem(unit)
            if len(rest) >= _ALIKE:
                problem = replace(problem, path=f"{problem.path} and {len(rest)} {unit}s more")
                rest = []
            told += [problem, *(fault.problem(unit) for fault in rest)]
        for (code, name, rule), times in self.counts.items():
            more = times - shown[(code, name, rule)]
            if more:
                told.append(Problem(name or f"{unit}s", None, f"and {more:,} more {unit}s: {rule}", "", code))
        return told

    def add(self, other: Told) -> None:
        """Take another account into this one (the parts of an archive)."""
        self.read += other.read
        self.aside += other.aside
        for fault in other.faults:
            if len(self.faults) < KEPT:
                self.faults.append(fault)
        self.counts.update(other.counts)
        self.notes.update(other.notes)

    def in_its_part(self, fault: Fault) -> Fault:
        """A fault of a row numbered through all parts, as a row of its part."""
        if not self.starts:
            return fault
        name, before = [start for start in self.starts if start[1] < fault.row][-1]
        return replace(fault, row=fault.row - before, part=name)

    def as_json(self) -> dict[str, object]:
        """The account as it passes from the reading process to the one that asked."""
        return {
            "read": self.read,
            "aside": self.aside,
            "faults": [list(vars(fault).values()) for fault in self.faults],
            "counts": [[*kind, times] for kind, times in self.counts.items()],
            "notes": dict(self.notes),
            "starts": self.starts,
        }

    @classmethod
    def of_json(cls, data: dict[str, object]) -> Told:
        """What ``as_json`` wrote."""
        told = cls(int(data["read"]), int(data["aside"]))  # type: ignore[call-overload]
        told.faults = [Fault(*row) for row in _rows(data["faults"])]
        for code, name, rule, times in _rows(data["counts"]):
            told.counts[(code, name, rule)] = times
        for what, times in dict(data["notes"]).items():  # type: ignore[call-overload]
            told.notes[what] = times
        told.starts = [(row[0], row[1]) for row in _rows(data["starts"])]
        return told


def masked(value: str | None) -> str | None:
    """The shape of a value, without what it says: "Ann 12" becomes "aaa 99"."""
    return None if value is None else _LETTER.sub("a", _FIGURE.sub("9", value))


def _rows(value: object) -> Iterable[list]:
    assert isinstance(value, list)
    return value
