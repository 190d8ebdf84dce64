"""The answer to "how many beds where?": plan, proof and reasons, with today's beds beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimization.proof.certificate import document, reasons
from twin.plan import Certificate, Explanation, Plan


@dataclass(frozen=True)
class BedPlanAnswer:
    """The plan, its proof, its reasons, and today's beds beside it.

    Attributes
    ----------
    today, planned : ward -> open beds; of planned, the level of the first planned day [beds]
    chance_short : "today" and "planned" -> ward -> share of certifying futures' mornings short [fraction]
    measures : "today" and "planned" -> one summary a certifying replication, in the same order
    cost_a_day : "today", "planned" and "proportional" -> of the open beds alone [currency a day]
    notes : what was cut or left out, in words
    """

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    today: Mapping[str, int]
    planned: Mapping[str, int]
    chance_short: Mapping[str, Mapping[str, float]]
    measures: Mapping[str, tuple[Mapping[str, float], ...]] = field(repr=False)
    cost_a_day: Mapping[str, float]
    currency: str
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types: plan, certificate, explanation."""
        return {
            "plan": {
                "name": self.plan.name,
                "beds": dict(self.planned),
                "today": dict(self.today),
                "total": sum(self.planned.values()),
                "total_today": sum(self.today.values()),
                "cost_a_day": self.cost_a_day["planned"],
                "currency": self.currency,
            },
            "certificate": document(self.certificate),
            "explanation": reasons(self.explanation),
            "chance_short": {when: dict(wards) for when, wards in self.chance_short.items()},
            "notes": list(self.notes),
        }
