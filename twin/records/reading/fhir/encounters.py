"""Encounter: a visit, and the places of its location history as ward stays.

A version of an encounter tells it whole: a stay that a later version does not have never was. An encounter
within another (``partOf``) is a part of that visit: only its stays are told, as stays of the outer one.
"""

from __future__ import annotations

from typing import Any

from twin.records.events import Said, Thing
from twin.records.reading.fhir import codes
from twin.records.reading.fhir.fields import bound_code, coding, kept_code, part, parts, text
from twin.records.reading.fhir.people import age, facts_of
from twin.records.reading.fhir.references import Meant
from twin.records.reading.fhir.stays import stays
from twin.records.reading.fhir.telling import Source, Statement, gone
from twin.records.reading.fhir.text import Json, Refused
from twin.records.reading.fhir.times import Stretch

_NOT_BEGUN = ("planned", "cancelled")
_HERE = ("arrived", "triaged")


def encounter(resource: Json, name: str, said: Statement, source: Source) -> list[Statement]:
    """Statements of one encounter: the visit first, then its stays.

    Raises
    ------
    Refused
        ``E_CODE``, ``E_DATE``, ``E_NEGATIVE_LOS``, ``E_FUTURE``, ``E_REFERENCE``, ``E_DANGLING_REF`` ...
    """
    status = bound_code(resource, "status", codes.ENCOUNTER_STATUS)
    if status is None:
        raise Refused("E_CODE", "status", None, "an encounter has a status")
    key = source.visit(name)
    outer = source.meant(resource, "partOf", "Encounter")
    if said["said"] == Said.GONE.value:
        return [gone(Thing.ENCOUNTER, key, said)]
    who = source.meant(resource, "subject", "Patient")
    patient = source.patient(who, "subject.reference")
    period = source.clock.period(resource, "period")
    visit = source.visit(outer.name) if outer and outer.name else key
    common = {**said, "encounter": visit, "patient": patient}
    begun = status not in _NOT_BEGUN
    times = _times(resource, status, period, source)
    told = stays(resource, key, times, common, source) if begun else []
    if visit != key:
        source.told.note("encounters within another: their stays are told as stays of that one")
        return told
    sex, years = _sex_and_age(who, times.get("arrived") or period.start, source)
    first = {
        **common,
        "thing": Thing.ENCOUNTER.value,
        "key": key,
        "status": codes.ENCOUNTER_STATUS[status],
        "sex": sex,
        "age": years,
        **_admission(resource, source),
        **times,
    }
    if told or status == "cancelled":
        for each in (first, *told):
            each["whole"] = True
    return [first, *told]


def _times(resource: Json, status: str, period: Stretch, source: Source) -> Statement:
    """When the visit was planned, and when it began and ended."""
    if status in _NOT_BEGUN:
        return {"planned_start": period.start, "planned_end": period.end}
    written = resource.get("period") or {}
    history = _history(resource, source)
    came = min((at for name in _HERE if (at := history.get(name))), default=period.start)
    began = None if status in _HERE else history.get("in-progress", period.start)
    first = came if came is not None else began
    if first is None:
        raise Refused("E_DATE", "period.start", None, "an encounter that has begun tells when")
    for at in (came, began):
        source.clock.past(at, "period.start", written.get("start"))
    end, planned_end = period.end, None
    if status == "finished":
        end = source.clock.past(end or history.get("finished"), "period.end", written.get("end"))
        if end is None:
            raise Refused("E_DATE", "period.end", None, "a finished encounter tells when it ended")
    elif end is not None and end > source.clock.latest:
        end, planned_end = None, end
    if began is not None and came is not None and began < came:
        began = came
    if end is not None and first > end:
        raise Refused(
            "E_NEGATIVE_LOS", "period.end", written.get("end"), "an end is not before its start", "correct it"
        )
    return {"arrived": came, "started": began, "ended": end, "planned_end": planned_end}


def _history(resource: Json, source: Source) -> dict[str, int]:
    """When the encounter first came to each status."""
    first: dict[str, int] = {}
    where = "statusHistory."
    for each in parts(resource, "statusHistory"):
        status = bound_code(each, "status", codes.ENCOUNTER_STATUS, where)
        start = source.clock.period(each, "period", where).start
        if status and start is not None:
            first[status] = min(start, first.get(status, start))
    return first


def _admission(resource: Json, source: Source) -> Statement:
    """Kind of visit, how admitted, for what, and where to."""
    stay: dict[str, Any] = part(resource, "hospitalization") or {}
    class_ = part(resource, "class") or {}
    code = text(class_, "code", "class.")
    kind = codes.KIND.get(code or "") if class_.get("system") in (codes.ACT_CODE, None) else None
    if kind is None:
        source.told.note("encounters of a class that the twin does not know: their kind is left empty")
    priority = kept_code([part(resource, "priority")], source.told)
    admitted = coding(part(stay, "admitSource", "hospitalization."))
    left = coding(part(stay, "dischargeDisposition", "hospitalization."))
    method = (
        codes.ADMIT_SOURCE.get(admitted or "")
        or codes.PRIORITY_METHOD.get(priority or "")
        or ("emergency" if kind == "emergency" else None)
    )
    return {
        "kind": kind,
        "method": method,
        "specialty": kept_code([part(resource, "serviceType")], source.told),
        "priority": priority,
        "outcome": codes.OUTCOME.get(left, "other") if left else None,
    }


def _sex_and_age(who: Meant | None, at: int | None, source: Source) -> tuple[str | None, int | None]:
    if who is None:
        return None, None
    if who.contained is not None:
        sex, born = facts_of(who.contained)
        return sex, age(born, at, source.clock)
    return source.people.sex_and_age(who.name, at, source.clock) if who.name else (None, None)
