"""A planner's answer, drawn by hand for tests of the book of plans: the plan, its proof, its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from twin.plan import Plan


def days(first: date, count: int) -> list[date]:
    """So many dates in a row."""
    return [first + timedelta(days=d) for d in range(count)]


@dataclass(frozen=True)
class Planned:
    """What ``plan_document`` asks of an answer."""

    plan: Plan
    said: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Plan, certificate and explanation, as every planner gives them."""
        return {
            "plan": {"name": self.plan.name},
            "certificate": certificate(),
            "explanation": explanation(),
            "notes": ["one ward was left as it is"],
            **self.said,
        }


def beds_planned(first: date, count: int = 14, name: str = "More medicine", **levels: int) -> Planned:
    """The same beds on so many days."""
    wards = levels or {"medicine": 22, "surgery": 10}
    beds = {ward: dict.fromkeys(days(first, count), n) for ward, n in wards.items()}
    return Planned(Plan(name, beds))


def cover_planned(first: date, count: int = 14, name: str = "Nurses") -> Planned:
    """Nurses by day and by night, fewer at weekends."""
    shifts = {
        day: {"day": 12 if day.weekday() < 5 else 10, "night": 8 if day.weekday() < 5 else 7}
        for day in days(first, count)
    }
    return Planned(Plan(name, cover={"nurses": shifts}))


def certificate(*, bound: float | None = 96_000.0, holds: bool = True) -> dict[str, Any]:
    """A certificate of two targets, one of them kept."""
    return {
        "holds": holds,
        "proved": False,
        "cost": 96_400.0,
        "objective": 96_400.0,
        "bound": bound,
        "gap": None if bound is None else (96_400.0 - bound) / 96_400.0,
        "bound_note": "bound of the simulated optimum: none (rules: priorities, outliers, boarding)",
        "train_paths": 20,
        "certify_paths": 20,
        "attempt": 2,
        "alpha": 0.0076,
        "seed": 1,
        "versions": {"hospital-twin": "0.1.0"},
        "command": "twin optimize beds --days 14 --replications 40 --seed 1",
        "wording": "in simulation, if demand is as forecast",
        "targets": [
            target("Ward-mornings short of beds", "at most 10", 6.2, 7.9, 0.95, holds=True),
            target("Emergency, left within 4 h", "at least 78", 77.4, 75.1, 0.45, holds=holds),
        ],
        "selection": {"finalists": 4, "futures": 20, "within": 0.0, "confidence": 0.95, "worth": 1_000.0},
        "off_forecast": [off(-0.1, 3.1, 81.0), off(0.0, 6.2, 77.4), off(0.1, 14.8, 70.2)],
    }


def target(
    name: str, limit: str, expected: float, bound: float, share: float, *, holds: bool
) -> dict[str, Any]:
    """What a certificate says of one target."""
    return {
        "name": name,
        "measure": name,
        "unit": "%",
        "limit": limit,
        "expected": expected,
        "bound95": bound,
        "share_of_futures": share,
        "share_bound95": share - 0.2,
        "asked_share": 0.9,
        "met_on_average": holds,
        "holds": holds,
        "proved": False,
    }


def off(change: float, short: float, within: float) -> dict[str, Any]:
    """The same plan where demand is off."""
    rows = [
        target("Ward-mornings short of beds", "at most 10", short, short, 0.5, holds=short <= 10),
        target("Emergency, left within 4 h", "at least 78", within, within, 0.5, holds=within >= 78),
    ]
    return {"change": change, "cost": 96_400.0 * (1 + change), "targets": rows, "note": ""}


def explanation() -> dict[str, Any]:
    """Reasons, as short as they come."""
    return {
        "headline": "Open 2 more (Medicine 2) and close 2 (Surgery 2): 32 beds open, 32 today",
        "sentences": ["In 20 futures that were not used to plan, 6.2 % of ward-mornings are short of beds"],
        "binds": ["the total of 32 beds"],
        "one_more": [{"what": "one more bed in Medicine", "brings": "2.1 fewer patient-days without a bed"}],
        "short": ["Medicine, Monday 08:00: short in 20% of futures, by 1.5 beds when it is"],
    }
