"""A long forecast: it tells how far it is, and one that is stopped leaves nothing half written."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

HOUSE = Path(__file__).parents[2]
#: a program that was started in the background may have been told to leave Ctrl-C unheard; this one hears it
HEARS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
#: thirty series as if they were a hundred thousand: eight at a time, and each eight take half a second
MANY = """
import time
from forecasting import blocks
said, blocks.BLOCK = blocks._said, 8
blocks._said = lambda *asked: (time.sleep(0.5), said(*asked))[1]
"""
#: learning that says when it begins and is not over before it is stopped
LEARNING = """
import sys, time
from forecasting import contest
learn = contest.train
def train(*asked, **named):
    print("learning", file=sys.stderr, flush=True)
    learn(*asked, **named)
    time.sleep(60)
contest.train = train
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Thirty wards over half a year."""
    stamps = pd.date_range("2024-01-01", periods=180)
    counts = np.random.default_rng(0).poisson(40, (30, 180))
    rows = [pd.DataFrame({"unique_id": f"w{k:02}", "ds": stamps, "y": y}) for k, y in enumerate(counts)]
    pd.concat(rows).to_csv(tmp_path / "history.csv", index=False)
    return tmp_path / "history.csv"


def begun(first: str, history: Path, *words: object) -> subprocess.Popen[str]:
    """``twin forecast`` of a week as a process of its own."""
    asked = ["forecast", history, "--horizon", 7, "--country", "none", *words]
    start = f"{HEARS}\n{first}\nfrom dashboards.cli import main\nmain({list(map(str, asked))})"
    command = [sys.executable, "-c", start]
    return subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_many_series_are_told_as_they_are_answered(history: Path):
    run = begun(MANY, history, "--time-limit", 1)

    out, err = run.communicate(timeout=120)

    assert run.returncode == 0 and len(out.splitlines()) == 1 + 30 * 7
    done = [line for line in err.splitlines() if line.endswith("series forecast")]
    assert done == [f"{n} of 30 series forecast" for n in (8, 16, 24, 30)]


@pytest.mark.parametrize("slowly, heard", [(MANY, "8 of 30 series forecast\n"), (LEARNING, "learning\n")])
def test_ctrl_c_leaves_with_130_and_what_stood_there_stands_there_still(
    history: Path, slowly: str, heard: str
):
    out, paths = history.with_name("out.csv"), history.with_name("paths.parquet")
    out.write_text("last night\n")
    run = begun(slowly, history, "--out", out, "--paths", paths, "--time-limit", 2)
    while run.stderr.readline() != heard:
        assert run.poll() is None

    run.send_signal(signal.SIGINT)
    said, err = run.communicate(timeout=30)

    assert (run.returncode, said, err.splitlines()[-1]) == (130, "", "cancelled")
    assert sorted(path.name for path in history.parent.iterdir()) == ["history.csv", "out.csv"]
    assert out.read_text() == "last night\n"


def test_a_forecast_takes_the_place_of_the_one_before_whole(history: Path):
    out = history.with_name("out.csv")
    out.write_text("last night\n" * 10_000)
    run = begun("", history, "--out", out, "--time-limit", 1)

    said, _ = run.communicate(timeout=120)

    assert (run.returncode, said) == (0, "")
    assert len(pd.read_csv(out)) == 30 * 7
    assert sorted(path.name for path in history.parent.iterdir()) == ["history.csv", "out.csv"]


@pytest.mark.parametrize("option", ["--out", "--paths"])
@pytest.mark.parametrize("place", [".", "history.csv/inside.csv"])
def test_a_place_where_nothing_can_be_written_is_told_before_the_work_begins(
    history: Path, option: str, place: str
):
    run = begun(
        "from forecasting import contest; contest.train = None", history, option, history.parent / place
    )

    _, err = run.communicate(timeout=60)

    assert run.returncode in (1, 2) and "E_OUTPUT" in err and f"{option} {history.parent}" in err
