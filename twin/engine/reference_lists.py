"""Lists and sessions in the reference engine: who is on a list, and who is booked into a sitting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from twin.case import Schedule
from twin.engine.reference_words import Patient
from twin.engine.rules import expected_lengths
from twin.hospital import Hospital
from twin.workload import NONE, Workload


class Lists:
    """The lists of all classes, and the sittings that are filled from them."""

    def __init__(self, hospital: Hospital, workload: Workload, schedule: Schedule) -> None:
        self.sittings, self.clock = schedule.sittings, workload.clock
        self.listed: dict[str, list[Patient]] = {name: [] for name in hospital.classes}
        self.lengths = dict(zip(hospital.classes, expected_lengths(hospital), strict=True))
        self.classes = [session.classes for session in hospital.sessions.values()]

    def join(self, patient: Patient) -> None:
        """Stand on the list of the patient's class."""
        self.listed[patient.class_name].append(patient)

    def fill(self, sitting: int) -> list[tuple[Patient, int]]:
        """Who is booked into a sitting, each with the appointment [ms]; they are on no list any more."""
        first, last = self.sittings.slot_from[sitting : sitting + 2]
        candidates = self.candidates(sitting)
        if first < last:
            slots = self.sittings.slot[first:last]
            booked = [(p, int(slot)) for p, slot in zip(candidates, slots, strict=False)]
        else:
            booked = list(self.book_by_time(sitting, candidates))
        for patient, _ in booked:
            self.listed[patient.class_name].remove(patient)
        return booked

    def candidates(self, sitting: int) -> list[Patient]:
        """The listed of the session's classes: by priority of the class, listed since, key."""
        classes = self.classes[self.sittings.session[sitting]]
        found = [patient for name in dict.fromkeys(classes) for patient in self.listed[name]]
        return sorted(found, key=lambda p: (p.patient_class.priority, p.listed, p.key))

    def book_by_time(self, sitting: int, candidates: list[Patient]) -> Iterator[tuple[Patient, int]]:
        """One after the other; whose expected length does not fit into what is left is passed over."""
        at, closes = int(self.sittings.opens[sitting]), int(self.sittings.closes[sitting])
        for patient in candidates:
            length = self.lengths[patient.class_name]
            if at + length <= closes:
                yield patient, at
                at += length

    def belongs_to(self, session: int, appointment: int) -> int | None:
        """The sitting of a session on the day of an appointment made before the run."""
        if session == NONE or appointment < 0:
            return None
        day = self._day(appointment)
        for sitting in np.flatnonzero(self.sittings.session == session):
            if self._day(int(self.sittings.opens[sitting])) == day:
                return int(sitting)
        return None

    def _day(self, at: int) -> int:
        return int(np.searchsorted(self.clock.day_starts, at, side="right")) - 1
