"""The reference engine: the rules of patient flow, written in SimPy to be read.

A patient asks for a step, waits, stays, goes on. SimPy leads from instant to instant. At each the house first
*settles* (levels change, stays and turnarounds end, patients come and ask) and then *serves*: the bed manager
takes the waiting in the order of service and starts whoever can start, until none can. Then those go who do
not wait. README.md tells the rules in words; here each is a small method in the same words.

This file tells how a run goes. The chapters behind it, each a part of the house: ``reference_waiting``
(asking, standing in line, not waiting), ``reference_steps`` (in a step: begin, end, stop, resume, move),
``reference_storeroom`` (kits and orders). They rest on what only looks and counts: ``reference_words``
(patient, stay, line), ``reference_service`` (who can start), ``reference_supplies`` and ``reference_lists``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

import numpy as np
import simpy

from twin.case import Case, Schedule
from twin.engine.reference_run import ARRIVALS, BOOKINGS, CALENDAR, ENDS, GUARDS
from twin.engine.reference_steps import Steps
from twin.engine.reference_waiting import CANCELLED, How
from twin.engine.reference_words import Bundle, Entry, Patient, Promise, State, Stay
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


class Instant(simpy.Event):
    """An instant at which something happens; made, like SimPy's own timeouts, with nothing more than that."""

    _ok = True

    def __init__(self, house: House, when: int) -> None:
        self.when = when
        self.callbacks = [house.live_through]
        house.env.schedule(self, delay=when - house.now)


#: something that will happen: its turn at the instant, its number among all planned, what to do, with whom
Planned = tuple[int, int, Callable[..., Any], tuple[Any, ...]]


