"""``twin forecast`` and ``twin backtest`` as a user meets them."""

import io
import json

import numpy as np
import pandas as pd
import pytest

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
