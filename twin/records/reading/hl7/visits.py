"""Visits: what ADT messages say of encounters, in the verbs of the event table.

A visit is known by its number (PV1-19, else the account, PID-18), a person by the first number of PID-3,
medical record numbers before others. What a message about a visit leaves empty stays as it was said before.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.records.events import Said, Thing
from twin.records.reading.hl7 import codes, triggers
from twin.records.reading.hl7.message import Fields, Message
from twin.records.reading.hl7.speaking import BY_ADMISSION, NO_PERSON, Speaker, Statement, patient
from twin.records.reading.hl7.wrong import Wrong

#: verbs that say where the patient is
_PLACED = {
    Said.ADMIT, Said.REGISTER, Said.PREADMIT, Said.TRANSFER, Said.DISCHARGE, Said.UPDATE,
    Said.TO_INPATIENT, Said.TO_OUTPATIENT, Said.CANCEL_TRANSFER, Said.CANCEL_DISCHARGE,
}  # fmt: skip
ACCOUNTS = "merges of accounts (A35, A41, A49): the visits of both keep their numbers"
#: these tell when the visit ended
_ENDS = {"A03", "A08"}


@dataclass(frozen=True, slots=True)
class Group:
    """One person of a message with what belongs to them: most messages have one group."""

    person: Fields
    visit: Fields
    more: Fields  # PV2
    merged: Fields  # MRG
    died: bool  # a segment PDA


def statements(speaker: Speaker) -> list[Statement]:
    """What an ADT message says; empty where it is of a kind that is left out.

    Raises
    ------
    Wrong
        The message cannot be used.
    """
    trigger = speaker.message.trigger
    left_out = triggers.LEFT_OUT.get(trigger)
    if left_out:
        speaker.told.note(left_out)
        return []
    said = triggers.VERBS.get(trigger)
    known = (
        said or trigger in triggers.SAME_PERSON or trigger in triggers.SAME_VISIT or trigger in triggers.MOVED
    )
    if not known:
        speaker.told.note(triggers.OTHER)
        return []
    speaker.read_clock()
    groups = _groups(speaker.message)
    if not groups:
        raise Wrong("PID", None, "a message about a person names them", "send segment PID", "E_NO_KEY")
    out: list[Statement] = []
    for group in groups:
        out += _of_group(speaker, trigger, said, group)
    return out


def _groups(message: Message) -> list[Group]:
    groups: list[dict[str, Fields]] = []
    for segment in message.segments:
        if segment[0] == "PID":
            groups.append({})
        if groups:
            groups[-1].setdefault(segment[0], segment)
    empty: dict[str, Fields] = {name: [name] for name in ("PV1", "PV2", "MRG")}
    return [
        Group(found["PID"], found.get("PV1", empty["PV1"]), found.get("PV2", empty["PV2"]),
              found.get("MRG", empty["MRG"]), "PDA" in found)
        for found in groups
    ]  # fmt: skip


def _of_group(speaker: Speaker, trigger: str, said: Said | None, group: Group) -> list[Statement]:
    marks = speaker.marks
    number, authority = speaker.person(group.person, 3)
    if not number:
        number = marks.code(group.person, 2)
    visit = marks.code(group.visit, 19)
    account = marks.code(group.person, 18)
    who = patient(speaker.asked, number, authority)
    said_by = speaker.number(number, visit, account)
    out: list[Statement] = []
    if trigger in triggers.SAME_PERSON:
        out += _same_person(speaker, group, who, authority)
    if trigger in triggers.SAME_VISIT:
        out += _same_visit(speaker, trigger, group, visit, account)
    if trigger in triggers.MOVED:
        key = speaker.asked.pseudonyms.encounter(marks.code(group.merged, 5) or visit or account)
        if key is None or who is None:
            rule = "a visit that moves has a number, and a person it moves to"
            raise Wrong("PV1-19", None, rule, "send PV1-19 and PID-3", "E_NO_KEY")
        out.append(
            speaker.statement(thing=Thing.ENCOUNTER, said=Said.UPDATE, key=key, encounter=key, patient=who)
        )
    if said is not None:
        out += _verb(speaker, trigger, said, group, who, number)
    for statement in out:
        statement["said_by"] = said_by
    return out


def _same_person(speaker: Speaker, group: Group, who: str | None, authority: str) -> list[Statement]:
    old, assigned = speaker.person(group.merged, 1, authority)
    key = patient(speaker.asked, old, assigned)
    if key is None or who is None:
        rule = "a merge names both numbers of the person"
        raise Wrong("MRG-1", None, rule, "send PID-3 and MRG-1", "E_NO_KEY")
    if key == who:
        speaker.told.note("merges of a number with itself")
        return []
    return [speaker.statement(thing=Thing.PATIENT_MERGE, said=Said.STATE, key=key, patient=who)]


def _same_visit(speaker: Speaker, trigger: str, group: Group, visit: str, account: str) -> list[Statement]:
    """The old number of a visit; an account's only where visits go by it (there is no PV1-19)."""
    marks, pseudonyms = speaker.marks, speaker.asked.pseudonyms
    old, new = marks.code(group.merged, 5), visit
    if not old or not new:
        old, new = (marks.code(group.merged, 3), account) if not visit else ("", "")
    if not old or not new or old == new:
        if trigger in triggers.ACCOUNTS:
            speaker.told.note(ACCOUNTS)
        return []
    key = pseudonyms.encounter(old)
    return [
        speaker.statement(
            thing=Thing.ENCOUNTER_MERGE, said=Said.STATE, key=key, encounter=pseudonyms.encounter(new)
        )
    ]


