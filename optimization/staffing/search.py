"""Looking for a cheap staffing of one station that meets its target on the sample.

People are added where they bring most for their cost, taken away where they are not missed, and
exchanged, one or two against one or two, as long as it gets cheaper. Nothing is proved here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations_with_replacement
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from optimization.staffing.playing import late_by_block, late_in_all
from optimization.staffing.question import Question
from optimization.staffing.station import Days
from twin.units import FloatArray, IntArray

#: what counts as cheaper [money]
_CENT = 1e-6
#: shifts begun so far apart do not stand in for each other [minutes]
_NEAR = 720


class Search:
    """One station's staffing by its own people.

    Parameters
    ----------
    asked, skill, days : the question, whose station, its training days
    allowed : late tasks that the target allows [tasks]
    lent : people of other skills at the station less own people who serve elsewhere, by stretch [people]
    """

    def __init__(
        self, asked: Question, skill: str, days: Days, allowed: int, lent: IntArray | None = None
    ) -> None:
        self.asked, self.skill, self.days, self.allowed = asked, skill, days, allowed
        rows = asked.patterns[skill]
        self.names = tuple(p.name for p in rows)
        self.cost: FloatArray = np.array([p.cost for p in rows])
        self.there = np.zeros((asked.stretches, len(rows)), dtype=np.int64)
        for i, p in enumerate(rows):
            self.there[list(asked.there[skill, p.name]), i] = 1
        self.lent = np.zeros(asked.stretches, dtype=np.int64) if lent is None else lent
        self.floor = np.maximum(asked.floors(skill), self.lent)
        self.pinned = np.array([(skill, n) in asked.pins for n in self.names])
        self.least = np.array([asked.pins.get((skill, n), 0) for n in self.names], dtype=np.int64)
        self.most = asked.most.get(skill)

    def levels(self, people: IntArray) -> IntArray:
        """Levels by stretch."""
        return self.there @ people + self.lent

    def lacking(self, people: IntArray) -> int:
        """People short of the floor, over all stretches."""
        return int(np.maximum(self.floor - self.levels(people), 0).sum())

    def late(self, people: IntArray) -> int:
        """Late tasks on the training days."""
        levels = np.maximum(self.levels(people), 0)[self.asked.stretch]
        return int(late_by_block(self.days, levels, limit_minutes=self.asked.limit_minutes).sum())

    def holds(self, people: IntArray) -> bool:
        """Whether the target and all rules hold."""
        if (people < 0).any() or (self.most is not None and people.sum() > self.most):
            return False
        if self.lacking(people) or (people[self.pinned] != self.least[self.pinned]).any():
            return False
        levels = self.levels(people)[self.asked.stretch]
        late = late_in_all(
            self.days, levels, limit_minutes=self.asked.limit_minutes, no_more_than=self.allowed
        )
        return late <= self.allowed

    def repaired(self, people: IntArray) -> IntArray | None:
        """People added until the target holds, those not missed taken away; None if they cannot."""
        enough = self.added(people)
        return None if enough is None else self.thinned(enough)

    def added(self, people: IntArray) -> IntArray | None:
        """People added, by what they bring for their cost, until the target holds; None if they cannot."""
        now = np.maximum(people, self.least)
        while self.lacking(now) or self.late(now) > self.allowed:
            if self.most is not None and now.sum() >= self.most:
                return None
            lacking, late = self.lacking(now), self.late(now)
            best, added = 0.0, -1
            for i in np.flatnonzero(~self.pinned):
                now[i] += 1
                if lacking:
                    brings = float(lacking - self.lacking(now))
                else:
                    brings = float(late - max(self.late(now), self.allowed))
                now[i] -= 1
                if brings / max(self.cost[i], _CENT) > best:
                    best, added = brings / max(self.cost[i], _CENT), int(i)
            if added < 0:
                return None
            now[added] += 1
        return now

    def thinned(self, people: IntArray) -> IntArray:
        """People taken away, dearest first, as long as all holds."""
        now = people.copy()
        for i in np.argsort(-self.cost, kind="stable"):
            while now[i] > self.least[i]:
                now[i] -= 1
                if not self.holds(now):
                    now[i] += 1
                    break
        return now

    def as_many_in_time(self) -> IntArray:
        """The people allowed at most, placed for the floor first, then so that fewest are late."""
        now = self.least.copy()
        free = [int(i) for i in np.flatnonzero(~self.pinned)]
        while free and now.sum() < (self.most or 0):
            lacking = self.lacking(now)
            now[min(free, key=lambda i: self._worth(self._with(now, i), lacking))] += 1
        better = True
        while better:
            better = False
            for i in [i for i in free if now[i] > self.least[i]]:
                other = min(
                    (self._with(self._with(now, i, -1), j) for j in free),
                    key=lambda each: self._worth(each, 1),
                )
                if self._worth(other, 1) < self._worth(now, 1):
                    now, better = other, True
                    break
        return now

    def _worth(self, people: IntArray, lacking: int) -> tuple[int, int]:
        return self.lacking(people), self.late(people) if not lacking or not self.lacking(people) else 0

    @staticmethod
    def _with(people: IntArray, i: int, more: int = 1) -> IntArray:
        other = people.copy()
        other[i] += more
        return other

    def improved(self, people: IntArray, *, seconds: float) -> IntArray:
        """Cheaper people by exchanges, for so long at most."""
        until, best = perf_counter() + seconds, people
        searching = True
        while searching:
            searching = False
            for other in self.neighbours(best, gain=_CENT):
                if perf_counter() > until:
                    return best
                if self.holds(other):
                    best, searching = self.thinned(other), True
                    break
        return best

    def neighbours(self, people: IntArray, *, gain: float) -> Iterator[IntArray]:
        """Neighbours that keep to the floor: one or two people for one or two others, least saving first.

        Parameters
        ----------
        gain
            They are cheaper by this at least; below 0 they may be dearer [money].
        """
        some = [int(i) for i in np.flatnonzero(people > self.least)]
        saving: list[tuple[float, tuple[int, ...], tuple[int, ...]]] = []
        for first, second in [*((i, None) for i in some), *combinations_with_replacement(some, 2)]:
            if second is not None and (not self.near[first, second] or not self._both(people, first, second)):
                continue
            gone: tuple[int, ...] = (first,) if second is None else (first, second)
            lost = float(sum(self.cost[i] for i in gone))
            for come in self.instead[first]:
                saved = lost - float(sum(self.cost[i] for i in come))
                if saved >= gain and not set(gone) & set(come):
                    saving.append((saved, gone, come))
        for _, gone, come in sorted(saving, key=lambda row: row[0]):
            other = people.copy()
            for i in gone:
                other[i] -= 1
            for i in come:
                other[i] += 1
            if not self.lacking(other):
                yield other

    def _both(self, people: IntArray, first: int, second: int) -> bool:
        """Whether one of each can leave."""
        return first != second or int(people[first] - self.least[first]) >= 2

    @cached_property
    def near(self) -> NDArray[np.bool_]:
        """Shifts that may be exchanged: all of a day; of a week those begun half a day apart at most."""
        each, blocks = self.asked.stations[0].block_minutes, self.asked.blocks
        start = np.array([p.start for p in self.asked.patterns[self.skill]])
        apart = np.abs(start[:, None] - start[None, :]) % blocks
        apart = np.minimum(apart, blocks - apart) * each
        whole: NDArray[np.bool_] = (apart <= _NEAR) | (blocks * each <= 2 * _NEAR)
        return whole

    @cached_property
    def instead(self) -> list[list[tuple[int, ...]]]:
        """Of each shift: nobody, one or two near it who may come."""
        out = []
        for i in range(len(self.names)):
            free = [int(j) for j in np.flatnonzero(~self.pinned & self.near[i])]
            out.append([(), *((j,) for j in free), *combinations_with_replacement(free, 2)])
        return out

    def by_name(self, people: IntArray) -> Mapping[tuple[str, str], int]:
        """(skill, pattern) -> people."""
        return {(self.skill, n): int(x) for n, x in zip(self.names, people, strict=True)}


def lifted(search: Search, levels: IntArray, ceiling: IntArray, order: IntArray) -> IntArray:
    """Failing levels raised, stretch by stretch in this order, as far as the target still fails.

    Any staffing that meets the target has more people than this in some stretch: raised levels delay
    nobody, so one that had no more anywhere would fail too.
    """
    asked, high = search.asked, levels.copy()

    def fails(each: IntArray) -> bool:
        late = late_in_all(
            search.days, each[asked.stretch], limit_minutes=asked.limit_minutes, no_more_than=search.allowed
        )
        return late > search.allowed

    for g in order:
        low, top = int(high[g]), int(ceiling[g])
        while low < top:
            middle = (low + top + 1) // 2
            high[g] = middle
            low, top = (middle, top) if fails(high) else (low, middle - 1)
        high[g] = low
    return high
