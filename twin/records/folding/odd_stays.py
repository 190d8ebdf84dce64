"""Odd stays: long, empty, open for too long, with holes between them, or two in one bed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.records.folding.balance import WAY_HOURS
from twin.records.folding.looking import Tables, Words, finding
from twin.records.quality import Finding

#: longer stays are flagged (a year: in England 0.01 % of stays are as long; KH03 practice, assumed)
LONG_DAYS = 365
#: an open visit of which nothing was said for so long is doubted (assumed: half a year)
SILENT_DAYS = 180


def long_stays(tables: Tables) -> Finding | None:
    """Stays of more than a year, flagged and kept as they are."""
    stays = tables.stays
    odd = stays[stays["ended"].fillna(tables.as_of) - stays["started"] > pd.Timedelta(days=LONG_DAYS)]
    detail = "They are kept as they are and count in every census; see whether a discharge was missed."
    words = Words("warning", "N_LONG_STAY", f"Stays of more than {LONG_DAYS} days", detail, "ward_stays")
    return finding(words, odd, len(stays), tables)


def empty_stays(tables: Tables) -> Finding | None:
    """Stays of no length."""
    stays = tables.stays
    detail = "Begin and end are the same instant: they are kept, and count as a visit but in no census."
    words = Words("note", "N_NO_LENGTH", "Stays of no length", detail, "ward_stays")
    return finding(words, stays[stays["ended"] == stays["started"]], len(stays), tables)


def open_for_too_long(tables: Tables) -> Finding | None:
    """Visits that never ended and of which nothing has been said for half a year."""
    visits = tables.read("encounters", "encounter", "started", "ended", "status", "said_at")
    going = visits["started"].notna() & visits["ended"].isna() & (visits["status"] != "finished")
    heard = visits["said_at"].fillna(visits["started"])  # an extract may not tell when it was made
    odd = visits[going & (heard < tables.as_of - pd.Timedelta(days=SILENT_DAYS))]
    detail = (
        f"Nothing was said of them for {SILENT_DAYS} days; their beds count as taken. Send how they ended."
    )
    words = Words("error", "N_NEVER_LEFT", "Visits that never ended", detail, "encounters")
    return finding(words, odd, int(going.sum()), tables)


def holes(tables: Tables) -> Finding | None:
    """Patients who are nowhere between two stays."""
    stays = tables.stays
    same = stays["encounter"].eq(stays["encounter"].shift(-1))
    begins = stays["started"].shift(-1)
    odd = stays[same & (begins - stays["ended"] > pd.Timedelta(hours=WAY_HOURS))]
    detail = f"More than {WAY_HOURS} hours lie between two stays of one visit: a stay in between is missing."
    words = Words("warning", "N_HOLE", "Patients who are nowhere for hours", detail, "ward_stays")
    return finding(words, odd, int(same.sum()), tables, at="ended")


def two_in_one_bed(tables: Tables) -> Finding | None:
    """Two visits in one bed at once."""
    stays = tables.stays
    stays = stays[stays["bed"].notna() & stays["place"].notna()]
    order = stays.assign(end=stays["ended"].fillna(tables.as_of))
    order = order.sort_values(["place", "bed", "started", "end", "encounter"], kind="stable")
    bed = order.groupby(["place", "bed"], observed=True, sort=False).ngroup().to_numpy()
    latest = pd.Series(_utc(order["end"])).groupby(bed).cummax().shift().to_numpy()
    same = np.append(False, bed[1:] == bed[:-1])[: len(bed)]
    other = (order["encounter"] != order["encounter"].shift()).to_numpy()
    odd = order[same & other & (_utc(order["started"]) < latest)].drop(columns="end")
    detail = "One of them had left, or lay in another bed: the census of the ward is too high there."
    words = Words("error", "N_TWO_IN_A_BED", "Two patients in one bed", detail, "ward_stays")
    return finding(words, odd, len(stays), tables)


def more_than_beds(tables: Tables) -> Finding | None:
    """Midnights at which more patients lie in a ward than it has beds."""
    rows: list[dict] = []
    looked = 0
    place = tables.stays["place"].astype(object)
    for name, ward in tables.hospital.wards.items():
        here = tables.stays[place == name]
        if here.empty:
            continue
        nights = _nights(here["started"].min(), tables)
        came, went = (np.sort(_utc(here[column].dropna())) for column in ("started", "ended"))
        at = nights.tz_localize(None).to_numpy()
        inside = np.searchsorted(came, at) - np.searchsorted(went, at)
        looked += len(nights)
        for night in np.flatnonzero(inside > ward.physical_beds):
            about = f"{name}: {inside[night]} patients in {ward.physical_beds} beds"
            rows.append({"place": name, "started": nights[night], "about": about})
    examples = [f"{row['about']}, {tables.written(row['started'])}" for row in rows[:5]]
    detail = "Patients count there who have left, or hospital.toml has too few physical_beds."
    words = Words("warning", "N_MORE_THAN_BEDS", "More patients than beds at midnight", detail, "ward_stays")
    return finding(words, pd.DataFrame(rows), looked, tables, examples=examples)


def _utc(instants: pd.Series) -> np.ndarray:
    """Instants as NumPy has them. Same shape."""
    return instants.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()


def _nights(first: pd.Timestamp, tables: Tables) -> pd.DatetimeIndex:
    """Every local midnight since an instant (UTC)."""
    zone = tables.hospital.timezone
    begin = first.tz_convert(zone).tz_localize(None).normalize() + pd.Timedelta(days=1)
    local = pd.date_range(begin, tables.as_of.tz_convert(zone).tz_localize(None), freq="D")
    nights = local.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.ones(len(local), bool))
    return nights.tz_convert("UTC").as_unit("ms")
