"""Scenario: a named what-if question, as a list of levers with the reason for each number.

Read from TOML, with all faults told at once. "Scenario" never means a random draw; that is a path.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.levers import LEVERS, Lever
from twin.case import Case
from twin.errors import ConfigError, NotFound, Problem, did_you_mean
from twin.hospital import Hospital
from twin.units import Unit

_KEYS = ("name", "reason", "levers")


@dataclass(frozen=True)
class Scenario:
    """A named question.

    Attributes
    ----------
    name, reason : what it is called, and why it is asked
    levers : applied in this order
    """

    name: str
    reason: str = ""
    levers: tuple[Lever, ...] = ()

    def apply(self, case: Case) -> Case:
        """The case with every lever applied.

        Raises
        ------
        ConfigError
            With every name that this hospital does not have.
        """
        self.check(case.hospital)
        for lever in self.levers:
            case = lever.apply(case)
        return case

    def check(self, hospital: Hospital) -> None:
        """Refuse a question about places or streams that this hospital does not have."""
        problems = [
            Problem(f"levers.{i}.{fault.path}", fault.value, fault.rule, fault.cure)
            for i, lever in enumerate(self.levers)
            for fault in lever.faults(hospital)
        ]
        if problems:
            raise ConfigError(f'scenario "{self.name}"', problems)

    def words(self, hospital: Hospital) -> tuple[str, ...]:
        """Each lever as a planner says it."""
        return tuple(lever.words(hospital) for lever in self.levers)


def scenario_of(levers: Sequence[Mapping[str, Any]], *, name: str = "what if", reason: str = "") -> Scenario:
    """A scenario from plain tables, as a page or a program gives them; rationales may be left out.

    Raises
    ------
    ConfigError
        With every fault found.
    """
    problems: list[Problem] = []
    made = tuple(_levers(levers, problems))
    if problems:
        raise ConfigError(f'scenario "{name}"', problems)
    return Scenario(name, reason, made)


def read_scenario(source: Path | str) -> Scenario:
    """A scenario from a TOML file, or one that is shipped, by name.

    Raises
    ------
    NotFound
        Neither a file nor a shipped scenario.
    ConfigError
        With every fault found: unknown keys, values out of bounds, numbers without a rationale.
    """
    file = Path(source)
    if file.is_file():
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError(str(file), [Problem("file", None, f"is not UTF-8 text: {error}")]) from error
        return parse_scenario(text, source=str(file), name=file.stem)
    if str(source) in shipped_scenarios():
        text = (resources.files("scenarios") / "library" / f"{source}.toml").read_text(encoding="utf-8")
        return parse_scenario(text, source=f"{source}.toml", name=str(source))
    cure = did_you_mean(str(source), shipped_scenarios())
    raise NotFound(f'no scenario "{source}": neither a file nor shipped; {cure}')


def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that come with the twin."""
    folder = resources.files("scenarios") / "library"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def parse_scenario(text: str, *, source: str = "scenario.toml", name: str = "scenario") -> Scenario:
    """A scenario from the text of its file (see ``read_scenario``)."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            source, [Problem("TOML", None, str(error), "mend the file's syntax there")]
        ) from error
    problems = [
        Problem(key, None, "no such key here", did_you_mean(key, _KEYS)) for key in raw if key not in _KEYS
    ]
    for key in ("name", "reason"):
        if not isinstance(raw.get(key, ""), str):
            problems.append(Problem(key, raw[key], "a text"))
    rows = raw.get("levers", [])
    if not isinstance(rows, list):
        problems.append(Problem("levers", None, "tables, each written [[levers]]"))
        rows = []
    levers = tuple(_levers(rows, problems))
    for i, lever in enumerate(levers):
        problems += _unexplained(f"levers.{i}", lever)
    if problems:
        raise ConfigError(source, problems)
    return Scenario(raw.get("name", name), raw.get("reason", ""), levers)


def _levers(rows: Iterable[Any], problems: list[Problem]) -> Iterable[Lever]:
    for i, row in enumerate(rows):
        path = f"levers.{i}"
        if not isinstance(row, Mapping):
            problems.append(Problem(path, row, "a table"))
            continue
        key = row.get("lever")
        if key not in LEVERS:
            problems.append(Problem(f"{path}.lever", key, "no such lever", did_you_mean(str(key), LEVERS)))
            continue
        try:
            lever = LEVERS[key].model_validate({k: v for k, v in row.items() if k != "lever"})
        except ValidationError as error:
            problems += [_problem(path, LEVERS[key], fault) for fault in error.errors()]
            continue
        problems += _wrong_dates(path, lever)
        yield lever


def _problem(path: str, lever: type[Lever], fault: Any) -> Problem:
    where = ".".join(str(part) for part in fault["loc"])
    known = [field.alias or name for name, field in lever.model_fields.items()]
    if fault["type"] == "extra_forbidden":
        return Problem(f"{path}.{where}", None, f"no such key of {lever.key}", did_you_mean(where, known))
    if fault["type"] == "missing":
        return Problem(f"{path}.{where}", None, "is needed here")
    return Problem(f"{path}.{where}", fault["input"], fault["msg"].removeprefix("Value error, "))


def _wrong_dates(path: str, lever: Lever) -> Iterable[Problem]:
    if lever.start and lever.end and lever.end < lever.start:
        yield Problem(f"{path}.to", lever.end.isoformat(), f"not before `from` ({lever.start})")
    if (lever.start or lever.end) and not lever.dated:
        yield Problem(f"{path}.from, to", None, f"{lever.key} holds for the whole run", "leave out the dates")


def _unexplained(path: str, lever: Lever) -> Iterable[Problem]:
    """Numbers that were set without a reason; a scenario file gives one for each."""
    if isinstance(lever.rationale, str) and lever.rationale.strip():
        return
    reasons = lever.rationale if isinstance(lever.rationale, dict) else {}
    for name, field in type(lever).model_fields.items():
        is_number = any(isinstance(part, Unit) for part in field.metadata)
        if is_number and name in lever.model_fields_set and not reasons.get(name, "").strip():
            cure = f'write rationale.{name} = "a source, or assumed: why"'
            yield Problem(f"{path}.{name}", getattr(lever, name), "a number needs its rationale", cure)
