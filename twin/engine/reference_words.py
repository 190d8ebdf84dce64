"""The words of the reference engine: a task, a patient, a stay, and the line of those who wait.

A *task* is a step of one class with what its tables say. A *stay* is one patient at one task: asked
for, begun, perhaps stopped and resumed, over. An *entry* is a stay's place in the line for one place.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from operator import attrgetter
from typing import Any, NamedTuple

from twin.case import Case
from twin.engine.reference_supplies import Stock, Supplies
from twin.engine.rules import stay_shifts
from twin.hospital.pathway import Pathway, PatientClass, Step
from twin.units import hours
from twin.workload import StepKey, number_steps

#: order of service: priority; rank (0 in the first place of the list); waiting since; key; place in the list
Order = tuple[int, int, int, int, int]


class Promise(NamedTuple):
    """A unit of a place that is kept for a later step."""

    place: str
    number: int  # of the step that will start there; -1 where none of the patient's steps will


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """A step of one class, with what its tables say. Times in ms."""

    number: int
    step: Step
    patient_class: PatientClass
    priority: int
    ages: tuple[tuple[int, int], ...]  # (waited so long, priority from then on)
    choices: tuple[tuple[str, int], ...]  # (place, minimum wait) in order of the list
    contents: tuple[tuple[Stock, int], ...]  # of its kit
    promises: Promise | None  # what `needs_next` promises
    lounge: tuple[str, int] | None  # (place, so long before the end)
    shift: int  # of the drawn end of a discharge
    is_limited: bool  # the `limit_step` of its class

    @property
    def first_place(self) -> str | None:
        """The first place of its list."""
        return self.choices[0][0] if self.choices else None

    def priority_at(self, asked: int, now: int) -> int:
        """The better of the priority and what it has aged to: it never gets worse."""
        if not self.ages:
            return self.priority
        return min([self.priority, *(aged for after, aged in self.ages if asked + after <= now)])


def all_tasks(case: Case, supplies: Supplies) -> list[Task]:
    """All tasks, by their number in the workload."""
    hospital = case.hospital
    keys = number_steps(hospital)
    numbers = {(key.patient_class, key.name): number for number, key in enumerate(keys)}
    shifts = stay_shifts(hospital, keys)
    tasks = []
    for number, key in enumerate(keys):
        pathway, patient_class = hospital.pathways[key.pathway], hospital.classes[key.patient_class]
        step = pathway.steps[key.index]
        booking = patient_class.booking
        tasks.append(
            Task(
                number=number,
                step=step,
                patient_class=patient_class,
                priority=step.priority or patient_class.priority,
                ages=()
                if step.priority
                else tuple((hours(a.after_hours), a.priority) for a in patient_class.ages),
                choices=tuple((a.place, hours(a.after_hours)) for a in step.alternatives()),
                contents=supplies.contents_of(step.kit),
                promises=_promise(pathway, step, key, numbers),
                lounge=(step.lounge.place, hours(step.lounge.hours)) if step.lounge else None,
                shift=shifts[number],
                is_limited=booking is not None and booking.limit_step == step.name,
            )
        )
    return tasks


def _promise(
    pathway: Pathway, step: Step, key: StepKey, numbers: dict[tuple[str, str], int]
) -> Promise | None:
    """The first place of the step that `needs_next` names."""
    for later in pathway.steps:
        if later.name == step.needs_next and later.places:
            place = later.alternatives()[0].place
            return Promise(place, numbers[key.patient_class, later.name])
    return None


@dataclass(eq=False, slots=True)
class Patient:
    """Somebody on the way through the house (or a tray on its way through SPD)."""

    number: int  # in the workload
    key: int
    class_name: str
    patient_class: PatientClass
    rows: range
    listed: int  # first date on the list [ms]
    held: str | None = None  # the place he is in, or keeps
    promise: Promise | None = None
    last_row: int | None = None  # the last that started
    sitting: int | None = None  # booked in
    limit: int | None = None  # of that sitting [ms]


class State(IntEnum):
    """Where a stay stands."""

    WAITS = 1  # for its first start
    GOES_ON = 2
    STOPPED = 3  # and waits to resume
    OVER = 4  # ended, skipped, left or cancelled


@dataclass(eq=False, slots=True)
class Stay:
    """One patient at one task: asked for, begun, perhaps stopped and resumed, over."""

    patient: Patient
    row: int
    task: Task
    asked: int
    over: Any  # a SimPy event; its value says whether the patient goes on to the next row
    state: State = State.WAITS
    entries: list[Entry] = field(default_factory=list)  # in line, in order of the step's list
    turn: int = 0  # counts starts and stops: what was planned before the last of them is void
    started: int = 0  # the last start or resumption
    end: int = 0
    left: int = 0  # what is left of it when stopped
    took: str | None = None  # the place that this step took itself
    own: dict[str, int] = field(default_factory=dict)  # people of each group itself
    lent: dict[str, int] = field(default_factory=dict)  # people who stand in, by their float pool

    def priority_at(self, now: int) -> int:
        """Priority as it is now."""
        return self.task.priority_at(self.asked, now)


#: those in one queue would take the same, so the first of them speaks for all: the task, the place, whether
#: for a start, a resumption or a transfer, and whether something is promised
Queue = tuple[int, str | None, State, bool]


@dataclass(eq=False, slots=True)
class Entry:
    """A stay's place in line: for a unit of a place, or (None) for its people and kit alone."""

    order: Order
    stay: Stay
    place: str | None
    queue: Queue
    moves: bool = False  # a transfer: the stay goes on elsewhere


