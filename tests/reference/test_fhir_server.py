"""A real FHIR server (sekmet-fhir: a small hospital information system) is asked over loopback, and what it
holds is what comes in: every visit with its beds, every appointment, slot and place.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.faults.bad_inputs import Twin
from tests.mirror.twin.records.house import house
from tests.mirror.twin.records.reading.fhir.resources import NAMES, Reading, asked, reading
from twin.records.folding.fold import fold
from twin.records.folding.names import Names
from twin.records.folding.segments import Segment, write_segment
from twin.records.reading.fhir import read
from twin.records.reading.fhir import server as fhir_server
from twin.records.reading.fhir.server import RESOURCES, fetch
from twin.records.reading.told import Told
from twin.store import open_store

SCENARIOS = ("adt_admit_transfer_discharge", "appointment_book_cancel")
SECONDS_TO_START = 60


@pytest.fixture(scope="module")
def his(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base of a running server in which patients were admitted, moved, discharged, and booked."""
    beside = Path(sys.executable).with_name("sekmet")
    sekmet = str(beside) if beside.exists() else shutil.which("sekmet")
    if not sekmet:
        pytest.skip("sekmet-fhir is not installed")
    folder = tmp_path_factory.mktemp("his")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}/fhir"
    settings = {"base_url": base, "host": "127.0.0.1", "port": port, "data_dir": str(folder / "data")}
    (folder / "settings.yaml").write_text(json.dumps({**settings, "simulator": {"enabled": False}}))
    asked = {"cwd": folder, "env": {**os.environ, "SEKMET_CONFIG": str(folder / "settings.yaml")}}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sekmet, "serve"], stdout=log, stderr=log, **asked)
        try:
            _wait_for(f"{base}/metadata", process)
            subprocess.run(
                [sekmet, "seed", "--count", "4"], check=True, capture_output=True, timeout=120, **asked
            )
            subprocess.run(
                [sekmet, "scenario", "run", *SCENARIOS, "--no-serve"],
                check=True, capture_output=True, timeout=120, **asked,
            )  # fmt: skip
            yield base
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the server did not start")


def held(base: str, kind: str) -> list[dict]:
    """All resources of a type as the server itself gives them, in one page."""
    with urllib.request.urlopen(f"{base}/{kind}?_count=1000", timeout=10) as answer:
        return [entry["resource"] for entry in json.load(answer).get("entry", [])]


