"""Strict JSON: what a FHIR resource is written in, taken apart only where it can mean one thing.

Depth is measured before anything is built; a name twice in one object, a number that is none, or one of a
million figures refuse the resource.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np

from twin.records.reading.limits import Limits

Json = dict[str, Any]

_WITHOUT_MEANING = bytes(set(range(256)) - set(b'[]{}"'))
#: what each byte does to the depth, outside strings
STEP = bytes(1 if byte in b"{[" else 255 if byte in b"}]" else 0 for byte in range(256))


class Refused(Exception):
    """A resource that cannot be taken: the field, what stands there, the rule, the cure and the code."""

    def __init__(self, code: str, field: str, value: object, rule: str, cure: str = "") -> None:
        super().__init__(rule)
        self.code, self.field, self.value, self.rule, self.cure = code, field, value, rule, cure


def without_escapes(data: bytes) -> bytes:
    """The same bytes, as many, with blanks for escaped quotes and backslashes: each quote left is one."""
    return data.replace(rb"\\", b"  ").replace(rb"\"", b"  ") if b"\\" in data else data


def brackets(data: bytes) -> bytes:
    """The brackets outside strings, in order."""
    marks = without_escapes(data).translate(None, _WITHOUT_MEANING)
    return b"".join(marks.split(b'"')[::2])


def is_closed(data: bytes) -> bool:
    """Whether as many brackets close as open."""
    outside = brackets(data)
    opened = outside.count(b"{") + outside.count(b"[")
    return len(outside) == 2 * opened


def depth_of(data: bytes) -> int:
    """How deep arrays and objects lie in each other."""
    steps = np.frombuffer(brackets(data).translate(STEP), np.int8)
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


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
        raise Refused("E_DUP_KEY", "", twice, "a name comes once in an object", "keep the one that holds")
    return made


def _constant(word: str) -> float:
    raise _not_finite(word)


def _not_finite(written: str) -> Refused:
    return Refused("E_NOT_FINITE", "", written, "a number is finite", "leave it out where it is unknown")


def _too_many_figures(figures: int, digits: int) -> Refused:
    return Refused("E_NUMBER", "", f"{figures:,} figures", f"a number has at most {digits} figures")
