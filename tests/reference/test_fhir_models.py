"""The published models of FHIR R4B (fhir.resources) read the same resources: whatever the twin takes from
one, its model says too, on samples of two other systems and on resources made at random.
"""

import importlib
import json
import os
import pkgutil
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mirror.twin.records.reading.fhir.resources import LONDON, NAMES, bundle, ndjson, reading
from twin.records.reading.fhir import codes

R4B = pytest.importorskip("fhir.resources.R4B")
HOUSE = Path(__file__).resolve().parents[2]
KINDS = ("Appointment", "Encounter", "Location", "Patient", "Schedule", "Slot")
LATE = datetime(2027, 1, 1, tzinfo=UTC)
THING = {"Encounter": "encounter", "Appointment": "appointment", "Slot": "slot"}


def model_of(resource: dict) -> Any:
    return R4B.get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def instant(told: datetime | date | None) -> datetime | None:
    """A time of the models as UTC without a zone, to the millisecond; a date at its noon in London."""
    if told is None:
        return None
    if not isinstance(told, datetime):
        told = datetime.combine(told, time(12), ZoneInfo(LONDON))
    told = told.astimezone(UTC).replace(tzinfo=None)
    return told - timedelta(microseconds=told.microsecond % 1000)


def says_the_same(resource: dict, rows: list[dict], number: int) -> None:
    """What was read of one resource is what its model says."""
    model, kind = model_of(resource), resource["resourceType"]
    own = [row for row in rows if row["row"] == number]
    if kind == "Patient":
        assert own == []
        return
    assert {row.get("said_at") for row in own} == {instant(model.meta.lastUpdated if model.meta else None)}
    if kind in ("Location", "Schedule"):
        assert [row["key"].partition("#")[0] for row in own] == [f"{kind}/{model.id}"] * len(own)
        told = [each.value for each in model.identifier or []] + [getattr(model, "name", None), model.id]
        assert [row["place"] for row in own] == list(dict.fromkeys(filter(None, told)))
        if kind == "Location":
            assert own[-1].get("part_of") == (model.partOf and model.partOf.reference)
        return
    first = own[0]
    assert first["thing"] == THING[kind]
    assert first["key"] == (f"Slot/{model.id}" if kind == "Slot" else NAMES.encounter(f"{kind}/{model.id}"))
    _ENCOUNTER_OR_BOOKING[kind](model, own)


def _encounter(model: Any, own: list[dict]) -> None:
    first, period = own[0], model.period
    assert first.get("status") == codes.ENCOUNTER_STATUS[model.status]
    assert first.get("kind") == codes.KIND.get(model.class_fhir.code)
    if model.status in ("planned", "cancelled"):
        assert first.get("planned_start") == instant(period and period.start)
        return
    history = [each for each in model.statusHistory or [] if each.period and each.period.start]
    here = [instant(e.period.start) for e in history if e.status in ("arrived", "triaged")]
    assert first.get("arrived") == (min(here) if here else instant(period.start))
    if model.status == "finished":
        assert first["ended"] == instant(period.end)
    told = [each for each in model.location or [] if each.period and each.period.start]
    assert [(row["place"], row["started"]) for row in own[1:]] == sorted(
        ((each.location.reference, instant(each.period.start)) for each in told), key=lambda each: each[1]
    ) or not told
    for row, each in zip(own[1:], sorted(told, key=lambda each: instant(each.period.start)), strict=False):
        if each.period.end:
            assert row["ended"] == instant(each.period.end)


def _booked(model: Any, own: list[dict]) -> None:
    [row] = own
    assert (row.get("planned_start"), row.get("planned_end")) == (instant(model.start), instant(model.end))
    assert row["status"] == {**codes.APPOINTMENT_STATUS, **codes.SLOT_STATUS}[model.status]
    service = [code.code for each in model.serviceType or [] for code in each.coding or []]
    assert row.get("specialty") == (service[0] if service else None)
    if hasattr(model, "participant"):
        actors = [each.actor.reference for each in model.participant if each.actor]
        assert row.get("place") == next((each for each in actors if each.startswith("Location/")), None)
        who = next((each for each in actors if each.startswith("Patient/")), None)
        assert row.get("patient") == (who and NAMES.patient(who))


_ENCOUNTER_OR_BOOKING = {"Encounter": _encounter, "Appointment": _booked, "Slot": _booked}


# ---- samples of other systems --------------------------------------------------------------------


def samples() -> list[Path]:
    data = Path(os.environ.get("TWIN_SHARED_DATA") or HOUSE.parent / "shared" / "data")
    return sorted((data / "interop" / "fhir-r4").glob("*/*.json"))


@pytest.mark.parametrize("path", samples() or [None], ids=lambda path: path.stem[:20] if path else "absent")
def test_samples_of_other_systems_are_read_as_their_models_say(path: Path | None):
    if path is None:
        pytest.skip("the samples of FHIR are not beside the house")
    resources = [entry["resource"] for entry in json.loads(path.read_text("utf-8"))["entry"]]

    read = reading(path, now=LATE)

    assert (read.told.read, read.told.aside) == (len(resources), 0)
    counted = Counter(each["resourceType"] for each in resources if each["resourceType"] not in KINDS)
    assert {what.rpartition(" ")[2]: times for what, times in read.told.notes.items()} == counted
    for number, resource in enumerate(resources, start=1):
        if resource["resourceType"] in KINDS:
            says_the_same(resource, read.rows, number)


