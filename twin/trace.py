"""Trace: what happened to every patient at every step, as columns.

One row a patient and step, in the order of the workload. Times are milliseconds since the run
began; ``UNSET`` means that it did not happen before the end. What no row can hold (who was stopped,
moved, booked or cancelled, what was ordered) is in the log.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.case import Schedule
from twin.files import write_whole
from twin.units import IntArray
from twin.workload import StepKey, Workload

if TYPE_CHECKING:  # a run without tables does without the third of a second that it takes to import
    import pandas as pd


UNSET = np.iinfo(np.int64).min
#: a column that an engine always gives
_USUAL: Any = None


class Kind(IntEnum):
    """What a line of the log tells. ``who``, ``what`` and ``n`` as each says."""

    STOPPED = 1  # who: row; what: place it was in, or -1; n: 1 if the place was kept
    RESUMED = 2  # who: row; what: place it goes on in, or -1
    MOVED = 3  # who: row; what: place moved to, during the stay (repatriated, or to the lounge)
    BOOKED = 4  # who: patient; what: sitting; n: appointment [ms]
    NO_SHOW = 5  # who: patient; what: sitting
    CANCELLED = 6  # who: patient; what: sitting
    ABANDONED = 7  # a row that a cancelled visit had begun. who: row; what: place; n: started [ms]
    PROMISED = 8  # who: row; what: place
    MISSED = 9  # a kit not in full when asked for. who: row; what: item or tray, n: units short
    RESERVE = 10  # units of the reserve taken. who: row; what: item or tray; n: units
    SUBSTITUTED = 11  # who: row; what: item that was short; n: units of its substitute
    FLOATED = 12  # who: row; what: staff group that was short; n: people of its float pool
    TAKEN = 13  # who: row; what: item or tray; n: units in all, substitutes not counted
    ORDERED = 14  # who: -1; what: item; n: units
    DELIVERED = 15  # who: -1; what: item; n: units
    EXPIRED = 16  # who: -1; what: item; n: units


class Outcome(IntEnum):
    """How a patient's visit ended."""

    OPEN = 0  # not yet come, on a list, booked, or still inside
    DONE = 1
    LEFT = 2  # patience ended
    REFUSED = 3  # could not start at once, and does not wait
    BALKED = 4  # the waiting room was full
    NO_SHOW = 5  # did not attend


@dataclass(frozen=True)
class Log:
    """What the rows cannot hold, in order of (at, kind, who, what, n); all int64, shape (line,).

    Places, items and trays, groups, sessions' sittings are numbers in the order of the hospital's
    ``everywhere``, ``supplies``, ``staff`` and the schedule's ``sittings``.
    """

    at: IntArray  # [ms]
    kind: IntArray
    who: IntArray
    what: IntArray
    n: IntArray

    @classmethod
    def of(cls, lines: NDArray[np.int64]) -> Log:
        """A log from lines (at, kind, who, what, n) in any order, shape (line, 5)."""
        order = np.lexsort(lines.T[::-1])
        return cls(*np.ascontiguousarray(lines[order].T))

    @classmethod
    def empty(cls) -> Log:
        """Nothing to tell."""
        return cls.of(np.zeros((0, 5), np.int64))

    def __len__(self) -> int:
        return int(self.at.size)

    def same_as(self, other: Log) -> bool:
        """Whether two logs tell the same."""
        return all(
            np.array_equal(getattr(self, c), getattr(other, c)) for c in ("at", "kind", "who", "what", "n")
        )

    def only(self, *kinds: Kind) -> Log:
        """The lines of some kinds."""
        chosen = np.isin(self.kind, [int(k) for k in kinds])
        return Log(*(getattr(self, c)[chosen] for c in ("at", "kind", "who", "what", "n")))


