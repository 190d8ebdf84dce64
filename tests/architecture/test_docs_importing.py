"""How to bring records in: every file of the page is read as it says, and what it names is there."""

import inspect
import re
import tomllib
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest

from dashboards.cli import COMMANDS
from twin.errors import CODES
from twin.hospital import parse_hospital, shipped
from twin.records.folding.fold import fold
from twin.records.folding.names import parse_names
from twin.records.folding.pathways import encounters_of
from twin.records.folding.segments import Segment, write_segment
from twin.records.reading import fhir, hl7
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import read
from twin.records.reading.hl7.message import READ
from twin.records.reading.limits import GB, KB, MB, USUAL
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

PAGE = Path(__file__).resolve().parents[2] / "docs" / "importing.md"
TEXT = PAGE.read_text(encoding="utf-8")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILES = dict(re.findall(r"^`([\w.]+)`[^\n]*\n\n```\w+\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize(
    ("name", "mapping"), [("visits.csv", None), ("stays.csv", None), ("moves.csv", "ward_moves.toml")]
)
def test_every_extract_of_the_page_is_read_without_a_fault(name: str, mapping: str | None, tmp_path: Path):
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    told = Told()
    asked = Asked(
        name, "Europe/London", NOW, Pseudonyms(b"s" * 32), str(tmp_path / mapping) if mapping else None
    )

    rows = sum(batch.num_rows for batch in read(tmp_path / name, asked, told))

    assert (told.aside, told.faults) == (0, [])
    assert rows == len(FILES[name].splitlines()) - 1


@pytest.mark.parametrize(
    ("name", "reader", "things"),
    [
        ("adt.hl7", hl7.read, {"encounter"}),
        ("visit.json", fhir.read, {"location", "encounter", "ward_stay"}),
    ],
)
def test_every_message_and_resource_of_the_page_is_read_without_a_fault(name, reader, things, tmp_path: Path):
    (tmp_path / name).write_text(FILES[name])
    told = Told()

    batches = list(reader(tmp_path / name, Asked(name, "Europe/London", NOW, Pseudonyms(b"s" * 32)), told))

    assert (told.aside, told.faults) == (0, [])
    assert {thing for batch in batches for thing in batch.column("thing").to_pylist()} == things
    assert all("V-1004" not in str(batch.to_pylist()) for batch in batches)


def test_the_four_examples_come_to_five_visits_with_their_stays(tmp_path: Path):
    hospital = parse_hospital(shipped("small"), source="small.toml")
    names = parse_names(FILES["records.toml"], hospital)
    segments = []
    sources = {"visits.csv": read, "stays.csv": read, "adt.hl7": hl7.read, "visit.json": fhir.read}
    for number, (name, reader) in enumerate(sources.items(), 1):
        (tmp_path / name).write_text(FILES[name])
        asked = Asked(name, hospital.timezone, NOW, Pseudonyms(b"s" * 32))
        write_segment(reader(tmp_path / name, asked, Told()), tmp_path / f"{number}.parquet")
        segments.append(Segment(tmp_path / f"{number}.parquet", number))
    (tmp_path / "tables").mkdir()

    folded = fold(segments, names, hospital, tmp_path / "tables", now=NOW)
    files = {name: table.path for name, table in folded.tables.items()}
    encounters, findings = encounters_of(files, hospital, names)

    assert (folded.findings, findings, folded.told_by_import) == ((), [], {})
    assert (len(encounters.arrivals()), encounters.rows) == (5, 7)
    assert set(encounters.arrivals()["patient_class"]) == {"urgent"}
    assert list(encounters.frame["place"]).count("medicine") == 4


def test_the_words_of_records_toml_are_names_of_the_hospital():
    hospital = parse_hospital(shipped("small"), source="small.toml")
    said = tomllib.loads(FILES["records.toml"])

    assert set(said["places"].values()) <= {*hospital.wards, *hospital.places}
    assert {rule["class"] for rule in said["classes"]} <= set(hospital.classes)


def test_commands_and_options_of_the_page_are_real():
    lines = [line.split("#")[0] for line in re.findall(r"^twin .+$", TEXT, re.MULTILINE)]

    assert len(lines) >= 6
    for line in lines:
        words = line.split()
        command = import_module(f"dashboards.cli.{COMMANDS[words[1]][0]}").command
        known = set()
        for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
            notes = getattr(parameter.annotation, "__metadata__", ())
            told = [d for m in notes for d in (m.default, *(m.param_decls or ())) if str(d).startswith("--")]
            known.update(told or ["--" + name.replace("_", "-")])
        assert {word for word in words if word.startswith("--")} <= known, line


def test_codes_of_the_page_are_in_the_list():
    assert set(re.findall(r"`(E_[A-Z_]+)`", TEXT)) <= set(CODES)


def test_segments_and_limits_of_the_page_are_those_of_the_code():
    assert all(segment in TEXT for segment in READ)
    for told, value in (
        ("20 GB", USUAL.file_bytes == USUAL.unpacked_bytes == 20 * GB),
        ("200 times its own size, 10,000 files", (USUAL.unpacked_times, USUAL.members) == (200, 10_000)),
        ("1 MB", USUAL.line_bytes == MB),
        ("65,536 characters", USUAL.field_chars == 64 * KB == 65_536),
        ("| 500 |", USUAL.columns == 500),
        ("4 MB, 10,000 segments", (USUAL.message_bytes, USUAL.segments) == (4 * MB, 10_000)),
        ("16 MB; 128 MB", (USUAL.resource_bytes, USUAL.bundle_bytes) == (16 * MB, 128 * MB)),
        ("depth of JSON | 64", USUAL.depth == 64),
        ("352 MB above", USUAL.child_bytes == 352 * MB),
    ):
        assert told in TEXT and value, told
