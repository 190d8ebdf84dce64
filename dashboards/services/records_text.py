"""The view of the records as text for a terminal: the same words as on the page, one thing a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboards.services import words
from dashboards.services.records_view import RecordsView

#: findings and rules told before "and N more", imports listed
FINDINGS, IMPORTS = 12, 5
_SEVERITY = {"error": "ERROR", "warning": "warning", "note": "note"}


def records_text(view: RecordsView) -> str:
    """What ``twin records`` says."""
    if view.fault:
        return f"{view.first} {view.fault}"
    blocks = [[f"{view.first} {view.then}"], _tables(view), _streams(view), _imports(view), _findings(view)]
    return "\n\n".join("\n".join(block) for block in [*blocks, _asides(view)] if block)


def _tables(view: RecordsView) -> list[str]:
    rows = [
        (line.title, f"{line.rows:,}", line.first, line.last, line.age or words.DASH, line.state)
        for line in view.tables
    ]
    drawn = _columns(("table", "rows", "first", "last", "newest", "state"), rows, right=(1,)) if rows else []
    absent = ", ".join(title.lower() for title in view.absent)
    return [*drawn, *([f"nothing yet of: {absent}"] if absent else [])]


def _streams(view: RecordsView) -> list[str]:
    rows = [
        (
            line.title,
            words.mean(line.a_day),
            f"{words.mean(line.lately)} {line.change}".strip(),
            line.gap_words,
        )
        for line in view.streams
    ]
    head = ("arrivals", "a day", "last 28 days", "days missing")
    return _columns(head, rows, right=(1, 2)) if rows else []


def _imports(view: RecordsView) -> list[str]:
    rows = [
        (line.when, line.source, line.read_as, f"{line.rows:,}", line.aside_words, line.actor)
        for line in view.imports[:IMPORTS]
    ]
    head = ("imported", "file", "read as", "rows", "put aside", "by")
    return _columns(head, rows, right=(3,)) if rows else []


def _findings(view: RecordsView) -> list[str]:
    lines = []
    for line in view.findings[:FINDINGS]:
        where = ", ".join(f"{name} {count:,}" for name, count in line.places)
        told = "; ".join(part for part in (f"{line.count}, {line.share}", line.when, where) if part)
        lines += [f"{_SEVERITY[line.severity]}: {line.title} ({told})", f"  {line.detail}"]
        lines += [f"    {copied}" for copied in line.snippet.splitlines()]
    more = len(view.findings) - FINDINGS
    return [*lines, *([f"and {more} more findings; the page Records has them all"] if more > 0 else [])]


def _asides(view: RecordsView) -> list[str]:
    lines = []
    for batch in view.asides:
        lines.append(f"put aside of {batch.source}, {batch.when}: {batch.share}")
        for line in batch.lines:
            where = f"{line.field}: " if line.field else ""
            looks = f" (looks like {line.shape})" if line.shape else ""
            lines.append(
                f"  {line.times:,}x {where}{line.rule}{looks}; {line.cure}; rows {line.rows} [{line.code}]"
            )
        lines += [f"  and {batch.more} more rules"] if batch.more else []
    return lines


def _columns(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Rows under a head, each column as wide as its longest cell."""
    table = [head, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
