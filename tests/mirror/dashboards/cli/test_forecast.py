"""``twin forecast`` and ``twin backtest`` as a user meets them."""

import io
import json
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
import tomlkit

from dashboards.cli import main


@pytest.fixture
def history(tmp_path):
    stamps = pd.date_range("2024-01-01", periods=35, freq="D")
    counts = 50 + 10 * (stamps.day_of_week == 0) + np.arange(35) % 3
    path = tmp_path / "history.csv"
    pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": counts}).to_csv(path, index=False)
    return path


def called(capsys, *words) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    out = capsys.readouterr()
    return end.value.code or 0, out.out, out.err


def test_the_table_goes_to_standard_output_and_the_reason_beside_it(capsys, history):
    code, out, err = called(capsys, "forecast", history, "--horizon", 7)

    table = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert list(table.columns[:4]) == ["unique_id", "ds", "mean", "q0.025"]
    assert table["ds"].tolist()[0] == "2024-02-05" and len(table) == 7
    assert "the base serves" in err


def test_table_and_paths_are_written_to_files(capsys, history, tmp_path):
    table, paths = tmp_path / "out.csv", tmp_path / "paths.csv"

    code, out, _ = called(
        capsys, "forecast", history, "--horizon", 7, "--out", table, "--paths", paths, "--n-paths", 5
    )

    assert (code, out) == (0, "")
    assert len(pd.read_csv(table)) == 7
    assert len(pd.read_csv(paths)) == 35


@pytest.mark.parametrize("words", [("forecast",), ("backtest", "--origins", 1)])
def test_a_challenger_that_is_not_installed_is_refused_before_the_work(capsys, history, monkeypatch, words):
    monkeypatch.setitem(sys.modules, "lightgbm", None)

    code, out, err = called(capsys, *words, history, "--horizon", 7, "--challenger", "lightgbm")

    assert (code, out) == (2, "")
    assert "hospital-twin[lightgbm]" in err


def test_beds_now_take_no_challenger(capsys):
    code, _, err = called(capsys, "forecast", "--beds-now", "--challenger", "lightgbm")

    assert code == 2 and "--challenger: not with the beds" in err


def test_json_is_one_document(capsys, history):
    code, out, _ = called(capsys, "forecast", history, "--horizon", 3, "--json")

    document = json.loads(out)
    assert code == 0
    assert document["made_by"] == {"ed": "base"} and len(document["forecast"]) == 3


@pytest.mark.parametrize("horizon", [0, -1, 10_000])
def test_an_impossible_horizon_is_a_usage_error(capsys, history, horizon):
    code, out, err = called(capsys, "forecast", history, f"--horizon={horizon}")

    assert (code, out) == (2, "")
    assert "1 to 3650" in err


def test_a_broken_file_is_bad_data(capsys, tmp_path):
    path = tmp_path / "broken.csv"
    path.write_text("unique_id,ds,y\ned,2024-01-01,-3\n")

    code, out, err = called(capsys, "forecast", path, "--horizon", 7)

    assert (code, out) == (3, "")
    assert "row 2, y" in err


def test_an_unknown_country_is_a_usage_error(capsys, history):
    code, _, err = called(capsys, "forecast", history, "--horizon", 7, "--country", "XX")

    assert code == 2 and "XX" in err


def test_a_backtest_prints_three_methods(capsys, history):
    code, out, _ = called(capsys, "backtest", history, "--horizon", 7, "--origins", 2)

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["method", "forecast", "base", "seasonal_naive"]


