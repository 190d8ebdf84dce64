"""Names: the hospital's own words for its wards and patients, and what they are called in ``hospital.toml``.

``records.toml``, beside ``hospital.toml``, says both; a source whose codes are the names of ``hospital.toml``
needs none. A place that is called by no known name is never made up: its row is put aside.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BeforeValidator, Field, ValidationError

from twin.errors import ConfigError, Problem, did_you_mean
from twin.hospital import Hospital
from twin.hospital.base import Model, Name
from twin.hospital.faults import problems_of
from twin.records.events import KINDS, METHODS, SEXES, Said, Thing
from twin.units import Unit

_FILE = "records.toml"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Years = Annotated[int, Field(ge=0, le=150), Unit("years")]


class When(Model):
    """What a visit is like; every key that is given has to fit, each with any of its words."""

    kind: Words = ()
    """Kind of visit: emergency, inpatient, day_case, outpatient, home."""
    method: Words = ()
    """How admitted: emergency, elective, transfer, birth, other."""
    specialty: Words = ()
    """Codes of the source."""
    priority: Words = ()
    """Triage categories or urgencies, as the source has them."""
    sex: Words = ()
    """female, male, other, unknown."""
    place: Words = ()
    """Where the visit began, by its name in `hospital.toml`."""
    age_from: Years | None = None
    """Youngest age."""
    age_to: Years | None = None
    """Oldest age."""


class ClassRule(Model):
    """Which class of `hospital.toml` a visit is of."""

    patient_class: Name = Field(alias="class", description="class in `hospital.toml`")
    stream: Name | None = None
    """Stream of arrivals; only needed where several send the class."""
    when: When = When()
    """What such a visit is like; all visits when left out."""


class _Page(Model):
    places: dict[str, str] = Field(default_factory=dict)
    classes: tuple[ClassRule, ...] = ()


@dataclass(frozen=True)
class Names:
    """What ``records.toml`` says: places by the source's code, and rules for classes, the first that fits."""

    places: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[ClassRule, ...] = ()


def read_names(path: Path | str | None, hospital: Hospital) -> Names:
    """Names from ``records.toml``; none where there is no such file.

    Raises
    ------
    ConfigError
        With every fault: path, value, rule, cure.
    """
    if path is None or not Path(path).is_file():
        return Names()
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [Problem("file", None, f"is not UTF-8 text: {error}")]) from error
    return parse_names(text, hospital, source=str(path))


def parse_names(text: str, hospital: Hospital, *, source: str = _FILE) -> Names:
    """Names from the text of a ``records.toml``.

    Raises
    ------
    ConfigError
        With every fault: path, value, rule, cure.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        rule = str(error)
        raise ConfigError(source, [Problem("TOML", None, rule, "mend the file's syntax there")]) from error
    try:
        page = _Page.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(source, problems_of(error.errors())) from None
    problems = [*_faults_of_places(page, hospital), *_faults_of_classes(page, hospital)]
    if problems:
        raise ConfigError(source, problems)
    return Names(page.places, page.classes)


def _faults_of_places(page: _Page, hospital: Hospital) -> Iterable[Problem]:
    known = hospital.everywhere
    for code, name in page.places.items():
        if name not in known:
            rule = "no such ward or place in hospital.toml"
            yield Problem(f"places.{code}", name, rule, did_you_mean(name, known), "E_UNKNOWN_NAME")


def _faults_of_classes(page: _Page, hospital: Hospital) -> Iterable[Problem]:
    words: dict[str, Iterable[str]] = {
        "kind": KINDS,
        "method": METHODS,
        "sex": SEXES,
        "place": hospital.everywhere,
    }
    for number, rule in enumerate(page.classes):
        path = f"classes.{number}"
        if rule.patient_class not in hospital.classes:
            yield _unknown(f"{path}.class", rule.patient_class, "patient class", hospital.classes)
        elif hospital.classes[rule.patient_class].of != "patient":
            told = f'a class of patients, not of "{hospital.classes[rule.patient_class].of}"'
            yield Problem(f"{path}.class", rule.patient_class, told, "", "E_UNKNOWN_NAME")
        elif rule.stream is None and not streams_of(rule.patient_class, hospital):
            told = "no stream of arrivals sends this class"
            yield Problem(f"{path}.class", rule.patient_class, told, "name a stream", "E_UNKNOWN_NAME")
        if rule.stream is not None and rule.stream not in hospital.arrivals:
            yield _unknown(f"{path}.stream", rule.stream, "stream of arrivals", hospital.arrivals)
        for key, known in words.items():
            for word in getattr(rule.when, key):
                if word not in known:
                    yield _unknown(f"{path}.when.{key}", word, key, known)
        low, high = rule.when.age_from, rule.when.age_to
        if low is not None and high is not None and low > high:
            yield Problem(f"{path}.when.age_from", low, f"at most age_to, {high}", "", "E_RANGE")


def _unknown(path: str, name: str, what: str, known: Iterable[str]) -> Problem:
    return Problem(path, name, f"no such {what}", did_you_mean(name, known), "E_UNKNOWN_NAME")


def streams_of(patient_class: str, hospital: Hospital) -> list[str]:
    """Streams of arrivals whose mix has the class."""
    return [name for name, stream in hospital.arrivals.items() if patient_class in stream.mix]


class Places:
    """Names in ``hospital.toml`` of the places that a source codes.

    Parameters
    ----------
    locations
        Statements of ``Thing.LOCATION`` in order of saying: which place lies in which, and other codes of it.
    """

    def __init__(self, names: Names, hospital: Hospital, locations: pa.Table | None = None) -> None:
        self._names, self.hospital = names.places, hospital
        self._nodes = _nodes(locations)
        self._found: dict[str, str | None] = {}

    def name(self, code: str) -> str | None:
        """The place of ``hospital.toml`` that a code means; None where it is not known."""
        if code not in self._found:
            self._found[code] = next(filter(None, map(self._plainly, self._chain(code))), None)
        return self._found[code]

    def cure(self, code: str) -> str:
        """What would make a code known."""
        shown = next((self._nodes[node]["place"] for node in self._chain(code) if node in self._nodes), None)
        near = did_you_mean(shown or code, self.hospital.everywhere)
        return f'{near}; or say in records.toml, [places]: "{shown or code}" = "..."'

    def _plainly(self, code: str) -> str | None:
        if code in self._names:
            return self._names[code]
        return code if code in self.hospital.everywhere else None

    def _chain(self, code: str) -> Iterable[str]:
        """The code, other codes of its place, then what holds it, as far as is known; circles end."""
        seen: set[str] = set()
        node: str | None = code
        while node is not None and node not in seen:
            seen.add(node)
            yield node
            told = self._nodes.get(node, {})
            for other in (told.get("place"), told.get("bed")):
                if other is not None and other not in seen:
                    yield other
            node = told.get("part_of")


def _nodes(locations: pa.Table | None) -> dict[str, dict[str, Any]]:
    """What is known of each place of the source; newer words over older ones."""
    nodes: dict[str, dict[str, Any]] = {}
    if locations is None:
        return nodes
    told = locations.filter(pa.compute.equal(locations["thing"], Thing.LOCATION.value))
    for row in told.select(["key", "said", "place", "bed", "part_of"]).to_pylist():
        if row["said"] == Said.GONE:
            nodes.pop(row["key"], None)
        else:
            node = nodes.setdefault(row["key"], dict.fromkeys(("place", "bed", "part_of")))
            node.update({key: row[key] for key in node if row[key] is not None})
    return nodes
