"""One run of the reference engine: its clock, what was written down, and the tables of the case.

The first chapter. SimPy turns the clock in ``reference.py``; here is only what the other chapters ask of
it: that something happens at an instant, in its turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from twin.case import Case, Schedule
from twin.engine.reference_lists import Lists
from twin.engine.reference_service import Service
from twin.engine.reference_supplies import Supplies
from twin.engine.reference_words import all_tasks
from twin.trace import UNSET, Kind, Log, Outcome, Trace
from twin.units import minutes
from twin.workload import NONE, Workload, number_steps

#: the order of events at one instant, as SimPy's priorities; SimPy's own work (0 and 1) comes before
CALENDAR, ENDS, STOPS, ARRIVALS, BOOKINGS, SERVICE, GOING, ORDERS, GUARDS = range(2, 11)


class Run(ABC):
    """One run: its clock, what was written down, and the tables of the case."""

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        self.hospital, self.workload, self.schedule = case.hospital, workload, schedule
        self.end = workload.end
        self.classes = tuple(self.hospital.classes)
        self.places = tuple(self.hospital.everywhere)
        self.place_numbers = {name: number for number, name in enumerate(self.places)}
        self.group_numbers = {name: number for number, name in enumerate(self.hospital.staff)}
        self.turnaround = {p: minutes(e.turnaround_minutes) for p, e in self.hospital.everywhere.items()}
        level = {p: int(schedule.levels[p].values[0]) for p in (*self.places, *self.group_numbers)}
        self.service = Service(self.hospital, level)
        self.line = self.service.line
        self.supplies = Supplies(case, workload)
        self.lists = Lists(self.hospital, workload, schedule)
        self.tasks = all_tasks(case, self.supplies)
        self.called: set[int] = set()  # turns of this instant for which somebody was called
        self.write_nothing_yet()

    # ---- the clock -----------------------------------------------------------------------------

    @property
    @abstractmethod
    def now(self) -> int:
        """The present instant. [ms]"""

    @abstractmethod
    def event(self) -> Any:
        """What a patient's process waits for."""

    @abstractmethod
    def at(self, when: int, turn: int, do: Callable[..., Any], *what: Any) -> None:
        """Something will happen at an instant, in its turn among all that happens then."""

    @abstractmethod
    def make_a_round(self) -> None:
        """The bed manager's round."""

    def call(self, turn: int, do: Callable[[], None]) -> None:
        """Call somebody for this instant; once, however many ask for it."""
        if turn not in self.called:
            self.called.add(turn)
            self.at(self.now, turn, self.answer, turn, do)

    def answer(self, turn: int, do: Callable[[], None]) -> None:
        """The turn of one who was called has come."""
        self.called.discard(turn)
        do()

    def call_a_round(self) -> None:
        """The bed manager makes a round when all of this instant is settled."""
        self.call(SERVICE, self.make_a_round)

    # ---- what is written down ------------------------------------------------------------------

    def write_nothing_yet(self) -> None:
        """The columns of the trace before anything has happened."""
        rows, patients = self.workload.step.size, self.workload.patients
        self.place = np.full(rows, NONE, np.int32)
        self.requested, self.started, self.ended, self.left = (
            np.full(rows, UNSET, np.int64) for _ in range(4)
        )
        self.came = np.full(patients, UNSET, np.int64)
        self.outcome = np.full(patients, Outcome.OPEN, np.int8)
        self.told: list[tuple[int, int, int, int, int]] = []

    def tell(self, kind: Kind, who: int, what: int, n: int = 0, at: int | None = None) -> None:
        """Write a line of the log."""
        self.told.append((self.now if at is None else at, int(kind), who, what, n))

    def place_number(self, place: str | None) -> int:
        """A place as the trace and the log write it."""
        return NONE if place is None else self.place_numbers[place]

    def trace(self, *, exchanges: int, stopped_at: int | None) -> Trace:
        """All that was written down."""
        return Trace(
            workload=self.workload,
            schedule=self.schedule,
            places=self.places,
            steps=number_steps(self.hospital),
            classes=self.classes,
            place=self.place,
            requested=self.requested,
            started=self.started,
            ended=self.ended,
            left=self.left,
            exchanges=exchanges,
            engine="reference",
            stopped_at=stopped_at,
            came=self.came,
            outcome=self.outcome,
            log=Log.of(np.array(self.told, np.int64).reshape(-1, 5)),
        )