def test_a_backtest_is_told_what_was_known_beforehand_and_names_the_days_it_was_not(
    capsys, history, tmp_path
):
    counts = pd.read_csv(history, parse_dates=["ds"])
    fair = np.arange(35) % 5 == 0
    counts.assign(y=np.where(fair, 2 * counts["y"], counts["y"])).to_csv(history, index=False)
    table = tmp_path / "fairs.csv"
    known = pd.DataFrame({"ds": counts["ds"].dt.date, "fair": fair.astype(int)})
    known.to_csv(table, index=False)
    words = ["backtest", history, "--horizon", 7, "--origins", 2, "--country", "none", "--json"]

    _, blind, _ = called(capsys, *words)
    code, told, _ = called(capsys, *words, "--covariates", table)
    known[:25].to_csv(table, index=False)
    refused, _, err = called(capsys, *words, "--covariates", table)

    error = [json.loads(page)["mean"]["base"]["mase"] for page in (blind, told)]
    assert code == 0 and error[1] < 0.5 * error[0]
    assert refused == 3 and "every series, ds = '2024-01-26'" in err
    assert err.count("'2024-01-26'") == 1 and "every series, ds = '2024-02-04'" in err


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A practice with eight weeks of records: six a day by the door, half of them lie a day in oak."""
    from tests.mirror.forecasting.test_targets import a_house, a_stay
    from twin.records.encounters import Encounters

    folder = tmp_path_factory.mktemp("practice")
    as_of = pd.Timestamp("2025-03-03")
    stays = []
    for day in pd.date_range("2025-01-06", "2025-03-02"):
        for k in range(6):
            came = day + pd.Timedelta(hours=3 * k + 1)
            name, gone = f"{day:%m%d}{k}", came + pd.Timedelta(hours=25)
            seen = came + pd.Timedelta(hours=1)
            stays.append(a_stay(name, "door", "majors", came, seen, "seen"))
            if k % 2:
                stays.append(a_stay(name, "door", "oak", seen, gone if gone < as_of else None, arrived=came))
    (folder / "records").mkdir()
    (folder / "hospital.toml").write_text(
        tomlkit.dumps(a_house().model_dump(by_alias=True, exclude_none=True, mode="json"))
    )
    records = Encounters(pd.DataFrame(stays), date(2025, 1, 6), as_of.to_pydatetime(), "simulated")
    (folder / "records" / "encounters.parquet").write_bytes(records.parquet())
    return folder


def test_without_a_file_the_workspaces_targets_are_forecast_at_every_level(capsys, workspace):
    asked = ("--target", "census", "--target", "arrivals", "--time-limit", "0.1")
    code, out, err = called(capsys, "forecast", "--workspace", workspace, "--horizon", 3, *asked, "--json")

    document = json.loads(out)
    assert code == 0
    rows = {row["unique_id"]: row for row in document["forecast"]}
    assert {
        "arrivals/stream/door",
        "arrivals/hospital",
        "census/ward/oak",
        "census/specialty/medicine",
    } <= set(rows)
    assert rows["census/ward/oak"]["mean"] == pytest.approx(rows["census/hospital"]["mean"])
    assert document["targets"][0]["unit"] == "patients"
    assert "no supply movements: no supply targets" in err and "1 of 2: arrivals" in err


def test_a_target_that_the_records_do_not_give_says_why(capsys, workspace):
    code, out, err = called(
        capsys, "forecast", "--workspace", workspace, "--horizon", 3, "--target", "supplies"
    )

    assert (code, out) == (2, "")
    assert "the records give no supplies" in err and "no supply movements" in err


def test_beds_of_the_next_hours_stand_at_huddles_beside_the_beds_that_are_open(capsys, workspace):
    asked = ("--horizon", 24, "--at", 6, "--at", 15, "--time-limit", "0.1", "--n-paths", 50)
    code, out, err = called(capsys, "forecast", "--workspace", workspace, "--beds-now", *asked, "--json")

    document = json.loads(out)
    assert code == 0
    oak = [row for row in document["forecast"] if row["unique_id"] == "beds/ward/oak"]
    assert [row["ds"] for row in oak] == ["2025-03-03 06:00:00", "2025-03-03 15:00:00"]
    assert [row["open_beds"] for row in oak] == [2, 2]
    assert all(2 < row["mean"] < 4 for row in oak), "three a day for a day each need three beds"
    assert all(0 < row["chance_over"] <= 1 for row in oak), "and two are open"
    assert document["now"]["oak"]["in_beds"] == 3
    assert "as of 2025-03-03 00:00: 3 patients in ward beds" in err


def test_what_cannot_be_asked_together_is_told(capsys, history, workspace):
    cases = {
        ("forecast", history, "--beds-now"): "leave HISTORY out",
        ("forecast", history, "--horizon", 3, "--target", "census"): "leave HISTORY out",
        ("forecast", history): "name --horizon",
        (
            "forecast",
            "--workspace",
            workspace,
            "--horizon",
            3,
            "--target",
            "beds",
            "--target",
            "census",
        ): "one after",
        ("forecast", "--workspace", workspace, "--horizon", 3, "--at", 6): "--at names the huddles",
        ("forecast", "--workspace", workspace, "--beds-now", "--frequency", "D"): "--frequency",
        ("forecast", "--workspace", workspace, "--horizon", 3, "--target", "sensus"): "census",
        ("forecast", "--workspace", workspace, "--horizon", 3, "--level", "bay"): "is not one of",
    }
    for asked, rule in cases.items():
        code, _, err = called(capsys, *asked)
        assert code == 2 and rule in err, asked
