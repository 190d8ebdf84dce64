"""Asking: how files are to be brought into the records, and the desk at which that is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twin.records.reading.limits import USUAL, Limits
from twin.records.reading.source import MAPPINGS

if TYPE_CHECKING:
    from twin.hospital import Hospital
    from twin.store import Store
    from twin.workspace.workspace import Workspace

#: largest share of a file's rows that may be put aside before the file is refused, 0 to 1 (assumed: one in a
#: hundred is a slip of the pen, more is a wrong mapping or a broken feed)
MOST_ASIDE = 0.01
#: largest share of ward-days whose midnight census does not follow from who came and who went (assumed)
MOST_UNBALANCED = 0.005


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
class Desk:
    """Where one import is at work.

    Attributes
    ----------
    folder : for what is not kept yet; it is gone afterwards
    hospital : as it is described when the import begins
    """

    workspace: Workspace
    store: Store
    asking: Asking
    folder: Path
    hospital: Hospital

    def say(self, words: str) -> None:
        """Tell in words what is being done, where somebody listens."""
        if self.asking.say is not None:
            self.asking.say(words)

    def now(self) -> datetime:
        """The present, as it was told or as the machine's clock has it."""
        now = self.asking.now
        return datetime.now(UTC) if now is None else now.replace(tzinfo=ZoneInfo(self.hospital.timezone))

    def mapping(self) -> str | None:
        """A mapping by name or path; None to recognise one."""
        if self.asking.mapping is not None:
            return str(Path(self.asking.mapping).resolve())
        return self.asking.told_as if self.asking.told_as in MAPPINGS else None