@dataclass(frozen=True)
class Trace:
    """The event log of one replication.

    Attributes
    ----------
    place : int32 (row,) place taken, -1 where the step needs none or did not start
    requested, started, ended, left : int64 (row,) [ms]
        Asked for; begun; over; and the place given up (later than ``ended`` for a boarder).
    exchanges : circles of patients who swapped places at one instant
    stopped_at : instant at which a guard stopped the run, or None [ms]
    came : int64 (patient,) when each came to the house, or left it unseen; ``UNSET`` for who did not come
        (before the end, or at all) [ms]
    outcome : int8 (patient,) ``Outcome``
    log : what no row can hold
    """

    workload: Workload = field(repr=False)
    schedule: Schedule = field(repr=False)
    places: tuple[str, ...]
    steps: tuple[StepKey, ...] = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    place: NDArray[np.int32] = field(repr=False)
    requested: IntArray = field(repr=False)
    started: IntArray = field(repr=False)
    ended: IntArray = field(repr=False)
    left: IntArray = field(repr=False)
    exchanges: int
    engine: str
    stopped_at: int | None = None
    came: IntArray = field(repr=False, default=_USUAL)
    outcome: NDArray[np.int8] = field(repr=False, default=_USUAL)
    log: Log = field(repr=False, default_factory=Log.empty)

    def __post_init__(self) -> None:
        """A trace made by hand may leave out when patients came and how their visits ended."""
        usual: dict[str, NDArray[Any]] = {
            "came": self.workload.came,
            "outcome": np.full(self.workload.patients, int(Outcome.OPEN), np.int8),
        }
        for name, column in usual.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, column)

    @cached_property
    def patient(self) -> IntArray:
        """Row of the patient in the workload, shape (row,)."""
        first = self.workload.first
        return np.repeat(np.arange(self.workload.patients), np.diff(first))

    @property
    def stopped_why(self) -> str:
        """The guard that stopped the run, in words; empty where none did."""
        if self.stopped_at is None:
            return ""
        at = self.workload.clock.at(self.stopped_at)
        again = len(self.log.only(Kind.RESUMED, Kind.ABANDONED))
        why = (
            "patients were stopped and started again more often than a run may take"
            if again > self.workload.step.size
            else "more patients waited than a run may hold"
        )
        return f"partial: stopped on {at:%Y-%m-%d %H:%M} because {why}"

    def before(self, column: NDArray[Any], missing: Any) -> NDArray[Any]:
        """A column's value in the same patient's row before; ``missing`` in first rows. Shape (row,)."""
        shifted = np.empty_like(column)
        shifted[1:] = column[:-1]
        first = self.workload.first
        shifted[first[:-1][np.diff(first) > 0]] = missing
        return shifted

    @property
    def end(self) -> int:
        """End of what was simulated. [ms]"""
        return self.workload.end if self.stopped_at is None else self.stopped_at

    def cohort(self) -> IntArray:
        """Patients who come to the house in [warm-up, end - tail), as rows of the workload; no trays."""
        return np.flatnonzero(self.of_cohort())

    def of_cohort(self) -> NDArray[np.bool_]:
        """Whether each patient of the workload is in the cohort, shape (patient,)."""
        window, starts = self.workload.window, self.workload.clock.day_starts
        last = min(int(starts[window.warm_up + window.days]), self.end)
        came_then = (self.came >= starts[window.warm_up]) & (self.came < last)
        return came_then & (self.workload.tray < 0)

    def same_as(self, other: Trace) -> bool:
        """Whether two engines told the same story, bit for bit."""
        columns = ("place", "requested", "started", "ended", "left", "came", "outcome")
        return (
            all(np.array_equal(getattr(self, c), getattr(other, c)) for c in columns)
            and self.log.same_as(other.log)
            and self.exchanges == other.exchanges
            and self.stopped_at == other.stopped_at
        )

    def table(self) -> pd.DataFrame:
        """The rows as a table with names; times in ms since the run began, missing where unset.

        One row a patient and step: who (``patient``, ``patient_class``, ``came``, ``outcome``), what
        (``step``, ``place``) and when (``requested``, ``started``, ``ended``, ``left``).
        """
        import pandas as pd

        work, patient = self.workload, self.patient
        names = np.array([s.name for s in self.steps], dtype=object)
        frame = pd.DataFrame(
            {
                "patient": work.key[patient],
                "patient_class": pd.Categorical.from_codes(work.patient_class[patient], list(self.classes)),
                "step": names[work.step],
                "place": np.array([*self.places, None], dtype=object)[self.place],
            }
        )
        for column in ("requested", "started", "ended", "left"):
            frame[column] = _times(getattr(self, column))
        frame["came"] = _times(self.came[patient])
        frame["outcome"] = pd.Categorical.from_codes(
            self.outcome[patient], [outcome.name.lower() for outcome in Outcome]
        )
        return frame

    def write(self, path: Path) -> None:
        """Write the table as Parquet, or as CSV where the name ends so; whole or not at all.

        Raises
        ------
        TwinError
            The file cannot be written.
        """
        write_whole(path, table_bytes(self.table(), path))


def table_bytes(table: pd.DataFrame, path: Path) -> bytes:
    """A table as the bytes of a CSV file, if ``path`` ends in ``.csv``, else of a Parquet file."""
    buffer = io.BytesIO()
    if path.suffix == ".csv":
        table.to_csv(buffer, index=False)
    else:
        table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _times(values: IntArray) -> pd.api.extensions.ExtensionArray:
    """Instants, missing where unset. [ms]"""
    import pandas as pd

    return pd.arrays.IntegerArray(np.where(values == UNSET, 0, values), values == UNSET)
