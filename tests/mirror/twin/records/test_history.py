"""A history file is read whole or refused whole, with every fault told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from twin.errors import BadData, NotFound, UsageError
from twin.records.history import read_history

DAYS = pd.date_range("2024-01-01", periods=40, freq="D")


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "history.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def table(stamps, counts=None, name: str = "ed") -> str:
    counts = range(len(stamps)) if counts is None else counts
    return "unique_id,ds,y\n" + "".join(f"{name},{ds},{y}\n" for ds, y in zip(stamps, counts, strict=True))


def told(path: Path, **options) -> str:
    with pytest.raises(BadData) as caught:
        read_history(path, **options)
    assert caught.value.exit_code == 3
    return str(caught.value)


@pytest.mark.parametrize(
    ("stamps", "frequency", "season"),
    [
        (pd.date_range("2024-01-01", periods=400, freq="h"), "h", 168),
        (DAYS, "D", 7),
        (pd.date_range("2024-01-03", periods=60, freq="7D"), "W", 52),
        (pd.date_range("2020-01-01", periods=30, freq="MS"), "MS", 12),
    ],
)
def test_the_frequency_is_found_from_the_stamps(tmp_path, stamps, frequency, season):
    history = read_history(written(tmp_path, table(stamps)))

    assert (history.frequency, history.season) == (frequency, season)
    assert history.repairs == ()
    assert len(history.stamps) == len(stamps)


def test_a_gap_stays_missing_and_is_named(tmp_path):
    history = read_history(written(tmp_path, table(DAYS.delete([10, 11]))))

    assert np.isnan(history.values[0, 10:12]).all()
    assert "2 days absent (first 2024-01-11" in history.repairs[0]


def test_an_empty_count_stays_missing_and_is_named(tmp_path):
    history = read_history(written(tmp_path, table(DAYS, [1, "", "NaN", "NA", *range(36)])))

    assert np.isnan(history.values[0, 1:4]).all()
    assert "3 empty or NA counts" in history.repairs[0]


def test_series_called_007_and_NA_keep_their_names(tmp_path):
    text = table(DAYS, name="007") + table(DAYS, name="NA").removeprefix("unique_id,ds,y\n")

    assert read_history(written(tmp_path, text)).ids == ("007", "NA")


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    assert read_history(written(tmp_path, b"\xef\xbb\xbf" + table(DAYS).encode())).frequency == "D"


def test_the_hour_that_spring_skips_is_a_named_repair(tmp_path):
    hours = pd.date_range("2024-03-25", periods=240, freq="h")
    hours = hours[hours != pd.Timestamp("2024-03-31 01:00")]

    history = read_history(written(tmp_path, table(hours)))

    assert "where clocks go forward" in history.repairs[0]
    assert np.isfinite(history.daily().values).all()


def test_the_hour_that_autumn_repeats_is_told_with_its_cure(tmp_path):
    hours = pd.date_range("2024-10-20", periods=240, freq="h")
    again = hours.insert(170, pd.Timestamp("2024-10-27 01:00"))

    message = told(written(tmp_path, table(again)))

    assert "where clocks go back" in message
    assert "add the two counts into one row" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("unique_id,ds,y\n", "has a header and no rows"),
        ("unique_id,ds,count\ned,2024-01-01,3\n", "column y"),
        ("uniqueid,ds,y\ned,2024-01-01,3\n", 'did you mean "uniqueid"'),
        ("unique_id,ds,y,ward\ned,2024-01-01,3,A\n", "only the columns"),
        ("unique_id,ds,y\ned,2024-01-01,3,9\n", "3 fields a row, not 4"),
        ("unique_id,ds,y\ned,2024-01-01\n", "3 fields a row, not 2"),
        ("unique_id,ds,y\ned,31/01/2024,3\n", "ambiguous"),
        ("unique_id,ds,y\ned,2024-02-30,3\n", "ds is an ISO date"),
        ("unique_id,ds,y\ned,2024-01-01T00:00:00+01:00,3\n", "without an offset"),
        ("unique_id,ds,y\n,2024-01-01,3\n", "names its series"),
        (table(DAYS, [-4, *range(39)]), "a count is 0 or more"),
        (table(DAYS, ["inf", *range(39)]), "y is finite"),
        (table(DAYS, ["1e300", *range(39)]), "y is at most"),
        (table(DAYS, ["many", *range(39)]), "a plain number"),
        (table(DAYS.insert(3, DAYS[2])), "has a period once"),
        (table(DAYS[::3].append(DAYS[-3:]).sort_values().unique()), "one row every 3 days"),
        (table(pd.date_range("2024-01-01", periods=40, freq="15min")), "periods are hours, days"),
        (table(DAYS.delete(list(range(5, 20)))), "at most 20%"),
        (table(DAYS[:1]), "one row a series"),
        (table(DAYS, [""] * 40), "every count is missing"),
        (b"unique_id,ds,y\ned,2024-01-01,\x00\n", "NUL"),
        ("unique_id,ds,y\ncaf\u00e9,2024-01-01,1\n".encode("latin-1"), "UTF-8"),
        ("unique_id,ds,y\n".encode("utf-16"), "UTF-8"),
        ('unique_id,ds,y\n"ed,2024-01-01,1\n', "is not a CSV"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, text, words):
    assert words in told(written(tmp_path, text))


def test_two_frequencies_in_one_file_are_refused(tmp_path):
    weeks = pd.date_range("2024-01-01", periods=30, freq="7D")
    text = table(DAYS) + table(weeks, name="ward").removeprefix("unique_id,ds,y\n")

    message = told(written(tmp_path, text))

    assert "is daily" in message and "is weekly" in message


def test_a_daily_series_that_goes_on_weekly_is_refused(tmp_path):
    later = pd.date_range(DAYS[-1] + pd.Timedelta(days=7), periods=20, freq="7D")

    assert "two frequencies" in told(written(tmp_path, table(DAYS.append(later))))


def test_all_faults_are_told_at_once_with_their_rows(tmp_path):
    text = "unique_id,ds,y\ned,2024-01-01,-1\ned,yesterday,2\ned,2024-01-03,inf\ned,2024-01-04,1,1\n"

    message = told(written(tmp_path, text))

    assert "has 4 problems" in message
    assert all(f"row {row}" in message for row in (2, 3, 4, 5))


def test_a_thousand_faults_are_told_in_a_few_lines(tmp_path):
    message = told(written(tmp_path, table(pd.date_range("2020-01-01", periods=1000), [-1] * 1000)))

    assert "and 980 more rows" in message
    assert len(message.splitlines()) < 30


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path):
    assert "folder" in told(tmp_path)
    with pytest.raises(NotFound):
        read_history(tmp_path / "nowhere.csv")


def test_an_unknown_frequency_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError):
        read_history(written(tmp_path, table(DAYS)), frequency="fortnight")


def test_a_named_frequency_serves_a_single_row(tmp_path):
    history = read_history(written(tmp_path, table(DAYS[:1])), frequency="D")

    assert history.values.shape == (1, 1)


def test_hours_are_summed_to_whole_days_only(tmp_path):
    hours = pd.date_range("2024-06-01", periods=60, freq="h")

    days = read_history(written(tmp_path, table(hours, [2] * 60))).daily()

    assert days.frequency == "D"
    assert days.values.tolist() == [[48, 48]]


def test_a_series_that_stopped_is_named_and_kept(tmp_path):
    text = table(DAYS) + table(DAYS[:20], name="old").removeprefix("unique_id,ds,y\n")

    history = read_history(written(tmp_path, text))

    assert np.isnan(history.values[1, 20:]).all()
    assert "1 series end before the file does: old" in history.repairs[-1]


def test_days_asked_of_a_file_of_hours_are_sums_of_its_hours(tmp_path):
    path = tmp_path / "hours.csv"
    stamps = pd.date_range("2025-03-03", periods=21 * 24, freq="h")
    pd.DataFrame({"unique_id": "ED", "ds": stamps, "y": 2}).to_csv(path, index=False)

    history = read_history(path, frequency="D")

    assert history.frequency == "D"
    assert set(history.values.ravel()) == {48.0}
