"""Plans: what is decided beforehand for named dates, with the proof and the reasons.

A hospital says what is physically there and the usual calendar; a plan says how many beds each
ward opens on each date, and how many people of a staff group come to each shift. A date, or a shift
of a date, that the plan does not name keeps the calendar.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
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
    """Open beds by ward and date, people by staff group, date and shift.

    Attributes
    ----------
    name : what people call it
    beds : ward -> local date -> open beds [beds]
    note : why it was made
    cover : staff group -> local date on which a shift begins -> shift -> people who come to it, those
        among them who turn out to be absent included [people]
    """

    name: str
    beds: Mapping[str, Mapping[date, int]] = field(default_factory=dict)
    note: str = ""
    cover: Mapping[str, Mapping[date, Mapping[str, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "beds", _frozen(self.beds))
        object.__setattr__(self, "cover", _frozen(self.cover))

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process, its frozen tables are made again there."""
        return type(self), (self.name, _plain(self.beds), self.note, _plain(self.cover))

    @classmethod
    def empty(cls) -> Plan:
        """The plan that decides nothing: every date keeps the calendar."""
        return cls("as usual")

    def open_beds(self, ward: str, day: date) -> int | None:
        """Beds that the plan opens, or None where it does not name the date. [beds]"""
        return self.beds.get(ward, {}).get(day)

    def people(self, group: str, day: date, shift: str) -> int | None:
        """People whom the plan asks to a shift, or None where it does not name it. [people]"""
        return self.cover.get(group, {}).get(day, {}).get(shift)

    @property
    def dates(self) -> tuple[date, ...]:
        """Local dates that it names, in their order."""
        named = (days for table in (self.beds, self.cover) for days in table.values())
        return tuple(sorted({day for days in named for day in days}))

    def toml(self) -> str:
        """The plan as the text that ``read`` reads."""
        document = tomlkit.document()
        document["name"], document["note"] = self.name, self.note
        document["beds"] = {ward: _by_date(days) for ward, days in self.beds.items()}
        if self.cover:
            document["cover"] = {group: _by_date(days) for group, days in self.cover.items()}
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
        return cls.parse(file.read_bytes(), str(file), name=file.stem)

    @classmethod
    def parse(cls, data: bytes, source: str, *, name: str = "plan") -> Plan:
        """A plan from the bytes of its TOML; ``name`` stands in where they give none.

        Raises
        ------
        ConfigError
            With every fault found.
        """
        try:
            raw = tomllib.loads(data.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(source, [Problem("TOML", None, str(error))]) from error
        known = ("name", "note", "beds", "cover")
        problems = [
            Problem(key, None, "no such key in a plan", f"known: {', '.join(known)}")
            for key in raw
            if key not in known
        ]
        beds = _read_beds(raw.get("beds", {}), problems)
        cover = _read_cover(raw.get("cover", {}), problems)
        if problems:
            raise ConfigError(source, problems)
        return cls(str(raw.get("name", name)), beds, str(raw.get("note", "")), cover)


def _frozen(table: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A table of tables that nobody can change."""
    return MappingProxyType({k: _frozen(v) if isinstance(v, Mapping) else v for k, v in table.items()})


def _plain(table: Mapping[Any, Any]) -> dict[Any, Any]:
    """A table of tables that can be sent."""
    return {k: _plain(v) if isinstance(v, Mapping) else v for k, v in table.items()}


def _by_date(days: Mapping[date, Any]) -> dict[str, Any]:
    """What a plan says of dates, in their order, as TOML's own types."""
    rows = ((day.isoformat(), days[day]) for day in sorted(days))
    return {day: _plain(said) if isinstance(said, Mapping) else int(said) for day, said in rows}


def _read_beds(raw: object, problems: list[Problem]) -> dict[str, dict[date, int]]:
    """Open beds by ward and date, and every fault."""
    beds: dict[str, dict[date, int]] = {}
    for ward, day, where, level in _dated("beds", raw, problems):
        if _is_count(level):
            beds.setdefault(ward, {})[day] = level
        else:
            problems.append(Problem(where, level, "a whole number of beds, 0 or more"))
    return beds


def _read_cover(raw: object, problems: list[Problem]) -> dict[str, dict[date, dict[str, int]]]:
    """People by staff group, date and shift, and every fault."""
    cover: dict[str, dict[date, dict[str, int]]] = {}
    for group, day, where, shifts in _dated("cover", raw, problems):
        for shift, people in _entries(where, shifts, "shift = people", problems):
            if _is_count(people):
                cover.setdefault(group, {}).setdefault(day, {})[shift] = people
            else:
                problems.append(Problem(f"{where}.{shift}", people, "a whole number of people, 0 or more"))
    return cover


def _dated(name: str, raw: object, problems: list[Problem]) -> Iterator[tuple[str, date, str, Any]]:
    """Entries (of what, date, path, what is said) of a table of tables by date."""
    for key, days in _entries(name, raw, "a table for each", problems):
        for text, said in _entries(f"{name}.{key}", days, "an entry for each date", problems):
            where = f"{name}.{key}.{text}"
            try:
                day = date.fromisoformat(text)
            except ValueError:
                problems.append(Problem(where, text, 'a date "YYYY-MM-DD"'))
                continue
            yield key, day, where, said


def _entries(where: str, raw: object, holds: str, problems: list[Problem]) -> Iterable[tuple[str, Any]]:
    """Entries of a table; a fault where it is none."""
    if isinstance(raw, dict):
        return raw.items()
    problems.append(Problem(where, str(raw), f"a table: {holds}"))
    return ()


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


@dataclass(frozen=True)
class Target:
    """What a plan must reach: a level of a measure, in this share of futures."""

    name: str
    measure: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    share: float = 0.9  # of futures; assumed, a planner's choice. 0: the share is told and not asked

    def holds(self, value: float) -> bool:
        """Whether one future's value meets the level."""
        return (self.at_most is None or value <= self.at_most) and (
            self.at_least is None or value >= self.at_least
        )

    @property
    def typed(self) -> str:
        """The target as a planner types it."""
        if self.at_most is not None:
            return f"{self.measure}<={self.at_most:g}"
        return f"{self.measure}>={self.at_least:g}"

    @property
    def limit(self) -> str:
        """The level in words."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


@dataclass(frozen=True)
class TargetResult:
    """One target on fresh futures: two numbers, never mixed."""

    target: Target
    expected: float  # over futures: their mean or, of a share of patients, sum over sum
    bound95: float  # one-sided 95 % bound of the expected level, on the unsafe side
    share_of_futures: float  # share that meets the level [fraction]
    share_bound95: float | None = None  # that of all futures is at least this, at 95 % [fraction]

    @property
    def holds(self) -> bool:
        """The expected level's bound meets the level, and enough of the futures tried do."""
        return self.target.holds(self.bound95) and self.share_of_futures >= self.target.share

    @property
    def proved(self) -> bool:
        """So do enough of all futures: the share's own bound reaches what was asked."""
        share = self.share_bound95
        return self.holds and (self.target.share == 0 or (share is not None and share >= self.target.share))


@dataclass(frozen=True)
class Selection:
    """How a plan was chosen among finalists that were played on the same futures.

    Attributes
    ----------
    finalists, futures : plans compared; futures that the last of them were played on
    within : the plan chosen costs at most so much more than the best of them [the certificate's cost]
    confidence : chance that this is so [fraction]
    worth : a difference below this was not looked for [the certificate's cost]
    """

    finalists: int
    futures: int
    within: float
    confidence: float
    worth: float

    @property
    def reached(self) -> bool:
        """The plan was told apart from every other as finely as was asked."""
        return self.within <= self.worth


@dataclass(frozen=True)
class OffForecast:
    """The same plan, played where more or fewer patients come than was forecast; a look, no proof."""

    change: float  # of demand against the forecast, -0.1 for 10 % fewer [fraction]
    cost: float | None  # of the plan as played in that demand; None where it cannot be played
    targets: tuple[TargetResult, ...]
    note: str = ""  # why it cannot be played


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
    attempt: int = 1  # which attempt to certify this was, each on futures of its own
    alpha: float | None = None  # chance of error that this attempt spent [fraction]
    selection: Selection | None = None
    off_forecast: tuple[OffForecast, ...] = ()

    @property
    def holds(self) -> bool:
        """Every target holds on fresh futures."""
        return all(result.holds for result in self.targets)

    @property
    def proved(self) -> bool:
        """Every target is proved, the share of all futures too."""
        return all(result.proved for result in self.targets)


@dataclass(frozen=True)
class Explanation:
    """The reasons, in words a bed manager can check."""

    headline: str
    sentences: tuple[str, ...] = ()
    binds: tuple[str, ...] = ()
    one_more: tuple[tuple[str, str], ...] = ()  # (what one more unit, what it brings)
    short: tuple[str, ...] = ()  # what is short, where, when, by how much
