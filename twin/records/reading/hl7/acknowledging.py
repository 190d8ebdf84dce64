"""Acknowledging: the answer to one message: taken, or why not.

AA says that the message is on disk (or of a kind that the twin leaves out); AE that it cannot be used, and
sending it again will not help; AR that it could not be kept now: send it again later.

References
----------
HL7 Version 2.9, chapter 2: 2.9 message processing rules, 2.14.8 MSA, 2.14.5 ERR; table 0357 error conditions.
"""

from __future__ import annotations

from datetime import UTC, datetime

from twin.records.reading.hl7.frames import BEGIN, END
from twin.records.reading.hl7.wrong import Wrong

TAKEN, UNUSABLE, LATER = "AA", "AE", "AR"
#: table 0357 for codes of ours; what is not listed is "data type error"
_CONDITIONS = {"E_NO_MSH": "100", "E_NO_KEY": "101"}
_INTERNAL_ERROR = "207"
_DATA_TYPE_ERROR = "102"
_ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"} | {chr(n): " " for n in range(32)}
)
_LONGEST = 200  # characters echoed of one field


def answer(code: str, data: bytes, number: int, wrong: Wrong | None = None) -> bytes:
    """An acknowledgement in its frame.

    Parameters
    ----------
    code
        TAKEN, UNUSABLE or LATER.
    data
        The message, however broken: sender, number and version are taken from it where they can be.
    number
        Of the answer itself.
    wrong
        What was wrong.
    """
    header = _header(data)
    trigger = header[8].split("^")[1:2]
    now = datetime.now(UTC)
    first = ["MSH", "^~\\&", "TWIN", "", _echo(header[2]), _echo(header[3]), f"{now:%Y%m%d%H%M%S}+0000", ""]
    first += [
        "^".join(["ACK", *map(_echo, trigger)]),
        f"T{now:%Y%m%d%H%M%S}{number}",
        "P",
        _echo(header[11]) or "2.5",
    ]
    lines = [
        "|".join(first),
        "|".join(["MSA", code, _echo(header[9]), *([_echo(wrong.rule)] if wrong else [])]),
    ]
    if wrong:
        usual = _INTERNAL_ERROR if code == LATER else _DATA_TYPE_ERROR
        condition = _CONDITIONS.get(wrong.code, usual)
        where = _echo(wrong.field).replace("-", "^1^")
        lines.append(
            "|".join(
                ["ERR", "", where, condition, "E", wrong.code, "", "", _echo(f"{wrong.rule}; {wrong.cure}")]
            )
        )
    return BEGIN + ("\r".join(lines) + "\r").encode() + END + b"\r"


def _header(data: bytes) -> list[str]:
    """Fields of the header, MSH-1 left out, as far as it can be divided; empty ones to fill it up."""
    line = data[:4_000].replace(b"\n", b"\r").partition(b"\r")[0].decode("utf-8", "replace")
    fields = line.split(line[3:4]) if line[:3] == "MSH" and line[3:4] else []
    return fields + [""] * 12


def _echo(text: str) -> str:
    return text[:_LONGEST].translate(_ESCAPES)
