"""Putting parts together: patients of all sources in one order, their rows behind them, their cues."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.drawing.origins import HOUSE_LEFT, NONE, STEP_ENDED, Columns
from twin.drawing.populations import Chains
from twin.drawing.steps import walk
from twin.drawing.trays import GAP, trays_of
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.units import IntArray

#: columns of patients that only some hospitals need: value for all others, and type
_USUAL = {
    "shows": (1, np.int8),
    "late": (0, np.int64),
    "appointment": (NONE, np.int64),
    "limit": (NONE, np.int64),
    "session": (NONE, np.int32),
    "promised": (NONE, np.int32),
    "tray": (NONE, np.int32),
    "remaining": (NONE, np.int64),
}
#: columns that are equal to another where nothing better is known
_AS = {"came": "arrival", "asked": "since"}


@dataclass(frozen=True)
class Cues:
    """Who comes so long after which row: ``Workload.cue_row`` and the others, in any order."""

    row: IntArray
    kind: IntArray
    patient: IntArray
    gap: IntArray

    def moved(self, row_now: IntArray, patient_now: IntArray) -> Cues:
        """The same cues after rows and patients were numbered anew."""
        return replace(self, row=row_now[self.row], patient=patient_now[self.patient])

    def columns(self) -> Columns:
        """As columns of a workload, in order of row."""
        order = np.lexsort((self.patient, self.row))
        return {f"cue_{name}": getattr(self, name)[order] for name in ("row", "kind", "patient", "gap")}


def put_together(parts: list[Columns], known: Columns) -> Columns:
    """Patients of all parts as one; ``known`` are further columns of the first part alone."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return columns | filled(known, columns)


def filled(known: Columns, columns: Columns) -> Columns:
    """Columns of the first few patients with the usual value for all others."""
    n = columns["id"].size
    whole: Columns = {}
    for name, values in known.items():
        if name in _AS:
            whole[name] = columns[_AS[name]].copy()
        else:
            whole[name] = np.full(n, *_USUAL[name])
        whole[name][: values.size] = values
    return whole


def in_order(columns: Columns) -> tuple[Columns, IntArray]:
    """Patients in order of arrival and then key; and the place of each in that order."""
    order = np.lexsort((columns["key"], columns["arrival"]))
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return {name: column[order] for name, column in columns.items()}, place


def chain_cues(chains: list[tuple[int, Chains]], place: IntArray, first: IntArray) -> Cues:
    """Cues of populations: the first row of who gives it, or the last where he must be out of the house.

    Parameters
    ----------
    chains
        Each with the number of its first patient before they were put in order.
    place, first
        Where each patient is now; first row of each.
    """
    rows: list[NDArray[np.int64]] = [np.zeros((4, 0), np.int64)]
    for begins, chain in chains:
        own = np.flatnonzero(chain.before != NONE)
        giver = place[chain.before[own]]
        kind = chain.kind[own]
        row = np.where(kind == HOUSE_LEFT, first[giver + 1] - 1, first[giver])
        rows.append(np.stack([row, kind, place[begins + own], chain.gap[own]]))
    return Cues(*np.concatenate(rows, axis=1))


def with_trays(
    hospital: Hospital, columns: Columns, rows: Columns, cues: Cues
) -> tuple[Columns, Columns, Cues]:
    """Patients, rows and cues with the trays that their steps use; not in order yet.

    Raises
    ------
    UsageError
        The way of a tray through SPD needs the same tray again, and so on without end.
    """
    used = trays_of(hospital, rows, 0)
    columns = columns | filled(
        {"tray": np.zeros(0, np.int32)} if used and "tray" not in columns else {}, columns
    )
    depth = 0
    while used is not None:
        depth += 1
        if depth > len(hospital.trays):
            tray = list(hospital.trays)[int(used[0]["tray"][0])]
            raise UsageError(
                f"trays.{tray}.patient_class: the way of this tray takes it again, and so on without end; "
                "no kit on a tray's pathway may hold trays that lead back to it",
            )
        trays, source = used
        patients, first_row = columns["id"].size, rows["step"].size
        trays = trays | filled({name: trays["arrival"][:0] for name in columns if name not in trays}, trays)
        own = walk(hospital, trays)
        n = source.size
        more = (source, np.full(n, STEP_ENDED), patients + np.arange(n), np.full(n, GAP))
        cues = Cues(
            *(
                np.append(a, b)
                for a, b in zip((cues.row, cues.kind, cues.patient, cues.gap), more, strict=True)
            )
        )
        columns = {name: np.append(columns[name], trays[name]) for name in columns}
        used = trays_of(hospital, own, first_row)
        own["first"] = rows["first"][-1] + own["first"][1:]
        rows = {name: np.append(rows[name], own[name]) for name in rows}
    return columns, rows, cues


def rows_in_order(rows: Columns, place: IntArray) -> tuple[Columns, IntArray]:
    """Rows of patients who were put in another order; and the place of each row."""
    counts = np.diff(rows["first"])
    moved = np.empty_like(counts)
    moved[place] = counts
    first = np.append(0, np.cumsum(moved))
    now = np.repeat(first[place] - rows["first"][:-1], counts) + np.arange(rows["step"].size)
    order = np.empty_like(now)
    order[now] = np.arange(now.size)
    return {"first": first, **{k: v[order] for k, v in rows.items() if k != "first"}}, now
