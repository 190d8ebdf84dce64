"""Summary: the measures of one replication, each one number over the cohort or the measured days.

Definitions with formula and source stand in docs/nomenclature.md; the short form here travels with
every table. Each subject has its own file.
"""

from __future__ import annotations

from twin.hospital import Hospital
from twin.measures import beds, bookings, clinics, cost, cover, flow, supply, theatres
from twin.measures.measure import Measure
from twin.measures.view import View
from twin.trace import Trace

_SUBJECTS = (flow, beds, clinics, theatres, bookings, cover, supply, cost)
MEASURES: dict[str, Measure] = {row.key: row for subject in _SUBJECTS for row in subject.ROWS}


def summarise(trace: Trace, hospital: Hospital) -> dict[str, float]:
    """Every measure of one replication; NaN where there was nobody or nothing to be measured."""
    view = View(trace, hospital)
    booked = bookings.Booked(view)
    return {
        **flow.flow(view),
        **beds.beds(view),
        **clinics.clinics(view, booked),
        **theatres.theatres(view, booked),
        **bookings.bookings(view, booked),
        **cover.cover(view),
        **supply.supply(view),
        **cost.cost(view),
    }
