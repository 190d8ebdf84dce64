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
