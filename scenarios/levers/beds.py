"""Add beds: one ward opens more beds, with the nurses for them.

Both levels rise, the beds that stand there and the beds that are usually staffed (or planned). A ward
whose beds follow its nurses stays at what they can staff; the run says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, ClassVar

from pydantic import Field

from scenarios.levers.lever import Lever, unknown
from twin.case import Case
from twin.errors import ConfigError, Problem
from twin.hospital import Hospital
from twin.hospital.base import Name
from twin.hospital.places import Ward
from twin.hospital.week import least_of_days
from twin.plan import Plan
from twin.units import Source, Unit


class AddBeds(Lever):
    """More open beds in one ward."""

    key: ClassVar[str] = "add_beds"
    title: ClassVar[str] = "Extra open beds"
    dated: ClassVar[bool] = True

    ward: Name
    beds: Annotated[
        int,
        Field(ge=1, le=400),
        Unit("beds"),
        Source("assumed: up to a whole new block; no ward of one team is larger"),
    ]

    @property
    def opened(self) -> int:
        """Beds that open after uptake, at least one. [beds]"""
        return max(1, round(self.beds * self.uptake))

    def apply(self, case: Case) -> Case:
        """Raise the beds that stand there and the level, by calendar or by date."""
        ward = case.hospital.wards[self.ward]
        levels = {"physical_beds": ward.physical_beds + self.opened}
        plan = self._planned(case.plan)
        if self.start or self.end:
            plan = self._named_dates(plan, ward, case.hospital.country)
        else:
            levels["staffed_beds"] = ward.staffed_beds + self.opened
            rows = [
                row.model_copy(update={"staffed_beds": row.staffed_beds + self.opened})
                for row in ward.calendar
            ]
            levels["calendar"] = tuple(rows)  # type: ignore[assignment]
        wards = {**case.hospital.wards, self.ward: ward.model_copy(update=levels)}
        return case.with_(hospital=case.hospital.model_copy(update={"wards": wards}), plan=plan)

    def words(self, hospital: Hospital) -> str:
        """``4 more beds in Medicine A``."""
        many = "" if self.opened == 1 else "s"
        return f"{self.opened} more bed{many} in {hospital.wards[self.ward].title}{self.when}"

    def faults(self, hospital: Hospital) -> Iterable[Problem]:
        """The ward must be there; a change by date needs both dates."""
        yield from unknown("ward", self.ward, hospital.wards, "ward")
        if (self.start is None) != (self.end is None):
            yield Problem("from, to", None, "extra beds for a while need both dates")

    def _planned(self, plan: Plan) -> Plan:
        """The dates that the plan names already, raised where the change is in force."""
        if self.ward not in plan.beds:
            return plan
        days = {day: n + self.opened * self.covers(day) for day, n in plan.beds[self.ward].items()}
        return replace(plan, beds={**plan.beds, self.ward: days})

    def _named_dates(self, plan: Plan, ward: Ward, country: str | None) -> Plan:
        """Name every other date of the change with the ward's least level of the day, raised.

        A plan holds for the whole date, and promises no bed that closes.
        """
        if self.start is None or self.end is None:
            raise ConfigError(self.key, list(self.faults_of_dates()))
        least = least_of_days(ward, self.start, self.end, country)
        days = {self.start + timedelta(days=d): int(n) + self.opened for d, n in enumerate(least)}
        known: Mapping[date, int] = plan.beds.get(self.ward, {})
        return replace(plan, beds={**plan.beds, self.ward: {**days, **known}})

    def faults_of_dates(self) -> Iterable[Problem]:
        """A change by date needs both dates."""
        yield Problem("from, to", None, "extra beds for a while need both dates")
