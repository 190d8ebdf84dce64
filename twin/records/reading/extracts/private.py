"""Private: values that tell who somebody is, found where a code should stand.

Columns that a mapping does not name are never read; identities become pseudonyms. What is left are codes of
wards, specialties and reasons, and now and then somebody has typed a name or a telephone number there. The
eighteen kinds of identifiers of the HIPAA safe harbour (45 CFR 164.514(b)(2)(i)) are looked for by their
shape. A shape can be wrong about a code; the row is then put aside and told, not lost in silence.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib import resources
from typing import Literal

Numbers = Literal["short", "long", "any"]

#: longest code [characters]
LONGEST = 60
#: words of a code; more is a sentence (assumed: "Acute Medical Unit Short Stay Bay 4" has seven)
_WORDS = 8
#: figures in a row of a ward's or specialty's code; more is a number of somebody (assumed)
_FIGURES = 8

_BOOK = tomllib.loads((resources.files(__package__) / "private.toml").read_text("utf-8"))
_SHAPES = tuple(
    (row["what"], re.compile("|".join(f"(?:{shape})" for shape in row["any"]), re.IGNORECASE))
    for row in _BOOK["shapes"]
)
_LONG_NUMBER = re.compile(rf"\d{{{_FIGURES + 1},}}")
_TEN = re.compile(r"(?<!\d)\d{10}(?!\d)")
_NAME_LIKE = re.compile(
    r"[A-Za-z][a-z'-]+(?: [A-Z]\.?)?(?: [A-Za-z][A-Za-z'-]+){1,2}|[A-Z]{2,}(?: [A-Z'-]{2,}){1,2}"
)
_FORENAMES = frozenset(_BOOK["names"]["forenames"].split())
_OF_PLACES = frozenset(_BOOK["names"]["of_places"].split())


@lru_cache(maxsize=1 << 15)
def tells_somebody(code: str, numbers: Numbers = "short") -> str | None:
    """What of a person a code seems to hold; None for a code that seems to be one.

    Parameters
    ----------
    code
        As the source has it, trimmed.
    numbers
        Which numbers are codes here: ``short`` ones as of wards, ``long`` ones as of items and batches but no
        NHS number, or ``any``.
    """
    if len(code.split()) > _WORDS:
        return "a sentence"
    for what, shape in _SHAPES:
        if shape.search(code):
            return what
    ten = _TEN.search(code)
    if numbers != "any" and ten and _is_nhs_number(ten[0]):
        return "an NHS number"
    if numbers == "short" and _LONG_NUMBER.search(code):
        return "a long unique number"
    if _NAME_LIKE.fullmatch(code):
        words = code.lower().split()
        if _FORENAMES.intersection((words[0], words[-1])) and not _OF_PLACES.intersection(words):
            return "a name"
    return None


def _is_nhs_number(figures: str) -> bool:
    """Whether the last of ten figures checks the others (modulus 11, NHS Data Dictionary)."""
    rest = 11 - sum(int(figure) * (10 - place) for place, figure in enumerate(figures[:9])) % 11
    return rest != 10 and rest % 11 == int(figures[9])
