"""The answer to "who comes to which shift?": plan, proof, reasons, and what it costs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from optimization.cover.counting import Counted
from optimization.proof.certificate import document, reasons
from twin.plan import Certificate, Explanation, Plan


@dataclass(frozen=True)
class ShiftRow:
    """One shift of one group over the planned days.

    Attributes
    ----------
    today, planned : asked to it in the mean, absent people among them [people]
    lent, agency : of the plan's, from float pools and from agencies, all days together [people on shifts]
    short : nurses missing under the plan in the mean over days and futures [people]
    """

    group: str
    title: str
    shift: str
    today: float
    planned: float
    lent: int
    agency: int
    short: float


@dataclass(frozen=True)
class CoverAnswer:
    """The plan, its proof, its reasons, and what it costs.

    Attributes
    ----------
    counted : one entry a family of groups
    notes : what was assumed or left out, in words
    names_groups : whether the hospital itself has the groups of the plan; where usual nurses were laid over
        it, the plan cannot be approved before they are written into it
    """

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    counted: tuple[Counted, ...]
    currency: str
    shifts: tuple[ShiftRow, ...] = ()
    notes: tuple[str, ...] = ()
    names_groups: bool = True

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types."""
        cover = {
            group: {str(day): dict(shifts) for day, shifts in days.items()}
            for group, days in self.plan.cover.items()
        }
        names = list(dict.fromkeys(name for counted in self.counted for name in counted.parts))
        return {
            "plan": {"name": self.plan.name, "cover": cover, "currency": self.currency},
            "cost": {name: sum(c.parts.get(name, 0.0) for c in self.counted) for name in names},
            "shifts": [asdict(row) for row in self.shifts],
            "certificate": document(self.certificate),
            "explanation": reasons(self.explanation),
            "notes": list(self.notes),
        }
