"""Codes: what the tables of HL7 and of the NHS Data Dictionary say, in the words of the event table.

A code that is not listed is not guessed: the column stays empty and the code is counted. Single figures are
those of the UB-04 form, two figures or a figure and a letter those of the NHS Data Dictionary.

References
----------
HL7 Version 2.9, chapter 2C: tables 0001 sex, 0004 patient class, 0007 admission type, 0112 discharge
disposition, 0278 filler status; NHS Data Dictionary: admission method, discharge destination.
"""

from __future__ import annotations

from twin.units import MS_DAY, MS_HOUR, MS_MINUTE, MS_SECOND

#: PV1-2, and what is used for day cases, which the table lacks; pre-admit, not applicable, unknown and
#: commercial say nothing of the kind of visit
KIND: dict[str, str | None] = {
    "E": "emergency", "I": "inpatient", "O": "outpatient", "R": "outpatient", "B": "inpatient",
    "D": "day_case", "DC": "day_case", "DAYCASE": "day_case",
    "P": None, "N": None, "U": None, "C": None,
}  # fmt: skip

#: PV1-4
METHOD: dict[str, str | None] = {
    "A": "emergency", "E": "emergency", "U": "emergency", "R": "elective", "C": "elective", "N": "birth",
    "L": "other",
    "1": "emergency", "2": "emergency", "3": "elective", "4": "birth", "5": "emergency", "9": "other",
    "11": "elective", "12": "elective", "13": "elective",
    "21": "emergency", "22": "emergency", "23": "emergency", "24": "emergency", "25": "emergency",
    "28": "emergency", "2A": "emergency", "2B": "transfer", "2C": "birth", "2D": "emergency",
    "31": "other", "32": "other", "81": "transfer", "82": "birth", "83": "birth", "84": "other",
    "89": "other", "98": "other", "99": "other",
}  # fmt: skip

#: PID-8
SEX: dict[str, str | None] = {
    "F": "female",
    "M": "male",
    "O": "other",
    "A": "other",
    "N": "other",
    "X": "other",
    "U": "unknown",
}

#: PV1-36 (UB-04 status in two figures; the NHS's destinations where UB-04 has none)
OUTCOME: dict[str, str | None] = {
    "01": "home", "06": "home", "08": "home", "81": "home", "86": "home", "19": "home", "29": "home",
    "02": "transferred", "03": "transferred", "04": "transferred", "05": "transferred", "43": "transferred",
    "61": "transferred", "62": "transferred", "63": "transferred", "64": "transferred",
    "65": "transferred", "66": "transferred", "69": "transferred", "70": "transferred",
    "49": "transferred", "51": "transferred", "52": "transferred", "53": "transferred", "54": "transferred",
    "84": "transferred", "85": "transferred", "87": "transferred", "88": "transferred",
    "09": None, "30": None,
    "07": "left", "20": "died", "21": "other", "40": "died", "41": "died", "42": "died", "79": "died",
    "HOME": "home", "EXPIRED": "died", "DIED": "died", "DECEASED": "died", "AMA": "left",
}  # fmt: skip

#: SCH-25, in capitals and without blanks
STATUS: dict[str, str | None] = {
    "BLOCKED": None,
    "PENDING": "proposed", "WAITLIST": "proposed", "PROPOSED": "proposed",
    "BOOKED": "booked", "OVERBOOK": "booked", "CONFIRMED": "booked", "SCHEDULED": "booked",
    "ARRIVED": "arrived", "CHECKEDIN": "arrived", "STARTED": "arrived",
    "COMPLETE": "attended", "COMPLETED": "attended",
    "NOSHOW": "no_show",
    "CANCELLED": "cancelled", "CANCELED": "cancelled", "DC": "cancelled", "DELETED": "cancelled",
}  # fmt: skip

#: units of durations (SCH-10, AIS-8) without capitals; minutes where none is told
UNITS = {
    "": MS_MINUTE, "min": MS_MINUTE, "m": MS_MINUTE, "mins": MS_MINUTE,
    "minutes": MS_MINUTE, "minute": MS_MINUTE,
    "s": MS_SECOND, "sec": MS_SECOND, "seconds": MS_SECOND,
    "h": MS_HOUR, "hr": MS_HOUR, "hrs": MS_HOUR, "hour": MS_HOUR, "hours": MS_HOUR,
    "d": MS_DAY, "day": MS_DAY, "days": MS_DAY,
}  # fmt: skip
