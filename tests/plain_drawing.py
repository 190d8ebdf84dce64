"""Drawing written to be read: one patient and one draw at a time, each as its definition says.

The witness beside ``draw_workload``, which draws the same in compiled code: same keys, same numbers.
Patients of arrival streams without a forecast; those already there, populations and trays are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from twin.calendar import holidays
from twin.case import Case, Window
from twin.drawing.counts import daily_counts
from twin.drawing.tables import discharge_profile
from twin.hospital import Hospital
from twin.hospital.base import Duration, Profile
from twin.hospital.duration import draw, quantile, share_below
from twin.hospital.pathway import Arrivals, PatientClass
from twin.streams import mix, name_key, root, uniform
from twin.units import MS_DAY, minutes

#: a patient: class, arrival, (shows, late), rows of (step, duration, wall, patience, delay, reason)
Patient = tuple[str, int, tuple[int, int], tuple[tuple[int, ...], ...]]


def number(key: np.uint64, name: str) -> float:
    """The uniform number of a key and a name."""
    return float(uniform(mix(key, name_key(name))))


def chosen(shares: list[float], u: float) -> int:
    """Which of the shares, one after the other, holds u; the last where they end before it."""
    edges = list(accumulate(shares))[:-1]
    return sum(edge <= u for edge in edges)


def length(duration: Duration, u: float) -> int:
    """A length at a uniform number. [ms]"""
    return int(draw(duration, np.array([u]))[0])


def left(duration: Duration, elapsed: float, u: float) -> int:
    """Time still to come after ``elapsed`` of its own units: Q(F(a) + (1 - F(a)) u) - a. [ms]"""
    reached = float(share_below(duration, np.array(elapsed)))
    if reached >= 1:
        return 1
    v = min(reached + (1 - reached) * u, float(np.nextafter(1.0, 0.0)))
    whole = float(quantile(duration, np.array(v)))
    return max(int(np.rint((whole - elapsed) * duration.ms)), 1)


def hour_of_day(profile: Profile, u: float) -> int:
    """Time of day by a profile, uniform within its hours. [ms after midnight]"""
    edges = np.concatenate([[0.0], np.cumsum(profile.hours)])
    hours = np.interp(u * edges[-1], edges, np.arange(edges.size, dtype=np.float64))
    return min(int(hours * profile.width), MS_DAY - 1)


def plain_patients(case: Case, window: Window, *, seed: int, replication: int = 0) -> dict[int, Patient]:
    """Every patient of the arrival streams, by key."""
    base, found = root(seed, replication), {}
    for name, stream in case.hospital.arrivals.items():
        for day in range(window.total):
            for identity, arrival in _of_day(case, window, base, name, stream, day):
                found[int(identity >> np.uint64(1))] = _patient(case.hospital, stream, identity, arrival)
    return found


def _of_day(
    case: Case, window: Window, base: np.uint64, name: str, stream: Arrivals, day: int
) -> Iterator[tuple[np.uint64, int]]:
    """Identity and arrival of each patient of a stream on one day."""
    hospital, clock = case.hospital, window.clock(case.hospital)
    ordinal = window.start.toordinal() + day
    count = _count(case, window, base, name, stream, day)
    if stream.factor > 1:
        u = uniform(mix(base, name_key("extra patients"), name_key(name), ordinal))
        count += int(count * (stream.factor - 1) + u)
    for index in range(count):
        party = np.uint64(mix(base, name_key("patient"), name_key(name), ordinal, index))
        if number(party, "kept") >= stream.factor:
            continue
        u = number(party, "hour")
        if stream.hour_profile is None:
            wall = min(int(u * MS_DAY), MS_DAY - 1)
        else:
            wall = hour_of_day(hospital.profiles[stream.hour_profile], u)
        arrival = int(clock.instant(np.array(day), np.array(wall)))
        size = 1 + chosen(list(stream.party_sizes), number(party, "party"))
        yield party, arrival
        for member in range(1, size):
            yield np.uint64(mix(party, name_key("member"), member)), arrival


def _count(case: Case, window: Window, base: np.uint64, name: str, stream: Arrivals, day: int) -> int:
    """Patients, or parties, of a stream on one day."""
    date = window.clock(case.hospital).date_of(day)
    mean = stream.daily_mean * stream.weekday_factors[date.weekday()]
    if date in holidays(case.hospital.country, date.year, date.year):
        mean *= stream.holiday_factor
    u = uniform(mix(base, name_key("count"), name_key(name), date.toordinal()))
    return int(daily_counts(np.array([u]), np.array([mean]), stream.dispersion)[0])


def _patient(hospital: Hospital, stream: Arrivals, identity: np.uint64, arrival: int) -> Patient:
    name = list(stream.mix)[chosen(list(stream.mix.values()), number(identity, "class"))]
    entry = hospital.classes[name]
    return name, arrival, _attendance(entry, identity), tuple(_rows(hospital, entry, identity))


def _attendance(entry: PatientClass, identity: np.uint64) -> tuple[int, int]:
    booking = entry.booking
    if booking is None:
        return 1, 0
    late = -minutes(booking.early_by_minutes)
    if booking.punctuality is not None:
        late += length(booking.punctuality, number(identity, "punctuality"))
    return int(number(identity, "shows") >= booking.no_show), late


def _rows(hospital: Hospital, entry: PatientClass, identity: np.uint64) -> Iterator[tuple[int, ...]]:
    """Step of the pathway, duration, wall, patience, delay and reason of each row."""
    pathway, visits = hospital.pathways[entry.pathway], dict[int, int]()
    at: int | None = 0
    while at is not None:
        step = pathway.steps[at]
        key = np.uint64(mix(identity, name_key(step.name), visits.get(at, 0)))
        visits[at] = visits.get(at, 0) + 1
        routes = pathway.routes(at)
        to = routes[chosen([share for _, share in routes], number(key, "route"))][0]
        duration, wall = length(step.duration, number(key, "duration")), -1
        profile = discharge_profile(hospital, pathway, at)
        if to is None and profile is not None:
            wall = hour_of_day(hospital.profiles[profile], number(key, "discharge"))
        patience = -1 if step.patience is None else length(step.patience, number(key, "patience"))
        edges = list(accumulate(delay.share for delay in step.delays.values()))
        reason = sum(edge <= number(key, "delay reason") for edge in edges)
        if reason == len(edges):
            yield at, duration, wall, patience, 0, -1
        else:
            drawn = length(list(step.delays.values())[reason].duration, number(key, "delay"))
            yield at, duration, wall, patience, min(drawn, duration), reason
        at = to
