"""Target: one kind of series that the records give, ready to be forecast, with the groups it adds up to.

The series of a target are those of its lowest level (streams, wards, clinics, items). Upper levels are
never forecast: they are sums of the lower ones on joint sample paths, so that all levels agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.records.history import History

ARRIVALS, ADMISSIONS, DISCHARGES, CENSUS = "arrivals", "admissions", "discharges", "census"
BOOKINGS, ATTENDANCES, SUPPLIES = "bookings", "attendances", "supplies"
#: kind -> its unit in an hour or a day
KINDS: Mapping[str, str] = {
    ARRIVALS: "patients",
    ADMISSIONS: "patients",
    DISCHARGES: "patients",
    CENSUS: "patients in beds at the end of the period",
    BOOKINGS: "appointments",
    ATTENDANCES: "patients",
    SUPPLIES: "units used",
}
#: kind -> its levels, the lowest first
LEVELS_OF: Mapping[str, tuple[str, ...]] = {
    ARRIVALS: ("stream", "hospital"),
    ADMISSIONS: ("ward", "specialty", "hospital"),
    DISCHARGES: ("ward", "specialty", "hospital"),
    CENSUS: ("ward", "specialty", "hospital"),
    BOOKINGS: ("clinic", "hospital"),
    ATTENDANCES: ("clinic", "hospital"),
    SUPPLIES: ("item", "kit", "store"),
}


@dataclass(frozen=True)
class Target:
    """One kind of series.

    Attributes
    ----------
    kind : one of ``KINDS``
    unit : what a number of it counts
    history : the series of the lowest level, hourly or daily; missing where the demand was not seen
    groups : level -> the group of each series of ``history.ids``; the lowest level first, each of itself
    is_level : a level at an instant (a census), whose week is a mean; a flow otherwise, whose week is a sum
    capped : (series, time), where supply may have kept the count below the demand
    """

    kind: str
    unit: str
    history: History = field(repr=False)
    groups: Mapping[str, tuple[str, ...]]
    is_level: bool = False
    capped: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_), repr=False)

    @property
    def frequency(self) -> str:
        """``h`` or ``D``."""
        return self.history.frequency

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of the hierarchy, the lowest first."""
        return tuple(self.groups)


@dataclass(frozen=True)
class Targets:
    """All targets of a workspace, and in words what is not there and why."""

    found: tuple[Target, ...]
    told: tuple[str, ...] = ()

    def of(self, kind: str) -> Target | None:
        """The target of this kind, None where the records do not give it."""
        return next((target for target in self.found if target.kind == kind), None)


def series_name(kind: str, level: str, name: str) -> str:
    """``census/ward/amu``; the whole hospital is ``census/hospital``."""
    return f"{kind}/{level}" if level == "hospital" else f"{kind}/{level}/{name}"
