"""Nouns of the page of records: what it says of tables, streams and imports, each line ready to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dashboards.services import words
from dashboards.services.findings import AsideBatch, FindingLine

#: records older than this mean that the feed is late (assumed: a nightly extract, and half a day)
LATE_HOURS = 36.0
#: stretches of missing days told one by one
GAPS = 4

State = Literal["fresh", "late", "simulated", "none"]


@dataclass(frozen=True)
class Age:
    """The last instant of the data, seen from now."""

    as_of: datetime
    hours: float

    @property
    def is_late(self) -> bool:
        """Whether newer records should have come by now."""
        return self.hours > LATE_HOURS

    @property
    def words(self) -> str:
        """``as of Sun 06:00, 9 h old``; the date where it is further off than a week."""
        seen_from = (self.as_of + timedelta(hours=self.hours)).isoformat()
        return f"as of {words.hour(self.as_of.isoformat(), seen_from)}, {words.age(self.hours)} old"


@dataclass(frozen=True)
class Figure:
    """One key number: its name, the number, what stands beside it and beneath."""

    name: str
    main: str
    beside: str = ""
    below: str = ""
    tone: str = ""


@dataclass(frozen=True)
class TableLine:
    """One table of the records as it stands."""

    name: str
    title: str
    rows: int
    first: str
    last: str
    age: str
    state: State


@dataclass(frozen=True)
class StreamLine:
    """Arrivals of one stream: every day drawn, and the days that seem to be missing.

    ``daily`` has one number a day from ``first`` on. [patients a day]
    """

    name: str
    title: str
    first: date
    daily: tuple[float, ...]
    a_day: float
    lately: float
    gaps: tuple[date, ...] = ()

    @property
    def change(self) -> str:
        """The last 28 days beside all: ``+4 %``; nothing where nobody ever came."""
        if not self.a_day:
            return ""
        share = self.lately / self.a_day - 1
        sign = "+" if share > 0 else words.MINUS
        return words.percent(0) if abs(share) < 0.005 else f"{sign}{words.percent(abs(share))}"

    @property
    def gap_words(self) -> str:
        """``3 days: 3 to 5 Mar 2026``."""
        if not self.gaps:
            return "none"
        stretches = words.days(self.gaps).split(", ")
        shown = ", ".join(stretches[:GAPS]) + (", …" if len(stretches) > GAPS else "")
        return f"{words.many(len(self.gaps), 'day')}: {shown}"


@dataclass(frozen=True)
class ImportLine:
    """One import: when, which file, read as what, by whom, and how much of it was taken."""

    number: int
    when: str
    source: str
    read_as: str
    rows: int
    aside: int
    aside_words: str
    actor: str


@dataclass(frozen=True)
class RecordsView:
    """All that there is to say of the records at one moment.

    Attributes
    ----------
    kind
        ``none``: no records; ``simulated``: the year that a workspace begins with; ``own``: the hospital's.
    first, then
        The answer: one sentence to act on, and the one that follows it.
    absent
        Tables of which there is nothing yet, by their names for people.
    fault
        Why the records cannot be read, where they cannot.
    """

    kind: Literal["none", "simulated", "own"]
    hospital: str
    first: str
    then: str
    age: Age | None = None
    figures: tuple[Figure, ...] = ()
    tables: tuple[TableLine, ...] = ()
    absent: tuple[str, ...] = ()
    streams: tuple[StreamLine, ...] = ()
    imports: tuple[ImportLine, ...] = ()
    findings: tuple[FindingLine, ...] = ()
    asides: tuple[AsideBatch, ...] = ()
    fault: str = ""

    def count(self, severity: str) -> int:
        """Findings of one severity."""
        return sum(line.severity == severity for line in self.findings)
