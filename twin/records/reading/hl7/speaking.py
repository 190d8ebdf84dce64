"""Speaking: what every statement of one message shares: who said it, when, and about whom.

The number of a message orders what was said at one instant. Its figures are padded with zeros, so that
9 comes before 10, and it is kept as it is unless it holds the number of the person or of the visit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from twin.records.events import OLDEST
from twin.records.reading.asked import FEED_AHEAD, Asked
from twin.records.reading.extracts.private import tells_somebody
from twin.records.reading.hl7.message import Fields, Message, Separators
from twin.records.reading.hl7.times import CURE, NO_DTM, NoTime, Times
from twin.records.reading.hl7.wrong import Wrong
from twin.records.reading.told import Told
from twin.units import MS_DAY, MS_SECOND

Statement = dict[str, Any]

#: nothing is planned further ahead [ms]; 9999-12-31 stands for "not known" in some systems
PLANNED_AHEAD = 3_660 * MS_DAY
_AHEAD = round(FEED_AHEAD / timedelta(milliseconds=1))  # [ms]
_SAME_NUMBER = 4  # characters: a shorter number is in many others by chance
_LONGEST_NUMBER, _LONGEST_SENDER = 64, 32  # characters kept of a message's number, and of its sender's name
_OLDEST_EVER = 125  # years; the oldest person known lived 122
_FIGURES = re.compile(r"\d{1,18}")
_ODD = re.compile(r"[^0-9A-Za-z._:/-]")

NO_BIRTH = "dates of birth that are none, or after the event: age left out"
NO_NUMBER = "messages without a number (MSH-10): numbered by what they say"
HIDDEN = "message numbers that are long, or hold a person's or visit's number: kept as a hash"
NO_TIME = "messages without a time (MSH-7): taken as said when it was recorded, or happened"
NO_PERSON = "visits without a person's number"
BY_ADMISSION = "visits without a number: told apart by person and admission"
TO_COME = "admissions and discharges of messages that lie in the future: left out"
NO_PLAN = "planned times that are none: left out"
SOMEBODY = "codes that look as if they told of a person: left out"
FAR = "planned times more than ten years ahead: left out"


@dataclass(slots=True)
class Speaker:
    """One message while it is read.

    Attributes
    ----------
    message, row, digest
        The message, its number in the source, a hash of its bytes.
    said_at
        When it was said. [ms since 1970, UTC]
    """

    asked: Asked
    told: Told
    times: Times
    message: Message
    row: int
    digest: str
    said_at: int | None = None
    _dates: dict[str, int | None] = field(default_factory=dict)

    @property
    def marks(self) -> Separators:
        """The message's separators."""
        return self.message.marks

    def time(self, fields: Fields, number: int, component: int = 1, *, last: bool = False) -> int | None:
        """A field's instant. [ms since 1970, UTC]"""
        try:
            text = self.marks.code(fields, number, component)
            return self.times.instant(text, last=last) if text else None
        except NoTime as fault:
            rule, cure, code = fault.rule, fault.cure, fault.code
        except Wrong:
            text, rule, cure, code = fields[number], NO_DTM, CURE, "E_DATE"
        raise Wrong(f"{fields[0]}-{number}", text, rule, cure, code)

    def read_clock(self) -> None:
        """Times of header and event, all of them, so that a wrong one is never passed over.

        Raises
        ------
        Wrong
            One of them is no time, none is told, or it was said in the future.
        """
        event = self.message.first("EVN")
        self._dates = {
            "MSH-7": self.time(self.message.header, 7),
            "EVN-2": self.time(event, 2),
            "EVN-6": self.time(event, 6),
        }
        said_at = next((ms for ms in self._dates.values() if ms is not None), None)
        if said_at is None:
            rule = "a message tells when it was made (MSH-7) or recorded (EVN-2)"
            raise Wrong("MSH-7", None, rule, "send one of them", "E_DATE")
        if self._dates["MSH-7"] is None:
            self.told.note(NO_TIME)
        self.said_at = self._past(said_at, "MSH-7")

    def happened(self, where: Iterable[str], visit: dict[str, int | None]) -> int | None:
        """The first instant that is told, of the fields named; None where none is. [ms since 1970, UTC]"""
        dates = self._dates | visit
        for name in where:
            ms = dates[name]
            if ms is not None:
                return self._past(ms, name)
        return None

    def _past(self, ms: int, where: str) -> int:
        if self._is_ahead(ms):
            rule = "a time more than 15 minutes after now"
            raise Wrong(where, _shown(ms), rule, "set the clock of the system that sends", "E_FUTURE")
        return ms

    def _is_ahead(self, ms: int) -> bool:
        return ms > self.times.now + _AHEAD

    def not_ahead(self, ms: int | None) -> int | None:
        """An instant told beside what happened; None, counted, where it lies in the future."""
        if ms is not None and self._is_ahead(ms):
            self.told.note(TO_COME)
            return None
        return ms

    def planned_time(self, fields: Fields, number: int) -> int | None:
        """A planned instant that only helps: None, counted, where it is no time."""
        try:
            return self.planned(self.time(fields, number))
        except Wrong:
            self.told.note(NO_PLAN)
            return None

    def planned(self, ms: int | None) -> int | None:
        """A planned instant; None, counted, where it only stands for "not known"."""
        if ms is not None and ms > self.times.now + PLANNED_AHEAD:
            self.told.note(FAR)
            return None
        return ms

    def meant(self, table: Mapping[str, str | None], code: str, where: str) -> str | None:
        """A code in the words of the event table; None, counted, where no table lists it."""
        if not code:
            return None
        code = code.upper()
        if code not in table:
            self.told.note(f"codes of {where} that no table lists: left out")
        return table.get(code)

    def kept(self, fields: Fields, number: int, component: int = 1) -> str:
        """A code that is kept as it is; empty, and counted, where it looks as if it told of a person."""
        code = self.marks.code(fields, number, component)
        if code and tells_somebody(code, "any"):
            self.told.note(SOMEBODY)
            return ""
        return code

    def statement(self, **said: object) -> Statement:
        """A statement of this message."""
        return {"said_at": self.said_at, "said_by": None, "row": self.row, **said}

    def number(self, *persons_and_visits: str) -> str:
        """The message's number as ``said_by`` keeps it; a person's or visit's number in it hides it."""
        marks, header = self.marks, self.message.header
        own = marks.code(header, 10)
        if not own:
            self.told.note(NO_NUMBER)
            return f"#{self.digest}"
        if len(own) > _LONGEST_NUMBER or any(
            len(other) >= _SAME_NUMBER and other in own for other in persons_and_visits
        ):
            self.told.note(HIDDEN)
            return f"#{self.digest}"
        sender = marks.code(header, 3)[:_LONGEST_SENDER]
        return _ODD.sub("_", f"{sender}/{_FIGURES.sub(_padded, own)}")

    def person(self, fields: Fields, number: int, authority: str = "") -> tuple[str, str]:
        """A person's number and who assigned it, of a list of identifiers; empty where there is none.

        The medical record number (type MR) holds over the first of the list.
        """
        marks = self.marks
        segment = fields[0]
        listed = marks.repetitions(fields, number)
        chosen = next(
            (one for one in listed if marks.part(one, 5, segment, number) == "MR"),
            listed[0] if listed else "",
        )
        if not chosen:
            return "", ""
        return marks.part(chosen, 1, segment, number), marks.part(chosen, 4, segment, number) or authority

    def age(self, person: Fields, ms: int | None) -> int | None:
        """Years at an instant; OLDEST stands for that and more."""
        born = self.marks.code(person, 7)
        if not born or ms is None:
            return None
        years = self.times.age(born, ms)
        if years is None or not 0 <= years <= _OLDEST_EVER:
            self.told.note(NO_BIRTH)
            return None
        return min(years, OLDEST)


def patient(asked: Asked, number: str, authority: str) -> str | None:
    """Pseudonym of a person by number and assigning authority."""
    return asked.pseudonyms.patient(f"{number}^{authority}" if number and authority else number)


def digest_of(data: bytes) -> str:
    """A short hash of a message's bytes: tells the same message when it comes again."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _padded(figures: re.Match[str]) -> str:
    return figures[0].zfill(12)


def _shown(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // MS_SECOND, UTC):%Y-%m-%d %H:%M} UTC"
