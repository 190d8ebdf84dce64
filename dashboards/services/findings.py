"""Findings and rows put aside, in words: how many, how large a share, where, when, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards.services import words
from twin.records.quality import Finding, Severity

#: places of a finding, rows of a fault and rules of an import told one by one
PLACES, ROWS, RULES = 5, 5, 12
#: longest shape shown [characters]
SHAPE = 24
#: what the things of a table are called when they are counted
NOUNS = {
    "encounters": "encounters",
    "ward_stays": "ward stays",
    "appointments": "appointments",
    "slots": "clinic slots",
    "theatre_cases": "theatre cases",
    "supply_movements": "supply movements",
    "roster_shifts": "roster shifts",
}
#: what to do where the fault itself does not say it
_AT_THE_SOURCE = "mend it at the source and send it again"


@dataclass(frozen=True)
class FindingLine:
    """One finding as it is told.

    Attributes
    ----------
    count, share
        ``128 of 230,122`` and ``1 in 1,800, in ward stays``.
    when
        From the first to the last of them; empty where they have no time.
    detail, snippet
        What it means and what to do; lines to be copied into a file, where there are any.
    places
        Names for people with how many each, the most first; ``more`` is how many places follow.
    """

    severity: Severity
    code: str
    title: str
    detail: str
    count: str
    share: str
    when: str
    places: tuple[tuple[str, int], ...] = ()
    more: int = 0
    examples: tuple[str, ...] = ()
    snippet: str = ""


@dataclass(frozen=True)
class AsideLine:
    """Rows of one import that broke one rule; ``shape`` is the pattern of one of their values."""

    times: int
    rows: str
    field: str
    shape: str
    rule: str
    cure: str
    code: str


@dataclass(frozen=True)
class AsideBatch:
    """What one import put aside; ``more`` is how many rules follow those of ``lines``."""

    number: int
    source: str
    when: str
    share: str
    lines: tuple[AsideLine, ...]
    more: int = 0


def finding_line(found: Finding, titles: Mapping[str, str]) -> FindingLine:
    """One finding in words; ``titles`` are the places' names for people."""
    noun = NOUNS.get(found.table, found.table.replace("_", " "))
    places = sorted(found.places.items(), key=lambda place: -place[1])
    detail, _, snippet = found.detail.partition("\n")
    return FindingLine(
        severity=found.severity,
        code=found.code,
        title=found.title,
        detail=words.spaced(detail),
        count=f"{found.count:,} of {found.of:,}" if found.of else f"{found.count:,}",
        share=", ".join(filter(None, (share_words(found.count, found.of), f"in {noun}"))),
        when=_when(found.first, found.last),
        places=tuple((titles.get(name, name), count) for name, count in places[:PLACES]),
        more=max(len(places) - PLACES, 0),
        examples=found.examples,
        snippet=snippet,
    )


def share_words(count: int, of: int) -> str:
    """A share as it is said: ``12 %``, ``3.2 %``, ``1 in 1,800``, ``none``, ``all``; nothing of nothing."""
    if not of:
        return ""
    share = count / of
    if share in (0, 1):
        return "none" if share == 0 else "all"
    if share >= 0.01:
        return words.spaced(f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.1f} %")
    one_in = float(f"{1 / share:.2g}")  # two figures: more would claim a precision that nobody needs
    return f"1 in {one_in:,.0f}"


def aside_batch(entry: Any, faults: Sequence[Any], when: str) -> AsideBatch:
    """The faults of one import, by rule, the most frequent first.

    Parameters
    ----------
    entry
        The import, with ``counts`` of all its faults by (code, field, rule).
    faults
        Its rows put aside, the first of each rule.
    """
    rows: dict[tuple[str, str, str], list[Any]] = {}
    for fault in faults:
        rows.setdefault((fault.code, fault.field, fault.rule), []).append(fault)
    counts = {(code, name, rule): times for code, name, rule, times in entry.counts}
    lines = [_aside_line(kind, told, counts.get(kind, len(told))) for kind, told in rows.items()]
    share = f"{entry.aside:,} of {entry.read:,} rows, {share_words(entry.aside, entry.read)}"
    ranked = tuple(sorted(lines, key=lambda line: -line.times))
    return AsideBatch(entry.number, entry.source, when, share, ranked[:RULES], max(len(ranked) - RULES, 0))


def _aside_line(kind: tuple[str, str, str], told: Sequence[Any], times: int) -> AsideLine:
    code, name, rule = kind
    shown = ", ".join(f"{fault.row:,}" for fault in told[:ROWS]) + (", …" if times > ROWS else "")
    shape = next((fault.shape for fault in told if fault.shape), "")
    shape = shape if len(shape) <= SHAPE else f"{shape[: SHAPE - 1]}…"
    cure = next((fault.cure for fault in told if fault.cure), _AT_THE_SOURCE)
    return AsideLine(times, shown, name, shape, f"{rule[:1].upper()}{rule[1:]}", cure, code)


def _when(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return ""
    days = words.days([first.date(), last.date()], span=True)
    return days if first.date() != last.date() else f"{days}, {first:%H:%M}"
