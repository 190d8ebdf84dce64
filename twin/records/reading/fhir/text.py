"""Strict JSON: what a FHIR resource is written in, taken apart only where it can mean one thing.

Depth is measured before anything is built; a name twice in one object, a number that is none, or one of a
million figures refuse the resource.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from itertools import accumulate
from typing import Any

from twin.records.reading.limits import Limits

Json = dict[str, Any]

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_WITHOUT_MEANING = bytes(set(range(256)) - set(b'[]{}"'))
_STEP = [0] * 256
for _opens, _closes in (b"[]", b"{}"):
    _STEP[_opens], _STEP[_closes] = 1, -1


class Refused(Exception):
    """A resource that cannot be taken: the field, what stands there, the rule, the cure and the code."""

    def __init__(self, code: str, field: str, value: object, rule: str, cure: str = "") -> None:
        super().__init__(rule)
        self.code, self.field, self.value, self.rule, self.cure = code, field, value, rule, cure


def nesting(data: bytes) -> list[int]:
    """How many arrays and objects are open after each bracket; brackets within strings do not count."""
    if b"\\" in data:
        data = _ESCAPED.sub(b"", data)
    marks = data.translate(None, _WITHOUT_MEANING)
    outside = b"".join(marks.split(b'"')[::2])
    return list(accumulate(map(_STEP.__getitem__, outside))) or [0]


def depth_of(data: bytes) -> int:
    """How deep arrays and objects lie in each other."""
    return max(nesting(data))


def parse(data: bytes, limits: Limits) -> Any:
    """The value that the bytes write down.

    Raises
    ------
    Refused
        ``E_DEPTH``, ``E_ENCODING``, ``E_DUP_KEY``, ``E_NOT_FINITE``, ``E_NUMBER``, ``E_PARSE`` or
        ``E_TOO_LARGE``.
    """
    if depth_of(data) > limits.depth:
        raise too_deep(limits)
    try:
        return _decoder(limits.digits).decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(
            "E_ENCODING", "", f"byte {error.start}", "FHIR is written in UTF-8", "save it as UTF-8"
        ) from None
    except json.JSONDecodeError as error:
        raise Refused(
            "E_PARSE", "", f"character {error.pos}", f"not JSON: {error.msg}", "export it once more"
        ) from None
    except RecursionError:
        raise too_deep(limits) from None
    except MemoryError:
        raise Refused(
            "E_TOO_LARGE", "", None, "takes more memory than a resource may", "send its parts"
        ) from None


def too_deep(limits: Limits) -> Refused:
    """Deeper than the cap."""
    return Refused("E_DEPTH", "", None, f"nested deeper than {limits.depth}", "FHIR needs below 20")


@lru_cache(maxsize=8)
def _decoder(digits: int) -> json.JSONDecoder:
    def whole(figures: str) -> int:
        if len(figures) > digits:
            raise _too_many_figures(len(figures), digits)
        return int(figures)

    def part(figures: str) -> float:
        if len(figures) > digits:
            raise _too_many_figures(len(figures), digits)
        number = float(figures)
        if number - number != 0:
            raise _not_finite(figures)
        return number

    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=whole, parse_float=part, parse_constant=_constant
    )


def _object(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Refused("E_DUP_KEY", twice, None, "a name comes once in an object", "keep the one that holds")
    return made


def _constant(word: str) -> float:
    raise _not_finite(word)


def _not_finite(written: str) -> Refused:
    return Refused("E_NOT_FINITE", "", written, "a number is finite", "leave it out where it is unknown")


def _too_many_figures(figures: int, digits: int) -> Refused:
    return Refused("E_NUMBER", "", f"{figures:,} figures", f"a number has at most {digits} figures")
