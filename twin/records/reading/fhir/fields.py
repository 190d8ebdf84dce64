"""Fields of a resource: taken only where they have the shape that FHIR gives them.

What is missing is None; what is there in another shape refuses the resource. A code is kept only where it
is one: words that stand where a code belongs could be anybody's name.
"""

from __future__ import annotations

import re
from typing import Any

from twin.records.reading.extracts.private import tells_somebody
from twin.records.reading.fhir.text import Json, Refused
from twin.records.reading.told import Told

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+\-]{0,63}")
#: longest identifier or name of a place [characters]
LONGEST_NAME = 200


def part(of: Json, name: str, where: str = "") -> Json | None:
    """A field that is an object."""
    value = of.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise _shape(where + name, value, "an object")


def parts(of: Json, name: str, where: str = "") -> list[Json]:
    """A field that is a list of objects."""
    value = of.get(name)
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return value
    raise _shape(where + name, value, "a list of objects")


def text(of: Json, name: str, where: str = "") -> str | None:
    """A field that is text; None where it is empty."""
    value = of.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise _shape(where + name, value, "text")


def bound_code(of: Json, name: str, known: Any, where: str = "") -> str | None:
    """A code of a required list, as written; None where missing.

    Raises
    ------
    Refused
        ``E_CODE``: not in the list.
    """
    code = text(of, name, where)
    if code is not None and code not in known:
        shown = ", ".join(sorted(known))
        raise Refused("E_CODE", where + name, code, f"one of {shown}")
    return code


def coding(concept: Json | None) -> str | None:
    """The first code of a concept, to be looked up in a table; None where there is none."""
    codes = (text(each, "code", "coding.") for each in parts(concept or {}, "coding"))
    return next((code for code in codes if code), None)


def kept_code(concepts: list[Json | None], told: Told) -> str | None:
    """The first code of several concepts as it is kept; one that is none, or tells of a person, is not."""
    code = next((code for code in map(coding, concepts) if code), None)
    if code is None or (_CODE.fullmatch(code) and not tells_somebody(code, "any")):
        return code
    told.note("codes that are words, or look as if they told of a person: left out")
    return None


def name_of_place(value: str | None, field: str) -> str | None:
    """A code or name of a place, without spaces around it.

    Raises
    ------
    Refused
        ``E_CONTROL_CHAR``: a character that cannot be seen. ``E_TOO_LARGE``: longer than names are.
    """
    if value is None or not (name := value.strip()):
        return None
    if not name.isprintable():
        raise Refused("E_CONTROL_CHAR", field, ascii(name), "a code has only characters that can be seen")
    if len(name) > LONGEST_NAME:
        raise Refused("E_TOO_LARGE", field, None, f"at most {LONGEST_NAME} characters")
    return name


def _shape(field: str, value: object, wanted: str) -> Refused:
    return Refused("E_PARSE", field, type(value).__name__, f"FHIR has {wanted} here")
