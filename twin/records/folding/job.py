"""The job of folding: all segments to the tables of today, in a process of its own.

What comes back are files, findings and accounts; the process that asked never holds the statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from twin.errors import Problem
from twin.records.quality import Finding
from twin.records.reading.allowance import Allowance
from twin.records.reading.child import run_in_child
from twin.records.reading.inside import Say
from twin.records.reading.limits import Limits
from twin.records.reading.told import Told

#: version of the rules of folding; tables made under an older one are worked out anew
FOLDING = 1
WORK = "twin.records.folding.job:work"
#: the table that forecasts, snapshots and pages read
VISITS = "visits"


@dataclass(frozen=True)
class Piece:
    """One segment: its file, the number of its import, last instant and first day (local) where they were told."""

    path: str
    number: int
    as_of: datetime | None = None
    begins: date | None = None


@dataclass(frozen=True)
class FoldJob:
    """What is to be folded: the description (JSON), the file of names, segments, where to write, the present."""

    hospital: str = field(repr=False)
    names: str
    pieces: Sequence[Piece]
    folder: str
    now: datetime


@dataclass(frozen=True)
class Made:
    """One table: its file, its rows, first and last instant of what happened, the newest statement (UTC)."""

    path: str
    rows: int
    first: datetime | None
    last: datetime | None
    said_at: datetime | None


@dataclass(frozen=True)
class Folding:
    """What all statements come to.

    Attributes
    ----------
    tables : by name; ``visits`` is the table that forecasts read
    told : rows that fell out, by number of the import
    findings : what is odd, the worst first
    unbalanced : share of ward-days whose midnight census does not follow from who came and went, 0 to 1
    balance_problems : the first of them
    """

    tables: dict[str, Made]
    told: dict[int, Told]
    findings: tuple[Finding, ...]
    unbalanced: float
    balance_problems: tuple[Problem, ...]

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each table."""
        return {name: table.rows for name, table in self.tables.items() if name != VISITS}
