"""A small feed: messages about one person, and what the reader makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from twin.errors import BadData
from twin.records.events import SCHEMA
from twin.records.reading.asked import Asked
from twin.records.reading.hl7 import read
from twin.records.reading.limits import USUAL, Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

NAMES = Pseudonyms(b"a secret of the tests")
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)

ANN = "4711^^^OAK^MR"
HER_STAY = "V100"


def asked(timezone: str = "Europe/London", limits: Limits = USUAL, now: datetime = NOW) -> Asked:
    return Asked("feed.hl7", timezone, now, NAMES, limits=limits)


def patient(number: str = "4711^OAK") -> str | None:
    return NAMES.patient(number)


def encounter(number: str = HER_STAY) -> str | None:
    return NAMES.encounter(number)


def utc(text: str) -> datetime:
    """An instant: "2024-03-01 10:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def segment(name: str, fields: dict[int, str]) -> str:
    """A segment from some of its fields by number."""
    most = max(fields, default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, most + 1))])


def header(kind: str, number: str = "1", at: str = "20240301103000", **more: str) -> str:
    fields = {3: "PAS", 7: at, 9: kind, 10: number, 11: "P", 12: "2.5"}
    fields |= {int(name.removeprefix("n")): value for name, value in more.items()}
    return "MSH|^~\\&" + segment("MSH", {n - 1: v for n, v in fields.items()})[4:]


def adt(
    trigger: str,
    number: str = "1",
    at: str = "20240301103000",
    *,
    event: dict[int, str] | None = None,
    person: dict[int, str] | None = None,
    visit: dict[int, str] | None = None,
    more: str = "",
) -> str:
    """An ADT message about Ann on the ward oak; some of its fields replaced."""
    lines = [
        header(f"ADT^{trigger}", number, at),
        segment("EVN", {1: trigger, 2: at} | (event or {})),
        segment("PID", {3: ANN, 5: "Archer^Ann", 7: "19500615", 8: "F"} | (person or {})),
        segment("PV1", {2: "I", 3: "OAK^1^A", 4: "E", 10: "300", 19: HER_STAY} | (visit or {})),
    ]
    return "\r".join([*lines, *([more] if more else []), ""])


def siu(
    trigger: str,
    number: str = "1",
    at: str = "20240301103000",
    *,
    schedule: dict[int, str] | None = None,
    more: str = "",
) -> str:
    """An SIU message about Ann's appointment in the clinic ENT."""
    timing = "^^30^20240312093000^20240312100000"
    lines = [
        header(f"SIU^{trigger}", number, at),
        segment("SCH", {1: "P55", 2: "F77", 11: timing, 25: "Booked"} | (schedule or {})),
        segment("PID", {3: ANN}),
        "RGS|1",
        segment("AIL", {1: "1", 3: "ENT^2"}),
    ]
    return "\r".join([*lines, *([more] if more else []), ""])


@dataclass(frozen=True)
class Heard:
    """What the reader made of a file."""

    rows: list[dict[str, Any]]
    told: Told

    @property
    def one(self) -> dict[str, Any]:
        """The only statement, with the columns that say something."""
        (row,) = self.rows
        return row

    @property
    def codes(self) -> list[str]:
        """Codes of the faults, in order."""
        return [fault.code for fault in self.told.faults]


def heard(folder: Path, *messages: str | bytes, asked_for: Asked | None = None) -> Heard:
    """Write messages one after the other into a file and read it."""
    path = folder / "feed.hl7"
    path.write_bytes(b"".join(one.encode() if isinstance(one, str) else one for one in messages))
    told = Told()
    batches = list(read(path, asked_for or asked(), told))
    assert all(batch.schema == SCHEMA for batch in batches)
    table = pa.Table.from_batches(batches, SCHEMA)
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    return Heard(rows, told)


def refused(folder: Path, data: bytes) -> str:
    """The code with which a file is refused."""
    path = folder / "feed.hl7"
    path.write_bytes(data)
    try:
        list(read(path, asked(), Told()))
    except BadData as error:
        return error.code
    raise AssertionError("the file was read")
