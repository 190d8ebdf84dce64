"""Faster turnaround: a bed is cleaned and made sooner after a patient has left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import Field

from scenarios.levers.lever import Lever, unknown
from twin.case import Case
from twin.errors import Problem
from twin.hospital import Hospital
from twin.hospital.base import Name
from twin.units import Source, Unit


class FasterTurnaround(Lever):
    """So many minutes less between two patients in a bed, in all wards or in one; never below none."""

    key: ClassVar[str] = "faster_turnaround"
    title: ClassVar[str] = "Faster turnaround"

    minutes: Annotated[
        float,
        Field(gt=0, le=600),
        Unit("minutes"),
        Source("assumed: no routine clean takes longer than ten hours"),
    ]
    ward: Name | None = None

    def apply(self, case: Case) -> Case:
        """Shorten the turnaround."""
        wards = dict(case.hospital.wards)
        for name in [self.ward] if self.ward else list(wards):
            left = max(0.0, wards[name].turnaround_minutes - self.minutes * self.uptake)
            wards[name] = wards[name].model_copy(update={"turnaround_minutes": left})
        return case.with_(hospital=case.hospital.model_copy(update={"wards": wards}))

    def words(self, hospital: Hospital) -> str:
        """``beds ready 20 min sooner``."""
        where = f" in {hospital.wards[self.ward].title}" if self.ward else ""
        return f"beds ready {self.minutes * self.uptake:g} min sooner{where}"

    def faults(self, hospital: Hospital) -> Iterable[Problem]:
        """The ward must be there; some ward must have a turnaround to shorten."""
        if self.ward:
            yield from unknown("ward", self.ward, hospital.wards, "ward")
        concerned = [hospital.wards[self.ward]] if self.ward in hospital.wards else hospital.wards.values()
        if not any(ward.turnaround_minutes > 0 for ward in concerned):
            yield Problem("minutes", self.minutes, "no ward here has a turnaround to shorten")
