"""A day of the hospital as its records tell it: who came, who lay where, who left, who is there.

Days are local days. Only whole days are counted: from the first day of the records to the last that
ended before the data did.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from twin.case import InHouse, Snapshot
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.records.encounters import Encounters
from twin.units import IntArray


def whole_days(encounters: Encounters) -> pd.DatetimeIndex:
    """Local days of which the records know every hour, shape (day,).

    Raises
    ------
    UsageError
        The records hold no whole day.
    """
    last = encounters.as_of.date() - timedelta(days=1)
    if last < encounters.begins:
        ends = f"they begin on {encounters.begins} and end at {encounters.as_of}"
        raise UsageError(f"the records hold no whole day: {ends}")
    return pd.date_range(encounters.begins, last, freq="D").as_unit("ns")


def daily_counts(encounters: Encounters, hospital: Hospital) -> pd.DataFrame:
    """Arrivals of every stream on every whole day. [patients a day]

    Returns
    -------
    DataFrame with columns ``unique_id`` (the stream), ``ds`` (the day), ``y``
        Every stream of the hospital, every day; 0 where nobody came.
    """
    days = whole_days(encounters)
    visits = encounters.arrivals()
    streams = visits["stream"].astype(object)
    rows = [_on_days(visits["arrived"][streams == name], days) for name in hospital.arrivals]
    return _long(list(hospital.arrivals), days, rows)


def ward_days(encounters: Encounters, hospital: Hospital) -> pd.DataFrame:
    """Patients in each ward at the midnight that ends a day, and those who left hospital from it that day.

    Returns
    -------
    DataFrame with columns ``unique_id``, ``ds``, ``y``
        ``census/WARD`` [patients at midnight, as NHS KH03 counts] and ``discharges/WARD`` [patients a day].
    """
    days = whole_days(encounters)
    midnights = (days + pd.Timedelta(days=1)).to_numpy()
    frame = encounters.frame
    place = frame["place"].astype(object)
    leaves = ~frame["encounter"].duplicated(keep="last") & frame["outcome"].notna()
    names, rows = [], []
    for ward in hospital.wards:
        here = place == ward
        names += [f"census/{ward}", f"discharges/{ward}"]
        rows += [_inside(frame[here], midnights), _on_days(frame["ended"][here & leaves], days)]
    return _long(names, days, rows)


def snapshot(encounters: Encounters, hospital: Hospital, at: datetime | None = None) -> Snapshot:
    """Who is there at one instant: where, in which step or waiting for which, since when.

    Parameters
    ----------
    at
        Local time; the last instant of the data when omitted.

    Raises
    ------
    UsageError
        ``at`` lies outside the records.
    """
    instant = encounters.as_of if at is None else at
    if not datetime.combine(encounters.begins, datetime.min.time()) <= instant <= encounters.as_of:
        raise UsageError(
            f"the records tell of {encounters.begins} to {encounters.as_of}; nothing is known of {instant}"
        )
    frame = encounters.frame
    known = frame[(frame["requested"] <= instant)]
    newest = known[~known["encounter"].duplicated(keep="last")]
    newest = newest[newest["ended"].isna() | (newest["ended"] > instant)]
    waits = newest["started"].isna() | (newest["started"] > instant)
    held = _held_by_waiting(frame, newest, instant)
    patients = tuple(
        InHouse(
            encounter=str(row.encounter),
            patient_class=str(row.patient_class),
            step=str(row.step),
            place=held.get(str(row.encounter)) if waiting else _text(row.place),
            since=(row.requested if waiting else row.started).to_pydatetime(),
            waiting=bool(waiting),
        )
        for row, waiting in zip(newest.itertuples(index=False), waits, strict=True)
    )
    return Snapshot(instant, patients)


def _held_by_waiting(frame: pd.DataFrame, newest: pd.DataFrame, instant: datetime) -> dict[str, str]:
    """Places of the stays before that are not given up yet, by encounter."""
    before = frame.loc[newest.index[newest.index > 0] - 1]
    begun = before["place"].notna() & (before["started"] <= instant)
    kept = before[begun & (before["ended"].isna() | (before["ended"] > instant))]
    return dict(zip(kept["encounter"].astype(str), kept["place"].astype(str), strict=True))


def _text(value: object) -> str | None:
    return None if pd.isna(value) else str(value)


def _on_days(times: pd.Series, days: pd.DatetimeIndex) -> IntArray:
    """Events on each day, shape (day,)."""
    edges = np.append(days.to_numpy(), [days[-1].to_numpy() + np.timedelta64(1, "D")])
    at = np.searchsorted(np.sort(times.dropna().to_numpy()), edges, side="left")
    return np.diff(at)


def _inside(stays: pd.DataFrame, instants: np.ndarray) -> IntArray:
    """Patients inside at each instant, shape (instant,)."""
    came, went = (np.sort(stays[column].dropna().to_numpy()) for column in ("started", "ended"))
    return np.searchsorted(came, instants, side="left") - np.searchsorted(went, instants, side="left")


def _long(names: list[str], days: pd.DatetimeIndex, rows: list[IntArray]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(names, dtype=object), len(days)),
            "ds": np.tile(days.to_numpy(), len(names)),
            "y": np.concatenate(rows).astype(np.float64),
        }
    )
