"""Places: wards with beds, cubicles, theatres, rooms; and the staff who work in them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.hospital.base import Beds, Hours, Model, Name, People, Share
from twin.units import Unit

Minutes = Annotated[float, Field(ge=0, le=10_080), Unit("minutes")]


OnFall = Annotated[
    Literal["finish", "stop"],
    Field(
        description="what a fall in level does to work in progress: finish it, or stop it and resume later"
    ),
]
OpensWhenFull = Annotated[
    tuple[Name, ...],
    Field(description="an escalation place: it takes patients only while all of these places are full"),
]
WaitingRoom = Annotated[int, Field(ge=0, le=100_000), Unit("patients")]


class WardHours(Hours):
    """An exception to a ward's usual level."""

    staffed_beds: Beds
    """Beds open in these hours."""


class PlaceHours(Hours):
    """An exception to a place's usual level."""

    staffed: Beds
    """Places open in these hours."""


class StaffHours(Hours):
    """An exception to the usual number on duty."""

    on_duty: People
    """People on duty in these hours."""


class Shift(Hours):
    """One stretch of work of a staff group; one that ends no later than it begins runs over midnight."""

    on_duty: People
    """People who come to the shift."""


class Break(Hours):
    """A calendar of breaks: so many people of the group are away."""

    away: People
    """People who rest in these hours."""


Ratio = Annotated[float, Field(gt=0, le=100), Unit("patients a nurse")]


class Nursing(Model):
    """The nurses without whom a ward's beds close: beds open <= nurses on duty x ratio.

    ``by_shift`` names shifts of the group with a ratio of their own; each nurse counts with the
    ratio of the shift that brought him.
    """

    group: Name
    """The staff group that nurses the ward."""
    patients_per_nurse: Ratio
    """Beds that one nurse can care for."""
    by_shift: dict[Name, Ratio] = Field(default_factory=dict)
    """Ratio of single shifts, by name of the shift."""


class Ward(Model):
    """Beds under one nursing team."""

    title: str
    """What people call it."""
    physical_beds: Beds
    """Beds that stand there: the ceiling."""
    staffed_beds: Beds
    """Beds usually open."""
    turnaround_minutes: Minutes = 0.0
    """Cleaning and making up after a patient has left."""
    discharge_profile: Name | None = None
    """Profile of the hours at which patients go home."""
    department: Name | None = None
    """Department to which it is counted."""
    critical_care: bool = False
    """Whether its beds are critical-care beds."""
    calendar: tuple[WardHours, ...] = ()
    """Exceptions to the usual level."""
    on_fall: OnFall = "finish"
    opens_when_full: OpensWhenFull = ()
    waiting_room: WaitingRoom | None = None
    """Most patients who may wait for it without holding a place; unbounded when left out."""
    nursing: Nursing | None = None
    """The nurses without whom its beds close."""

    @property
    def physical(self) -> int:
        """Beds that stand there. [beds]"""
        return self.physical_beds

    @property
    def usual(self) -> int:
        """Beds usually staffed. [beds]"""
        return self.staffed_beds

    def exceptions(self) -> tuple[tuple[Hours, int], ...]:
        """Calendar rows with their level, later rows over earlier ones."""
        return tuple((row, row.staffed_beds) for row in self.calendar)


class Place(Model):
    """A place that is not a ward: cubicles, a theatre, clinic rooms, a scanner."""

    title: str
    """What people call it."""
    physical: Beds = 0
    """Places that stand there: the ceiling."""
    staffed: Beds = 0
    """Places usually open."""
    unlimited: bool = False
    """Has room for everybody, e.g. at home or on the telephone."""
    turnaround_minutes: Minutes = 0.0
    """Making ready after a patient has left."""
    department: Name | None = None
    """Department to which it is counted."""
    calendar: tuple[PlaceHours, ...] = ()
    """Exceptions to the usual level."""
    on_fall: OnFall = "finish"
    opens_when_full: OpensWhenFull = ()
    waiting_room: WaitingRoom | None = None
    """Most patients who may wait for it without holding a place; unbounded when left out."""

    @property
    def usual(self) -> int:
        """Usual level. [places]"""
        return self.staffed

    def exceptions(self) -> tuple[tuple[Hours, int], ...]:
        """Calendar rows with their level, later rows over earlier ones."""
        return tuple((row, row.staffed) for row in self.calendar)


class StaffGroup(Model):
    """People of one role and skill, counted on duty.

    The number on duty is that of the shifts that hold the instant (or ``on_duty`` and its calendar
    where no shifts are given), less those absent and those on a break.
    """

    title: str
    """What people call it."""
    on_duty: People = 0
    """People usually on duty, where the group has no shifts."""
    calendar: tuple[StaffHours, ...] = ()
    """Exceptions to `on_duty`."""
    shifts: dict[Name, Shift] = Field(default_factory=dict)
    """Shifts by name; the people of all that hold are there together."""
    breaks: tuple[Break, ...] = ()
    """People away to rest."""
    absence: Annotated[Share, Unit("chance that one on a shift is away for all of it")] = 0.0
    """Of each shift so many are away in the mean."""
    float_pool: Name | None = Field(None, description="group whose people stand in when this one is short")
    on_fall: OnFall = "finish"

    @property
    def usual(self) -> int:
        """Usual number on duty. [people]"""
        return self.on_duty

    def exceptions(self) -> tuple[tuple[Hours, int], ...]:
        """Calendar rows with their level, later rows over earlier ones."""
        return tuple((row, row.on_duty) for row in self.calendar)
