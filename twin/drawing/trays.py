"""Trays: with each step whose kit has trays, each tray goes through SPD as a patient of its own.

SPD: supply, processing, distribution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.drawing.coming import People
from twin.drawing.origins import FAR, Columns
from twin.drawing.tables import known_of
from twin.hospital import Hospital
from twin.streams import mix, name_key
from twin.units import IntArray

#: gap between the end of a step and its trays' way to SPD [ms]
GAP = 1


class Trays(NamedTuple):
    """Trays as patients; which tray each is, by place in ``hospital.trays``; the row that it comes from."""

    people: People
    tray: NDArray[np.int32]
    source: IntArray


def trays_of(hospital: Hospital, rows: Columns) -> Trays | None:
    """Trays that the steps of some rows use; None where no row uses any.

    Parameters
    ----------
    rows
        With ``step`` and ``row_id``; a tray is keyed by the row's chance, its name and its number, so that
        one more patient moves no tray.
    """
    taken = known_of(hospital).trays_taken
    taking = np.flatnonzero((taken.sum(axis=0) > 0)[rows["step"]])
    if not taking.size:
        return None
    step, row_id = rows["step"][taking], rows["row_id"][taking]
    identity, source, number = [], [], []
    for tray_number, tray in enumerate(hospital.trays):
        uses = taken[tray_number, step]
        row = np.repeat(np.arange(uses.size), uses)
        which = np.arange(row.size) - np.repeat(np.cumsum(uses) - uses, uses)
        identity.append(mix(row_id[row], name_key("tray"), name_key(tray), which))
        source.append(taking[row])
        number.append(np.full(row.size, tray_number, np.int32))
    classes = list(hospital.classes)
    class_of = np.array([classes.index(tray.patient_class) for tray in hospital.trays.values()], np.int32)
    own, tray_of = np.concatenate(identity), np.concatenate(number)
    people = People(own, np.full(own.size, FAR), class_of[tray_of])
    return Trays(people, tray_of, np.concatenate(source))
