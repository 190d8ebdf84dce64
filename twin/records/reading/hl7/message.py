"""Message: one message of HL7 v2 taken apart, as far as the twin reads it.

The header says which characters divide fields, repetitions, components and parts of components. Only the
segments that carry flow are divided; names of people, addresses, findings and what a supplier adds (Z
segments) are never looked at.

References
----------
HL7 Version 2.9, chapter 2 "Control": 2.5 message construction rules, 2.7 use of escape sequences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from twin.records.reading.hl7.wrong import Wrong

#: segments that are read, and the last field of each that may be of use
READ = {
    "EVN": 7, "PID": 30, "PV1": 50, "PV2": 25, "MRG": 7, "PDA": 5,
    "SCH": 26, "TQ1": 9, "RGS": 3, "AIS": 10, "AIG": 14, "AIL": 12, "AIP": 12,
}  # fmt: skip
#: longest code of a ward, bed, service or number [characters]; longer is text, not a code
CODE_CHARS = 200
NULL = '""'  # the sender says: there is none

Fields = list[str]


@dataclass(frozen=True, slots=True)
class Separators:
    r"""The characters that divide: ``|^~\&`` in nearly every message."""

    field: str
    component: str
    repetition: str
    escape: str
    sub: str

    def repetitions(self, fields: Fields, number: int) -> Fields:
        """All repetitions of a field that say anything."""
        if number >= len(fields):
            return []
        return [part for part in fields[number].split(self.repetition) if part and part != NULL]

    def code(self, fields: Fields, number: int, component: int = 1) -> str:
        """First repetition of a field, one component, its first part; empty where nothing is said.

        Raises
        ------
        Wrong
            It is longer than a code, or has a character that cannot be seen.
        """
        text = fields[number] if number < len(fields) else ""
        if not text:
            return ""
        if text.isalnum() and len(text) <= CODE_CHARS:  # nothing divides it: most fields are so
            return text if component == 1 else ""
        return self.part(text.partition(self.repetition)[0], component, fields[0], number)

    def part(self, text: str, component: int, segment: str, number: int) -> str:
        """One component of a repetition of a field, as ``code`` gives it."""
        if component > 1:
            parts = text.split(self.component, component)
            text = parts[component - 1] if len(parts) >= component else ""
        elif self.component in text:
            text = text.partition(self.component)[0]
        if self.sub and self.sub in text:
            text = text.partition(self.sub)[0]
        text = text.strip()
        if len(text) > CODE_CHARS:
            cure = "send the code alone; text belongs into other fields"
            raise Wrong(
                f"{segment}-{number}",
                text,
                f"a code has at most {CODE_CHARS} characters",
                cure,
                "E_TOO_LARGE",
            )
        if self.escape and self.escape in text:
            text = unescape(text, self).strip()
        if not text.isprintable():
            rule = "a code has no characters that cannot be seen"
            raise Wrong(f"{segment}-{number}", ascii(text), rule, "send the code alone", "E_CONTROL_CHAR")
        return "" if text == NULL else text


USUAL = Separators("|", "^", "~", "\\", "&")


@dataclass(slots=True)
class Message:
    """One message.

    Attributes
    ----------
    marks
        Its separators.
    header
        MSH by field number: ``header[9]`` is MSH-9.
    segments
        Those that are read, in order; ``segment[0]`` is the name, ``segment[3]`` field 3.
    unread
        How many others there are.
    """

    marks: Separators
    header: Fields
    segments: list[Fields]
    unread: int

    @property
    def type(self) -> str:
        """MSH-9.1: ADT, SIU."""
        return self.marks.code(self.header, 9)

    @property
    def trigger(self) -> str:
        """MSH-9.2: A01, S12; EVN-1 where the header does not say (before version 2.3)."""
        return self.marks.code(self.header, 9, 2) or self.marks.code(self.first("EVN"), 1)

    def first(self, name: str) -> Fields:
        """The first segment of a name; one without fields where there is none."""
        for segment in self.segments:
            if segment[0] == name:
                return segment
        return [name]


def taken_apart(text: str) -> Message:
    """A message from its text.

    Parameters
    ----------
    text
        From its MSH on; lines end with CR, LF or both.

    Raises
    ------
    Wrong
        It does not begin with MSH (``E_NO_MSH``), or the header does not say how to divide it (``E_PARSE``).
    """
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
    lines = text.split("\r")
    marks = _separators(lines[0])
    field = marks.field
    header = lines[0].split(field)
    header.insert(1, field)
    segments, unread = [], 0
    for line in lines[1:]:
        most = READ.get(line[:3])
        if most is not None and line[3:4] in (field, ""):
            segments.append(line.split(field, most + 1))
        elif line.startswith("MSH" + field):
            rule, cure = "one frame holds one message", "send each in a frame of its own"
            raise Wrong("MSH", None, rule, cure, "E_PARSE")
        elif line:
            unread += not line.isspace()
    return Message(marks, header, segments, unread)


def _separators(line: str) -> Separators:
    if line[:5] == "MSH|^" and line[3:9] == "|^~\\&|":
        return USUAL
    if line[:3] != "MSH":
        raise Wrong("MSH", line[:20], "a message begins with its header, MSH", "send it whole", "E_NO_MSH")
    field = line[3:4]
    others = line[4:].partition(field)[0] if field else ""
    given = field + others
    odd = [mark for mark in given if mark.isalnum() or not mark.isprintable() or mark in ' "']
    if len(given) < 2 or len(given) > 6 or odd or len(set(given)) < len(given):
        rule = "a header says which characters divide the message, as MSH|^~\\&|"
        raise Wrong("MSH-2", ascii(line[:20]), rule, "send the message whole", "E_PARSE")
    return Separators(field, *others[:1], *(others[n : n + 1] for n in (1, 2, 3)))


_NAMED = {"F": "field", "S": "component", "R": "repetition", "T": "sub", "E": "escape"}
_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)")


def unescape(text: str, marks: Separators) -> str:
    """Text with its escape sequences replaced, in time linear in its length.

    Separators and hexadecimal characters become what they stand for, commands of layout and other character
    sets nothing; an escape character that opens no sequence goes.
    """
    parts = text.split(marks.escape)
    if len(parts) % 2 == 0:  # the last one opens, and nothing closes
        parts[-2:] = ["".join(parts[-2:])]
    parts[1::2] = [_meant(sequence, marks) for sequence in parts[1::2]]
    return "".join(parts)


def _meant(sequence: str, marks: Separators) -> str:
    named = _NAMED.get(sequence)
    if named:
        return str(getattr(marks, named))
    figures = _HEX.fullmatch(sequence)
    return bytes.fromhex(figures[1]).decode("utf-8", "replace") if figures else ""
