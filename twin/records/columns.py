"""Columns: the rows of a CSV or Parquet file as columns of text, before anything is believed.

Everything stays text here, so that an encounter called ``00042`` or ``NA`` keeps its name. Row numbers
of a CSV are those a person sees in an editor (the header is row 1); in Parquet the first row is row 2 too.
"""

from __future__ import annotations

import csv
import difflib
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from twin.errors import BadData, NotFound, Problem, did_you_mean
from twin.units import IntArray

#: faults of one kind told one by one before "and N more"
TOLD = 20
#: likeness from which a column's name is a slip of another's, 0 to 1 (assumed: one letter in eight)
_SURELY_MEANT = 0.85


@dataclass(frozen=True)
class Columns:
    """A file's columns of text; ``rows[i]`` is the number that a person sees beside row ``i``."""

    source: str
    table: pd.DataFrame
    rows: IntArray


def read_columns(
    path: str | Path, needed: Sequence[str], known: Sequence[str]
) -> tuple[Columns, list[Problem]]:
    """Read a file's known columns as text, with the faults of single rows beside them.

    Parameters
    ----------
    path
        A CSV in UTF-8 (with or without a byte order mark), or a Parquet file ending in ``.parquet``.
    needed, known
        Columns that must be there, and all that are read; others are left alone.

    Returns
    -------
    columns, faults
        Rows with too few or too many fields are left out of the columns and told in the faults.

    Raises
    ------
    BadData
        Nothing can be read: empty, header only, no such columns, not UTF-8, not a table.
    NotFound
        There is no such file.
    """
    place = Path(path)
    _check_is_file(place)
    if place.suffix.lower() in (".parquet", ".pq"):
        return _from_parquet(place, needed, known), []
    return _from_csv(place, needed, known)


def _check_is_file(place: Path) -> None:
    try:
        about = place.stat()
    except OSError as error:
        raise NotFound(f"{place}: {error.strerror or error}") from None
    if not stat.S_ISREG(about.st_mode):
        kind = "folder" if stat.S_ISDIR(about.st_mode) else "special file"
        raise BadData(
            place.name, [Problem("file", kind, "records are a regular file", "name the CSV or Parquet")]
        )
    if about.st_size == 0:
        raise BadData(place.name, [Problem("file", None, "is empty", "write a header and one row a stay")])


def _from_csv(place: Path, needed: Sequence[str], known: Sequence[str]) -> tuple[Columns, list[Problem]]:
    data = _text(place)
    odd: list[int] = []
    faults: list[Problem] = []

    def tell(row: pa_csv.InvalidRow) -> str:
        odd.append(row.number)
        if row.text.strip():
            rule = f"{row.expected_columns} fields a row, not {row.actual_columns}"
            faults.append(Problem(f"row {row.number}", row.text, rule, "quote commas"))
        return "skip"

    parse = pa_csv.ParseOptions(invalid_row_handler=tell, newlines_in_values=True, ignore_empty_lines=False)
    header = _header(place, data, needed, known)
    kept = [name for name in header if name in known]
    convert = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(kept, pa.string()), strings_can_be_null=False, include_columns=kept
    )
    read = pa_csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1)
    try:
        table = pa_csv.read_csv(pa.BufferReader(data), read, parse, convert)
    except pa.ArrowInvalid as error:
        rule = f"is not a CSV: {str(error).splitlines()[0]}"
        raise BadData(place.name, [Problem("file", None, rule, "close open quotes")]) from None
    numbers = np.arange(2, 2 + table.num_rows + len(odd), dtype=np.int64)
    rows = numbers[~np.isin(numbers, np.asarray(odd, dtype=np.int64))]
    text = _as_text(place, table, known)
    filled = (text != "").any(axis=1).to_numpy()  # an empty line is no stay
    if not filled.any() and not faults:
        raise BadData(place.name, [Problem("file", None, "has a header and no rows", "add one row a stay")])
    return Columns(place.name, text[filled].reset_index(drop=True), rows[filled]), first_few(faults)


def _text(place: Path) -> bytes:
    """The file's bytes, if they are text in UTF-8; the byte order mark is left out."""
    try:
        data = place.read_bytes()
    except OSError as error:
        raise BadData(place.name, [Problem("file", None, f"cannot be read: {error.strerror}")]) from None
    cure = "save it as CSV UTF-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadData(place.name, [Problem("file", "UTF-16", "records are UTF-8", cure)])
    if b"\0" in data:
        raise BadData(place.name, [Problem(f"byte {data.index(0)}", "NUL", "records are text", cure)])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise BadData(
            place.name, [Problem(f"row {row}", data[error.start : error.end], "records are UTF-8", cure)]
        ) from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise BadData(place.name, [Problem("file", None, "is empty", "write a header and one row a stay")])
    return data


def _header(place: Path, data: bytes, needed: Sequence[str], known: Sequence[str]) -> list[str]:
    """All columns as the first line names them."""
    first = data.splitlines()[0].decode("utf-8")
    names = [name.strip() for name in next(csv.reader([first]))]
    if len(names) == 1 and any(mark in first for mark in ";\t|"):
        problem = Problem("row 1", first, "fields stand between commas", "save it as CSV with commas")
        raise BadData(place.name, [problem])
    _check_names(place, names, needed, known)
    return names


def _check_names(place: Path, spelled: Sequence[str], needed: Sequence[str], known: Sequence[str]) -> None:
    faults = [
        Problem("row 1", name, "the column stands there twice", "keep one")
        for name in known
        if spelled.count(name) > 1
    ]
    others = [name for name in spelled if name and name not in known]
    for name in needed:
        if name not in spelled:
            near = did_you_mean(name, others) if others else ""
            cure = near if near.startswith("did you mean") else f"the header has {', '.join(spelled[:10])}"
            faults.append(Problem(f"column {name}", None, "is missing", cure))
    for name in set(known) - set(needed) - set(spelled):
        faults += [
            Problem("row 1", other, "no such column", f'did you mean "{name}"?')
            for other in difflib.get_close_matches(name, others, n=1, cutoff=_SURELY_MEANT)
        ]
    if faults:
        raise BadData(place.name, faults)


def _from_parquet(place: Path, needed: Sequence[str], known: Sequence[str]) -> Columns:
    try:
        names = pq.read_schema(place).names
        _check_names(place, names, needed, known)
        table = pq.read_table(place, columns=[name for name in names if name in known])
    except (pa.ArrowException, OSError) as error:
        rule = f"is not a Parquet file: {str(error).splitlines()[0]}"
        raise BadData(place.name, [Problem("file", None, rule)]) from None
    if table.num_rows == 0:
        raise BadData(place.name, [Problem("file", None, "has columns and no rows", "add one row a stay")])
    rows = np.arange(2, 2 + table.num_rows, dtype=np.int64)
    return Columns(place.name, _as_text(place, table, known), rows)


def _as_text(place: Path, table: pa.Table, known: Sequence[str]) -> pd.DataFrame:
    """Columns of str under their known names; nothing where the file has nothing."""
    texts = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            problem = Problem(f"column {name}", column.type.tz, "times are local without an offset")
            raise BadData(place.name, [problem])
        text = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
        texts[name.strip()] = pd.Series(text.to_pandas(), dtype="str")
    frame = pd.DataFrame(texts)
    return frame[[name for name in known if name in frame]]


def first_few(faults: list[Problem]) -> list[Problem]:
    """The first faults of one kind, and how many more there are."""
    if len(faults) <= TOLD:
        return faults
    return [*faults[:TOLD], Problem("rows", None, f"and {len(faults) - TOLD} more rows like these")]
