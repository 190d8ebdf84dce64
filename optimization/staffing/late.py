"""How many tasks of a stretch are late, at least: tables by simulation, and cuts from them.

The tasks that come in one stretch and wait too long are counted with the levels of a few stretches
varied and those of all others at their ceiling. As a raised level delays nobody (``playing``), the
count is a lower bound whatever the others' levels are: that is the *lifting*, here carried to the end
for all stretches outside and step by step for those inside.

A cut is a linear function of the unary levels that lies below the table everywhere, and as high as
possible at a given point: a facet of the table's convex hull, found by a small linear program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import highspy
import numpy as np
from numba import njit

from optimization.solving import THREADS
from optimization.staffing.playing import FAR, calendar, next_start, start_times
from optimization.staffing.station import Days
from twin.errors import TwinError
from twin.units import MS_MINUTE, FloatArray, IntArray

#: a point is moved so far into the table's hull, against ties [fraction]
_INSIDE = 1e-7


@dataclass(frozen=True)
class Table:
    """Late tasks of a stretch, at least, by the levels of some stretches.

    Attributes
    ----------
    stretch : whose tasks are counted
    inside : the stretches varied
    values : for each of them the levels tried, rising; a level between two counts as the higher one,
        one below the first as the first
    late : counts, an axis a stretch varied [tasks]
    """

    stretch: int
    inside: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]
    late: IntArray

    def at(self, levels: IntArray) -> int:
        """Late tasks at least, at these levels by stretch."""
        where = tuple(
            min(int(np.searchsorted(v, levels[g])), len(v) - 1)
            for g, v in zip(self.inside, self.values, strict=True)
        )
        return int(self.late[where])

    @property
    def steps(self) -> list[tuple[int, int]]:
        """(stretch, level) for each step up an axis: the unary variable that says it is taken."""
        return [
            (g, v[i - 1] + 1) for g, v in zip(self.inside, self.values, strict=True) for i in range(1, len(v))
        ]


@dataclass(frozen=True)
class LateCut:
    """late tasks of the stretch >= base - sum of brings[g, l] where the level of g is l or more."""

    stretch: int
    base: float
    brings: Mapping[tuple[int, int], float]

    def value(self, unary: Mapping[tuple[int, int], float]) -> float:
        """The bound at unary levels, whole or fractional."""
        return self.base - sum(b * unary[step] for step, b in self.brings.items())


class LateTables:
    """Tables of one station on its drawn days.

    Parameters
    ----------
    days : the training days
    stretch : stretch of each block, shape (block,)
    ceiling : most people of any plan, by stretch, shape (stretch,) [people]
    limit_minutes : who waits longer is late
    """

    def __init__(self, days: Days, stretch: IntArray, ceiling: IntArray, limit_minutes: float) -> None:
        self.days, self.stretch, self.ceiling = days, stretch, ceiling
        self.limit = round(limit_minutes * MS_MINUTE)
        station = days.station
        played = np.arange(calendar(days, ceiling[stretch]).size)
        self._stretch_played = stretch[(played - station.warm_blocks) % station.blocks]
        self._starts = start_times(days, ceiling[stretch])
        self._reach = -(-self.limit // station.block_ms)

    def window(self, g: int, back: int) -> tuple[int, ...]:
        """The stretch, those just before it, and those in which its last task may still be in time."""
        station = self.days.station
        blocks = np.flatnonzero(self.stretch == g) + station.warm_blocks
        first = self._stretch_played[: blocks[0]]
        before = list(dict.fromkeys(int(x) for x in first[::-1]))[:back]
        after = [int(x) for x in self._stretch_played[blocks[-1] + 1 : blocks[-1] + 1 + self._reach]]
        return tuple(dict.fromkeys([*before[::-1], g, *after]))

    def table(self, g: int, inside: Sequence[int], values: Sequence[Sequence[int]]) -> Table:
        """Count the late tasks of a stretch at every combination of levels of stretches in order of time."""
        station = self.days.station
        blocks = np.flatnonzero(self.stretch == g) + station.warm_blocks
        since, until = int(blocks[0]), int(blocks[-1]) + 1
        edges = self._edges(inside, since, until + self._reach)
        shape = np.array([len(v) for v in values], dtype=np.int64)
        flat = np.concatenate([np.asarray(v, dtype=np.int64) for v in values])
        late = np.zeros(int(shape.prod()), dtype=np.int64)
        count_late(
            calendar(self.days, self.ceiling[self.stretch]), station.block_ms, self.days.first,
            self.days.arrival, self.days.service, self._starts, self.limit, since, until,
            edges, flat, np.cumsum(np.r_[0, shape[:-1]]), shape, late,
        )  # fmt: skip
        kept = tuple(tuple(int(x) for x in v) for v in values)
        return Table(g, tuple(inside), kept, late.reshape(tuple(shape)))

    def _edges(self, inside: Sequence[int], since: int, until: int) -> IntArray:
        """First played block of each stretch inside, and the end of the last, shape (inside + 1,)."""
        end = until
        while end > 0 and self._stretch_played[end - 1] != inside[-1]:
            end -= 1
        edges = [end]
        for each in reversed(inside):
            begin = edges[-1]
            while begin > 0 and self._stretch_played[begin - 1] == each:
                begin -= 1
            if begin == edges[-1]:
                raise TwinError(f"stretch {each} is not just before the next of a table")
            edges.append(begin)
        return np.array(edges[::-1], dtype=np.int64)


def best_cut(table: Table, unary: Mapping[tuple[int, int], float]) -> LateCut:
    """The cut that lies highest at a point among all that the table allows."""
    steps = table.steps
    shape = table.late.shape
    index = np.indices(shape).reshape(len(shape), -1).T
    taken = np.concatenate(
        [index[:, [j]] >= np.arange(1, n)[None, :] for j, n in enumerate(shape)], axis=1
    ).astype(np.float64)
    point = np.array([unary[step] for step in steps])
    base, brings = _highest(taken, table.late.reshape(-1).astype(np.float64), point)
    base = float((table.late.reshape(-1) + taken @ brings).min())  # below the table to the last digit
    kept = {step: float(b) for step, b in zip(steps, brings, strict=True) if b > 0}
    return LateCut(table.stretch, base, kept)


def _highest(taken: FloatArray, late: FloatArray, point: FloatArray) -> tuple[float, FloatArray]:
    """Max base - brings . point  s.t.  base - brings . taken[p] <= late[p] for each p, brings >= 0.

    Solved as its dual, which has few rows: weights of the table's entries whose mean is the point.
    """
    entries, steps = taken.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = entries, steps + 1
    lp.col_cost_ = late
    lp.col_lower_, lp.col_upper_ = np.zeros(entries), np.full(entries, highspy.kHighsInf)
    lp.row_lower_ = np.r_[1.0, np.full(steps, -highspy.kHighsInf)]
    lp.row_upper_ = np.r_[1.0, point + _INSIDE]
    dense = np.c_[np.ones(entries), taken]
    where = dense != 0
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.r_[0, np.cumsum(where.sum(axis=1))].astype(np.int32)
    lp.a_matrix_.index_ = np.nonzero(where)[1].astype(np.int32)
    lp.a_matrix_.value_ = dense[where]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", THREADS)
    highs.passModel(lp)
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise TwinError(f"no cut found ({highs.getModelStatus().name})")
    prices = np.array(highs.getSolution().row_dual)
    return float(prices[0]), np.maximum(-prices[1:], 0.0)


@njit(cache=True, nogil=True)
def count_late(  # type: ignore[no-untyped-def]
    level, size, first, arrival, service, starts, limit, since, until, edges, values, offset, shape, late
):  # pragma: no cover - compiled
    """Late tasks that come in blocks [since, until) at each combination; before ``edges`` the ceiling's day.

    Combinations are walked as a tree, stretch by stretch of time, so that what is common to many is
    played once: at each depth stand the tasks in service, the next in line and the last start.
    """
    depth, top = shape.size, max(level.max(), values.max())
    opens, comes, ends = edges[0] * size, since * size, until * size
    busy = np.empty((depth + 1, top + 1), dtype=np.int64)
    inside, task, last = (
        np.empty(depth + 1, np.int64),
        np.empty(depth + 1, np.int64),
        np.empty(depth + 1, np.int64),
    )
    tardy, choice = np.empty(depth + 1, np.int64), np.zeros(depth, np.int64)
    plain = level.copy()
    for r in range(first.size - 1):
        i, n = first[r], 0
        while i < first[r + 1] and starts[i] < opens:
            if starts[i] + service[i] > opens:
                busy[0, n] = starts[i] + service[i]
                n += 1
            i += 1
        stop = i
        while stop < first[r + 1] and arrival[stop] < ends:
            stop += 1
        if stop == i or arrival[stop - 1] < comes:
            continue
        inside[0], task[0], last[0], tardy[0] = n, i, opens, 0
        d = 0
        choice[0] = 0
        while d >= 0:
            if choice[d] == shape[d]:
                d -= 1
                if d >= 0:
                    choice[d] += 1
                continue
            plain[edges[d] : edges[d + 1]] = values[offset[d] + choice[d]]
            until_now = edges[d + 1] * size if d + 1 < depth else FAR
            _advance(
                plain,
                size,
                arrival,
                service,
                limit,
                comes,
                stop,
                until_now,
                busy,
                inside,
                task,
                last,
                tardy,
                d,
            )
            if d + 1 == depth:
                c = 0
                for j in range(depth):
                    c = c * shape[j] + choice[j]
                late[c] += tardy[depth]
                choice[d] += 1
            else:
                d += 1
                choice[d] = 0


@njit(cache=True, nogil=True)
def _advance(  # type: ignore[no-untyped-def]
    level, size, arrival, service, limit, comes, stop, until, busy, inside, task, last, tardy, d
):  # pragma: no cover - compiled
    """Play the tasks that start before ``until``; those who wait then stand first in line below."""
    now, n, i, t, tardies = busy[d + 1], inside[d], task[d], last[d], tardy[d]
    for j in range(n):
        now[j] = busy[d, j]
    while i < stop:
        came = max(arrival[i], t)
        if came >= until:
            break
        start, n = next_start(level, size, came, now, n, until)
        if start >= until:
            if until != FAR:
                break
            start = FAR
        t = start
        if start != FAR:
            now[n] = start + service[i]
            n += 1
        if arrival[i] >= comes and start - arrival[i] > limit:
            tardies += 1
        i += 1
    inside[d + 1], task[d + 1], tardy[d + 1] = n, i, tardies
    last[d + 1] = max(t, until) if until != FAR and i < stop else t
