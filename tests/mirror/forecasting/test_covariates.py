"""What a hospital knows beforehand moves the forecast as it moved the past, and no further."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from forecasting.covariates import CovariateTable, read_covariates, tell
from forecasting.service import forecast
from twin.calendar import holidays
from twin.errors import BadData
from twin.records.history import History, history_of

DAYS, AHEAD = 420, 28
WEEK = np.array([1.2, 1.1, 1.0, 1.0, 1.0, 0.8, 0.7])  # Monday to Sunday


@dataclass(frozen=True)
class House:
    """Wards with a known truth: Poisson counts around ``level x weekday x (1 + effect x covariate)``."""

    history: History
    stamps: pd.DatetimeIndex
    x: np.ndarray
    expected: np.ndarray

    def table(self, **columns: object) -> CovariateTable:
        """A covariate table of the whole time."""
        return CovariateTable(pd.DataFrame({"ds": self.stamps.astype(str), **columns}).astype(str))


def house(x: np.ndarray, effect: float, *, wards: int = 6, level: float = 60, seed: int = 0) -> House:
    stamps = pd.date_range("2022-01-03", periods=DAYS + AHEAD)
    expected = level * WEEK[stamps.day_of_week] * np.maximum(1 + effect * x, 0)
    counts = np.random.default_rng(seed).poisson(np.tile(expected[:DAYS], (wards, 1)))
    return House(history(stamps[:DAYS], counts), stamps, x, expected[DAYS:])


def history(stamps: pd.DatetimeIndex, counts: np.ndarray) -> History:
    ids = [f"ward_{i}" for i in range(len(counts))]
    table = {
        "unique_id": np.repeat(ids, len(stamps)),
        "ds": np.tile(stamps, len(ids)),
        "y": counts.ravel(),
    }
    return history_of(pd.DataFrame(table))


def some_days(seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).random(DAYS + AHEAD) < 0.12).astype(float)


def school_terms() -> np.ndarray:
    return (np.arange(DAYS + AHEAD) // 45 % 2).astype(float)


def mean_of(known: House, table: CovariateTable | None = None, **options: object) -> np.ndarray:
    options = {"made_by": "base", "country": "none", "n_paths": 0} | options
    return forecast(known.history, AHEAD, covariates=table, **options).champion.mean


@pytest.mark.parametrize("x", [some_days(), school_terms()], ids=["single days", "school terms"])
@pytest.mark.parametrize("effect", [0.3, -0.2])
def test_a_known_effect_is_found(x: np.ndarray, effect: float):
    wards = house(x, effect)

    without = np.abs(mean_of(wards) / wards.expected - 1).mean()
    error = np.abs(mean_of(wards, wards.table(term=x)) / wards.expected - 1).mean()

    assert error < 0.06
    assert error < 0.5 * without


def test_a_count_of_sessions_acts_in_proportion_beyond_what_was_seen():
    sessions = np.random.default_rng(3).choice([4.0, 5.0, 6.0], DAYS + AHEAD, p=[0.2, 0.6, 0.2])
    sessions[DAYS:] = 7.0  # never so many before
    clinic = house(sessions - 5, 0.2, level=100)

    mean = mean_of(clinic, clinic.table(sessions=sessions))

    assert mean == pytest.approx(np.tile(clinic.expected, (6, 1)), rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_a_useless_covariate_does_no_harm(seed: int):
    wards = house(some_days(), 0.0, seed=seed)
    noise = {f"noise_{k}": np.random.default_rng(100 + seed + k).normal(size=DAYS + AHEAD) for k in range(3)}

    without = np.abs(mean_of(wards) - wards.expected).mean()
    error = np.abs(mean_of(wards, wards.table(day=wards.x, **noise)) - wards.expected).mean()

    assert error < 1.1 * without + 0.1


def test_a_ward_that_does_as_no_other_keeps_its_own_effect():
    x = some_days()
    stamps = pd.date_range("2022-01-03", periods=DAYS + AHEAD)
    effects = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.5])
    expected = 80 * (1 + effects[:, None] * x)
    known = history(stamps[:DAYS], np.random.default_rng(5).poisson(expected[:, :DAYS]))
    table = CovariateTable(pd.DataFrame({"ds": stamps, "fair": x}))

    mean = forecast(known, AHEAD, covariates=table, made_by="base", country="none", n_paths=0).champion.mean

    on = x[DAYS:] == 1
    assert mean[5, on].mean() / mean[5, ~on].mean() == pytest.approx(1.5, abs=0.1)
    assert mean[:5, on].mean() / mean[:5, ~on].mean() == pytest.approx(1.0, abs=0.05)


def test_the_notes_tell_what_was_found():
    wards = house(some_days(), 0.3)

    result = forecast(
        wards.history, AHEAD, covariates=wards.table(fair=wards.x), made_by="base", country="none", n_paths=0
    )

    told = next(note for note in result.notes if note.startswith("known beforehand"))
    found = float(told.split("fair +")[1].rstrip("%"))
    assert found == pytest.approx(30, abs=4)


def test_a_closed_ward_is_forecast_as_nobody_and_teaches_nothing():
    closed = np.zeros(DAYS + AHEAD)
    closed[[60, 61, 62, 200, 201, DAYS - 3, DAYS - 2, DAYS - 1, DAYS + 4, DAYS + 5]] = 1
    wards = house(closed, -1.0)

    result = forecast(
        wards.history, AHEAD, covariates=wards.table(closed=closed), country="none", made_by="base"
    )

    shut = closed[DAYS:] == 1
    assert (result.champion.quantiles[:, shut] == 0).all()
    assert (result.paths[:, :, shut] == 0).all()
    open_ = result.champion.mean[:, ~shut]
    assert open_ == pytest.approx(np.tile(wards.expected[~shut], (6, 1)), rel=0.12)
    assert any(note.startswith("closed: 6 of 6 series") for note in result.notes)


def test_an_emergency_department_that_never_closes_is_not_closed_by_a_word():
    closed = some_days()
    wards = house(closed, 0.0)

    result = forecast(
        wards.history, AHEAD, covariates=wards.table(closed=closed), country="none", made_by="base", n_paths=0
    )

    assert result.champion.mean.min() > 30
    assert any("took patients when closed before" in note for note in result.notes)


def test_a_ward_in_scotland_keeps_scottish_holidays():
    stamps = pd.date_range("2019-01-01", "2023-11-20")
    days = len(stamps) - AHEAD
    own = set(holidays("GB-SCT", 2019, 2023)) - set(holidays("GB-ENG", 2019, 2023))
    quiet = np.where([day in own for day in stamps.date], 0.3, 1.0)
    expected = 90 * np.stack([np.ones(len(stamps)), quiet])
    known = history(stamps[:days], np.random.default_rng(2).poisson(expected[:, :days]))
    ahead = pd.date_range(stamps[days], periods=60)  # 30 November lies in them
    every = stamps[:days].append(ahead)
    table = pd.concat(
        pd.DataFrame({"ds": every, "unique_id": ward, "region": region})
        for ward, region in [("ward_0", "GB-ENG"), ("ward_1", "GB-SCT")]
    ).reset_index(drop=True)

    result = forecast(known, 60, covariates=CovariateTable(table), made_by="base", n_paths=0)

    at = ahead.get_loc(pd.Timestamp("2023-11-30"))
    english, scottish = result.champion.mean[:, at] / np.median(result.champion.mean, axis=1)
    assert english == pytest.approx(1.0, abs=0.15)
    assert scottish < 0.55
    assert any("each series keeps the holidays of its own region: GB-ENG, GB-SCT" in n for n in result.notes)


def test_the_network_reads_the_covariates():
    wards = house(some_days(), 0.3)

    result = forecast(
        wards.history, 7, covariates=wards.table(fair=wards.x), made_by="lstm", country="none", n_paths=0,
        time_limit=1.0,
    )  # fmt: skip

    with_one, without = (
        net.describe_inputs()["features"]
        for net in (
            result.champion.networks[0],
            forecast(
                wards.history, 7, made_by="lstm", country="none", n_paths=0, time_limit=1.0
            ).champion.networks[0],
        )
    )
    assert with_one == without + 1


def test_what_the_table_does_not_say_of_the_past_is_taken_as_usual():
    wards = house(some_days(), 0.0)
    ahead = wards.table(fair=wards.x).frame.iloc[DAYS - 3 :].reset_index(drop=True)

    result = forecast(
        wards.history, AHEAD, covariates=CovariateTable(ahead), made_by="base", country="none", n_paths=0
    )

    assert result.champion.mean == pytest.approx(mean_of(wards), rel=1e-6)


# ---- faults --------------------------------------------------------------------------------------


def faults_of(table: CovariateTable, known: History, horizon: int = 3) -> list[str]:
    with pytest.raises(BadData) as refused:
        tell(table, known, horizon, known.stamps.append(known.ahead(horizon)))
    return [str(problem) for problem in refused.value.problems]


def two_wards() -> History:
    return history(pd.date_range("2024-01-01", periods=30), np.full((2, 30), 5))


def written(text: str, folder) -> CovariateTable:
    path = folder / "known.csv"
    path.write_text(text, encoding="utf-8")
    return read_covariates(path)


def test_a_missing_future_row_is_named_by_row_series_and_date(tmp_path):
    rows = [f"2024-01-{day:02},{ward},0" for ward in ("ward_0", "ward_1") for day in (30, 31)]
    rows += ["2024-02-01,ward_0,0", "2024-02-02,ward_0,1", "2024-02-02,ward_1,1"]

    faults = faults_of(written("ds,unique_id,closed\n" + "\n".join(rows), tmp_path), two_wards())

    assert len(faults) == 1
    assert faults[0].startswith("after row 5: ward_1, ds = '2024-02-01'    the horizon of 3 periods")


def test_a_table_that_stops_early_names_each_day_it_lacks(tmp_path):
    faults = faults_of(written("ds,term\n2024-01-30,1\n2024-01-31,1\n", tmp_path), two_wards())

    assert [fault.split("    ")[0] for fault in faults] == [
        "after row 3: every series, ds = '2024-02-01'",
        "after row 3: every series, ds = '2024-02-02'",
    ]


def test_every_fault_is_told_at_once(tmp_path):
    text = (
        "ds,unique_id,term,sessions,region\n"
        "2024-01-31,ward_0,1,3,GB-SCT\n"
        "2024-01-31,ward_0,1,3,GB-SCT\n"
        "2024-01-31,ward_1,yes,3,GB-SCT\n"
        "2024-01-31,wart_1,0,inf,GB-SCT\n"
        "2024-01-31 06:00,ward_1,0,3,GB-SCT\n"
        "01/02/2024,ward_1,0,3,GB-SCT\n"
        "2024-02-01,ward_1,,3,Atlantis\n"
    )

    faults = "\n".join(faults_of(written(text, tmp_path), two_wards()))

    for words in [
        "row 3, ds = 'ward_0 2024-01-31 00:00:00'",
        "row 4, term = 'yes'    a covariate is a finite number",
        "row 5, unique_id = 'wart_1'    no such series in the history; did you mean \"ward_1\"?",
        "row 5, sessions = 'inf'",
        "row 6, ds = '2024-01-31 06:00:00'    the history counts days; this is none of its periods",
        "row 7, ds = '01/02/2024'",
        "row 8, term = 'ward_1 2024-02-01: empty'    the future of a covariate is known",
        "row 8, region = 'Atlantis'",
        "after row 3: ward_0, ds = '2024-02-01'",
        "after row 8: ward_1, ds = '2024-02-02'",
    ]:
        assert words in faults


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("day,term\n2024-01-31,1\n", "column ds +is missing"),
        ("ds\n2024-01-31\n", "a covariate table has a column beside ds and unique_id"),
        ("ds,y\n2024-01-31,1\n", "is the count of the history"),
        ("ds,term,term\n2024-01-31,1,0\n", "the column stands there twice"),
        ("ds,term\n2024-01-31,1,0\n", "2 fields a row, not 3"),
        ("", "is empty"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str, words: str, tmp_path):
    with pytest.raises(BadData, match=words):
        written(text, tmp_path)
