"""Bad inputs of the forecast: empty and impossible histories, horizons that are none, tables that stop early.

Whatever was counted, a forecast is finite, ordered and not negative; what cannot be forecast is refused with
all its faults, and nothing is shown. What harms the models themselves is in ``test_models``.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.heads import LEVELS
from tests.faults.bad_inputs import Book, Said, Twin
from tests.faults.test_models import BOOK as MODELS

BOOK = Book("forecast")
COLUMNS = ["unique_id", "ds", "mean", *(f"q{level:g}" for level in LEVELS)]


@pytest.fixture
def twin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Twin:
    return Twin(capsys, tmp_path)


def history(*series: tuple[str, list[object]], start: str = "2024-01-01", freq: str = "D") -> str:
    """A history file of series that begin together; None leaves a row out."""
    rows = ["unique_id,ds,y"]
    for name, counts in series:
        stamps = pd.date_range(start, periods=len(counts), freq=freq)
        rows += [f"{name},{at},{y}" for at, y in zip(stamps, counts, strict=True) if y is not None]
    return "\n".join(rows) + "\n"


def is_a_forecast(said: Said, series: int, horizon: int) -> pd.DataFrame:
    """The answer is a whole table of finite, ordered counts, none below zero."""
    assert said.code == 0, said.err
    table = pd.read_csv(io.StringIO(said.out), keep_default_na=False)
    assert list(table.columns) == COLUMNS
    assert len(table) == series * horizon
    numbers = table[COLUMNS[2:]].to_numpy(dtype=float)
    assert np.isfinite(numbers).all()
    assert (numbers >= 0).all()
    assert (np.diff(numbers[:, 1:], axis=1) >= 0).all()
    return table


@BOOK.answers_to("B093", "constant-zero series; one spike of 10^6")
def nothing_and_a_million(twin: Twin) -> None:
    spike = [5] * 120
    spike[60] = 1_000_000
    file = twin.file(history(("zero", [0] * 120), ("spike", spike), ("last", [5] * 119 + [10**6])), "h.csv")

    table = is_a_forecast(twin("forecast", file, "--horizon", 14), 3, 14)

    by = table.set_index("unique_id")
    assert by.loc["zero", "q0.9"].max() < 1e-6
    assert by.loc["spike", "q0.5"].max() < 100, "one day of a million is no level"

    alone = twin.file(history(("zero", [0] * 120)), "zero.csv")
    is_a_forecast(twin("forecast", alone, "--horizon", 14), 1, 14)


@BOOK.answers_to("B099", "horizon 0, -1, 10 years")
def no_such_horizon(twin: Twin) -> None:
    daily = twin.file(history(("ed", [5, 6, 7] * 20)), "d.csv")
    hourly = twin.file(history(("ed", [5, 6, 7] * 60), freq="h"), "h.csv")
    for horizon in (0, -1, 3651, 10**12):
        said = twin("forecast", daily, "--horizon", horizon)
        said.is_refused("E_HORIZON", f"horizon {horizon} is outside 1 to 3650 periods of D (ten years)")
    twin("forecast", hourly, "--horizon", 87_601).is_refused("E_HORIZON", "1 to 87600 periods of h")
    twin("backtest", daily, "--horizon", 0).is_refused("E_HORIZON", "1 to 3650")

    is_a_forecast(twin("forecast", daily, "--horizon", 3650, "--country", "none"), 1, 3650)


@pytest.mark.parametrize("name", sorted(BOOK.answers))
def test_a_bad_input_is_answered(name: str, twin: Twin):
    BOOK.answer(name)(twin)


def test_every_entry_of_the_list_is_answered_in_its_own_words():
    answered = {name: words for book in (BOOK, MODELS) for name, (words, _) in book.answers.items()}

    listed = BOOK.skip_unless_listed()

    assert {name: entry.input for name, entry in listed.items()} == answered


# ---- histories that are refused, with all their faults -------------------------------------------


def test_counts_that_are_none_are_told_row_by_row(twin: Twin):
    file = twin.file(history(("ed", [5, "inf", "-inf", "1e400", -3, "1,000", "many", 2])), "h.csv")

    said = twin("forecast", file, "--horizon", 7)

    assert said.code == 3
    for words in ("row 3, y", "row 4, y", "row 5, y", "row 6, y", "row 8, y"):
        assert words in said.err
    assert said.out == ""


def test_two_frequencies_in_one_file_are_refused(twin: Twin):
    daily, monthly = history(("ward", [5] * 60)), history(("clinic", [90] * 24), freq="MS")
    mixed = twin.file(daily + monthly.partition("\n")[2], "mixed.csv")

    said = twin("forecast", mixed, "--horizon", 7)

    assert said.code == 3
    assert "is daily" in said.err
    assert "is monthly" in said.err
    assert "one file a frequency" in said.err


def test_one_point_does_not_tell_hours_from_months_and_serves_once_it_is_told(twin: Twin):
    file = twin.file(history(("new", [12])), "h.csv")

    refused = twin("forecast", file, "--horizon", 7)
    assert refused.code == 3
    assert "name --frequency, or add rows" in refused.err

    table = is_a_forecast(twin("forecast", file, "--horizon", 7, "--frequency", "D"), 1, 7)
    assert table["q0.5"].between(4, 30).all()


@pytest.mark.parametrize("night", ["2024-03-31", "2024-10-27"])
def test_hours_over_a_change_of_clocks_are_forecast(twin: Twin, night: str):
    start = pd.Timestamp(night) - pd.Timedelta(days=20)
    counts: list[object] = [3 + at % 24 // 8 for at in range(24 * 30)]
    if night == "2024-03-31":
        counts[20 * 24 + 1] = None  # 01:00 was not
    file = twin.file(history(("ed", counts), start=str(start), freq="h"), "h.csv")

    said = twin("forecast", file, "--horizon", 48)

    is_a_forecast(said, 1, 48)
    assert ("clocks go forward" in said.err) == (night == "2024-03-31")


def test_covariates_that_stop_early_are_refused_with_the_row_the_series_and_the_date(twin: Twin):
    file = twin.file(history(("ward_a", [20] * 60), ("ward_b", [30] * 60)), "h.csv")
    known = "ds,unique_id,term\n" + "".join(
        f"{at:%Y-%m-%d},{ward},1\n"
        for ward, days in (("ward_a", 67), ("ward_b", 65))
        for at in pd.date_range("2024-01-01", periods=days)
    )
    table = twin.file(known, "known.csv")

    said = twin("forecast", file, "--horizon", 7, "--covariates", table)

    said.is_refused("E_COVARIATES", "known.csv has 2 problems", "after row 133: ward_b, ds", exit_code=3)
    assert "2024-03-06" in said.err
    assert "2024-03-07" in said.err
    is_a_forecast(twin("forecast", file, "--horizon", 5, "--covariates", table), 2, 5)


# ---- whatever was counted ------------------------------------------------------------------------

STEP = {"h": "h", "D": "D", "W": "7D", "MS": "MS"}
ONE = st.one_of(
    st.integers(0, 60), st.just(0), st.just(0), st.none(), st.integers(0, 10**9), st.floats(0, 1e6)
)


@st.composite
def nasty(draw: st.DrawFn) -> tuple[str, str]:
    """A history of up to four series of any counts, with holes, and its frequency."""
    frequency = draw(st.sampled_from(sorted(STEP)))
    series = []
    for k in range(draw(st.integers(1, 4))):
        counts = draw(st.lists(ONE, min_size=2, max_size=60))
        counts = [7 if counts[at] is None and at % 4 else counts[at] for at in range(len(counts))]
        counts[0] = 1 if counts[0] is None else counts[0]
        series.append((f"s{k}", counts))
    return history(*series, start="2023-01-01", freq=STEP[frequency]), frequency


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=nasty(), horizon=st.integers(1, 30))
def test_no_forecast_is_ever_torn_crossed_or_negative(twin: Twin, asked: tuple[str, str], horizon: int):
    text, frequency = asked
    file = twin.file(text, "nasty.csv")

    said = twin("forecast", file, "--horizon", horizon, "--frequency", frequency, "--time-limit", 0.5)

    if said.code == 0:
        is_a_forecast(said, text.count(",2023-01-01 00:00:00,"), horizon)
    else:
        assert said.code == 3, said.err
        assert "is missing" in said.err, "only a series with too many holes is refused"
