"""One run of the reference engine: its clock, what was written down, and the tables of the case.

The first chapter. SimPy turns the clock in ``reference.py``; here is only what the other chapters ask of
it: that something happens at an instant, in its turn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from twin.case import Case, Schedule
from twin.engine.reference_lists import Lists
from twin.engine.reference_service import Service
from twin.engine.reference_supplies import Supplies
from twin.engine.reference_words import Stay, all_tasks
from twin.trace import UNSET, Kind, Log, Outcome, Trace
from twin.units import minutes
from twin.workload import NONE, Workload, number_steps

#: the order of events at one instant
CALENDAR, ENDS, STOPS, ARRIVALS, BOOKINGS, SERVICE, GOING, ORDERS, GUARDS = range(9)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn, as plain lists: this engine looks at one number at a time."""

    key: list[int]
    patient_class: list[int]
    arrival: list[int]
    first: list[int]
    tray: list[int]
    step: list[int]
    duration: list[int]
    wall: list[int]
    patience: list[int]

    @classmethod
    def of(cls, workload: Workload) -> Drawn:
        """The columns of a workload."""
        return cls(**{column.name: getattr(workload, column.name).tolist() for column in fields(cls)})


class Run(ABC):
    """One run: its clock, what was written down, and the tables of the case."""

    now = 0  # the present instant [ms]

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        self.hospital, self.workload, self.schedule = case.hospital, workload, schedule
        self.drawn = Drawn.of(workload)
        self.end = workload.end
        self.classes = tuple(self.hospital.classes)
        self.named_classes = tuple(self.hospital.classes.items())
        self.places = tuple(self.hospital.everywhere)
        #: a place as the trace and the log write it
        self.place_numbers: dict[str | None, int] = {None: NONE}
        self.place_numbers |= {name: number for number, name in enumerate(self.places)}
        self.group_numbers = {name: number for number, name in enumerate(self.hospital.staff)}
        self.turnaround = {p: minutes(e.turnaround_minutes) for p, e in self.hospital.everywhere.items()}
        level = {p: int(schedule.levels[p].values[0]) for p in (*self.places, *self.group_numbers)}
        self.service = Service(self.hospital, level)
        self.line = self.service.line
        self.supplies = Supplies(case, workload)
        self.lists = Lists(self.hospital, workload, schedule)
        self.tasks = all_tasks(case, self.supplies)
        self.kits_asked: list[Stay] = []  # since the last round
        self.called: set[int] = set()  # whose turn will come at this instant
        self.write_nothing_yet()

    # ---- the clock -----------------------------------------------------------------------------

    @abstractmethod
    def at(self, when: int, turn: int, do: Callable[..., Any], *what: Any) -> None:
        """Something will happen at an instant, in its turn among all that happens then."""

    @abstractmethod
    def make_a_round(self) -> None:
        """The bed manager's round."""

    @abstractmethod
    def call(self, turn: int, do: Callable[[], None]) -> None:
        """Call somebody for this instant, whose turn it is alone; once, however many ask for it."""

    def call_a_round(self) -> None:
        """The bed manager makes a round when all of this instant is settled, if there is anybody to ask."""
        if SERVICE not in self.called and (self.line.to_ask or self.line.keepers or self.kits_asked):
            self.call(SERVICE, self.make_a_round)

    # ---- what is written down ------------------------------------------------------------------

    def write_nothing_yet(self) -> None:
        """The columns of the trace before anything has happened."""
        rows, patients = self.workload.step.size, self.workload.patients
        self.place = array("i", [NONE]) * rows
        self.requested, self.started, self.ended, self.left = (array("q", [UNSET]) * rows for _ in range(4))
        self.came = array("q", [UNSET]) * patients
        self.outcome = array("b", [Outcome.OPEN]) * patients
        self.told: list[tuple[int, int, int, int, int]] = []

    def tell(self, kind: Kind, who: int, what: int, n: int = 0, at: int | None = None) -> None:
        """Write a line of the log."""
        self.told.append((self.now if at is None else at, int(kind), who, what, n))

    def trace(self, *, exchanges: int, stopped_at: int | None) -> Trace:
        """All that was written down."""
        return Trace(
            workload=self.workload,
            schedule=self.schedule,
            places=self.places,
            steps=number_steps(self.hospital),
            classes=self.classes,
            place=np.array(self.place, np.int32),
            requested=np.array(self.requested, np.int64),
            started=np.array(self.started, np.int64),
            ended=np.array(self.ended, np.int64),
            left=np.array(self.left, np.int64),
            exchanges=exchanges,
            engine="reference",
            stopped_at=stopped_at,
            came=np.array(self.came, np.int64),
            outcome=np.array(self.outcome, np.int8),
            log=Log.of(np.array(self.told, np.int64).reshape(-1, 5)),
        )
