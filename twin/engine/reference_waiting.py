"""Waiting in the reference engine: a patient asks for a step, stands in line, and may go away."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from twin.engine.reference_run import ARRIVALS, GOING
from twin.engine.reference_storeroom import Storeroom
from twin.engine.reference_words import Entry, Patient, State, Stay
from twin.trace import Outcome
from twin.workload import NONE

SKIPS, CANCELLED = "skips", "cancelled"
#: how somebody goes who does not wait: out of the house, on to the next row, or back on the list
How = Outcome | str


class Waiting(Storeroom):
    """Who waits for a step, and who does not."""

    def __init__(self, *run: Any) -> None:
        super().__init__(*run)
        self.waiting: dict[Stay, None] = {}  # for the first start, or to resume
        self.may_go: dict[Stay, None] = {}  # whom 5 looks at, of the instant ...
        self.may_go_at = -1
        self.waiting_rooms = {
            place: entry.waiting_room
            for place, entry in self.hospital.everywhere.items()
            if entry.waiting_room is not None
        }

    # ---- asking --------------------------------------------------------------------------------

    def ask(self, patient: Patient, row: int) -> Stay:
        """A patient asks for a step."""
        stay = self.wait(patient, row, self.now)
        task = stay.task
        if task.contents:
            self.kits_asked.append(stay)
            self.call_a_round()
        if task.may_not_wait or task.first_place in self.waiting_rooms:
            self.look_whether_he_goes(stay, self.now)
        return stay

    def wait(self, patient: Patient, row: int, since: int) -> Stay:
        """Wait for a step, in the line of every place that may be taken."""
        task = self.tasks[self.drawn.step[row]]
        stay = Stay(patient, row, task, since)
        self.requested[row] = since
        self.waiting[stay] = None
        if task.contents:
            self.want_kit(stay, +1)
        if patient.promise is not None:
            self.give_promise_back(patient, unless_needed_from=row)
        patience = self.drawn.patience[row]
        if patience != NONE:
            self.look_whether_he_goes(stay, since + patience)
        limit = patient.limit if task.is_limited else None
        if limit is not None:
            self.look_whether_he_goes(stay, limit)
        if limit is None or since <= limit:
            self.join_lines(stay, task.choices)
        if task.ages:
            self.plan_ageing(stay)
        self.call_a_round()
        return stay

    def give_promise_back(self, patient: Patient, unless_needed_from: int | None = None) -> None:
        """Free the place promised, if there is one and its step does not come any more."""
        promise = patient.promise
        if promise is None:
            return
        rows = () if unless_needed_from is None else range(unless_needed_from, patient.rows.stop)
        if all(self.drawn.step[row] != promise.number for row in rows):
            patient.promise = None
            self.service.give_back(promise.place)
            self.call_a_round()

    def wait_no_longer(self, stay: Stay) -> None:
        """Leave all lines: one starts, resumes, or goes."""
        self.leave_lines(stay)
        del self.waiting[stay]
        if stay.task.contents and stay.state == State.WAITS:
            self.want_kit(stay, -1)

    # ---- standing in line ----------------------------------------------------------------------

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

    def join(self, stay: Stay, place: str | None, number: int) -> None:
        """Stand in line in the order of service."""
        patient = stay.patient
        priority = stay.priority_at(self.now) if stay.task.ages else stay.task.priority
        order = (priority, 1 if number else 0, stay.asked, patient.key, number)
        elsewhere = stay.state == State.WAITS and place is not None and place != patient.held
        kept = patient.held if elsewhere else None
        self.line.join(Entry(order, stay, place, self.service.queue_for(stay, place), kept=kept))

    def join_later(self, stay: Stay, place: str, number: int, turn: int) -> None:
        """Join another place's line when the minimum wait is over, if still waiting."""
        if stay.turn == turn and stay.state != State.OVER:
            self.join(stay, place, number)
            self.call_a_round()

    def plan_ageing(self, stay: Stay) -> None:
        """At exact instants after asking, the priority becomes better."""
        for after, _ in stay.task.ages:
            if stay.asked + after > self.now:
                self.at(stay.asked + after, ARRIVALS, self.age, stay)

    def age(self, stay: Stay) -> None:
        """The priority of one who waits becomes better, and with it his place in line."""
        if stay.state == State.OVER:
            return
        if stay.state != State.GOES_ON:
            for entry in tuple(stay.entries):
                self.line.leave(entry)
                entry.order = (stay.priority_at(self.now), *entry.order[1:])
                self.line.join(entry)
        self.call_a_round()

    def leave_lines(self, stay: Stay) -> None:
        """Stand in no line any more."""
        stay.turn += 1
        while stay.entries:
            self.line.leave(stay.entries[-1])

    # ---- those who do not wait -----------------------------------------------------------------

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
        """Decide on all who go before any goes."""
        for stay, how in self.those_who_go().items():
            self.go(stay, how)

    @abstractmethod
    def go(self, stay: Stay, how: How) -> None:
        """Somebody goes."""

    def those_who_go(self) -> dict[Stay, How]:
        """Who does not wait any longer, of all whom 5 looks at."""
        waiting = [stay for stay in self.may_go if stay.state == State.WAITS]
        goes: dict[Stay, How] = {}
        for stay in waiting:
            how = self.does_not_wait(stay)
            if how is not None:
                goes[stay] = how
        for place in self.waiting_rooms:
            self.balk(place, waiting, goes)
        for stay in waiting:
            limit = stay.patient.limit
            if stay not in goes and stay.task.is_limited and limit is not None and limit <= self.now:
                goes[stay] = CANCELLED
        return goes

    def does_not_wait(self, stay: Stay) -> How | None:
        """Whose patience ends now, or who does not wait at all: how he goes, if he goes."""
        step, patience = stay.task.step, self.drawn.patience[stay.row]
        if patience != NONE and stay.asked + patience <= self.now:
            return SKIPS if step.out_of_patience == "skips" else Outcome.LEFT
        if stay.asked == self.now and step.if_full != "waits":
            return SKIPS if step.if_full == "skips" else Outcome.REFUSED
        return None

    def balk(self, place: str, waiting: list[Stay], goes: dict[Stay, How]) -> None:
        """Of those who asked now and are too many for the waiting room, the largest keys go."""
        asked_now = [
            stay
            for stay in waiting
            if stay.asked == self.now and stay not in goes and self.sits_in(stay, place)
        ]
        if asked_now:
            inside = sum(stay not in goes and self.sits_in(stay, place) for stay in self.waiting)
            asked_now.sort(key=lambda stay: -stay.patient.key)
            for stay in asked_now[: max(inside - self.waiting_rooms[place], 0)]:
                goes[stay] = Outcome.BALKED

    def sits_in(self, stay: Stay, place: str) -> bool:
        """Whether one sits in a place's waiting room: waits for it first of all, and holds no place."""
        patient = stay.patient
        return (
            stay.state == State.WAITS
            and stay.task.first_place == place
            and patient.held is None
            and patient.promise is None
        )
