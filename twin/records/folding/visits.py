"""Visits: encounters and ward stays of one bucket, from everything that was said of them.

Messages are walked through visit by visit, extracts and bundles are folded field by field, and both meet
under one set of rules for stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.records.events import SCHEMA
from twin.records.folding.account import Account
from twin.records.folding.buckets import in_order_of_hash
from twin.records.folding.columns import NONE, is_, kept, largest, ms, put_aside, there
from twin.records.folding.encounter_rows import Told, encounter_rows
from twin.records.folding.merges import renamed
from twin.records.folding.names import Places
from twin.records.folding.order import content, taken
from twin.records.folding.stays import OPEN, Stays, one_place_at_a_time, state_of_stays, told_stays
from twin.records.folding.tables import TABLES
from twin.records.folding.walking import walk
from twin.records.folding.words import with_known_words
from twin.units import IntArray

_CLEARED = ("requested", "arrived", "started", "ended", "fit", "status", "outcome")


@dataclass(frozen=True)
class Visits:
    """Rows of two tables, both by the hash of the visit, then its name; stays of a visit in order of time."""

    encounters: pa.Table
    ward_stays: pa.Table


def fold_visits(said: pa.Table, places: Places, patients: Mapping[str, str], account: Account) -> Visits:
    """Encounters and ward stays.

    Parameters
    ----------
    said
        Statements about visits and stays in order of saying, all of each visit that is in it.
    places
        Names of places.
    patients
        Numbers of patients that hold, by the number that was merged.
    account
        Told of rows put aside and of what is counted.
    """
    said = with_places(_with_visit(said, account), places, account)
    said = with_known_words(said, places.hospital, account)
    said = _not_backwards(said, account)
    names, visit = _coded(said["encounter"])
    said, visit, turn = _without_gone(said, visit, len(names))
    current = _since_told_whole(said, visit, len(names))
    said = _cleared(said, current)
    good = _one_class(said, visit, account)
    is_stay = state_of_stays(said) & current & good
    own = told_stays(kept(said, is_stay), visit[is_stay], turn[is_stay], account)
    is_verb = is_(said["thing"], "encounter") & ~is_(said["said"], "state") & current
    walked = walk(kept(said, is_verb), visit[is_verb], turn[is_verb], names, account)
    stays = one_place_at_a_time(Stays.together(own, walked.stays), account)
    alive = ~np.isin(turn, walked.void) & good
    told = Told(kept(said, alive), visit[alive], turn[alive])
    encounters, stays = encounter_rows(told, stays, walked, names)
    order = in_order_of_hash(names)
    order = order[np.isin(order, np.unique(visit))]
    encounters = _renamed(encounters.take(pa.array(order)), patients)
    return Visits(encounters, _renamed(_stay_rows(stays, order, names, encounters), patients))


def _with_visit(said: pa.Table, account: Account) -> pa.Table:
    """Every statement names its visit."""
    visit = pc.if_else(
        pc.equal(said["thing"], "encounter"), pc.coalesce(said["encounter"], said["key"]), said["encounter"]
    )
    said = said.set_column(said.schema.get_field_index("encounter"), SCHEMA.field("encounter"), visit)
    named = there(said["encounter"])
    rule = "every row names its encounter"
    put_aside(said, ~named, account, column="encounter", rule=rule, cure=rule, code="E_NO_KEY")
    return kept(said, named)


def with_places(said: pa.Table, places: Places, account: Account) -> pa.Table:
    """Statements with the names of places; those of places that are not known are put aside."""
    for column in ("place", "from_place"):
        if column not in said.column_names or said[column].null_count == said.num_rows:
            continue
        one = said[column].combine_chunks()
        coded = one.dictionary_encode()
        known = coded.dictionary.to_pylist()
        found = pa.array([places.name(code) for code in known], pa.string()).take(coded.indices)
        unknown = there(one) & ~there(found)
        if column == "place" and unknown.any():
            cures = [places.cure(code) for code in one.filter(pa.array(unknown)).to_pylist()]
            rule = "no such ward or place in hospital.toml"
            put_aside(said, unknown, account, column=column, rule=rule, code="E_UNKNOWN_WARD", cures=cures)
            said, found = kept(said, ~unknown), found.filter(pa.array(~unknown))
        said = said.set_column(said.schema.get_field_index(column), SCHEMA.field(column), found)
    return said


def _not_backwards(said: pa.Table, account: Account) -> pa.Table:
    """No statement tells an end before its start."""
    started, ended = ms(said["started"]), ms(said["ended"])
    wrong = (started != NONE) & (ended != NONE) & (ended < started)
    put_aside(
        said, wrong, account, column="ended", rule="a stay ends after it has started",
        cure="correct it, or leave the visit out", code="E_NEGATIVE_LOS",
    )  # fmt: skip
    return kept(said, ~wrong)


def _coded(values: pa.ChunkedArray) -> tuple[list[str], IntArray]:
    coded = values.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy().astype(np.int64)


def _without_gone(said: pa.Table, visit: IntArray, visits: int) -> tuple[pa.Table, IntArray, IntArray]:
    """Statements since the last one that said that the visit, or the stay, never was."""
    turn = np.arange(said.num_rows, dtype=np.int64)
    gone = is_(said["said"], "gone")
    if not gone.any():
        return said, visit, turn
    keep = ~gone
    whole = gone & is_(said["thing"], "encounter")
    keep &= turn > largest(visit[whole], turn[whole], visits)[visit]
    single = gone & ~whole
    if single.any():
        is_stay = is_(said["thing"], "ward_stay")
        _, own = np.unique(content(said, ["encounter", "key"]), return_inverse=True)
        keep &= ~is_stay | (turn > largest(own[single], turn[single], int(own.max()) + 1)[own])
    return kept(said, keep), visit[keep], turn[keep]


def _since_told_whole(said: pa.Table, visit: IntArray, visits: int) -> NDArray[np.bool_]:
    """Whether a statement still counts: not before the newest that tell the visit whole."""
    whole = np.asarray(pc.fill_null(said["whole"], False).to_numpy())
    if not whole.any():
        return np.ones(said.num_rows, dtype=bool)
    hashed = content(said, ["said_at", "said_by"])
    unnumbered = ~there(said["said_by"])
    hashed = np.where(unnumbered, hashed + said["number"].to_numpy().astype(np.uint64), hashed)
    changes = np.append(False, hashed[1:] != hashed[:-1])
    group = np.cumsum(changes)
    return np.asarray(group >= largest(visit[whole], group[whole], visits)[visit])


def _cleared(said: pa.Table, current: NDArray[np.bool_]) -> pa.Table:
    """What was said of a visit's times and state before it was told whole is no longer said."""
    if current.all():
        return said
    mask = pa.array(current)
    for name in _CLEARED:
        field = SCHEMA.field(name)
        values = pc.if_else(mask, said[name], pa.scalar(None, field.type))
        said = said.set_column(said.schema.get_field_index(name), field, values)
    return said


