"""The main job on a small hospital: from a real file, from own records, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scenarios.base_case import base_case
from scenarios.cycle import Asked, prepare, run_cycle
from scenarios.plan_book import approve, read_plan
from tests.mirror.scenarios.conftest import TOWN
from twin.errors import BadData, Cancelled, ConfigError, NotFound, UsageError
from twin.hospital import parse_hospital
from twin.records.simulated import simulate_year
from twin.store import Store, open_store

QUICK = {"days": 7, "replications": 4, "training_seconds": 2.0}


def town_folder(folder: Path, text: str = TOWN) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hospital.toml").write_text(text)
    return folder


def walk(
    store: Store, folder: Path, asked: Asked, **options: Any
) -> tuple[Mapping[str, Any], dict[str, bytes]]:
    """One main job, with its row, and the files it put."""
    files: dict[str, bytes] = {}
    claim = store.runs.start("run", asked.inputs(), owner="a test")

    def put(name: str, data: bytes) -> str:
        files[name] = data
        return store.artefacts.put(claim, name, data)

    summary = run_cycle(folder, store, claim.run_id, asked, put=put, threads=1, **options)
    store.runs.finish(claim, summary)
    return summary, files


def written(folder: Path, daily: list[float], series: str = "A_AND_E") -> Path:
    """A daily history file that ends on Sunday 4 January 2026."""
    last = date(2026, 1, 4)
    days = [last - timedelta(days=len(daily) - 1 - i) for i in range(len(daily))]
    rows = [f"{series},{day},{y:g}" for day, y in zip(days, daily, strict=True)]
    file = folder / "history.csv"
    file.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return file


@pytest.fixture(scope="module")
def from_records(tmp_path_factory) -> tuple[Path, dict[str, Any], Mapping[str, Any]]:
    """A town with three months of records after its first main job."""
    folder = town_folder(tmp_path_factory.mktemp("town") / "workspace")
    records = simulate_year(parse_hospital(TOWN), end=date(2025, 12, 31), days=91, seed=1)
    (folder / "records").mkdir()
    (folder / "records" / "encounters.parquet").write_bytes(records.parquet())
    told: list[tuple[float, float, str]] = []
    with open_store(folder) as store:
        summary, files = walk(store, folder, Asked(**QUICK), progress=lambda *p: told.append(p))
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    return folder, json.loads(files["answer.json"]), summary


def test_own_records_are_forecast_for_every_stream_and_start_from_who_is_there(from_records):
    _, answer, summary = from_records

    assert [s["stream"] for s in answer["streams"]] == ["emergency", "elective"]
    assert all(s["scale"] is None and s["source"] == "this hospital's records" for s in answer["streams"])
    assert answer["as_of"] == "2026-01-01T00:00:00"
    assert answer["streams"][0]["forecast"]["ds"][0] == "2026-01-01"
    assert sum(ward["in_beds"] for ward in answer["wards"]) > 15  # nobody starts from an empty house
    assert all(isinstance(ward["last_week"], float) for ward in answer["wards"])
    assert summary["source_key"] == "records"


def test_every_part_of_the_answer_is_there_and_fits_together(from_records):
    _, answer, _ = from_records

    assert set(answer) >= {
        "format", "run_id", "kind", "hospital", "beds", "as_of", "made_at", "engine", "seed", "version",
        "replications", "days", "command", "degraded", "streams", "track_record", "census", "wards", "plan",
        "certificate", "explanation", "decisions", "measures", "comparison",
    }  # fmt: skip
    assert answer["beds"] == 32 == answer["plan"]["total_today"]
    assert len(answer["census"]["hourly"]["ds"]) == 72 and len(answer["census"]["daily"]["ds"]) == 7
    assert all(at.endswith("T08:00:00") for at in answer["census"]["daily"]["ds"])
    for ward in answer["wards"]:
        need = ward["need"]
        assert all(a <= b <= c for a, b, c in zip(need["q10"], need["q50"], need["q90"], strict=True))
        assert len(ward["tightest"]["dots"]) == 20
    chances = [ward["chance_short"] for ward in answer["wards"]]
    assert chances == sorted(chances, reverse=True)
    assert answer["certificate"]["train_paths"] == 2 * answer["certificate"]["certify_paths"] == 4
    assert answer["decisions"][-1]["ward"] is None
    assert answer["comparison"]["base"] == "today"


def test_the_first_track_record_is_the_hold_out_and_says_so(from_records):
    _, answer, _ = from_records

    rows = [row for row in answer["track_record"] if row["stream"] == "emergency"]

    assert len(rows) == 28 and all(row["held_out"] for row in rows)
    assert {row["issued_at"] for row in rows} == {"2025-12-04T00:00:00"}
    assert all(row["happened"] is not None and row["last_week"] is not None for row in rows)


def test_a_what_if_after_the_main_job_meets_its_demand_and_its_patients(from_records):
    folder, _, _ = from_records

    with open_store(folder) as store:
        base = base_case(folder, store, days=7)
        longer = base_case(folder, store, days=20)

    assert base.origin.startswith("the forecast of run")
    assert base.window.warm_up == 0 and len(base.case.snapshot.patients) > 15
    assert longer.origin == "the hospital's own model of demand"


def test_its_plan_stands_in_the_book_and_once_approved_is_what_the_next_job_starts_from(
    from_records, tmp_path
):
    folder, answer, summary = from_records
    shutil.copytree(folder, tmp_path / "workspace")
    with open_store(tmp_path / "workspace") as store:
        (entry,) = store.plans.list("proposed")
        found = read_plan(store, entry.number)
        levels = {ward: max(days.values()) for ward, days in found.plan.beds.items()}
        approve(store, entry.number, actor="bed_manager")
        _, files = walk(store, store.workspace, Asked(**QUICK))

    assert (entry.number, entry.run_id) == (summary["plan"], answer["run_id"])
    assert found.kind == "beds" and found.answer["certificate"] == answer["certificate"]
    again = json.loads(files["answer.json"])
    assert again["plan"]["today"] == levels
    assert any(f'plan {entry.number} "' in note and "as approved" in note for note in again["notes"])


def test_a_forecast_that_has_met_its_days_replaces_the_hold_out(tmp_path):
    folder = town_folder(tmp_path / "workspace")
    rng = np.random.default_rng(3)
    daily = list(rng.poisson(40, 70).astype(float))
    with open_store(folder) as store:
        asked = Asked(history=written(tmp_path, daily[:60]), **QUICK)
        first, _ = walk(store, folder, asked)
        said = {row.ds: row.q50 for row in store.forecasts.list("emergency")}
        renamed = tmp_path / "history.csv"
        shifted = pd.read_csv(renamed)
        more = pd.date_range("2026-01-05", periods=10)
        extra = pd.DataFrame({"unique_id": "A_AND_E", "ds": more.strftime("%Y-%m-%d"), "y": daily[60:]})
        pd.concat([shifted, extra]).to_csv(renamed, index=False)
        _, files = walk(store, folder, asked)

    rows = json.loads(files["answer.json"])["track_record"]

    assert [row["ds"] for row in rows] == [f"2026-01-{day:02d}" for day in range(5, 12)]
    assert not any(row["held_out"] for row in rows)
    assert [row["said"] for row in rows] == [said[date.fromisoformat(row["ds"])] for row in rows]
    assert first["source_key"]


def test_a_real_emergency_department_drives_the_town(shared_data, tmp_path):
    whole = pd.read_csv(shared_data / "demand" / "ed_arrivals_hourly.csv")
    file = tmp_path / "short.csv"
    whole.tail(24 * 420).to_csv(file, index=False)
    folder = town_folder(tmp_path / "workspace")

    published: list[str] = []
    with open_store(folder) as store:
        _, files = walk(store, folder, Asked(history=file, **QUICK), publish=published.append)
    answer = json.loads(files["answer.json"])

    (stream,) = answer["streams"]
    last = pd.Timestamp(whole["ds"].iloc[-1]) + pd.Timedelta(hours=1)
    assert answer["as_of"] == last.isoformat()
    assert stream["stream"] == "emergency" and stream["source"] == "UIHC_ED from short.csv"
    assert "scaled by" in stream["scale_note"]
    assert stream["made_by"] == "lstm" or "the base serves" in " ".join(answer["notes"])
    assert np.mean(stream["forecast"]["mean"]) == pytest.approx(40, rel=0.1)
    assert stream["holdout"]["days"] == 28 and stream["holdout"]["mase"] > 0
    assert published == [answer["run_id"]]
    assert b"[beds.medicine]" in files["plan.toml"]


def test_without_scaling_the_file_is_used_as_it_is(tmp_path):
    file = written(tmp_path, [20.0] * 60)

    kept, plain = (
        prepare(town_folder(tmp_path / "workspace"), Asked(history=file, scale=scale)).source
        for scale in ("keep", "none")
    )

    assert kept.factor("emergency") == pytest.approx(2)
    assert plain.factor("emergency") == 1
    assert plain.scale_note("emergency") == "A_AND_E from history.csv is used as it is, 20.0 a day"


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"days": 10_000}, UsageError, "longer than"),
        ({"replications": 2}, UsageError, "4 replications"),
        ({"scale": "shrink"}, UsageError, "keep, none"),
        ({"mapping": {"B": "emergency"}}, ConfigError, "no such series"),
        ({"mapping": {"A_AND_E": "emergncy"}}, ConfigError, 'did you mean "emergency"'),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_the_run(tmp_path, asked, error, words):
    folder, file = town_folder(tmp_path / "workspace"), written(tmp_path, [20.0] * 60)

    with pytest.raises(error, match=words):
        prepare(folder, Asked(history=file, **asked))


def test_a_broken_history_is_bad_data_and_a_missing_one_is_not_found(tmp_path):
    folder = town_folder(tmp_path / "workspace")
    short, broken = written(tmp_path, [20.0] * 5), tmp_path / "broken.csv"
    broken.write_text("unique_id,ds,y\nA,2025-01-01,-4\nA,2025-01-01,nine\n")

    with pytest.raises(BadData, match="14 whole days"):
        prepare(folder, Asked(history=short))
    with pytest.raises(BadData):
        prepare(folder, Asked(history=broken))
    with pytest.raises(NotFound):
        prepare(folder, Asked(history=tmp_path / "nothing.csv"))


def test_a_ward_that_never_opens_is_named_with_its_patients(tmp_path):
    closed = TOWN.replace("staffed_beds = 12", "staffed_beds = 0")
    folder = town_folder(tmp_path / "workspace", closed)

    with pytest.raises(ConfigError, match=r"surgery = 0 .*3\.0 patients a day"):
        prepare(folder, Asked(history=written(tmp_path, [20.0] * 60)))


def test_a_cancel_stops_the_cycle_between_its_stages(tmp_path):
    folder, file = town_folder(tmp_path / "workspace"), written(tmp_path, [20.0] * 60)

    def stop() -> None:
        raise Cancelled("stop")

    with open_store(folder) as store, pytest.raises(Cancelled):
        walk(store, folder, Asked(history=file, **QUICK), check=stop)


def test_the_inputs_of_a_row_are_json_and_read_back():
    asked = Asked(history=Path("/data/a.csv"), mapping={"A": "emergency"}, days=14)

    assert Asked.of(json.loads(json.dumps(asked.inputs()))) == asked
    assert Asked.of({}) == Asked()
    assert asked.command() == (
        "twin run --history /data/a.csv --map A=emergency --scale keep --days 14 --replications 40 --seed 1"
    )
