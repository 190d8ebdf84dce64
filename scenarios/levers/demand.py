"""Scale arrivals: more or fewer patients of one stream.

Fewer keeps each patient by his own uniform number; more adds patients after the last, so the patients
of the base are met again one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from scenarios.entry import stream_called
from scenarios.levers.lever import Lever, unknown
from twin.case import Case
from twin.demand import DemandForecast
from twin.errors import Problem, UsageError
from twin.hospital import Hospital
from twin.hospital.base import Name
from twin.streams import mix, name_key, uniform
from twin.units import Source, Unit


class ScaleArrivals(Lever):
    """More or fewer arrivals of one stream; ``emergency`` is the emergency department's."""

    key: ClassVar[str] = "scale_arrivals"
    title: ClassVar[str] = "Arrivals"
    dated: ClassVar[bool] = True

    stream: Name
    factor: Annotated[
        float,
        Field(ge=0, le=5),
        Unit("x the stream's arrivals"),
        Source("assumed: five times the usual day is a catastrophe plan, another question"),
    ]

    @property
    def effective(self) -> float:
        """The factor after uptake."""
        return 1 + (self.factor - 1) * self.uptake

    def apply(self, case: Case) -> Case:
        """Scale the stream for the whole run, or the forecast's days for a while.

        Raises
        ------
        UsageError
            Dates are given, and the stream has no forecast by date.
        """
        if self.start or self.end:
            return case.with_(demand=self._dated(case))
        name = self._name(case.hospital)
        stream = case.hospital.arrivals[name]
        changed = stream.model_copy(update={"factor": stream.factor * self.effective})
        arrivals = {**case.hospital.arrivals, name: changed}
        return case.with_(hospital=case.hospital.model_copy(update={"arrivals": arrivals}))

    def words(self, hospital: Hospital) -> str:
        """``10 % more Emergency arrivals``."""
        change = (self.effective - 1) * 100
        more = "more" if change >= 0 else "fewer"
        return f"{abs(change):.3g} % {more}: {hospital.arrivals[self._name(hospital)].title}{self.when}"

    def faults(self, hospital: Hospital) -> Iterable[Problem]:
        """The stream must be there."""
        if stream_called(hospital, self.stream) is None:
            yield from unknown("stream", self.stream, hospital.arrivals, "arrival stream")

    def _name(self, hospital: Hospital) -> str:
        return stream_called(hospital, self.stream) or self.stream

    def _dated(self, case: Case) -> DemandForecast:
        demand, name = case.demand, self._name(case.hospital)
        if demand is None or name not in demand.series:
            raise UsageError(
                f"arrivals of {self.stream} have no forecast by date; leave out the dates of {self.key}"
            )
        row = demand.series.index(name)
        paths = demand.paths.copy()
        days = [d for d in range(demand.days) if self.covers(demand.start + timedelta(days=d))]
        ordinals = demand.start.toordinal() + np.array(days, dtype=np.int64)
        u = uniform(mix(name_key("scaled arrivals"), name_key(name), ordinals))
        paths[:, row, days] = np.floor(paths[:, row, days] * self.effective + u).astype(np.int64)
        return replace(demand, paths=paths)
