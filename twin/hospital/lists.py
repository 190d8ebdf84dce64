"""Waiting lists: whether the sessions of a usual week take as many patients as join their lists.

No-shows use up their appointment; cases that are cancelled and booked again are not counted, for how
many there are depends on the house.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from twin.hospital.cases import case_length
from twin.hospital.flows import class_rates
from twin.hospital.hospital import Hospital
from twin.hospital.sessions import Session
from twin.hospital.week import Days
from twin.units import DAYS_WEEK, MS_MINUTE

#: a share this near to 1 is 1: the sums behind it are rounded
_EXACTLY = 1e-9


@dataclass(frozen=True)
class WaitingList:
    """Classes that share sessions, and what these can take.

    Attributes
    ----------
    joins : [patients a day]
    booked : most that can be booked in the usual week [patients a day]
    exact : whether so many can be booked; of cases of several lengths it may be fewer, for what is left
        of a session may be too short for the next
    """

    classes: tuple[str, ...]
    sessions: tuple[str, ...]
    joins: float
    booked: float
    exact: bool = True

    @property
    def share_booked(self) -> float:
        """Share of those who join that are booked in the end. [fraction]"""
        return min(1.0, self.booked / self.joins) if self.joins > 0 else 1.0

    @property
    def growth(self) -> float:
        """How much longer the list gets. [patients a day]"""
        return max(self.joins - self.booked, 0.0)


def waiting_lists(hospital: Hospital) -> tuple[WaitingList, ...]:
    """Every list of the hospital; classes that are booked into the same session wait on one."""
    graph = nx.Graph()
    for name, session in hospital.sessions.items():
        graph.add_edges_from((("session", name), ("class", member)) for member in session.classes)
    rates = class_rates(hospital)
    found = []
    for part in nx.connected_components(graph):
        classes = tuple(name for name in hospital.classes if ("class", name) in part)
        sessions = tuple(name for name in hospital.sessions if ("session", name) in part)
        joins = sum(rates[name] for name in classes)
        cases = {name: case_length(hospital, hospital.classes[name]) for name in classes if rates[name] > 0}
        mean_case = sum(rates[name] * case for name, case in cases.items()) / joins if joins > 0 else 0.0
        booked, exact = 0.0, True
        for session in (hospital.sessions[name] for name in sessions):
            lengths = {cases[name] for name in session.classes if name in cases}
            exact = exact and (session.slot_minutes is not None or len(lengths) <= 1)
            booked += _patients_a_day(session, lengths, mean_case)
        found.append(WaitingList(classes, sessions, joins, booked, exact))
    return tuple(found)


def growing_lists(hospital: Hospital) -> tuple[WaitingList, ...]:
    """Lists that more patients join than can be booked."""
    return tuple(each for each in waiting_lists(hospital) if each.share_booked < 1 - _EXACTLY)


def list_in_words(hospital: Hospital, waiting: WaitingList) -> str:
    """One line about a list that grows."""
    sessions = " + ".join(f"{hospital.sessions[name].title} ({name})" for name in waiting.sessions)
    most, least = ("", "") if waiting.exact else ("at most ", "at least ")
    return (
        f"{sessions}: {waiting.joins:.1f} patients a day join the list, {most}{waiting.booked:.1f} can be "
        f"booked; it grows by {least}{waiting.growth:.1f} a day"
    )


def _patients_a_day(session: Session, lengths: set[int], mean_case: float) -> float:
    """Most patients that a session takes, mean over the usual week.

    By time, cases of one length [ms] are whole ones: the next is booked only if what is left is enough.
    Of cases of several lengths it is the time over their mean, which is never passed in the long run.
    """
    start, end = session.span
    held = float(Days.usual_week().count(session).sum()) * session.sittings / DAYS_WEEK
    if session.slot_minutes is not None:
        slots = int((end - start) // (session.slot_minutes * MS_MINUTE))
        return held * (slots * session.patients_a_slot + session.extra_at_start)
    if len(lengths) == 1:
        return held * ((end - start) // max(*lengths, 1))
    return held * (end - start) / mean_case if lengths and mean_case > 0 else 0.0
