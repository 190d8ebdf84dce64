"""Reader: a CSV or Parquet extract as statements, block by block, faults by row.

Only the columns that the mapping names are looked at. A row with a fault tells nothing at all; the others of
its block go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from twin.errors import BadData, Problem
from twin.records.events import INSTANTS
from twin.records.reading.asked import Asked
from twin.records.reading.extracts.columns import Column, Places, Taken
from twin.records.reading.extracts.csv_rows import open_csv
from twin.records.reading.extracts.mapping import NUMBERS, Mapping
from twin.records.reading.extracts.parquet_rows import open_parquet
from twin.records.reading.extracts.private import tells_somebody
from twin.records.reading.extracts.recognising import mapping_for
from twin.records.reading.extracts.rows import Rows
from twin.records.reading.extracts.statements import Telling, kinds_of
from twin.records.reading.extracts.times import Clocks
from twin.records.reading.extracts.values import Found, Wrong
from twin.records.reading.extracts.wall import Wall
from twin.records.reading.told import Told

#: names of columns shown in a note, and how long each [characters]
_SHOWN, _NAME = 20, 40


def read(path: Path, asked: Asked, told: Told) -> Iterator[pa.RecordBatch]:
    """Statements of a CSV or Parquet file (see ``twin.records.reading.asked``).

    Raises
    ------
    BadData
        Nothing can be read: no header that a mapping fits, no rows, not a table, larger than allowed.
    NotFound, ConfigError
        ``asked.mapping`` names no mapping, or one with faults.
    """
    table = (open_parquet if _is_parquet(path) else open_csv)(path, asked, told)
    mapping = mapping_for(table.header, asked)
    places = Places.of(table.header)
    extract = _Extract(mapping, places, asked, told)
    if table.schema is not None:
        _check_schema(table.schema, extract.columns, mapping, asked)
    _note_left_out(table.header, mapping, told)
    before = told.read
    for rows in table.rows(extract.wanted):
        yield from extract.statements(rows)
    if told.read == before:
        cure = "add a row for each visit or stay"
        raise BadData(asked.source, [Problem("file", None, "has a header and no rows", cure, "E_NO_ROWS")])


class _Extract:
    """One file under its mapping."""

    def __init__(self, mapping: Mapping, places: Places, asked: Asked, told: Told) -> None:
        self._told = told
        wall = Wall(asked.timezone)
        clocks = Clocks(wall, asked.timezone, mapping.times)
        self.columns: list[Column] = []
        self._tellings: list[Telling] = []
        wanted: set[int] = set()
        for tells in mapping.tells:
            columns = {
                name: Column(name, take, tells.thing, mapping, places, asked, clocks)
                for name, take in tells.take.items()
            }
            there = {name: column for name, column in columns.items() if column.is_there}
            self.columns += there.values()
            self._tellings.append(Telling(tells, there, wall, asked, kinds_of(tells, places.by_name)))
            wanted.update(places.by_name[name.lower()] for name in chain(tells.only, tells.without))
        self.wanted = sorted(wanted.union(*(column.wanted for column in self.columns)))

    def statements(self, rows: Rows) -> Iterator[pa.RecordBatch]:
        """What the rows of a block tell; those with a fault are told to ``told``."""
        whole: dict[tuple, Taken] = {}
        faults: list[Found] = []
        parts = []
        used = np.zeros(len(rows), bool)
        for telling in self._tellings:
            positions = telling.positions(rows)
            if positions is not None and not len(positions):
                continue
            some = rows if positions is None else rows.only(positions)
            used[slice(None) if positions is None else positions] = True
            columns, extra, found = telling.told(some, whole if positions is None else {}, self._told.note)
            keys = telling.keys(columns, extra, len(some))
            found += telling.no_key(keys, found)
            faults += found if positions is None else [_in_block(one, positions) for one in found]
            parts.append((telling, positions, columns, keys))
        self._told.note("rows of a kind that the mapping leaves out", int((~used).sum()))
        good = np.ones(len(rows), bool)
        for one in faults:
            good[one.positions] = False
        self._tell(rows, faults)
        for telling, positions, columns, keys in parts:
            here = good if positions is None else good[positions]
            numbers = rows.numbers if positions is None else rows.numbers[positions]
            if not here.all():
                mask = pa.array(here)
                columns = {name: column.filter(mask) for name, column in columns.items()}
                keys, numbers = keys.filter(mask), numbers[here]
            if len(numbers):
                yield telling.batch(columns, keys, numbers)

    def _tell(self, rows: Rows, faults: list[Found]) -> None:
        """Tell the faults row by row; one that two things share counts once."""
        told: dict[tuple[int, str, str], tuple[object, Wrong]] = {}
        for one in faults:
            for position, value, wrong in zip(one.positions, one.values, one.wrong, strict=True):
                told.setdefault((int(position), one.field, wrong.rule), (value, wrong))
        for (position, field, _), (value, wrong) in sorted(told.items(), key=lambda item: item[0][0]):
            row = int(rows.numbers[position])
            self._told.fault(row, field, value, wrong.rule, wrong.cure, wrong.code)


def _in_block(found: Found, positions: np.ndarray) -> Found:
    return Found(positions[found.positions], found.field, found.values, found.wrong)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _note_left_out(header: tuple[str, ...], mapping: Mapping, told: Told) -> None:
    """Count the columns that the mapping does not know; their names are shown, never what they hold."""
    known = mapping.known()
    others = [name for name in header if name.lower() not in known]
    names = [
        name[:_NAME] if name.isprintable() and not tells_somebody(name[:_NAME]) else "?" for name in others
    ]
    more = ", ..." if len(names) > _SHOWN else ""
    told.note(
        f"columns left unread, as the mapping does not name them: {', '.join(names[:_SHOWN])}{more}",
        len(others),
    )


def _check_schema(schema: pa.Schema, columns: list[Column], mapping: Mapping, asked: Asked) -> None:
    """The types of a Parquet file are those that the mapping wants: a text for a number is a drift."""
    problems: dict[str, Problem] = {}
    for column in columns:
        for place in column.wanted:
            had = schema.field(place).type
            want = _wanted_type(had, column, place, mapping)
            if want:
                name = schema.names[place]
                rule = f"the mapping {mapping.name} wants {want}"
                cure = "export the column so again, or state its type in a mapping of your own"
                problems[name] = Problem(f"column {name}", str(had), rule, cure, "E_SCHEMA")
    if problems:
        raise BadData(asked.source, list(problems.values()))


def _wanted_type(had: pa.DataType, column: Column, place: int, mapping: Mapping) -> str:
    """The type wanted in place of this one; nothing where it will do."""
    kind = had.value_type if pa.types.is_dictionary(had) else had
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if pa.types.is_null(kind):
        return ""
    if column.name in INSTANTS or column.born is not None:
        local = mapping.times.without_zone == "local" or column.born is not None
        if column.is_of_day(place):
            return "" if is_text or pa.types.is_time(kind) else "text or a time of day"
        if is_text or pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and (local or kind.tz)):
            return ""
        return "text, a date or a timestamp" + ("" if local else " with its time zone")
    if column.name in NUMBERS:
        number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        return "" if number else "a number"
    return (
        "" if is_text or pa.types.is_integer(kind) or pa.types.is_boolean(kind) else "text or a whole number"
    )
