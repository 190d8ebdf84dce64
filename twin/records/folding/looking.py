"""Looking: the tables as a whole, for what is wrong or odd in them. One rule, one finding.

A rule takes the tables and gives its finding, or None where there is nothing to say; ``RULES`` has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.hospital import Hospital
from twin.records.folding.tables import TABLES, batches
from twin.records.folding.writing import HAPPENED
from twin.records.quality import Finding, Severity
from twin.units import MS_DAY, MS_SECOND

#: rows of a table that are looked at, the newest: a year of a large hospital (they become some 150 MB)
NEWEST = 1_000_000
_AT_A_TIME = 131_072
_PLACES, _EXAMPLES = 20, 5


@dataclass(frozen=True)
class Tables:
    """The tables of today with the hospital they are of.

    Attributes
    ----------
    paths
        The files, by name of the table.
    now
        The present, with a time zone.
    as_of
        The last instant at which anything was said (UTC); ``now`` where nothing tells.
    """

    paths: Mapping[str, Path]
    hospital: Hospital
    now: datetime

    def read(self, name: str, *columns: str) -> pd.DataFrame:
        """Some columns of a table; no rows where there is no such table. Texts are categories."""
        if name not in self.paths:
            return TABLES[name].empty_table().select(columns).to_pandas()
        texts = [column for column in columns if column not in ("key", "encounter")]
        texts = [column for column in texts if TABLES[name].field(column).type == "string"]
        since, at = self._since(name), HAPPENED[name][0]
        if since is None:
            return pq.read_table(self.paths[name], columns=list(columns), read_dictionary=texts).to_pandas()
        with pq.ParquetFile(self.paths[name], read_dictionary=texts) as file:
            held = [
                pa.Table.from_batches([batch]).filter(pc.greater_equal(batch[at], since)).select(columns)
                for batch in batches(file, _AT_A_TIME, [*dict.fromkeys((*columns, at))])
            ]
        return pa.concat_tables(held).unify_dictionaries().combine_chunks().to_pandas()

    def _since(self, name: str) -> datetime | None:
        """The day from which the newest rows of a very large table are looked at; None where all are."""
        with pq.ParquetFile(self.paths[name]) as file:
            if file.metadata.num_rows <= NEWEST:
                return None
            column = HAPPENED[name][0]
            days: Counter[int] = Counter()
            for batch in batches(file, _AT_A_TIME, [column]):
                at = pc.drop_null(batch[column]).cast(pa.int64()).to_numpy() // MS_DAY
                days.update(
                    dict(zip(*(part.tolist() for part in np.unique(at, return_counts=True)), strict=True))
                )
        looked = 0
        for day in sorted(days, reverse=True):
            looked += days[day]
            if looked > NEWEST:
                return datetime.fromtimestamp((day + 1) * MS_DAY / MS_SECOND, UTC)
        return None

    @cached_property
    def stays(self) -> pd.DataFrame:
        """Stays that have begun."""
        stays = self.read("ward_stays", "encounter", "place", "bed", "started", "ended")
        return stays[stays["started"].notna()].reset_index(drop=True)

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """The last instant at which anything was said or happened (UTC), and never after the present."""
        now = pd.Timestamp(self.now).tz_convert("UTC").as_unit("ms")  # as the tables keep times
        said = [
            pd.Timestamp(at) for path in self.paths.values() if (at := _last(path, "said_at")) is not None
        ]
        return min(max(said, default=now), now)

    def local(self, at: object) -> datetime | None:
        """An instant as the hospital's clocks show it; None where it is missing."""
        if at is None or pd.isna(at):
            return None
        local = pd.Timestamp(at).tz_convert(self.hospital.timezone)
        return local.tz_localize(None).to_pydatetime()

    def written(self, at: object) -> str:
        """An instant as it is told, in local time."""
        return f"{self.local(at):%Y-%m-%d %H:%M}"


def _last(path: Path, column: str) -> datetime | None:
    """The latest instant of a column; None where it has none."""
    with pq.ParquetFile(path) as file:
        found = [pc.max(batch[column]).as_py() for batch in batches(file, _AT_A_TIME, [column])]
    return max((at for at in found if at is not None), default=None)


Rule = Callable[[Tables], Finding | None]


@dataclass(frozen=True)
class Words:
    """How a finding is told."""

    severity: Severity
    code: str
    title: str
    detail: str
    table: str


def finding(
    words: Words,
    odd: pd.DataFrame,
    of: int,
    tables: Tables,
    *,
    at: str = "started",
    examples: Sequence[str] = (),
) -> Finding | None:
    """A finding about these rows; None where there are none.

    Parameters
    ----------
    odd
        The rows; a column ``place``, and the column ``at`` with instants, are told where there are any.
    examples
        Some of them in words; made from the rows when left out.
    """
    if odd.empty:
        return None
    places: dict[str, int] = {}
    if "place" in odd:
        counts = odd["place"].dropna().astype(str).value_counts()
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        places = {name: int(count) for name, count in ranked[:_PLACES]}
    when = odd[at].dropna() if at in odd else pd.Series(dtype="datetime64[ms, UTC]")
    first, last = (tables.local(when.min()), tables.local(when.max())) if len(when) else (None, None)
    told = tuple(examples) or tuple(_example(row, tables) for row in odd.head(_EXAMPLES).to_dict("records"))
    return Finding(
        words.severity, words.code, words.title, words.detail, len(odd), of, words.table, places,
        told[:_EXAMPLES], first, last,
    )  # fmt: skip


def _example(row: Mapping[str, object], tables: Tables) -> str:
    name = f"encounter {row['encounter']}" if "encounter" in row else str(row.get("key", ""))
    where = f" on {row['place']}" if isinstance(row.get("place"), str) else ""
    begin = row.get("started", row.get("planned_start"))
    end = row.get("ended", row.get("planned_end"))
    if pd.isna(begin):
        return f"{name}{where}"
    until = "goes on" if pd.isna(end) else f"to {tables.written(end)}"
    return f"{name}{where}, {tables.written(begin)} {until}"
