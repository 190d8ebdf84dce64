"""What importing takes: rows a minute and peak memory of reading an extract into a segment.

    python benchmarks/importing.py --csv 1000000 [--mapping stays] [--parquet]
    python benchmarks/importing.py --csv 1000000 --growth       # again with 4 times as many rows
    python benchmarks/importing.py --gigabytes 5                # until the file has so many

The file is made first and is no part of the figures. It is read as `twin import` reads it: in a process of
its own, pseudonyms and all, into a segment on the disk. Seconds are of the wall clock and of the processor;
memory is the most that the reading process held at once.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from twin.records.reading.asked import Asked
from twin.records.reading.child import read_in_child
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.source import recognise

_BLOCK = 250_000
_WARDS = np.array([f"W{number:02d}" for number in range(40)])


@dataclass(frozen=True)
class Taken:
    """One reading."""

    rows: int
    bytes: int
    seconds: float
    cpu_seconds: float
    megabytes: float

    def __str__(self) -> str:
        a_minute = self.rows / self.seconds * 60
        return (
            f"{self.rows:>12,} rows {self.bytes / 2**20:>8,.0f} MB {self.seconds:>8.1f} s "
            f"{self.cpu_seconds:>8.1f} s cpu {a_minute / 1e6:>7.2f} million rows a minute "
            f"{self.megabytes:>6,.0f} MB at most"
        )


def stays(first: int, rows: int) -> pa.Table:
    """Ward stays: three of each visit, on forty wards, through a year, with a comment that nobody reads."""
    chance = np.random.default_rng(first)
    number = np.arange(first, first + rows)
    start = _times(np.datetime64("2024-01-01", "D") + chance.integers(0, 365, rows), chance)
    end = _times(start.astype("datetime64[D]") + chance.integers(1, 12, rows), chance)
    return pa.table(
        {
            "stay_id": np.char.add("S", number.astype(str)),
            "encounter": np.char.add("V", (number // 3).astype(str)),
            "patient": np.char.zfill((number // 7).astype(str), 10),
            "ward": _WARDS[chance.integers(0, len(_WARDS), rows)],
            "bed": chance.integers(1, 30, rows).astype(str),
            "start": np.char.replace(np.datetime_as_string(start), "T", " "),
            "end": np.char.replace(np.datetime_as_string(end), "T", " "),
            "specialty": chance.integers(100, 500, rows).astype(str),
            "comment": np.full(rows, "seen by the team in the morning, stable"),
        }
    )


def _times(days: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A time on each day, outside the hour that clocks skip or show twice."""
    return days.astype("datetime64[m]") + chance.integers(120, 1_440, len(days))


def blocks(rows: int) -> Iterator[pa.Table]:
    """So many rows, block by block."""
    for first in range(0, rows, _BLOCK):
        yield stays(first, min(_BLOCK, rows - first))


def written(folder: Path, rows: int, *, parquet: bool) -> Path:
    """A file of so many rows."""
    path = folder / ("stays.parquet" if parquet else "stays.csv")
    schema = stays(0, 1).schema
    with pq.ParquetWriter(path, schema) if parquet else pa_csv.CSVWriter(path, schema) as writer:
        for block in blocks(rows):
            writer.write_table(block)
    return path


def of_size(folder: Path, gigabytes: float) -> tuple[Path, int]:
    """A CSV of so many gigabytes, and its rows."""
    path, rows = folder / "stays.csv", 0
    with path.open("wb") as file, pa_csv.CSVWriter(file, stays(0, 1).schema) as writer:
        while file.tell() < gigabytes * 2**30:
            writer.write_table(stays(rows, _BLOCK))
            rows += _BLOCK
    return path, rows


def taken(path: Path, rows: int, mapping: str | None) -> Taken:
    """Read a file once, in a process of its own."""
    asked = Asked(
        path.name,
        "Europe/London",
        datetime(2025, 6, 1, tzinfo=UTC),
        Pseudonyms(b"not a secret, 16+"),
        mapping,
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    told, _ = read_in_child(recognise(path), asked, path.with_name("segment.parquet"))
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (told.read, told.aside) == (rows, 0), (told.read, told.aside, told.problems()[:3])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(rows, path.stat().st_size, seconds, cpu, after.ru_maxrss / 1024)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--csv", type=int, default=1_000_000, metavar="ROWS")
    parser.add_argument("--gigabytes", type=float, help="a CSV of this size instead")
    parser.add_argument("--parquet", action="store_true", help="the same rows as Parquet")
    parser.add_argument("--growth", action="store_true", help="again with 4 times as many rows")
    parser.add_argument("--mapping", help="name of a mapping, or its path; recognised when omitted")
    parser.add_argument("--folder", type=Path, help="where the file is made")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        if asked.gigabytes:
            path, rows = of_size(folder, asked.gigabytes)
            print(taken(path, rows, asked.mapping))
            return
        for times in (1, 4) if asked.growth else (1,):
            path = written(folder, asked.csv * times, parquet=asked.parquet)
            print(taken(path, asked.csv * times, asked.mapping), flush=True)


if __name__ == "__main__":
    sys.exit(main())
