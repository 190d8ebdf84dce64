"""Clinics: appointments booked and kept, by clinic.

Where an appointment book was brought in, bookings are the appointments for that day that were not
cancelled, and attendances those that were kept. Without one, attendances are the visits that begin in a
clinic; bookings are then unknown.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.targets import capped as caps
from forecasting.targets.counting import events, skipped_hours, whole_periods
from forecasting.targets.making import target_from
from forecasting.targets.material import Material
from forecasting.targets.target import ATTENDANCES, BOOKINGS, Target
from twin.hospital import Hospital

_CAME = ("attended", "arrived")
_OFF = ("cancelled", "proposed")


def clinics_of(hospital: Hospital) -> tuple[str, ...]:
    """Places in which a whole visit happens and that the calendar opens: no ward, no emergency department.

    A clinic is not open at midnight, and there is a pathway that uses no other place.
    """
    alone = set()
    for pathway in hospital.pathways.values():
        places = {choice.place for step in pathway.steps for choice in step.alternatives()}
        if len(places) == 1:
            alone |= places
    return tuple(
        name
        for name, place in hospital.places.items()
        if name in alone and not place.unlimited and place.usual == 0 and place.calendar
    )


def bookings_and_attendances(
    material: Material, hospital: Hospital, frequency: str, told: list[str]
) -> list[Target]:
    """Both targets, or what the records give of them; the rest is told."""
    book = material.tables.get("appointments")
    if book is None or book.empty or material.known_until is None:
        told.append("the records hold no appointment book: no bookings (bring one in with: twin import FILE)")
        return _seen(material, hospital, frequency, told)
    book = book[book["place"].notna() & (book["planned_start"] < material.known_until)]
    if book.empty:
        told.append(f"no appointment before {material.known_until}: no bookings")
        return _seen(material, hospital, frequency, told)
    periods = whole_periods(book["planned_start"].min().date(), material.known_until, frequency)
    counts: dict[str, dict[str, np.ndarray]] = {BOOKINGS: {}, ATTENDANCES: {}}
    for clinic, mine in book.groupby("place", sort=True, observed=True):
        booked = mine[~mine["status"].isin(_OFF)]
        came = mine[mine["status"].isin(_CAME) | mine["started"].notna()]
        counts[BOOKINGS][str(clinic)] = events(booked["planned_start"], periods, frequency)
        counts[ATTENDANCES][str(clinic)] = events(came["planned_start"], periods, frequency)
    return _targets(counts, material, hospital, periods, frequency, told)


def _seen(material: Material, hospital: Hospital, frequency: str, told: list[str]) -> list[Target]:
    """Attendances from visits that begin in a clinic."""
    clinics = clinics_of(hospital)
    first = material.stays[~material.stays["encounter"].duplicated()]
    first = first[first["place"].isin(clinics) & first["started"].notna()]
    if first.empty:
        told.append("the records hold no visit to a clinic: no attendances")
        return []
    periods = whole_periods(material.begins, material.as_of, frequency)
    rows = {
        str(clinic): events(mine["started"], periods, frequency)
        for clinic, mine in first.groupby("place", sort=True, observed=True)
    }
    return _targets({ATTENDANCES: rows}, material, hospital, periods, frequency, told)


def _targets(
    counts: dict[str, dict[str, np.ndarray]],
    material: Material,
    hospital: Hospital,
    periods: pd.DatetimeIndex,
    frequency: str,
    told: list[str],
) -> list[Target]:
    found = []
    for kind, rows in counts.items():
        busy = {name: row for name, row in rows.items() if row.sum() > 0}
        if not busy:
            told.append(f"the records hold no {kind}")
            continue
        capped = np.array([_capped(name, material, hospital, periods, frequency) for name in busy])
        said: list[str] = []
        shown = caps.left_out(np.array(list(busy.values())), capped, list(busy), "full or closed", said)
        if frequency == "h":
            shown[:, skipped_hours(periods, hospital.timezone)] = np.nan
        rows = dict(zip(busy, shown, strict=True))
        found.append(target_from(kind, "clinic", rows, {}, periods, frequency, said, capped))
    return found


def _capped(
    name: str, material: Material, hospital: Hospital, periods: pd.DatetimeIndex, frequency: str
) -> np.ndarray:
    """Where a clinic was full or closed for once, shape (time,)."""
    capped = np.zeros(len(periods), dtype=np.bool_)
    if name in hospital.everywhere:
        capped |= caps.closed_for_once(hospital.everywhere[name], periods, hospital.country)
    if "slots" in material.tables:
        capped |= caps.slots_gone(material.tables["slots"], name, periods, frequency)
    return capped
