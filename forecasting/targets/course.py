"""Course: what past visits teach about who comes to which ward when, and where patients go from a ward.

Nothing is fitted here: a patient to come goes the way of a past patient of the same stream and time of day,
one in the emergency department that of a past patient who was as far and as long there, and one who leaves
a ward that of a past patient who left it after the same step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from forecasting.targets.spells import NONE, Rows, next_spell
from forecasting.targets.survival import Survival, learn_survival
from twin.units import HOURS_DAY, FloatArray, IntArray

BLOCK = 4  # hours of the day that are taken together for arrivals; assumed: nights differ from days
SETTLED = 96.0  # hours after which it is known who was admitted; assumed: nobody waits longer for a first bed
FEWEST = 25  # past patients to take a course from; assumed: with fewer, those of a wider group


@dataclass(frozen=True)
class Course:
    """What is known at ``now``.

    Attributes
    ----------
    rows : as known at ``now``
    now : hours after the rows' origin
    following : (row,) the next ward row of the visit, -1 for none
    cell : (row,) the cell of each ward row (its ward and step), -1 elsewhere
    parents : (cell,) the ward of each cell
    survival : of stays, by cell
    settled : (row,) ward rows of which it is known where the patient went next
    first : stream -> of settled visits the first ward row, hours from arrival to its need, block of the day
    """

    rows: Rows
    now: float
    following: IntArray
    cell: IntArray
    parents: IntArray
    survival: Survival
    settled: np.ndarray
    first: Mapping[str, tuple[IntArray, FloatArray, IntArray]] = field(repr=False)

    def after(self, cell: IntArray, u: FloatArray) -> IntArray:
        """A past stay like those of ``cell`` that has ended, as a row, for each; ``u`` uniform. -1: none."""
        found = np.full(len(cell), NONE, dtype=np.int64)
        for one in np.unique(cell):
            pool = np.flatnonzero(self.settled & (self.cell == one))
            if len(pool) < FEWEST:
                pool = np.flatnonzero(self.settled & (self.rows.ward == self.parents[one]))
            if len(pool):
                mine = cell == one
                found[mine] = pool[(u[mine] * len(pool)).astype(np.int64)]
        return found

    def comers(self, stream: str, hour: int, u: FloatArray) -> tuple[IntArray, FloatArray]:
        """First ward row (-1: none) of past visits of a stream at about this hour, and hours to its need."""
        first, delay, block = self.first[stream]
        pool = np.flatnonzero(block == hour // BLOCK)
        pool = pool if len(pool) >= FEWEST else np.arange(len(block))
        if not len(pool):
            return np.full(len(u), NONE, dtype=np.int64), np.zeros(len(u))
        chosen = pool[(u * len(pool)).astype(np.int64)]
        return first[chosen], delay[chosen]


def learn_course(rows: Rows, now: float, country: str | None = None) -> Course:
    """Learn from rows as known at ``now`` [hours after the origin], with a country's public holidays."""
    following = next_spell(rows)
    key = np.where(rows.ward >= 0, rows.ward * (len(rows.names) + 1) + rows.what + 1, NONE)
    known, cell = np.unique(key[key >= 0], return_inverse=True)
    cells = np.full(len(key), NONE, dtype=np.int64)
    cells[key >= 0] = cell
    parents = known // (len(rows.names) + 1)
    settled = (rows.ward >= 0) & ~np.isnan(rows.ended) & ((following >= 0) | rows.over[rows.visit])
    survival = learn_survival(rows, now, cells, parents, country)
    return Course(rows, now, following, cells, parents, survival, settled, _first_beds(rows, now, following))


def _first_beds(
    rows: Rows, now: float, following: IntArray
) -> dict[str, tuple[IntArray, FloatArray, IntArray]]:
    """By stream: first ward row, hours from arrival to its need and block of the day of settled visits."""
    head = np.flatnonzero(np.concatenate([[True], rows.visit[1:] != rows.visit[:-1]]))
    visit = rows.visit[head]
    first = np.where(rows.ward[head] >= 0, head, following[head])
    arrived = rows.arrived[visit]
    known = (arrived >= 0) & (arrived <= now - SETTLED)
    delay = np.where(first >= 0, rows.need[first] - arrived, 0.0)
    block = ((np.floor(arrived) + rows.origin.hour) % HOURS_DAY // BLOCK).astype(np.int64, copy=False)
    found = {}
    for stream in sorted(set(rows.stream[visit])):
        mine = known & (rows.stream[visit] == stream)
        found[str(stream)] = (first[mine], np.maximum(delay[mine], 0.0), block[mine])
    return found
