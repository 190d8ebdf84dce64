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
    """What people call it."""
    daily_mean: Annotated[float, Field(ge=0, le=1e6), Unit("patients a day")]
    """Patients (or parties) on a mean day."""
    dispersion: Annotated[float, Field(ge=1, le=100), Unit("variance / mean of a day's count")] = 1.0
    """1 for a Poisson count, more where days differ more."""
    weekday_factors: tuple[Annotated[float, Field(ge=0, le=100), Unit("x daily_mean")], ...] = Field(
        (1.0,) * 7, min_length=7, max_length=7
    )
    """Monday to Sunday; a week's mean is `daily_mean` where they average one."""
    holiday_factor: Annotated[float, Field(ge=0, le=100), Unit("x daily_mean on public holidays")] = 1.0
    """Arrivals on public holidays."""
    hour_profile: Name | None = None
    """Profile of the hours of arrival; evenly over the day when left out."""
    mix: dict[Name, Share]
    """Share of each patient class."""
    factor: Annotated[float, Field(ge=0, le=100), Unit("x the day's count")] = 1.0
    """More or fewer patients than recorded, as a what-if sets it."""
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
    """What people call it."""
    members: Annotated[int, Field(ge=1, le=100_000), Unit("patients")]
    """Patients who come again and again."""
    away: Duration | None = None
    """Time away between two visits; a saturated source without it."""
    mix: dict[Name, Share]
    """Share of each patient class."""


class Ageing(Model):
    """The priority of one who has waited this long."""

    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")]
    """Priority from then on, if it is the better one."""
    after_hours: Annotated[float, Field(gt=0, le=10_000), Unit("hours")]
    """So long after asking for the step."""


class PatientClass(Model):
    """Patients who go the same way with the same urgency.

    A class ``of`` "use" is a use of supplies outside the pathways of patients, one ``of`` "tray"
    is the way of a tray through SPD; neither is counted among patients.
    """

    title: str
    """What people call it."""
    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")]
    """Order of service."""
    pathway: Name
    """The way they go."""
    of: Literal["patient", "use", "tray"] = "patient"
    """Whether it stands for patients, for uses of supplies or for trays."""
    ages: tuple[Ageing, ...] = ()
    """Priorities of those who have waited long."""
    preempts: bool = Field(False, description="may stop a less urgent patient whose step can be stopped")
    takes_reserve: bool = Field(False, description="an emergency: takes the reserve, then a substitute")
    booking: Booking | None = Field(None, description="a scheduled class: waits on a list for a session")


class Alternative(Model):
    """A place that may be taken once the patient has waited this long."""

    place: Name
    """The place."""
    after_hours: Annotated[float, Field(ge=0, le=10_000), Unit("hours")] = 0.0
    """Wait after which it may be taken."""


class Lounge(Model):
    """Where a patient waits for the hour of discharge, so that the bed is free sooner."""

    place: Name
    """The lounge."""
    hours: Annotated[float, Field(gt=0, le=24), Unit("hours before the discharge")]
    """So long before the discharge it may be taken."""


class Delay(Model):
    """A part of the stay after the patient is medically fit, for one reason; inside the stay, not added."""

    share: Share
    """Share of the stays."""
    duration: Duration
    """How long the patient, medically fit, still stays."""


class Step(Model):
    """One step: a place and a bundle of staff, both free at once, for a while.

    ``in_place`` means that the step happens in the place that the step before kept.
    ``keeps_place`` means that the patient stays in the place while waiting for the next step.
    ``if_full`` says what one does who cannot start at once; ``patience`` is the longest wait, and
    ``out_of_patience`` what follows it. ``skips`` means: goes on to the next step.
    """

    name: Name
    """Name within the pathway."""
    title: str = ""
    """What people call it."""
    places: tuple[Name | Alternative, ...] = ()
    """Places in order of choice, by name or with the wait after which one may be taken; may be none."""
    in_place: bool = False
    """Happens in the place that the step before kept."""
    staff: dict[Name, Annotated[int, Field(ge=1, le=100), Unit("people")]] = Field(default_factory=dict)
    """People needed from each group, for all of the step."""
    duration: Duration
    """How long it takes."""
    keeps_place: bool = False
    """The patient holds the place until the next step starts."""
    priority: Annotated[int, Field(ge=1, le=9), Unit("1 = first")] | None = None
    """Order of service for this step, in place of the class's."""
    next: dict[Name, Share] | None = None
    """Share that goes on to each step, `home` for leaving; to the next in the list when left out."""
    if_full: Literal["waits", "leaves", "skips"] = "waits"
    """What one does who cannot start at once."""
    patience: Duration | None = None
    """Longest wait."""
    out_of_patience: Literal["leaves", "skips"] = "leaves"
    """What one does whose patience ends."""
    holds_the_line: bool = Field(
        False, description="while one cannot start, later requests may not take what he lacks"
    )
    needs_next: Name | None = Field(
        None, description="starts only if the first place of this later step is free, which is then promised"
    )
    kit: Name | None = None
    """Items and trays that it takes as it starts."""
    can_be_stopped: bool = Field(False, description="a more urgent patient may stop it; it resumes later")
    repatriates: bool = Field(
        False, description="an outlier moves to the first place of the list when one is free"
    )
    lounge: Lounge | None = None
    """Where the patient may wait for the discharge."""
    delays: dict[Name, Delay] = Field(
        default_factory=dict, description="medically fit: delays by reason, inside the stay"
    )

    def alternatives(self) -> tuple[Alternative, ...]:
        """Eligible places in order, each with its minimum wait."""
        return tuple(p if isinstance(p, Alternative) else Alternative(place=p) for p in self.places)


class Pathway(Model):
    """The steps of one way through the hospital; the first is where patients begin."""

    title: str = ""
    """What people call it."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """The steps, in order."""

    def routes(self, index: int) -> tuple[tuple[int | None, float], ...]:
        """Where a patient goes after step ``index``: (index of the next step or None, share)."""
        step = self.steps[index]
        if step.next is None:
            return ((index + 1 if index + 1 < len(self.steps) else None, 1.0),)
        names = [s.name for s in self.steps]
        return tuple((None if to == HOME else names.index(to), share) for to, share in step.next.items())
