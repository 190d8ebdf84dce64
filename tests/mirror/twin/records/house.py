"""A hospital for records: an emergency department, two wards and a clinic; its records by hand."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from twin.hospital import Hospital
from twin.records.encounters import Encounters
from twin.records.folding.fold import fold
from twin.records.folding.names import Names
from twin.records.folding.pathways import encounters_of
from twin.records.folding.segments import Segment, write_segment
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import read
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told
from twin.records.simulated import simulate_year

SEED = 11
HEADER = "encounter,patient_class,stream,place,step,requested,started,ended,arrived,outcome"


@cache
def house(ward_beds: int = 22) -> Hospital:
    """Door and letters send ``sick``; ``well`` comes by the door, ``booked`` to the clinic on weekdays."""
    ward = {"physical_beds": ward_beds, "staffed_beds": ward_beds, "discharge_profile": "leave"}
    return Hospital.model_validate(
        {
            "name": "a house with records",
            "timezone": "Europe/London",
            "profiles": {"leave": {"hours": [0.0] * 10 + [0.125] * 8 + [0.0] * 6}},
            "wards": {"oak": {"title": "Oak", **ward}, "elm": {"title": "Elm", **ward}},
            "places": {
                "cubicles": {"title": "Cubicles", "physical": 12, "staffed": 12},
                "clinic": {"title": "Clinic", "physical": 4, "staffed": 4},
            },
            "staff": {"nurses": {"title": "Nurses", "on_duty": 6}},
            "arrivals": {
                "door": {
                    "title": "Door", "daily_mean": 30, "mix": {"well": 0.8, "sick": 0.2}, "dispersion": 1.5,
                },
                "letters": {"title": "Letters", "daily_mean": 2, "mix": {"sick": 1.0}},
                "clinics": {
                    "title": "Clinics", "daily_mean": 10, "mix": {"booked": 1.0},
                    "weekday_factors": [1.4] * 5 + [0, 0],
                },
            },
            "classes": {
                "well": {"title": "Well", "priority": 3, "pathway": "minor"},
                "sick": {"title": "Sick", "priority": 2, "pathway": "major"},
                "booked": {"title": "Booked", "priority": 5, "pathway": "clinic"},
            },
            "pathways": {
                "minor": {
                    "steps": [
                        {"name": "triage", "staff": {"nurses": 1},
                         "duration": {"mean": 8, "unit": "minutes"}},
                        {"name": "treat", "places": ["cubicles"],
                         "duration": {"mean": 2, "cv": 0.6, "unit": "hours"}},
                    ]
                },
                "major": {
                    "steps": [
                        {"name": "treat", "places": ["cubicles"], "keeps_place": True,
                         "duration": {"mean": 3, "cv": 0.5, "unit": "hours"}},
                        {"name": "decide", "in_place": True, "keeps_place": True, "staff": {"nurses": 1},
                         "duration": {"mean": 20, "unit": "minutes"}},
                        {"name": "stay", "places": ["oak", {"place": "elm", "after_hours": 4}],
                         "duration": {"mean": 4, "cv": 0.9, "unit": "days"}},
                    ]
                },
                "clinic": {
                    "steps": [
                        {"name": "visit", "places": ["clinic"], "duration": {"mean": 20, "unit": "minutes"}}
                    ]
                },
            },
        }
    )  # fmt: skip


@cache
def records(days: int = 365) -> Encounters:
    """Simulated records of the house, made once."""
    return simulate_year(house(), days=days, seed=SEED)


def stay(encounter: str = "00042", **fields: str) -> str:
    """One row of a file by hand: a patient treated on 1 March 2025 from 10:00 to 12:00."""
    row = {
        "encounter": encounter, "patient_class": "sick", "stream": "door",
        "place": "cubicles", "step": "treat",
        "requested": "2025-03-01 10:00", "started": "2025-03-01 10:00", "ended": "2025-03-01 12:00",
        "arrived": "2025-03-01 10:00", "outcome": "",
    }  # fmt: skip
    return ",".join({**row, **fields}.values())


def written(path, *rows: str, header: str = HEADER):
    """A file of these rows."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


class PlainNumbers(Pseudonyms):
    """Numbers left as they are, so that a test can name its patients."""

    def __init__(self) -> None:
        super().__init__(b"a secret of the tests")

    def patient(self, number: str) -> str | None:
        return number or None

    def encounter(self, number: str) -> str | None:
        return number or None


@dataclass(frozen=True)
class Brought:
    """Records as they came in, and the account of the rows that did not."""

    told: Told
    encounters: Encounters | None

    @property
    def problems(self) -> str:
        """The faults as a person reads them, a line each."""
        return "\n".join(map(str, self.told.problems()))


def brought(
    path: Path, *, begins: date | None = None, as_of: datetime | None = None, now: datetime | None = None
) -> Brought:
    """A file of the twin's own columns read and folded, all in this process, whatever it puts aside."""
    local = None if as_of is None else as_of.replace(tzinfo=UTC)  # the house's winter
    told = Told()
    asked = Asked(
        path.name, "Europe/London", now or datetime(2026, 6, 1, tzinfo=UTC), PlainNumbers(), as_of=local
    )
    with tempfile.TemporaryDirectory() as place:
        segment = Segment(Path(place) / "segment.parquet", 1, as_of, begins)
        write_segment(read(path, asked, told), segment.path)
        folded = fold([segment], Names(), house(), place, now=asked.now)
        for later in folded.told_by_import.values():
            told.add(later)
        tables = {name: table.path for name, table in folded.tables.items()}
        if "encounters" not in tables:
            return Brought(told, None)
        found, _ = encounters_of(tables, house(), Names(), begins=begins, as_of=as_of)
        return Brought(told, found)
