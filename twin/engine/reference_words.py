"""The words of the reference engine: a task, a patient, a stay, and the line of those who wait.

A *task* is a step of one class with what its tables say. A *stay* is one patient at one task: asked
for, begun, perhaps stopped and resumed, over. An *entry* is a stay's place in the line for one place.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from twin.case import Case
from twin.engine.reference_supplies import Stock, Supplies
from twin.engine.rules import stay_shifts
from twin.hospital import Hospital
from twin.hospital.pathway import Pathway, PatientClass, Step
from twin.trace import UNSET
from twin.units import hours
from twin.workload import StepKey, number_steps

#: order of service: priority; rank (0 in the first place of the list); waiting since; key; place in the list
Order = tuple[int, int, int, int, int]


class Promise(NamedTuple):
    """A unit of a place that is kept for a later step."""

    place: str
    number: int  # of the step that will start there; -1 where none of the patient's steps will


@dataclass(eq=False, slots=True)
class Bundle:
    """The people that a step takes, or would take now."""

    own: dict[str, int]  # of each group itself
    lent: dict[str, int]  # by group, from its float pool
    short: set[str]  # groups and pools without enough people


NOBODY = Bundle({}, {}, set())


@dataclass(frozen=True, eq=False, slots=True)
class Task:
    """A step of one class, with what its tables say, looked up once. Times in ms."""

    number: int
    step: Step
    patient_class: PatientClass
    priority: int
    ages: tuple[tuple[int, int], ...]  # (waited so long, priority from then on)
    choices: tuple[tuple[str, int], ...]  # (place, minimum wait) in order of the list
    first_place: str | None  # of the list
    staff: dict[str, int]  # people of each group
    people: Bundle | None  # the same, where no group of them has a float pool
    contents: tuple[tuple[Stock, int], ...]  # of its kit
    promises: Promise | None  # what `needs_next` promises
    lounge: tuple[str, int] | None  # (place, so long before the end)
    shift: int  # of the drawn end of a discharge
    is_limited: bool  # the `limit_step` of its class
    in_place: bool
    keeps_place: bool
    repatriates: bool
    may_move: bool  # there are transfers for it
    holds_the_line: bool
    preempts: bool
    may_not_wait: bool  # `if_full` says other than to wait

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
        choices = tuple((a.place, hours(a.after_hours)) for a in step.alternatives())
        tasks.append(
            Task(
                number=number,
                step=step,
                patient_class=patient_class,
                priority=step.priority or patient_class.priority,
                ages=()
                if step.priority
                else tuple((hours(a.after_hours), a.priority) for a in patient_class.ages),
                choices=choices,
                first_place=choices[0][0] if choices else None,
                staff=dict(step.staff),
                people=_people(hospital, step),
                contents=supplies.contents_of(step.kit),
                promises=_promise(pathway, step, key, numbers),
                lounge=(step.lounge.place, hours(step.lounge.hours)) if step.lounge else None,
                shift=shifts[number],
                is_limited=booking is not None and booking.limit_step == step.name,
                in_place=step.in_place,
                keeps_place=step.keeps_place,
                repatriates=step.repatriates,
                may_move=step.repatriates or step.lounge is not None,
                holds_the_line=step.holds_the_line,
                preempts=patient_class.preempts,
                may_not_wait=step.if_full != "waits",
            )
        )
    return tasks


def _people(hospital: Hospital, step: Step) -> Bundle | None:
    """The people whom the step always takes; nothing where that depends on who is there."""
    if any(hospital.staff[group].float_pool for group in step.staff):
        return None
    return Bundle(dict(step.staff), {}, set()) if step.staff else NOBODY


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


class State:
    """Where a stay stands: waits for its first start; goes on; stopped, and waits to resume; over."""

    WAITS, GOES_ON, STOPPED, OVER = range(4)


@dataclass(eq=False, slots=True)
class Stay:
    """One patient at one task: asked for, begun, perhaps stopped and resumed, over."""

    patient: Patient
    row: int
    task: Task
    asked: int
    state: int = State.WAITS
    entries: list[Entry] = field(default_factory=list)  # in line, in order of the step's list
    turn: int = 0  # counts starts and stops: what was planned before the last of them is void
    took: str | None = None  # the place that this step took itself
    people: Bundle = NOBODY  # who are at work for it
    started: int = UNSET  # the last start or resumption
    end: int = UNSET
    left: int = UNSET  # what is left of it when stopped

    def priority_at(self, now: int) -> int:
        """Priority as it is now."""
        return self.task.priority_at(self.asked, now)


@dataclass(eq=False, slots=True)
class Entry:
    """A stay's place in line: for a unit of a place, or (None) for its people and kit alone."""

    order: Order
    stay: Stay
    place: str | None
    queue: Queue
    moves: bool = False  # a transfer: the stay goes on elsewhere
    kept: str | None = None  # the place that one keeps who waits for the first start elsewhere


