"""Parquet rows: a Parquet file batch by batch, after its footer has said that it is worth opening."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.errors import BadData, Problem
from twin.records.reading.asked import Asked
from twin.records.reading.extracts.rows import Rows, Table, counted
from twin.records.reading.told import Told

#: rows a byte of the file: what tells rows apart needs more than half a byte of each (assumed)
_ROWS_A_BYTE = 2
#: a column of a row group is read through memory of at most this size, unpacked [bytes]
_CHUNK_BYTES = 256 << 20
#: rows of a batch
_ROWS = 32_768


def open_parquet(path: Path, asked: Asked, told: Told) -> Table:
    """The columns of a Parquet file, and how to go on.

    Raises
    ------
    BadData
        Not a Parquet file, or its footer announces more than may be read.
    """
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        raise _damaged(asked, error) from None
    _check_footer(file.metadata, path.stat().st_size, asked)

    def rows(wanted: Sequence[int]) -> Iterator[Rows]:
        yield from _rows(path, asked, told, schema, tuple(wanted))

    return Table(tuple(schema.names), rows, schema)


def _damaged(asked: Asked, error: Exception) -> BadData:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    rule = f"is not a Parquet file that can be read: {first[:160]}"
    return BadData(asked.source, [Problem("file", None, rule, "export it again", "E_PARSE")])


def _check_footer(about: pq.FileMetaData, size: int, asked: Asked) -> None:
    """What the file says of itself, before anything of it is read."""
    limits = asked.limits
    try:
        groups = [about.row_group(number) for number in range(about.num_row_groups)]
        chunks = [
            group.column(place).total_uncompressed_size
            for group in groups
            for place in range(group.num_columns)
        ]
    except (pa.ArrowException, OSError, ValueError, IndexError) as error:
        raise _damaged(asked, error) from None
    unpacked = sum(chunks)
    found = (
        (about.num_columns, limits.columns, "columns", "E_TOO_MANY_COLUMNS"),
        (about.num_rows, min(limits.rows, size * _ROWS_A_BYTE), "rows for its size", "E_TOO_LARGE"),
        (unpacked, limits.unpacked_bytes, "bytes unpacked", "E_TOO_LARGE"),
        (max(chunks, default=0), _CHUNK_BYTES, "bytes of one column in a row group", "E_TOO_LARGE"),
    )
    problems = [
        Problem(
            "footer",
            f"{has:,} {what}",
            f"at most {most:,} {what}",
            "export less, or in smaller row groups",
            code,
        )
        for has, most, what, code in found
        if has > most
    ]
    if problems:
        raise BadData(asked.source, problems)
    if about.num_rows == 0:
        cure = "add a row for each visit or stay"
        raise BadData(asked.source, [Problem("file", None, "has columns and no rows", cure, "E_NO_ROWS")])


def _rows(path: Path, asked: Asked, told: Told, schema: pa.Schema, wanted: tuple[int, ...]) -> Iterator[Rows]:
    names = [schema.names[place] for place in wanted]
    texts = [name for name, place in zip(names, wanted, strict=True) if _is_text(schema.field(place).type)]
    first = 2
    try:
        file = pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False)
        for batch in file.iter_batches(batch_size=_ROWS, columns=names, use_threads=False):
            columns = {
                str(place): _short(batch.column(batch.schema.get_field_index(name)), asked)
                for place, name in zip(wanted, names, strict=True)
            }
            told.read += batch.num_rows
            yield Rows(counted(first, batch.num_rows), columns)
            first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(asked, error) from None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _short(column: pa.Array, asked: Asked) -> pa.Array:
    """The column; a long text that stands in every row is found before it is written out in each."""
    if isinstance(column, pa.DictionaryArray) and _is_text(column.dictionary.type):
        longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
        if longest > asked.limits.field_chars:
            rule = f"a value has at most {asked.limits.field_chars:,} bytes"
            problem = Problem("file", f"{longest:,} bytes", rule, "leave free text out", "E_TOO_LARGE")
            raise BadData(asked.source, [problem])
    return column
