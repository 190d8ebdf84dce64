"""Encounters of the tables: the frame that forecasts, snapshots and pages read, in local time.

Every visit gets its class and stream, every stay its step on the pathway of that class; what the tables do
not tell follows from what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from twin.errors import BadData, Problem
from twin.hospital import Hospital
from twin.records.encounters import COLUMNS, TIMES, Encounters
from twin.records.folding.classes import with_classes, without_class
from twin.records.folding.names import Names
from twin.records.folding.tables import TABLES
from twin.records.quality import Finding

_LEFT = "other"  # where the patient went, when nobody said


def encounters_of(
    tables: Mapping[str, Path | str],
    hospital: Hospital,
    names: Names,
    *,
    begins: date | None = None,
    as_of: datetime | None = None,
) -> tuple[Encounters, list[Finding]]:
    """The frame of encounters, and what could not be brought into it.

    Parameters
    ----------
    tables
        Files of the tables ``encounters`` and ``ward_stays``.
    begins
        First local day from which every arrival is there; that of the first arrival when omitted.
    as_of
        Last instant of the data, local or with a time zone; the end of the hour of the last event when
        omitted.

    Raises
    ------
    BadData
        The tables hold no visit of a known class, or ``begins`` lies after ``as_of``.
    """
    visits, stays = (_read(tables, name) for name in ("encounters", "ward_stays"))
    first = stays[~stays["encounter"].duplicated()].set_index("encounter")["place"]
    visits["place"] = visits["encounter"].map(first).astype(object)
    came = visits["arrived"].notna() & (visits["status"] != "planned")
    came &= visits[["kind", "ended"]].notna().any(axis=1)  # a visit, not only facts about one's stays
    lived = visits["started"].notna() | came | visits["encounter"].isin(stays["encounter"])
    visits = with_classes(visits[lived & (visits["status"] != "cancelled")], names, hospital)
    findings = [without_class(visits, hospital)]
    visits = visits[visits["patient_class"].notna() & visits["stream"].notna()]
    rows = _rows(visits, stays)
    rows, no_step = _with_steps(rows, hospital)
    findings.append(no_step)
    if rows.empty:
        rule = "no visit has a class of hospital.toml"
        told = findings[0].detail if findings[0] is not None else ""
        cure = told or "say in records.toml, [[classes]], which visits are of which class"
        raise BadData("records", [Problem("classes", None, rule, cure)])
    frame = _frame(_with_times(rows), hospital.timezone)
    last = _local(as_of, hospital.timezone) or _last_event(frame)
    start = begins or frame["arrived"].min().date()
    if start > last.date():
        raise BadData("records", [Problem("begins", start.isoformat(), f"is after the last instant, {last}")])
    return Encounters(frame, start, last, "imported"), [found for found in findings if found is not None]


def _read(tables: Mapping[str, Path | str], name: str) -> pd.DataFrame:
    table = pq.read_table(tables[name]) if name in tables else TABLES[name].empty_table()
    return table.drop_columns(["said_at", "versions", "patient"]).to_pandas()


def _rows(visits: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """A row a stay with its visit's fields; one without a place for a visit of which no stay is told.

    Of who came and is not said to have been admitted the visit begins with the arrival.
    """
    about = visits[["encounter", "patient_class", "stream", "arrived", "outcome"]]
    whole = visits.rename(columns={"started": "visit_started", "ended": "visit_ended"})
    about = about.assign(visit_ended=whole["visit_ended"])
    rows = stays.drop(columns=["key", "bed"]).merge(about, on="encounter", how="inner")
    alone = visits[~visits["encounter"].isin(stays["encounter"])]
    alone = alone[
        ["encounter", "patient_class", "stream", "requested", "arrived", "started", "ended", "outcome"]
    ]
    began = alone["started"].where(alone["started"].notna(), alone["arrived"])
    alone = alone.assign(place=None, step=None, started=began, visit_ended=alone["ended"])
    return pd.concat([rows, alone], ignore_index=True) if len(alone) else rows


def _with_steps(rows: pd.DataFrame, hospital: Hospital) -> tuple[pd.DataFrame, Finding | None]:
    """Rows with the step of the class's pathway: as told, else the first that happens in this place."""
    steps, first, known = _steps(hospital)
    pairs = pd.Series(
        list(zip(rows["patient_class"], rows["step"], strict=True)), index=rows.index, dtype=object
    )
    told = rows["step"].where(pairs.isin(known)).astype(object)
    at = pd.Series(
        list(zip(rows["patient_class"], rows["place"], strict=True)), index=rows.index, dtype=object
    )
    found = told.where(told.notna(), at.map(steps))
    nowhere = found.isna()
    found = found.where(~nowhere, rows["patient_class"].map(first))
    odd = rows[nowhere & rows["place"].notna()]
    finding = None
    if len(odd):
        detail = (
            "No step of the class's pathway happens in this place; the stay counts as the first step. Add "
            "the place to a step in hospital.toml, or give such visits another class in records.toml."
        )
        places = {str(name): int(n) for name, n in odd["place"].value_counts().head(20).items()}
        finding = Finding(
            "warning", "N_NO_STEP", "Stays in a place that the pathway does not have", detail, len(odd),
            len(rows), "ward_stays", places=places,
            examples=tuple(f"encounter {name}" for name in sorted(odd["encounter"].unique())[:5]),
        )  # fmt: skip
    return rows.assign(step=found), finding


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
    over = rows["visit_ended"].notna() | rows.groupby("encounter")["ended"].transform(
        lambda e: e.notna().all()
    )
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
            columns[name] = pd.Categorical(values)
    return pd.DataFrame(columns)


def _local(instant: datetime | None, timezone: str) -> datetime | None:
    if instant is None or instant.tzinfo is None:
        return instant
    return pd.Timestamp(instant).tz_convert(timezone).tz_localize(None).to_pydatetime()


def _last_event(frame: pd.DataFrame) -> datetime:
    last = max(frame[name].max() for name in TIMES if frame[name].notna().any())
    return last.ceil("h").to_pydatetime()
