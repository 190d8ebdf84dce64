"""The answer to "who of which group comes when?": plan, proof and reasons, with today's cost beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimization.proof.certificate import document, reasons
from twin.calendar import DAY_NAMES
from twin.plan import Certificate, Explanation, Plan


@dataclass(frozen=True)
class StaffingAnswer:
    """The plan, its proof, its reasons, and what it costs.

    Attributes
    ----------
    week : group -> (weekday, shift) -> people
    pay : "today" and "planned" -> group -> over the dates planned [currency]
    notes : what was assumed or left out, in words
    """

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    week: Mapping[str, Mapping[tuple[int, str], int]]
    pay: Mapping[str, Mapping[str, float]]
    currency: str
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types."""
        return {
            "plan": {
                "name": self.plan.name,
                "cover": {
                    group: {str(day): dict(shifts) for day, shifts in self.plan.cover[group].items()}
                    for group in self.week
                },
                "week": {group: self.by_day(group) for group in self.week},
                "currency": self.currency,
            },
            "cost": {when: dict(groups) for when, groups in self.pay.items()},
            "certificate": document(self.certificate),
            "explanation": reasons(self.explanation),
            "notes": list(self.notes),
        }

    def by_day(self, group: str) -> dict[str, dict[str, int]]:
        """Weekday -> shift -> people."""
        told: dict[str, dict[str, int]] = {name: {} for name in DAY_NAMES}
        for (day, shift), people in self.week[group].items():
            told[DAY_NAMES[day]][shift] = people
        return told
