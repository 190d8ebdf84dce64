"""Records: what the page of records and ``twin records`` show, gathered in one look and put into words.

Nothing is worked out anew here: the workspace counts its days, the store keeps imports, tables and findings,
and this page says them as a bed manager would. A book is what the store keeps of the records; without one
there is only the simulated year that a new workspace begins with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from dashboards.services import words
from dashboards.services.findings import aside_batch, finding_line, share_words
from dashboards.services.records_headline import headline
from dashboards.services.records_view import (
    LATE_HOURS,
    Age,
    Figure,
    ImportLine,
    RecordsView,
    State,
    StreamLine,
    TableLine,
)
from twin.errors import NotFound, TwinError
from twin.hospital import Hospital
from twin.records.daily import daily_counts
from twin.records.quality import SEVERITIES, Finding
from twin.workspace import Holdings, Workspace

#: imports whose rows put aside are told, and rows of the list of imports
ASIDES, IMPORTS = 3, 30
#: days drawn of each stream: a year and the week before it, so that a year can be compared with itself
DRAWN_DAYS = 371

#: first day and patients a day of each stream
Daily = Mapping[str, tuple[date, tuple[float, ...]]]
#: every table of the records, its name for people, and whether it tells of what is planned
TABLES: dict[str, tuple[str, bool]] = {
    "encounters": ("Encounters", False),
    "ward_stays": ("Ward stays", False),
    "appointments": ("Appointments", True),
    "slots": ("Clinic slots", True),
    "theatre_cases": ("Theatre cases", True),
    "supply_movements": ("Supply movements", False),
    "roster_shifts": ("Roster shifts", True),
}


class Book(Protocol):
    """What the store keeps of the records."""

    def head(self) -> int:
        """Number of the newest folding; 0 before the first."""

    def imports(self, limit: int | None = None) -> Sequence[Any]:
        """The newest imports, or all."""

    def tables(self) -> Mapping[str, Any]:
        """The tables of today by name, with ``rows`` and the instants ``first``, ``last``, ``said_at``."""

    def findings(self) -> Sequence[Finding]:
        """What was found in them."""

    def aside(self, number: int) -> Sequence[Any]:
        """Rows of an import that were put aside, the first of each rule, values as shapes."""


def records_view(
    workspace: Workspace | Path | str, book: Book | None = None, now: datetime | None = None
) -> RecordsView:
    """Gather the view; records that cannot be read are told in it, not thrown at the reader.

    Parameters
    ----------
    book
        The store's book of records; without it only what the workspace itself holds is told.
    now
        The hospital's local time; the present when omitted.
    """
    try:
        folder = workspace if isinstance(workspace, Workspace) else Workspace(workspace)
        if not folder.hospital_file.is_file():
            return _none("", book)
        try:
            held, daily, hospital = _counted(folder.path, _stamp(folder, book))
        except NotFound:  # no visit was brought in yet, and there is no simulated year
            return _none(folder.hospital().name, book)
        now = now or datetime.now(ZoneInfo(hospital.timezone)).replace(tzinfo=None)
        return _look(held, daily, hospital, book, now)
    except TwinError as wrong:
        first, then = "The records cannot be read.", "Nothing was changed; set right what stands below."
        return RecordsView("none", "", first, then, fault=str(wrong))


def _none(hospital: str, book: Book | None) -> RecordsView:
    """Before the first visit; other tables may be there already."""
    kept = {name for name, table in (book.tables() if book is not None else {}).items() if table.rows}
    titles = [title for name, (title, _) in TABLES.items() if name not in kept]
    there = [title.lower() for name, (title, _) in TABLES.items() if name in kept]
    if there:
        first, then = "No visits yet.", f"There are {words.listed(there)}; bring visits in, too."
    else:
        first, then = "No records yet.", "Bring the hospital’s own in."
    return RecordsView("none", hospital, first, then, absent=tuple(titles))


def _look(held: Holdings, daily: Daily, hospital: Hospital, book: Book | None, now: datetime) -> RecordsView:
    zone = ZoneInfo(hospital.timezone)
    kind: Literal["simulated", "own"] = "simulated" if held.made_by == "simulated" else "own"
    age = Age(held.as_of, max((now - held.as_of).total_seconds() / 3600, 0.0))
    kept = dict(book.tables()) if book is not None and kind == "own" else {}
    entries = sorted(book.imports(IMPORTS), key=lambda e: -e.number) if book is not None else []
    whens = {e.number: _moment(e.at.astimezone(zone)) for e in entries}
    found = book.findings() if book is not None else ()
    titles = {name: ward.title for name, ward in hospital.wards.items()}
    titles |= {name: place.title for name, place in hospital.places.items()}
    lines = [finding_line(finding, titles) for finding in sorted(found, key=_gravest_first)]
    tables = _tables(kept, zone, now) if kept else _held_tables(held, age, kind)
    view = RecordsView(
        kind=kind,
        hospital=hospital.name,
        first="",
        then="",
        age=age,
        tables=tables,
        absent=tuple(title for name, (title, _) in TABLES.items() if name not in {t.name for t in tables}),
        streams=tuple(_stream(name, hospital.arrivals[name].title, held, daily) for name in held.streams),
        imports=tuple(_import(entry, whens[entry.number]) for entry in entries),
        findings=tuple(lines),
        asides=tuple(
            aside_batch(entry, book.aside(entry.number), whens[entry.number])
            for entry in [entry for entry in entries if entry.aside][:ASIDES]
            if book is not None
        ),
    )
    first, then = headline(view)
    return replace(view, first=first, then=then, figures=_figures(view, held))


def _figures(view: RecordsView, held: Holdings) -> tuple[Figure, ...]:
    assert view.age is not None
    late = "amber" if view.age.is_late and view.kind == "own" else ""
    day = f"{view.age.as_of.day} {view.age.as_of:%b %Y}"
    newest = view.imports[0] if view.imports else None
    errors, warnings, notes = (view.count(severity) for severity in SEVERITIES)
    looked = view.kind == "own" or bool(view.imports)
    return (
        Figure("Records reach to", day, f"{view.age.as_of:%H:%M}", f"{words.age(view.age.hours)} old", late),
        Figure("Encounters", f"{held.encounters:,}", "", f"on {held.days:,} days from {_day(held.begins)}"),
        Figure("In the hospital then", f"{held.in_house:,}", "", f"and {held.waiting:,} waiting for a step"),
        Figure("Put aside", f"{newest.aside:,}", f"of {newest.rows:,}", f"rows of {newest.source}")
        if newest
        else Figure("Put aside", words.DASH, "", "no file was imported"),
        Figure(
            "Findings",
            f"{len(view.findings)}" if looked else words.DASH,
            "",
            _severities(errors, warnings, notes) if looked else "looked for at each import",
            "red" if errors else "",
        ),
    )


def _severities(errors: int, warnings: int, notes: int) -> str:
    """``1 error, 2 warnings``."""
    counts = ((errors, "error"), (warnings, "warning"), (notes, "note"))
    return ", ".join(words.many(count, one) for count, one in counts if count) or "nothing to mend"


def _held_tables(held: Holdings, age: Age, kind: str) -> tuple[TableLine, ...]:
    state: State = "simulated" if kind == "simulated" else "late" if age.is_late else "fresh"
    said = "" if kind == "simulated" else f"{words.age(age.hours)} old"
    rows = (("encounters", held.encounters), ("ward_stays", held.stays))
    first, last = _day(held.begins), _moment(held.as_of)
    return tuple(TableLine(name, TABLES[name][0], n, first, last, said, state) for name, n in rows)


def _tables(kept: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> tuple[TableLine, ...]:
    lines = []
    for name, (title, planned) in TABLES.items():
        table = kept.get(name)
        if table is None or not table.rows:
            continue
        first, last, said = (_local(at, zone) for at in (table.first, table.last, table.said_at))
        age, state = _freshness(last, said, planned, now)
        begins, ends = (_moment(at) if at else words.DASH for at in (first, last))
        lines.append(TableLine(name, title, table.rows, begins, ends, age, state))
    return tuple(lines)


def _freshness(
    last: datetime | None, said: datetime | None, planned: bool, now: datetime
) -> tuple[str, State]:
    """How new a table is, in words and as a state; what is planned may reach ahead of now."""
    if planned and last is not None and last > now:
        return f"{words.age((last - now).total_seconds() / 3600)} ahead", "fresh"
    newest = max((at for at in (last, said) if at is not None), default=None)
    if newest is None:
        return "", "none"
    hours = max((now - newest).total_seconds() / 3600, 0.0)
    return f"{words.age(hours)} old", "late" if hours > LATE_HOURS else "fresh"


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone).replace(tzinfo=None)


def _stream(name: str, title: str, held: Holdings, daily: Daily) -> StreamLine:
    first, counts = daily[name]
    drawn = counts[-DRAWN_DAYS:]
    row = held.streams[name]
    return StreamLine(
        name=name,
        title=title,
        first=first + timedelta(days=len(counts) - len(drawn)),
        daily=drawn,
        a_day=row["mean_a_day"],
        lately=row["mean_of_last_28_days"],
        gaps=held.gaps.get(name, ()),
    )


def _import(entry: Any, when: str) -> ImportLine:
    return ImportLine(
        number=entry.number,
        when=when,
        source=entry.source,
        read_as=read_as(entry.format, entry.mapping),
        rows=entry.read,
        aside=entry.aside,
        aside_words=f"{entry.aside:,}, {share_words(entry.aside, entry.read)}" if entry.aside else "none",
        actor=entry.actor,
    )


def read_as(form: str, mapping: str | None) -> str:
    """``CSV, mapping hes``."""
    return form + (f", mapping {mapping}" if mapping else "")


def _gravest_first(found: Finding) -> int:
    return SEVERITIES.index(found.severity)


def _day(at: date) -> str:
    return f"{at.day} {at:%b %Y}"


def _moment(at: datetime) -> str:
    return f"{at:%a} {_day(at)}, {at:%H:%M}"


def _stamp(folder: Workspace, book: Book | None) -> tuple[int, ...]:
    """Changes when the records, the description or its words do, so that none is counted twice."""
    files = (folder.records_file, folder.hospital_file, folder.names_file)
    known = (path.stat() for path in files if path.exists())
    numbers = (number for file in known for number in (file.st_mtime_ns, file.st_size, file.st_ino))
    return (0 if book is None else book.head(), *numbers)


@lru_cache(maxsize=4)
def _counted(path: Path, stamp: tuple[int, ...]) -> tuple[Holdings, Daily, Hospital]:
    """What the workspace counts in its records, once for each state of them."""
    folder = Workspace(path)
    held, hospital = folder.holdings(), folder.hospital()
    if not held.streams:  # no whole day yet
        return held, {}, hospital
    counts = daily_counts(folder.records(), hospital)
    daily = {
        str(name): (rows["ds"].iloc[0].date(), tuple(float(y) for y in rows["y"]))
        for name, rows in counts.groupby("unique_id", sort=False)
    }
    return held, daily, hospital
