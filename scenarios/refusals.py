"""Refusals: what is said before a main job begins, and what stops it from beginning.

A patient who would wait for a place that never opens stops it. A queue that grows is no reason to stop a
run of some weeks from today's state, but is named with its pace.
"""

from __future__ import annotations

import numpy as np

from twin.case import Case, Window, resolve
from twin.errors import ConfigError, Problem
from twin.hospital import Hospital
from twin.hospital.load import class_rates, growth_a_day, overloaded, visits


def named_before_the_run(case: Case, window: Window) -> list[str]:
    """Queues that grow without end, in words.

    Raises
    ------
    ConfigError
        Patients are sent to places of which none ever opens.
    """
    refuse_closed_ways(
        case, window
    )  # once more: the forecast may bring patients whom the hospital did not expect
    hospital = with_forecast_means(case)
    return [
        f"{_names(hospital, pool.members)}: {pool.in_words}; "
        f"the queue grows by {growth_a_day(hospital, pool):.1f} a day"
        for pool in overloaded(hospital)
    ]


def refuse_closed_ways(case: Case, window: Window) -> None:
    """Refuse a hospital that sends patients to a step whose places all stay closed."""
    hospital, levels = case.hospital, resolve(case, window).levels
    rates = class_rates(with_forecast_means(case))
    problems: dict[str, Problem] = {}
    for name, patient_class in hospital.classes.items():
        pathway = hospital.pathways[patient_class.pathway]
        for step, times in zip(pathway.steps, visits(pathway), strict=True):
            places = [a.place for a in step.alternatives()]
            comes = rates[name] * times
            if comes > 0 and places and not any(levels[p].values.any() for p in places):
                where = " + ".join(places)
                rule = f"none is ever open, and {comes:.1f} patients a day are sent there ({step.name})"
                problems.setdefault(
                    where, Problem(where, 0, rule, "open places, or route patients elsewhere")
                )
    if problems:
        raise ConfigError(f'hospital "{hospital.name}"', list(problems.values()))


def with_forecast_means(case: Case) -> Hospital:
    """The hospital with the mean demand of the forecast in place of its own."""
    demand = case.demand
    if demand is None:
        return case.hospital
    arrivals = dict(case.hospital.arrivals)
    for i, name in enumerate(demand.series):
        mean = float(np.mean(demand.paths[:, i]))
        arrivals[name] = arrivals[name].model_copy(update={"daily_mean": mean, "weekday_factors": (1.0,) * 7})
    return case.hospital.model_copy(update={"arrivals": arrivals})


def _names(hospital: Hospital, members: tuple[str, ...]) -> str:
    titles = [getattr({**hospital.everywhere, **hospital.staff}[name], "title", name) for name in members]
    return ", ".join(titles[:4]) + (f" and {len(titles) - 4} more" if len(titles) > 4 else "")
