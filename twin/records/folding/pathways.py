"""Encounters of the tables: the frame that forecasts, snapshots and pages read, in local time.

Every visit gets its class and stream, every stay its step on the pathway of that class; what the tables do
not tell follows from what they do.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from twin.errors import BadData, Problem
from twin.hospital import Hospital
from twin.records.encounters import COLUMNS, TIMES, Encounters, EncountersFile, load_encounters
from twin.records.folding.classes import WithoutClass, most_first, with_classes
from twin.records.folding.names import Names
from twin.records.folding.tables import TABLES, batches
from twin.records.quality import Finding

#: visits that are worked on at a time: what they become takes some 50 MB
_VISITS = 10_000
_LEFT_OUT = ("said_at", "versions", "patient")
_LEFT = "other"  # where the patient went, when nobody said


@dataclass(frozen=True)
class Written:
    """The frame as a file: its rows, the first day and the last instant (local)."""

    rows: int
    begins: date
    as_of: datetime


def encounters_of(
    tables: Mapping[str, Path | str],
    hospital: Hospital,
    names: Names,
    *,
    begins: date | None = None,
    as_of: datetime | None = None,
) -> tuple[Encounters, list[Finding]]:
    """The frame of encounters, and what could not be brought into it; see ``write_encounters``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "encounters.parquet"
        _, findings = write_encounters(tables, path, hospital, names, begins=begins, as_of=as_of)
        return load_encounters(path), findings


def write_encounters(
    tables: Mapping[str, Path | str],
    path: Path,
    hospital: Hospital,
    names: Names,
    *,
    begins: date | Callable[[date], date] | None = None,
    as_of: datetime | None = None,
    known_until: datetime | None = None,
) -> tuple[Written, list[Finding]]:
    """Write the frame of encounters, some thousands of visits at a time, and tell what is not in it.

    Parameters
    ----------
    tables
        Files of the tables ``encounters`` and ``ward_stays``, visits in the same order in both.
    path
        The new file, which ``load_encounters`` reads.
    begins
        First local day from which every arrival is there, told or worked out from the day of the first
        arrival, and then not after the last instant; the day of the first arrival when omitted.
    as_of
        Last instant of the data, local or with a time zone; the end of the hour of the last event when
        omitted.
    known_until
        Local; without ``as_of`` the last instant is this at least.

    Raises
    ------
    BadData
        The tables hold no visit of a known class, or ``begins`` lies after ``as_of``.
    """
    lost, nowhere = WithoutClass(hospital), _Nowhere()
    rows, first, last = 0, [], []
    with EncountersFile(path) as file:
        for visits, stays in _parts(tables):
            frame = _part(visits, stays, hospital, names, lost, nowhere)
            if len(frame):
                rows += len(frame)
                first.append(frame["arrived"].min())
                last += [frame[name].max() for name in TIMES if frame[name].notna().any()]
                file.add(frame)
        if not rows:
            rule = "no visit has a class of hospital.toml"
            found = lost.finding()
            told = "" if found is None else found.detail
            cure = told or "say in records.toml, [[classes]], which visits are of which class"
            raise BadData("records", [Problem("classes", None, rule, cure)])
        event = max(last).ceil("h").to_pydatetime()
        end = _local(as_of, hospital.timezone) or max(event, known_until or event)
        start = min(first).date()
        if begins is not None:
            start = begins if isinstance(begins, date) else min(begins(start), end.date())
        if start > end.date():
            rule = f"is after the last instant, {end}"
            raise BadData("records", [Problem("begins", start.isoformat(), rule)])
        file.close(start, end, "imported")
    findings = (lost.finding(), nowhere.finding(rows))
    return Written(rows, start, end), [found for found in findings if found is not None]


