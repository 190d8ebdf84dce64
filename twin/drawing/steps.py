"""The way through the house: which steps each patient takes, how long each, and what ends the wait."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.drawing.origins import Columns
from twin.drawing.tables import known_of
from twin.drawing.walking import FIRST_ROW, LOST, MOST_STEPS, PATIENT, ROW, VISIT, Rows, walk_on
from twin.errors import TwinError
from twin.hospital import Hospital
from twin.streams import UIntArray

_KINDS = {
    "step": np.int32,
    "duration": np.int64,
    "wall": np.int64,
    "patience": np.int64,
    "delay": np.int64,
    "reason": np.int8,
    "row_id": np.uint64,
}
_ALWAYS = frozenset(("step", "duration", "wall"))
#: room for so many more rows than are expected, and for so many in any case
_MARGIN, _LEAST = 1.05, 1_024


def walk(
    hospital: Hospital,
    identity: UIntArray,
    patient_class: NDArray[np.int32],
    first_row: NDArray[np.void] | None = None,
    visit: NDArray[np.void] | None = None,
) -> Columns:
    """Walk every patient along the pathway: rows of steps in order of patient and visit.

    Parameters
    ----------
    identity, patient_class
        Patients.
    first_row, visit
        What is known of those who are there already, in order of patient; see ``FIRST_ROW`` and ``VISIT``.

    Returns
    -------
    Columns
        ``first`` (patient + 1,) and, by row, ``step``, ``duration``, ``wall``; ``patience``, ``delay`` and
        ``reason`` where a step of the hospital has them; ``row_id``, the key of a row's chance, where kits
        have trays.

    Raises
    ------
    TwinError
        A patient goes round in circles for ever.
    """
    known = known_of(hospital)
    first = np.empty(identity.size + 1, np.int64)
    wanted = _ALWAYS | known.wanted
    members = np.bincount(patient_class, minlength=known.mean_steps.size)
    rows = _room(first, wanted, int(_MARGIN * (members @ known.mean_steps)) + _LEAST)
    state, seen = np.zeros(LOST + 1, np.int64), np.zeros(known.most_steps, np.int64)
    first_row = np.zeros(0, FIRST_ROW) if first_row is None else first_row
    visit = np.zeros(0, VISIT) if visit is None else visit
    while True:
        walk_on(known.tables, identity, patient_class, first_row, visit, rows, state, seen)
        if state[LOST]:
            raise TwinError(
                f"a patient made {MOST_STEPS:,} steps on one pathway; look at its routes for a circle"
            )
        if state[PATIENT] == identity.size:
            break
        rows = _more_room(rows, wanted, int(state[ROW]), int(state[PATIENT]), identity.size)
    made = int(state[ROW])
    return {"first": first, **{name: getattr(rows, name)[:made] for name in _KINDS if name in wanted}}


def _room(first: NDArray[np.int64], wanted: frozenset[str], rows: int) -> Rows:
    columns = {name: np.empty(rows if name in wanted else 0, kind) for name, kind in _KINDS.items()}
    return Rows(first, **columns)


def _more_room(rows: Rows, wanted: frozenset[str], made: int, walked: int, patients: int) -> Rows:
    """Room for as many rows as all patients will make if they go on like those who have walked."""
    expected = _MARGIN * made / max(walked, 1) * patients
    larger = _room(rows.first, wanted, int(max(expected, 1.5 * rows.step.size)) + MOST_STEPS)
    for name in wanted:
        getattr(larger, name)[:made] = getattr(rows, name)[:made]
    return larger
