"""The account of a folding: rows put aside, by their import, and what was counted on the way.

A row is put aside here where only the hospital's names or the other rows of the visit show that it cannot be
used. What is counted did no harm and is told as findings. Both come out the same whatever order the
statements were folded in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from twin.records.quality import Finding, Severity
from twin.records.reading.told import KEPT, TOLD, Fault, Told

_PLACES, _EXAMPLES = 20, 5


class Code(NamedTuple):
    """What a count is told as."""

    severity: Severity
    title: str
    detail: str
    table: str


@dataclass
class _Counted:
    count: int = 0
    places: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    first: int | None = None
    last: int | None = None


class Account:
    """Faults and counts of one folding.

    Parameters
    ----------
    codes
        What may be counted, by code.
    timezone
        The hospital's, for the times of findings.
    """

    def __init__(self, codes: Mapping[str, Code], timezone: str) -> None:
        self._codes, self._zone = codes, ZoneInfo(timezone)
        self._faults: dict[int, list[Fault]] = defaultdict(list)
        self._kinds: dict[int, Counter[tuple[str, str, str]]] = defaultdict(Counter)
        self._rows: dict[int, set[int]] = defaultdict(set)
        self._counted: dict[str, _Counted] = defaultdict(_Counted)
        self.of: Counter[str] = Counter()

    def fault(self, number: int, fault: Fault) -> None:
        """Put a row of an import aside."""
        kind = (fault.code, fault.field, fault.rule)
        self._rows[number].add(fault.row)
        self._kinds[number][kind] += 1
        kept = self._faults[number]
        kept.append(fault)
        if len(kept) > 4 * KEPT:
            kept[:] = _first_of_each_kind(kept)

    def count(
        self,
        code: str,
        times: int = 1,
        *,
        place: str | None = None,
        example: str | None = None,
        at: int | None = None,
    ) -> None:
        """Count something that did no harm; ``at`` in ms since 1970."""
        if not times:
            return
        counted = self._counted[code]
        counted.count += times
        if place is not None:
            counted.places[place] += times
        if example is not None:
            counted.examples = sorted({*counted.examples, example})[:_EXAMPLES]
        if at is not None:
            counted.first = at if counted.first is None else min(counted.first, at)
            counted.last = at if counted.last is None else max(counted.last, at)

    def told(self) -> dict[int, Told]:
        """Rows put aside by number of the import; ``read`` is 0: the reading has counted them."""
        return {number: self._told(number) for number in sorted(self._rows)}

    def _told(self, number: int) -> Told:
        told = Told(aside=len(self._rows[number]))
        told.faults = _first_of_each_kind(self._faults[number])[:KEPT]
        told.counts.update(dict(sorted(self._kinds[number].items())))
        return told

    def findings(self) -> list[Finding]:
        """What was counted, worst first."""
        found = []
        for code, counted in sorted(self._counted.items()):
            said = self._codes[code]
            places = sorted(counted.places.items(), key=lambda item: (-item[1], item[0]))[:_PLACES]
            of = max(counted.count, self.of[said.table])
            found.append(
                Finding(
                    said.severity, code, said.title, said.detail, counted.count, of, said.table, dict(places),
                    tuple(counted.examples), self._local(counted.first), self._local(counted.last),
                )
            )  # fmt: skip
        return found

    def _local(self, ms: int | None) -> datetime | None:
        if ms is None:
            return None
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone).replace(tzinfo=None)


def _first_of_each_kind(faults: Iterable[Fault]) -> list[Fault]:
    """By row, at most ``TOLD`` of each kind."""
    seen: Counter[tuple[str, str, str]] = Counter()
    kept = []
    for fault in sorted(faults, key=lambda f: (f.row, f.code, f.field, f.rule, f.value or "")):
        kind = (fault.code, fault.field, fault.rule)
        seen[kind] += 1
        if seen[kind] <= TOLD:
            kept.append(fault)
    return kept
