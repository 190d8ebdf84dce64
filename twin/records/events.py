"""The event table: everything that a hospital's extracts and messages say, one statement a row.

A statement is never changed. What the hospital looks like is worked out from the set of all statements
(``twin.records.folding``), so the order in which files and messages come makes no difference, a statement
that comes twice counts once, and a later one about the same thing holds over an earlier one without
erasing it. Identities are pseudonyms; there is no column for a name, an address or free text.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

INSTANT = pa.timestamp("ms", tz="UTC")


class Thing(StrEnum):
    """What a statement is about; ``key`` tells which one."""

    ENCOUNTER = "encounter"  # a whole visit; key = its encounter
    WARD_STAY = "ward_stay"  # a stay of a visit in one place; key = its own number, or visit, start and place
    APPOINTMENT = "appointment"  # key = the appointment's number
    SLOT = "slot"  # a bookable part of a clinic session; key = the slot's number
    THEATRE_CASE = "theatre_case"  # key = the case's number
    SUPPLY_MOVEMENT = "supply_movement"  # key = the movement's number
    ROSTER_SHIFT = "roster_shift"  # one stretch of work of one person; key = shift's number
    LOCATION = "location"  # a bed, room or ward of the source; key = its code; ``part_of`` what holds it
    PATIENT_MERGE = "patient_merge"  # ``key`` (the old patient) is the same person as ``patient``
    ENCOUNTER_MERGE = "encounter_merge"  # ``key`` (the old number) is the same visit as ``encounter``


class Said(StrEnum):
    """What a statement says of its thing.

    ``STATE`` tells it as it stands at ``said_at``; fields that it leaves empty stay as said before.
    ``GONE`` tells that it never was (entered in error, deleted). The others are the verbs of ADT messages.
    """

    STATE = "state"
    GONE = "gone"
    PREADMIT = "preadmit"
    REGISTER = "register"
    ADMIT = "admit"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"
    TO_INPATIENT = "to_inpatient"
    TO_OUTPATIENT = "to_outpatient"
    UPDATE = "update"
    CANCEL_PREADMIT = "cancel_preadmit"  # what was planned is off; nothing where the visit has begun
    CANCEL_ADMIT = "cancel_admit"
    CANCEL_TRANSFER = "cancel_transfer"
    CANCEL_DISCHARGE = "cancel_discharge"


def _columns() -> tuple[tuple[str, pa.DataType, str], ...]:
    text, number, whole = pa.string(), pa.float64(), pa.int64()
    return (
        ("thing", text, "what the statement is about: a value of Thing"),
        ("key", text, "which one; a pseudonym where a person or visit could be told by it"),
        ("said", text, "what is said of it: a value of Said"),
        ("said_at", INSTANT, "when the source said so; missing in an extract that does not tell"),
        ("said_by", text, "number of the message or version: orders what was said at one instant"),
        ("row", whole, "row, message or resource of the source, counted as a person sees it"),
        ("whole", pa.bool_(), "the statements of one said_at and said_by tell the encounter whole"),
        ("at", INSTANT, "when what is said happened (verbs of ADT)"),
        ("patient", text, "pseudonym of the person"),
        ("encounter", text, "pseudonym of the visit"),
        (
            "kind",
            text,
            "one of KINDS; of a supply movement one of MOVEMENTS, of a LOCATION one of LEVELS",
        ),
        ("method", text, "how admitted: emergency, elective, transfer, birth, other"),
        ("specialty", text, "code of the specialty or service, as the source has it"),
        ("priority", text, "triage category or urgency, as the source has it"),
        ("sex", text, "female, male, other, unknown"),
        ("age", whole, "years at the statement's instant; 90 stands for 90 and more"),
        ("place", text, "ward, clinic, theatre or store, as the source codes it"),
        ("bed", text, "bed within the place, as the source codes it"),
        ("from_place", text, "place left, where a transfer names it"),
        ("from_bed", text, "bed left, where a transfer names it"),
        ("part_of", text, "code of the place that holds this one (LOCATION)"),
        ("requested", INSTANT, "asked for: decision to admit, referral, order"),
        ("arrived", INSTANT, "came to the hospital, the clinic or the theatre"),
        ("started", INSTANT, "place taken, consultation or operation begun, shift begun"),
        ("ended", INSTANT, "place left, consultation or operation over, shift over"),
        ("planned_start", INSTANT, "booked or rostered begin"),
        ("planned_end", INSTANT, "booked or rostered end"),
        ("fit", INSTANT, "medically fit for discharge"),
        ("status", text, "as stands: see the statuses of each thing"),
        ("outcome", text, "where the patient went: home, died, transferred, other, ..."),
        ("reason", text, "code of a reason (cancelled, absent), never free text"),
        ("patient_class", text, "class in hospital.toml, where the source knows it"),
        ("stream", text, "stream of arrivals in hospital.toml, where the source knows it"),
        ("step", text, "step of the pathway, where the source knows it"),
        ("item", text, "code of a supply item, tray or kit"),
        ("quantity", number, "signed change of stock, in units"),
        ("unit", text, "unit of ``quantity``"),
        ("lot", text, "batch"),
        ("expires", INSTANT, "end of shelf life"),
        ("supplier", text, "code of the supplier"),
        ("cost", number, "money a unit, in the currency of the hospital"),
        ("staff_group", text, "group of staff in hospital.toml, or the source's role code"),
        ("skill", text, "grade or skill"),
        ("theatre_list", text, "session or list in which a case or appointment is planned"),
    )


COLUMNS = _columns()
SCHEMA = pa.schema([pa.field(name, kind, metadata={"meaning": meaning}) for name, kind, meaning in COLUMNS])
NAMES = tuple(SCHEMA.names)
INSTANTS = tuple(name for name in NAMES if SCHEMA.field(name).type == INSTANT)

#: statuses of each thing that has any; a reader translates its source's words into these
STATUSES: dict[Thing, tuple[str, ...]] = {
    Thing.ENCOUNTER: ("planned", "arrived", "in_progress", "finished", "cancelled"),
    Thing.APPOINTMENT: ("proposed", "booked", "arrived", "attended", "no_show", "cancelled"),
    Thing.SLOT: ("free", "busy", "blocked"),
    Thing.THEATRE_CASE: ("listed", "scheduled", "started", "done", "cancelled"),
    Thing.ROSTER_SHIFT: ("planned", "worked", "absent", "cancelled"),
    Thing.LOCATION: ("active", "suspended", "closed"),
}
KINDS = ("emergency", "inpatient", "day_case", "outpatient", "home")
METHODS = ("emergency", "elective", "transfer", "birth", "other")
MOVEMENTS = ("receipt", "issue", "return", "transfer", "adjustment", "expiry", "count")
LEVELS = ("bed", "room", "ward", "other")  # of a LOCATION, where the source tells
SEXES = ("female", "male", "other", "unknown")
OLDEST = 90  # years; older is told as this (HIPAA safe harbour, 45 CFR 164.514(b)(2)(i)(C))


def events(columns: dict[str, list[object] | pa.Array], rows: int) -> pa.RecordBatch:
    """A batch of statements from the columns that a reader fills; the others are missing.

    Raises
    ------
    KeyError
        A column that the event table does not have.
    """
    unknown = set(columns) - set(NAMES)
    if unknown:
        raise KeyError(f"the event table has no column {sorted(unknown)}")
    arrays = []
    for field in SCHEMA:
        given = columns.get(field.name)
        if given is None:
            arrays.append(pa.nulls(rows, field.type))
        elif isinstance(given, pa.Array):
            arrays.append(given.cast(field.type))
        else:
            arrays.append(pa.array(given, type=field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
