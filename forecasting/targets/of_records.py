"""Of records: every target that a workspace's records give, and in words what they do not give.

Admissions are counted at the first ward of a visit, discharges at the ward from which the patient left
hospital, the census at the end of the period (NHS KH03 counts at midnight): so wards add up to the
hospital. Days of which there are no records at all are missing in every series.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.targets import capped as caps
from forecasting.targets.clinics import bookings_and_attendances
from forecasting.targets.counting import (
    ends_of,
    events,
    inside,
    skipped_hours,
    whole_periods,
)
from forecasting.targets.making import target_from
from forecasting.targets.material import NO_STREAM, Material
from forecasting.targets.supplies import use_of_items
from forecasting.targets.target import (
    ADMISSIONS,
    ARRIVALS,
    CENSUS,
    DISCHARGES,
    Target,
    Targets,
)
from twin.hospital import Hospital
from twin.workspace.holdings import gaps_of, silence_in_words

#: chance of so long an empty time at which a ward is taken to have opened after it; assumed
HARDLY_EVER = 1e-3


def targets_of(material: Material, hospital: Hospital, frequency: str = "D") -> Targets:
    """All targets of the records.

    Parameters
    ----------
    frequency
        ``h`` or ``D``; weeks and months are summed from sample paths of days.

    Raises
    ------
    UsageError
        The records hold no whole period, or the frequency is another one.
    """
    periods = whole_periods(material.begins, material.as_of, frequency)
    told: list[str] = []
    silent = _silent(material, periods, frequency, hospital, told)
    found = [_arrivals(material, hospital, periods, frequency, silent, told)]
    if hospital.wards:
        found += _of_wards(material, hospital, periods, frequency, silent, told)
    else:
        told.append("hospital.toml has no ward: no admissions, discharges or census")
    found += bookings_and_attendances(material, hospital, frequency, told)
    found.append(use_of_items(material, hospital, frequency, told))
    return Targets(tuple(target for target in found if target is not None), tuple(told))


def specialties(hospital: Hospital) -> tuple[str, ...]:
    """The specialty of each ward: its department, or itself where it names none."""
    return tuple(ward.department or name for name, ward in hospital.wards.items())


def _silent(
    material: Material, periods: pd.DatetimeIndex, frequency: str, hospital: Hospital, told: list[str]
) -> np.ndarray:
    """Periods without a record of anybody, and hours that no clock showed, shape (time,)."""
    days = periods.normalize().unique()
    daily = pd.Series(events(material.visits["arrived"], days, "D"), index=days)
    gaps = pd.DatetimeIndex(gaps_of(daily, ()))
    if len(gaps):
        told.append(silence_in_words(gaps))
    silent = periods.normalize().isin(gaps)
    return silent | skipped_hours(periods, hospital.timezone) if frequency == "h" else silent


def _arrivals(
    material: Material,
    hospital: Hospital,
    periods: pd.DatetimeIndex,
    frequency: str,
    silent: np.ndarray,
    told: list[str],
) -> Target | None:
    """Arrivals by stream."""
    counts = {}
    for stream, visits in material.visits.groupby("stream", sort=True, observed=True):
        counts[str(stream)] = np.where(silent, np.nan, events(visits["arrived"], periods, frequency))
    counts = {name: row for name, row in counts.items() if np.nansum(row) > 0}
    quiet = [name for name in hospital.arrivals if name not in counts]
    told += [f"{name}: no arrivals in the records, nothing to forecast" for name in quiet]
    if NO_STREAM in counts:
        told.append(
            f"{int(np.nansum(counts[NO_STREAM]))} visits with a stay are of no stream of hospital.toml; they "
            f"are forecast as {NO_STREAM}: give them a class in records.toml"
        )
    if not counts:
        return None
    return target_from(ARRIVALS, "stream", counts, {}, periods, frequency, [])


def _of_wards(
    material: Material,
    hospital: Hospital,
    periods: pd.DatetimeIndex,
    frequency: str,
    silent: np.ndarray,
    told: list[str],
) -> list[Target]:
    """Admissions, discharges and census by ward."""
    stays = material.stays[
        material.stays["place"].isin(list(hospital.wards)) & material.stays["started"].notna()
    ]
    if stays.empty:
        told.append("the records hold no stay in a ward: no admissions, discharges or census")
        return []
    over = set(material.visits.loc[material.visits["over"], "encounter"])
    first = stays[~stays["encounter"].duplicated()]
    last = stays[~stays["encounter"].duplicated(keep="last")]
    last = last[last["encounter"].isin(over)]
    instants = ends_of(periods, frequency)
    empty = [name for name in hospital.wards if not (stays["place"] == name).any()]
    told += [f"{name}: no stay in the records, nothing to forecast" for name in empty]
    wards = sorted(set(hospital.wards) - set(empty))
    rows: dict[str, dict[str, np.ndarray]] = {ADMISSIONS: {}, DISCHARGES: {}, CENSUS: {}}
    for ward in wards:
        here = stays[stays["place"] == ward]
        rows[ADMISSIONS][ward] = events(first.loc[first["place"] == ward, "started"], periods, frequency)
        rows[DISCHARGES][ward] = events(last.loc[last["place"] == ward, "ended"], periods, frequency)
        rows[CENSUS][ward] = inside(here["started"], here["ended"], instants)
    all_full = caps.full_wards(stays, hospital, periods, frequency)
    full = all_full[[list(hospital.wards).index(ward) for ward in wards]]
    specialty = dict(zip(hospital.wards, specialties(hospital), strict=True))
    if all(ward.department is None for ward in hospital.wards.values()):
        told.append("no ward of hospital.toml names its department: no level of specialties")
        groups = {}
    else:
        groups = {"specialty": specialty}
    targets = []
    unopened = {
        ward: _unopened(stays.loc[stays["place"] == ward, "started"], periods, silent, frequency)
        for ward in wards
    }
    told += [
        f"{ward}: its first patient came on {periods[int(before.sum())]:%Y-%m-%d}; what was before is no "
        "quiet time but missing, and it leans on the other wards"
        for ward, before in unopened.items()
        if before.any()
    ]
    for kind, counts in rows.items():
        busy = {
            ward: np.where(silent | unopened[ward], np.nan, row)
            for ward, row in counts.items()
            if row.sum() > 0
        }
        mine = full[[wards.index(ward) for ward in busy]]
        said: list[str] = []
        if kind == ADMISSIONS and len(busy):
            shown = caps.left_out(np.array(list(busy.values())), mine, list(busy), "full", said)
            busy = dict(zip(busy, shown, strict=True))
        if busy:
            targets.append(target_from(kind, "ward", busy, groups, periods, frequency, said, mine))
    return targets


def _unopened(
    started: pd.Series, periods: pd.DatetimeIndex, silent: np.ndarray, frequency: str
) -> np.ndarray:
    """Periods before a new ward's first patient, shape (time,).

    A ward is new where patients who came as often before as since (Poisson) would hardly ever have left so
    many periods empty; one that takes few patients may only have waited for its first.
    """
    counts = events(started, periods, frequency)
    first = int(np.argmax(counts > 0))
    rate = counts[first:].sum() / max(len(periods) - first, 1)
    is_new = (started >= periods[0]).all() and np.exp(-rate * (~silent[:first]).sum()) < HARDLY_EVER
    return (np.arange(len(periods)) < first) & is_new