def _verb(
    speaker: Speaker, trigger: str, said: Said, group: Group, who: str | None, number: str
) -> list[Statement]:
    marks, visit, person = speaker.marks, group.visit, group.person
    dates = {"PV1-44": speaker.time(visit, 44), "PV1-45": speaker.time(visit, 45, last=True)}
    at = speaker.happened(triggers.when(trigger), dates)
    key = _key(speaker, group, number, dates["PV1-44"])
    if key is None and said is Said.UPDATE:
        speaker.told.note(triggers.PERSON)
        return []
    if key is None:
        rule = "a message about a visit has its number (PV1-19), or the account's (PID-18)"
        raise Wrong("PV1-19", None, rule, "send the number", "E_NO_KEY")
    if who is None:
        speaker.told.note(NO_PERSON)
    out = speaker.statement(thing=Thing.ENCOUNTER, said=said, key=key, encounter=key, patient=who, at=at)
    if said is Said.GONE:
        return [out]
    out |= {
        "sex": speaker.meant(codes.SEX, marks.code(person, 8), "PID-8"),
        "age": speaker.age(person, speaker.said_at if at is None else at),
        "kind": speaker.meant(codes.KIND, marks.code(visit, 2), "PV1-2"),
        "method": speaker.meant(codes.METHOD, marks.code(visit, 4), "PV1-4"),
        "specialty": speaker.kept(visit, 10) or None,
        "priority": speaker.kept(group.more, 25) or None,
        "started": speaker.not_ahead(dates["PV1-44"]),
        "planned_start": speaker.planned_time(group.more, 8),
        "planned_end": speaker.planned_time(group.more, 9),
    }
    if said is Said.PREADMIT and out["started"] is None:
        out["planned_start"] = out["planned_start"] or speaker.planned(dates["PV1-44"])
    if trigger == "A14":
        out["requested"] = at
    if trigger in _ENDS:
        out["ended"] = speaker.not_ahead(dates["PV1-45"])
    if said is Said.DISCHARGE:
        out["outcome"] = _outcome(speaker, group)
    return [out | _place(speaker, said, group)]


def _key(speaker: Speaker, group: Group, number: str, admitted: int | None) -> str | None:
    marks, pseudonyms = speaker.marks, speaker.asked.pseudonyms
    own = marks.code(group.visit, 19) or marks.code(group.person, 18)
    if not own and number and admitted is not None:
        speaker.told.note(BY_ADMISSION)
        own = f"{number}@{admitted}"
    return pseudonyms.encounter(own)


def _place(speaker: Speaker, said: Said, group: Group) -> Statement:
    """Where the patient is by the message, and where they come from."""
    out: Statement = {}
    if said in _PLACED:
        out["place"], out["bed"] = _located(speaker, group.visit, 3)
    if said is Said.TRANSFER:
        out["from_place"], out["from_bed"] = _located(speaker, group.visit, 6)
        if out["place"] is None:
            rule = "a transfer tells the place that the patient goes to"
            raise Wrong("PV1-3", None, rule, "send PV1-3", "E_NO_KEY")
    return out


def _located(speaker: Speaker, visit: Fields, number: int) -> tuple[str | None, str | None]:
    """Point of care and bed; a bed of a room is told with the room: bed B of room 136 is "136-B"."""
    place, room, bed = (speaker.kept(visit, number, part) for part in (1, 2, 3))
    return place or None, (f"{room}-{bed}" if room and bed else bed) or None


def _outcome(speaker: Speaker, group: Group) -> str | None:
    marks = speaker.marks
    if group.died or marks.code(group.person, 30).upper() == "Y":
        return "died"
    code = marks.code(group.visit, 36)
    return speaker.meant(codes.OUTCOME, f"0{code}" if len(code) == 1 and code.isdigit() else code, "PV1-36")
