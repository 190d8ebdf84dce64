"""Mapping: what a row of an extract tells, and which column of the file is which of the event table.

Written as TOML; ``mappings/encounters.toml`` is the commented example. A name that the event table does not
have, a word that is none of ours or a key of nothing is a fault of the mapping, and all are told at once.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError, field_validator

from twin.errors import ConfigError, NotFound, Problem, did_you_mean
from twin.hospital.base import Model
from twin.hospital.faults import problems_of
from twin.records.events import INSTANTS, KINDS, METHODS, MOVEMENTS, NAMES, SEXES, STATUSES, Said, Thing

#: what a row may give to make a key of, beside columns of the event table; neither is kept
KEYS_ONLY = ("number", "person")
#: columns of the event table that hold a number, and those that hold a name for a person or a visit
NUMBERS = ("age", "quantity", "cost")
IDENTITIES = ("patient", "encounter", *KEYS_ONLY)
#: columns that a mapping never fills itself
_OURS = ("thing", "key", "row", "whole")


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Take(Model):
    """Where one column of the event table comes from."""

    column: Columns = ()
    """Column of the file; of several the first that the file has."""
    constant: str | None = Field(default=None, alias="is")
    """The same for every row, where the file does not tell."""
    default: str | None = None
    """Stands where the row has nothing."""
    words: dict[str, str] | str = {}
    """The file's codes in our words, or the name of a table of ``[words]``; upper and lower case are one."""
    others: str = "fault"
    """A code that has no word: put the row aside (fault), leave it out (missing), or this word."""
    needed: bool = False
    """The file must have the column."""
    filled: bool = False
    """Every row must have a value; the column is needed then."""
    date: Columns = ()
    """Column with the date, where the time of day stands in another."""
    time: Columns = ()
    """Column with the time of day."""
    hour: str | None = None
    """What a date without a time of day stands for, as 12:00."""
    after: str | None = None
    """A time of day that lies before this column of the event table is of the next day."""
    born: Columns = ()
    """Column with the date of birth, turned into an age and forgotten; not read where there is an age."""
    born_at: Columns = ()
    """Columns of the event table at which the age is told; the first that the row has."""
    any_number: bool = False
    """Numbers of any length are codes here, also those that would be an NHS number."""
    signed_by: str | None = None
    """Column of the event table (kind) by whose word an amount is less (issue, expiry)."""

    @field_validator("hour")
    @classmethod
    def _is_an_hour(cls, hour: str | None) -> str | None:
        if hour is not None and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", hour):
            raise ValueError("is a time of day from 00:00 to 23:59")
        return hour

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns of the file of which one is enough; the first that the file has is looked at first."""
        return (*self.column, *self.date, *self.born)

    @property
    def is_needed(self) -> bool:
        """Whether the file must have the column."""
        return self.needed or self.filled


def _as_take(value: object) -> object:
    return {"column": value} if isinstance(value, str | list) else value


class Tells(Model):
    """One thing that a row of the file tells."""

    thing: Thing
    key: tuple[tuple[str, ...], ...]
    """What the key is made of; of several ways the first for which the row has all."""
    only: dict[str, tuple[str, ...]] = {}
    """Column of the file and the values of the rows that tell this; others do not."""
    without: dict[str, tuple[str, ...]] = {}
    """Column of the file and the values of the rows that do not tell this."""
    once: bool = False
    """Rows that follow each other and say the same of it count once."""
    take: dict[str, Annotated[Take, BeforeValidator(_as_take)]]
    """Column of the event table and where it comes from."""


class Times(Model):
    """How times are written in the file."""

    formats: tuple[str, ...] = ()
    """Other ways than ISO 8601, as %d/%m/%Y %H:%M."""
    hour: str = "12:00"
    """What a date without a time of day stands for: its noon, unless said."""
    first_year: Annotated[int, Field(ge=1900)] = 1990
    """Earlier times are slips of the pen."""
    without_zone: Literal["local", "refused"] = "refused"
    """Times of a Parquet file that have no time zone: the hospital's, or a fault of the file."""


