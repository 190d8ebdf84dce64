"""The reference engine: the rules of patient flow, written in SimPy to be read.

Every patient is a process: ask for a place and its people, wait, stay, go on. At each instant
the house first *settles* (levels change, stays and turnarounds end, patients join lines) and then
*serves*: the bed manager takes the waiting in order and starts whoever can start, until none can.

Order of service: priority; a ward's own patients before outliers; waiting since; key. A request
starts when its place and its whole bundle of people are free, all taken at once; one that cannot
start is passed over and reserves nothing.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import simpy

from twin.case import Case, Schedule
from twin.engine.rules import MOST_WAITING, stay_shifts
from twin.hospital.pathway import Step
from twin.trace import UNSET, Trace
from twin.units import hours, minutes
from twin.workload import ARRIVES, IN_STEP, NONE, Workload, number_steps

#: the bed manager's round comes after everything else that happens at the same instant
_AFTER_ALL = 9


#: order of service: priority, outlier, waiting since, key, place in the step's list
Order = tuple[int, bool, int, int, int]


@dataclass(eq=False)
class Patient:
    """Somebody on the way through the house."""

    key: int
    rows: range
    held: str | None = None


@dataclass(eq=False)
class Request:
    """A patient who asks for a step: where it may happen and from when."""

    patient: Patient
    row: int
    step: Step
    since: int
    started: simpy.Event
    lines: list[Order] = field(default_factory=list)


class House:
    """The house during one run: what is used, who waits, what was written down."""

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        self.hospital, self.workload, self.schedule = case.hospital, workload, schedule
        self.env = simpy.Environment()
        self.numbers = number_steps(self.hospital)
        self.places = tuple(self.hospital.everywhere)
        self.turnaround = {p: minutes(e.turnaround_minutes) for p, e in self.hospital.everywhere.items()}
        self.steps = [self.hospital.pathways[k.pathway].steps[k.index] for k in self.numbers]
        self.priorities = [
            step.priority or self.hospital.classes[key.patient_class].priority
            for key, step in zip(self.numbers, self.steps, strict=True)
        ]
        self.shifts = stay_shifts(self.hospital, self.numbers)
        self.level = {name: int(level.values[0]) for name, level in schedule.levels.items()}
        self.used = dict.fromkeys(self.level, 0)
        self.choices = [tuple((a.place, hours(a.after_hours)) for a in s.alternatives()) for s in self.steps]
        self.line: list[tuple[Order, Request, str | None]] = []
        self.waiting = self.keepers = 0
        self.round_is_due = False
        self.exchanges = 0
        self.stopped_at: int | None = None
        rows = workload.step.size
        self.place = np.full(rows, NONE, np.int32)
        self.requested, self.started, self.ended, self.left = (
            np.full(rows, UNSET, np.int64) for _ in range(4)
        )

    # ---- what happens by itself ------------------------------------------------------------

    def run(self) -> None:
        """Play the whole run."""
        self.env.process(self.change_levels())
        self.env.process(self.admit_arrivals())
        self.env.run(until=self.workload.end)

    def change_levels(self) -> Iterator[simpy.Event]:
        """Beds open and close, people come on duty and go, as the schedule says."""
        changes = sorted(
            (int(t), name, int(v))
            for name, level in self.schedule.levels.items()
            for t, v in zip(level.times, level.values, strict=True)
            if t > 0
        )
        for at, name, value in changes:
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            self.level[name] = value
            self.call_a_round()

    def admit_arrivals(self) -> Iterator[simpy.Event]:
        """Patients come in the order of the workload; those already there begin where they are."""
        work = self.workload
        for i in range(work.patients):
            rows = range(int(work.first[i]), int(work.first[i + 1]))
            patient = Patient(int(work.key[i]), rows)
            if work.held[i] != NONE:
                patient.held = self.places[work.held[i]]
                self.used[patient.held] += 1
            arrival = int(work.arrival[i])
            if arrival > self.env.now:
                yield self.env.timeout(arrival - self.env.now)
            self.env.process(self.visit(patient, int(work.origin[i]), int(work.since[i])))

    def visit(self, patient: Patient, origin: int, since: int) -> Iterator[simpy.Event]:
        """One patient's way through the house."""
        for row in patient.rows:
            step = self.steps[self.workload.step[row]]
            if row == patient.rows[0] and origin == IN_STEP:
                self.find_in_step(patient, row, step, since)
            else:
                asked = int(self.env.now) if origin == ARRIVES or row != patient.rows[0] else since
                yield self.ask(patient, row, step, asked).started
            yield self.env.timeout(self.end_of(row) - self.env.now)
            self.finish(patient, row, step, goes_on=row != patient.rows[-1])

    # ---- asking, starting, finishing -------------------------------------------------------

    def ask(self, patient: Patient, row: int, step: Step, since: int) -> Request:
        """Join the line of every place that may be taken now; later ones after their minimum wait."""
        request = Request(patient, row, step, since, self.env.event())
        self.requested[row] = since
        self.waiting += 1
        self.keepers += patient.held is not None
        for number, (place, after) in enumerate(self.choices[self.workload.step[row]]):
            if since + after <= self.env.now:
                self.join(request, number, place)
            else:
                self.env.process(self.join_later(request, number, place, since + after))
        if not step.places:
            self.join(request, 0, None)
        return request

    def join_later(self, request: Request, number: int, place: str, opens: int) -> Iterator[simpy.Event]:
        """Join another ward's line when the minimum wait is over, if still waiting."""
        yield self.env.timeout(opens - self.env.now)
        if not request.started.triggered:
            self.join(request, number, place)

    def join(self, request: Request, number: int, place: str | None) -> None:
        """Stand in line in the order of service."""
        priority = self.priorities[self.workload.step[request.row]]
        order = (priority, number > 0, request.since, request.patient.key, number)
        request.lines.append(order)
        insort(self.line, (order, request, place), key=_order)
        self.call_a_round()

    def can_start(self, place: str | None, step: Step) -> bool:
        """The place and the whole bundle are free."""
        return (place is None or self.used[place] < self.level[place]) and self.people_free(step)

    def people_free(self, step: Step) -> bool:
        """The whole bundle is free."""
        for group, n in step.staff.items():
            if self.used[group] + n > self.level[group]:
                return False
        return True

    def start(self, request: Request, place: str | None, *, swap: bool = False) -> bool:
        """Take the place and the people at once; give up the place kept. True if that freed a place."""
        patient, row, now = request.patient, request.row, int(self.env.now)
        for order in request.lines:
            del self.line[bisect_left(self.line, order, key=_order)]
        self.waiting -= 1
        self.keepers -= patient.held is not None
        for group, n in request.step.staff.items():
            self.used[group] += n
        freed = False
        if request.step.in_place:
            place = patient.held
            self.leave_step_before(patient, row, now)
        else:
            if place is not None:
                self.used[place] += 1
            if patient.held is not None:
                self.leave_step_before(patient, row, now)
                freed = self.vacate(patient.held, cleaned=swap)
            patient.held = place
        self.started[row] = now
        self.place[row] = NONE if place is None else self.places.index(place)
        request.started.succeed()
        return freed

    def leave_step_before(self, patient: Patient, row: int, now: int) -> None:
        """Write down when the place of the step before was given up (unless before this run)."""
        if row != patient.rows[0]:
            self.left[row - 1] = now

    def find_in_step(self, patient: Patient, row: int, step: Step, since: int) -> None:
        """A patient who is in this step when the run begins; people at work stay at work."""
        for group, n in step.staff.items():
            self.used[group] += n
        self.requested[row] = self.started[row] = since
        self.place[row] = NONE if patient.held is None else self.places.index(patient.held)

    def end_of(self, row: int) -> int:
        """When the step ends: after its length or, for a discharge, at its hour of that day."""
        now, number = int(self.env.now), self.workload.step[row]
        end, wall = now + int(self.workload.duration[row]), int(self.workload.wall[row])
        if wall == NONE:
            return end
        clock = self.workload.clock
        shifted = max(end + self.shifts[number], 0)
        day = int(np.searchsorted(clock.day_starts, shifted, side="right")) - 1
        while day < clock.days:
            hour = int(clock.instant(np.asarray(day), np.asarray(wall)))
            if hour > now:
                return hour
            day += 1
        return max(end, self.workload.end)

    def finish(self, patient: Patient, row: int, step: Step, *, goes_on: bool) -> None:
        """Free the people; free the place unless the patient keeps it while waiting for the next."""
        now = int(self.env.now)
        self.ended[row] = now
        for group, n in step.staff.items():
            self.used[group] -= n
        if not (goes_on and step.keeps_place and patient.held is not None):
            self.left[row] = now
            if patient.held is not None:
                self.vacate(patient.held)
                patient.held = None
        self.call_a_round()

    def vacate(self, place: str, *, cleaned: bool = False) -> bool:
        """Give up one unit of a place, after its turnaround. True if it is free at once."""
        if cleaned or self.turnaround[place] == 0:
            self.used[place] -= 1
            return True
        self.env.process(self.turn_around(place))
        return False

    def turn_around(self, place: str) -> Iterator[simpy.Event]:
        """Clean the bed; it counts as used until it is ready."""
        yield self.env.timeout(self.turnaround[place])
        self.used[place] -= 1
        self.call_a_round()

    # ---- the bed manager's round -----------------------------------------------------------

    def call_a_round(self) -> None:
        """One round an instant, after everything else that happens then."""
        if not self.round_is_due:
            self.round_is_due = True
            event = self.env.event()
            event._ok, event._value = True, None
            event.callbacks.append(self.make_a_round)
            self.env.schedule(event, priority=_AFTER_ALL)

    def make_a_round(self, _: Any) -> None:
        """Serve until nobody can start, then resolve circles, until nothing moves."""
        self.round_is_due = False
        self.serve()
        while self.keepers > 1 and self.exchange():
            self.serve()
        if self.waiting > MOST_WAITING:
            self.stopped_at = int(self.env.now)
            raise simpy.core.StopSimulation("too many wait")

    def serve(self) -> None:
        """Start by order until none can.

        A start only takes, so those already passed over still cannot start, unless the one who
        started gave up a place: then the round begins again at the top.
        """
        i = 0
        while i < len(self.line):
            order, request, place = self.line[i]
            if not self.can_start(place, request.step):
                i += 1
            elif self.start(request, place):
                i = 0
            else:
                i = bisect_left(self.line, order, key=_order)

    def exchange(self) -> bool:
        """Patients who keep full places and wait in a circle swap them at once.

        The first keeper in order who closes a circle moves, with the shortest circle back to him.
        A swap needs no turnaround (assumed: the same team makes the beds as the patients move).
        """
        edges: dict[tuple[str, str], Request] = {}
        for _, request, place in self.line:
            held = request.patient.held
            if held is not None and place is not None and place != held and self.people_free(request.step):
                edges.setdefault((held, place), request)
        for first in edges:
            circle = _shortest_circle(first, list(edges))
            if circle and self.people_free_for([edges[edge] for edge in circle]):
                for edge in circle:
                    self.start(edges[edge], edge[1], swap=True)
                self.exchanges += 1
                return True
        return False

    def people_free_for(self, requests: list[Request]) -> bool:
        """The bundles of all of them together are free."""
        need: dict[str, int] = {}
        for request in requests:
            for group, n in request.step.staff.items():
                need[group] = need.get(group, 0) + n
        return all(self.used[group] + n <= self.level[group] for group, n in need.items())


_order = itemgetter(0)


def _shortest_circle(first: tuple[str, str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
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


def simulate_reference(case: Case, workload: Workload, schedule: Schedule) -> Trace:
    """Play one replication with the reference engine."""
    house = House(case, workload, schedule)
    house.run()
    return Trace(
        workload=workload,
        schedule=schedule,
        places=house.places,
        steps=house.numbers,
        classes=tuple(case.hospital.classes),
        place=house.place,
        requested=house.requested,
        started=house.started,
        ended=house.ended,
        left=house.left,
        exchanges=house.exchanges,
        engine="reference",
        stopped_at=house.stopped_at,
    )
