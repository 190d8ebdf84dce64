"""Theatres: how much of their sessions is used, and how long after the end they go on.

A theatre session is one that is filled by the expected length of cases. Turnaround is not use.
"""

from __future__ import annotations

import numpy as np

from twin.measures.bookings import Booked
from twin.measures.measure import Measure, mean, ratio, undefined
from twin.measures.stays import overlap, total_by
from twin.measures.view import View
from twin.units import FloatArray, IntArray, to_minutes

ROWS = (
    Measure(
        "theatre_use",
        "Theatre time used",
        "%",
        "up",
        "theatre held by the session's patients within the session / session time",
    ),
    Measure(
        "theatre_overrun_minutes",
        "Theatre overrun",
        "min a session",
        "down",
        "last patient of the session out of theatre after its end, mean over sessions",
    ),
)


def theatres(view: View, booked: Booked) -> dict[str, float]:
    """Use and overrun of the sessions that are filled by time."""
    if not booked.theatres.size:
        return undefined(ROWS)
    used, planned, overrun = session_times(booked, booked.theatres)
    return {
        "theatre_use": ratio(100 * used.sum(), planned.sum()),
        "theatre_overrun_minutes": mean(overrun),
    }


def session_times(booked: Booked, sittings: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Time of each sitting used and planned [ms], and its overrun [minutes], shape (sitting,) each."""
    n = booked.opens.size
    of, begin, end = booked.stays_in(sittings)
    opens, closes = booked.opens, booked.closes
    used = total_by(of, overlap(begin, end, opens[of], closes[of]), n)  # type: ignore[arg-type]
    out = closes.copy()
    np.maximum.at(out, of, end)
    return used[sittings], (closes - opens)[sittings], to_minutes((out - closes)[sittings])
