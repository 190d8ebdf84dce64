"""Appointment and Slot: what is booked in clinics, and what can be."""

from __future__ import annotations

from twin.records.events import Said, Thing
from twin.records.reading.fhir import codes
from twin.records.reading.fhir.fields import bound_code, kept_code, part, parts, text
from twin.records.reading.fhir.naming import place_of
from twin.records.reading.fhir.references import Meant, meant
from twin.records.reading.fhir.telling import Source, Statement, gone
from twin.records.reading.fhir.text import Json, Refused
from twin.records.reading.fhir.times import in_order
from twin.units import MS_DAY

_WITHOUT_A_TIME = ("proposed", "cancelled")


def appointment(resource: Json, name: str, said: Statement, source: Source) -> list[Statement]:
    """One appointment; ``theatre_list`` is the key of its slot.

    Raises
    ------
    Refused
        ``E_CODE``, ``E_DATE``, ``E_NEGATIVE_LOS``, ``E_REFERENCE``, ``E_DANGLING_REF`` ...
    """
    status = bound_code(resource, "status", codes.APPOINTMENT_STATUS)
    if status is None:
        raise Refused("E_CODE", "status", None, "an appointment has a status")
    key = source.visit(name)
    if said["said"] == Said.GONE.value:
        return [gone(Thing.APPOINTMENT, key, said)]
    stands = codes.APPOINTMENT_STATUS[status]
    who, where = _participants(resource, source)
    start, end = _start_and_end(resource, source)
    if start is None and stands not in _WITHOUT_A_TIME:
        raise Refused("E_DATE", "start", None, "an appointment that is booked tells when")
    requested = _requested(resource, (start, said["said_at"]), source)
    slots = [
        found.name
        for each in parts(resource, "slot")
        if (found := meant(each, "slot", resource, source.aliases, "Slot")) and found.name
    ]
    return [
        {
            **said,
            "thing": Thing.APPOINTMENT.value,
            "key": key,
            "patient": source.patient(who, "participant.actor.reference"),
            "kind": "outpatient",
            "place": place_of(where),
            "specialty": kept_code([*parts(resource, "serviceType")], source.told),
            "priority": _priority(resource),
            "status": stands,
            "reason": kept_code([part(resource, "cancelationReason")], source.told),
            "requested": requested,
            "planned_start": start,
            "planned_end": end,
            "theatre_list": slots[0] if slots else None,
        }
    ]


def slot(resource: Json, name: str, said: Statement, source: Source) -> list[Statement]:
    """One bookable part of a clinic; its place is its schedule, which its clinic holds.

    Raises
    ------
    Refused
        ``E_CODE``, ``E_DATE``, ``E_NEGATIVE_LOS``, ``E_REFERENCE``.
    """
    status = bound_code(resource, "status", codes.SLOT_STATUS)
    if status is None:
        raise Refused("E_CODE", "status", None, "a slot has a status")
    if said["said"] == Said.GONE.value:
        return [gone(Thing.SLOT, name, said)]
    start, end = _start_and_end(resource, source)
    if start is None or end is None:
        raise Refused("E_DATE", "start" if start is None else "end", None, "a slot has a start and an end")
    held = source.meant(resource, "schedule", "Schedule")
    return [
        {
            **said,
            "thing": Thing.SLOT.value,
            "key": name,
            "place": place_of(held),
            "specialty": kept_code([*parts(resource, "serviceType")], source.told),
            "status": codes.SLOT_STATUS[status],
            "planned_start": start,
            "planned_end": end,
            "theatre_list": held.name if held else None,
        }
    ]


def _participants(resource: Json, source: Source) -> tuple[Meant | None, Meant | None]:
    """The patient and the place of an appointment: the first of each."""
    who = where = None
    for each in parts(resource, "participant"):
        actor = source.meant(each, "actor", "", "participant.", resource)
        if actor and actor.type == "Patient":
            who = who or actor
        elif actor and actor.type == "Location":
            where = where or actor
    return who, where


def _start_and_end(resource: Json, source: Source) -> tuple[int | None, int | None]:
    start = source.clock.instant(text(resource, "start"), "start")
    end = source.clock.instant(text(resource, "end"), "end", start)
    in_order(start, end, "end", resource.get("end"))
    return start, end


def _requested(resource: Json, not_after: tuple[int | None, ...], source: Source) -> int | None:
    """When it was asked for; a day alone is no reason to think it came after the appointment itself."""
    written = text(resource, "created")
    at = source.clock.past(source.clock.instant(written, "created"), "created", written)
    if at is None or "T" in (written or ""):
        return at
    return min([at, *(later for later in not_after if later is not None and at - later < MS_DAY // 2)])


def _priority(resource: Json) -> str | None:
    """Urgency, 0 to 9 (iCalendar: 0 undefined, 1 highest)."""
    value = resource.get("priority")
    return str(value) if type(value) is int and 0 <= value <= 9 else None
