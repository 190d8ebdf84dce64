"""Layout: a hospital, and the schedule of its runs, as tables; made once and remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from twin.once import Once
from twin.units import MS_HOUR, FloatArray
from twin.workload import NONE, number_steps


@dataclass(frozen=True)
class Described:
    """What measures look up in a hospital.

    Attributes
    ----------
    layout : its tables, for compiled code
    places : number of places
    there_is : whether anything that a measure speaks of can happen here, by measure
    tasks : (group,) groups that do timed tasks
    item_prices : (3, item) unit cost, cost of an order and of holding a unit for a day [currency]
    """

    layout: Layout
    places: int
    there_is: Mapping[str, bool]
    tasks: Flags
    item_prices: FloatArray


_hospitals: Once[Described] = Once()
_levels: Once[Levels] = Once()
_ratios: Once[FloatArray] = Once()


def described(hospital: Hospital) -> Described:
    """The tables of a hospital, made once."""
    return _hospitals.get(lambda: _describe(hospital), hospital)


def all_levels(schedule: Schedule, hospital: Hospital) -> Levels:
    """Levels of a schedule in the order of a hospital's places and then its groups, made once."""
    names = (*hospital.everywhere, *hospital.staff)
    return _levels.get(lambda: levels_of([schedule.levels[name] for name in names]), schedule, hospital)


def patients_a_nurse(hospital: Hospital, clock: Clock, base: int, hours: int) -> FloatArray:
    """By each ward's ratio on each hour from ``base`` on, 1 where it has none, shape (ward, hour)."""

    def made() -> FloatArray:
        known, at = np.ones((len(hospital.wards), hours)), base + np.arange(hours) * MS_HOUR
        for i, ward in enumerate(hospital.wards.values()):
            if ward.nursing is not None:
                known[i] = ratio_at(clock, hospital.staff[ward.nursing.group], ward.nursing, at)
        return read_only(known, np.float64)

    return _ratios.get(made, hospital, also=(clock.start, clock.timezone, clock.days, base, hours))


def _describe(hospital: Hospital) -> Described:
    prices = [[i.unit_cost, i.order_cost, i.holding_cost_a_day] for i in hospital.items.values()]
    return Described(
        layout=_layout(hospital, tuple(hospital.everywhere)),
        places=len(hospital.everywhere),
        there_is={
            "left_without_being_seen": has_patience(hospital),
            "left_waiting": has_patience(hospital),
            "refused": refuses(hospital),
            "balked": has_waiting_rooms(hospital),
            "repatriations_a_day": has_repatriations(hospital),
            "lounge_a_day": has_lounges(hospital),
            "exchanges_a_day": has_exchanges(hospital),
            "medically_fit_beds": has_delays(hospital),
            "floated_a_day": any(g.float_pool is not None for g in hospital.staff.values()),
        },
        tasks=np.asarray(bundles(hospital, number_steps(hospital)).any(axis=0)),
        item_prices=np.array(prices, np.float64).reshape(-1, 3).T,
    )


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
