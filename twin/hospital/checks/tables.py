"""Raw tables: what a description says before it is known to be right; a part of a wrong kind is passed over.

Wrong kinds of values are told where single tables are read; here they only must not stop a check.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from twin.errors import Problem, did_you_mean
from twin.units import clock_ms

Table = dict[str, Any]

#: shares are written with a few digits
TOLERANCE = 1e-6
#: sections whose entries are places of one kind or another
EVERYWHERE = ("wards", "places")


def tables(raw: Table, key: str) -> Iterator[tuple[str, Table]]:
    """Entries of a section that are tables, by name."""
    section = raw.get(key)
    if isinstance(section, dict):
        for name, table in section.items():
            if isinstance(table, dict):
                yield name, table


def names(raw: Table, *keys: str) -> list[str]:
    """Names of all entries of some sections."""
    return [name for key in keys for name, _ in tables(raw, key)]


def table_of(table: Table, key: str) -> Table:
    """A table within a table; empty where there is none."""
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def rows_of(table: Table, key: str) -> list[tuple[int, Table]]:
    """Tables of a list with their place in it."""
    inner = table.get(key)
    return [
        (i, row) for i, row in enumerate(inner if isinstance(inner, list) else []) if isinstance(row, dict)
    ]


def texts_of(table: Table, key: str) -> list[str]:
    """Texts of a list."""
    inner = table.get(key)
    return [text for text in (inner if isinstance(inner, list) else []) if isinstance(text, str)]


def number_of(table: Table, key: str, usual: float = math.nan) -> float:
    """A number; not a number where there is none, so that no comparison holds."""
    value = table.get(key, usual)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan


def wall_of(table: Table, key: str, usual: str) -> int | None:
    """A time of day; none where it is no such text. [ms after midnight]"""
    try:
        return clock_ms(str(table.get(key, usual)))
    except ValueError:
        return None


def unknown(path: str, value: object, known: Iterable[str], what: str) -> Iterator[Problem]:
    """A fault where a name is not among the known ones."""
    known = list(known)
    if isinstance(value, str) and value not in known:
        yield Problem(path, value, f"no such {what}", did_you_mean(value, known), "E_UNKNOWN_NAME")


def shares(path: str, values: object) -> Iterator[Problem]:
    """A fault where shares do not sum to one."""
    numbers = list(values.values()) if isinstance(values, dict) else values
    if not isinstance(numbers, list) or not all(isinstance(x, int | float) for x in numbers):
        return
    total = sum(numbers)
    if not abs(total - 1) <= TOLERANCE:
        cure = "mend them; they are never rescaled silently"
        yield Problem(path, round(total, 6), "shares that sum to one", cure, "E_PROBABILITY")


def circles(arrows: dict[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Each circle that arrows between names make, once, from its first name in order of the table."""
    told: set[frozenset[str]] = set()
    for start in arrows:
        way = _way_back(arrows, start)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield way


def _way_back(arrows: dict[str, list[str]], start: str) -> tuple[str, ...]:
    """The shortest way from a name back to it; empty where there is none."""
    waiting: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    while waiting:
        way = waiting.pop(0)
        for to in arrows.get(way[-1], []):
            if to == start:
                return way
            if to not in seen:
                seen.add(to)
                waiting.append((*way, to))
    return ()
