"""The reference engine: the rules of patient flow, written in SimPy to be read.

Every patient is a process: ask for a step, wait, stay, go on. At each instant the house first *settles*
(levels change, stays and turnarounds end, patients come and ask) and then *serves*: the bed manager takes
the waiting in the order of service and starts whoever can start, until none can. Then those go who do not
wait. README.md tells the rules in words; here each is a small method in the same words.

This file tells how a run goes. The chapters behind it, each a part of the house: ``reference_waiting``
(asking, standing in line, not waiting), ``reference_steps`` (in a step: begin, end, stop, resume, move),
``reference_storeroom`` (kits and orders). They rest on what only looks and counts: ``reference_words``
(patient, stay, line), ``reference_service`` (who can start), ``reference_supplies`` and ``reference_lists``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import simpy

from twin.case import Case, Schedule
from twin.engine.reference_run import ARRIVALS, BOOKINGS, CALENDAR, ENDS, GUARDS
from twin.engine.reference_steps import Steps
from twin.engine.reference_waiting import CANCELLED, SKIPS, How
from twin.engine.reference_words import Entry, Patient, Promise, Queue, State, Stay
from twin.engine.rules import MORE_STARTS, MOST_STARTS_A_ROW, MOST_WAITING
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import minutes
from twin.workload import (
    ARRIVES,
    BOOKED,
    HELD_LEFT,
    HOUSE_LEFT,
    IN_STEP,
    LISTED,
    NONE,
    ON_CUE,
    PLACE_LEFT,
    STOPPED,
    Workload,
)


class Moment(simpy.Event):
    """An instant, and the turn at it."""

    def __init__(self, env: simpy.Environment, at: int, turn: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, turn, at - env.now)


class House(Steps):
    """The house during one run, from the first patient to the last."""

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        super().__init__(case, workload, schedule)
        self.env = simpy.Environment()
        self.exchanges = 0
        self.stopped_at: int | None = None

    @property
    def now(self) -> int:
        """The present instant. [ms]"""
        return int(self.env.now)

    def event(self) -> simpy.Event:
        """What a patient's process waits for."""
        return self.env.event()

    def at(self, when: int, turn: int, do: Callable[..., Any], *what: Any) -> None:
        """Something will happen at an instant, in its turn among all that happens then."""
        if when < self.end:  # nothing that falls on the end happens
            moment = Moment(self.env, when, turn)
            moment.callbacks.append(lambda _: do(*what))

    # ---- the run -------------------------------------------------------------------------------

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

    def come_on_cue(self, who: int) -> None:
        """A patient comes because of another."""
        self.arrive(self.patient(who))

    def come(self, patient: Patient) -> None:
        """A patient comes to the house."""
        self.came[patient.number] = self.now
        self.env.process(self.visit(patient))

    def visit(self, patient: Patient, there: Stay | None = None) -> Iterator[simpy.Event]:
        """One patient's way through the house; ``there`` is the step of one who was there before."""
        for row in patient.rows:
            if there is None:
                if row != patient.rows[0]:
                    yield Moment(self.env, self.now, ARRIVALS)
                there = self.ask(patient, row)
            goes_on = yield there.over
            if not goes_on:
                return
            there = None
        self.leave_house(patient, Outcome.DONE)

    def leave_house(self, patient: Patient, outcome: Outcome) -> None:
        """A patient is out of the house, and gives up what he keeps."""
        if patient.held is not None:
            self.give_up_place(patient)
        self.give_promise_back(patient)
        self.outcome[patient.number] = outcome
        for row in patient.rows:
            self.give_cue(row, PLACE_LEFT)
        self.give_cue(patient.rows[0], HELD_LEFT)
        self.give_cue(patient.rows[-1], HOUSE_LEFT)
        tray = int(self.workload.tray[patient.number])
        if tray != NONE:
            self.supplies.tray(tray).used -= 1
        self.call_a_round()

    # ---- patients who are there when the run begins --------------------------------------------

    def find_the_house(self) -> None:
        """Everybody and everything that is there: in steps, waiting, listed, booked; cleaning; orders."""
        for i in np.flatnonzero((self.workload.origin != ARRIVES) & (self.workload.origin != ON_CUE)):
            self.find(self.patient(int(i)), int(self.workload.origin[i]))
        for place, until in self.workload.cleaning:
            self.service.used[self.places[place]] += 1
            self.at(max(int(until), 0), ENDS, self.is_ready, self.places[place])
        for name in self.service.level:
            self.fall(name)  # it may have fallen just now
        self.find_supplies()

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
        asked = int(self.workload.asked[patient.number])
        stay = Stay(patient, row, self.tasks[self.workload.step[row]], asked, self.event())
        for stock, n in stay.task.contents:
            if stock.is_tray:
                stock.used += n
        self.requested[row], self.started[row] = asked, since
        self.place[row] = self.place_number(patient.held)
        patient.last_row = row
        stay.took = None if stay.task.step.in_place else patient.held
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
        self.go_on(stay, self.end_of(stay), started=int(self.started[stay.row]))

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

    # ---- the bed manager's round ---------------------------------------------------------------

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

    def exchange(self) -> bool:
        """Patients who keep full places and wait in a circle swap them at once, without turnaround."""
        circle = self.service.circle()
        for entry in circle:
            self.begin(entry.stay, entry.place, swaps=True)
        self.exchanges += bool(circle)
        return bool(circle)

    # ---- those who do not wait -----------------------------------------------------------------

    def go(self, stay: Stay, how: How) -> None:
        """Somebody goes: skips the step, is cancelled, or leaves the house."""
        self.wait_no_longer(stay)
        stay.state = State.OVER
        if how == CANCELLED:
            self.cancel(stay.patient)
        elif isinstance(how, Outcome):
            self.leave_house(stay.patient, how)
        stay.over.succeed(how == SKIPS)
        self.call_a_round()

    # ---- lists and sessions --------------------------------------------------------------------

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
        """Until when the limited step may start, by the patient's sitting or that of a day before the run."""
        if patient.sitting is not None:
            patient.limit = int(self.schedule.sittings.limit[patient.sitting])
        elif self.workload.limit[patient.number] != NONE:
            patient.limit = int(self.workload.limit[patient.number])

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
        self.tell(Kind.CANCELLED, patient.number, NONE if patient.sitting is None else patient.sitting)
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
        if self.started[row] != UNSET and self.left[row] == UNSET:
            self.give_cue(row, PLACE_LEFT)  # the place really is given up
        if self.started[row] != UNSET and self.place[row] != NONE:
            at = self.now if self.left[row] == UNSET else int(self.left[row])
            self.tell(Kind.ABANDONED, row, int(self.place[row]), int(self.started[row]), at=at)
        self.place[row] = NONE
        for column in (self.requested, self.started, self.ended, self.left):
            column[row] = UNSET

    # ---- guards --------------------------------------------------------------------------------

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
    return house.trace(exchanges=house.exchanges, stopped_at=house.stopped_at)