class Mapping(Model):
    """How one kind of extract is read."""

    name: str
    title: str
    source: str = ""
    """Where the meanings of the columns and codes are from."""
    exact: bool = False
    """A column whose name is nearly one that the mapping knows is a fault, not another column."""
    missing: tuple[str, ...] = ()
    """Values that stand for nothing."""
    decimal: Literal[".", ","] = "."
    """What stands before the parts of one."""
    times: Times = Times()
    words: dict[str, dict[str, str]] = {}
    """Tables of words that several columns share."""
    tells: tuple[Tells, ...] = Field(min_length=1)

    def takes(self) -> Iterator[tuple[Tells, str, Take]]:
        """Everything that is taken, thing by thing."""
        for tells in self.tells:
            for name, take in tells.take.items():
                yield tells, name, take

    def known(self) -> dict[str, bool]:
        """Columns of the file, in small letters, each with whether the mapping needs it."""
        known: dict[str, bool] = {}
        for names, needed in self.columns():
            for name in names:
                known[name.lower()] = known.get(name.lower(), False) or needed
        return known

    def columns(self) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Columns of the file with their other names, each with whether it is needed."""
        for _, _, take in self.takes():
            yield take.sources, take.is_needed
            yield take.time, False
        for tells in self.tells:
            for name in (*tells.only, *tells.without):
                yield (name,), True

    def words_of(self, take: Take) -> dict[str, str]:
        """The words of a column, by code in small letters."""
        words = self.words[take.words] if isinstance(take.words, str) else take.words
        return {code.lower(): word for code, word in words.items()}


def vocabulary(thing: Thing, name: str) -> tuple[str, ...]:
    """The words that a column may hold; empty where it holds codes of the source."""
    if name == "kind":
        return MOVEMENTS if thing is Thing.SUPPLY_MOVEMENT else KINDS
    closed = {"method": METHODS, "sex": SEXES, "said": (Said.STATE.value, Said.GONE.value)}
    return STATUSES.get(thing, ()) if name == "status" else closed.get(name, ())


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with the twin."""
    folder = resources.files(__package__) / "mappings"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_mapping(name: str) -> Mapping:
    """A shipped mapping by its name, or one of the user's by the path of its file.

    Raises
    ------
    NotFound
        There is no such mapping.
    ConfigError
        With every fault of it.
    """
    if name in shipped_mappings():
        text = (resources.files(__package__) / "mappings" / f"{name}.toml").read_text("utf-8")
        return parse_mapping(text, source=f"{name}.toml")
    path = Path(name)
    if not path.is_file():
        raise NotFound(
            f'no mapping "{name}" is shipped, nor a file there; {did_you_mean(name, shipped_mappings())}'
        )
    try:
        return parse_mapping(path.read_text("utf-8-sig"), source=name)
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(name, [Problem("file", None, f"cannot be read: {error}")]) from error


def parse_mapping(text: str, *, source: str) -> Mapping:
    """A mapping from its text.

    Raises
    ------
    ConfigError
        With every fault found in one pass: path, value, rule, cure.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            source, [Problem("TOML", None, str(error), "mend the file's syntax there")]
        ) from error
    try:
        mapping = Mapping.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(source, problems_of(error.errors())) from error
    problems = list(_faults(mapping))
    if problems:
        raise ConfigError(source, problems)
    return mapping


def _faults(mapping: Mapping) -> Iterator[Problem]:
    """What the types of the fields cannot tell."""
    may = tuple(name for name in (*NAMES, *KEYS_ONLY) if name not in _OURS)
    for number, tells in enumerate(mapping.tells):
        where = f"tells.{number}"
        for name, take in tells.take.items():
            if name not in may:
                rule = "the event table has no such column that a mapping fills"
                yield Problem(f"{where}.take.{name}", None, rule, did_you_mean(name, may))
            else:
                yield from _faults_of_take(mapping, tells, name, take, f"{where}.take.{name}")
        for way in tells.key:
            for name in way:
                if name not in tells.take:
                    cure = did_you_mean(name, tuple(tells.take))
                    yield Problem(f"{where}.key", name, "a key is made of what the row gives", cure)


def _faults_of_take(mapping: Mapping, tells: Tells, name: str, take: Take, where: str) -> Iterator[Problem]:
    if not take.sources and take.constant is None:
        yield Problem(where, None, "names a column of the file, or says what `is` the same in every row")
    if isinstance(take.words, str) and take.words not in mapping.words:
        yield Problem(
            f"{where}.words", take.words, "no such table in [words]", did_you_mean(take.words, mapping.words)
        )
        return
    if (take.date or take.time or take.hour or take.after) and name not in INSTANTS:
        yield Problem(where, None, "date, time, hour and after are of times only")
    if bool(take.born) != (name == "age" and bool(take.born_at)):
        yield Problem(where, None, "a date of birth gives an age at a time (born, born_at)")
    for other in (*take.born_at, take.after, take.signed_by):
        if other is not None and other not in tells.take:
            yield Problem(where, other, "is not taken", did_you_mean(other, tuple(tells.take)))
    ours = vocabulary(tells.thing, name)
    if ours:
        words = [*mapping.words_of(take).values(), take.constant, take.default]
        words += [] if take.others in ("fault", "missing") else [take.others]
        for word in words:
            if word and word not in ours:
                rule = f"{name} of a {tells.thing.value.replace('_', ' ')} is one of {', '.join(ours)}"
                yield Problem(f"{where}.words", word, rule, did_you_mean(word, ours))
