"""Plans: what is decided beforehand for named dates, with the proof and the reasons.

A hospital says what is physically there and the usual calendar; a plan says how many beds each
ward opens on each date. A date that the plan does not name keeps the calendar.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tomlkit

from twin.errors import ConfigError, NotFound, Problem
from twin.files import write_whole


@dataclass(frozen=True)
class Plan:
    """Open beds by ward and date.

    Attributes
    ----------
    name : what people call it
    beds : ward -> local date -> open beds [beds]
    note : why it was made
    """

    name: str
    beds: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    note: str = ""

    def __post_init__(self) -> None:
        frozen = {ward: MappingProxyType(dict(days)) for ward, days in self.beds.items()}
        object.__setattr__(self, "beds", MappingProxyType(frozen))

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process, its frozen tables are made again there."""
        return type(self), (self.name, {ward: dict(days) for ward, days in self.beds.items()}, self.note)

    @classmethod
    def empty(cls) -> Plan:
        """The plan that decides nothing: every date keeps the calendar."""
        return cls("as usual")

    def open_beds(self, ward: str, day: date) -> int | None:
        """Beds that the plan opens, or None where it does not name the date. [beds]"""
        return self.beds.get(ward, {}).get(day)

    def toml(self) -> str:
        """The plan as the text that ``read`` reads."""
        document = tomlkit.document()
        document["name"], document["note"] = self.name, self.note
        beds = tomlkit.table()
        for ward, days in self.beds.items():
            row = tomlkit.table()
            for day in sorted(days):
                row[day.isoformat()] = int(days[day])
            beds[ward] = row
        document["beds"] = beds
        return tomlkit.dumps(document)

    def write(self, path: Path | str) -> None:
        """Write the plan as TOML, whole or not at all."""
        write_whole(Path(path), self.toml().encode())

    @classmethod
    def read(cls, path: Path | str) -> Plan:
        """Read a plan written by ``write`` or by hand.

        Raises
        ------
        NotFound
            There is no such file.
        ConfigError
            With every fault found.
        """
        file = Path(path)
        if not file.is_file():
            raise NotFound(f"{file}: no such plan")
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(file), [Problem("TOML", None, str(error))]) from error
        problems = [
            Problem(key, None, "no such key in a plan", "known: name, note, beds")
            for key in raw
            if key not in ("name", "note", "beds")
        ]
        beds: dict[str, dict[date, int]] = {}
        table = raw.get("beds", {})
        for ward, days in table.items() if isinstance(table, dict) else ():
            for text, level in days.items() if isinstance(days, dict) else ():
                where = f"beds.{ward}.{text}"
                try:
                    day = date.fromisoformat(str(text))
                except ValueError:
                    problems.append(Problem(where, text, 'a date "YYYY-MM-DD"'))
                    continue
                if isinstance(level, bool) or not isinstance(level, int) or level < 0:
                    problems.append(Problem(where, level, "a whole number of beds, 0 or more"))
                    continue
                beds.setdefault(ward, {})[day] = level
        if problems:
            raise ConfigError(str(file), problems)
        return cls(str(raw.get("name", file.stem)), beds, str(raw.get("note", "")))


@dataclass(frozen=True)
class Target:
    """What a plan must reach: a level of a measure, in this share of futures."""

    name: str
    measure: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    share: float = 0.9  # of futures; DESIGN default, a planner's choice

    def holds(self, value: float) -> bool:
        """Whether one future's value meets the level."""
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )

    @property
    def limit(self) -> str:
        """The level in words."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


@dataclass(frozen=True)
class TargetResult:
    """One target on fresh futures: two numbers, never mixed."""

    target: Target
    expected: float  # mean over futures
    bound95: float  # one-sided 95 % bound of the mean, on the unsafe side
    share_of_futures: float  # share that meets the level [fraction]

    @property
    def holds(self) -> bool:
        """The mean's bound meets the level, and enough futures do."""
        return self.target.holds(self.bound95) and self.share_of_futures >= self.target.share


@dataclass(frozen=True)
class Certificate:
    """The proof that goes with a plan; true in simulation, if demand is as forecast."""

    cost: float  # recomputed by code that shares nothing with the model
    objective: float  # as the solver saw it
    bound: float | None  # proved bound on the model's optimum
    gap: float | None  # (objective - bound) / |objective| [fraction]
    bound_note: str
    targets: tuple[TargetResult, ...]
    train_paths: int
    certify_paths: int
    seed: int
    versions: Mapping[str, str]
    command: str
    wording: str = "in simulation, if demand is as forecast"

    @property
    def holds(self) -> bool:
        """Every target holds on fresh futures."""
        return all(result.holds for result in self.targets)


@dataclass(frozen=True)
class Explanation:
    """The reasons, in words a bed manager can check."""

    headline: str
    sentences: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    one_more: tuple[tuple[str, str], ...] = ()  # (what one more unit, what it brings)
    short: tuple[str, ...] = ()  # what is short, where, when, by how much
