"""``twin forecast --explain``: why a series is forecast as it is."""

import json

import numpy as np
import pandas as pd
import pytest

from dashboards.cli import main
from dashboards.services.explaining import asked_for
from twin.errors import NotFound, UsageError

AHEAD = pd.date_range("2024-03-30", periods=7, freq="D")


@pytest.fixture
def history(tmp_path):
    stamps = pd.date_range("2023-12-04", periods=70, freq="D")
    y = np.where(stamps.day_of_week == 0, 140, 100)
    pd.DataFrame({"unique_id": "ward 1: east", "ds": stamps, "y": y}).to_csv(tmp_path / "h.csv", index=False)
    return str(tmp_path / "h.csv")


def called(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    assert not end.value.code
    return capsys.readouterr().out


def test_a_day_is_told_by_its_largest_reason_and_the_parts_add_up(history, capsys):
    asked = ("--horizon", "7", "--country", "none", "--explain", "ward 1: east:2024-02-12")

    told = called(capsys, "forecast", history, *asked).splitlines()

    assert told[0].startswith("ward 1: east, Mon 12 Feb 2024: 1")
    assert told[1].startswith("Monday: +3")  # 140 against a mean of 105.7
    figures = [float(line.split()[-1].replace("−", "-")) for line in told[2:]]
    assert sum(figures[:-1]) == pytest.approx(figures[-1], abs=1.5)  # each is rounded


def test_a_series_is_told_a_sentence_a_day(history, capsys):
    asked = ("--horizon", "7", "--country", "none", "--explain", "ward 1: east")

    told = called(capsys, "forecast", history, *asked).splitlines()

    assert len(told) == 8
    assert "; Monday +3" in told[1] and "Monday" not in told[2]


def test_as_json_the_values_sum_to_the_middle(history, capsys):
    asked = ("--horizon", "2", "--country", "none", "--explain", "ward 1: east", "--json")

    document = json.loads(called(capsys, "forecast", history, *asked))

    first, row = document["explanation"][0], document["forecast"][0]
    assert first["middle"] == pytest.approx(row["q0.5"])
    assert first["usual"] + sum(part["value"] for part in first["parts"]) == pytest.approx(first["middle"])


def test_a_day_of_hours_is_told_as_a_whole_by_what_is_exact_of_it(tmp_path, capsys):
    stamps = pd.date_range("2024-01-01", periods=24 * 42, freq="h")
    y = np.random.default_rng(3).poisson(np.where(stamps.hour >= 12, 12, 2) * (1 + (stamps.day_of_week == 0)))
    pd.DataFrame({"unique_id": "ed", "ds": stamps, "y": y}).to_csv(tmp_path / "h.csv", index=False)
    asked = ("--horizon", "24", "--country", "none", "--time-limit", "2", "--explain", "ed:2024-02-12")

    told = called(capsys, "forecast", str(tmp_path / "h.csv"), *asked).splitlines()
    page = json.loads(called(capsys, "forecast", str(tmp_path / "h.csv"), *asked, "--json"))

    day, expected = page["day"], sum(row["mean"] for row in page["forecast"])
    assert day["hours"] == 24 and day["mean"] == pytest.approx(expected)
    assert day["usual"] + sum(part["value"] for part in day["parts"]) == pytest.approx(expected)
    assert day["q0.1"] < expected < day["q0.9"] and day["left_out"] < 0.01
    assert told[0].startswith(f"ed, Mon 12 Feb 2024: {expected:.0f} (80 %: {day['q0.1']:.0f} to ")
    assert told[1].startswith("Monday: +")
    assert told[-26].split() == ["expected", "in", "24", "hours", f"{expected:.0f}"]
    assert "which is no middle of the day" in told[-25]
    assert told[-24].startswith("  Mon 12 Feb 2024 00:00: ")


def test_a_name_with_a_colon_is_a_name():
    assert asked_for("a:b", ["a:b"], AHEAD) == ("a:b", None)
    assert asked_for("a:b:2024-03-31", ["a:b"], AHEAD) == ("a:b", pd.Timestamp("2024-03-31"))


def test_what_is_not_forecast_is_refused_before_any_work():
    with pytest.raises(NotFound, match='did you mean "ward_1"'):
        asked_for("ward1", ["ward_1", "ward_2"], AHEAD)
    with pytest.raises(UsageError, match="no date; write ward_1:2024-03-30"):
        asked_for("ward_1:Monday", ["ward_1"], AHEAD)
    with pytest.raises(UsageError, match="2024-03-30 to 2024-04-05"):
        asked_for("ward_1:2024-05-01", ["ward_1"], AHEAD)
