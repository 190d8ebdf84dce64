"""Patients from outside, in compiled code: those of all streams, day by day, in order of arrival and key."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.calendar import CLOCKS_CHANGE_BY
from twin.drawing.chance import drawn, hashed, joined, part
from twin.drawing.compiled import compiled
from twin.drawing.lengths import length
from twin.drawing.origins import NONE
from twin.drawing.tables import GUIDES
from twin.streams import UIntArray
from twin.units import MS_DAY, IntArray

_KEPT, _PARTY, _MEMBER, _HOUR, _CLASS = (part(name) for name in ("kept", "party", "member", "hour", "class"))
_SHOWS, _PUNCTUALITY = part("shows"), part("punctuality")


class People(NamedTuple):
    """Patients as columns: ``identity`` uint64, ``arrival`` int64 [ms], ``patient_class`` int32."""

    identity: UIntArray
    arrival: IntArray
    patient_class: NDArray[np.int32]


@compiled
def choice(edge, begin, end, u):
    """The first of the choices ``begin`` to ``end`` whose edge is beyond u, or ``end``."""
    found = begin
    for i in range(begin, end):
        if edge[i] <= u:
            found += 1
    return found


@compiled
def hour_of_day(row, u):
    """Time of day by a profile, uniform within its hours. [ms after midnight]"""
    x = u * row.edge[24]
    if x >= row.edge[24]:
        return MS_DAY - 1
    hour = row.guide[np.int64(u * GUIDES)]
    while row.edge[hour + 1] <= x:
        hour += 1
    position = row.rise[hour] * (x - row.edge[hour]) + hour
    return min(np.int64(position * row.width), MS_DAY - 1)


@compiled
def _evenly(u):
    """Time of day without a profile. [ms after midnight]"""
    return min(np.int64(u * MS_DAY), MS_DAY - 1)


@compiled
def class_of(row, edge, target, identity):
    """Class of a patient by the mix of a source; where the mix is of one class it is that."""
    chosen = row.mix_from
    if row.mix_to > chosen + 1:
        chosen = choice(edge, chosen, row.mix_to - 1, drawn(identity, _CLASS))
    return target[chosen]


@compiled
def party_of(row, edge, target, identity):
    """Patients who come together; 0 where the party stays away."""
    if row.factor < 1.0 and drawn(identity, _KEPT) >= row.factor:
        return 0
    chosen = row.party_from
    if row.party_to > chosen + 1:
        chosen = choice(edge, chosen, row.party_to - 1, drawn(identity, _PARTY))
    return target[chosen]


@compiled
def count(t, key, wanted, first_ordinal, people):
    """Patients of each day: ``people`` (day,), of ``wanted`` (stream, day) patients or parties."""
    for day in range(wanted.shape[1]):
        people[day] = 0
        for source in range(wanted.shape[0]):
            row = t.source[source]
            if row.factor >= 1.0 and row.party_to == row.party_from + 1:
                people[day] += wanted[source, day]
                continue
            of_day = joined(key[source], hashed(first_ordinal + day))
            for index in range(wanted[source, day]):
                people[day] += party_of(row, t.edge, t.target, joined(of_day, hashed(index)))


@compiled
def come(t, key, wanted, first_ordinal, day_starts, people, of_day, bucket):
    """Every patient of every day, in order of arrival and key.

    ``key`` (stream,) is that of each stream's patients; ``of_day`` has room for the patients of the fullest
    day, ``bucket`` for two more.
    """
    begin = 0
    for day in range(wanted.shape[1]):
        n = 0
        for source in range(wanted.shape[0]):
            n = _of_source(
                t, key[source], wanted[source, day], source, day, first_ordinal, day_starts, of_day, n
            )
        _in_order(of_day, n, bucket, people, begin)
        begin += n
    return begin


@compiled
def _of_source(t, key, wanted, source, day, first_ordinal, day_starts, of_day, n):
    """Patients of one stream on one day, written from ``n`` on; the number after the last."""
    midnight, length_of_day = day_starts[day], day_starts[day + 1] - day_starts[day]
    changes = length_of_day - MS_DAY
    key_of_day = joined(key, hashed(first_ordinal + day))
    row = t.source[source]
    for index in range(wanted):
        identity = joined(key_of_day, hashed(index))
        members = party_of(row, t.edge, t.target, identity)
        if members == 0:
            continue
        u = drawn(identity, _HOUR)
        wall = _evenly(u) if row.profile == NONE else hour_of_day(t.hours[row.profile], u)
        if wall >= CLOCKS_CHANGE_BY:
            wall += changes
        arrival = midnight + min(max(wall, 0), length_of_day - 1)
        for member in range(members):
            own = identity if member == 0 else joined(joined(identity, _MEMBER), hashed(member))
            of_day.identity[n] = own
            of_day.arrival[n] = arrival
            of_day.patient_class[n] = class_of(row, t.edge, t.target, own)
            n += 1
    return n


@compiled
def _in_order(of_day, n, bucket, people, begin):
    """Put the patients of a day in order of arrival and key behind those of the days before.

    They are laid into as many buckets of equal time as there are patients, then moved past their few
    neighbours.
    """
    if n == 0:
        return
    low = high = of_day.arrival[0]
    for i in range(1, n):
        low, high = min(low, of_day.arrival[i]), max(high, of_day.arrival[i])
    scale = n / (high - low + 1.0)
    bucket[: n + 2] = 0
    for i in range(n):
        bucket[_bucket(of_day.arrival[i] - low, scale) + 2] += 1
    for b in range(2, n + 2):
        bucket[b] += bucket[b - 1]
    for i in range(n):
        b = _bucket(of_day.arrival[i] - low, scale) + 1
        at = begin + bucket[b]
        bucket[b] += 1
        people.identity[at] = of_day.identity[i]
        people.arrival[at] = of_day.arrival[i]
        people.patient_class[at] = of_day.patient_class[i]
    for i in range(begin + 1, begin + n):
        _sink(people, begin, i)


@compiled
def _bucket(ms, scale):
    return np.int64(ms * scale)


@compiled
def _sink(people, begin, i):
    """Move a patient before those behind whom he does not belong."""
    identity, arrival, klass = people.identity[i], people.arrival[i], people.patient_class[i]
    j = i
    while j > begin and (
        people.arrival[j - 1] > arrival
        or (people.arrival[j - 1] == arrival and people.identity[j - 1] > identity)
    ):
        people.identity[j] = people.identity[j - 1]
        people.arrival[j] = people.arrival[j - 1]
        people.patient_class[j] = people.patient_class[j - 1]
        j -= 1
    if j < i:
        people.identity[j], people.arrival[j], people.patient_class[j] = identity, arrival, klass


@compiled
def merge(people, n, others, place):
    """Put further patients, in order of arrival and key, among the first ``n``; ``place`` is where they are.

    The arrays of ``people`` have room for both.
    """
    i, at = n - 1, n + others.identity.size - 1
    for j in range(others.identity.size - 1, -1, -1):
        arrival, identity = others.arrival[j], others.identity[j]
        while i >= 0 and (
            people.arrival[i] > arrival or (people.arrival[i] == arrival and people.identity[i] > identity)
        ):
            people.identity[at] = people.identity[i]
            people.arrival[at] = people.arrival[i]
            people.patient_class[at] = people.patient_class[i]
            i -= 1
            at -= 1
        people.identity[at] = identity
        people.arrival[at] = arrival
        people.patient_class[at] = others.patient_class[j]
        place[j] = at
        at -= 1


@compiled
def attend(t, people, shows, late):
    """Whether each patient of a scheduled class comes to the appointment, and how late. [ms]"""
    for i in range(people.identity.size):
        row = t.klass[people.patient_class[i]]
        shows[i], late[i] = 1, 0
        if row.booked == 1:
            shows[i] = drawn(people.identity[i], _SHOWS) >= row.no_show
            late[i] = -row.early
            if row.late != NONE:
                u = drawn(people.identity[i], _PUNCTUALITY)
                late[i] += length(t.length[row.late], t.number, u)
