"""Odd feeds: hours and days of which nothing was told, tables that are old, fields that are left empty."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.records.folding.looking import Tables, Words, finding
from twin.records.quality import Finding

#: a place is busy where so many come on a usual day [patients a day]
USUAL_A_DAY = 4.0
#: days without anybody where many come are missing when they are so unlikely by chance (assumed: 1 in 10^6)
_UNLIKELY = 1e-6
#: shares of visits without an age or sex from which it is worth a word (assumed)
_SHARE = 0.05


def silent_hours(tables: Tables) -> Finding | None:
    """Stretches in which nobody came anywhere, too long to be chance."""
    started = np.sort(tables.stays["started"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    if len(started) < 100:
        return None
    a_day = _usual(tables.stays["started"])
    limit = pd.Timedelta(days=-np.log(_UNLIKELY) / max(a_day, 1e-9)) * 2  # nights have half the usual flow
    gaps = np.diff(started)
    long = np.flatnonzero(gaps > max(limit, pd.Timedelta(hours=6)).to_timedelta64())
    odd = pd.DataFrame({"started": started[long], "ended": started[long + 1]})
    for name in odd:
        odd[name] = pd.to_datetime(odd[name], utc=True)
    hours = [f"{tables.written(a)} to {tables.written(b)}" for a, b in odd.to_numpy()[:5]]
    detail = "Nobody came to any place in these hours: the feed was down, or an extract is missing."
    words = Words("error", "N_SILENT", "Hours without a single arrival", detail, "ward_stays")
    return finding(words, odd, len(gaps), tables, examples=hours)


def silent_days(tables: Tables) -> Finding | None:
    """Whole days on which nobody came to a place where many come on that weekday."""
    stays = tables.stays
    if not stays["place"].notna().any():
        return None
    day = stays["started"].dt.tz_convert(tables.hospital.timezone).dt.tz_localize(None).dt.normalize()
    counts = pd.crosstab(day, stays["place"].astype(object))
    counts = counts.reindex(pd.date_range(counts.index.min(), counts.index.max()), fill_value=0)
    usual = counts.groupby(counts.index.day_of_week).transform("median")
    missing = (counts == 0) & (usual >= USUAL_A_DAY)
    where = np.argwhere(missing.to_numpy())
    odd = pd.DataFrame(
        {
            "place": counts.columns[where[:, 1]],
            "started": counts.index[where[:, 0]].tz_localize(
                tables.hospital.timezone, nonexistent="shift_forward", ambiguous=np.ones(len(where), bool)
            ).tz_convert("UTC"),
        }
    )  # fmt: skip
    days = [f"{day:%Y-%m-%d}" for day in counts.index[where[:5, 0]]]
    examples = [f"{place} on {day}" for place, day in zip(odd["place"][:5], days, strict=True)]
    detail = "Forecasts learn these days as quiet ones. Send the missing days again, or leave the place out."
    words = Words("error", "N_MISSING_DAY", "Days on which a busy place has nobody", detail, "ward_stays")
    return finding(words, odd, int((usual >= USUAL_A_DAY).to_numpy().sum()), tables, examples=examples)


def _usual(started: pd.Series) -> float:
    """Usual number of stays that begin on a day."""
    day = started.dt.floor("D")
    return float(day.value_counts().median())


def empty_fields(tables: Tables) -> Finding | None:
    """Ages and sexes that many visits lack."""
    visits = tables.read("encounters", "sex", "age")
    lacks = visits["sex"].isna() | visits["sex"].eq("unknown") | visits["age"].isna()
    if lacks.mean() <= _SHARE or visits.empty:
        return None
    shares = f"age missing in {visits['age'].isna().mean():.0%}, sex in {visits['sex'].isna().mean():.0%}"
    detail = f"{shares} of the visits; rules of classes by age or sex do not reach them."
    words = Words("note", "N_NO_AGE_OR_SEX", "Visits without an age or sex", detail, "encounters")
    return finding(words, visits[lacks], len(visits), tables, examples=[shares])


def old_tables(tables: Tables) -> Finding | None:
    """Tables of which nothing was said for long while others go on."""
    rows = []
    for name in sorted(tables.paths):
        newest = tables.read(name, "said_at")["said_at"].max()
        if pd.notna(newest) and tables.as_of - newest > pd.Timedelta(days=7):
            rows.append({"table": name, "started": newest})
    examples = [f"{row['table']}: last word of {tables.written(row['started'])}" for row in rows]
    detail = "Other tables are newer by more than a week; one feed has stopped."
    words = Words("warning", "N_OLD_TABLE", "Tables that are no longer fed", detail, "all")
    return finding(words, pd.DataFrame(rows), len(tables.paths), tables, examples=examples)