def test_every_type_of_resource_that_the_models_know_is_known():
    base = importlib.import_module("fhir.resources.R4B.resource").Resource
    names = set()
    for module in pkgutil.iter_modules(R4B.__path__):
        if module.name.endswith("tests"):
            continue
        for value in vars(importlib.import_module(f"fhir.resources.R4B.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, base):
                names.add(value.get_resource_type())

    assert len(names) > 140
    assert names - codes.TYPES == {"Resource", "DomainResource"}


# ---- resources at random -------------------------------------------------------------------------

IDS = st.text("abcXYZ019-.", min_size=1, max_size=12).filter(lambda name: name.strip("."))
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))
OFFSETS = st.sampled_from(["Z", "+00:00", "+05:30", "-11:00", "+14:00"])
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)


@st.composite
def written(draw: st.DrawFn, at: datetime) -> str:
    """A time as one of the ways FHIR writes it."""
    offset = draw(OFFSETS)
    zone = datetime.fromisoformat(f"2000-01-01T00:00:00{offset.replace('Z', '+00:00')}").tzinfo
    local = at.astimezone(zone).replace(tzinfo=None)
    return (
        local.isoformat(timespec=draw(st.sampled_from(["seconds", "milliseconds", "microseconds"]))) + offset
    )


@st.composite
def periods(draw: st.DrawFn, at: datetime, open_end: bool = True) -> dict:
    period = {"start": draw(written(at))}
    if not open_end or draw(st.booleans()):
        period["end"] = draw(written(at + timedelta(minutes=draw(st.integers(1, 100_000)))))
    return period


@st.composite
def encounters(draw: st.DrawFn) -> dict:
    status = draw(st.sampled_from([each for each in codes.ENCOUNTER_STATUS if each != codes.ERROR]))
    start = draw(TIMES).replace(microsecond=0)
    period = draw(periods(start, open_end=False))
    places, at = [], start
    for n in range(draw(st.integers(0, 4))):
        begin = at + timedelta(minutes=n + draw(st.integers(1, 5000)))
        end = begin + timedelta(minutes=draw(st.integers(0, 5000)))
        places.append({
            "location": {"reference": f"Location/{draw(IDS)}", "display": draw(TEXT)},
            "period": {"start": draw(written(begin)), "end": draw(written(end))},
        })  # fmt: skip
        at = end
    draw(st.randoms()).shuffle(places)
    resource = {
        "resourceType": "Encounter", "id": draw(IDS), "status": status, "period": period,
        "class": {"code": draw(st.sampled_from([*codes.KIND, "FLD"]))},
        "subject": {"reference": f"Patient/{draw(IDS)}", "display": draw(TEXT)},
        "meta": {"lastUpdated": draw(written(start))}, "text": {"status": "empty", "div": "<div>x</div>"},
    }  # fmt: skip
    if places:
        resource["location"] = places
    return resource


@st.composite
def bookings(draw: st.DrawFn) -> dict:
    start = draw(TIMES)
    common = {
        "id": draw(IDS),
        "start": draw(written(start)),
        "end": draw(written(start + timedelta(minutes=draw(st.integers(1, 600))))),
        "serviceType": [
            {"coding": [{"code": draw(st.sampled_from(["124", "300", "x-1"]))}], "text": draw(TEXT)}
        ],
    }
    if draw(st.booleans()):
        schedule = {"reference": f"Schedule/{draw(IDS)}"}
        status = draw(st.sampled_from([each for each in codes.SLOT_STATUS if each != codes.ERROR]))
        return {"resourceType": "Slot", "status": status, "schedule": schedule, **common}
    status = draw(st.sampled_from([each for each in codes.APPOINTMENT_STATUS if each != codes.ERROR]))
    actors = [
        f"{kind}/{draw(IDS)}" for kind in draw(st.permutations(["Patient", "Location", "Practitioner"]))
    ]
    who = [{"actor": {"reference": each, "display": draw(TEXT)}, "status": "accepted"} for each in actors]
    return {"resourceType": "Appointment", "status": status, "participant": who, **common}


@st.composite
def locations(draw: st.DrawFn) -> dict:
    names = st.text("ABCxyz 0123-_/", min_size=1, max_size=20).map(str.strip).filter(bool)
    resource = {
        "resourceType": "Location",
        "id": draw(IDS),
        "status": draw(st.sampled_from([*codes.LOCATION_STATUS])),
    }
    if draw(st.booleans()):
        resource["name"] = draw(names)
    if draw(st.booleans()):
        resource["identifier"] = [{"value": draw(names)} for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        resource["partOf"] = {"reference": f"Location/{draw(IDS)}"}
    return resource


@settings(max_examples=150, deadline=None)
@given(resources=st.lists(st.one_of(encounters(), bookings(), locations()), min_size=1, max_size=6))
def test_resources_at_random_are_read_as_their_models_say(resources: list[dict], tmp_path_factory):
    folder = tmp_path_factory.mktemp("random", numbered=True)

    for path in (ndjson(folder, *resources), bundle(folder, *resources, indent=1)):
        read = reading(path, now=LATE)
        assert read.codes == []
        for number, resource in enumerate(resources, start=1):
            says_the_same(resource, read.rows, number)
