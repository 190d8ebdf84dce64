"""Brought: what an import came to, file by file."""

from __future__ import annotations

from dataclasses import dataclass, field

from twin.errors import BadData, Problem
from twin.records.quality import Finding
from twin.records.reading.told import Told


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
