"""Playing a station: when each task starts, exactly, for many days and staffings in milliseconds.

The rule is the engine's own (``twin/engine/README.md``, a group that *finishes*): the first in line
starts at the first instant at which he has come, his forerunner has started, and fewer are in service
than the level of that instant. At one instant levels change first, then services end, then tasks come,
then they start. When the level falls, people finish the task they are with and then go.

**Theorem (monotone levels).** Let two calendars of levels be given, s <= s' at every instant, and the
same tasks. Then no task starts later under s' than under s.

*Conditions*: one line, first come first served; identical people, one a task; arrivals and times of
service fixed beforehand, the same under both calendars (they do not depend on who serves, when, or how
long one waited; nobody leaves the line); work in progress is finished when the level falls.

*Proof* by induction over the tasks in order of coming. Write A_n for the arrival, V_n for the service,
S_n and S'_n for the starts, and suppose S'_m <= S_m for all m < n. Let t = S_n, finite (else there is
nothing to prove). In line, S_m <= t for all m < n. Under s the tasks in service at t are
{m < n : t < S_m + V_m}, fewer than s(t). Under s' all m < n have started by t, S'_m <= S_m <= t, so those
in service at t are {m < n : t < S'_m + V_m}, a subset of the former: fewer than s(t) <= s'(t). Besides
t >= A_n and t >= S_{n-1} >= S'_{n-1}. So task n can start at t under s' if it has not before: S'_n <= t.

Corollary: the count of tasks, of any set of them and over any days, that wait longer than a limit never
grows when a level is raised. On this rest all bounds of this room. It fails with priorities, bundles,
boarding, or patience.

References
----------
Kiefer & Wolfowitz (1955), Trans. AMS 78(1), 1-18, doi:10.2307/1992945 (waits by free times of servers).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from optimization.staffing.station import Days
from twin.errors import UsageError
from twin.units import MS_MINUTE, IntArray

#: start of a task that has not started when the days played are over
FAR = np.int64(2**62)
#: days beyond the counted one on which those still waiting may start, with the same levels
_DAYS_AFTER = 2


def calendar(days: Days, levels: IntArray) -> IntArray:
    """Levels of all blocks that are played: warm-up, the day, and the days after, shape (played block,)."""
    station = days.station
    level = np.asarray(levels, dtype=np.int64)
    if level.shape != (station.blocks,) or (level < 0).any():
        raise UsageError(
            f"the station {station.name} takes {station.blocks} levels, 0 or more; got {level.tolist()}"
        )
    warm = level[station.blocks - station.warm_blocks :]
    return np.concatenate([warm, *[level] * (1 + _DAYS_AFTER)])


def start_times(days: Days, levels: IntArray) -> IntArray:
    """When each task starts; ``FAR`` for one that never does. Shape (task,) [ms since the warm-up began]."""
    starts = np.empty(days.arrival.size, dtype=np.int64)
    _starts(calendar(days, levels), days.station.block_ms, days.first, days.arrival, days.service, starts)
    return starts


def late_by_block(days: Days, levels: IntArray, *, limit_minutes: float) -> IntArray:
    """Counted tasks that wait longer than the limit, by block of their coming, shape (block,)."""
    late = np.zeros(days.station.blocks, dtype=np.int64)
    limit = round(limit_minutes * MS_MINUTE)
    plain = calendar(days, levels)
    _late(plain, days.station.block_ms, days.first, days.arrival, days.service, days.block, limit, late)
    return late


def late_in_all(days: Days, levels: IntArray, *, limit_minutes: float, no_more_than: int) -> int:
    """Counted tasks that wait longer than the limit; ``no_more_than + 1`` as soon as there are more."""
    limit = round(limit_minutes * MS_MINUTE)
    return int(
        _late_in_all(
            calendar(days, levels), days.station.block_ms, days.first, days.arrival, days.service,
            days.block, limit, no_more_than,
        )
    )  # fmt: skip


def in_time(days: Days, levels: IntArray, *, limit_minutes: float) -> IntArray:
    """Counted tasks that start within the limit, by replication, shape (replication,)."""
    waits = start_times(days, levels) - days.arrival
    good = (days.block >= 0) & (waits <= round(limit_minutes * MS_MINUTE))
    return np.diff(np.r_[0, np.cumsum(good)][days.first])


@njit(cache=True, nogil=True)
def next_start(  # type: ignore[no-untyped-def]
    level, size, came, busy, n, until
):  # pragma: no cover - compiled
    """First instant in [came, until) at which fewer than the level are in service, and how many are then.

    ``FAR`` where there is none. ``busy`` holds the ends of the ``n`` services that may still run, in no
    order; those over are dropped.
    """
    t = came
    while t < until:
        kept, soonest = 0, FAR
        for i in range(n):
            end = busy[i]
            if end > t:
                busy[kept] = end
                kept += 1
                soonest = min(soonest, end)
        n = kept
        block = t // size
        if block >= level.size:
            return FAR, n
        if n < level[block]:
            return t, n
        t = min(soonest, (block + 1) * size)
    return FAR, n


@njit(cache=True, nogil=True)
def _starts(level, size, first, arrival, service, starts):  # type: ignore[no-untyped-def]  # pragma: no cover
    busy = np.empty(level.max() + 1, dtype=np.int64)
    for r in range(first.size - 1):
        n, last = 0, np.int64(0)
        for i in range(first[r], first[r + 1]):
            last, n = next_start(level, size, max(arrival[i], last), busy, n, FAR)
            starts[i] = last
            if last == FAR:
                continue
            busy[n] = last + service[i]
            n += 1


@njit(cache=True, nogil=True)
def _late(  # type: ignore[no-untyped-def]
    level, size, first, arrival, service, block, limit, late
):  # pragma: no cover - compiled
    busy = np.empty(level.max() + 1, dtype=np.int64)
    for r in range(first.size - 1):
        n, last = 0, np.int64(0)
        for i in range(first[r], first[r + 1]):
            last, n = next_start(level, size, max(arrival[i], last), busy, n, FAR)
            if last != FAR:
                busy[n] = last + service[i]
                n += 1
            if block[i] >= 0 and last - arrival[i] > limit:
                late[block[i]] += 1


@njit(cache=True, nogil=True)
def _late_in_all(  # type: ignore[no-untyped-def]
    level, size, first, arrival, service, block, limit, enough
):  # pragma: no cover - compiled
    busy = np.empty(level.max() + 1, dtype=np.int64)
    late = 0
    for r in range(first.size - 1):
        n, last = 0, np.int64(0)
        for i in range(first[r], first[r + 1]):
            last, n = next_start(level, size, max(arrival[i], last), busy, n, FAR)
            if last != FAR:
                busy[n] = last + service[i]
                n += 1
            if block[i] >= 0 and last - arrival[i] > limit:
                late += 1
        if late > enough:
            return enough + 1
    return late
