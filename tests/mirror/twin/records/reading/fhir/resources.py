"""FHIR resources by hand, and what a reading of them says."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from twin.records.events import SCHEMA
from twin.records.reading.asked import Asked
from twin.records.reading.fhir import read
from twin.records.reading.limits import USUAL, Limits
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

NAMES = Pseudonyms(b"a secret of the tests")
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
LONDON = "Europe/London"


@dataclass(frozen=True)
class Reading:
    """Statements of one file, and the account of it."""

    rows: list[dict[str, Any]]
    told: Told

    def of(self, thing: str) -> list[dict[str, Any]]:
        return [row for row in self.rows if row["thing"] == thing]

    @property
    def codes(self) -> list[str]:
        return [fault.code for fault in self.told.faults]

    @property
    def fields(self) -> list[str]:
        return [fault.field for fault in self.told.faults]


def asked(**changes: Any) -> Asked:
    return replace(Asked("feed.json", LONDON, NOW, NAMES, limits=USUAL), **changes)


def reading(path: Path, limits: Limits = USUAL, **changes: Any) -> Reading:
    """What a file says; each row has only the columns that are filled, times in UTC without a zone."""
    told = Told()
    batches = list(read(path, asked(limits=limits, **changes), told))
    assert all(batch.schema == SCHEMA for batch in batches)
    rows = [row for batch in batches for row in pa.Table.from_batches([batch]).to_pylist()]
    return Reading([{k: plain(v) for k, v in row.items() if v is not None} for row in rows], told)


def plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def ndjson(folder: Path, *resources: Any, name: str = "feed.ndjson") -> Path:
    path = folder / name
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in resources]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def bundle(folder: Path, *entries: Any, type: str = "collection", indent: int | None = None) -> Path:
    """A bundle; an entry that is a bare resource is put into one."""
    whole = [each if "resourceType" not in each else {"resource": each} for each in entries]
    path = folder / "bundle.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": type, "entry": whole}, indent=indent))
    return path


def encounter(id: str = "e1", /, **changes: Any) -> dict[str, Any]:
    """A finished inpatient stay from Monday ten o'clock to Wednesday four."""
    return _without_nothing(
        {
            "resourceType": "Encounter",
            "id": id,
            "meta": {"versionId": "2", "lastUpdated": "2024-03-06T17:00:00Z"},
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": {"reference": "Patient/p1"},
            "period": {"start": "2024-03-04T10:00:00Z", "end": "2024-03-06T16:00:00Z"},
            **changes,
        }
    )


def location(id: str, /, name: str | None = None, code: str | None = None, **changes: Any) -> dict[str, Any]:
    return _without_nothing(
        {
            "resourceType": "Location",
            "id": id,
            "status": "active",
            "name": name,
            "identifier": [{"value": code}] if code else None,
            **changes,
        }
    )


def patient(id: str = "p1", /, **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "gender": "female", "birthDate": "1950-03-05", **changes}


def appointment(id: str = "a1", /, **changes: Any) -> dict[str, Any]:
    return _without_nothing(
        {
            "resourceType": "Appointment",
            "id": id,
            "status": "booked",
            "start": "2024-07-01T09:00:00+01:00",
            "end": "2024-07-01T09:30:00+01:00",
            "participant": [
                {"actor": {"reference": "Patient/p1"}, "status": "accepted"},
                {"actor": {"reference": "Location/clinic"}, "status": "accepted"},
            ],
            **changes,
        }
    )


def slot(id: str = "s1", /, **changes: Any) -> dict[str, Any]:
    return _without_nothing(
        {
            "resourceType": "Slot",
            "id": id,
            "status": "free",
            "schedule": {"reference": "Schedule/mondays"},
            "start": "2024-07-01T09:00:00+01:00",
            "end": "2024-07-01T09:30:00+01:00",
            **changes,
        }
    )


def at(place: str, start: str | None = None, end: str | None = None, **changes: Any) -> dict[str, Any]:
    """A place of an encounter's history."""
    period = _without_nothing({"start": start, "end": end})
    return _without_nothing({"location": {"reference": place}, "period": period or None, **changes})


def concept(code: str, system: str = "http://example.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _without_nothing(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
