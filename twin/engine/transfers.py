"""Transfers: a stay goes on in another place: in the home ward, or in the lounge."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.lanes import leave_lanes
from twin.engine.moves import ask_for_transfers, out_of_way, stand_in_way, vacate
from twin.engine.needs import occupy
from twin.engine.story import log
from twin.trace import Kind
from twin.workload import NONE

_MOVED = int(Kind.MOVED)


@compiled
def transfer(h, patient, lane, now):
    """Leave the place and go on in the lane's; people and end stay as they are."""
    who, place = h.patient[patient], h.lane[lane].place
    leave_lanes(h, patient)
    out_of_way(h, patient)
    occupy(h, place)
    if who.held != NONE:
        vacate(h, who.held, now, False)
    who.held = place
    who.took = 1
    log(h, now, _MOVED, who.row, place, 0)
    stand_in_way(h, patient)
    ask_for_transfers(h, patient, now)
