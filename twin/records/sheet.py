"""A sheet: the rows of a ``unique_id, ds, y`` file as text, before anything is believed.

Everything stays text here, so that a series called ``007`` or ``NA`` keeps its name. Row numbers are
those a person sees in an editor: the header is row 1.
"""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path

import pandas as pd

from twin.errors import BadData, NotFound, Problem, did_you_mean

COLUMNS = ("unique_id", "ds", "y")
_TOLD = 20
_HEADER = Problem("row 1", None, "the header is unique_id,ds,y", "write it as the first line")


def read_sheet(path: str | Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows of a history file as text, and the faults that leave the other rows readable.

    Returns
    -------
    table, faults
        Columns ``unique_id, ds, y`` of str, indexed by row number; rows with too few or too many
        fields are left out of the table and told in ``faults``.

    Raises
    ------
    BadData
        Nothing of the file can be read: empty, no such columns, binary, not UTF-8.
    NotFound
        There is no such file.
    """
    place = Path(path)
    text = _text(place)
    plain = _plain(text)
    if plain is not None:
        return plain, []
    rows = _rows(place, text, _HEADER)
    order = _order(place.name, rows[0])
    return _table(place.name, rows[1:], order, list(COLUMNS))


def read_table(path: str | Path, needed: tuple[str, ...]) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows of any CSV as text, with whatever columns it has.

    Parameters
    ----------
    needed
        Columns that must be there.

    Returns
    -------
    table, faults
        Columns of str, indexed by row number; as ``read_sheet``.

    Raises
    ------
    BadData
        Nothing of the file can be read, a column is missing or stands there twice.
    NotFound
        There is no such file.
    """
    place = Path(path)
    rows = _rows(
        place, _text(place), Problem("row 1", None, f"the header has {', '.join(needed)}", "write it first")
    )
    names = [name.strip() for name in rows[0]]
    faults = [Problem(f"column {name}", None, "is missing", "add it") for name in needed if name not in names]
    twice = sorted({name for name in names if names.count(name) > 1})
    faults += [Problem("row 1", name, "the column stands there twice", "keep one") for name in twice]
    faults += [Problem("row 1", None, "a column has no name", "name it")] * ("" in names)
    if faults:
        raise BadData(place.name, faults)
    return _table(place.name, rows[1:], list(range(len(names))), names)


def _plain(text: str) -> pd.DataFrame | None:
    """The rows of a file without quotes, blanks or odd lines, read fast; None for any other."""
    header, _, body = text.partition("\n")
    names = header.rstrip("\r").split(",")
    if sorted(names) != sorted(COLUMNS) or '"' in text or "\r\r" in text or not body:
        return None
    lines = body.count("\n") + (not body.endswith("\n"))
    if body.count(",") != (len(COLUMNS) - 1) * lines or "\n\n" in body or body.count("\r") not in (0, lines):
        return None
    try:
        table = pd.read_csv(
            io.BytesIO(text.encode()), dtype=str, keep_default_na=False, na_values=[], skip_blank_lines=False
        )
    except (pd.errors.ParserError, ValueError):
        return None
    if len(table) != lines or table.isna().to_numpy().any():
        return None
    return table.set_axis(pd.RangeIndex(2, lines + 2))[list(COLUMNS)]


def _rows(place: Path, text: str, header: Problem) -> list[list[str]]:
    """The fields of each line, the header first."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise BadData(
            place.name, [Problem("file", None, f"is not a CSV: {error}", "close open quotes")]
        ) from None
    if not rows or not any(field.strip() for field in rows[0]):
        raise BadData(place.name, [header])
    return rows


def _text(place: Path) -> str:
    """The file's text, if it is a file and is text."""
    try:
        mode = place.stat().st_mode
    except OSError as error:
        raise NotFound(f"{place}: {error.strerror or error}") from None
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "special file"
        raise BadData(
            place.name, [Problem("file", kind, "a history is a regular file", "name the CSV itself")]
        )
    try:
        data = place.read_bytes()
    except OSError as error:
        raise BadData(place.name, [Problem("file", None, f"cannot be read: {error.strerror}")]) from None
    if not data.strip():
        raise BadData(place.name, [Problem("file", None, "is empty", "write a header and one row a period")])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadData(place.name, [Problem("file", "UTF-16", "a history is UTF-8", "save it as CSV UTF-8")])
    if b"\0" in data:
        where = f"byte {data.index(0)}"
        raise BadData(place.name, [Problem(where, "NUL", "a history is text", "save it as CSV UTF-8")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        problem = Problem(
            f"row {row}", data[error.start : error.end], "a history is UTF-8", "save it as CSV UTF-8"
        )
        raise BadData(place.name, [problem]) from None


def _order(source: str, header: list[str]) -> list[int]:
    """Places of the three columns in the header."""
    names = [name.strip() for name in header]
    faults = []
    for wanted in COLUMNS:
        if names.count(wanted) > 1:
            faults.append(Problem("row 1", wanted, "the column stands there twice", "keep one"))
        if wanted not in names:
            others = [name for name in names if name and name not in COLUMNS]
            cure = did_you_mean(wanted, others) if others else "add it"
            near = cure if cure.startswith("did you mean") else f"the header has {', '.join(names[:8])}"
            faults.append(Problem(f"column {wanted}", None, "is missing", near))
    extra = [name for name in names if name not in COLUMNS]
    if extra and not faults:
        cure = "keep unique_id, ds and one count as y"
        faults.append(Problem("row 1", ", ".join(extra[:8]), "only the columns unique_id, ds and y", cure))
    if faults:
        raise BadData(source, faults)
    return [names.index(wanted) for wanted in COLUMNS]


def _table(
    source: str, rows: list[list[str]], order: list[int], names: list[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Rows with as many fields as the header as a table; the others as faults."""
    n = len(order)
    lines, kept, faults, odd = [], [], [], 0
    for line, row in enumerate(rows, start=2):
        if len(row) == n:
            lines.append(line)
            kept.append(row)
        elif row:
            odd += 1
            if odd <= _TOLD:
                faults.append(
                    Problem(f"row {line}", ",".join(row), f"{n} fields a row, not {len(row)}", "quote commas")
                )
    if odd > _TOLD:
        faults.append(Problem("rows", None, f"and {odd - _TOLD} more rows without exactly {n} fields"))
    if not kept and not faults:
        raise BadData(source, [Problem("file", None, "has a header and no rows", "add one row a period")])
    table = pd.DataFrame(kept, columns=range(n), index=lines, dtype=object)
    table = table[order].set_axis(names, axis=1)
    return table, faults
