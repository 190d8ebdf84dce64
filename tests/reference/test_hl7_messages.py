"""The reader of HL7 messages beside python-hl7: on real samples of several systems, and on messages made up.

python-hl7 (0.4.5) divides a message wholly and unescapes all of it. What our reader takes must be what stands
in the same field there, and the same instant.
"""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hl7
import pytest
from hl7.datatypes import parse_datetime
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mirror.twin.records.reading.hl7.feed import adt, asked, encounter, heard, patient
from twin.records.reading.hl7 import codes, triggers

HOUSE = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("TWIN_SHARED_DATA") or HOUSE.parent / "shared" / "data") / "interop" / "hl7v2"
FILES = sorted(SAMPLES.glob("*.hl7"))
NOW = asked("UTC", now=datetime(2026, 1, 1, tzinfo=UTC))


class Oracle:
    """A message as python-hl7 divides it."""

    def __init__(self, data: bytes) -> None:
        text = data.decode("utf-8-sig").replace("\r\n", "\r").replace("\n", "\r")
        self.message = hl7.parse(text.strip() + "\r")

    def __call__(self, path: str) -> str:
        """A field by its path, as PV1.F3.R1.C1; empty where there is none."""
        try:
            return str(self.message[path]).strip()
        except (KeyError, IndexError):
            return ""

    def instant(self, *paths: str) -> datetime | None:
        """The first instant of these fields, to the millisecond."""
        for path in paths:
            moment = parse_datetime(self(path))
            if moment is not None:
                moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        return None

    def person(self) -> str:
        """Number and authority of the medical record number, else of the first of PID-3, else PID-2."""
        field = self.message.segment("PID")(3)
        listed = range(1, len(field) + 1) if str(field) else []
        found = {
            (self(f"PID.F3.R{n}.C1"), self(f"PID.F3.R{n}.C4.S1")): self(f"PID.F3.R{n}.C5.S1") for n in listed
        }
        of_record = [who for who, kind in found.items() if kind == "MR"]
        number, authority = (of_record or [*found, (self("PID.F2.R1.C1"), "")])[0]
        return f"{number}^{authority}" if authority else number


@pytest.mark.skipif(not FILES, reason="the samples of messages are not beside the house")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_sample_says_what_python_hl7_reads_in_it(tmp_path: Path, path: Path):
    data = path.read_bytes()
    oracle = Oracle(data)
    kind, trigger = oracle("MSH.F9.R1.C1"), oracle("MSH.F9.R1.C2")

    feed = heard(tmp_path, data, asked_for=NOW)

    assert feed.told.aside == 0
    if trigger in triggers.LEFT_OUT or trigger == "A41":
        assert feed.rows == []
        return
    said = feed.one
    assert said["said_at"] == oracle.instant("MSH.F7.R1.C1")
    assert said["patient"] == patient(oracle.person())
    expected = {"ADT": of_a_visit, "SIU": of_a_booking}[kind](oracle, trigger)
    assert {name: said.get(name) for name in expected} == expected


def of_a_visit(oracle: Oracle, trigger: str) -> dict[str, Any]:
    if trigger in triggers.SAME_PERSON:
        authority = oracle("MRG.F1.R1.C4.S1")
        return {"thing": "patient_merge", "key": patient("^".join([oracle("MRG.F1.R1.C1"), authority]))}
    own = oracle("PV1.F19.R1.C1") or oracle("PID.F18.R1.C1")
    if trigger in triggers.MOVED:
        return {"encounter": encounter(own), "said": "update"}
    room, bed = oracle("PV1.F3.R1.C2.S1"), oracle("PV1.F3.R1.C3.S1")
    at = ["EVN.F6", "PV1.F44", "EVN.F2"] if trigger in ("A01", "A04") else ["EVN.F6", "EVN.F2"]
    expected = {
        "thing": "encounter",
        "said": triggers.VERBS[trigger].value,
        "at": oracle.instant(*at),
        "kind": codes.KIND.get(oracle("PV1.F2")),
        "specialty": oracle("PV1.F10.R1.C1") or None,
        "sex": codes.SEX[oracle("PID.F8.R1.C1")],
    }
    if own:
        expected["encounter"] = encounter(own)
    if trigger not in ("A11", "A27"):
        expected["place"] = oracle("PV1.F3.R1.C1.S1") or None
        expected["bed"] = (f"{room}-{bed}" if room and bed else bed) or None
    if trigger == "A02":
        expected["from_place"] = oracle("PV1.F6.R1.C1.S1") or None
    return expected


def of_a_booking(oracle: Oracle, trigger: str) -> dict[str, Any]:
    expected = {"thing": "appointment", "key": encounter(oracle("SCH.F2.R1.C1"))}
    if trigger == "S17":
        return expected | {"said": "gone"}
    return expected | {
        "place": oracle("AIL.F3.R1.C1.S1"),
        "planned_start": oracle.instant("TQ1.F7", "SCH.F11.R1.C4"),
        "planned_end": oracle.instant("TQ1.F8", "SCH.F11.R1.C5"),
    }


CODE = st.text("ABWabc0123456789-_.é&^|~\\", min_size=1, max_size=12)
MOMENT = st.datetimes(datetime(1990, 1, 1), datetime(2023, 12, 31))
#: python-hl7 0.4.5 takes an offset of less than an hour west for one east
OFFSET = st.integers(-12 * 60, -60) | st.integers(0, 14 * 60)


def escaped(text: str) -> str:
    named = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
    return "".join(named.get(letter, letter) for letter in text)


def told(moment: datetime, figures: int, offset: int | None) -> str:
    text = f"{moment:%Y%m%d%H%M%S}"[:figures]
    if offset is None:
        return text
    return f"{text}{'-' if offset < 0 else '+'}{abs(offset) // 60:02}{abs(offset) % 60:02}"


@settings(deadline=None, max_examples=60)
@given(
    place=CODE, room=CODE, bed=CODE, specialty=CODE, visit=CODE, number=CODE, moment=MOMENT,
    figures=st.sampled_from([10, 12, 14]), offset=st.none() | OFFSET, repeats=st.lists(CODE, max_size=3),
)  # fmt: skip
def test_a_message_made_up_says_what_python_hl7_reads_in_it(
    place, room, bed, specialty, visit, number, moment, figures, offset, repeats
):
    listed = "~".join([*(f"{escaped(one)}^^^X^NH" for one in repeats), f"{escaped(number)}^^^OAK^MR"])
    message = adt(
        "A01",
        event={6: told(moment, figures, offset)},
        person={3: listed},
        visit={
            3: "^".join(map(escaped, (place, room, bed))),
            10: "~".join(map(escaped, (specialty, "other"))),
            19: f"{escaped(visit)}^^^PAS",
        },
    )
    oracle = Oracle(message.encode())

    with tempfile.TemporaryDirectory() as folder:
        said = heard(Path(folder), message, asked_for=NOW).one

    assert said["place"] == oracle("PV1.F3.R1.C1.S1") == place
    assert said["bed"] == f"{oracle('PV1.F3.R1.C2.S1')}-{oracle('PV1.F3.R1.C3.S1')}" == f"{room}-{bed}"
    assert said["specialty"] == oracle("PV1.F10.R1.C1") == specialty
    assert said["encounter"] == encounter(oracle("PV1.F19.R1.C1")) == encounter(visit)
    assert said["patient"] == patient(oracle.person()) == patient(f"{number}^OAK")
    assert said["at"] == oracle.instant("EVN.F6")
    assert abs(said["at"] - moment.replace(tzinfo=UTC)) <= timedelta(hours=15)
