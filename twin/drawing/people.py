"""Patients from outside: how many come each day, when, in which party and of which class."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from twin.calendar import Clock, holidays
from twin.case import Case, Window
from twin.drawing.coming import People, attend, come, count, merge
from twin.drawing.counts import daily_counts
from twin.drawing.origins import Columns
from twin.drawing.tables import Tables, known_of
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.pathway import Arrivals
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import FloatArray, IntArray


def check_demand(case: Case, window: Window) -> None:
    """Refuse a forecast that does not fit the hospital or the window.

    Raises
    ------
    UsageError
        It names streams that the hospital does not have, or does not cover the run.
    """
    demand = case.demand
    if demand is None:
        return
    unknown = [s for s in demand.series if s not in case.hospital.arrivals]
    if unknown:
        known = ", ".join(case.hospital.arrivals)
        raise UsageError(
            f"the forecast names streams that the hospital does not have: {unknown}; it has {known}",
            code="E_UNKNOWN_NAME",
        )
    last = window.start + timedelta(days=window.total)
    if window.start < demand.start or last > demand.start + timedelta(days=demand.days):
        raise UsageError(
            f"the forecast covers {demand.days} days from {demand.start}; the run needs {window.total} days "
            f"from {window.start}",
            code="E_RANGE",
        )


def draw_people(
    case: Case, window: Window, clock: Clock, replication: int, base: np.uint64, others: People
) -> tuple[People, IntArray]:
    """Everybody in order of arrival and key: the patients of all streams, and others among them.

    Parameters
    ----------
    others
        Patients who are there already or belong to a population, in any order.

    Returns
    -------
    people, place
        ``place`` is the row of each of the others.
    """
    hospital, tables = case.hospital, known_of(case.hospital).tables
    names = np.array([name_key(name) for name in hospital.arrivals], np.uint64)
    wanted = _wanted(case, window, clock, names, replication, base)
    key, first_ordinal = mix(base, name_key("patient"), names), clock.start.toordinal()
    a_day = _people_a_day(hospital, tables, key, wanted, first_ordinal)
    n, most = int(a_day.sum()), int(a_day.max(initial=0))
    people = _room_for(n + others.identity.size)
    bucket = np.empty(most + 2, np.int64)
    come(tables, key, wanted, first_ordinal, clock.day_starts, people, _room_for(most), bucket)
    return people, _among(people, n, others)


def _among(people: People, n: int, others: People) -> IntArray:
    """Put others among the first ``n`` people; where each of them is."""
    order = np.lexsort((others.identity, others.arrival))
    place, placed = np.empty(order.size, np.int64), np.empty(order.size, np.int64)
    if order.size:
        in_order = People(others.identity[order], others.arrival[order], others.patient_class[order])
        merge(people, n, in_order, placed)
        place[order] = placed
    return place


def _room_for(patients: int) -> People:
    return People(np.empty(patients, np.uint64), np.empty(patients, np.int64), np.empty(patients, np.int32))


def draw_attendance(hospital: Hospital, people: People) -> Columns:
    """Whether patients of scheduled classes come to their appointment, and how late: ``shows``, ``late``.

    Nothing where no class is scheduled.
    """
    if all(entry.booking is None for entry in hospital.classes.values()):
        return {}
    shows = np.empty(people.identity.size, np.int8)
    late = np.empty(people.identity.size, np.int64)
    attend(known_of(hospital).tables, people, shows, late)
    return {"shows": shows, "late": late}


def draw_classes(hospital: Hospital, shares: dict[str, float], identity: UIntArray) -> IntArray:
    """Class of each patient by the shares of a mix, as places in ``hospital.classes``. Same shape."""
    classes = list(hospital.classes)
    edges = np.cumsum(list(shares.values()))[:-1]
    drawn = np.searchsorted(edges, uniform(mix(identity, name_key("class"))), side="right")
    return np.array([classes.index(name) for name in shares])[drawn]


def _wanted(
    case: Case, window: Window, clock: Clock, names: UIntArray, replication: int, base: np.uint64
) -> IntArray:
    """Patients (or parties) of each stream on each day, shape (stream, day); fewer may be kept of them."""
    days = np.arange(window.total)
    ordinals = days + window.start.toordinal()
    u = uniform(mix(base, name_key("count"), names[:, None], ordinals))
    wanted = np.zeros(u.shape, np.int64)
    for i, (name, stream) in enumerate(case.hospital.arrivals.items()):
        given = _given(case, window, name, replication)
        if given is None:
            given = daily_counts(u[i], _mean(case.hospital, clock, stream, window.total), stream.dispersion)
        wanted[i] = given
        if stream.factor > 1:
            more = uniform(mix(base, name_key("extra patients"), names[i], ordinals))
            wanted[i] += np.floor(wanted[i] * (stream.factor - 1) + more).astype(np.int64)
    return wanted


def _given(case: Case, window: Window, name: str, replication: int) -> IntArray | None:
    """Counts of a stream that the forecast names, shape (day,)."""
    demand = case.demand
    if demand is None or name not in demand.series:
        return None
    offset = (window.start - demand.start).days
    return demand.path(replication)[demand.series.index(name), offset : offset + window.total]


def _mean(hospital: Hospital, clock: Clock, stream: Arrivals, days: int) -> FloatArray:
    """Mean of each day's count, shape (day,)."""
    mean = stream.daily_mean * np.asarray(stream.weekday_factors)[clock.weekdays[:days]]
    if stream.holiday_factor != 1:
        off = holidays(hospital.country, clock.start.year, clock.date_of(days).year)
        at = [clock.day_of(day) for day in off]
        mean[[day for day in at if 0 <= day < days]] *= stream.holiday_factor
    return mean


def _people_a_day(
    hospital: Hospital, tables: Tables, key: UIntArray, wanted: IntArray, first_ordinal: int
) -> IntArray:
    """How many patients come on each day, members of parties too, shape (day,)."""
    if all(s.factor >= 1 and len(s.party_sizes) == 1 for s in hospital.arrivals.values()):
        return wanted.sum(axis=0)
    people = np.empty(wanted.shape[1], np.int64)
    count(tables, key, wanted, first_ordinal, people)
    return people
