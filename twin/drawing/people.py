"""Patients from outside: how many come each day, when, in which party and of which class."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from scipy import stats

from twin.calendar import Clock, holidays
from twin.case import Case, Window
from twin.drawing.origins import ARRIVES, FAR, NONE, ON_CUE, Columns
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.discharge import discharge_wall
from twin.hospital.duration import draw
from twin.hospital.pathway import Arrivals
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import MS_DAY, FloatArray, IntArray, minutes


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


def draw_arrivals(
    case: Case, window: Window, clock: Clock, name: str, replication: int, base: np.uint64
) -> Columns:
    """Columns of the patients of one stream."""
    hospital, stream = case.hospital, case.hospital.arrivals[name]
    counts = _counts(case, window, clock, name, stream, replication, base)
    day, identity = _parties(clock, name, stream, counts, base)
    wall = _wall_of_arrival(hospital, stream, uniform(mix(identity, name_key("hour"))))
    if len(stream.party_sizes) > 1:
        day, identity, wall = _members(stream, day, identity, wall)
    return newcomers(
        hospital, identity, draw_classes(hospital, stream.mix, identity), clock.instant(day, wall)
    )


def newcomers(hospital: Hospital, identity: UIntArray, patient_class: IntArray, arrival: IntArray) -> Columns:
    """Columns of patients who are not there yet; those who come on a cue have ``FAR`` as arrival."""
    n = identity.size
    return {
        "id": identity,
        "key": (identity >> np.uint64(1)).astype(np.int64),
        "patient_class": patient_class.astype(np.int32),
        "arrival": arrival,
        "origin": np.where(arrival == FAR, ON_CUE, ARRIVES).astype(np.int8),
        "held": np.full(n, NONE, np.int32),
        "since": np.zeros(n, np.int64),
        "begin": np.zeros(n, np.int64),
    }


def draw_classes(hospital: Hospital, shares: dict[str, float], identity: UIntArray) -> IntArray:
    """Class of each patient by the shares of a mix, as places in ``hospital.classes``. Same shape."""
    classes = list(hospital.classes)
    edges = np.cumsum(list(shares.values()))[:-1]
    drawn = np.searchsorted(edges, uniform(mix(identity, name_key("class"))), side="right")
    return np.array([classes.index(name) for name in shares])[drawn]


def draw_attendance(hospital: Hospital, columns: Columns) -> Columns:
    """Whether patients of scheduled classes come to their appointment, and how late: ``shows``, ``late``.

    Nothing where no class is scheduled.
    """
    if all(entry.booking is None for entry in hospital.classes.values()):
        return {}
    shows = np.ones(columns["id"].size, np.int8)
    late = np.zeros(columns["id"].size, np.int64)
    for number, entry in enumerate(hospital.classes.values()):
        booking = entry.booking
        members = np.flatnonzero(columns["patient_class"] == number)
        if booking is None or not members.size:
            continue
        identity = columns["id"][members]
        shows[members] = uniform(mix(identity, name_key("shows"))) >= booking.no_show
        late[members] = -minutes(booking.early_by_minutes)
        if booking.punctuality is not None:
            late[members] += draw(booking.punctuality, uniform(mix(identity, name_key("punctuality"))))
    return {"shows": shows, "late": late}


def _counts(
    case: Case, window: Window, clock: Clock, name: str, stream: Arrivals, replication: int, base: np.uint64
) -> IntArray:
    """Patients (or parties) on each day of the run, shape (day,)."""
    demand = case.demand
    if demand is not None and name in demand.series:
        offset = (window.start - demand.start).days
        row = demand.path(replication)[demand.series.index(name)]
        return row[offset : offset + window.total]
    days = np.arange(window.total)
    ordinals = days + window.start.toordinal()
    mean = stream.daily_mean * np.asarray(stream.weekday_factors)[clock.weekdays[: window.total]]
    if stream.holiday_factor != 1:
        off = holidays(case.hospital.country, window.start.year, clock.date_of(window.total).year)
        mean = mean * np.array([stream.holiday_factor if clock.date_of(int(d)) in off else 1.0 for d in days])
    u = uniform(mix(base, name_key("count"), name_key(name), ordinals))
    return _count_quantile(u, mean, stream.dispersion)


def _count_quantile(u: FloatArray, mean: FloatArray, dispersion: float) -> IntArray:
    if dispersion == 1:
        return stats.poisson.ppf(u, mean).astype(np.int64)
    size = np.where(mean > 0, mean / (dispersion - 1), 1.0)
    drawn = stats.nbinom.ppf(u, size, 1 / dispersion)
    return np.where(mean > 0, drawn, 0).astype(np.int64)


def _parties(
    clock: Clock, name: str, stream: Arrivals, counts: IntArray, base: np.uint64
) -> tuple[IntArray, UIntArray]:
    """Day and identity of each party (of one patient, where the stream has no parties)."""
    days = np.arange(counts.size)
    ordinals = days + clock.start.toordinal()
    factor, wanted = stream.factor, counts
    if factor > 1:
        u = uniform(mix(base, name_key("extra patients"), name_key(name), ordinals))
        wanted = counts + np.floor(counts * (factor - 1) + u).astype(np.int64)
    day = np.repeat(days, wanted)
    index = np.arange(day.size) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    identity = mix(base, name_key("patient"), name_key(name), day + clock.start.toordinal(), index)
    if factor < 1:
        kept = uniform(mix(identity, name_key("kept"))) < factor
        day, identity = day[kept], identity[kept]
    return day, identity


def _members(
    stream: Arrivals, day: IntArray, identity: UIntArray, wall: IntArray
) -> tuple[IntArray, UIntArray, IntArray]:
    """Day, identity and hour of each member: the first is the party's own, others have keys of theirs."""
    edges = np.cumsum(stream.party_sizes)[:-1]
    size = 1 + np.searchsorted(edges, uniform(mix(identity, name_key("party"))), side="right")
    member = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    party = np.repeat(identity, size)
    own = np.where(member == 0, party, mix(party, name_key("member"), member))
    return np.repeat(day, size), own, np.repeat(wall, size)


def _wall_of_arrival(hospital: Hospital, stream: Arrivals, u: FloatArray) -> IntArray:
    if stream.hour_profile is None:
        return np.minimum((u * MS_DAY).astype(np.int64), MS_DAY - 1)
    return discharge_wall(hospital.profiles[stream.hour_profile], u)