class House(Steps):
    """The house during one run, from the first patient to the last."""

    def __init__(self, case: Case, workload: Workload, schedule: Schedule) -> None:
        super().__init__(case, workload, schedule)
        self.env = simpy.Environment()
        self.agenda: dict[int, list[Planned]] = {}  # by instant
        self.turns: list[Planned] = []  # of the present instant
        self.numbers = count()
        self.exchanges = 0
        self.most_starts = MOST_STARTS_A_ROW * workload.step.size + MORE_STARTS
        self.stopped_at: int | None = None

    def at(self, when: int, turn: int, do: Callable[..., Any], *what: Any) -> None:
        """Something will happen at an instant, in its turn among all that happens then."""
        planned = turn, next(self.numbers), do, what
        if when == self.now:
            heappush(self.turns, planned)
        elif when in self.agenda:
            self.agenda[when].append(planned)
        elif when < self.end:  # nothing that falls on the end happens
            self.agenda[when] = [planned]
            Instant(self, when)

    def call(self, turn: int, do: Callable[[], None]) -> None:
        """Call somebody for this instant, whose turn it is alone; once, however many ask for it."""
        if turn not in self.called:
            self.called.add(turn)
            heappush(self.turns, (turn, 0, do, ()))

    def live_through(self, instant: Instant) -> None:
        """All that was planned for an instant happens in turn, and what follows from it at once."""
        self.now = instant.when
        self.turns = turns = self.agenda.pop(self.now)
        if len(turns) > 1:
            heapify(turns)
        called = self.called
        while turns:
            turn, _, do, what = heappop(turns)
            if called:
                called.discard(turn)
            do(*what)

    # ---- the run -------------------------------------------------------------------------------

    def run(self) -> None:
        """Play the whole run."""
        self.find_the_house()
        self.plan_levels()
        self.admit_arrivals(iter(np.flatnonzero(self.workload.origin == ARRIVES).tolist()))
        self.plan_sittings()
        self.plan_reviews()
        self.call_a_round()
        self.agenda[0] = self.turns
        Instant(self, 0)
        self.env.run(until=self.end)

    def plan_levels(self) -> None:
        """Beds open and close, people come on duty and go, as the schedule says."""
        for name in self.service.level:
            levels = self.schedule.levels[name]
            for at, value in zip(levels.times.tolist(), levels.values.tolist(), strict=True):
                if at > 0:
                    self.at(at, CALENDAR, self.change_level, name, value)

    def change_level(self, name: str, value: int) -> None:
        """From now on so many beds are open, or people on duty."""
        if value < self.service.level[name]:
            self.fall(name)
        self.service.set_level(name, value)
        self.call_a_round()

    def admit_arrivals(self, coming: Iterator[int], i: int | None = None) -> None:
        """Patients come in the order of the workload: this one now, and then the next of them."""
        if i is not None:
            self.arrive(self.patient(i))
        after = next(coming, None)
        if after is not None:
            self.at(max(self.drawn.arrival[after], 0), ARRIVALS, self.admit_arrivals, coming, after)

    def patient(self, i: int) -> Patient:
        """The patient in row i of the workload."""
        drawn = self.drawn
        name, patient_class = self.named_classes[drawn.patient_class[i]]
        rows = range(drawn.first[i], drawn.first[i + 1])
        return Patient(i, drawn.key[i], name, patient_class, rows, drawn.arrival[i])

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
        self.ask(patient, patient.rows[0])

    def next_step(self, stay: Stay) -> None:
        """Who has further rows asks for the next of them; who has none is out of the house."""
        if stay.row + 1 == stay.patient.rows.stop:
            self.leave_house(stay.patient, Outcome.DONE)
        else:
            self.at(self.now, ARRIVALS, self.ask, stay.patient, stay.row + 1)

    def leave_house(self, patient: Patient, outcome: Outcome) -> None:
        """A patient is out of the house, and gives up what he keeps."""
        if patient.held is not None:
            self.give_up_place(patient)
        if patient.promise is not None:
            self.give_promise_back(patient)
        self.outcome[patient.number] = int(outcome)
        if self.cues:
            for row in patient.rows:
                self.give_cue(row, PLACE_LEFT)
            self.give_cue(patient.rows[0], HELD_LEFT)
            self.give_cue(patient.rows[-1], HOUSE_LEFT)
        tray = self.drawn.tray[patient.number]
        if tray != NONE:
            self.supplies.tray(tray).used -= 1

    # ---- patients who are there when the run begins --------------------------------------------

    def find_the_house(self) -> None:
        """Everybody and everything that is there: in steps, waiting, listed, booked; cleaning; orders."""
        for i in np.flatnonzero((self.workload.origin != ARRIVES) & (self.workload.origin != ON_CUE)):
            self.find(self.patient(int(i)), int(self.workload.origin[i]))
        for place, until in self.workload.cleaning:
            self.service.take(self.places[place])
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
            self.service.take(patient.held)
        if work.promised[i] != NONE:
            self.find_promise(patient, self.places[work.promised[i]], begun=origin in (IN_STEP, STOPPED))
        row, since = patient.rows[0], int(work.since[i])
        if origin in (IN_STEP, STOPPED):
            stay = self.find_begun(patient, row, since)
            self.find_stopped(stay) if origin == STOPPED else self.find_in_step(stay)
        else:
            self.wait(patient, row, since)

    def find_begun(self, patient: Patient, row: int, since: int) -> Stay:
        """A step that began before the run; the trays of its kit are in use."""
        asked = int(self.workload.asked[patient.number])
        stay = Stay(patient, row, self.tasks[self.drawn.step[row]], asked)
        for stock, n in stay.task.contents:
            if stock.is_tray:
                stock.used += n
        self.requested[row], self.started[row] = asked, since
        self.place[row] = self.place_numbers[patient.held]
        patient.last_row = row
        stay.took = None if stay.task.in_place else patient.held
        self.plan_ageing(stay)
        return stay

    def find_in_step(self, stay: Stay) -> None:
        """A patient who is in a step; people at work stay at work."""
        lent = {
            tuple(self.group_numbers)[group]: int(n)
            for who, group, n in self.workload.pooled
            if who == stay.patient.number
        }
        own = {group: n - lent.get(group, 0) for group, n in stay.task.staff.items()}
        stay.people = Bundle(own, lent, set())
        self.service.take_people(stay)
        self.go_on(stay, self.end_of(stay), started=self.started[stay.row])

    def find_stopped(self, stay: Stay) -> None:
        """A patient who was stopped before the run, and waits to go on."""
        stay.left = self.drawn.duration[stay.row]
        self.wait_to_resume(stay, keeps_place=stay.patient.held is not None)

    def find_promise(self, patient: Patient, place: str, *, begun: bool) -> None:
        """A promise made before the run: for the first step to come that can be promised that place."""
        number = next(
            (
                self.drawn.step[row]
                for row in patient.rows[begun:]
                if self.is_promised(patient, self.drawn.step[row], place)
            ),
            NONE,
        )
        patient.promise = Promise(place, number)
        self.service.take(place)

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
        if self.kits_asked:
            self.judge_misses()
        self.serve()
        while len(self.line.keepers) > 1 and self.exchange():
            self.serve()
        if len(self.waiting) > MOST_WAITING or self.starts > self.most_starts:
            self.call(GUARDS, self.guard)

    def serve(self) -> None:
        """The first in order who can start, starts; until none can."""
        line, service = self.line, self.service
        while line.to_ask:
            for entry in line.heads():
                turn = service.turn_of(entry, self.now)
                if turn is not None:
                    self.start(*turn)
                    break
                line.asked_in_vain(entry.queue)
            else:
                return

    def start(self, entry: Entry, stopped: Stay | None) -> None:
        """Start, resume or move one whose turn it is."""
        if stopped is not None:
            self.stop(stopped, keeps_place=False)
        if entry.moves and entry.place is not None:
            self.move(entry.stay, entry.place)
        elif entry.stay.state == State.STOPPED:
            self.resume(entry.stay, entry.place)
        else:
            self.begin(entry.stay, entry.place)

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
        else:
            self.next_step(stay)
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
        self.call_a_round()

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

    def guard(self) -> None:
        """At the end of an instant: more wait than a run may hold, or more was started than they can need."""
        if len(self.waiting) > MOST_WAITING or self.starts > self.most_starts:
            self.stopped_at = self.now
            raise simpy.core.StopSimulation("a guard")


def simulate_reference(case: Case, workload: Workload, schedule: Schedule) -> Trace:
    """Play one replication with the reference engine."""
    house = House(case, workload, schedule)
    house.run()
    return house.trace(exchanges=house.exchanges, stopped_at=house.stopped_at)