def _one_class(said: pa.Table, visit: IntArray, account: Account) -> NDArray[np.bool_]:
    """Whether a row of stays tells class, stream and arrival of its visit as its source's first does."""
    stays = state_of_stays(said)
    good = np.ones(said.num_rows, dtype=bool)
    if not stays.any():
        return good
    line = _lines(said)  # the row of a source may tell of the stay and of the visit
    about = np.flatnonzero((is_(said["said"], "state")) & np.isin(line, line[stays]))
    told = taken(said, about)
    own = content(told, ["encounter", "number", "said_at"])
    cure = "give another visit another encounter"
    for column, rule in (
        ("patient_class", "one encounter has one patient_class"),
        ("stream", "one encounter has one stream"),
        ("arrived", "one encounter arrives once"),
    ):
        given = there(told[column])
        if given.any():
            _, first, group = np.unique(own[given], return_index=True, return_inverse=True)
            values = content(told, [column])[given]
            wrong = np.zeros(len(about), dtype=bool)
            wrong[np.flatnonzero(given)] = values != values[first][group]
            put_aside(told, wrong, account, column=column, rule=rule, cure=cure)
            good &= ~np.isin(line, line[about[wrong]])
    return good


def _lines(said: pa.Table) -> IntArray:
    """A number for each row of each import, shape (row,)."""
    number = said["number"].to_numpy().astype(np.int64)
    row = said["row"].fill_null(-1).to_numpy().astype(np.int64)
    return number * (int(row.max(initial=0)) + 2) + row + 1


def _renamed(table: pa.Table, patients: Mapping[str, str]) -> pa.Table:
    place = table.schema.get_field_index("patient")
    return table.set_column(place, SCHEMA.field("patient"), renamed(table["patient"], dict(patients)))


def _stay_rows(stays: Stays, order: IntArray, names: list[str], encounters: pa.Table) -> pa.Table:
    """Rows of the table, in the order of the encounters."""
    turn_of = np.full(len(names), -1, dtype=np.int64)
    turn_of[order] = np.arange(len(order))
    at = np.where(stays.started == NONE, OPEN, stays.started)
    keys = {"visit": turn_of[stays.visit], "at": at, "ended": stays.ended, "asked": stays.requested}
    sort = pa.table({**keys, "key": pa.array(stays.key.tolist(), pa.string())})
    stays = stays.where(pc.sort_indices(sort, [(name, "ascending") for name in sort.schema.names]).to_numpy())
    place = turn_of[stays.visit]
    own = pa.array(stays.patient.tolist(), pa.string())
    patient = pc.coalesce(own, encounters["patient"].combine_chunks().take(pa.array(place)))
    columns = {
        "key": stays.key.tolist(),
        "encounter": encounters["encounter"].combine_chunks().take(pa.array(place)),
        "patient": patient,
        "place": stays.place.tolist(),
        "bed": stays.bed.tolist(),
        "requested": _instants(stays.requested, NONE),
        "started": _instants(stays.started, NONE),
        "ended": _instants(np.where(stays.ended == OPEN, NONE, stays.ended), NONE),
        "step": stays.step.tolist(),
        "said_at": _instants(stays.said_at, NONE),
        "versions": stays.versions,
    }
    schema = TABLES["ward_stays"]
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema)


def _instants(values: IntArray, none: int) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == none).cast(SCHEMA.field("at").type)
