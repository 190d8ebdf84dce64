"""The answer to "which beds, with whom?": one plan, its proof, its reasons, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimization.proof.certificate import document, reasons
from twin.plan import Certificate, Explanation, Plan


@dataclass(frozen=True)
class TogetherAnswer:
    """Beds and nurses in one plan.

    Attributes
    ----------
    today, planned : ward -> open beds; of planned, the level of the first day that can be decided [beds]
    how : which of the pairs it is, in words
    paid : beyond basic pay, by name [currency over the days planned]
    measures : "today", "one after the other" and "planned" -> one summary a certifying replication
    on_paper : ward -> bed-days that a rule keeps open without nurses at any hour [bed-days]
    notes : what was cut, assumed or left out, in words
    names_groups : whether the hospital knows the groups of the plan
    """

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    today: Mapping[str, int]
    planned: Mapping[str, int]
    how: str
    paid: Mapping[str, float]
    measures: Mapping[str, tuple[Mapping[str, float], ...]] = field(repr=False)
    on_paper: Mapping[str, int]
    currency: str
    notes: tuple[str, ...] = ()
    names_groups: bool = True

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types: plan, cost, certificate, explanation."""
        cover = {
            group: {str(day): dict(shifts) for day, shifts in days.items()}
            for group, days in self.plan.cover.items()
        }
        return {
            "plan": {
                "name": self.plan.name,
                "how": self.how,
                "beds": dict(self.planned),
                "today": dict(self.today),
                "total": sum(self.planned.values()),
                "total_today": sum(self.today.values()),
                "cover": cover,
                "currency": self.currency,
            },
            "cost": dict(self.paid),
            "certificate": document(self.certificate),
            "explanation": reasons(self.explanation),
            "notes": list(self.notes),
        }