@dataclass(eq=False, slots=True)
class Queue:
    """Those who wait for the same and would take the same, in order: the first of them speaks for all."""

    entries: list[Entry]
    always_asked: bool  # more must be there than units of places and people


#: what tells queues apart: the task, the place, whether for a start, a resumption or a transfer, and whether
#: something is promised
QueueKey = tuple[int, str | None, int, bool]

_order = attrgetter("order")


class Line:
    """All who wait, in the order of service: a queue for each thing to wait for.

    Nobody is asked twice in vain: a queue whose first could not start is asked again when somebody joins it
    or when something that it needs may be there (``Service`` knows when).
    """

    def __init__(self) -> None:
        self.queues: dict[QueueKey, Queue] = {}
        self.needing: dict[str, list[Queue]] = defaultdict(list)  # by place and group
        self.to_ask: dict[Queue, None] = {}
        #: those who keep a place and wait for the first start elsewhere, by the place kept
        self.keepers: dict[tuple[str, Queue], list[Entry]] = {}
        self.holders: list[Entry] = []  # those who hold the line

    def add_queue(self, key: QueueKey, needs: Iterable[str], *, always_asked: bool) -> Queue:
        """A new queue, of those who need units of these places and people of these groups."""
        queue = self.queues[key] = Queue([], always_asked)
        for name in needs:
            self.needing[name].append(queue)
        return queue

    def join(self, entry: Entry) -> None:
        """Stand in line by the order."""
        queue, stay = entry.queue, entry.stay
        stay.entries.append(entry)
        self.to_ask[queue] = None
        _put_in(queue.entries, entry)
        if entry.kept is not None:
            _put_in(self.keepers.setdefault((entry.kept, queue), []), entry)
        if stay.task.holds_the_line and not entry.moves:
            _put_in(self.holders, entry)

    def leave(self, entry: Entry) -> None:
        """Stand in this line no longer."""
        queue, stay = entry.queue, entry.stay
        stay.entries.remove(entry)
        _take_out(queue.entries, entry)
        if not queue.entries:
            self.to_ask.pop(queue, None)
        if entry.kept is not None:
            keepers = self.keepers[entry.kept, queue]
            _take_out(keepers, entry)
            if not keepers:
                del self.keepers[entry.kept, queue]
        if stay.task.holds_the_line and not entry.moves:
            self.holders.remove(entry)
            self.ask_all_again()

    def ask_again(self, name: str) -> None:
        """A unit of a place or somebody of a group may be there for those who need it."""
        for queue in self.needing.get(name, ()):
            if queue.entries:
                self.to_ask[queue] = None

    def ask_all_again(self) -> None:
        """Something changed for all."""
        self.to_ask = {queue: None for queue in self.queues.values() if queue.entries}

    def asked_in_vain(self, queue: Queue) -> None:
        """The first of a queue cannot start as things are."""
        if not (queue.always_asked or self.holders):
            del self.to_ask[queue]

    def heads(self) -> list[Entry]:
        """The first of each queue that may start, in the order of service."""
        if self.holders:
            self.ask_all_again()
        heads = [queue.entries[0] for queue in self.to_ask]
        if len(heads) > 1:
            heads.sort(key=_order)
        return heads


def _put_in(entries: list[Entry], entry: Entry) -> None:
    if not entries or entries[-1].order < entry.order:
        entries.append(entry)
    else:
        insort(entries, entry, key=_order)


def _take_out(entries: list[Entry], entry: Entry) -> None:
    del entries[0 if entries[0] is entry else bisect_left(entries, entry.order, key=_order)]


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
