"""A snapshot as a file: JSON that a person can read, with local times to the millisecond."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from twin.case import Batch, Cleaning, InHouse, Order, Snapshot
from twin.errors import ConfigError, NotFound, Problem
from twin.files import write_whole
from twin.hospital.base import Model
from twin.hospital.faults import problems_of

#: what follows a local time in the hour that the clocks repeat, the second time it comes
_AGAIN = " second"
_TIME = 'a local time "2025-10-26T01:30:00.000", with " second" behind it in the hour that comes twice'


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError(_TIME)
    try:
        found = datetime.fromisoformat(value.removesuffix(_AGAIN))
    except ValueError as error:
        raise ValueError(_TIME) from error
    if found.tzinfo is not None:
        raise ValueError(f"{_TIME}, without a time zone")
    return found.replace(fold=int(value.endswith(_AGAIN)))


def _identity(value: object) -> int:
    if isinstance(value, str) and len(value) == 16:
        try:
            return int(value, 16)
        except ValueError:
            pass
    raise ValueError("16 hexadecimal digits")


LocalTime = Annotated[datetime, BeforeValidator(_time)]
Whole = Annotated[int, Field(ge=0, strict=True)]


class _InHouse(Model):
    encounter: str
    patient_class: str
    step: str
    since: LocalTime
    asked: LocalTime | None = None
    place: str | None = None
    waiting: bool = False
    stopped: bool = False
    listed: bool = False
    appointment: LocalTime | None = None
    session: str | None = None
    listed_on: LocalTime | None = None
    arrived: LocalTime | None = None
    promised: str | None = None
    pooled: dict[str, Whole] = Field(default_factory=dict)
    identity: Annotated[int, BeforeValidator(_identity)] | None = None
    visits: dict[str, Whole] = Field(default_factory=dict)
    remaining_ms: Whole | None = None


class _Batch(Model):
    units: Whole
    expires: LocalTime | None = None


class _Order(Model):
    item: str
    units: Whole
    due: LocalTime


class _Cleaning(Model):
    place: str
    until: LocalTime


class _Snapshot(Model):
    as_of: LocalTime | None = None
    patients: tuple[_InHouse, ...] = ()
    stock: dict[str, tuple[_Batch, ...]] = Field(default_factory=dict)
    orders: tuple[_Order, ...] = ()
    orders_placed: dict[str, Whole] = Field(default_factory=dict)
    cleaning: tuple[_Cleaning, ...] = ()


def write_snapshot(snapshot: Snapshot, path: Path | str) -> None:
    """Write a snapshot as JSON, whole or not at all.

    Raises
    ------
    TwinError
        The file cannot be written; what stood there is unharmed.
    """
    table = {f.name: _plain(getattr(snapshot, f.name)) for f in fields(snapshot)}
    text = json.dumps(
        {k: v for k, v in table.items() if v not in (None, [], {})}, indent=1, ensure_ascii=False
    )
    write_whole(Path(path), (text + "\n").encode())


def read_snapshot(path: Path | str) -> Snapshot:
    """Read a snapshot that was written down.

    Raises
    ------
    NotFound
        There is no such file.
    ConfigError
        With every fault found in one pass: path, value, rule, cure.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFound(f"{file}: no such snapshot; `write_snapshot` writes one")
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        cure = "write it anew, or mend the file there"
        raise ConfigError(str(file), [Problem("file", None, f"is not JSON: {error}", cure)]) from error
    try:
        read = _Snapshot.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(str(file), problems_of(error.errors())) from error
    return Snapshot(
        read.as_of,
        tuple(InHouse(**dict(p)) for p in read.patients),
        {item: tuple(Batch(**dict(b)) for b in batches) for item, batches in read.stock.items()},
        tuple(Order(**dict(order)) for order in read.orders),
        dict(read.orders_placed),
        tuple(Cleaning(**dict(entry)) for entry in read.cleaning),
    )


def _plain(value: Any) -> Any:
    """A value in JSON's own types; what is as usual is left out of a patient."""
    if isinstance(value, datetime):
        whole = value.microsecond % 1000 == 0
        text = value.replace(fold=0).isoformat(timespec="milliseconds" if whole else "microseconds")
        return text + _AGAIN * value.fold
    if isinstance(value, InHouse):
        return {k: v for k, v in _fields(value).items() if v is not None and v is not False and v != {}}
    if isinstance(value, Batch | Order | Cleaning):
        return {k: v for k, v in _fields(value).items() if v is not None}
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _fields(value: InHouse | Batch | Order | Cleaning) -> dict[str, Any]:
    table = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if table.get("identity") is not None:
        table["identity"] = f"{table['identity']:016x}"
    return table
