"""What every lever has: a name, how much of it takes hold, when, and why its numbers are what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from twin.case import Case
from twin.errors import Problem, did_you_mean
from twin.hospital import Hospital
from twin.hospital.base import Model
from twin.units import Source, Unit


class Lever(Model, ABC):
    """One change of a case.

    Attributes
    ----------
    key, title : the name in a scenario file, and what a person calls it
    uptake : share of the effect that takes hold
    start, end : first and last local date, both included; the whole run when omitted
    rationale : why the numbers are what they are, one text for all or one a field
    """

    key: ClassVar[str]
    title: ClassVar[str]
    dated: ClassVar[bool] = False

    uptake: Annotated[
        float,
        Field(gt=0, le=1),
        Unit("fraction"),
        Source("assumed: a change takes hold in full unless it is said"),
    ] = 1.0
    start: date | None = Field(None, alias="from")
    end: date | None = Field(None, alias="to")
    rationale: str | dict[str, str] = ""

    @abstractmethod
    def apply(self, case: Case) -> Case:
        """The case with this change."""

    @abstractmethod
    def words(self, hospital: Hospital) -> str:
        """The change as a planner says it."""

    def faults(self, hospital: Hospital) -> Iterable[Problem]:
        """Names that this hospital does not have."""
        return ()

    def covers(self, day: date) -> bool:
        """Whether the change is in force on a local date."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    @property
    def when(self) -> str:
        """The dates in words, empty where the whole run is meant."""
        start = f" from {self.start:%-d %B %Y}" if self.start else ""
        return start + (f" to {self.end:%-d %B %Y}" if self.end else "")


def unknown(path: str, name: str, known: Iterable[str], what: str) -> Iterable[Problem]:
    """A fault where a name is not among the known ones."""
    names = list(known)
    if name not in names:
        yield Problem(path, name, f"no such {what}", did_you_mean(name, names))
