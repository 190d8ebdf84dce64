"""The state of the house at a midnight of a run: who is where, what lies in stock, what is cleaned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from twin.case import Case, InHouse, Snapshot, Window
from twin.checkpoint.cleaning import places_in_turnaround
from twin.checkpoint.stock import supplies_at
from twin.checkpoint.view import View, stay_of
from twin.drawing.in_house import CHAIN
from twin.engine import ENGINES, simulate
from twin.errors import UsageError
from twin.hospital.pathway import PatientClass, Step
from twin.trace import Kind, Trace
from twin.workload import FAR, IN_STEP, NONE, STOPPED, Drawn, draw_known


def snapshot_at(case: Case, trace: Trace, day: int) -> Snapshot:
    """The state of the house at the local midnight that begins day ``day`` of a run.

    A run from it, with the seed and the replication of the trace, is the run that was left off: events at
    the very instant of the midnight belong to it. With another seed or replication who is there keeps his
    chance, and all others have new. Where bookings are cancelled after that midnight the days before it are
    played once more, for a cancelled visit leaves nothing in a trace.

    Not carried, so that a run may go on differently where they matter:

    - the first start of one who was stopped and goes on: he waits for a transfer since he last resumed;
    - the steps before the present one, and what had passed of it, of one who has come: cancelled after the
      midnight, he comes again to the present step and takes what was left of it; one of a snapshot, who was
      cancelled before the midnight, takes all of the step that he was in;
    - that the cues of trays were given in a cancelled visit: taken anew, the trays come anew;
    - whose place one keeps who came to two steps or more from a source that never runs dry, and skipped
      one of them: it is taken for that of the first step, with which the next comes;
    - work that goes on over a fallen level where work is stopped (``on_fall``), in a place that was
      promised or kept: a run looks at it when it begins;
    - which of two patients who changed places at one instant moved into a free unit: they count as an
      exchange, without turnaround.

    Parameters
    ----------
    case
        The case that was played.
    trace
        Of a workload drawn for this case, as it was drawn.
    day
        Day of the run, 1 or more, no later than the trace's end.

    Raises
    ------
    UsageError
        No such midnight in the trace, or the trace is not of this case.
    """
    work = trace.workload
    if not 1 <= day <= work.window.total or trace.end < work.clock.day_starts[day]:
        last = int(np.searchsorted(work.clock.day_starts, trace.end, side="right")) - 1
        raise UsageError(
            f"day {day}: a checkpoint is taken at a midnight of the run, day 1 to {last}", code="E_RANGE"
        )
    at = int(work.clock.day_starts[day])
    if (trace.log.only(Kind.CANCELLED).at >= at).any():
        trace = _played_to(case, trace, day)
    return _House(View(case, trace, at)).snapshot()


def _played_to(case: Case, trace: Trace, day: int) -> Trace:
    """The same run, ended at a midnight."""
    work = trace.workload
    window = Window(work.window.start, days=day, tail=0)
    known = draw_known(case, window, seed=work.seed, replication=work.replication)
    engine = next(name for name in ENGINES if name == trace.engine)
    return simulate(case, known.workload, engine=engine)


@dataclass(frozen=True)
class _House:
    """The house at one instant, and the names of who is in it."""

    view: View

    def snapshot(self) -> Snapshot:
        """All of it."""
        view, work = self.view, self.view.trace.workload
        stock, orders, placed = supplies_at(view)
        people = tuple(self.people())
        cleaning = places_in_turnaround(view)
        return Snapshot(work.clock.at(view.at), people, stock, orders, placed, cleaning)

    @cached_property
    def drawn(self) -> Drawn:
        """The workload drawn once more, for the identities behind the keys."""
        work = self.view.trace.workload
        drawn = draw_known(self.view.case, work.window, seed=work.seed, replication=work.replication)
        if not np.array_equal(drawn.workload.key, work.key):
            raise UsageError(
                "a checkpoint is taken of a run of this case: the trace's patients are not those drawn for "
                "it; give the case and the workload that were played together"
            )
        return drawn

    @cached_property
    def encounters(self) -> dict[int, str]:
        """Names of patients who have one of their own: of the snapshot before, and links of populations."""
        before = self.view.case.snapshot.patients
        names = {
            int(row): f"{name}{CHAIN}{member}{CHAIN}{number}"
            for name, *columns in self.drawn.links
            for row, member, number in zip(*columns, strict=True)
            if self.view.joins[row] != FAR
        }
        return names | {int(row): p.encounter for row, p in zip(self.drawn.people, before, strict=True)}

    @cached_property
    def before(self) -> dict[int, InHouse]:
        """Patients of the snapshot that the run began with."""
        people = self.view.case.snapshot.patients
        return {int(row): p for row, p in zip(self.drawn.people, people, strict=True)}

    def people(self) -> Iterator[InHouse]:
        """Everybody who is there, on a list or on the way, in order of the workload."""
        view = self.view
        work = view.trace.workload
        joined = (view.joins < view.at) & (view.out >= view.at)
        coming = np.zeros(work.patients, bool)
        coming[work.cue_patient] = True  # those from outside are drawn anew
        for _, rows, _, _ in self.drawn.links:
            coming[rows] = True
        coming[self.drawn.people] = True
        coming &= (view.joins >= view.at) & (view.joins != FAR)
        for patient in np.flatnonzero(joined | coming).tolist():
            if coming[patient]:
                yield self.on_the_way(patient)
            elif view.asked[patient] == 0:
                yield self.listed(patient)
            else:
                yield self.inside(patient)

    def known(self, patient: int, row: int, **more: object) -> InHouse:
        """What is known of everybody: who he is, and how often he came to each step before a row."""
        view = self.view
        key = view.trace.steps[view.trace.workload.step[row]]
        visits = dict(self.before[patient].visits) if patient in self.before else {}
        for earlier in range(int(view.trace.workload.first[patient]), row):
            name = view.trace.steps[view.trace.workload.step[earlier]].name
            visits[name] = visits.get(name, 0) + 1
        return InHouse(
            encounter=self.encounters.get(patient, f"{int(view.trace.workload.key[patient]):016x}"),
            patient_class=key.patient_class,
            step=key.name,
            visits=visits,
            identity=int(self.drawn.identity[patient]),
            **more,  # type: ignore[arg-type]
        )

    def on_the_way(self, patient: int) -> InHouse:
        """One who will come for certain, at a known instant."""
        comes = self.local(int(self.view.joins[patient]))
        row = int(self.view.trace.workload.first[patient])
        return self.known(patient, row, place=None, since=comes, arrived=comes)

    def listed(self, patient: int) -> InHouse:
        """One who is on a list, or booked."""
        row = int(self.view.trace.workload.first[patient])
        since = self.local(int(self.view.joins[patient]))
        appointment, session = self.booking(patient)
        if appointment is None:
            return self.known(patient, row, place=None, since=since, listed=True)
        return self.known(patient, row, place=None, since=since, appointment=appointment, session=session)

    def inside(self, patient: int) -> InHouse:
        """One who is in a step, waits for one, or was stopped."""
        view, trace = self.view, self.view.trace
        row = int(view.present[patient])
        appointment, session = self.booking(patient)
        more: dict[str, object] = {
            "arrived": self.local(int(trace.came[patient])),
            "listed_on": self.listed_on(patient),
            "appointment": appointment,
            "session": session,
            "promised": self.name(self.promised(patient, row)),
        }
        asked = self.local(int(trace.requested[row]))
        if view.last_started[patient] != row:
            return self.known(
                patient, row, place=self.name(self.kept(patient)), since=asked, waiting=True, **more
            )
        stay = stay_of(view, row)
        if stay.stopped:
            since = self.local(int(trace.started[row]))
            more |= {"waiting": True, "stopped": True, "remaining_ms": stay.left}
        else:
            since = self.local(stay.since)
            more |= {"remaining_ms": stay.ends - view.at, "pooled": self.pooled(patient, row, stay.since)}
        more |= {"since": since, "asked": None if asked == since else asked}
        return self.known(patient, row, place=self.name(stay.place), **more)

    def listed_on(self, patient: int) -> datetime | None:
        """First date on the list of one who has come, if his class has a list."""
        if self.patient_class(patient).booking is None:
            return None
        return self.local(int(self.view.joins[patient]))

    def kept(self, patient: int) -> int:
        """Place that one who waits keeps, -1 for none."""
        view = self.view
        row = int(view.last_started[patient])
        if row == NONE:
            return int(view.trace.workload.held[patient])
        return NONE if view.happened(view.trace.left[row : row + 1])[0] else stay_of(view, row).place

    def promised(self, patient: int, row: int) -> int:
        """Place promised to a patient, -1 for none.

        It is used up by the start of the step it was for, and given back when he asks for a step after
        which that does not come any more.
        """
        view, work = self.view, self.view.trace.workload
        rows = range(int(work.first[patient]), int(work.first[patient + 1]))
        made = [r for r in rows if r in view.promises]
        if made:
            maker = made[-1]
            at, _, place, _ = view.promises[maker][-1]
            if any(line[0] >= at and line[1] == Kind.CANCELLED for line in view.bookings.get(patient, [])):
                return NONE
            wanted = view.steps[work.step[maker]].needs_next
            later = [r for r in rows if r > maker and view.steps[work.step[r]].name == wanted]
        else:
            begun = int(work.origin[patient] in (IN_STEP, STOPPED))  # who waited has asked
            maker, place = rows[0] - 1 + begun, int(work.promised[patient])
            later = [r for r in rows[begun:] if self.is_promised(patient, r, place)]
        started = view.happened(view.trace.started[rows[0] : rows[-1] + 1])
        used_up = any(started[r - rows[0]] for r in later)
        given_back = row > maker and all(r < row for r in later)
        return NONE if place == NONE or used_up or given_back else place

    def is_promised(self, patient: int, row: int, place: int) -> bool:
        """Whether a step of the patient's way promises this place for the step of a row."""
        step = self.view.steps[self.view.trace.workload.step[row]]
        wanted = {s.needs_next for s in self.pathway(self.patient_class(patient))}
        places = step.alternatives()
        return step.name in wanted and bool(places) and places[0].place == self.name(place)

    def patient_class(self, patient: int) -> PatientClass:
        """Class of a patient."""
        hospital = self.view.case.hospital
        return hospital.classes[self.view.trace.classes[self.view.trace.workload.patient_class[patient]]]

    def pathway(self, patient_class: PatientClass) -> tuple[Step, ...]:
        """Steps of a class."""
        return self.view.case.hospital.pathways[patient_class.pathway].steps

    def pooled(self, patient: int, row: int, since: int) -> dict[str, int]:
        """People of float pools who are with one in a step, by group."""
        view, groups = self.view, list(self.view.case.hospital.staff)
        if row in view.floats or since >= 0:
            return {groups[group]: n for at, _, group, n in view.floats.get(row, []) if at == since}
        own = view.trace.workload.pooled
        return {groups[int(group)]: int(n) for who, group, n in own if who == patient}

    def booking(self, patient: int) -> tuple[datetime | None, str | None]:
        """Appointment and session of one who is booked, or came to his appointment."""
        view, work = self.view, self.view.trace.workload
        sessions = list(view.case.hospital.sessions)
        lines = view.bookings.get(patient, [])
        if lines:
            _, kind, sitting, appointment = lines[-1]
            if kind != Kind.BOOKED:
                return None, None
            session = int(view.trace.schedule.sittings.session[sitting])
        elif work.session[patient] != NONE:
            session, appointment = int(work.session[patient]), int(work.appointment[patient])
        else:
            return None, None
        if appointment == NONE:
            return None, sessions[session]
        return self.local(appointment), sessions[session]

    def name(self, place: int) -> str | None:
        """Name of a place."""
        return None if place == NONE else self.view.trace.places[place]

    def local(self, ms: int) -> datetime:
        """Local wall-clock time of an instant."""
        return self.view.trace.workload.clock.at(ms)
