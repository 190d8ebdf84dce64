"""Encounter rows: one row a visit, from the newest words about it and from its stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.records.events import SCHEMA
from twin.records.folding.columns import NONE, instants, is_, largest, ms, smallest, there
from twin.records.folding.order import SAYING, content, group_starts, how_many_different, last_known, taken
from twin.records.folding.stays import OPEN, Stays
from twin.records.folding.tables import TABLES
from twin.records.folding.walking import Walked
from twin.units import IntArray

#: columns of a statement about a stay that tell of the stay, not of the visit
_OF_STAYS = ("requested", "started", "ended", "fit", "status")


@dataclass(frozen=True)
class Told:
    """Statements that hold, in order of saying, with the codes of their visits and their turns."""

    table: pa.Table
    visit: IntArray
    turn: IntArray


def encounter_rows(told: Told, stays: Stays, walked: Walked, names: list[str]) -> tuple[pa.Table, Stays]:
    """One row a visit by code, shape (visit,), and the stays, ended where the visit has ended."""
    visits = len(names)
    left, left_turn = _left(told, walked, visits)
    stays = _ended(stays, left, left_turn, _said_at(told, left_turn))
    found = _last_words(told, visits)
    begun = stays.started != NONE
    first = smallest(stays.visit[begun], stays.started[begun], visits)
    last = largest(stays.visit[begun], stays.ended[begun], visits, NONE)
    waits = np.bincount(stays.visit[~begun], minlength=visits) > 0
    came, registered = (_spread(walked.visits, values, visits) for values in (walked.came, walked.registered))
    has_verbs = _spread(walked.visits, np.ones(len(walked.visits), dtype=np.int64), visits) != NONE
    started = _first_known(ms(found["started"]), came, first)
    arrived = _first_known(ms(found["arrived"]), registered)
    finished = is_(found["status"], "finished")
    is_over = (last != NONE) & (last != OPEN) & ~waits & ~has_verbs & (finished | ~there(found["status"]))
    ended = np.where(left != NONE, left, np.where(is_over, last, NONE))
    status = _status(found["status"], walked, visits, started, ended, has_verbs)
    found["started"], found["arrived"], found["ended"] = map(instants, (started, arrived, ended))
    found["status"] = status
    found["encounter"] = pa.array(names, pa.string())
    schema = TABLES["encounters"]
    return pa.table({name: found[name].cast(schema.field(name).type) for name in schema.names}, schema), stays


def _left(told: Told, walked: Walked, visits: int) -> tuple[IntArray, IntArray]:
    """When each visit ended by its messages or else by what was said of it whole, and the turn of that."""
    left = np.full(visits, NONE, dtype=np.int64)
    turn = np.full(visits, -1, dtype=np.int64)
    says = np.flatnonzero(
        is_(told.table["thing"], "encounter") & is_(told.table["said"], "state") & there(told.table["ended"])
    )
    ended = ms(told.table["ended"])
    left[told.visit[says]] = ended[says]  # in order of saying: the last one holds
    turn[told.visit[says]] = told.turn[says]
    knows = walked.left != NONE
    newer = knows & (walked.left_turn > turn[walked.visits])
    left[walked.visits[newer]] = walked.left[newer]
    turn[walked.visits[newer]] = walked.left_turn[newer]
    return left, turn


def _said_at(told: Told, turn: IntArray) -> IntArray:
    """When the statements of these turns were made; ``NONE`` where that is not known. Same shape."""
    if not len(told.turn):
        return np.full(len(turn), NONE, dtype=np.int64)
    place = np.searchsorted(told.turn, turn).clip(max=len(told.turn) - 1)
    return np.where(told.turn[place] == turn, ms(told.table["said_at"])[place], NONE)


def _ended(stays: Stays, left: IntArray, left_turn: IntArray, left_said: IntArray) -> Stays:
    """A stay that goes on ends with its visit, unless it was told at a later time than the visit's end."""
    at = left[stays.visit]
    known = (left_turn[stays.visit] >= stays.turn) | (left_said[stays.visit] >= stays.said_at)
    begun = (stays.started != NONE) & (stays.started <= at) & (stays.ended == OPEN)
    over = begun & (at != NONE) & known
    stays.ended = np.where(over, at, stays.ended)
    gone = (stays.started == NONE) & (at != NONE) & known
    return stays.where(~gone)


def _last_words(told: Told, visits: int) -> dict[str, pa.Array]:
    """The newest word of each field of each visit."""
    table = told.table
    of_stay = pa.array(is_(table["thing"], "ward_stay"))
    for name in _OF_STAYS:
        field = SCHEMA.field(name)
        values = pc.if_else(of_stay, pa.scalar(None, field.type), table[name])
        table = table.set_column(table.schema.get_field_index(name), field, values)
    order = np.lexsort((told.turn, told.visit))
    table, visit = taken(table, order), told.visit[order]
    starts = group_starts(visit)
    columns = [name for name in TABLES["encounters"].names if name not in ("encounter", "versions")]
    found = last_known(table, starts, columns)
    found["method"] = _came_as_emergency(table, starts, found)
    whole = np.flatnonzero(is_(table["thing"], "encounter"))
    about = taken(table, whole)
    hashed = content(about, [name for name in about.column_names if name not in SAYING])
    versions = np.ones(visits, dtype=np.int32)
    own = group_starts(visit[whole])
    versions[visit[whole][own]] = how_many_different(hashed, own)
    place = np.full(visits, -1, dtype=np.int64)
    place[visit[starts]] = np.arange(len(starts))
    rows = pa.array(place, mask=place < 0)
    return {**{name: values.take(rows) for name, values in found.items()}, "versions": pa.array(versions)}


def _came_as_emergency(table: pa.Table, starts: IntArray, found: dict[str, pa.Array]) -> pa.Array:
    """Who came to the emergency department and was admitted was admitted as an emergency."""
    kind = is_(table["kind"], "emergency")
    group = np.zeros(table.num_rows, dtype=np.int64)
    group[starts[1:]] = 1
    ever = np.bincount(np.cumsum(group), weights=kind, minlength=len(starts)) > 0
    admitted = pc.and_(pa.array(ever), pc.is_null(found["method"]))
    return pc.if_else(admitted, pa.scalar("emergency"), found["method"])


def _spread(visits: IntArray, values: IntArray, count: int) -> IntArray:
    spread = np.full(count, NONE, dtype=np.int64)
    spread[visits] = values
    return spread


def _first_known(*columns: IntArray) -> IntArray:
    found = columns[0]
    for other in columns[1:]:
        found = np.where(found == NONE, other, found)
    return found


def _status(
    told: pa.Array, walked: Walked, visits: int, started: IntArray, ended: IntArray, has_verbs: np.ndarray
) -> pa.Array:
    """As told, unless the visit went on since; else as the messages and times have it."""
    planned, seen = (_spread(walked.visits, values, visits) == 1 for values in (walked.planned, walked.seen))
    status = np.full(visits, None, dtype=object)
    status[has_verbs & ~seen] = "cancelled"
    status[has_verbs & ~seen & planned] = "planned"
    status[(started != NONE) & ~(has_verbs & ~seen)] = "in_progress"
    status[(ended != NONE) & ~(has_verbs & ~seen)] = "finished"
    since = ((ended != NONE) & is_(told, "planned", "arrived", "in_progress")) | (
        (started != NONE) & is_(told, "planned")
    )
    kept = pc.if_else(pa.array(since), pa.scalar(None, pa.string()), told)
    return pc.coalesce(kept, pa.array(status.tolist(), pa.string()))
