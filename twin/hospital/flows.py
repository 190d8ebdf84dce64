"""Flows: how many patients a day come to each step on average, before anybody has waited.

Left out, because it depends on the state of the house: populations (their members come again when
the house has let them go), rebooked cases, and all waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.hospital.hospital import Hospital
from twin.hospital.pathway import Arrivals, Pathway, PatientClass, Step
from twin.units import DAYS_WEEK, FloatArray

#: (class, step's place in its pathway) -> share of those who ask that are served, where some give up
Served = Mapping[tuple[str, int], float]


@dataclass(frozen=True)
class Flow:
    """Patients of one class who ask for one step.

    Attributes
    ----------
    asked : [patients a day]
    gives_up : whether one who waits may leave or skip, so that no queue grows without end
    """

    patient_class: str
    index: int
    step: Step
    asked: float
    gives_up: bool


def visits(pathway: Pathway) -> FloatArray:
    """Mean number of times a patient comes to each step, shape (step,). [visits a patient]"""
    return _visits(pathway, np.ones(len(pathway.steps)))


def _visits(pathway: Pathway, goes_on: FloatArray) -> FloatArray:
    """The same where only a share of those who ask for a step go on after it."""
    n = len(pathway.steps)
    route = np.zeros((n, n))
    for i in range(n):
        for to, share in pathway.routes(i):
            if to is not None:
                route[i, to] += share * goes_on[i]
    first = np.zeros(n)
    first[0] = 1
    return np.asarray(np.linalg.solve((np.eye(n) - route).T, first), dtype=np.float64)


def mean_party(stream: Arrivals) -> float:
    """Mean number of patients who come together. [patients]"""
    return float(np.dot(stream.party_sizes, np.arange(1, len(stream.party_sizes) + 1)))


def class_rates(hospital: Hospital) -> dict[str, float]:
    """Mean arrivals of each class, on lists and of trays on their way through SPD too. [patients a day]

    Members of populations are left out: see ``left_out``.
    """
    rates = dict.fromkeys(hospital.classes, 0.0)
    for stream in hospital.arrivals.values():
        mean = stream.daily_mean * stream.factor * sum(stream.weekday_factors) / DAYS_WEEK
        for name, share in stream.mix.items():
            rates[name] += mean * mean_party(stream) * share
    if hospital.trays:
        for name, rate in _tray_rates(hospital, _walks(hospital, rates, {})).items():
            rates[name] += rate
    return rates


def left_out(hospital: Hospital) -> tuple[str, ...]:
    """What the flows do not count, in words; empty where they are whole."""
    return tuple(
        f"{population.title} ({name}): {population.members:,} members come as the house lets them; "
        "they are not in the offered load"
        for name, population in hospital.populations.items()
    )


def flows(
    hospital: Hospital, served: Served | None = None, booked: Mapping[str, float] | None = None
) -> tuple[Flow, ...]:
    """Every step of every class with those who ask for it; no-shows do not.

    Parameters
    ----------
    served
        Of steps whose patients may give up: the share that is served; those who leave ask for nothing
        more. Everybody when omitted.
    booked
        Of classes with a list: the share that is ever booked. Everybody when omitted.
    """
    served, booked = served or {}, booked or {}
    rates = dict.fromkeys(hospital.classes, 0.0)
    for name, rate in class_rates(hospital).items():
        booking = hospital.classes[name].booking
        shows = 1 - booking.no_show if booking is not None else 1.0
        rates[name] = rate * shows * booked.get(name, 1.0)
    patients = {name: rate for name, rate in rates.items() if hospital.classes[name].of != "tray"}
    found = _walks(hospital, patients, served)
    if hospital.trays:
        found += _walks(hospital, _tray_rates(hospital, found, served), {})
    return tuple(found)


def _walks(hospital: Hospital, rates: Mapping[str, float], served: Served) -> list[Flow]:
    found = []
    for name, rate in rates.items():
        pathway = hospital.pathways[hospital.classes[name].pathway]
        goes_on = np.array(
            [_goes_on(step, served.get((name, i), 1.0)) for i, step in enumerate(pathway.steps)]
        )
        for i, times in enumerate(_visits(pathway, goes_on)):
            gives_up = may_give_up(hospital, hospital.classes[name], i)
            found.append(Flow(name, i, pathway.steps[i], rate * float(times), gives_up))
    return found


def _goes_on(step: Step, served: float) -> float:
    """Share of those who ask for a step that come to what follows it."""
    skips = step.if_full == "skips" or (step.patience is not None and step.out_of_patience == "skips")
    return 1.0 if skips else served


def _tray_rates(hospital: Hospital, found: list[Flow], served: Served | None = None) -> dict[str, float]:
    """Trays of each class that steps with kits send on their way. [trays a day]"""
    rates = {name: 0.0 for name, c in hospital.classes.items() if c.of == "tray"}
    for flow in found:
        if flow.step.kit is None:
            continue
        for supply, units in hospital.kits[flow.step.kit].contents.items():
            if supply in hospital.trays:
                used = flow.asked * (served or {}).get((flow.patient_class, flow.index), 1.0)
                rates[hospital.trays[supply].patient_class] += used * units
    return rates


def may_give_up(hospital: Hospital, patient_class: PatientClass, index: int) -> bool:
    """Whether one who waits for a step may leave or skip it, or finds the waiting room full."""
    pathway = hospital.pathways[patient_class.pathway]
    step = pathway.steps[index]
    if step.if_full != "waits" or step.patience is not None:
        return True
    if not step.places or hospital.everywhere[step.alternatives()[0].place].waiting_room is None:
        return False
    before = [i for i in range(len(pathway.steps)) if any(to == index for to, _ in pathway.routes(i))]
    return not any(pathway.steps[i].keeps_place for i in before)
