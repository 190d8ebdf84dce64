"""Rows: a piece of a table, whatever file it is from: the numbers that a person sees, and the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from twin.units import IntArray


@dataclass(frozen=True)
class Rows:
    """Rows that follow each other.

    Attributes
    ----------
    numbers
        Number of each row: the header of a CSV is row 1; in Parquet the first row is row 2 too.
    columns
        By the file's name in small letters: text of any kind, or the types of Parquet.
    """

    numbers: IntArray
    columns: dict[str, pa.Array]

    def __len__(self) -> int:
        return len(self.numbers)

    def only(self, positions: IntArray) -> Rows:
        """Some of the rows."""
        chosen = pa.array(positions)
        return Rows(
            self.numbers[positions], {name: column.take(chosen) for name, column in self.columns.items()}
        )


@dataclass(frozen=True)
class Table:
    """A file opened: its header, and its rows for the columns that are asked for.

    Attributes
    ----------
    header
        All columns as the file names them.
    rows
        Gives the rows with the columns at these places of the header.
    schema
        The types of the columns of a Parquet file; None where all is text.
    """

    header: tuple[str, ...]
    rows: Callable[[Sequence[int]], Iterator[Rows]]
    schema: pa.Schema | None = None


def counted(first: int, rows: int) -> IntArray:
    """Numbers of so many rows from the first."""
    return np.arange(first, first + rows, dtype=np.int64)
