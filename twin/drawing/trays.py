"""Trays: with each step whose kit has trays, each tray goes through SPD as a patient of its own.

SPD: supply, processing, distribution.
"""

from __future__ import annotations

import numpy as np

from twin.drawing.origins import FAR, Columns
from twin.drawing.people import newcomers
from twin.hospital import Hospital
from twin.streams import UIntArray, mix, name_key
from twin.units import IntArray

#: gap between the end of a step and its trays' way to SPD [ms]
GAP = 1


def trays_of(hospital: Hospital, rows: Columns, first_row: int) -> tuple[Columns, IntArray] | None:
    """Trays that the steps of some rows use: patients with a ``tray``, and the row that each comes from.

    Parameters
    ----------
    rows
        With ``step`` and ``row_id``; a tray is keyed by the row's chance, its name and its number, so that
        one more patient moves no tray.
    first_row
        Rows are counted from this number.

    Returns
    -------
    columns, row
        None where no row uses a tray.
    """
    if "row_id" not in rows:
        return None
    identity: list[UIntArray] = []
    source: list[IntArray] = []
    number: list[IntArray] = []
    for tray_number, tray in enumerate(hospital.trays):
        uses = _uses(hospital, tray)[rows["step"]]
        row = np.repeat(np.arange(uses.size), uses)
        which = np.arange(row.size) - np.repeat(np.cumsum(uses) - uses, uses)
        identity.append(mix(rows["row_id"][row], name_key("tray"), name_key(tray), which))
        source.append(first_row + row)
        number.append(np.full(row.size, tray_number, np.int32))
    tray_of = np.concatenate(number)
    if not tray_of.size:
        return None
    classes = list(hospital.classes)
    class_of = np.array([classes.index(tray.patient_class) for tray in hospital.trays.values()])
    own = np.concatenate(identity)
    columns = newcomers(hospital, own, class_of[tray_of], np.full(own.size, FAR))
    return {**columns, "tray": tray_of}, np.concatenate(source)


def _uses(hospital: Hospital, tray: str) -> IntArray:
    """How many of a tray each step's kit takes, by number of the step. [trays]"""
    kits = [
        hospital.kits[step.kit].contents if step.kit is not None else {}
        for entry in hospital.classes.values()
        for step in hospital.pathways[entry.pathway].steps
    ]
    return np.array([contents.get(tray, 0) for contents in kits], np.int64)
