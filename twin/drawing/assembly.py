"""Putting parts together: cues between patients, and the trays that their steps use behind them all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from twin.drawing.coming import People
from twin.drawing.origins import FAR, HOUSE_LEFT, NONE, STEP_ENDED, Columns
from twin.drawing.populations import Chains
from twin.drawing.steps import walk
from twin.drawing.trays import GAP, Trays, trays_of
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.units import IntArray


@dataclass(frozen=True)
class Cues:
    """Who comes so long after which row: ``Workload.cue_row`` and the others, in any order."""

    row: IntArray
    kind: IntArray
    patient: IntArray
    gap: IntArray

    def columns(self) -> Columns:
        """As columns of a workload, in order of row."""
        order = np.lexsort((self.patient, self.row))
        return {f"cue_{name}": getattr(self, name)[order] for name in ("row", "kind", "patient", "gap")}


@dataclass(frozen=True)
class Crowd:
    """Everybody in order of arrival and key, with their rows and the cues between them.

    Attributes
    ----------
    people, rows : see ``People`` and ``walk``
    cues : who comes on which cue
    place : where each of the patients already there and of populations is
    tray : int32 (patient,) which tray each is, else -1; None where no step uses any
    """

    people: People
    rows: Columns
    cues: Cues
    place: IntArray
    tray: NDArray[np.int32] | None = None


def joined_people(parts: list[People]) -> People:
    """Patients of all parts, one part after the other."""
    return parts[0] if len(parts) == 1 else People(*map(np.concatenate, zip(*parts, strict=True)))


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


def with_trays(hospital: Hospital, crowd: Crowd) -> Crowd:
    """The same with the trays that the steps use; patients who come on no cue stay where they are.

    Raises
    ------
    UsageError
        The way of a tray through SPD needs the same tray again, and so on without end.
    """
    used = trays_of(hospital, crowd.rows)
    if used is None:
        return crowd
    people, rows, patients = [crowd.people], [crowd.rows], crowd.people.identity.size
    tray, cues = [np.full(patients, NONE, np.int32)], [_as_rows(crowd.cues)]
    made = 0
    while used is not None:
        if len(people) > len(hospital.trays):
            raise UsageError(_endless(hospital, used))
        n, own = used.tray.size, walk(hospital, used.people.identity, used.people.patient_class)
        own["first"] = own["first"][1:]
        cue = (made + used.source, np.full(n, STEP_ENDED), patients + np.arange(n), np.full(n, GAP))
        cues.append(np.stack(cue))
        made += rows[-1]["step"].size
        own["first"] += made
        people.append(used.people)
        rows.append(own)
        tray.append(used.tray)
        patients += n
        used = trays_of(hospital, own)
    whole = {name: np.concatenate([part[name] for part in rows]) for name in rows[0]}
    crowd = replace(crowd, people=joined_people(people), rows=whole, cues=Cues(*np.hstack(cues)))
    return _in_order(replace(crowd, tray=np.concatenate(tray)))


def _endless(hospital: Hospital, used: Trays) -> str:
    tray = list(hospital.trays)[int(used.tray[0])]
    return (
        f"trays.{tray}.patient_class: the way of this tray takes it again, and so on without end; "
        "no kit on a tray's pathway may hold trays that lead back to it"
    )


def _as_rows(cues: Cues) -> IntArray:
    return np.stack([cues.row, cues.kind, cues.patient, cues.gap])


def _in_order(crowd: Crowd) -> Crowd:
    """Put those who come on a cue, who stand behind all others, in order of key."""
    people, rows, first = crowd.people, crowd.rows, crowd.rows["first"]
    others = int(np.searchsorted(people.arrival, FAR))
    others_rows = int(first[others])
    order = np.argsort(people.identity[others:], kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    now, row_order, row_now = _rows_in_order(first[others:] - others_rows, order, place)
    for column in people:
        column[others:] = column[others:][order]
    if crowd.tray is not None:
        crowd.tray[others:] = crowd.tray[others:][order]
    for name, column in rows.items():
        if name == "first":
            column[others:] = others_rows + now
        else:
            column[others_rows:] = column[others_rows:][row_order]
    cues = replace(
        crowd.cues,
        row=_behind(crowd.cues.row, others_rows, row_now),
        patient=_behind(crowd.cues.patient, others, place),
    )
    return replace(crowd, cues=cues, place=_behind(crowd.place, others, place))


def _rows_in_order(first: IntArray, order: IntArray, place: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Of patients who are put in another order: first rows then, the order of the rows, the place of each."""
    counts = np.diff(first)
    then = np.append(0, np.cumsum(counts[order]))
    row_now = np.repeat(then[place] - first[:-1], counts) + np.arange(first[-1])
    row_order = np.empty_like(row_now)
    row_order[row_now] = np.arange(row_now.size)
    return then, row_order, row_now


def _behind(number: IntArray, others: int, place: IntArray) -> IntArray:
    """Numbers of patients or rows, of which only those behind the first ``others`` have moved."""
    moved = number.copy()
    behind = number >= others
    moved[behind] = others + place[number[behind] - others]
    return moved
