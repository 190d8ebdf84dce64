"""The reference engine: the rules of patient flow, written in SimPy to be read.

Every patient is a process: ask for a step, wait, stay, go on. At each instant the house first *settles*
(levels change, stays and turnarounds end, patients come and ask) and then *serves*: the bed manager takes
the waiting in the order of service and starts whoever can start, until none can. Then those go who do not
wait. The rules are told in words in README.md; here each is a small method in the same words.

Beside this file: ``reference_words`` (patient, stay, line), ``reference_service`` (who can start),
``reference_supplies`` (kits and orders) and ``reference_lists`` (lists and sittings). They look and
count; whatever happens to somebody, and when, happens here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import simpy

from twin.case import Case, Schedule
from twin.engine.reference_lists import Lists
from twin.engine.reference_service import Service
from twin.engine.reference_supplies import Batch, Stock, Supplies
from twin.engine.reference_words import Entry, Patient, Promise, Queue, State, Stay, all_tasks
from twin.engine.rules import MORE_STARTS, MOST_STARTS_A_ROW, MOST_WAITING, TRANSFER, review_instants
from twin.trace import UNSET, Kind, Log, Outcome, Trace
from twin.units import minutes
from twin.workload import (
    ARRIVES,
    BOOKED,
    HOUSE_LEFT,
    IN_STEP,
    LISTED,
    NONE,
    ON_CUE,
    PLACE_LEFT,
    STEP_ENDED,
    STOPPED,
    Workload,
    number_steps,
)

#: the order of events at one instant, as SimPy's priorities; SimPy's own work (0 and 1) comes before
CALENDAR, ENDS, STOPS, ARRIVALS, BOOKINGS, SERVICE, GOING, ORDERS, GUARDS = range(2, 11)


class Moment(simpy.Event):
    """An instant, and the turn at it."""

    def __init__(self, env: simpy.Environment, at: int, turn: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, turn, at - env.now)


class House:
    """The house during one run: who is where, who waits, what was written down."""

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        self.hospital, self.workload, self.schedule = case.hospital, workload, schedule
        self.env = simpy.Environment()
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
        self.cues: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for row, kind, who, gap in zip(
            workload.cue_row, workload.cue_kind, workload.cue_patient, workload.cue_gap, strict=True
        ):
            self.cues[int(row), int(kind)].append((int(who), int(gap)))
        self.waiting: dict[Stay, None] = {}  # for the first start, or to resume
        self.kits_asked: list[Stay] = []  # since the last round
        self.may_go: dict[Stay, None] = {}  # whom 5 looks at, of the instant ...
        self.may_go_at = -1
        self.fallen: set[str] = set()  # places and groups that stop work, and whose level fell now
        self.moved: dict[Stock, None] = {}  # items whose position changed at this instant
        self.due: set[tuple[int, int]] = set()  # (instant, turn) that somebody was called for
        self.starts = self.exchanges = 0
        self.stopped_at: int | None = None
        self.write_nothing_yet()

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

    @property
    def now(self) -> int:
        """The present instant. [ms]"""
        return int(self.env.now)

    def at(self, when: int, turn: int, do: Callable[..., Any], *what: Any) -> None:
        """Something will happen at an instant, in its turn among all that happens then."""
        if when < self.end:  # nothing that falls on the end happens
            moment = Moment(self.env, when, turn)
            moment.callbacks.append(lambda _: do(*what))

    def call(self, turn: int, do: Callable[[], None]) -> None:
        """Call somebody for this instant; once, however many ask for it."""
        if (self.now, turn) not in self.due:
            self.due.add((self.now, turn))

            def answer() -> None:
                self.due.discard((self.now, turn))
                do()

            self.at(self.now, turn, answer)

    def call_a_round(self) -> None:
        """The bed manager makes a round when all of this instant is settled."""
        self.call(SERVICE, self.make_a_round)

    def tell(self, kind: Kind, who: int, what: int, n: int = 0, at: int | None = None) -> None:
        """Write a line of the log."""
        self.told.append((self.now if at is None else at, int(kind), who, what, n))

    # ---- the run ---------------------------------------------------------------------------

    def run(self) -> None:
        """Play the whole run."""
        self.find_the_house()
        self.env.process(self.change_levels())
        self.env.process(self.admit_arrivals())
        self.plan_sittings()
        self.plan_reviews()
        self.call_a_round()
        self.env.run(until=self.end)

    def change_levels(self) -> Iterator[simpy.Event]:
        """Beds open and close, people come on duty and go, as the schedule says."""
        changes = sorted(
            (int(t), name, int(v))
            for name in self.service.level
            for t, v in zip(self.schedule.levels[name].times, self.schedule.levels[name].values, strict=True)
            if t > 0
        )
        for at, name, value in changes:
            if at > self.now:
                yield Moment(self.env, at, CALENDAR)
            if value < self.service.level[name]:
                self.fall(name)
            self.service.level[name] = value
            self.call_a_round()

    def admit_arrivals(self) -> Iterator[simpy.Event]:
        """Patients come in the order of the workload."""
        work = self.workload
        for i in np.flatnonzero(work.origin == ARRIVES):
            arrival = max(int(work.arrival[i]), 0)
            if arrival > self.now:
                yield Moment(self.env, arrival, ARRIVALS)
            self.arrive(self.patient(int(i)))

    def patient(self, i: int) -> Patient:
        """The patient in row i of the workload."""
        work = self.workload
        name = self.classes[work.patient_class[i]]
        return Patient(
            number=i,
            key=int(work.key[i]),
            class_name=name,
            patient_class=self.hospital.classes[name],
            rows=range(int(work.first[i]), int(work.first[i + 1])),
            listed=int(work.arrival[i]),
        )

    def arrive(self, patient: Patient) -> None:
        """A patient comes to the house or, of a class that is booked, joins the list."""
        if patient.patient_class.booking is None:
            self.come(patient)
        else:
            patient.listed = min(patient.listed, self.now)
            self.lists.join(patient)

    def come(self, patient: Patient) -> None:
        """A patient comes to the house."""
        self.came[patient.number] = self.now
        self.env.process(self.visit(patient))

    def visit(self, patient: Patient, there: Stay | None = None) -> Iterator[simpy.Event]:
        """One patient's way through the house; ``there`` is the step of one who was there before."""
        for row in patient.rows:
            if there is None:
                yield Moment(self.env, self.now, ARRIVALS)
                there = self.ask(patient, row)
            goes_on = yield there.over
            if not goes_on:
                return
            there = None
        self.leave_house(patient, Outcome.DONE)

    # ---- patients who are there when the run begins ----------------------------------------

    def find_the_house(self) -> None:
        """Everybody and everything that is there: in steps, waiting, listed, booked; cleaning; orders."""
        for i in np.flatnonzero((self.workload.origin != ARRIVES) & (self.workload.origin != ON_CUE)):
            self.find(self.patient(int(i)), int(self.workload.origin[i]))
        for place, until in self.workload.cleaning:
            self.service.used[self.places[place]] += 1
            self.at(max(int(until), 0), ENDS, self.is_ready, self.places[place])
        for stock, units, due in self.supplies.under_way:
            stock.on_order += units
            self.at(due, ENDS, self.deliver, stock, units)
        for stock in self.supplies.stocks.values():
            for batch in stock.batches:
                self.plan_expiry(stock, batch)
        for name, entry in (*self.hospital.everywhere.items(), *self.hospital.staff.items()):
            if entry.on_fall == "stop":
                self.fall(name)

    def find(self, patient: Patient, origin: int) -> None:
        """A patient who is there when the run begins."""
        work, i = self.workload, patient.number
        patient.sitting = self.lists.belongs_to(int(work.session[i]), int(work.appointment[i]))
        self.mind_the_limit(patient)
        if origin == LISTED:
            self.lists.join(patient)
            return
        if origin == BOOKED:
            self.expect(patient, int(work.appointment[i]), earliest=0)
            return
        self.came[i] = int(work.came[i])
        if work.tray[i] != NONE:
            self.supplies.tray(int(work.tray[i])).used += 1
        if work.held[i] != NONE:
            patient.held = self.places[work.held[i]]
            self.service.used[patient.held] += 1
        if work.promised[i] != NONE:
            self.find_promise(patient, self.places[work.promised[i]], begun=origin in (IN_STEP, STOPPED))
        row, since = patient.rows[0], int(work.since[i])
        if origin in (IN_STEP, STOPPED):
            stay = self.find_begun(patient, row, since)
            self.find_stopped(stay) if origin == STOPPED else self.find_in_step(stay)
        else:
            stay = self.wait(patient, row, since)
        self.env.process(self.visit(patient, stay))

    def find_begun(self, patient: Patient, row: int, since: int) -> Stay:
        """A step that began before the run; the trays of its kit are in use."""
        stay = Stay(patient, row, self.tasks[self.workload.step[row]], since, self.env.event())
        for stock, n in stay.task.contents:
            if stock.is_tray:
                stock.used += n
        self.requested[row] = self.started[row] = since
        self.place[row] = NONE if patient.held is None else self.place_numbers[patient.held]
        patient.last_row = row
        self.plan_ageing(stay)
        return stay

    def find_in_step(self, stay: Stay) -> None:
        """A patient who is in a step; people at work stay at work."""
        stay.lent = {
            tuple(self.group_numbers)[group]: int(n)
            for who, group, n in self.workload.pooled
            if who == stay.patient.number
        }
        stay.own = {group: n - stay.lent.get(group, 0) for group, n in stay.task.step.staff.items()}
        self.service.take_people_again(stay)
        stay.took = None if stay.task.step.in_place else stay.patient.held
        self.go_on(stay, self.end_of(stay), started=stay.asked)

    def find_stopped(self, stay: Stay) -> None:
        """A patient who was stopped before the run, and waits to go on."""
        stay.left = int(self.workload.duration[stay.row])
        self.wait_to_resume(stay, keeps_place=stay.patient.held is not None)

    def find_promise(self, patient: Patient, place: str, *, begun: bool) -> None:
        """A promise made before the run: for the first step to come that can be promised that place."""
        number = next(
            (
                int(self.workload.step[row])
                for row in patient.rows[begun:]
                if self.is_promised(patient, int(self.workload.step[row]), place)
            ),
            NONE,
        )
        patient.promise = Promise(place, number)
        self.service.used[place] += 1

    def is_promised(self, patient: Patient, number: int, place: str) -> bool:
        """Whether some step of the patient's way promises this place for this step."""
        return any(
            task.promises == (place, number)
            for task in self.tasks
            if task.patient_class is patient.patient_class
        )

    # ---- asking ----------------------------------------------------------------------------

    def ask(self, patient: Patient, row: int) -> Stay:
        """A patient asks for a step."""
        stay = self.wait(patient, row, self.now)
        if stay.task.contents:
            self.kits_asked.append(stay)
        first = stay.task.first_place
        has_waiting_room = first is not None and self.hospital.everywhere[first].waiting_room is not None
        if stay.task.step.if_full != "waits" or has_waiting_room:
            self.look_whether_he_goes(stay, self.now)
        return stay

    def wait(self, patient: Patient, row: int, since: int) -> Stay:
        """Wait for a step, in the line of every place that may be taken."""
        stay = Stay(patient, row, self.tasks[self.workload.step[row]], since, self.env.event())
        self.requested[row] = since
        self.waiting[stay] = None
        self.want_kit(stay, +1)
        self.give_promise_back(patient, unless_needed_from=row)
        patience = int(self.workload.patience[row])
        if patience != NONE:
            self.look_whether_he_goes(stay, since + patience)
        if stay.task.is_limited and patient.limit is not None:
            self.look_whether_he_goes(stay, patient.limit)
        if not (stay.task.is_limited and patient.limit is not None and since > patient.limit):
            self.join_lines(stay, stay.task.choices)
        self.plan_ageing(stay)
        self.call_a_round()
        return stay

    def join_lines(self, stay: Stay, choices: tuple[tuple[str, int], ...]) -> None:
        """Join the line of each place, from its minimum wait on; or, for no place, one line."""
        promise = stay.patient.promise
        if not choices or (promise is not None and promise.number == stay.task.number):
            self.join(stay, None, 0)
            choices = ()
        for number, (place, after) in enumerate(choices):
            if stay.asked + after <= self.now:
                self.join(stay, place, number)
            else:
                self.at(stay.asked + after, ARRIVALS, self.join_later, stay, place, number, stay.turn)

    def plan_ageing(self, stay: Stay) -> None:
        """At exact instants after asking, the priority becomes better."""
        for after, _ in stay.task.ages:
            if stay.asked + after > self.now:
                self.at(stay.asked + after, ARRIVALS, self.age, stay)

    def join(self, stay: Stay, place: str | None, number: int) -> None:
        """Stand in line in the order of service."""
        order = (stay.priority_at(self.now), int(number > 0), stay.asked, stay.patient.key, number)
        promises = stay.state is State.WAITS and self.service.promise_to_make(stay) is not None
        self.line.join(Entry(order, stay, place, (stay.task.number, place, stay.state, promises)))
        self.call_a_round()

    def join_later(self, stay: Stay, place: str, number: int, turn: int) -> None:
        """Join another place's line when the minimum wait is over, if still waiting."""
        if stay.turn == turn and stay.state is not State.OVER:
            self.join(stay, place, number)

    def age(self, stay: Stay) -> None:
        """The priority of one who waits becomes better, and with it his place in line."""
        if stay.state is State.OVER:
            return
        if stay.state is not State.GOES_ON:
            for entry in tuple(stay.entries):
                self.line.leave(entry)
                entry.order = (stay.priority_at(self.now), *entry.order[1:])
                self.line.join(entry)
        self.call_a_round()

    def wait_no_longer(self, stay: Stay) -> None:
        """Leave all lines: one starts, resumes, or goes."""
        self.leave_lines(stay)
        del self.waiting[stay]
        if stay.state is State.WAITS:
            self.want_kit(stay, -1)

    def leave_lines(self, stay: Stay) -> None:
        """Stand in no line any more."""
        for entry in tuple(stay.entries):
            self.line.leave(entry)
        stay.turn += 1

    # ---- the bed manager's round -----------------------------------------------------------

    def make_a_round(self) -> None:
        """Serve until nobody can start, then resolve circles, until nothing moves."""
        self.judge_misses()
        self.serve()
        while len(self.line.keepers) > 1 and self.exchange():
            self.serve()
        if self.too_many_wait() or self.too_many_starts():
            self.call(GUARDS, self.guard)

    def serve(self) -> None:
        """The first in order who can start, starts; until none can.

        A start only takes, so those already passed over still cannot start, unless the one who
        started gave up a place (or a rule is in force by which taking lets others start): then the
        round begins again at the top.
        """
        passed: set[Queue] = set()
        while self.start_the_first(passed):
            pass

    def start_the_first(self, passed: set[Queue]) -> bool:
        """The first in order who can start, starts. False if nobody can."""
        now = self.now
        for entry in self.line.heads(passed):
            turn = self.service.turn_of(entry, now)
            if turn is None:
                passed.add(entry.queue)
                continue
            if self.start(*turn) or not self.service.starts_only_take:
                passed.clear()
            return True
        return False

    def exchange(self) -> bool:
        """Patients who keep full places and wait in a circle swap them at once, without turnaround."""
        circle = self.service.circle()
        for entry in circle:
            self.begin(entry.stay, entry.place, swaps=True)
        self.exchanges += bool(circle)
        return bool(circle)

    def start(self, entry: Entry, stopped: Stay | None) -> bool:
        """Start, resume or move one whose turn it is. True if that freed a place at once."""
        if stopped is not None:
            self.stop(stopped, keeps_place=False)
        if entry.moves and entry.place is not None:
            return self.move(entry.stay, entry.place)
        if entry.stay.state is State.STOPPED:
            self.resume(entry.stay, entry.place)
            return False
        return self.begin(entry.stay, entry.place)

    # ---- in a step -------------------------------------------------------------------------

    def begin(self, stay: Stay, place: str | None, *, swaps: bool = False) -> bool:
        """Take place, people and kit at once; give up the place kept. True if that freed a place."""
        patient, row, freed = stay.patient, stay.row, False
        self.starts += 1
        self.wait_no_longer(stay)
        self.take_people(stay)
        self.take_kit(stay)
        if stay.task.step.in_place:
            place = patient.held
            self.write_left(patient)
        else:
            place = self.take_place(stay, place)
            if patient.held is not None:
                self.write_left(patient)
                freed = self.vacate(patient.held, swapped=swaps)
            patient.held = stay.took = place
        self.promise_next(stay)
        self.place[row] = NONE if place is None else self.place_numbers[place]
        self.started[row] = self.now
        patient.last_row = row
        self.go_on(stay, self.end_of(stay))
        return freed

    def take_place(self, stay: Stay, place: str | None) -> str | None:
        """Take a unit of the place; of a promised place it is taken already."""
        promise = stay.patient.promise
        if promise is not None and promise.number == stay.task.number:
            stay.patient.promise = None
            return promise.place
        if place is not None:
            self.service.used[place] += 1
        return place

    def take_people(self, stay: Stay) -> None:
        """Take the bundle: of each group what is free of it, the rest from its float pool."""
        bundle = self.service.bundle(stay.task.step.staff)
        stay.own, stay.lent = bundle.own, bundle.lent
        self.service.take_people_again(stay)
        for group, n in stay.lent.items():
            self.tell(Kind.FLOATED, stay.row, self.group_numbers[group], n)

    def promise_next(self, stay: Stay) -> None:
        """Promise the first place of the step that `needs_next` names."""
        promise = self.service.promise_to_make(stay)
        if promise is not None:
            stay.patient.promise = promise
            self.service.used[promise.place] += 1
            self.tell(Kind.PROMISED, stay.row, self.place_numbers[promise.place])

    def give_promise_back(self, patient: Patient, unless_needed_from: int | None = None) -> None:
        """Free the promised place, if its step does not come any more."""
        promise = patient.promise
        if promise is None:
            return
        rows = () if unless_needed_from is None else range(unless_needed_from, patient.rows.stop)
        if all(self.workload.step[row] != promise.number for row in rows):
            patient.promise = None
            self.service.used[promise.place] -= 1
            self.call_a_round()

    def go_on(self, stay: Stay, end: int, *, started: int | None = None) -> None:
        """The step goes on until its end, perhaps elsewhere."""
        stay.state, stay.end = State.GOES_ON, end
        stay.started = self.now if started is None else started
        self.service.stays[stay] = None
        self.at(end, ENDS, self.finish, stay, stay.turn)
        self.wait_for_transfers(stay)

    def end_of(self, stay: Stay) -> int:
        """When the step ends: after its length or, for a discharge, at its hour of that day."""
        now, work = self.now, self.workload
        end, wall = now + int(work.duration[stay.row]), int(work.wall[stay.row])
        if wall == NONE:
            return end
        clock = work.clock
        shifted = max(end + stay.task.shift, 0)
        day = int(np.searchsorted(clock.day_starts, shifted, side="right")) - 1
        while day < clock.days:
            hour = int(clock.instant(np.asarray(day), np.asarray(wall)))
            if hour > now:
                return hour
            day += 1
        return max(end, work.end)

    def finish(self, stay: Stay, turn: int) -> None:
        """Free the people; free the place unless the patient keeps it while waiting for the next."""
        if stay.turn != turn:  # it was stopped meanwhile
            return
        patient, step = stay.patient, stay.task.step
        self.interrupt(stay)
        stay.state = State.OVER
        self.service.give_people_back(stay)
        self.ended[stay.row] = self.now
        self.give_cue(stay.row, STEP_ENDED)
        goes_on = stay.row != patient.rows[-1]
        if not (goes_on and step.keeps_place and patient.held is not None):
            self.give_up_place(patient)
        stay.over.succeed(True)
        self.call_a_round()

    def interrupt(self, stay: Stay) -> None:
        """The step does not go on: it is over, or stopped; a transfer that has not begun is forgotten."""
        self.leave_lines(stay)
        del self.service.stays[stay]

    def give_up_place(self, patient: Patient) -> None:
        """The last step's place is left; it is free after its turnaround."""
        self.write_left(patient)
        if patient.held is not None:
            self.vacate(patient.held)
            patient.held = None

    def write_left(self, patient: Patient) -> None:
        """Write down when the place of the last row that started was given up (unless before this run)."""
        row = patient.last_row
        if row is not None:
            first_time = self.left[row] == UNSET
            self.left[row] = self.now
            if first_time:
                self.give_cue(row, PLACE_LEFT)

    def vacate(self, place: str, *, swapped: bool = False) -> bool:
        """Give up one unit of a place, after its turnaround. True if it is free at once."""
        if swapped or self.turnaround[place] == 0:
            self.service.used[place] -= 1
            return True
        self.at(self.now + self.turnaround[place], ENDS, self.is_ready, place)
        return False

    def is_ready(self, place: str) -> None:
        """The bed is clean; until then it counted as used."""
        self.service.used[place] -= 1
        self.call_a_round()

    # ---- stops -----------------------------------------------------------------------------

    def fall(self, name: str) -> None:
        """The level of a place or group falls: where it stops work, look at it when all ends are over."""
        entry = self.hospital.everywhere.get(name) or self.hospital.staff[name]
        if entry.on_fall == "stop":
            self.fallen.add(name)
            self.call(STOPS, self.stop_work_over_level)

    def stop_work_over_level(self) -> None:
        """While more is used than is there: stop the last in order of those who took it."""
        service = self.service
        for name in service.level:  # places, then groups
            is_place = name in self.place_numbers
            while name in self.fallen and service.used[name] > service.level[name]:
                took = [s for s in service.stays if (s.took == name if is_place else s.own.get(name, 0))]
                if not took:
                    break
                self.stop(service.last_in_order(took, self.now), keeps_place=not is_place)
        self.fallen.clear()

    def stop(self, stay: Stay, *, keeps_place: bool) -> None:
        """Stop a step: its people are free and, unless it is kept, its place, without turnaround."""
        patient = stay.patient
        keeps_place = keeps_place and patient.held is not None
        where = NONE if patient.held is None else self.place_numbers[patient.held]
        self.tell(Kind.STOPPED, stay.row, where, int(keeps_place))
        self.interrupt(stay)
        self.service.give_people_back(stay)
        stay.left = stay.end - self.now
        if patient.held is not None and not keeps_place:
            self.service.used[patient.held] -= 1
            patient.held = None
        self.wait_to_resume(stay, keeps_place=keeps_place)

    def wait_to_resume(self, stay: Stay, *, keeps_place: bool) -> None:
        """Wait again, since first asked: for the people and, if it was lost, any place of the step."""
        stay.state = State.STOPPED
        self.waiting[stay] = None
        self.join_lines(stay, () if keeps_place else stay.task.choices)
        self.call_a_round()

    def resume(self, stay: Stay, place: str | None) -> None:
        """Take people and place as at the start; what was left of the step goes on."""
        self.starts += 1
        self.wait_no_longer(stay)
        self.take_people(stay)
        if place is not None:
            self.service.used[place] += 1
            stay.patient.held = stay.took = place
        held = stay.patient.held
        self.tell(Kind.RESUMED, stay.row, NONE if held is None else self.place_numbers[held])
        self.go_on(stay, self.now + stay.left)

    # ---- transfers -------------------------------------------------------------------------

    def wait_for_transfers(self, stay: Stay) -> None:
        """Wait for the first place of the list, if elsewhere; and from its time on for the lounge."""
        task, held = stay.task, stay.patient.held
        if task.lounge is not None and held == task.lounge[0]:
            return
        if task.step.repatriates and task.first_place is not None and task.first_place != held:
            self.join_transfer(stay, task.first_place, 0)
        if task.lounge is not None:
            place, before = task.lounge
            if stay.end - before <= self.now:
                self.join_transfer(stay, place, 1)
            else:
                self.at(stay.end - before, ARRIVALS, self.lounge_opens, stay, place, stay.turn)

    def lounge_opens(self, stay: Stay, place: str, turn: int) -> None:
        """From now on the patient may go to the lounge, if the step still goes on."""
        if stay.turn == turn and stay.patient.held != place:
            self.join_transfer(stay, place, 1)

    def join_transfer(self, stay: Stay, place: str, number: int) -> None:
        """Stand in line after everybody, since the start of the step."""
        order = (TRANSFER, 0, int(self.started[stay.row]), stay.patient.key, number)
        self.line.join(Entry(order, stay, place, (stay.task.number, place, stay.state, False)))
        self.call_a_round()

    def move(self, stay: Stay, place: str) -> bool:
        """Go on elsewhere: the people stay with the patient, the end does not change."""
        patient, before = stay.patient, stay.patient.held
        in_the_lounge = stay.task.lounge is not None and place == stay.task.lounge[0]
        for entry in tuple(stay.entries):
            if entry.place == place or in_the_lounge:
                self.line.leave(entry)
        self.service.used[place] += 1
        patient.held = stay.took = place
        self.tell(Kind.MOVED, stay.row, self.place_numbers[place])
        return before is not None and self.vacate(before)

    # ---- those who do not wait -------------------------------------------------------------

    def look_whether_he_goes(self, stay: Stay, when: int) -> None:
        """At this instant, after service, it is judged whether he goes."""
        if when > self.now:
            self.at(when, ARRIVALS, self.look_whether_he_goes, stay, when)
            return
        if self.may_go_at != self.now:
            self.may_go_at = self.now
            self.may_go.clear()
        self.may_go[stay] = None
        self.call(GOING, self.let_go)

    def let_go(self) -> None:
        """All who go are decided before any goes."""
        waiting = [stay for stay in self.may_go if stay.state is State.WAITS]
        goes: dict[Stay, Outcome | str] = {}
        for stay in waiting:
            how = self.does_not_wait(stay)
            if how is not None:
                goes[stay] = how
        self.balk(waiting, goes)
        for stay in waiting:
            limit = stay.patient.limit
            if stay not in goes and stay.task.is_limited and limit is not None and limit <= self.now:
                goes[stay] = "is cancelled"
        for stay, how in goes.items():
            self.go(stay, how)

    def does_not_wait(self, stay: Stay) -> Outcome | str | None:
        """Whose patience ends now, or who does not wait at all: how he goes, if he goes."""
        step, patience = stay.task.step, int(self.workload.patience[stay.row])
        if patience != NONE and stay.asked + patience <= self.now:
            return "skips" if step.out_of_patience == "skips" else Outcome.LEFT
        if stay.asked == self.now and step.if_full != "waits":
            return "skips" if step.if_full == "skips" else Outcome.REFUSED
        return None

    def balk(self, waiting: list[Stay], goes: dict[Stay, Outcome | str]) -> None:
        """For each place with a waiting room: those who asked now and are too many, the largest key first."""
        for place, entry in self.hospital.everywhere.items():
            asked_now = [
                stay
                for stay in waiting
                if stay.asked == self.now and stay not in goes and self.sits_in(stay, place)
            ]
            if entry.waiting_room is None or not asked_now:
                continue
            inside = sum(stay not in goes and self.sits_in(stay, place) for stay in self.waiting)
            asked_now.sort(key=lambda stay: -stay.patient.key)
            for stay in asked_now[: max(inside - entry.waiting_room, 0)]:
                goes[stay] = Outcome.BALKED

    def sits_in(self, stay: Stay, place: str) -> bool:
        """Whether one sits in a place's waiting room: waits for it first of all, and holds no place."""
        patient = stay.patient
        return (
            stay.state is State.WAITS
            and stay.task.first_place == place
            and patient.held is None
            and patient.promise is None
        )

    def go(self, stay: Stay, how: Outcome | str) -> None:
        """Somebody goes: skips the step, is cancelled, or leaves the house."""
        self.wait_no_longer(stay)
        stay.state = State.OVER
        if how == "is cancelled":
            self.cancel(stay.patient)
        elif isinstance(how, Outcome):
            self.leave_house(stay.patient, how)
        stay.over.succeed(how == "skips")
        self.call_a_round()

    def leave_house(self, patient: Patient, outcome: Outcome) -> None:
        """A patient is out of the house, and gives up what he keeps."""
        if patient.held is not None:
            self.give_up_place(patient)
        self.give_promise_back(patient)
        self.outcome[patient.number] = outcome
        for row in patient.rows:
            self.give_cue(row, PLACE_LEFT)
        self.give_cue(patient.rows[-1], HOUSE_LEFT)
        tray = int(self.workload.tray[patient.number])
        if tray != NONE:
            self.supplies.tray(tray).used -= 1
        self.call_a_round()

    def give_cue(self, row: int, kind: int) -> None:
        """Those who wait for this cue come so long after it, once."""
        for who, gap in self.cues.pop((row, kind), ()):
            self.at(self.now + gap, ARRIVALS, self.come_on_cue, who)

    def come_on_cue(self, who: int) -> None:
        """A patient comes because of another."""
        self.arrive(self.patient(who))

    # ---- lists and sessions ----------------------------------------------------------------

    def plan_sittings(self) -> None:
        """Each sitting is filled when it is booked."""
        for number, books in enumerate(self.schedule.sittings.books):
            if books >= 0:
                self.at(int(books), BOOKINGS, self.fill_sitting, number)

    def fill_sitting(self, sitting: int) -> None:
        """Book the listed into a sitting."""
        for patient, appointment in self.lists.fill(sitting):
            self.tell(Kind.BOOKED, patient.number, sitting, appointment)
            patient.sitting = sitting
            self.mind_the_limit(patient)
            self.expect(patient, appointment, earliest=self.now + 1)

    def mind_the_limit(self, patient: Patient) -> None:
        """Until when the limited step may start, by the patient's sitting."""
        sitting = patient.sitting
        patient.limit = None if sitting is None else int(self.schedule.sittings.limit[sitting])

    def expect(self, patient: Patient, appointment: int, *, earliest: int) -> None:
        """He comes about the time of the appointment, or does not show."""
        booking, i = patient.patient_class.booking, patient.number
        if not self.workload.shows[i]:
            self.at(max(earliest, appointment), ARRIVALS, self.does_not_show, patient)
            return
        early = 0 if booking is None else minutes(booking.come_early_minutes)
        comes = appointment - early + int(self.workload.late[i])
        self.at(max(earliest, comes), ARRIVALS, self.come, patient)

    def does_not_show(self, patient: Patient) -> None:
        """Who does not come leaves the list for good."""
        self.tell(Kind.NO_SHOW, patient.number, NONE if patient.sitting is None else patient.sitting)
        self.leave_house(patient, Outcome.NO_SHOW)

    def cancel(self, patient: Patient) -> None:
        """A booked case is cancelled: as if he had not come, and on the list again with the first date."""
        assert patient.sitting is not None, "only who is booked has a limit"
        self.tell(Kind.CANCELLED, patient.number, patient.sitting)
        for row in patient.rows:
            self.abandon(row)
        if patient.held is not None:
            self.vacate(patient.held)
        patient.held = patient.last_row = patient.sitting = patient.limit = None
        self.give_promise_back(patient)
        self.came[patient.number] = UNSET
        self.lists.join(patient)

    def abandon(self, row: int) -> None:
        """A row of a cancelled visit is unset; the log tells of the place that it took."""
        if self.started[row] != UNSET and self.place[row] != NONE:
            at = self.now if self.left[row] == UNSET else int(self.left[row])
            self.tell(Kind.ABANDONED, row, int(self.place[row]), int(self.started[row]), at=at)
        self.place[row] = NONE
        for column in (self.requested, self.started, self.ended, self.left):
            column[row] = UNSET

    # ---- supplies --------------------------------------------------------------------------

    def want_kit(self, stay: Stay, sign: int) -> None:
        """Somebody begins (+1) or ceases (-1) to wait for a kit."""
        for stock, n in stay.task.contents:
            stock.wanted += sign * n
            self.position_changes(stock)

    def judge_misses(self) -> None:
        """For all who asked since the last round: what of the kit was not there in full."""
        for stay in self.kits_asked:
            for stock, n in stay.task.contents:
                missing = n - max(stock.on_hand, 0)
                if missing > 0:
                    self.tell(Kind.MISSED, stay.row, stock.number, missing)
        self.kits_asked.clear()

    def take_kit(self, stay: Stay) -> None:
        """Take each entry of the kit in turn; of an emergency the reserve and then the substitute too."""
        if not stay.task.contents:
            return
        picked = self.service.pick_kit(stay)
        instead = dict(picked.instead)
        for stock, n in picked.own:
            gone = max(stock.reserve - stock.on_hand, 0)
            stock.take(n)
            of_reserve = max(stock.reserve - stock.on_hand, 0) - gone
            substitute, m = stock.substitute, instead.get(stock, 0)
            if substitute is not None and m:
                substitute.take(m)
                self.position_changes(substitute)
            for kind, units in ((Kind.TAKEN, n), (Kind.RESERVE, of_reserve), (Kind.SUBSTITUTED, m)):
                if units:
                    self.tell(kind, stay.row, stock.number, units)
            self.position_changes(stock)

    def position_changes(self, stock: Stock) -> None:
        """An item without a calendar of reviews is looked at at the end of this instant."""
        policy = stock.policy
        if policy is not None and policy.review_days is None:
            self.moved[stock] = None
            self.call(ORDERS, self.review_what_moved)

    def plan_reviews(self) -> None:
        """Reviews by the calendar; and of all other items at instant 0."""
        stocks = list(self.supplies.stocks.values())
        for at, item in review_instants(self.hospital, self.workload.clock, self.workload.end):
            self.at(at, CALENDAR, self.review, stocks[item], self.now)
        for stock in stocks:
            self.position_changes(stock)

    def review_what_moved(self) -> None:
        """Review the items whose position changed at this instant; what comes at once comes after it."""
        moved, self.moved = self.moved, {}
        for stock in moved:
            self.review(stock, self.now + 1)

    def review(self, stock: Stock, earliest: int) -> None:
        """Order, if the position is at or below the reorder point."""
        units = stock.units_to_order()
        if units > 0:
            lead_time = stock.place_order(units)
            self.tell(Kind.ORDERED, NONE, stock.number, units)
            self.at(max(self.now + lead_time, earliest), ENDS, self.deliver, stock, units)

    def deliver(self, stock: Stock, units: int) -> None:
        """An order comes."""
        stock.on_order -= units
        batch = stock.add(units, None if stock.shelf_life is None else self.now + stock.shelf_life)
        self.tell(Kind.DELIVERED, NONE, stock.number, units)
        self.plan_expiry(stock, batch)
        self.call_a_round()

    def plan_expiry(self, stock: Stock, batch: Batch) -> None:
        """A batch will expire."""
        if batch.expires is not None:
            self.at(max(batch.expires, self.now), ENDS, self.expire, stock, batch)

    def expire(self, stock: Stock, batch: Batch) -> None:
        """What is left of a batch is thrown away."""
        units = stock.throw_away(batch)
        if units:
            self.tell(Kind.EXPIRED, NONE, stock.number, units)
            self.position_changes(stock)

    # ---- guards ----------------------------------------------------------------------------

    def too_many_wait(self) -> bool:
        """More patients wait for a step than a run may hold."""
        return len(self.waiting) > MOST_WAITING

    def too_many_starts(self) -> bool:
        """More was started than such patients can need."""
        return self.starts > MOST_STARTS_A_ROW * self.workload.step.size + MORE_STARTS

    def guard(self) -> None:
        """The run stops at the end of this instant, with what has happened so far."""
        if self.too_many_wait() or self.too_many_starts():
            self.stopped_at = self.now
            raise simpy.core.StopSimulation("a guard")


def simulate_reference(case: Case, workload: Workload, schedule: Schedule) -> Trace:
    """Play one replication with the reference engine."""
    house = House(case, workload, schedule)
    house.run()
    lines = np.array(house.told, np.int64).reshape(-1, 5)
    return Trace(
        workload=workload,
        schedule=schedule,
        places=house.places,
        steps=number_steps(case.hospital),
        classes=tuple(case.hospital.classes),
        place=house.place,
        requested=house.requested,
        started=house.started,
        ended=house.ended,
        left=house.left,
        exchanges=house.exchanges,
        engine="reference",
        stopped_at=house.stopped_at,
        came=house.came,
        outcome=house.outcome,
        log=Log.of(lines),
    )
