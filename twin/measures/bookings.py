"""Bookings: who was booked into which sitting, and what came of it; and the lists they came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.hospital import Hospital
from twin.measures.measure import Measure, mean, ratio, undefined
from twin.measures.stays import LATER, overlap
from twin.measures.view import View
from twin.trace import UNSET, Kind, Outcome
from twin.units import MS_DAY, IntArray, to_days
from twin.workload import ARRIVES, BOOKED, LISTED, NONE

_SITTINGS = (
    Measure(
        "cancellations_a_day",
        "Cancelled on the day",
        "a day",
        "down",
        "cases cancelled at their session's limit for want of bed, theatre time, staff or kit, a day",
    ),
    Measure(
        "cancelled_share",
        "Cancelled on the day, share",
        "%",
        "down",
        "cancelled / booked in the same sessions",
    ),
    Measure("no_show_share", "Did not attend", "%", "down", "did not attend / booked in the same sessions"),
)
_LISTS = (
    Measure(
        "list_length",
        "Waiting list",
        "patients",
        "down",
        "listed and not yet come (a cancelled visit does not count), mean of the measured days",
    ),
    Measure("list_wait_days", "Wait on the list", "days", "down", "listed to come, mean of those who came"),
)
ROWS = (*_SITTINGS, *_LISTS)


@dataclass(frozen=True)
class Bookings:
    """Bookings in order of (patient, at); shape (booking,) each.

    Attributes
    ----------
    patient : row of the workload
    sitting : place in the schedule's sittings; -1 for one whose session is not held
    appointment : [ms]
    """

    patient: IntArray
    sitting: IntArray
    appointment: IntArray


class Booked:
    """The sessions of the measured days and who came to them."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.sittings = view.trace.schedule.sittings
        self.opens = np.asarray(self.sittings.opens)
        self.closes = np.asarray(self.sittings.closes)
        sessions = list(view.hospital.sessions.values())
        with_slots = np.array([s.slot_minutes is not None for s in sessions], dtype=bool)
        inside = (self.opens >= view.start) & (self.closes <= view.end)
        #: sittings of the measured days: of sessions with slots, and of those filled by time
        self.clinics = np.flatnonzero(inside & with_slots[self.sittings.session]) if sessions else _NOBODY
        self.theatres = np.flatnonzero(inside & ~with_slots[self.sittings.session]) if sessions else _NOBODY
        self.measured = np.union1d(self.clinics, self.theatres)

    @cached_property
    def all(self) -> Bookings:
        """Every booking of the run; those made before it first."""
        trace = self.view.trace
        before = np.flatnonzero((trace.workload.appointment >= 0) & (trace.workload.session >= 0))
        made = trace.log.only(Kind.BOOKED)
        patient = np.concatenate([before, made.who])
        sitting = np.concatenate([self._sittings_before(before), made.what])
        appointment = np.concatenate([trace.workload.appointment[before], made.n])
        order = np.argsort(patient, kind="stable")
        return Bookings(patient[order], sitting[order], appointment[order])

    def _sittings_before(self, patients: IntArray) -> IntArray:
        """Sittings of those booked before the run: the first of the session on the appointment's day."""
        work = self.view.trace.workload
        starts = work.clock.day_starts
        held_on = np.searchsorted(starts, self.opens, side="right")
        days = np.searchsorted(starts, work.appointment[patients], side="right")
        found = np.full(patients.size, NONE, np.int64)
        for i, (patient, day) in enumerate(zip(patients, days, strict=True)):
            held = np.flatnonzero((self.sittings.session == work.session[patient]) & (held_on == day))
            if held.size:
                found[i] = held[0]
        return found

    @cached_property
    def last(self) -> Bookings:
        """The last booking of each patient: that of the visit which the trace shows."""
        known = self.all
        final = np.flatnonzero(np.append(known.patient[1:] != known.patient[:-1], True)[: known.patient.size])
        return Bookings(known.patient[final], known.sitting[final], known.appointment[final])

    @cached_property
    def sitting_of(self) -> IntArray:
        """Sitting of each patient's last booking, -1 for all others, shape (patient,)."""
        sitting = np.full(self.view.trace.workload.patients, NONE, np.int64)
        sitting[self.last.patient] = self.last.sitting
        return sitting

    @cached_property
    def appointment_of(self) -> IntArray:
        """Each patient's last appointment, ``UNSET`` for all others, shape (patient,). [ms]"""
        appointment = np.full(self.view.trace.workload.patients, UNSET, np.int64)
        appointment[self.last.patient] = self.last.appointment
        return appointment

    def stays_in(self, sittings: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Stretches in which patients of some sittings held their session's rooms.

        Returns
        -------
        sitting, begin, end : shape (stretch,); end of the run where one goes on [ms]
        """
        view, held = self.view, self.view.stays
        chosen = np.append(np.isin(np.arange(self.opens.size), sittings), False)
        of = self.sitting_of[view.trace.patient[held.row]]
        rows = np.flatnonzero(chosen[of] & ~held.found)
        session = self.sittings.session[of[rows]]
        rows = rows[self.rooms[session, held.place[rows]]]
        return of[rows], held.begin[rows], np.minimum(held.end[rows], view.trace.end)

    @cached_property
    def rooms(self) -> NDArray[np.bool_]:
        """Whether a session's patients take a place for what they come for, shape (session, place)."""
        return rooms_of(self.view.hospital)


_NOBODY = np.zeros(0, np.int64)


def rooms_of(hospital: Hospital) -> NDArray[np.bool_]:
    """Whether a session's patients take a place for what they come for, shape (session, place).

    That is the limit step of a class, else its first; for one done in place, the step before it.
    """
    places = list(hospital.everywhere)
    belongs = np.zeros((len(hospital.sessions), len(places)), dtype=bool)
    for i, session in enumerate(hospital.sessions.values()):
        for name in session.classes:
            booking, steps = (
                hospital.classes[name].booking,
                hospital.pathways[hospital.classes[name].pathway].steps,
            )
            limit = None if booking is None else booking.limit_step
            last = next((k for k, s in enumerate(steps) if s.name == limit), 0)
            with_places = [s for s in steps[: last + 1] if s.places]
            for choice in with_places[-1].alternatives() if with_places else ():
                belongs[i, places.index(choice.place)] = True
    return belongs


def bookings(view: View, booked: Booked) -> dict[str, float]:
    """Cancellations, those who did not attend, and waiting lists."""
    return {**_on_the_day(view, booked), **_lists(view)}


def _on_the_day(view: View, booked: Booked) -> dict[str, float]:
    if not view.hospital.sessions:
        return undefined(_SITTINGS)
    n = int(np.isin(booked.all.sitting, booked.measured).sum())
    cancelled, away = (
        int(np.isin(view.trace.log.only(kind).what, booked.measured).sum())
        for kind in (Kind.CANCELLED, Kind.NO_SHOW)
    )
    return {
        "cancellations_a_day": cancelled / view.days,
        "cancelled_share": ratio(100 * cancelled, n),
        "no_show_share": ratio(100 * away, n),
    }


def _lists(view: View) -> dict[str, float]:
    trace, work = view.trace, view.trace.workload
    scheduled = np.array([c.booking is not None for c in view.hospital.classes.values()])
    if not scheduled.any():
        return undefined(_LISTS)
    begins, ends, who = list_stays(view)
    came = who[view.cohort[who]]
    return {
        "list_length": ratio(overlap(begins, ends, view.start, view.end).sum() / MS_DAY, view.days),
        "list_wait_days": mean(to_days(trace.came[came] - work.arrival[came])),
    }


def list_stays(view: View) -> tuple[IntArray, IntArray, IntArray]:
    """Time on the waiting lists: listed until come, or not attended.

    Returns
    -------
    begin, end, patient : shape (patient of a scheduled class,); ``LATER`` for who is still on it [ms]
    """
    trace, work = view.trace, view.trace.workload
    scheduled = np.array([c.booking is not None for c in view.hospital.classes.values()])
    from_list = np.isin(work.origin, (ARRIVES, LISTED, BOOKED))
    who = np.flatnonzero(scheduled[work.patient_class] & from_list)
    missed = trace.log.only(Kind.NO_SHOW)
    off = np.where(trace.came == UNSET, LATER, trace.came)
    absent = missed.who[trace.outcome[missed.who] == Outcome.NO_SHOW]
    off[absent] = missed.at[trace.outcome[missed.who] == Outcome.NO_SHOW]
    return work.arrival[who], off[who], who