_order = attrgetter("order")


class Line:
    """All who wait, in the order of service: a queue for each thing to wait for."""

    def __init__(self) -> None:
        self.queues: dict[Queue, list[Entry]] = {}
        #: of them, those who keep a place and wait for the first start elsewhere, by the place kept
        self.keepers: dict[tuple[str, Queue], list[Entry]] = {}
        self.holders: list[Entry] = []  # those who hold the line

    def join(self, entry: Entry) -> None:
        """Stand in line by the order."""
        entry.stay.entries.append(entry)
        insort(self.queues.setdefault(entry.queue, []), entry, key=_order)
        kept = self.kept(entry)
        if kept is not None:
            insort(self.keepers.setdefault((kept, entry.queue), []), entry, key=_order)
        if entry.stay.task.step.holds_the_line and not entry.moves:
            insort(self.holders, entry, key=_order)

    def leave(self, entry: Entry) -> None:
        """Stand in this line no longer."""
        entry.stay.entries.remove(entry)
        _take_out(self.queues, entry.queue, entry)
        kept = self.kept(entry)
        if kept is not None:
            _take_out(self.keepers, (kept, entry.queue), entry)
        if entry.stay.task.step.holds_the_line and not entry.moves:
            self.holders.remove(entry)

    def kept(self, entry: Entry) -> str | None:
        """The place that one keeps who waits for the first start elsewhere."""
        held = entry.stay.patient.held
        waits_elsewhere = entry.place is not None and entry.place != held and entry.queue[2] is State.WAITS
        return held if waits_elsewhere else None

    def heads(self, passed: set[Queue]) -> list[Entry]:
        """The first of each queue, in the order of service; of those in ``passed`` nobody can start."""
        return sorted((q[0] for key, q in self.queues.items() if key not in passed), key=_order)


def _take_out(queues: dict[Any, list[Entry]], key: Any, entry: Entry) -> None:
    queue = queues[key]
    del queue[bisect_left(queue, entry.order, key=_order)]
    if not queue:
        del queues[key]


def shortest_circle(first: tuple[str, str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Edges (held, wanted) from ``first`` back to the place it holds; empty if there is no way."""
    came_by = {first[1]: first}
    queue = deque([first[1]])
    while queue:
        here = queue.popleft()
        for edge in edges:
            if edge[0] == here and edge[1] not in came_by:
                came_by[edge[1]] = edge
                queue.append(edge[1])
        if first[0] in came_by:
            circle = [came_by[first[0]]]
            while circle[-1] != first:
                circle.append(came_by[circle[-1][0]])
            return circle[::-1]
    return []
