"""Bookings: what SIU messages say of appointments and of blocked parts of a timetable.

An appointment is known by the filler's number (SCH-2), else the placer's (SCH-1), through all that happens to
it. Its time is TQ1's, which took the place of SCH-11 in version 2.5, else that of SCH-11, else that of its
first service, place, thing or person.
"""

from __future__ import annotations

from twin.records.events import Said, Thing
from twin.records.reading.hl7 import codes, triggers
from twin.records.reading.hl7.message import Fields
from twin.records.reading.hl7.speaking import Speaker, Statement, patient
from twin.records.reading.hl7.wrong import Wrong

#: start, duration and unit of duration of each kind of resource
_RESOURCES = (("AIS", 4, 7, 8), ("AIL", 6, 9, 10), ("AIG", 8, 11, 12), ("AIP", 6, 9, 10))
_LONGEST_REASON = 20  # characters; longer is a sentence
_LONGEST_DURATION = 5  # figures

NO_LENGTH = "durations of appointments that are no number with a known unit: left out"
BACKWARDS = "appointments that end before they start: end left out"


def statements(speaker: Speaker) -> list[Statement]:
    """What an SIU message says; empty where it is of a kind that is left out.

    Raises
    ------
    Wrong
        The message cannot be used.
    """
    trigger = speaker.message.trigger
    if trigger not in triggers.BOOKINGS and trigger not in triggers.TIMETABLE:
        speaker.told.note(triggers.OTHER)
        return []
    speaker.read_clock()
    marks, message = speaker.marks, speaker.message
    schedule, person, visit = message.first("SCH"), message.first("PID"), message.first("PV1")
    own = marks.code(schedule, 2) or marks.code(schedule, 1)
    key = speaker.asked.pseudonyms.encounter(own)
    if key is None:
        rule = "an appointment has a number (SCH-2, or SCH-1)"
        raise Wrong("SCH-2", None, rule, "send segment SCH with one", "E_NO_KEY")
    number, authority = speaker.person(person, 3)
    number = number or marks.code(person, 2)
    visit_number = marks.code(visit, 19)
    out = speaker.statement(key=key, said_by=speaker.number(own, number, visit_number))
    if trigger in triggers.TIMETABLE:
        out |= {"thing": Thing.SLOT, "said": Said.STATE, "status": triggers.TIMETABLE[trigger]}
        return [out | _time_and_place(speaker, trigger, schedule, visit)]
    out |= {
        "thing": Thing.APPOINTMENT,
        "said": Said.GONE if trigger == "S17" else Said.STATE,
        "encounter": speaker.asked.pseudonyms.encounter(visit_number),
        "patient": patient(speaker.asked, number, authority),
    }
    if trigger == "S17":
        return [out]
    out |= {
        "kind": speaker.meant(codes.KIND, marks.code(visit, 2), "PV1-2"),
        "status": _status(speaker, trigger, schedule),
    }
    if triggers.BOOKINGS[trigger]:
        out["reason"] = _reason(marks.code(schedule, 6))
    return [out | _time_and_place(speaker, trigger, schedule, visit)]


def _status(speaker: Speaker, trigger: str, schedule: Fields) -> str | None:
    said = triggers.BOOKINGS[trigger]
    if said is None:
        said = speaker.meant(codes.STATUS, speaker.marks.code(schedule, 25).replace(" ", ""), "SCH-25")
    return said or ("booked" if trigger in triggers.MAKES else None)


def _reason(code: str) -> str | None:
    """A code of a reason; a sentence is none."""
    is_code = 0 < len(code) <= _LONGEST_REASON and code.replace("-", "").replace("_", "").isalnum()
    return code if is_code else None


def _time_and_place(speaker: Speaker, trigger: str, schedule: Fields, visit: Fields) -> Statement:
    kept, message = speaker.kept, speaker.message
    start, end = _times(speaker, schedule)
    if start is None and trigger in triggers.MAKES:
        rule = "an appointment that is made or moved has a start (TQ1-7, SCH-11.4 or AIS-4)"
        raise Wrong("SCH-11", None, rule, "send its start", "E_DATE")
    if start is not None and end is not None and end < start:
        speaker.told.note(BACKWARDS)
        end = None
    places = (kept(segment, 3) for segment in message.segments if segment[0] == "AIL")
    return {
        "planned_start": start,
        "planned_end": end,
        "place": next((place for place in places if place), "") or kept(visit, 3) or None,
        "specialty": kept(visit, 10) or None,
        "theatre_list": kept(schedule, 5) or kept(message.first("RGS"), 3) or None,
    }


def _times(speaker: Speaker, schedule: Fields) -> tuple[int | None, int | None]:
    """Planned start and end. [ms since 1970, UTC]"""
    timing = speaker.message.first("TQ1")
    start, end = speaker.time(timing, 7), speaker.time(timing, 8, last=True)
    length = _length(speaker, schedule, 9, 10)
    if start is None:
        start, end = speaker.time(schedule, 11, 4), speaker.time(schedule, 11, 5, last=True)
    for name, begins, lasts, unit in _RESOURCES:
        if start is not None:
            break
        resource = speaker.message.first(name)
        start = speaker.time(resource, begins)
        length = _length(speaker, resource, lasts, unit) or length
    start = speaker.planned(start)
    if start is not None and end is None and length is not None:
        end = start + length
    return start, speaker.planned(end)


def _length(speaker: Speaker, fields: Fields, number: int, unit: int) -> int | None:
    """A duration. [ms]"""
    text, named = speaker.marks.code(fields, number), speaker.marks.code(fields, unit).lower()
    if not text:
        return None
    whole = text.removesuffix(".0")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= _LONGEST_DURATION and named in codes.UNITS):
        speaker.told.note(NO_LENGTH)
        return None
    return int(whole) * codes.UNITS[named]