def _parts(tables: Mapping[str, Path | str]) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Some visits at a time with all their stays."""
    stays = _Stays(tables)
    if "encounters" not in tables:
        return
    with pq.ParquetFile(tables["encounters"]) as file:
        columns = [name for name in TABLES["encounters"].names if name not in _LEFT_OUT]
        for batch in batches(file, _VISITS, columns):
            visits = _plainly(batch)
            yield visits, stays.of(visits["encounter"])


def _plainly(rows: pa.RecordBatch | pa.Table) -> pd.DataFrame:
    """As a frame with texts as objects: many times faster to look up than Arrow's."""
    frame = rows.to_pandas()
    return frame.astype({name: object for name in frame if isinstance(frame[name].dtype, pd.StringDtype)})


class _Stays:
    """Stays in the order of their visits, read as far as they are asked for."""

    def __init__(self, tables: Mapping[str, Path | str]) -> None:
        left_out = (*_LEFT_OUT, "key", "bed")
        self._columns = [name for name in TABLES["ward_stays"].names if name not in left_out]
        self._batches = self._read(tables["ward_stays"]) if "ward_stays" in tables else iter(())
        self._held = _plainly(TABLES["ward_stays"].empty_table().select(self._columns))

    def _read(self, path: Path | str) -> Iterator[pd.DataFrame]:
        with pq.ParquetFile(path) as file:
            for batch in batches(file, _VISITS, self._columns):
                yield _plainly(batch)

    def of(self, visits: pd.Series) -> pd.DataFrame:
        """Every stay of these visits, which come after those asked for before."""
        asked = set(visits)
        while not len(self._held) or self._held["encounter"].iloc[-1] in asked:
            more = next(self._batches, None)
            if more is None:
                break
            self._held = pd.concat([self._held, more], ignore_index=True) if len(self._held) else more
        mine = self._held["encounter"].isin(asked)
        found, self._held = self._held[mine], self._held[~mine]
        return found.reset_index(drop=True)


def _part(
    visits: pd.DataFrame,
    stays: pd.DataFrame,
    hospital: Hospital,
    names: Names,
    lost: WithoutClass,
    nowhere: _Nowhere,
) -> pd.DataFrame:
    """The rows of some visits."""
    first = stays[~stays["encounter"].duplicated()].set_index("encounter")["place"]
    visits["place"] = visits["encounter"].map(first).astype(object)
    came = visits["arrived"].notna() & (visits["status"] != "planned")
    came &= visits[["kind", "ended"]].notna().any(axis=1)  # a visit, not only facts about one's stays
    lived = visits["started"].notna() | came | visits["encounter"].isin(stays["encounter"])
    visits = with_classes(visits[lived & (visits["status"] != "cancelled")], names, hospital)
    lost.add(visits)
    visits = visits[visits["patient_class"].notna() & visits["stream"].notna()]
    rows = _with_steps(_rows(visits, stays), hospital, nowhere)
    return _frame(_with_times(rows), hospital.timezone) if len(rows) else rows


