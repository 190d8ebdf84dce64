"""The hospital as a whole: read from ``hospital.toml``, checked once, never changed by a run."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator

from twin.errors import ConfigError, NotFound, Problem, did_you_mean
from twin.hospital.base import Model, Money, Name, Profile
from twin.hospital.check import check_references
from twin.hospital.faults import as_in_file, problems_of
from twin.hospital.pathway import Arrivals, Pathway, PatientClass, Population
from twin.hospital.places import Place, StaffGroup, Ward
from twin.hospital.sessions import Session
from twin.hospital.supply import Item, Kit, Tray
from twin.units import Unit


class Hospital(Model):
    """What is physically there and the usual calendar."""

    name: str = Field(min_length=1, max_length=80)
    """What people call it."""
    timezone: str = "Europe/London"
    """IANA name of the local time."""
    country: str | None = None
    """ISO code, with a part such as `GB-ENG`, of the public holidays; none when left out."""
    money: Money = Money()
    """Prices."""
    huddles: tuple[Annotated[int, Field(ge=0, le=23), Unit("hour of day")], ...] = Field(
        (6, 9, 12, 15, 22), min_length=1
    )
    """Hours of the day at which beds are decided (when left out: near the prediction times of UCLH)."""
    profiles: dict[Name, Profile] = Field(default_factory=dict)
    """Shares of a day by hour."""
    wards: dict[Name, Ward] = Field(default_factory=dict)
    """Beds."""
    places: dict[Name, Place] = Field(default_factory=dict)
    """Cubicles, theatres, rooms, machines."""
    staff: dict[Name, StaffGroup] = Field(default_factory=dict)
    """People by role and skill."""
    arrivals: dict[Name, Arrivals] = Field(default_factory=dict)
    """Streams of patients from outside."""
    populations: dict[Name, Population] = Field(default_factory=dict)
    """Patients who come again and again."""
    sessions: dict[Name, Session] = Field(default_factory=dict)
    """Blocks of theatre or clinic time."""
    items: dict[Name, Item] = Field(default_factory=dict)
    """Consumables."""
    trays: dict[Name, Tray] = Field(default_factory=dict)
    """Sets of instruments that return."""
    kits: dict[Name, Kit] = Field(default_factory=dict)
    """Lists of items and trays."""
    classes: dict[Name, PatientClass]
    """Kinds of patients."""
    pathways: dict[Name, Pathway]
    """Ways through the hospital."""
    sources: dict[str, str] = Field(
        default_factory=dict, description="path of a number -> where it comes from"
    )

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f'no such time zone; an IANA name such as "Europe/London" ({error})') from error
        return name

    @field_validator("huddles")
    @classmethod
    def _go_through_the_day(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if list(hours) != sorted(set(hours)):
            raise ValueError("hours of one day, each once, in their order, as in [8, 12, 16]")
        return hours

    @cached_property
    def everywhere(self) -> dict[str, Ward | Place]:
        """All places by name, wards first, in the order of the file."""
        return {**self.wards, **self.places}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Hospital:
        """The same hospital with some parts replaced; what was derived from the old is left behind."""
        copy = super().model_copy(update=update, deep=deep)
        for derived in ("everywhere", "supplies"):
            copy.__dict__.pop(derived, None)
        return copy

    @cached_property
    def supplies(self) -> dict[str, Item | Tray]:
        """All items and then all trays by name, in the order of the file."""
        return {**self.items, **self.trays}

    @property
    def fingerprint(self) -> str:
        """sha256 of the description's content: equal hospitals have equal fingerprints."""
        return hashlib.sha256(self.model_dump_json(by_alias=True).encode()).hexdigest()


def parse_hospital(text: str, *, source: str = "hospital.toml") -> Hospital:
    """A hospital from the text of its description.

    Raises
    ------
    ConfigError
        With every fault found in one pass: path, value, rule, cure.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            source, [Problem("TOML", None, str(error), "mend the file's syntax there")]
        ) from error
    problems: list[Problem] = []
    hospital = None
    try:
        hospital = Hospital.model_validate(raw)
    except ValidationError as error:
        problems += problems_of(error.errors())
    told = {p.path for p in problems}
    problems += [p for p in check_references(raw) if p.path not in told]
    if problems or hospital is None:
        raise ConfigError(source, as_in_file(problems, raw))
    return hospital


def load_hospital(path: Path | str) -> Hospital:
    """A hospital from a file.

    Raises
    ------
    NotFound
        There is no such file.
    ConfigError
        With every fault found in one pass.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"{file}: no such hospital description; `twin init` writes one")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(file), [Problem("file", None, f"is not UTF-8 text: {error}")]) from error
    return parse_hospital(text, source=str(file))


def shipped_names() -> tuple[str, ...]:
    """Names of the hospitals that come with the twin."""
    folder = resources.files("twin.hospital") / "library"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def shipped(name: str) -> str:
    """Text of a description that comes with the twin: ``reference`` or ``small``."""
    if name not in shipped_names():
        raise NotFound(f'no hospital "{name}" is shipped; {did_you_mean(name, shipped_names())}')
    return (resources.files("twin.hospital") / "library" / f"{name}.toml").read_text(encoding="utf-8")
