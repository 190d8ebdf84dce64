"""CSV rows: a CSV of any length, block by block, everything as text and nothing guessed.

Commas, semicolons, tabs or bars stand between the fields, as the header shows. A row with more or fewer
fields than the header is put aside; a quote that is never closed ends the reading at the row where it opens.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from twin.errors import BadData, Problem
from twin.records.reading.asked import Asked
from twin.records.reading.extracts.rows import Rows, Table
from twin.records.reading.extracts.text import END, LOST, Text, open_text
from twin.records.reading.told import Told
from twin.units import IntArray

#: what may stand between fields
_MARKS = (",", ";", "\t", "|")


def open_csv(path: Path, asked: Asked, told: Told) -> Table:
    """The header of a CSV, and how to go on.

    Raises
    ------
    BadData
        Empty, too many columns, or no header that can be read.
    """
    text = open_text(path, asked.source)
    line = _first_line(text, asked)
    mark = max(_MARKS, key=line.count) if any(m in line for m in _MARKS) else ","
    header = tuple(name.strip() for name in _fields(line, mark, asked))
    if len(header) > asked.limits.columns:
        _refuse_columns(asked, len(header))

    def rows(wanted: Sequence[int]) -> Iterator[Rows]:
        with text:
            yield from _Reading(text, asked, told, mark, len(header), tuple(wanted)).rows()

    return Table(header, rows)


def _first_line(text: Text, asked: Asked) -> str:
    most = asked.limits.line_bytes
    raw = text.head(most)
    line = raw.decode("utf-8")
    if (text.lost and LOST in line) or "\0" in line:
        rule = "the header is text in UTF-8, or in UTF-16 with a byte order mark"
        raise BadData(asked.source, [Problem("row 1", line[:60], rule, "save it as CSV UTF-8", "E_ENCODING")])
    columns = max(line.count(mark) for mark in _MARKS) + 1
    if columns > asked.limits.columns:
        _refuse_columns(asked, columns, more=len(raw) > most)
    if len(raw) > most:
        rule = f"a row has at most {most:,} bytes"
        raise BadData(asked.source, [Problem("row 1", None, rule, "is it a CSV?", "E_TOO_LARGE")])
    if not line.strip():
        cure = "write a header and a row for each visit or stay"
        raise BadData(asked.source, [Problem("row 1", None, "there is no header", cure, "E_NO_ROWS")])
    return line


def _refuse_columns(asked: Asked, columns: int, *, more: bool = False) -> None:
    rule = f"a table has at most {asked.limits.columns:,} columns"
    found = f"{'more than ' if more else ''}{columns:,} columns"
    cure = "export the columns that the mapping names"
    raise BadData(asked.source, [Problem("row 1", found, rule, cure, "E_TOO_MANY_COLUMNS")])


def _fields(line: str, mark: str, asked: Asked) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=mark, strict=True))
    except (csv.Error, StopIteration) as error:
        rule = f"the header cannot be taken apart: {error}"
        raise BadData(
            asked.source, [Problem("row 1", line[:60], rule, "close open quotes", "E_PARSE")]
        ) from None


class _Reading:
    """One pass through the rows of a CSV."""

    def __init__(
        self, text: Text, asked: Asked, told: Told, mark: str, width: int, wanted: tuple[int, ...]
    ) -> None:
        self._text, self._asked, self._told, self._mark, self._width = text, asked, told, mark, width
        self._wanted = wanted
        self._odd: deque[tuple[int, str | None]] = deque()
        self._next = 2  # number of the row that comes
        self._ended = False

    def rows(self) -> Iterator[Rows]:
        """Block by block."""
        text, block = self._text, 2 * self._asked.limits.line_bytes
        text.ends_with((self._mark.join([END] * self._width)).encode())
        names = [str(place) for place in range(self._width)]
        wanted = [str(place) for place in self._wanted]
        try:
            reader = pa_csv.open_csv(
                pa.PythonFile(text, mode="r"),
                pa_csv.ReadOptions(use_threads=False, block_size=block, column_names=names),
                pa_csv.ParseOptions(
                    delimiter=self._mark,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=self._is_odd,
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()),
                    include_columns=wanted,
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
            for batch in reader:
                yield from self._taken(batch)
        except pa.ArrowInvalid as error:
            self._tell_odd(self._next + len(self._odd) + 1)
            raise self._never_closed(self._next, str(error)) from None
        self._tell_odd(None)
        if not self._ended:
            raise self._never_closed(self._next - 1, "")

    def _taken(self, batch: pa.RecordBatch) -> Iterator[Rows]:
        """The rows of a block, without those of another width and those with nothing in them."""
        columns = [batch.column(place) for place in range(batch.num_columns)]
        last = batch.num_rows and columns[0][batch.num_rows - 1].as_py() == END
        if last:
            self._ended = True
            columns = [column.slice(0, len(column) - 1) for column in columns]
        count = batch.num_rows - int(last)
        if not count:
            return
        numbers = self._numbers(count)
        filled = np.zeros(count, bool)
        for column in columns:
            filled |= np.asarray(pc.greater(pc.binary_length(column), 0))
            if filled.all():
                break
        kept = np.flatnonzero(filled)
        self._told.read += len(kept)
        self._told.note("empty rows", count - len(kept))
        rows = Rows(numbers, dict(zip(map(str, self._wanted), columns, strict=True)))
        yield rows if len(kept) == count else rows.only(kept)

    def _numbers(self, count: int) -> IntArray:
        """Numbers of so many rows that come, and what is to be told of those of another width between."""
        first, found = self._next, count
        within: list[int] = []
        while self._odd and self._odd[0][0] < first + found:
            number, rule = self._odd.popleft()
            within.append(number)
            found += 1
            self._tell_width(number, rule)
        self._next = first + found
        numbers = np.arange(first, first + found, dtype=np.int64)
        return np.delete(numbers, [number - first for number in within]) if within else numbers

    def _is_odd(self, row: pa_csv.InvalidRow) -> str:
        number = int(row.number) + 1
        if END in row.text:
            self._odd.append((number, None))
        else:
            self._odd.append((number, f"{row.expected_columns} fields a row, not {row.actual_columns}"))
        return "skip"

    def _tell_odd(self, before: int | None) -> None:
        while self._odd and (before is None or self._odd[0][0] < before):
            number, rule = self._odd.popleft()
            self._next = number + 1
            if rule is None:
                raise self._never_closed(number, "")
            self._tell_width(number, rule)

    def _tell_width(self, number: int, rule: str | None) -> None:
        if rule is None:
            raise self._never_closed(number, "")
        self._told.read += 1
        cure = "quote fields that hold a comma or a line end"
        self._told.fault(number, "", None, rule, cure, "E_ROW_WIDTH")

    def _never_closed(self, row: int, error: str) -> BadData:
        if error and "straddling" not in error:
            rule = f"cannot be taken apart: {error.splitlines()[0][:120]}"
        else:
            most = f"{self._asked.limits.line_bytes:,} bytes"
            rule = f"a quote opens here and is never closed, or the row has more than {most}"
        return BadData(self._asked.source, [Problem(f"row {row}", None, rule, "close the quote", "E_PARSE")])
