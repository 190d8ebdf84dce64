"""Stays: what extracts and bundles say of the stays of visits, and which of two holds where they overlap.

Sources that tell a visit whole replace what was said of its stays before. Of two stays that overlap the one
said later holds; one source that says both at once has put the patient in two places, and its row is put
aside.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twin.records.folding.account import Account
from twin.records.folding.columns import NONE, Mask, is_, kept, ms, put_aside, there
from twin.records.folding.order import (
    SAYING,
    codes,
    content,
    group_ends,
    group_starts,
    how_many_different,
    last_known,
    taken,
)
from twin.records.reading.told import Fault
from twin.units import IntArray

#: an end that has not come
OPEN = int(np.iinfo(np.int64).max)
_CURE = "correct it, or leave the visit out"
_SAID = ("key", "place", "bed", "requested", "started", "ended", "step", "patient")
_TOLD = (*_SAID, "said_at", "number", "row")


@dataclass
class Stays:
    """Stays as columns, shape (stay,) each: ``visit`` a code, instants in ms, ``OPEN`` where not over."""

    visit: IntArray
    key: NDArray[np.object_]
    place: NDArray[np.object_]
    bed: NDArray[np.object_]
    step: NDArray[np.object_]
    patient: NDArray[np.object_]
    requested: IntArray
    started: IntArray
    ended: IntArray
    said_at: IntArray
    turn: IntArray  # place of the newest statement in the order of saying
    number: IntArray
    row: IntArray
    versions: IntArray

    def __len__(self) -> int:
        return len(self.visit)

    def where(self, rows: Mask | IntArray) -> Stays:
        """Some of them, or all in another order."""
        return Stays(*(getattr(self, item.name)[rows] for item in fields(self)))

    @classmethod
    def together(cls, first: Stays, second: Stays) -> Stays:
        """One after the other."""
        return cls(
            *(np.concatenate([getattr(part, item.name) for part in (first, second)]) for item in fields(cls))
        )


def told_stays(table: pa.Table, visit: IntArray, turn: IntArray, account: Account) -> Stays:
    """The newest words about each stay.

    Parameters
    ----------
    table
        Statements of state about stays, in order of saying.
    visit, turn
        Code of each statement's visit and its place in the order of saying, shape (row,).
    """
    own = codes(table["key"])
    order = np.lexsort((turn, own, visit))
    table, turn = taken(table, order), turn[order]
    group = visit[order] * (int(own.max(initial=0)) + 1) + own[order]
    starts = group_starts(group)
    ends = group_ends(starts, len(order)) - 1
    hashed = content(table, [name for name in table.column_names if name not in SAYING])
    found = pa.table(last_known(table, starts, _TOLD))
    newest = taken(table, ends)
    found = found.set_column(found.schema.get_field_index("row"), "row", newest["row"])
    good = _possible(found, account)
    versions = how_many_different(hashed, starts)
    found = kept(found, good)
    ended = ms(found["ended"])
    return Stays(
        visit=visit[order][starts][good],
        **{name: _objects(found[name]) for name in ("key", "place", "bed", "step", "patient")},
        requested=ms(found["requested"]),
        started=ms(found["started"]),
        ended=np.where(ended == NONE, OPEN, ended),
        said_at=ms(found["said_at"]),
        turn=turn[ends][good],
        number=found["number"].to_numpy().astype(np.int64),
        row=found["row"].fill_null(0).to_numpy().astype(np.int64),
        versions=versions[good].astype(np.int64),
    )


def _objects(values: pa.ChunkedArray) -> NDArray[np.object_]:
    return np.array(values.to_pylist(), dtype=object)


def _possible(stays: pa.Table, account: Account) -> Mask:
    """Which stays can be; the rows of the others are put aside."""
    started, ended, requested = (ms(stays[name]) for name in ("started", "ended", "requested"))
    has_start, has_end, has_request = (there(stays[name]) for name in ("started", "ended", "requested"))
    backwards = has_start & has_end & (ended < started)
    put_aside(
        stays, backwards, account, column="ended", rule="a stay ends after it has started",
        cure=_CURE, code="E_NEGATIVE_LOS",
    )  # fmt: skip
    early = has_start & has_request & (started < requested) & ~backwards
    put_aside(
        stays, early, account, column="started", rule="a step starts after it was asked for", cure=_CURE
    )
    no_start = has_end & ~has_start
    put_aside(stays, no_start, account, column="ended", rule="a stay that has ended has a start", cure=_CURE)
    nothing = ~has_start & ~has_request & ~has_end
    rule = "a row has a start or, for one who still waits, `requested`"
    put_aside(stays, nothing, account, column="started", rule=rule, cure="give it a start, or leave it out")
    return ~(backwards | early | no_start | nothing)


def one_place_at_a_time(stays: Stays, account: Account) -> Stays:
    """Stays without overlaps within a visit, in order of visit and time; who waits stands last."""
    stays = stays.where(np.lexsort((stays.turn, stays.ended, _waits_last(stays), stays.visit)))
    stays = _still_waiting(stays)
    begun = stays.started != NONE
    rows = np.flatnonzero(begun)
    odd = _overlapping(stays.where(rows))
    if not odd.any():
        return stays
    in_question = np.isin(stays.visit, np.unique(stays.visit[rows][odd])) & begun
    drop = np.zeros(len(stays), dtype=bool)
    visits = stays.visit[in_question]
    at = np.flatnonzero(in_question)
    for own in np.split(at, group_starts(visits)[1:]):
        _settle(stays, own, drop, account)
    return stays.where(~drop)


def _waits_last(stays: Stays) -> IntArray:
    return np.where(stays.started == NONE, OPEN, stays.started)


def _overlapping(stays: Stays) -> Mask:
    """Whether a stay begins before one of its visit that began earlier has ended (in order of time)."""
    if not len(stays):
        return np.zeros(0, dtype=bool)
    same = np.append(False, stays.visit[1:] == stays.visit[:-1])
    before = np.append(0, stays.ended[:-1])
    found = same & (stays.started < before)
    # a long stay may cover more than the next: visits with one overlap are settled whole
    return found


def _still_waiting(stays: Stays) -> Stays:
    """Without requests that a stay told later has answered: one that began at or after the request."""
    waiting = np.flatnonzero(stays.started == NONE)
    if not len(waiting):
        return stays
    answered = np.zeros(len(stays), dtype=bool)
    first = np.searchsorted(stays.visit, stays.visit[waiting], side="left")
    for row, begin in zip(waiting.tolist(), first.tolist(), strict=True):
        own = slice(begin, row)
        begun = (stays.started[own] != NONE) & (stays.started[own] >= stays.requested[row])
        answered[row] = bool((begun & (stays.turn[own] > stays.turn[row])).any())
    return stays.where(~answered)


def _settle(stays: Stays, own: IntArray, drop: Mask, account: Account) -> None:
    """One visit: the stay said last holds, then the one before where it does not overlap, and so on."""
    said = zip(-stays.said_at[own], -stays.number[own], stays.row[own], own.tolist(), strict=True)
    holding: list[tuple[int, int, int]] = []  # begin, end and row; apart from each other, in order of time
    for _, _, _, row in sorted(said):
        start, end = int(stays.started[row]), int(stays.ended[row])
        against = _overlapped(holding, start, end)
        if not against:
            insort(holding, (start, end, row))
            continue
        at_once = [n for n in against if _said_at_once(stays, n, row)]
        if at_once:
            rule = "the patient is in another place at that time"
            cure = "end the stay before, or correct the start"
            shown = str(np.datetime64(start, "ms"))
            account.fault(
                int(stays.number[row]), Fault(int(stays.row[row]), "started", shown, rule, cure, "E_OVERLAP")
            )
            drop[row] = True
            continue
        account.count("N_SUPERSEDED", place=stays.place[row], at=start, example=f"stay {stays.key[row]}")
        first = min(int(stays.started[other]) for other in against)
        if end == OPEN and start < first:
            stays.ended[row] = first  # it was known to go on, and is now known to have ended
            insort(holding, (start, first, row))
        else:
            drop[row] = True


def _overlapped(holding: list[tuple[int, int, int]], start: int, end: int) -> list[int]:
    """Rows of the stays that hold and overlap this one; of no length, the one at the same instant."""
    first = bisect_right(holding, start, key=lambda held: held[1])
    last = bisect_left(holding, end, key=lambda held: held[0])
    same = bisect_left(holding, (start, end, -1))
    found = list(range(first, last))
    if same < len(holding) and holding[same][:2] == (start, end) and same not in found:
        found.append(same)
    return [holding[place][2] for place in found]


def _said_at_once(stays: Stays, first: int, second: int) -> bool:
    one = stays.number[first] == stays.number[second] and stays.said_at[first] == stays.said_at[second]
    return bool(one and min(stays.row[first], stays.row[second]) >= 0)


def state_of_stays(table: pa.Table) -> Mask:
    """Rows that tell the state of a stay, shape (row,)."""
    return is_(table["thing"], "ward_stay") & is_(table["said"], "state")
