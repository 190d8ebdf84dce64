"""Patients: where they arrive from, the class they belong to, and the way they go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.hospital.base import Duration, Model, Name, Share
from twin.hospital.sessions import Booking
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
    party_sizes: tuple[Share, ...] = Field(
        (1.0,),
        min_length=1,
        max_length=50,
        description="share of parties of 1, 2, 3, ... who come together; the day's count is of parties",
    )


class Population(Model):
    """A source that never runs dry: so many patients, each of whom comes again.

    With ``away`` a member comes back so long after leaving the hospital (a finite population).
    Without, the next comes as soon as one gives up the place of the first step, so that
    ``members`` are always in it or waiting for it (a saturated source).
    """

    title: str
    members: Annotated[int, Field(ge=1, le=100_000), Unit("patients")]
    away: Duration | None = None
    mix: dict[Name, Share]


class Ageing(Model):
    """The priority of one who has waited this long."""

    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")]
    after_hours: Annotated[float, Field(gt=0, le=10_000), Unit("hours")]


class PatientClass(Model):
    """Patients who go the same way with the same urgency.

    A class ``of`` "use" is a use of supplies outside the pathways of patients, one ``of`` "tray"
    is the way of a tray through SPD; neither is counted among patients.
    """

    title: str
    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")]
    pathway: Name
    of: Literal["patient", "use", "tray"] = "patient"
    ages: tuple[Ageing, ...] = ()
    preempts: bool = Field(False, description="may stop a less urgent patient whose step can be stopped")
    takes_reserve: bool = Field(False, description="an emergency: takes the reserve, then a substitute")
    booking: Booking | None = Field(None, description="a scheduled class: waits on a list for a session")


class Alternative(Model):
    """A place that may be taken once the patient has waited this long."""

    place: Name
    after_hours: Annotated[float, Field(ge=0, le=10_000), Unit("hours")] = 0.0


class Lounge(Model):
    """Where a patient waits for the hour of discharge, so that the bed is free sooner."""

    place: Name
    hours: Annotated[float, Field(gt=0, le=24), Unit("hours before the discharge")]


class Delay(Model):
    """A part of the stay after the patient is medically fit, for one reason; inside the stay, not added."""

    share: Share
    duration: Duration


class Step(Model):
    """One step: a place and a bundle of staff, both free at once, for a while.

    ``in_place`` means that the step happens in the place that the step before kept.
    ``keeps_place`` means that the patient stays in the place while waiting for the next step.
    ``if_full`` says what one does who cannot start at once; ``patience`` is the longest wait, and
    ``out_of_patience`` what follows it. ``skips`` means: goes on to the next step.
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
    if_full: Literal["waits", "leaves", "skips"] = "waits"
    patience: Duration | None = None
    out_of_patience: Literal["leaves", "skips"] = "leaves"
    holds_the_line: bool = Field(
        False, description="while one cannot start, later requests may not take what he lacks"
    )
    needs_next: Name | None = Field(
        None, description="starts only if the first place of this later step is free, which is then promised"
    )
    kit: Name | None = None
    can_be_stopped: bool = Field(False, description="a more urgent patient may stop it; it resumes later")
    repatriates: bool = Field(
        False, description="an outlier moves to the first place of the list when one is free"
    )
    lounge: Lounge | None = None
    delays: dict[Name, Delay] = Field(
        default_factory=dict, description="medically fit: delays by reason, inside the stay"
    )

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
