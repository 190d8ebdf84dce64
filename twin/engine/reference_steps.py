"""In a step, in the reference engine: how it begins, ends, is stopped and resumed, and goes on elsewhere."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from typing import Any

import numpy as np

from twin.engine.reference_run import ARRIVALS, ENDS, STOPS
from twin.engine.reference_waiting import Waiting
from twin.engine.reference_words import Entry, Patient, Promise, State, Stay
from twin.engine.rules import TRANSFER
from twin.trace import UNSET, Kind
from twin.workload import HELD_LEFT, NONE, PLACE_LEFT, STEP_ENDED


class Steps(Waiting):
    """What happens to those who are in a step."""

    def __init__(self, *run: Any) -> None:
        super().__init__(*run)
        self.starts = 0  # and resumptions
        self.fallen: set[str] = set()  # places and groups that stop work, and whose level fell now
        work = self.workload
        self.cues: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        for row, kind, who, gap in zip(
            work.cue_row, work.cue_kind, work.cue_patient, work.cue_gap, strict=True
        ):
            self.cues[int(row), int(kind)].append((int(who), int(gap)))

    # ---- a step begins -------------------------------------------------------------------------

    def begin(self, stay: Stay, place: str | None, *, swaps: bool = False) -> None:
        """Take place, people and kit at once; give up the place kept."""
        patient, task, row = stay.patient, stay.task, stay.row
        self.starts += 1
        self.wait_no_longer(stay)
        if task.staff:
            self.take_people(stay)
        if task.contents:
            self.take_kit(stay)
        if task.in_place:
            place = patient.held
            self.write_left(patient)
        else:
            if patient.promise is not None and patient.promise.number == task.number:
                place = self.use_promise(patient, patient.promise)
            elif place is not None:
                self.service.take(place)
            if patient.held is not None:
                self.write_left(patient)
                self.vacate(patient.held, swapped=swaps)
            patient.held = stay.took = place
        if task.promises:
            self.promise_next(stay)
        self.place[row] = self.place_numbers[place]
        self.started[row] = self.now
        patient.last_row = row
        self.go_on(stay, self.end_of(stay))

    def use_promise(self, patient: Patient, promise: Promise) -> str:
        """The promised place, of which a unit is taken already."""
        patient.promise = None
        return promise.place

    def take_people(self, stay: Stay) -> None:
        """Take the bundle: of each group what is free of it, the rest from its float pool."""
        stay.people = stay.task.people or self.service.bundle(stay.task)
        for group, n in stay.people.lent.items():
            self.tell(Kind.FLOATED, stay.row, self.group_numbers[group], n)
        self.service.take_people(stay)

    def promise_next(self, stay: Stay) -> None:
        """Promise the first place of the step that `needs_next` names."""
        promise = self.service.promise_to_make(stay)
        if promise is not None:
            stay.patient.promise = promise
            self.service.take(promise.place)
            self.tell(Kind.PROMISED, stay.row, self.place_numbers[promise.place])

    def go_on(self, stay: Stay, end: int, *, started: int | None = None) -> None:
        """The step goes on until its end, perhaps elsewhere."""
        stay.state, stay.end = State.GOES_ON, end
        stay.started = self.now if started is None else started
        self.service.stays[stay] = None
        self.at(end, ENDS, self.finish, stay, stay.turn)
        if stay.task.may_move:
            self.wait_for_transfers(stay)

    def end_of(self, stay: Stay) -> int:
        """When the step ends: after its length or, for a discharge, at its hour of that day."""
        now = self.now
        end, wall = now + self.drawn.duration[stay.row], self.drawn.wall[stay.row]
        if wall == NONE:
            return end
        clock = self.workload.clock
        shifted = max(end + stay.task.shift, 0)
        day = int(np.searchsorted(clock.day_starts, shifted, side="right")) - 1
        while day < clock.days:
            hour = int(clock.instant(np.asarray(day), np.asarray(wall)))
            if hour > now:
                return hour
            day += 1
        return max(end, self.end)

    # ---- a step ends ---------------------------------------------------------------------------

    def finish(self, stay: Stay, turn: int) -> None:
        """Free the people; free the place unless the patient keeps it while waiting for the next."""
        if stay.turn != turn:  # it was stopped meanwhile
            return
        patient = stay.patient
        self.interrupt(stay)
        stay.state = State.OVER
        if stay.task.staff:
            self.service.give_people_back(stay)
        self.ended[stay.row] = self.now
        if self.cues:
            self.give_cue(stay.row, STEP_ENDED)
        goes_on = stay.row + 1 < patient.rows.stop
        if not (goes_on and stay.task.keeps_place and patient.held is not None):
            self.give_up_place(patient)
        self.next_step(stay)
        self.call_a_round()

    @abstractmethod
    def next_step(self, stay: Stay) -> None:
        """The patient asks for the next step, or is out of the house."""

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
        if row is None:
            self.give_cue(patient.rows[0], HELD_LEFT)
        else:
            first_time = self.left[row] == UNSET
            self.left[row] = self.now
            if first_time and self.cues:
                self.give_cue(row, PLACE_LEFT)

    def vacate(self, place: str, *, swapped: bool = False) -> None:
        """Give up one unit of a place; it is free after its turnaround."""
        if swapped or self.turnaround[place] == 0:
            self.service.give_back(place)
        else:
            self.at(self.now + self.turnaround[place], ENDS, self.is_ready, place)

    def is_ready(self, place: str) -> None:
        """The bed is clean; until then it counted as used."""
        self.service.give_back(place)
        self.call_a_round()

    def give_cue(self, row: int, kind: int) -> None:
        """Those who wait for this cue come so long after it, once."""
        for who, gap in self.cues.pop((row, kind), ()):
            self.at(self.now + gap, ARRIVALS, self.come_on_cue, who)

    @abstractmethod
    def come_on_cue(self, who: int) -> None:
        """A patient comes because of another."""

    # ---- stops ---------------------------------------------------------------------------------

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
                took = [
                    stay
                    for stay in service.stays
                    if (stay.took == name if is_place else stay.people.own.get(name, 0))
                ]
                if not took:
                    break
                self.stop(service.last_in_order(took, self.now), keeps_place=not is_place)
        self.fallen.clear()

    def stop(self, stay: Stay, *, keeps_place: bool) -> None:
        """Stop a step: its people are free and, unless it is kept, its place, without turnaround."""
        patient = stay.patient
        keeps_place = keeps_place and patient.held is not None
        where = self.place_numbers[patient.held]
        self.tell(Kind.STOPPED, stay.row, where, int(keeps_place))
        self.interrupt(stay)
        self.service.give_people_back(stay)
        stay.left = stay.end - self.now
        if patient.held is not None and not keeps_place:
            self.service.give_back(patient.held)
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
            self.service.take(place)
            stay.patient.held = stay.took = place
        held = stay.patient.held
        self.tell(Kind.RESUMED, stay.row, self.place_numbers[held])
        self.go_on(stay, self.now + stay.left)

    # ---- transfers -----------------------------------------------------------------------------

    def wait_for_transfers(self, stay: Stay) -> None:
        """Wait for the first place of the list, if elsewhere; and from its time on for the lounge."""
        task, held = stay.task, stay.patient.held
        if task.lounge is not None and held == task.lounge[0]:
            return
        if task.repatriates and task.first_place is not None and task.first_place != held:
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
        order = (TRANSFER, 0, self.started[stay.row], stay.patient.key, number)
        queue = self.service.queue_for(stay, place, moves=True)
        self.line.join(Entry(order, stay, place, queue, moves=True))
        self.call_a_round()

    def move(self, stay: Stay, place: str) -> None:
        """Go on elsewhere: the people stay with the patient, the end does not change."""
        patient, before = stay.patient, stay.patient.held
        in_the_lounge = stay.task.lounge is not None and place == stay.task.lounge[0]
        for entry in tuple(stay.entries):
            if entry.place == place or in_the_lounge:
                self.line.leave(entry)
        self.service.take(place)
        patient.held = stay.took = place
        self.tell(Kind.MOVED, stay.row, self.place_numbers[place])
        if before is not None:
            self.vacate(before)
