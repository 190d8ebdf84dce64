"""Column types that mean the same on SQLite and PostgreSQL: instants, JSON, and the database's own clock.

Leases are judged by the database's clock alone, so two machines with different clocks agree.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Dialect, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)


class Instant(TypeDecorator[dt.datetime]):
    """An aware datetime, kept as whole milliseconds since 1970 UTC; an integer passes as it is."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """Datetime to milliseconds."""
        if value is None or isinstance(value, int):
            return value
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value!r}")
        return (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:
        """Milliseconds to datetime."""
        return None if value is None else EPOCH + int(value) * MILLISECOND


class LocalTime(TypeDecorator[dt.datetime]):
    """A naive local datetime, kept as ISO text, so that it sorts in time and no database moves it."""

    impl = String(26)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Datetime to text; text passes as it is."""
        if value is None or isinstance(value, str):
            return value
        if value.tzinfo is not None:
            raise ValueError(f"a local time has no time zone: {value!r}")
        return value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> dt.datetime | None:
        """Text to datetime."""
        return None if value is None else dt.datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A value as canonical JSON text, so that the same value is the same bytes on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Value to text."""
        return None if value is None else canonical(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Text to value."""
        return None if value is None else json.loads(value)


class Now(FunctionElement[int]):
    """The database's clock at this statement. [milliseconds since 1970 UTC]"""

    type = BigInteger()
    inherit_cache = True


@compiles(Now, "sqlite")
def _now_sqlite(element: Now, compiler: Any, **options: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"  # 2440587.5 is 1970


@compiles(Now, "postgresql")
def _now_postgresql(element: Now, compiler: Any, **options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


def canonical(value: Any) -> str:
    """JSON text with sorted keys; dates as ISO text, a number that does not exist (NaN) as null."""
    return json.dumps(
        _plain(value), sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":")
    )


def clean(text: object) -> str:
    """Text that every database can keep: no NUL, no broken surrogates."""
    return str(text).replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(entry) for entry in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if hasattr(value, "tolist"):  # a NumPy number or array
        return _plain(value.tolist())
    if hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be kept as JSON: {value!r}")
