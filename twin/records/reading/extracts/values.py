"""Values: columns of text as codes, pseudonyms and numbers; whatever does not fit is told, row by row.

A code is looked at once for each different value of a block, however many rows have it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.errors import did_you_mean
from twin.records.events import OLDEST
from twin.records.reading.extracts.private import LONGEST, Numbers, tells_somebody
from twin.records.reading.extracts.text import LOST
from twin.records.reading.limits import Limits

#: oldest age that is one [years]
OLDEST_PERSON = 130
#: largest amount or price [units] (assumed: no hospital moves a milliard of anything at once)
_LARGEST = 1e9
#: columns in which long numbers are usual
LONG_NUMBERS = frozenset({"item", "lot", "supplier"})
#: most figures of the number of a version, which is filled up to so many
_VERSION = 8
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_NO_NUMBER = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a value."""

    rule: str
    cure: str
    code: str


@dataclass(frozen=True)
class Found:
    """Faults of some rows: their positions in the block, the column of the file, the values."""

    positions: np.ndarray
    field: str
    values: list[Any]
    wrong: list[Wrong]


Turn = Callable[[str], "str | int | float | Wrong | None"]


def as_text(column: pa.Array) -> pa.Array:
    """A column as trimmed text; missing where there is nothing. Dictionaries stay dictionaries."""
    if isinstance(column, pa.DictionaryArray):
        words = pc.utf8_trim_whitespace(column.dictionary.cast(pa.string()))
        return pa.DictionaryArray.from_arrays(column.indices, words)
    return pc.utf8_trim_whitespace(column.cast(pa.string()))


def each(text: pa.Array, kind: pa.DataType, tell: Turn, field: str) -> tuple[pa.Array, Found | None]:
    """Every different value turned by ``tell``, the same for each row that has it.

    Returns
    -------
    values, faults
        Missing where the text is missing or empty, or ``tell`` finds fault.
    """
    coded = text if isinstance(text, pa.DictionaryArray) else text.dictionary_encode()
    words = coded.dictionary.to_pylist()
    told = [None if not word else tell(word) for word in words]
    wrong = [isinstance(value, Wrong) for value in told]
    values = pa.array([None if bad else value for value, bad in zip(told, wrong, strict=True)], type=kind)
    taken = values.take(coded.indices)
    if not any(wrong):
        return taken, None
    indices = np.asarray(coded.indices.fill_null(-1))
    positions = np.flatnonzero(np.append(np.array(wrong), False)[indices])
    return taken, Found(
        positions,
        field,
        [words[at] for at in indices[positions]],
        [told[at] for at in indices[positions]],  # type: ignore[misc]
    )


def visible(word: str, limits: Limits) -> Wrong | None:
    """What is wrong with the characters of a value."""
    if len(word) > limits.field_chars:
        return Wrong(f"a value has at most {limits.field_chars:,} characters", "", "E_TOO_LARGE")
    if LOST in word:
        return Wrong("has a byte that is no character of UTF-8", "save the file as CSV UTF-8", "E_ENCODING")
    if not word.isprintable():
        return Wrong("has a character that cannot be seen", "take it out of the export", "E_CONTROL_CHAR")
    return None


def code_of(
    name: str, words: dict[str, str], others: str, ours: tuple[str, ...], numbers: Numbers, limits: Limits
) -> Turn:
    """How a code becomes one of the event table.

    Parameters
    ----------
    name
        Column of the event table.
    words, others
        Words of codes, and what becomes of a code that has none (see ``Take``).
    ours
        The words that the column may hold; empty where it holds codes of the source.
    numbers
        Which numbers are codes (see ``tells_somebody``).
    """
    known = {**{word: word for word in ours}, **words}

    def tell(code: str) -> str | Wrong | None:
        word = known.get(code.lower())
        if word is not None:
            return word or None
        unseen = visible(code, limits)
        if unseen:
            return unseen
        if name == "said_by" and code.isascii() and code.isdigit() and len(code) <= _VERSION:
            return code.zfill(_VERSION)  # the order of text is the order of numbers
        if ours or words:
            if others == "missing":
                return None
            if others not in ("fault", "kept"):
                return others
            if others == "fault":
                cure = did_you_mean(code.lower(), known) + ", or give it a word in the mapping"
                return Wrong(f"no such code of {name.replace('_', ' ')} in the mapping", cure, "E_CODE")
        if len(code) > LONGEST:
            return Wrong(f"a code has at most {LONGEST} characters", "leave free text out", "E_TOO_LARGE")
        somebody = tells_somebody(code, numbers)
        if somebody:
            cure = "a code belongs here; leave the column out in a mapping of your own, or say any_number"
            return Wrong(f"seems to hold {somebody}, and nothing that tells a person is taken", cure, "E_PII")
        return code

    return tell


def pseudonym_of(name: Callable[[str], str | None], limits: Limits) -> Turn:
    """How the number of a person or visit becomes a pseudonym."""

    def tell(number: str) -> str | Wrong | None:
        return (
            None if number.isascii() and number.isalnum() and len(number) < 100 else visible(number, limits)
        ) or name(number)

    return tell


def number_of(name: str, words: dict[str, str], decimal: str, limits: Limits) -> Turn:
    """How a number is read: figures, a point, an exponent, and no guess about anything else."""
    whole = name == "age"

    def tell(text: str) -> float | int | Wrong | None:
        word = words.get(text.lower(), text)
        if not word:
            return None
        value = _number(word, decimal, limits)
        if isinstance(value, Wrong):
            return value
        if whole and value != math.floor(value):
            return Wrong(f"{name} is a whole number", "", "E_INTEGER")
        low, high = (0, OLDEST_PERSON) if whole else (-_LARGEST, _LARGEST)
        if not low <= value <= high:
            return Wrong(f"{name} lies between {low:,g} and {high:,g}", "", "E_RANGE")
        return min(int(value), OLDEST) if whole else value

    return tell


def _number(text: str, decimal: str, limits: Limits) -> float | Wrong:
    if _NO_NUMBER.fullmatch(text):
        return Wrong("is not a finite number", "leave it empty where it is not known", "E_NOT_FINITE")
    plain = text.replace(",", ".") if decimal == "," and "." not in text and text.count(",") < 2 else text
    if not _NUMBER.fullmatch(plain) or (decimal == "," and "." in text):
        rule = f"a number is written with the figures 0 to 9 and at most one '{decimal}'"
        return Wrong(rule, "1234.5, without marks between thousands", "E_NUMBER")
    if len(text) > limits.digits:
        return Wrong(f"a number has at most {limits.digits} figures", "", "E_RANGE")
    value = float(plain)
    if not math.isfinite(value):
        return Wrong("is larger than any number here", "leave it empty where it is not known", "E_NOT_FINITE")
    return value
