"""Levels of open beds: as decided today, as high as they can go, by day, and as a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from optimization.beds.counting import Tables, moves_by_day
from optimization.beds.model import BedLevels
from optimization.beds.needs import WardNeeds, morning_hours, planned_days
from optimization.beds.parameters import BedParameters
from twin.case import Case, Window, resolve
from twin.plan import Plan
from twin.units import MS_HOUR, IntArray


def decided(case: Case, window: Window) -> IntArray:
    """Open beds at 08:00 of the planned days as they are decided now, shape (ward, day)."""
    schedule, mornings = resolve(case, window), morning_hours(window, case.hospital) * MS_HOUR
    return np.array(
        [[schedule.levels[w].at(int(t)) for t in mornings] for w in case.hospital.wards], dtype=np.int64
    )


def usual(case: Case, calendar: IntArray) -> dict[str, int]:
    """The level that each ward has on most of the planned mornings."""
    return {w: int(np.bincount(calendar[i]).argmax()) for i, w in enumerate(case.hospital.wards)}


def ceiling_of(case: Case, window: Window) -> dict[str, int]:
    """Beds that can be opened at every hour of the planned days: those that stand there and have nurses."""
    wide = {w: _on_planned_days(window, ward.physical_beds) for w, ward in case.hospital.wards.items()}
    schedule = resolve(case.with_(plan=replace(case.plan, beds=wide)), window)
    starts, days = window.clock(case.hospital).day_starts, planned_days(window)
    first, last = int(starts[days.start]), int(starts[days.stop])
    lowest = {}
    for ward in case.hospital.wards:
        level = schedule.levels[ward]
        within = level.values[(level.times >= first) & (level.times < last)]
        lowest[ward] = int(min([level.at(first), *within]))
    return lowest


def _on_planned_days(window: Window, beds: int) -> dict[date, int]:
    return {window.start + timedelta(days=d): beds for d in range(planned_days(window).start, window.total)}


def tables_of(given: BedParameters, levels: BedLevels) -> Tables:
    """Levels of periods as tables of days."""
    days = given.periods[-1].stop
    opened, flex = (np.zeros((len(given.wards), days), np.int64) for _ in range(2))
    for i, ward in enumerate(given.wards):
        for p, period in enumerate(given.periods):
            opened[i, period] = levels.open[ward, p]
            flex[i, period] = levels.flex.get((ward, p), 0)
    return Tables(opened, flex, sum(moves_by_day(given, opened - flex).values()))


def constant(needs: WardNeeds, levels: Mapping[str, int]) -> IntArray:
    """The same levels every day, shape (ward, day). [beds]"""
    return np.repeat(np.array([[levels[w]] for w in needs.wards], np.int64), len(needs.days), axis=1)


def plan_of(case: Case, window: Window, needs: WardNeeds, table: IntArray) -> Plan:
    """The levels by date; the tail keeps the last one, other dates from today on what was decided."""
    today = window.start + timedelta(days=window.warm_up)
    kept = ((ward, days.items()) for ward, days in case.plan.beds.items())
    beds = {ward: {day: n for day, n in days if day >= today} for ward, days in kept}
    for i, ward in enumerate(needs.wards):
        dates = _on_planned_days(window, int(table[i, -1]))
        planned = {day: int(n) for day, n in zip(needs.days, table[i], strict=True)}
        beds[ward] = {**beds.get(ward, {}), **dates, **planned}
    first, last = needs.days[0], needs.days[-1]
    name, note = f"Bed plan from {first:%d %B %Y}", f"{case.hospital.name}: open beds from {first} to {last}"
    return replace(case.plan, name=name, beds=beds, note=note)  # its people stay as planned


def apart(levels: Mapping[str, int], today: Mapping[str, int]) -> int:
    """Beds by which levels differ from today's. [beds]"""
    return sum(abs(levels[w] - today[w]) for w in today)
