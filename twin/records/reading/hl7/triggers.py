"""Triggers: what each kind of message says, and which are left out and why.

``WHEN`` tells where the instant of what happened stands, the surest first: EVN-6 is when it occurred (of a
cancellation: when what is cancelled had occurred), PV1-44 and PV1-45 are admission and discharge, EVN-2 is
when it was recorded, MSH-7 when the message was made. PV1-44 is not asked of a transfer or a change of class:
there it is still the beginning of the whole visit.

References
----------
HL7 Version 2.9, chapter 3 "Patient administration" and chapter 10 "Scheduling".
"""

from __future__ import annotations

from twin.records.events import Said

#: ADT messages about a visit
VERBS: dict[str, Said] = {
    "A01": Said.ADMIT,
    "A02": Said.TRANSFER,
    "A03": Said.DISCHARGE,
    "A04": Said.REGISTER,
    "A05": Said.PREADMIT,
    "A06": Said.TO_INPATIENT,
    "A07": Said.TO_OUTPATIENT,
    "A08": Said.UPDATE,
    "A11": Said.CANCEL_ADMIT,
    "A12": Said.CANCEL_TRANSFER,
    "A13": Said.CANCEL_DISCHARGE,
    "A14": Said.PREADMIT,  # pending admission: the decision to admit
    "A15": Said.UPDATE,  # pending transfer, and its cancellation
    "A16": Said.UPDATE,  # pending discharge, and its cancellation
    "A17": Said.TRANSFER,  # two patients change places: two of each segment
    "A23": Said.GONE,
    "A25": Said.UPDATE,
    "A26": Said.UPDATE,
    "A27": Said.CANCEL_PREADMIT,
    "A38": Said.CANCEL_PREADMIT,
}

#: where the instant stands, the surest first
_RECORDED = ("EVN-6", "EVN-2", "MSH-7")
WHEN: dict[str, tuple[str, ...]] = {
    "A01": ("EVN-6", "PV1-44", "EVN-2", "MSH-7"),
    "A04": ("EVN-6", "PV1-44", "EVN-2", "MSH-7"),
    "A03": ("EVN-6", "PV1-45", "EVN-2", "MSH-7"),
    "A11": ("EVN-6", "PV1-44"),  # else missing: the last one is meant
    "A12": ("EVN-6",),
    "A13": ("EVN-6", "PV1-45"),
}


def when(trigger: str) -> tuple[str, ...]:
    """Fields that tell the instant of what a trigger says, the surest first."""
    return WHEN.get(trigger, _RECORDED)


#: one person under two numbers: MRG-1 is the old one
SAME_PERSON = {"A18", "A30", "A34", "A36", "A39", "A40", "A46", "A47"}
#: one visit under two numbers: MRG-5 (visit) or MRG-3 (account) is the old one
SAME_VISIT = {"A06", "A07", "A18", "A35", "A36", "A41", "A42", "A49", "A50"}
#: of these, the ones about accounts alone
ACCOUNTS = {"A35", "A41", "A49"}
#: the visit belongs to another person from now on
MOVED = {"A44", "A45"}

PERSON = "messages about a person, not a visit (A24, A28, A29, A31, A37, A43)"
_TRACKING = (
    "messages of tracking (A09, A10, A32, A33): where somebody is for a while, not which bed is theirs"
)
_LEAVE = "messages of leave (A21, A22, A52, A53): the bed is kept"
_CARE = "messages about who cares or what may be shown (A54, A55, A60, A61, A62)"
_BEDS = "messages about a bed's state (A20)"

#: known and left out: the sentence under which they are counted
LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(("A24", "A28", "A29", "A31", "A37", "A43"), PERSON),
    **dict.fromkeys(("A09", "A10", "A32", "A33"), _TRACKING),
    **dict.fromkeys(("A21", "A22", "A52", "A53"), _LEAVE),
    **dict.fromkeys(("A54", "A55", "A60", "A61", "A62"), _CARE),
    "A20": _BEDS,
}
OTHER = "messages of other types and triggers"

#: SIU messages about an appointment: the status that the trigger itself says, else SCH-25's holds
BOOKINGS: dict[str, str | None] = {
    "S12": None,
    "S13": None,
    "S14": None,
    "S15": "cancelled",
    "S16": "cancelled",
    "S17": None,  # never was
    "S18": None,
    "S19": None,
    "S20": None,
    "S21": None,
    "S22": None,
    "S26": "no_show",
}
#: SIU messages about a part of the timetable
TIMETABLE = {"S23": "blocked", "S24": "free"}
#: triggers that make an appointment: one without a status is booked, and has to have a start
MAKES = {"S12", "S13"}
