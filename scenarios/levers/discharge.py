"""Earlier discharge: patients who are ready leave earlier on the same day.

The day of discharge stays; its hour moves towards the morning, and the bed is free for so much longer.
Nobody is sent home before the morning round who was not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from scenarios.levers.lever import Lever, unknown
from twin.case import Case
from twin.errors import Problem
from twin.hospital import Hospital
from twin.hospital.base import Name, Profile
from twin.units import FloatArray, Source, Unit

#: discharges are not moved before this hour (assumed: decisions are made on the morning round) [hour of day]
FIRST_HOUR = 8


class EarlierDischarge(Lever):
    """The discharge hours move earlier, in all wards or in one."""

    key: ClassVar[str] = "earlier_discharge"
    title: ClassVar[str] = "Discharges earlier"

    hours: Annotated[
        float,
        Field(gt=0, le=12),
        Unit("hours"),
        Source("assumed: twelve hours moves the evening to the morning"),
    ]
    ward: Name | None = None

    def apply(self, case: Case) -> Case:
        """Give the wards a profile with earlier hours; the recorded hours stay known beside it."""
        hospital = case.hospital
        profiles, wards = dict(hospital.profiles), dict(hospital.wards)
        for name in [self.ward] if self.ward else list(wards):
            used = wards[name].discharge_profile
            if used is None:
                continue
            earlier = f"{used}_earlier"[:40]
            profiles[earlier] = self._moved(hospital.profiles[used])
            wards[name] = wards[name].model_copy(update={"discharge_profile": earlier})
        return case.with_(hospital=hospital.model_copy(update={"profiles": profiles, "wards": wards}))

    def words(self, hospital: Hospital) -> str:
        """``discharges 2 h earlier``."""
        where = f" in {hospital.wards[self.ward].title}" if self.ward else ""
        share = "" if self.uptake == 1 else f" for {self.uptake:.0%} of patients"
        return f"discharges {self.hours:g} h earlier{where}{share}"

    def faults(self, hospital: Hospital) -> Iterable[Problem]:
        """The ward must be there; some ward must have discharge hours to move."""
        if self.ward:
            yield from unknown("ward", self.ward, hospital.wards, "ward")
        concerned = [hospital.wards[self.ward]] if self.ward in hospital.wards else hospital.wards.values()
        if not any(ward.discharge_profile for ward in concerned):
            yield Problem(
                "hours", self.hours, "no ward here has discharge hours", "give it a discharge_profile"
            )

    def _moved(self, profile: Profile) -> Profile:
        before = np.asarray(profile.hours)
        mixed = (1 - self.uptake) * before + self.uptake * earlier_hours(before, self.hours)
        return Profile(hours=tuple(mixed / mixed.sum()), recorded=profile.recorded or profile.hours)


def earlier_hours(shares: FloatArray, hours: float) -> FloatArray:
    """Shares of a day by hour, moved earlier but not before the morning round, shape (24,)."""
    moved = np.zeros_like(shares)
    whole, part = int(hours), hours - int(hours)
    for hour, share in enumerate(shares):
        for back, weight in ((whole, 1 - part), (whole + 1, part)):
            moved[min(hour, max(FIRST_HOUR, hour - back))] += share * weight
    return moved
