"""Cases: hospitals whose averages others have proved, each a page of TOML with a row of expected values.

The pages stand in ``library``, or are examples; the expected values with their sources stand in
``cases.toml``. Both are data.
"""

from __future__ import annotations

import tomllib
import zlib
from functools import lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import Field

from twin.errors import NotFound, did_you_mean
from twin.hospital import Hospital, parse_hospital
from twin.hospital.base import Model, Name, TimeUnit
from twin.hospital.examples import example
from twin.units import Unit
from twin.verification.observe import Where

Count = Annotated[int, Field(ge=1), Unit("count")]
Days = Annotated[int, Field(ge=0), Unit("days")]
Number = Annotated[float, Unit("as the quantity")]


class Expect(Model):
    """Values that must come out in one part of the house.

    ``tail`` names those that are tail probabilities (known to 2 %, not 1 %), ``loose`` those whose
    width is not judged, ``within`` an absolute distance that the mean must keep as well.
    """

    variant: str | None = None
    patient_class: Name | None = Field(None, alias="class")
    step: Name | None = None
    place: Name | None = None
    item: Name | None = None
    are: dict[str, Number]
    tail: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    within: Number | None = None

    @property
    def where(self) -> Where:
        """The part of the house."""
        return Where(self.patient_class, self.step, self.place, self.item)


class Order(Model):
    """Variants whose quantity rises in this order, by clear differences on the same patients."""

    of: str
    patient_class: Name | None = Field(None, alias="class")
    step: Name | None = None
    place: Name | None = None
    item: Name | None = None
    rising: tuple[str, ...] = Field(min_length=2)

    @property
    def where(self) -> Where:
        """The part of the house."""
        return Where(self.patient_class, self.step, self.place, self.item)


class Visitor(Model):
    """One patient of a trace made by hand."""

    patient_class: Name = Field(alias="class")
    at: Annotated[float, Unit("as the case's unit")]
    steps: dict[Name, Annotated[float, Unit("as the case's unit")]]
    patience: Annotated[float, Unit("as the case's unit")] | None = None


class Exactly(Model):
    """A column of a trace made by hand, patient by patient; "-": it did not happen."""

    column: Literal["start", "end", "left", "wait", "boarding", "house_left", "outcome", "overtime"]
    step: Name | None = None
    are: tuple[Number | str, ...] = Field(alias="is")


class VerificationCase(Model):
    """One case: which page, for how long, and what must come out."""

    id: str
    title: str
    source: str
    note: str = ""
    unit: TimeUnit
    example: str | None = None
    """The example whose page is this case's; its own page in ``library`` when left out."""
    days: Count = 1
    warm_up: Days = 0
    tail: Days = 1
    least: Count = 24
    most: Count = 400
    variants: dict[str, dict[str, Any]] = Field(default_factory=dict)
    expect: tuple[Expect, ...] = ()
    order: tuple[Order, ...] = ()
    patients: tuple[Visitor, ...] = ()
    exactly: tuple[Exactly, ...] = ()
    identity: Literal["little", "conservation"] | None = None

    @property
    def seed(self) -> int:
        """The seed of all its chance, fixed by its name."""
        return zlib.crc32(self.id.encode())

    @property
    def page(self) -> str:
        """The hospital as text."""
        if self.example is not None:
            return example(self.example)
        return (resources.files("twin.verification") / "library" / f"{self.id}.toml").read_text("utf-8")

    def hospital(self, variant: str | None = None) -> Hospital:
        """The hospital, with what a variant changes."""
        text = self.page
        if variant is None:
            return parse_hospital(text, source=f"{self.id}.toml")
        raw = tomllib.loads(text)
        for path, value in self.variants[variant].items():
            *way, last = path.split(".")
            table = raw
            for name in way:
                table = table[name]
            table[last] = value
        return Hospital.model_validate(raw)


@lru_cache(maxsize=1)
def all_cases() -> tuple[VerificationCase, ...]:
    """Every case, in the order of the table."""
    text = (resources.files("twin.verification") / "cases.toml").read_text("utf-8")
    return tuple(VerificationCase.model_validate(row) for row in tomllib.loads(text)["case"])


def cases_named(names: list[str]) -> tuple[VerificationCase, ...]:
    """The cases of these names, or all of them where none is given; a name's beginning is enough.

    Raises
    ------
    NotFound
        A name that no case begins with.
    """
    known = [case.id for case in all_cases()]
    for name in names:
        if not any(case.startswith(name) for case in known):
            raise NotFound(f'no verification case "{name}"; {did_you_mean(name, known)}')
    return tuple(c for c in all_cases() if not names or any(c.id.startswith(name) for name in names))