@pytest.fixture(scope="module")
def fetched(his: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of everything, fetched in pages of three."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fhir_server, "PAGE", 3)
        return fetch(his, tmp_path_factory.mktemp("fetched"))


@pytest.fixture(scope="module")
def imported(fetched: list[Path]) -> dict[str, Reading]:
    """What the twin reads of each file."""
    return {path.stem: reading(path, now=datetime.now(UTC) + timedelta(minutes=1)) for path in fetched}


def test_every_resource_of_the_server_comes_and_none_is_put_aside(his: str, imported: dict[str, Reading]):
    assert {*imported, "Patient"} == set(RESOURCES)
    for kind, found in imported.items():
        there = len(held(his, kind)) + (len(held(his, "Patient")) if kind == "Encounter" else 0)
        assert (found.told.read, found.told.aside) == (there, 0)


def test_every_visit_is_in_the_bed_in_which_the_server_has_it(his: str, imported: dict[str, Reading]):
    resources = {NAMES.encounter(f"Encounter/{each['id']}"): each for each in held(his, "Encounter")}
    visits = {row["key"]: row for row in imported["Encounter"].of("encounter")}
    beds: dict[str, list[str]] = {key: [] for key in visits}
    for stay in imported["Encounter"].of("ward_stay"):
        beds[stay["encounter"]].append(stay["place"])

    assert visits.keys() == resources.keys()
    for key, resource in resources.items():
        history = [each["location"]["reference"] for each in resource.get("location", [])]
        assert sorted(beds[key]) == sorted(history)
        assert visits[key]["status"] == resource["status"].replace("-", "_")
        assert ("ended" in visits[key]) == ("end" in resource["period"])
        assert "age" in visits[key]
    assert max(len(each) for each in beds.values()) > 1, "somebody was moved"


def test_every_bed_leads_to_its_ward(his: str, imported: dict[str, Reading]):
    by_key = {row["key"]: row for row in imported["Location"].of("location")}
    on_the_server = {f"Location/{each['id']}": each for each in held(his, "Location")}

    for place in {stay["place"] for stay in imported["Encounter"].of("ward_stay")}:
        at, names = place, []
        while at:
            names.append(by_key[at]["place"])
            at = by_key[at].get("part_of")
        ward = on_the_server[place]
        while "partOf" in ward:
            ward = on_the_server[ward["partOf"]["reference"]]
        assert names[-3:] == [ward["identifier"][0]["value"], ward["name"], ward["id"]]


def test_folded_everybody_is_on_the_ward_of_their_bed(his: str, fetched: list[Path], tmp_path: Path):
    on_the_server = {f"Location/{each['id']}": each for each in held(his, "Location")}
    now = datetime.now(UTC) + timedelta(minutes=1)
    segments = []
    for number, path in enumerate(reversed(fetched), start=1):
        file = tmp_path / f"{number}.segment"
        write_segment(read(path, asked(now=now), Told()), file)
        segments.append(Segment(file, number))
    wards = {"W-4A": "oak", "Ward 5B - Surgery": "elm", "ICU-1": "elm", "OPD-1": "clinic", "XR-1": "clinic"}

    folded = fold(segments, Names(wards), house(), tmp_path, now=now)

    expected: Counter[str] = Counter()
    for encounter in held(his, "Encounter"):
        for each in encounter.get("location", []):
            ward = on_the_server[each["location"]["reference"]]
            while "partOf" in ward:
                ward = on_the_server[ward["partOf"]["reference"]]
            expected[wards.get(ward["identifier"][0]["value"]) or wards[ward["name"]]] += 1
    stays = pq.read_table(folded.tables["ward_stays"].path).to_pylist()
    assert Counter(stay["place"] for stay in stays) == expected
    assert expected["elm"] and expected["oak"], "somebody was moved"
    assert {row["place"] for row in pq.read_table(folded.tables["slots"].path).to_pylist()} == {"clinic"}
    assert not folded.told_by_import or all(told.aside == 0 for told in folded.told_by_import.values())


def test_appointments_and_slots_stand_as_on_the_server(his: str, imported: dict[str, Reading]):
    stands = {"booked": "booked", "cancelled": "cancelled", "fulfilled": "attended", "arrived": "arrived"}
    here = {row["key"]: row["status"] for row in imported["Appointment"].of("appointment")}
    free = {row["key"]: row["status"] for row in imported["Slot"].of("slot")}

    assert here == {
        NAMES.encounter(f"Appointment/{each['id']}"): stands[each["status"]]
        for each in held(his, "Appointment")
    }
    assert free == {f"Slot/{each['id']}": each["status"] for each in held(his, "Slot")}


def test_no_name_of_a_patient_comes_into_a_file_of_statements(his: str, imported: dict[str, Reading]):
    said = " ".join(repr(found.rows) for found in imported.values())

    for person in held(his, "Patient"):
        assert person["id"] not in said
        assert person["birthDate"] not in said
        assert person["name"][0]["family"] not in said


def test_the_command_imports_from_the_server(
    his: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    twin, town = Twin(capsys, tmp_path), tmp_path / "town"
    assert twin("init", town, "--size", "small", "--until", "2025-01-03").code == 0
    wards = {"W-4A": "medicine", "Ward 5B - Surgery": "surgery", "ICU-1": "critical_care"}
    places = {**wards, "OPD-1": "clinics", "XR-1": "clinics"}
    names = "".join(f'"{code}" = "{name}"\n' for code, name in places.items())
    (town / "records.toml").write_text(f"[places]\n{names}")

    said = twin("import", his, "--workspace", town)

    assert said.code == 0, said.err
    assert "FHIR R4" in said.err
    with open_store(town) as store:
        tables, (one,) = store.records.tables(), store.records.imports()
    assert tables["encounters"].rows == len(held(his, "Encounter"))
    assert tables["appointments"].rows == len(held(his, "Appointment"))
    assert tables["slots"].rows == len(held(his, "Slot"))
    assert (one.source, one.aside) == (his, 0)
