"""The job of folding: all segments to the tables of today, in a process of its own.

What comes back are files, findings and accounts; the process that asked never holds the statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from twin.errors import BadData, Problem
from twin.records.quality import SEVERITIES, Finding
from twin.records.reading.allowance import Allowance
from twin.records.reading.child import run_in_child
from twin.records.reading.inside import Say
from twin.records.reading.limits import Limits
from twin.records.reading.told import TOLD, Told

if TYPE_CHECKING:
    from twin.hospital import Hospital
    from twin.records.folding.balance import WardDay
    from twin.records.folding.names import Names

#: version of the rules of folding; tables made under an older one are worked out anew
FOLDING = 2
WORK, LOOK = "twin.records.folding.job:work", "twin.records.folding.job:look_work"
#: the table that forecasts, snapshots and pages read
VISITS = "visits"
#: statements are packed so many times in a segment (measured: 10 to 20)
_UNPACKED = 20


@dataclass(frozen=True)
class Piece:
    """One segment: its file, the number of its import, last instant and first day where told, both local."""

    path: str
    number: int
    as_of: datetime | None = None
    begins: date | None = None


@dataclass(frozen=True)
class FoldJob:
    """What is to be folded: the description (JSON), the file of names, segments, a folder, the present."""

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


def fold_in_child(job: FoldJob, limits: Limits) -> Folding:
    """Fold all segments, and look at what they come to, each in a process of its own.

    Raises
    ------
    BadData
        It took more memory or time than it may.
    TwinError
        A table cannot be written.
    """
    size = sum(Path(piece.path).stat().st_size for piece in job.pieces)
    allowance = Allowance.for_size(size * _UNPACKED, limits)
    whole = ("the records", allowance, Path(job.folder))
    warm = (__name__, "pandas", "pyarrow.parquet", "twin.hospital")
    asked = _plain(asdict(job))
    answer = run_in_child(WORK, asked, *whole, warm=warm)
    looked = run_in_child(LOOK, {**asked, "tables": answer["tables"]}, *whole, warm=warm)
    findings = [Finding.of_json(found) for found in (*answer["findings"], *looked["findings"])]
    return Folding(
        tables={
            name: Made(**_times(made)) for name, made in {**answer["tables"], **looked["tables"]}.items()
        },
        told={int(number): Told.of_json(told) for number, told in answer["told"].items()},
        findings=tuple(worst_first(findings)),
        unbalanced=float(answer["unbalanced"]),
        balance_problems=tuple(Problem(*row) for row in answer["balance_problems"]),
    )


def work(job: dict[str, Any], say: Say) -> dict[str, Any]:
    """What is done inside first: fold."""
    from twin.records.folding.fold import fold
    from twin.records.folding.names import read_names
    from twin.records.folding.segments import Segment

    hospital, pieces = _described(job)
    names = read_names(job["names"], hospital)
    folder = Path(job["folder"])
    folded = fold(
        [Segment(Path(one.path), one.number, _instant(one.as_of, hospital), one.begins) for one in pieces],
        names,
        hospital,
        folder,
        now=datetime.fromisoformat(job["now"]),
        looks=False,
    )
    tables = {
        name: Made(str(table.path), table.rows, table.first, table.last, table.said_at)
        for name, table in folded.tables.items()
    }
    return {
        "tables": {name: _plain(asdict(table)) for name, table in tables.items()},
        "told": {number: told.as_json() for number, told in folded.told_by_import.items()},
        "findings": [found.as_json() for found in folded.findings],
        "unbalanced": folded.balance.share,
        "balance_problems": [_row(day) for day in folded.balance.faults[:TOLD]],
    }


def look_work(job: dict[str, Any], say: Say) -> dict[str, Any]:
    """What is done inside then: look for what is odd, and make the table that forecasts read."""
    from twin.records.folding.names import read_names
    from twin.records.folding.rules import look

    hospital, pieces = _described(job)
    tables = {name: Made(**_times(made)) for name, made in job["tables"].items()}
    files = {name: Path(made.path) for name, made in tables.items()}
    findings = look(files, hospital, now=datetime.fromisoformat(job["now"]))
    names = read_names(job["names"], hospital)
    visits, more = _visits(tables, hospital, names, pieces, Path(job["folder"]))
    return {
        "tables": {} if visits is None else {VISITS: _plain(asdict(visits))},
        "findings": [found.as_json() for found in (*findings, *more)],
    }


def _described(job: dict[str, Any]) -> tuple[Hospital, list[Piece]]:
    """The hospital and the segments of a job, as it came in."""
    from twin.hospital import Hospital

    hospital = Hospital.model_validate_json(job["hospital"])
    return hospital, [Piece(**_times(piece)) for piece in job["pieces"]]


def _instant(local: datetime | None, hospital: Hospital) -> datetime | None:
    """What the hospital's clocks showed as an instant."""
    return None if local is None else local.replace(tzinfo=ZoneInfo(hospital.timezone))


