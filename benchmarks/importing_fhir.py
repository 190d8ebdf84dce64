"""Reading FHIR: resources a minute and peak memory, for NDJSON and for a bundle.

    python benchmarks/importing_fhir.py [--megabytes 100] [--times 3]

Encounters like those of a real server (history of statuses, participants, three beds) stand behind their
patients and places. Each reading has a process of its own; its time is of the processor, the least of
several; its memory is what it takes above the imports.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

KINDS = ("ndjson", "bundle")
FIRST = datetime(2023, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write the files, read them, print a line a kind."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--megabytes", type=int, default=100)
    words.add_argument("--times", type=int, default=3)
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"feed.{kind}"
            count = write(path, kind, asked.megabytes << 20)
            runs = [in_a_process(path) for _ in range(asked.times)]
            seconds = min(run["seconds"] for run in runs)
            print(
                f"{kind}: {count:,} resources, {path.stat().st_size / 2**20:.0f} MB,"
                f" {seconds:.1f} s of processor,"
                f" {count / seconds * 60:,.0f} resources a minute,"
                f" {max(run['megabytes'] for run in runs):.0f} MB above the imports,"
                f" {runs[0]['statements']:,} statements, {runs[0]['aside']} put aside"
            )


def write(path: Path, kind: str, size: int) -> int:
    """A file of about this many bytes; the number of its resources."""
    count = 0
    with path.open("w") as file:
        if kind == "bundle":
            file.write('{"resourceType":"Bundle","type":"searchset","entry":[\n')
        for made in resources():
            if kind == "bundle":
                address = f"https://emr.example/fhir/{made['resourceType']}/{made['id']}"
                made = {"fullUrl": address, "resource": made, "search": {"mode": "match"}}
                file.write("," if count else "")
            file.write(json.dumps(made, separators=(",", ":")) + "\n")
            count += 1
            if file.tell() > size:
                break
        if kind == "bundle":
            file.write("]}")
    return count


def resources():
    """Places, then patients and their encounters without end."""
    for bed in range(600):
        yield {
            "resourceType": "Location", "id": f"b{bed}", "identifier": [{"value": f"B-{bed}"}],
            "status": "active", "name": f"Bed {bed}", "partOf": {"reference": f"Location/w{bed // 24}"},
        }  # fmt: skip
    for ward in range(25):
        yield {"resourceType": "Location", "id": f"w{ward}", "status": "active", "name": f"Ward {ward}"}
    number = 0
    while True:
        number += 1
        if number % 4 == 1:
            yield {
                "resourceType": "Patient", "id": f"p{number // 4}", "gender": "female",
                "birthDate": "1950-01-01", "name": [{"family": "Noble", "given": ["Jose"]}],
                "telecom": [{"value": "+1-555-336-1170"}],
            }  # fmt: skip
        yield encounter(number)


def encounter(number: int) -> dict:
    """A finished stay in three beds."""
    at = [(FIRST + timedelta(minutes=number % 700_000 + hours * 60)).isoformat() for hours in (0, 9, 30, 77)]
    bed = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/location-physical-type", "code": "bd"}]
    }
    concept = {"coding": [{"system": "http://snomed.info/sct", "code": "32485007", "display": "Admission"}]}
    return {
        "resourceType": "Encounter",
        "id": f"e{number}",
        "meta": {"versionId": "3", "lastUpdated": at[3]},
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">An inpatient</div>',
        },
        "identifier": [{"system": "urn:oid:1.2.3.4.5.2", "value": f"V{number}", "type": concept}],
        "status": "finished",
        "statusHistory": [
            {"status": "in-progress", "period": {"start": at[0], "end": at[3]}},
            {"status": "finished", "period": {"start": at[3]}},
        ],
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "type": [concept],
        "priority": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActPriority", "code": "UR"}]
        },
        "subject": {"reference": f"Patient/p{(number - 1) // 4}", "display": "Jose Noble"},
        "participant": [{"individual": {"reference": "Practitioner/x", "display": "Gregory House"}}],
        "period": {"start": at[0], "end": at[3]},
        "location": [
            {
                "location": {"reference": f"Location/b{(number + n) % 600}", "display": "Bed"},
                "status": "completed",
                "physicalType": bed,
                "period": {"start": start, "end": end},
            }
            for n, (start, end) in enumerate(pairwise(at))
        ],
        "hospitalization": {"dischargeDisposition": {"coding": [{"code": "home"}]}},
    }


def in_a_process(path: Path) -> dict:
    """Read the file once in a new process."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(read_it, (path,))


def read_it(path: Path) -> dict:
    """Seconds of processor and memory of one reading."""
    from twin.records.reading.asked import Asked
    from twin.records.reading.fhir import read
    from twin.records.reading.pseudonyms import Pseudonyms
    from twin.records.reading.told import Told

    asked = Asked(path.name, "Europe/London", datetime.now(UTC), Pseudonyms(b"a secret of the benchmark"))
    told = Told()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    statements = sum(batch.num_rows for batch in read(path, asked, told))
    seconds = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "seconds": seconds, "megabytes": grown / 1024, "statements": statements, "aside": told.aside,
    }  # fmt: skip


if __name__ == "__main__":
    main()