def _rows(visits: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """A row a stay with its visit's fields; one without a place for a visit of which no stay is told.

    Of who came and is not said to have been admitted the visit begins with the arrival.
    """
    about = visits[["encounter", "patient_class", "stream", "arrived", "outcome"]]
    whole = visits.rename(columns={"started": "visit_started", "ended": "visit_ended"})
    about = about.assign(visit_ended=whole["visit_ended"])
    rows = stays.merge(about, on="encounter", how="inner")
    alone = visits[~visits["encounter"].isin(stays["encounter"])]
    alone = alone[
        ["encounter", "patient_class", "stream", "requested", "arrived", "started", "ended", "outcome"]
    ]
    began = alone["started"].where(alone["started"].notna(), alone["arrived"])
    alone = alone.assign(place=None, step=None, started=began, visit_ended=alone["ended"])
    return pd.concat([rows, alone], ignore_index=True) if len(alone) else rows


class _Nowhere:
    """Stays in places that the pathway of their class does not have, counted part by part."""

    def __init__(self) -> None:
        self._places: Counter[str] = Counter()
        self._examples: list[str] = []

    def add(self, odd: pd.DataFrame) -> None:
        self._places.update(odd["place"])
        self._examples = sorted({*self._examples, *odd["encounter"]})[:5]

    def finding(self, of: int) -> Finding | None:
        if not self._places:
            return None
        detail = (
            "No step of the class's pathway happens in this place; the stay counts as the first step. Add "
            "the place to a step in hospital.toml, or give such visits another class in records.toml."
        )
        return Finding(
            "warning", "N_NO_STEP", "Stays in a place that the pathway does not have", detail,
            self._places.total(), of, "ward_stays", most_first(self._places),
            tuple(f"encounter {name}" for name in self._examples),
        )  # fmt: skip


def _with_steps(rows: pd.DataFrame, hospital: Hospital, nowhere: _Nowhere) -> pd.DataFrame:
    """Rows with the step of the class's pathway: as told, else the first that happens in this place."""
    steps, first, known = _steps(hospital)
    told = rows["step"].where(_pairs(rows, "step").isin(known)).astype(object)
    found = told.where(told.notna(), _pairs(rows, "place").map(steps))
    odd = found.isna()
    nowhere.add(rows[odd & rows["place"].notna()])
    return rows.assign(step=found.where(~odd, rows["patient_class"].map(first)))


def _pairs(rows: pd.DataFrame, column: str) -> pd.Series:
    """The class with the value of a column, a pair a row."""
    pairs = list(zip(rows["patient_class"], rows[column], strict=True))
    return pd.Series(pairs, index=rows.index, dtype=object)


def _steps(hospital: Hospital) -> tuple[dict, dict, set]:
    """First step by class and place, first step by class, and all pairs of class and step."""
    steps: dict[tuple[str, str], str] = {}
    first: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    for name, patient_class in hospital.classes.items():
        way = hospital.pathways[patient_class.pathway].steps
        first[name] = next((step.name for step in way if step.places), way[0].name)
        for step in way:
            known.add((name, step.name))
            for place in step.places:
                steps.setdefault((name, place if isinstance(place, str) else place.place), step.name)
    return steps, first, known


def _with_times(rows: pd.DataFrame) -> pd.DataFrame:
    """Instants that follow from others: asked for when ready, arrived first of all; in order of time."""
    at = rows["started"].where(rows["started"].notna(), rows["requested"])
    rows = rows.assign(at=at).sort_values(["encounter", "at", "ended"], kind="stable")
    same = rows["encounter"].eq(rows["encounter"].shift())
    before = rows["ended"].shift().where(same)
    requested = rows["requested"]
    for other in (before.where(before <= rows["started"]), rows["started"]):
        requested = requested.where(requested.notna(), other)
    first = rows["at"].groupby(rows["encounter"]).transform("min")
    arrived = rows["arrived"].where(rows["arrived"] <= first, first)
    requested = requested.where(requested >= arrived, arrived)
    going = rows["ended"].isna().groupby(rows["encounter"]).transform("any")
    over = rows["visit_ended"].notna() | ~going
    outcome = rows["outcome"].where(rows["outcome"].notna() | ~over, _LEFT).where(over)
    rows = rows.assign(requested=requested, arrived=arrived, outcome=outcome)
    return rows.sort_values(["arrived", "encounter", "started", "requested"], kind="stable")


def _frame(rows: pd.DataFrame, timezone: str) -> pd.DataFrame:
    """The columns of ``Encounters``, in local time."""
    columns: dict[str, object] = {}
    for name in COLUMNS:
        values = rows[name].reset_index(drop=True)
        if name in TIMES:
            columns[name] = values.dt.tz_convert(timezone).dt.tz_localize(None).astype("datetime64[ms]")
        else:
            columns[name] = values.astype(object)
    return pd.DataFrame(columns)


def _local(instant: datetime | None, timezone: str) -> datetime | None:
    if instant is None or instant.tzinfo is None:
        return instant
    return pd.Timestamp(instant).tz_convert(timezone).tz_localize(None).to_pydatetime()