def _begins(pieces: Sequence[Piece], first: date) -> date:
    """First day from which every arrival is there: as told with the first import, or earlier by another.

    An import that came later shortens no past: where the first told no day, it is that of the first arrival.
    """
    oldest = min(pieces, key=lambda one: one.number)
    told = [one.begins for one in pieces if one.begins is not None]
    return min(told if oldest.begins is not None else [first, *told])


def _visits(
    tables: dict[str, Made], hospital: Hospital, names: Names, pieces: Sequence[Piece], folder: Path
) -> tuple[Made | None, list[Finding]]:
    """The table that forecasts read, and what could not be brought into it; none without any visit."""
    from twin.records.folding.pathways import write_encounters

    if "encounters" not in tables:
        return None, []
    told = [one.as_of for one in pieces if one.as_of is not None]
    files = {name: Path(made.path) for name, made in tables.items()}
    last = max(told, default=None)
    until = {"as_of" if len(told) == len(pieces) else "known_until": last}
    path = folder / f"{VISITS}.parquet"
    try:
        visits, findings = write_encounters(
            files, path, hospital, names, begins=lambda first: _begins(pieces, first), **until
        )
    except BadData as error:
        return None, [_no_visit(error, tables["encounters"].rows)]
    stays = tables.get("ward_stays", tables["encounters"])
    return Made(str(path), visits.rows, stays.first, stays.last, stays.said_at), findings


def _no_visit(error: BadData, rows: int) -> Finding:
    (problem, *_) = error.problems
    title = "No visit can be told to any stream of arrivals"
    return Finding("error", "E_NO_CLASS", title, problem.remedy, rows, rows, "encounters")


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """By severity, then by how many."""
    return sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), -one.count, one.code))


def _row(day: WardDay) -> list[object]:
    """A ward-day out of balance as a fault: where, what is there, the rule, the cure, the code."""
    due = day.before + day.ins - day.outs
    shown = f"{day.census} at midnight; {day.before} before, {day.ins} in, {day.outs} out: {due} due"
    if due == day.census:
        shown = f"{day.unmatched_ins} came from nowhere, {day.unmatched_outs} left to nowhere"
    rule = "the census is that of the day before, and who came, less who went"
    return [f"{day.ward}, {day.day}", shown, rule, "look for missing stays of that day", "E_BALANCE"]


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """In JSON's own types: instants and days as ISO text."""

    def plain(item: Any) -> Any:
        if isinstance(item, datetime | date):
            return item.isoformat()
        if isinstance(item, dict):
            return {key: plain(one) for key, one in item.items()}
        return [plain(one) for one in item] if isinstance(item, list | tuple) else item

    return {key: plain(item) for key, item in value.items()}


def _times(row: dict[str, Any]) -> dict[str, Any]:
    """Instants and the first day read back."""
    return {
        key: None if item is None
        else date.fromisoformat(item) if key == "begins"
        else datetime.fromisoformat(item) if key in ("first", "last", "said_at", "as_of")
        else item
        for key, item in row.items()
    }  # fmt: skip
