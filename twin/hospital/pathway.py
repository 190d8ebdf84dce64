"""Patients: where they arrive from, the class they belong to, and the way they go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.hospital.base import Duration, Model, Name, Share
from twin.units import Unit

#: the step after the last: the patient leaves the hospital
HOME = "home"


class Arrivals(Model):
    """A stream of patients from outside: so many a day, by weekday and hour."""

    title: str
    daily_mean: Annotated[float, Field(ge=0, le=1e6), Unit("patients a day")]
    dispersion: Annotated[float, Field(ge=1, le=100), Unit("variance / mean of a day's count")] = 1.0
    weekday_factors: tuple[Annotated[float, Field(ge=0, le=100), Unit("x daily_mean")], ...] = Field(
        (1.0,) * 7, min_length=7, max_length=7
    )
    holiday_factor: Annotated[float, Field(ge=0, le=100), Unit("x daily_mean on public holidays")] = 1.0
    hour_profile: Name | None = None
    mix: dict[Name, Share]
    factor: Annotated[float, Field(ge=0, le=100), Unit("x the day's count")] = 1.0


class PatientClass(Model):
    """Patients who go the same way with the same urgency."""

    title: str
    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")]
    pathway: Name


class Alternative(Model):
    """A place that may be taken once the patient has waited this long."""

    place: Name
    after_hours: Annotated[float, Field(ge=0, le=10_000), Unit("hours")] = 0.0


class Step(Model):
    """One step: a place and a bundle of staff, both free at once, for a while.

    ``in_place`` means that the step happens in the place that the step before kept.
    ``keeps_place`` means that the patient stays in the place while waiting for the next step.
    """

    name: Name
    title: str = ""
    places: tuple[Name | Alternative, ...] = ()
    in_place: bool = False
    staff: dict[Name, Annotated[int, Field(ge=1, le=100), Unit("people")]] = Field(default_factory=dict)
    duration: Duration
    keeps_place: bool = False
    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")] | None = None
    next: dict[Name, Share] | None = None

    def alternatives(self) -> tuple[Alternative, ...]:
        """Eligible places in order, each with its minimum wait."""
        return tuple(p if isinstance(p, Alternative) else Alternative(place=p) for p in self.places)


class Pathway(Model):
    """The steps of one way through the hospital; the first is where patients begin."""

    title: str = ""
    steps: tuple[Step, ...] = Field(min_length=1)

    def routes(self, index: int) -> tuple[tuple[int | None, float], ...]:
        """Where a patient goes after step ``index``: (index of the next step or None, share)."""
        step = self.steps[index]
        if step.next is None:
            return ((index + 1 if index + 1 < len(self.steps) else None, 1.0),)
        names = [s.name for s in self.steps]
        return tuple((None if to == HOME else names.index(to), share) for to, share in step.next.items())
