"""Layout: a hospital, and the schedule of its runs, as tables; made once and remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from twin.calendar import Clock
from twin.case import Schedule
from twin.hospital import Hospital
from twin.measures.beds import has_delays, has_exchanges, has_lounges, has_repatriations
from twin.measures.bookings import rooms_of
from twin.measures.counting.columns import (
    ELSEWHERE,
    EMERGENCY,
    OUTPATIENTS,
    Flags,
    Layout,
    Levels,
    levels_of,
    read_only,
)
from twin.measures.cover import bundles, pool_of, ratio_at
from twin.measures.flow import has_patience, has_waiting_rooms, refuses, staffed_steps
from twin.measures.view import EMERGENCY as EMERGENCY_NAME
from twin.measures.view import OUTPATIENTS as OUTPATIENTS_NAME
from twin.measures.view import first_of_steps
from twin.units import MS_HOUR, FloatArray, IntArray
from twin.workload import NONE, number_steps

T = TypeVar("T")

#: hospitals, schedules and grids of hours that are remembered (assumed: a few scenarios at a time)
_REMEMBERED = 16


class Remembered(Generic[T]):
    """What was made of the same objects before is not made again; the latest few are kept.

    Threads may ask at the same time: each sees whole entries, and at worst makes one twice.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._entries: tuple[tuple[tuple[Any, ...], T], ...] = ()

    def __call__(self, *parts: Any) -> T:
        """The value of these objects: of the very same ones, not of their like."""
        for known, value in self._entries:
            if all(a is b for a, b in zip(known, parts, strict=True)):
                return value
        value = self._make(*parts)
        self._entries = ((parts, value), *self._entries)[:_REMEMBERED]
        return value


class Described:
    """What measures look up in a hospital.

    Attributes
    ----------
    layout : its tables, for compiled code
    """

    def __init__(self, hospital: Hospital) -> None:
        self.hospital, self.places = hospital, tuple(hospital.everywhere)
        self.layout = _layout(hospital, self.places)
        self._ratios: dict[tuple[Any, ...], FloatArray] = {}

    @cached_property
    def there_is(self) -> dict[str, bool]:
        """Whether anything that a measure speaks of can happen here, by measure."""
        hospital = self.hospital
        return {
            "left_without_being_seen": has_patience(hospital),
            "left_waiting": has_patience(hospital),
            "refused": refuses(hospital),
            "balked": has_waiting_rooms(hospital),
            "repatriations_a_day": has_repatriations(hospital),
            "lounge_a_day": has_lounges(hospital),
            "exchanges_a_day": has_exchanges(hospital),
            "medically_fit_beds": has_delays(hospital),
            "floated_a_day": any(g.float_pool is not None for g in hospital.staff.values()),
        }

    @cached_property
    def tasks(self) -> Flags:
        """Groups that do timed tasks, shape (group,)."""
        return np.asarray(bundles(self.hospital, number_steps(self.hospital)).any(axis=0))

    def patients_a_nurse(self, clock: Clock, base: int, hours: int) -> FloatArray:
        """By each ward's ratio on the hour, 1 where it has none, shape (ward, hour)."""
        key = (clock.start, clock.timezone, clock.days, base, hours)
        if key not in self._ratios:
            at = base + np.arange(hours) * MS_HOUR
            self._ratios = {**dict(list(self._ratios.items())[-_REMEMBERED:]), key: self._on_hours(clock, at)}
        return self._ratios[key]

    def _on_hours(self, clock: Clock, at: IntArray) -> FloatArray:
        known = np.ones((len(self.hospital.wards), at.size))
        for i, ward in enumerate(self.hospital.wards.values()):
            if ward.nursing is not None:
                known[i] = ratio_at(clock, self.hospital.staff[ward.nursing.group], ward.nursing, at)
        return read_only(known, np.float64)

    @cached_property
    def item_prices(self) -> FloatArray:
        """Unit cost, cost of an order and of holding a unit for a day, shape (3, item). [currency]"""
        items = self.hospital.items.values()
        rows = [[i.unit_cost, i.order_cost, i.holding_cost_a_day] for i in items]
        return np.array(rows, np.float64).reshape(-1, 3).T


#: tables of a hospital
described: Remembered[Described] = Remembered(Described)


def _all_levels(schedule: Schedule, hospital: Hospital) -> Levels:
    names = (*hospital.everywhere, *hospital.staff)
    return levels_of([schedule.levels[name] for name in names])


#: levels of a schedule, in the order of a hospital's places and then its groups
all_levels: Remembered[Levels] = Remembered(_all_levels)


def _layout(hospital: Hospital, places: tuple[str, ...]) -> Layout:
    steps = number_steps(hospital)
    code = {EMERGENCY_NAME: EMERGENCY, OUTPATIENTS_NAME: OUTPATIENTS}
    departments = [code.get(e.department or "", ELSEWHERE) for e in hospital.everywhere.values()]
    need = bundles(hospital, steps)
    of_step, group = np.nonzero(need)
    of_patient = np.array([hospital.classes[k.patient_class].of == "patient" for k in steps], dtype=bool)
    has_kit = np.array(
        [hospital.pathways[k.pathway].steps[k.index].kit is not None for k in steps], dtype=bool
    )
    groups, items = list(hospital.staff), list(hospital.items)
    nursed = [NONE if w.nursing is None else groups.index(w.nursing.group) for w in hospital.wards.values()]
    instead = [items.index(i.substitute) if i.substitute else NONE for i in hospital.items.values()]
    classes, sessions = hospital.classes.values(), hospital.sessions.values()

    def flags(values: Any) -> Flags:
        return read_only(values, np.bool_)

    return Layout(
        wards=len(hospital.wards),
        department=read_only([ELSEWHERE, *departments]),
        critical=flags([w.critical_care for w in hospital.wards.values()]),
        first_place=read_only(first_of_steps(hospital, places, steps)),
        with_staff=flags(staffed_steps(hospital, steps)),
        bundle_from=read_only(np.searchsorted(of_step, np.arange(len(steps) + 1))),
        bundle_group=read_only(group),
        bundle_people=read_only(need[of_step, group]),
        of_patient=flags(of_patient),
        with_kit=flags(of_patient & has_kit),
        is_patient=flags([c.of == "patient" for c in classes]),
        scheduled=flags([c.booking is not None for c in classes]),
        has_slots=flags([s.slot_minutes is not None for s in sessions]),
        rooms=flags(rooms_of(hospital)),
        pool=read_only([pool_of(hospital, i) for i in range(len(groups))]),
        nursed=read_only(nursed),
        substitute=read_only(instead),
    )
