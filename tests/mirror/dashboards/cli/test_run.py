"""``twin run``, ``nightly`` and ``compare``: exit codes, what stands on which stream, what is stored."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dashboards.cli import main
from scenarios.cycle import Asked
from tests.mirror.scenarios.conftest import TOWN
from twin.store import exclusive, open_store

QUICK = ("--days", "7", "--replications", "4")


@pytest.fixture
def town_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "hospital.toml").write_text(TOWN)
    return folder


@pytest.fixture
def history(tmp_path: Path) -> Path:
    daily = np.random.default_rng(4).poisson(20, 60)
    days = [date(2026, 1, 4) - timedelta(days=59 - i) for i in range(60)]
    rows = [f"ED,{day},{y}" for day, y in zip(days, daily, strict=True)]
    file = tmp_path / "history.csv"
    file.write_text("\n".join(["unique_id,ds,y", *rows]) + "\n")
    return file


def twin(*words: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return int(end.value.code or 0)


def runs_of(folder: Path) -> list[str]:
    with open_store(folder) as store:
        return [f"{run.kind} {run.state}" for run in store.runs.list(50)]


def test_the_main_job_prints_an_answer_keeps_its_row_and_says_that_a_fallback_served(
    town_folder, history, capsys
):
    code = twin("run", "--history", history, *QUICK, "--workspace", town_folder)
    said = capsys.readouterr()

    assert code == 5  # 60 days are too few for a network: the base serves, and that is told
    assert "degraded: Base forecast in use" in said.out and "degraded: Base forecast" in said.err
    assert "scaled by" in said.out and "Decisions" in said.out
    assert "forecasting demand" in said.err and "Decisions" not in said.err
    assert runs_of(town_folder) == ["run done"]
    assert len(list((town_folder / "reports").glob("*.html"))) == 1


def test_its_answer_as_json_is_one_document(town_folder, history, capsys):
    twin("run", "--history", history, *QUICK, "--workspace", town_folder, "--json")

    answer = json.loads(capsys.readouterr().out)
    assert answer["decisions"][-1]["ward"] is None
    assert answer["plan"]["total_today"] == 32


def test_a_broken_history_exits_3_and_stores_nothing(town_folder, tmp_path, capsys):
    broken = tmp_path / "broken.csv"
    broken.write_text("unique_id,ds,y\nED,2025-01-01,-4\nED,2025-01-01,nine\n")

    code = twin("run", "--history", broken, *QUICK, "--workspace", town_folder)

    assert code == 3
    assert "problems" in capsys.readouterr().err
    assert sorted(path.name for path in town_folder.iterdir()) == ["hospital.toml"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--days", "10000"), "longer than"),
        (("--map", "ED"), "SERIES=STREAM"),
        (("--map", "ED=nowhere"), "no such stream"),
    ],
)
def test_an_impossible_question_exits_2_and_stores_nothing(town_folder, history, capsys, words, told):
    code = twin("run", "--history", history, *words, "--workspace", town_folder)

    assert code == 2
    assert told in capsys.readouterr().err
    assert not (town_folder / "twin.db").exists()


def test_without_a_workspace_the_way_to_make_one_is_told(tmp_path, capsys):
    code = twin("run", "--workspace", tmp_path / "nowhere")

    assert code == 2
    assert "twin init" in capsys.readouterr().err


def test_queued_work_is_left_to_a_worker(town_folder, history, capsys):
    code = twin("run", "--history", history, *QUICK, "--queue", "--workspace", town_folder)

    assert code == 0
    assert "waits for a worker" in capsys.readouterr().out
    assert runs_of(town_folder) == ["run queued"]


def test_a_night_is_done_once_for_its_date_and_data(town_folder, history, capsys):
    words = ("nightly", "--history", history, *QUICK, "--workspace", town_folder)
    first = twin(*words)
    capsys.readouterr()

    second = twin(*words)

    assert (first, second) == (0, 0)  # whoever was better at recent origins serves: that is no fallback
    assert "already done" in capsys.readouterr().out
    assert runs_of(town_folder) == ["nightly done"]
    history.write_text(history.read_text() + "ED,2026-01-05,22\n")
    assert twin(*words) == 0
    assert runs_of(town_folder) == ["nightly done", "nightly done"]


def test_two_nights_at_once_are_refused(town_folder, history, capsys):
    with exclusive(town_folder, "nightly"):
        code = twin("nightly", "--history", history, *QUICK, "--workspace", town_folder)

    assert code == 75
    assert "under way" in capsys.readouterr().err


def test_scenarios_are_compared_with_the_base(town_folder, tmp_path, capsys):
    file = tmp_path / "more.toml"
    file.write_text(
        'name = "Four more"\nreason = "short"\n[[levers]]\nlever = "add_beds"\nward = "medicine"\nbeds = 4\n'
        'rationale = "assumed: a bay"\n'
    )
    words = (
        "compare",
        "winter_surge",
        file,
        "--days",
        "7",
        "--replications",
        "4",
        "--workspace",
        town_folder,
    )

    assert twin(*words) == 0
    table = capsys.readouterr().out
    assert twin(*words, "--json") == 0
    found = json.loads(capsys.readouterr().out)["comparisons"]

    assert "4 more beds in Medicine" in table and "8 % more: Emergency arrivals" in table
    assert [c["with"] for c in found] == ["Winter surge", "Four more"]


def test_an_unknown_scenario_exits_2(town_folder, capsys):
    assert twin("compare", "wintr_surge", "--workspace", town_folder) == 2
    assert 'did you mean "winter_surge"?' in capsys.readouterr().err


def test_a_night_without_new_data_keeps_the_forecast_and_records_its_age(
    town_folder, history, capsys, monkeypatch
):
    words = ("nightly", "--history", history, *QUICK, "--workspace", town_folder)
    twin(*words)
    capsys.readouterr()
    tomorrow = datetime.now(UTC) + timedelta(hours=37)
    monkeypatch.setattr("scenarios.nights.now", lambda: tomorrow)

    codes = [twin(*words), twin(*words)]
    said = capsys.readouterr()

    assert codes == [3, 3]
    assert "[E_STALE]" in said.err and "no new data since 2026-01-05 00:00" in said.err
    assert "made 37 hours ago" in said.err
    assert runs_of(town_folder) == ["stale done", "nightly done"]
    with open_store(town_folder) as store:
        stale, night = store.runs.list(2)
        assert stale.summary["kept"] == night.id and stale.summary["age_hours"] == pytest.approx(37, abs=0.2)
        assert {row.run_id for row in store.forecasts.list()} == {night.id}


def test_a_night_answers_with_the_model_of_the_night_before_and_tells_when_that_is_damaged(
    town_folder, history, capsys
):
    words = ("nightly", "--history", history, *QUICK, "--workspace", town_folder)
    twin(*words)
    capsys.readouterr()
    models = list((town_folder / "models").rglob("*.json"))
    lines = history.read_text().splitlines()
    history.write_text("\n".join([*lines, "ED,2026-01-05,20"]) + "\n")

    second = twin(*words)
    served = capsys.readouterr().out
    for card in models:
        card.write_bytes(b"{}")
    history.write_text("\n".join([*lines, "ED,2026-01-05,20", "ED,2026-01-06,21"]) + "\n")
    third = twin(*words)
    damaged = capsys.readouterr().out

    assert len(models) == 1
    assert second == 0 and "trained tonight" not in served and "serves; when it was trained" in served
    assert third == 5 and "degraded: " in damaged and "E_MODEL_HASH" in damaged
    assert "a new one is trained" in damaged and "trained tonight, because" in damaged


@pytest.mark.parametrize("kind", ["run", "nightly"])
def test_a_challenger_that_is_not_installed_is_refused_before_anything_is_kept(
    town_folder, history, capsys, monkeypatch, kind
):
    monkeypatch.setitem(sys.modules, "lightgbm", None)

    code = twin(kind, "--history", history, *QUICK, "--challenger", "lightgbm", "--workspace", town_folder)

    assert code == 2 and "hospital-twin[lightgbm]" in capsys.readouterr().err
    assert runs_of(town_folder) == []


def test_a_question_keeps_the_challengers_it_names():
    asked = Asked(challengers=("lightgbm",))

    assert Asked.of(json.loads(json.dumps(asked.inputs()))) == asked
    assert asked.command().endswith("--challenger lightgbm")
