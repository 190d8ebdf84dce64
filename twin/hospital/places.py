"""Places: wards with beds, cubicles, theatres, rooms; and the staff who work in them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.hospital.base import Beds, Hours, Model, Name, People
from twin.units import Unit

Minutes = Annotated[float, Field(ge=0, le=10_080), Unit("minutes")]


class WardHours(Hours):
    """An exception to a ward's usual level."""

    staffed_beds: Beds


class PlaceHours(Hours):
    """An exception to a place's usual level."""

    staffed: Beds


class StaffHours(Hours):
    """An exception to the usual number on duty."""

    on_duty: People


class Nursing(Model):
    """The nurses without whom a ward's beds close: beds open <= nurses on duty x ratio."""

    group: Name
    patients_per_nurse: Annotated[float, Field(gt=0, le=100), Unit("patients a nurse")]


class Ward(Model):
    """Beds under one nursing team."""

    title: str
    physical_beds: Beds
    staffed_beds: Beds
    turnaround_minutes: Minutes = 0.0
    discharge_profile: Name | None = None
    department: Name | None = None
    critical_care: bool = False
    calendar: tuple[WardHours, ...] = ()
    nursing: Nursing | None = None

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
    physical: Beds = 0
    staffed: Beds = 0
    unlimited: bool = False
    turnaround_minutes: Minutes = 0.0
    department: Name | None = None
    calendar: tuple[PlaceHours, ...] = ()

    @property
    def usual(self) -> int:
        """Usual level. [places]"""
        return self.staffed

    def exceptions(self) -> tuple[tuple[Hours, int], ...]:
        """Calendar rows with their level, later rows over earlier ones."""
        return tuple((row, row.staffed) for row in self.calendar)


class StaffGroup(Model):
    """People of one role and skill, counted on duty."""

    title: str
    on_duty: People
    calendar: tuple[StaffHours, ...] = ()

    @property
    def usual(self) -> int:
        """Usual number on duty. [people]"""
        return self.on_duty

    def exceptions(self) -> tuple[tuple[Hours, int], ...]:
        """Calendar rows with their level, later rows over earlier ones."""
        return tuple((row, row.on_duty) for row in self.calendar)
