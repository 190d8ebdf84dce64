"""View: a trace with the few derived columns that several measures share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.hospital import Hospital
from twin.measures.stays import LATER, Pieces, Stays, cut_rows, departures, stays, wait_ends
from twin.trace import UNSET, Trace
from twin.units import MS_DAY, IntArray
from twin.workload import StepKey

EMERGENCY, OUTPATIENTS = "emergency", "outpatients"


class View:
    """One replication, seen over its cohort and the measured days.

    Attributes
    ----------
    start, end : the measured days, or as much of them as was simulated [ms]
    days : their length [days]
    first : int64 (row,) first place of the row's step, or -1
    where : int64 (row,) place taken; the first place of the step while none is
    wards : number of wards, which come first among the places
    """

    def __init__(self, trace: Trace, hospital: Hospital) -> None:
        window, starts = trace.workload.window, trace.workload.clock.day_starts
        self.trace, self.hospital = trace, hospital
        self.start = int(starts[window.warm_up])
        self.end = min(int(starts[window.warm_up + window.days]), trace.end)
        self.days = max((self.end - self.start) / MS_DAY, 1e-9)
        self.wards = len(hospital.wards)
        self.first = first_places(trace, hospital)[trace.workload.step]
        self.where = np.where(trace.place >= 0, trace.place, self.first)

    @cached_property
    def cohort(self) -> NDArray[np.bool_]:
        """Patients who came in the measured days; trays and uses of supplies are none. Shape (patient,)."""
        return self.trace.of_cohort() & self.is_patient

    @cached_property
    def is_patient(self) -> NDArray[np.bool_]:
        """Whether each of the workload is a patient, not a tray or a use of supplies. Shape (patient,)."""
        return are_patients(self.trace, self.hospital)

    @cached_property
    def cut(self) -> Pieces:
        """Rows that the log cuts."""
        return cut_rows(self.trace)

    @cached_property
    def stays(self) -> Stays:
        """Every stretch in a place."""
        return stays(self.trace, self.cut)

    @cached_property
    def waited(self) -> IntArray:
        """When each row stopped waiting to start, shape (row,). [ms]"""
        return wait_ends(self.trace)

    @cached_property
    def gone(self) -> IntArray:
        """When each patient went out of the house, shape (patient,). [ms]"""
        return departures(self.trace, self.waited)

    @cached_property
    def left(self) -> IntArray:
        """When the place of each row was left; ``LATER`` where it was not. Shape (row,). [ms]"""
        return np.where(self.trace.left == UNSET, LATER, self.trace.left)

    def in_department(self, department: str) -> NDArray[np.bool_]:
        """Rows in, or bound for, a place of a department, shape (row,)."""
        entries = self.hospital.everywhere.values()
        belongs = np.array([e.department == department for e in entries] + [False])
        return belongs[self.where]

    @cached_property
    def emergency(self) -> NDArray[np.bool_]:
        """Rows in, or bound for, the emergency department, shape (row,)."""
        return self.in_department(EMERGENCY)

    @cached_property
    def critical(self) -> NDArray[np.bool_]:
        """Whether each ward is critical care, shape (ward,)."""
        return np.array([w.critical_care for w in self.hospital.wards.values()], dtype=bool)

    def last_in(self, chosen: NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
        """Last of some places that each row held, or -1, and when it was left.

        Parameters
        ----------
        chosen
            Whether each place counts, shape (place,).

        Returns
        -------
        place, left : shape (row,); ``LATER`` where it was not left [ms]
        """
        counts = np.append(chosen, False)
        place = np.where(counts[self.trace.place], self.trace.place, -1).astype(np.int64)
        cut = self.cut
        if not cut.row.size:
            return place, self.left
        left = self.left.copy()
        place[cut.row] = -1
        pieces = cut.only(counts[cut.place] & cut.current)  # of one row in order: the last one stays
        place[pieces.row], left[pieces.row] = pieces.place, pieces.end
        return place, left


def are_patients(trace: Trace, hospital: Hospital) -> NDArray[np.bool_]:
    """Whether each of the workload is a patient, not a tray or a use of supplies. Shape (patient,)."""
    of = np.array([c.of == "patient" for c in hospital.classes.values()])
    if of.all():
        return np.ones(trace.workload.patients, dtype=bool)
    return of[trace.workload.patient_class]


def first_places(trace: Trace, hospital: Hospital) -> IntArray:
    """First place of each numbered step in the order of ``trace.places``, or -1, shape (step,)."""
    return first_of_steps(hospital, trace.places, trace.steps)


def first_of_steps(hospital: Hospital, places: Sequence[str], steps: Iterable[StepKey]) -> IntArray:
    """First place of each of some steps in the order of ``places``, or -1, shape (step,)."""
    number = {place: i for i, place in enumerate(places)}
    firsts = []
    for key in steps:
        choices = hospital.pathways[key.pathway].steps[key.index].alternatives()
        firsts.append(number[choices[0].place] if choices else -1)
    return np.asarray(firsts, dtype=np.int64)
