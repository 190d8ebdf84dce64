"""Checks across the description: names that exist, shares that sum to one, rules that fit each other.

They read the raw tables, not the parsed ones, so that a wrong number in one line does not hide a
wrong name in another: all faults come out in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twin.errors import Problem
from twin.hospital.checks.calendars import check_calendars
from twin.hospital.checks.demand import check_demand
from twin.hospital.checks.durations import check_durations
from twin.hospital.checks.pathways import check_pathways
from twin.hospital.checks.places import check_places
from twin.hospital.checks.sessions import check_sessions
from twin.hospital.checks.staff import check_staff
from twin.hospital.checks.steps import check_steps
from twin.hospital.checks.supply import check_supply
from twin.hospital.checks.tables import Table

CHECKS: tuple[Callable[[Table], Iterator[Problem]], ...] = (
    check_places,
    check_staff,
    check_calendars,
    check_demand,
    check_sessions,
    check_pathways,
    check_steps,
    check_durations,
    check_supply,
)


def check_references(raw: Table) -> list[Problem]:
    """Every fault that one table alone does not show, each told once."""
    found = {(p.path, p.rule): p for check in CHECKS for p in check(raw)}
    return list(found.values())
