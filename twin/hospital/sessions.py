"""Sessions: blocks of theatre or clinic time, and how scheduled patients are booked into them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.hospital.base import Duration, Hours, Model, Name, Share
from twin.units import Unit

Minutes = Annotated[float, Field(ge=0, le=1_440), Unit("minutes")]


class Session(Hours):
    """A block of time, on these days, for patients of some classes.

    With ``slot_minutes`` it is a template of slots, each for so many patients; without, cases are
    booked one after the other by their expected length until the time is full.
    """

    title: str
    """What people call it."""
    classes: tuple[Name, ...] = Field(min_length=1)
    """Scheduled classes that are booked into it."""
    slot_minutes: Annotated[float, Field(gt=0, le=1_440), Unit("minutes")] | None = None
    """Length of a slot; without it cases are booked by their length."""
    patients_a_slot: Annotated[int, Field(ge=1, le=100), Unit("patients")] = 1
    """Patients booked into each slot."""
    extra_at_start: Annotated[int, Field(ge=0, le=100), Unit("patients overbooked into the first slot")] = 0
    """Further patients booked into the first slot."""
    sittings: Annotated[int, Field(ge=1, le=1_000), Unit("such sessions side by side")] = 1
    """Such sessions held at the same time."""
    booked_days_ahead: Annotated[int, Field(ge=0, le=365), Unit("days")] = 1
    """So long before the session it is filled from the list."""
    booked_at: str = Field("12:00", description='time of day "HH:MM" at which the session is filled')
    overrun_minutes: Annotated[Minutes, Unit("minutes")] = Field(
        0.0, description="a case may start until so long after the end"
    )


class Booking(Model):
    """How a class waits on a list and comes when booked.

    ``limit_step`` is the step that must have started by the session's end (and its allowed
    overrun); otherwise the case is cancelled and goes back on the list with its first date.
    """

    limit_step: Name | None = None
    """Step that must have started by the session's limit, or the case is cancelled."""
    come_early_minutes: Minutes = Field(0.0, description="asked to come so long before the appointment")
    punctuality: Duration | None = Field(None, description="how late, on top of `early_by`")
    early_by_minutes: Minutes = 0.0
    """Taken off the drawn lateness, so that patients may come early."""
    no_show: Share = 0.0
    """Share of booked patients who do not come."""
