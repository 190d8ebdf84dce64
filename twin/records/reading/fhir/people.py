"""People of a file: sex and day of birth, held while the file is read and never told on.

They give an encounter its sex and age; a reference to a patient who is not in a file that holds patients
leads nowhere.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from datetime import date

import numpy as np

from twin.records.events import OLDEST
from twin.records.reading.fhir.codes import SEX
from twin.records.reading.fhir.fields import bound_code, text
from twin.records.reading.fhir.text import Json, Refused
from twin.records.reading.fhir.times import Clock, years_between

#: people held at once: 120 MB; a file with more tells neither age nor sex
MOST = 10_000_000
_SEXES = ("", *SEX)
_DAYS = 1 << 22  # ordinals of days up to the year 9999 are below it


class People:
    """Sex and day of birth by "Patient/id", twelve bytes a person."""

    def __init__(self) -> None:
        self._names, self._facts = array("Q"), array("I")
        self.too_many = False

    def add(self, name: str, resource: Json) -> None:
        """Take a person; what cannot be read of them is unknown."""
        if len(self._names) >= MOST:
            self.too_many = True
            return
        try:
            sex, born = facts_of(resource)
        except Refused:
            sex, born = None, None
        self._names.append(_hashed(name))
        self._facts.append(_SEXES.index(sex or "") * _DAYS + (born.toordinal() if born else 0))

    def close(self) -> None:
        """Put them in order, so that they can be asked for. The later of two with one name holds."""
        order = np.argsort(np.frombuffer(self._names, np.uint64), kind="stable")
        for kept in ("_names", "_facts"):
            column = getattr(self, kept)
            ordered = array(column.typecode)
            ordered.frombytes(np.frombuffer(column, column.typecode)[order].tobytes())
            setattr(self, kept, ordered)

    def __len__(self) -> int:
        return len(self._names)

    def knows(self, name: str) -> bool:
        """Whether this person is in the file, or the file holds none."""
        return not self._names or self.too_many or self._found(name) is not None

    def sex_and_age(self, name: str, at: int | None, clock: Clock) -> tuple[str | None, int | None]:
        """Sex, and age in years at an instant (90 for 90 and more), where known."""
        found = None if self.too_many or not self._names else self._found(name)
        if found is None:
            return None, None
        sex, born = divmod(self._facts[found], _DAYS)
        return _SEXES[sex] or None, age(date.fromordinal(born) if born else None, at, clock)

    def _found(self, name: str) -> int | None:
        wanted = _hashed(name)
        after = bisect_left(self._names, wanted + 1) if wanted < 2**64 - 1 else len(self._names)
        return after - 1 if after and self._names[after - 1] == wanted else None


def facts_of(resource: Json) -> tuple[str | None, date | None]:
    """Sex and day of birth; the middle of a year or month where no day is told.

    Raises
    ------
    Refused
        ``E_CODE``, ``E_DATE``.
    """
    sex = bound_code(resource, "gender", SEX)
    written = text(resource, "birthDate")
    if written is None:
        return sex, None
    try:
        whole = written + {4: "-07-01", 7: "-15", 10: ""}[len(written)]
        if not whole.isascii() or whole[4] != "-" or whole[7] != "-":
            raise ValueError
        return sex, date.fromisoformat(whole)
    except (KeyError, ValueError):
        shown = "".join("9" if c.isdigit() else c for c in written[:20])
        raise Refused("E_DATE", "birthDate", shown, "a date is written 2024-03-31") from None


def age(born: date | None, at: int | None, clock: Clock) -> int | None:
    """Years at an instant, 90 for 90 and more; None where unknown or before birth."""
    if born is None or at is None:
        return None
    years = years_between(born, at, clock.zone)
    return None if years < 0 else min(years, OLDEST)


def _hashed(name: str) -> int:
    return hash(name) & 0xFFFF_FFFF_FFFF_FFFF
