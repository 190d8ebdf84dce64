"""A book of records kept in memory, for tests of the pages: what the store would say, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from twin.records.quality import Finding
from twin.store.records import Aside, Import, TableRef

Reach = tuple[int, datetime | None, datetime | None, datetime | None]


class KeptBook:
    """Tables as (rows, first, last, said_at) by name, findings, and the imports that ``bring`` adds."""

    def __init__(self, tables: Mapping[str, Reach] | None = None, found: Sequence[Finding] = ()) -> None:
        self._tables, self._found = dict(tables or {}), tuple(found)
        self._imports: list[Import] = []
        self._asides: dict[int, tuple[Aside, ...]] = {}

    def bring(
        self,
        source: str,
        form: str,
        read: int,
        aside: int = 0,
        mapping: str | None = None,
        at: datetime = datetime(2025, 3, 3, 1, 0, tzinfo=UTC),
        faults: Sequence[tuple[str, str | None, str, str, str, int]] = (),
        counts: Sequence[tuple[str, str, str, int]] = (),
    ) -> None:
        """One more import; a fault is (field, shape, rule, cure, code, row)."""
        number = len(self._imports) + 1
        known: dict[str, Any] = dict.fromkeys((entry.name for entry in fields(Import)), None)
        known |= {"number": number, "source": source, "format": form, "mapping": mapping, "read": read}
        known |= {"aside": aside, "counts": tuple(counts), "actor": "local", "at": at}
        self._imports.append(Import(**known))
        self._asides[number] = tuple(
            Aside(row=row, field=name, shape=shape, rule=rule, cure=cure, code=code)
            for name, shape, rule, cure, code, row in faults
        )

    def head(self) -> int:
        """Number of the newest folding."""
        return 1

    def imports(self, limit: int | None = None) -> tuple[Import, ...]:
        """The newest imports first, or all."""
        return tuple(reversed(self._imports))[:limit]

    def tables(self) -> dict[str, TableRef]:
        """The tables of today."""
        return {name: TableRef("0" * 64, *reach) for name, reach in self._tables.items()}

    def findings(self) -> tuple[Finding, ...]:
        """What was found in them."""
        return self._found

    def aside(self, number: int) -> tuple[Aside, ...]:
        """Rows of an import that were put aside."""
        return self._asides[number]


def finding(severity: Any, title: str = "Stays that end before they begin") -> Finding:
    """One finding, of 20 among 15,400 ward stays."""
    return Finding(severity, "E_X", title, "Mend it at the source.", 20, 15_400, "ward_stays")
