"""Faults of single tables, told once each: pydantic's findings in a planner's words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from twin.errors import Problem
from twin.hospital.checks.pathways import steps_of
from twin.hospital.checks.tables import Table, table_of

#: tags that pydantic adds to a path where an entry may be a name or a table
_NAME_TAG, _TABLE_TAG = "constrained-str", "Alternative"
#: a name that can stand in a path
_A_NAME = re.compile("[a-z][a-z0-9_]*")

_RULES = {
    "extra_forbidden": "no such key here",
    "missing": "is needed here",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "a text in quotes",
    "bool_parsing": "true or false",
    "dict_type": "a table",
    "tuple_type": "a list",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "string_pattern_mismatch": "a name of small letters, digits and _, beginning with a letter",
    "literal_error": "one of {expected}",
    "model_type": "a table",
    "string_too_short": "a text of {min_length} letters or more",
    "string_too_long": "a text of {max_length} letters at most",
    "too_short": "a list of {min_length} or more",
    "too_long": "a list of {max_length} at most",
}


#: keys whose number is a length of time: below 0 it is a delay into the past
_LENGTHS = ("duration", "patience", "lead_time", "punctuality", "away", "delays", "lounge", "quantiles")
_LENGTH_ENDS = ("_minutes", "_hours", "_days")
_BOUNDS = {"greater_than_equal", "greater_than", "less_than_equal"}
#: keys whose number is a share of one
_SHARES = {"next", "mix", "party_sizes", "hours", "no_show", "share", "absence", "recorded"}


def problems_of(faults: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """One problem a fault of the file, in the order of the file's tables."""
    kept = [fault for fault in faults if _counts(fault, faults)]
    kept = _name_misspelled(kept)
    found: dict[str, Problem] = {}
    for fault in kept:
        found.setdefault(_path(fault["loc"]), _problem(fault))
    return list(found.values())


def as_in_file(problems: Iterable[Problem], raw: Table) -> list[Problem]:
    """Problems in the order of the file's tables, steps named by their names where they have one."""
    ordered = sorted(problems, key=lambda problem: _place_in_file(problem.path, raw))
    return [replace(problem, path=_with_names_of_steps(problem.path, raw)) for problem in ordered]


def _place_in_file(path: str, raw: object) -> tuple[int, ...]:
    """Where a path stands among the keys of each table on the way; what is not there comes last."""
    places = []
    for part in path.split("."):
        if isinstance(raw, Mapping):
            places.append(list(raw).index(part) if part in raw else len(raw))
            raw = raw.get(part)
        elif isinstance(raw, list) and part.isdigit() and int(part) < len(raw):
            places.append(int(part))
            raw = raw[int(part)]
        else:
            break
    return tuple(places)


def _with_names_of_steps(path: str, raw: Table) -> str:
    """``pathways.minor.steps.3.places`` with the step's name for its number, if it has one of its own."""
    parts = path.split(".")
    if len(parts) < 4 or (parts[0], parts[2]) != ("pathways", "steps") or not parts[3].isdigit():
        return path
    steps = steps_of(table_of(table_of(raw, "pathways"), parts[1]))
    names, number = [step.get("name") for step in steps], int(parts[3])
    name = names[number] if number < len(names) else None
    if isinstance(name, str) and _A_NAME.fullmatch(name) and names.count(name) == 1:
        parts[3] = name
    return ".".join(parts)


def _counts(fault: Mapping[str, Any], faults: Sequence[Mapping[str, Any]]) -> bool:
    """Leave out what only follows from another fault."""
    loc, entry = fault["loc"], fault["input"]
    if _NAME_TAG in loc and isinstance(entry, dict):
        return False  # meant as a table, told there
    if _TABLE_TAG in loc and loc[-1] == _TABLE_TAG:
        return False  # meant as a name, told there
    beneath = any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in faults)
    return not (fault["type"] == "too_short" and beneath)


def _name_misspelled(faults: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A key that is needed and one that is not known, much alike, are one fault."""
    kept = list(faults)
    for unknown in [f for f in kept if f["type"] == "extra_forbidden"]:
        table = unknown["loc"][:-1]
        needed = {str(f["loc"][-1]): f for f in kept if f["type"] == "missing" and f["loc"][:-1] == table}
        near = difflib.get_close_matches(str(unknown["loc"][-1]), needed, n=1)
        if near:
            kept.remove(needed[near[0]])
            kept[kept.index(unknown)] = {**unknown, "near": near[0]}
    return kept


def _path(loc: Sequence[object]) -> str:
    return ".".join(str(part) for part in loc if part not in (_NAME_TAG, _TABLE_TAG)) or "hospital"


def _problem(fault: Mapping[str, Any]) -> Problem:
    rule = _RULES.get(fault["type"], str(fault["msg"]).removeprefix("Value error, "))
    if "{" in rule and "ctx" in fault:
        rule = rule.format(**{key: _plainly(value) for key, value in fault["ctx"].items()})
    value = fault["input"]
    shown = None if fault["type"] == "missing" or isinstance(value, dict | list) else value
    cure = f'did you mean "{fault["near"]}"?' if "near" in fault else ""
    if fault["loc"][-1:] == ("shape",) and value == "normal":
        rule = "a normal distribution draws lengths below 0"
        cure = 'take "lognormal" or "gamma" with the same mean and cv'
    return Problem(_path(fault["loc"]), shown, rule, cure, _code(fault))


def _plainly(value: object) -> object:
    """A bound as a person writes it: 0 and not 0.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _code(fault: Mapping[str, Any]) -> str:
    """The code of a fault, where it has one of its own."""
    kind, loc, value = fault["type"], fault["loc"], fault["input"]
    keys = [str(part) for part in loc]
    if kind == "finite_number":
        return "E_NOT_FINITE"
    if keys and keys[-1] == "shape" and value == "normal":
        return "E_NEGATIVE_DELAY"
    if keys == ["timezone"]:
        return "E_TIMEZONE"
    if kind not in _BOUNDS:
        return "E_RANGE" if kind == "int_from_float" else ""
    if value < 0 and (set(keys) & set(_LENGTHS) or keys[-1].endswith(_LENGTH_ENDS)):
        return "E_NEGATIVE_DELAY"
    return "E_PROBABILITY" if set(keys) & _SHARES else "E_RANGE"
