"""Material: what a workspace's records tell of visits, stays, appointments and supplies, in local time.

Where records were brought in, the tables of today are read; a simulated year tells of visits and stays
alone. Nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd
import pyarrow.parquet as pq

from twin.hospital import Hospital
from twin.records.encounters import Encounters
from twin.workspace import Workspace

#: the stream of visits to which no rule of ``records.toml`` gives one
NO_STREAM = "without_stream"
_STAY = ["encounter", "place", "step", "requested", "started", "ended"]
_READ: Mapping[str, Sequence[str]] = {
    "ward_stays": ("encounter", "place", "step", "requested", "started", "ended"),
    "encounters": ("encounter", "arrived", "started", "ended", "patient_class"),
    "appointments": ("place", "planned_start", "started", "status"),
    "slots": ("place", "planned_start", "status"),
    "supply_movements": ("kind", "item", "quantity", "place", "at"),
}


@dataclass(frozen=True)
class Material:
    """What the records tell, times local without an offset.

    Attributes
    ----------
    visits : ``encounter, stream, patient_class, arrived, over``, a row a visit; ``over`` tells that it ended
    stays : ``encounter, place, step, requested, started, ended``, a row a stay or wait, in order of time
        within a visit; a stay that goes on has no end, a wait no start
    begins : first local day from which every arrival is known
    as_of : last instant of the data
    tables : ``appointments``, ``slots``, ``supply_movements`` where brought in, with the columns above
    known_until : last instant of ``tables``
    made_by : ``simulated`` or ``imported``
    """

    visits: pd.DataFrame = field(repr=False)
    stays: pd.DataFrame = field(repr=False)
    begins: date
    as_of: datetime
    made_by: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    known_until: datetime | None = None

    def until(self, instant: datetime) -> Material:
        """Only what was known at ``instant``: later ends are unknown, later stays and visits unheard of."""
        at = pd.Timestamp(instant)
        visits = self.visits[self.visits["arrived"] <= at]
        asked = self.stays["requested"].fillna(self.stays["started"])
        stays = self.stays[(asked <= at) & self.stays["encounter"].isin(visits["encounter"])]
        for column in ("started", "ended"):
            stays = stays.assign(**{column: stays[column].where(stays[column] <= at)})
        stays = stays.assign(place=stays["place"].where(stays["started"].notna()))
        last = stays.groupby("encounter", sort=False, observed=True)["ended"].agg(
            lambda ends: ends.isna().any()
        )
        open_now = set(last.index[last.to_numpy(dtype=bool)])
        visits = visits.assign(over=visits["over"] & ~visits["encounter"].isin(open_now))
        return Material(visits, stays, self.begins, instant, self.made_by)


def material_of(workspace: Workspace, hospital: Hospital) -> Material:
    """What the records of a workspace tell.

    Raises
    ------
    NotFound
        It holds no records.
    BadData, ArtefactDamaged
        A file is damaged.
    """
    records = workspace.records()
    tables: dict[str, pd.DataFrame] = {}
    known_until = None
    with workspace.store() as store:
        if store is not None and store.records.head():
            for name, kept in store.records.tables().items():
                if name in _READ:
                    path = store.artefacts.open_file(kept.sha256, name)
                    tables[name] = _local(
                        pq.read_table(path, columns=list(_READ[name])).to_pandas(), hospital
                    )
            told = [_naive(s.as_of, hospital) for s in store.records.segments() if s.as_of is not None]
            known_until = max(told) if told else _last_seen(tables, records)
    return material_from(records, tables, known_until=known_until)


def material_from(
    records: Encounters,
    tables: Mapping[str, pd.DataFrame] | None = None,
    *,
    known_until: datetime | None = None,
) -> Material:
    """The frame of encounters and, of tables in local time, the stays of visits that the frame leaves out."""
    given = dict(tables or {})
    frame = records.frame
    stays = frame[_STAY].astype(dict.fromkeys(("encounter", "place", "step"), object))
    first = ~frame["encounter"].duplicated()
    last = ~frame["encounter"].duplicated(keep="last")
    visits = pd.DataFrame(
        {
            "encounter": frame.loc[first, "encounter"].astype(object).to_numpy(),
            "stream": frame.loc[first, "stream"].astype(object).to_numpy(),
            "patient_class": frame.loc[first, "patient_class"].astype(object).to_numpy(),
            "arrived": frame.loc[first, "arrived"].to_numpy(),
            "over": frame.loc[last, "ended"].notna().to_numpy(),
        }
    )
    if records.made_by == "imported":
        more_visits, more_stays = _left_out(visits, given)
        visits = pd.concat([visits, more_visits], ignore_index=True) if len(more_visits) else visits
        stays = pd.concat([stays, more_stays], ignore_index=True) if len(more_stays) else stays
    visits["stream"] = visits["stream"].fillna(NO_STREAM)
    kept: dict[str, pd.DataFrame] = {
        name: given[name] for name in ("appointments", "slots", "supply_movements") if name in given
    }
    return Material(
        visits, stays, records.begins, records.as_of, records.made_by, kept, known_until or records.as_of
    )


def _left_out(visits: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Visits with a stay that no rule gave a class, and their stays."""
    if not {"ward_stays", "encounters"} <= set(tables):
        return visits[:0], pd.DataFrame(columns=_STAY)
    stays = tables["ward_stays"]
    stays = stays[~stays["encounter"].isin(visits["encounter"])]
    told = tables["encounters"].set_index("encounter")
    stays = stays[stays["encounter"].isin(told.index)].sort_values(["encounter", "started"], kind="stable")
    names = stays["encounter"].drop_duplicates()
    of = told.loc[names]
    begun = stays.groupby("encounter", sort=False)["started"].min().loc[names].to_numpy()
    more = pd.DataFrame(
        {
            "encounter": names.to_numpy(),
            "stream": NO_STREAM,
            "patient_class": of["patient_class"].to_numpy(),
            "arrived": of["arrived"]
            .fillna(of["started"])
            .fillna(pd.Series(begun, index=of.index))
            .to_numpy(),
            "over": of["ended"].notna().to_numpy(),
        }
    )
    return more, stays[_STAY]


def _local(table: pd.DataFrame, hospital: Hospital) -> pd.DataFrame:
    """The same table with instants as the hospital's clocks show them."""
    for column in table.select_dtypes("datetimetz"):
        table[column] = table[column].dt.tz_convert(hospital.timezone).dt.tz_localize(None)
    return table


def _last_seen(tables: Mapping[str, pd.DataFrame], records: Encounters) -> datetime:
    """Until when things are known that say it nowhere: the records' end, or the last that happened."""
    if records.made_by == "imported":
        return records.as_of
    happened = {"appointments": "started", "supply_movements": "at"}
    times = [tables[name][column].max() for name, column in happened.items() if name in tables]
    seen = [time for time in times if not pd.isna(time)]
    last: datetime = max(seen).ceil("D").to_pydatetime() if seen else records.as_of
    return last


def _naive(instant: datetime, hospital: Hospital) -> datetime:
    """A local instant without its offset."""
    if instant.tzinfo is None:
        return instant
    local: datetime = pd.Timestamp(instant).tz_convert(hospital.timezone).tz_localize(None).to_pydatetime()
    return local
