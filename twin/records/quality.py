"""Quality: what is wrong or odd in the records, found by looking at them whole, by severity.

A finding changes nothing: what cannot be used was put aside when it was read. It says what was seen, how
often, where and when, so that the hospital can mend its feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One kind of oddity.

    Attributes
    ----------
    severity
        ``error``: figures made from these records are wrong there; ``warning``: they may be; ``note``: worth
        knowing.
    code
        A stable name, as ``E_OVERLAP`` or ``N_LONG_STAY``.
    title
        One short line, as a ward manager would say it: "Two patients in one bed".
    detail
        What it means and what to do, in a sentence or two.
    count, of
        How many were found among how many looked at.
    table
        The table they stand in.
    places
        Found by place, the most first (at most 20).
    examples
        Some of them (at most 5), as "encounter E12ab.. on oak, 2024-03-01 10:00 to 2024-02-27 09:00";
        pseudonyms only.
    first, last
        Local times of the first and the last of them, where they have a time.
    """

    severity: Severity
    code: str
    title: str
    detail: str
    count: int
    of: int
    table: str
    places: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    first: datetime | None = None
    last: datetime | None = None

    @property
    def share(self) -> float:
        """Share of those looked at, 0 to 1."""
        return self.count / self.of if self.of else 0.0

    def as_json(self) -> dict[str, Any]:
        """In JSON's own types."""
        times = {
            name: None if at is None else at.isoformat()
            for name, at in (("first", self.first), ("last", self.last))
        }
        return {**vars(self), "places": dict(self.places), "examples": list(self.examples), **times}

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> Finding:
        """What ``as_json`` wrote."""
        times = {
            name: None if data[name] is None else datetime.fromisoformat(data[name])
            for name in ("first", "last")
        }
        return cls(**{**data, "examples": tuple(data["examples"]), **times})
