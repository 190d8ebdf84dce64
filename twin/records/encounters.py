"""Encounters: every patient's visit as the hospital wrote it down, one row for each stay in a place.

A stay runs from the place taken to the place left, delays included. A stay without an end goes on; a
row without a start is a patient who has asked for a step and still waits. Times are local, without an
offset, as the hospital's clocks show them; ``as_of`` is the last instant of the data.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.errors import BadData, NotFound, Problem

#: all columns, as the twin writes them
COLUMNS = (
    "encounter", "patient_class", "stream", "place", "step",
    "requested", "started", "ended", "arrived", "outcome",
)  # fmt: skip
TIMES = ("requested", "started", "ended", "arrived")
_TEXTS = [name for name in COLUMNS if name not in TIMES]
_NOTE = b"hospital_twin"
_CURE = "bring the records in again with `twin import`"
_GROUP_ROWS = 131_072  # rows of one row group
_SCHEMA = pa.schema([(name, pa.timestamp("ms") if name in TIMES else pa.string()) for name in COLUMNS])


@dataclass(frozen=True)
class Encounters:
    """All stays of all visits, by encounter in order of arrival, the stays of each in order of time.

    Attributes
    ----------
    frame : one row a stay
        ``encounter`` identity of the visit; ``patient_class``, ``stream``, ``step`` names in the
        hospital's description; ``place`` name, missing for a step that needs none or still waits;
        ``requested``, ``started``, ``ended`` local times of asking, taking and leaving, missing where
        it has not happened; ``arrived`` local time of arrival; ``outcome`` where the patient went,
        missing while there.
    begins : first local day from which every arrival is in the records
    as_of : the last instant of the data (local)
    made_by : ``simulated`` or ``imported``
    """

    frame: pd.DataFrame = field(repr=False)
    begins: date
    as_of: datetime
    made_by: str

    @property
    def rows(self) -> int:
        """Number of stays."""
        return len(self.frame)

    def arrivals(self) -> pd.DataFrame:
        """One row a visit: its first stay."""
        return self.frame[~self.frame["encounter"].duplicated()]

    def parquet(self) -> bytes:
        """The records as a Parquet file that ``load_encounters`` reads back the same."""
        file = io.BytesIO()
        with EncountersFile(file) as writer:
            writer.add(self.frame)
            writer.close(self.begins, self.as_of, self.made_by, in_order=True)
        return file.getvalue()


class EncountersFile:
    """The file of records, written part by part."""

    def __init__(self, where: Path | io.BytesIO) -> None:
        self._writer = pq.ParquetWriter(where, _SCHEMA, compression="zstd")
        self._held: list[pa.Table] = []

    def __enter__(self) -> EncountersFile:
        return self

    def __exit__(self, *of: object) -> None:
        self._writer.close()

    def add(self, frame: pd.DataFrame) -> None:
        """Rows with the columns of ``Encounters.frame``, texts as such or as categories."""
        arrays = [
            pa.array(frame[name].to_numpy(), _SCHEMA.field(name).type)
            if name in TIMES
            else pa.array(frame[name].astype(object), pa.string(), from_pandas=True)
            for name in COLUMNS
        ]
        self._held.append(pa.Table.from_arrays(arrays, schema=_SCHEMA))
        if sum(part.num_rows for part in self._held) >= _GROUP_ROWS:
            self._write()

    def _write(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=_GROUP_ROWS)
        self._held = []

    def close(self, begins: date, as_of: datetime, made_by: str, *, in_order: bool = False) -> None:
        """No more rows come; whether they came by encounter in order of arrival."""
        self._write()
        note = {"begins": begins.isoformat(), "as_of": as_of.isoformat(), "made_by": made_by}
        self._writer.add_key_value_metadata({_NOTE: json.dumps({**note, "in_order": in_order})})


def load_encounters(path: str | Path) -> Encounters:
    """Records that the twin itself wrote, trusted as they are.

    Raises
    ------
    NotFound
        There is no such file.
    BadData
        The file is damaged or was not written by the twin.
    """
    place = Path(path)
    told = _told(place)
    try:
        table = pq.read_table(place, read_dictionary=_TEXTS)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(place, error) from None
    return _encounters(table.unify_dictionaries().to_pandas(), told)


def load_parts(path: str | Path, rows: int = _GROUP_ROWS) -> Iterator[Encounters]:
    """The same records about so many rows at a time, each visit whole in one part, in bounded memory.

    Raises
    ------
    NotFound, BadData
        As ``load_encounters``.
    """
    place = Path(path)
    told = _told(place)
    held: list[pa.Table] = []
    try:
        with pq.ParquetFile(place) as file:
            for group in range(file.num_row_groups):
                for batch in file.iter_batches(rows, row_groups=[group]):
                    table = pa.Table.from_batches([batch])
                    last = pc.not_equal(table["encounter"], table["encounter"][-1])
                    whole = pc.sum(last).as_py() or 0  # rows before those of the last visit
                    if whole:
                        yield _encounters(pa.concat_tables([*held, table[:whole]]).to_pandas(), told)
                        held = []
                    held.append(table[whole:])
    except (pa.ArrowException, OSError) as error:
        raise _damaged(place, error) from None
    yield _encounters(pa.concat_tables(held or [_SCHEMA.empty_table()]).to_pandas(), told)


def _told(place: Path) -> dict[str, Any]:
    """What the file tells of itself."""
    if not place.is_file():
        raise NotFound(f"{place}: no such records")
    try:
        schema, metadata = pq.read_schema(place), pq.read_metadata(place).metadata
    except (pa.ArrowException, OSError) as error:
        raise _damaged(place, error) from None
    note = (metadata or {}).get(_NOTE)
    if note is None or tuple(schema.names) != COLUMNS:
        raise BadData(str(place), [Problem("file", None, "was not written by the twin", _CURE)])
    told: dict[str, Any] = json.loads(note)
    return told


def _damaged(place: Path, error: Exception) -> BadData:
    return BadData(str(place), [Problem("file", None, f"is damaged: {str(error).splitlines()[0]}", _CURE)])


def _encounters(frame: pd.DataFrame, told: Mapping[str, Any]) -> Encounters:
    frame = frame.astype({name: "category" for name in _TEXTS if frame[name].dtype != "category"})
    if not told.get("in_order", True):
        order = ["arrived", "encounter", "started", "requested"]
        frame = frame.sort_values(order, kind="stable").reset_index(drop=True)
    begins, as_of = date.fromisoformat(told["begins"]), datetime.fromisoformat(told["as_of"])
    return Encounters(frame, begins, as_of, told["made_by"])
