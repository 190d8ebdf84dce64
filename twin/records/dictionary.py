"""The data dictionary of the records: what a statement holds, what the tables hold, what an extract needs.

``scripts/data_dictionary`` writes it to ``docs/data_dictionary.md``, after the keys of ``hospital.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from twin.records.events import (
    COLUMNS,
    INSTANT,
    KINDS,
    LEVELS,
    METHODS,
    MOVEMENTS,
    SEXES,
    STATUSES,
    Said,
    Thing,
)
from twin.records.folding.tables import TABLES
from twin.records.reading.extracts.mapping import KEYS_ONLY, Mapping, Take, load_mapping, shipped_mappings

_HEAD = """# Data dictionary of the records

What extracts and messages become when they are brought in; how that is done is in
[importing.md](importing.md). Every reader makes *statements*, rows of one event table, and all statements
together are folded into the *tables of today*. Both are Parquet. Instants are UTC to the millisecond; persons
and visits stand by their pseudonyms; no column holds a name, an address or free text.
"""
_KINDS = {
    pa.string(): "text",
    pa.int64(): "whole number",
    pa.int32(): "whole number",
    pa.float64(): "number",
    pa.bool_(): "true or false",
    INSTANT: "instant",
}
THINGS: dict[Thing, str] = {
    Thing.ENCOUNTER: "a whole visit",
    Thing.WARD_STAY: "one stay of a visit in one place",
    Thing.APPOINTMENT: "an appointment",
    Thing.SLOT: "a bookable part of a clinic session",
    Thing.THEATRE_CASE: "an operation, planned or done",
    Thing.SUPPLY_MOVEMENT: "a receipt, issue, return or count of an item",
    Thing.ROSTER_SHIFT: "one stretch of work of one person",
    Thing.LOCATION: "a bed, room or ward of the source; `part_of` says what holds it",
    Thing.PATIENT_MERGE: "two numbers of one person: `key`, the old one, is the same as `patient`",
    Thing.ENCOUNTER_MERGE: "two numbers of one visit: `key`, the old one, is the same as `encounter`",
}
SAYINGS: dict[Said, str] = {
    Said.STATE: "the thing as it stands at `said_at`; fields left empty stay as said before",
    Said.GONE: "it never was: entered in error, deleted",
    Said.PREADMIT: "a visit is planned, or the decision to admit was made",
    Said.REGISTER: "a patient without a bed came: emergency department, clinic",
    Said.ADMIT: "an inpatient was admitted",
    Said.TRANSFER: "the patient moved to another place",
    Said.DISCHARGE: "the visit ended",
    Said.TO_INPATIENT: "an outpatient became an inpatient",
    Said.TO_OUTPATIENT: "an inpatient became an outpatient",
    Said.UPDATE: "fields of the visit changed",
    Said.CANCEL_PREADMIT: "what was planned is off",
    Said.CANCEL_ADMIT: "the admission did not happen",
    Said.CANCEL_TRANSFER: "the transfer did not happen",
    Said.CANCEL_DISCHARGE: "the patient is still there",
}
_WORDS: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "kind of a supply movement": MOVEMENTS,
    "kind of a location": LEVELS,
    "method": METHODS,
    "sex": SEXES,
} | {f"status of {thing.value.replace('_', ' ')}": words for thing, words in STATUSES.items()}
_OF_TODAY = {
    "said_at": "when the newest statement about it was made",
    "versions": "how many different statements there are about it",
}


def records_dictionary() -> str:
    """The page as Markdown."""
    parts = [_HEAD, *_event_table(), *_vocabulary(), *_tables(), *_mappings()]
    return "\n".join(parts)


def _event_table() -> Iterator[str]:
    yield "## The event table\n"
    yield "KINDS, MOVEMENTS and LEVELS stand below with the values of Thing and Said.\n"
    yield "| column | is | meaning | in tables |\n| --- | --- | --- | --- |"
    for name, kind, meaning in COLUMNS:
        within = ", ".join(table for table, schema in TABLES.items() if name in schema.names)
        yield _row(f"`{name}`", _KINDS[kind], meaning.replace("``", "`"), within or "none")
    yield ""


def _vocabulary() -> Iterator[str]:
    yield "### What a statement is about: `thing`\n"
    yield "| thing | is |\n| --- | --- |"
    yield from (_row(f"`{thing.value}`", said) for thing, said in THINGS.items())
    yield "\n### What it says: `said`\n"
    yield "| said | means |\n| --- | --- |"
    yield from (_row(f"`{said.value}`", means) for said, means in SAYINGS.items())
    yield "\n### Closed words\n"
    yield "| column | one of |\n| --- | --- |"
    yield from (_row(name, _either(words)) for name, words in _WORDS.items())
    yield ""


def _tables() -> Iterator[str]:
    yield "## The tables of today\n"
    own = "; ".join(f"`{name}`, {meaning}" for name, meaning in _OF_TODAY.items())
    yield "A row for each thing as it stands after all statements. Columns mean what they mean in the event"
    yield f"table; `place` is a name of `hospital.toml` here. Two more stand in every table: {own}.\n"
    yield "| table | columns |\n| --- | --- |"
    for name, schema in TABLES.items():
        yield _row(
            f"`{name}`", ", ".join(f"`{column}`" for column in schema.names if column not in _OF_TODAY)
        )
    yield ""


def _mappings() -> Iterator[str]:
    yield "## Extracts: the mappings that are shipped\n"
    yield "A column of the file may have any of the names; upper and lower case are one. Columns that are not"
    yield "named here are not read. `number` and `person` serve to tell rows apart and are not kept.\n"
    for name in shipped_mappings():
        yield from _mapping(load_mapping(name))


def _mapping(mapping: Mapping) -> Iterator[str]:
    yield f"### `{mapping.name}`\n"
    yield f"{mapping.title}." + (f" Source: {mapping.source}." if mapping.source else "") + "\n"
    yield "| column of the file | becomes | of | needed |\n| --- | --- | --- | --- |"
    for tells, name, take in mapping.takes():
        sources = _sources(take)
        becomes = name if name in KEYS_ONLY else f"`{name}`"
        needed = "every row" if take.filled else "the column" if take.needed else ""
        yield _row(
            sources or f"always `{take.constant}`", becomes, tells.thing.value.replace("_", " "), needed
        )
    for tells in mapping.tells:
        for verb, rows in (("Only", tells.only), ("Not", tells.without)):
            for column, values in rows.items():
                of = tells.thing.value.replace("_", " ")
                yield f"\n{verb} the rows whose `{column}` is {_either(values)} tell of a {of}."
    yield ""


def _sources(take: Take) -> str:
    """The columns of the file of which one is enough; a date may have its time of day in another."""
    told = _either((*take.column, *take.born)) if take.column or take.born else ""
    if not take.date:
        return told
    dated = _either(take.date) + (f" with {_either(take.time)}" if take.time else "")
    return f"{told}; or {dated}" if told else dated


def _either(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
