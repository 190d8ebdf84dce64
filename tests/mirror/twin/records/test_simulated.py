"""A simulated year gives back the hospital that wrote it."""

from datetime import date, datetime

import numpy as np
import pytest

from tests.mirror.twin.records.house import SEED, house, records
from twin.calendar import holidays
from twin.errors import Overload
from twin.hospital import parse_hospital, shipped
from twin.records.daily import daily_counts, snapshot, ward_days, whole_days
from twin.records.encounters import COLUMNS, load_encounters
from twin.records.simulated import simulate_year

SIGMAS = 4.5  # a sound record misses by more once in 150,000 times


def test_the_daily_mean_of_the_records_is_the_hospitals():
    counts = daily_counts(records(), house()).groupby("unique_id")["y"]

    for name, stream in house().arrivals.items():
        mean = stream.daily_mean * sum(stream.weekday_factors) / 7
        spread = np.sqrt(stream.dispersion * mean / 365)
        assert abs(counts.mean()[name] - mean) < SIGMAS * spread, name


def test_the_small_hospital_gets_its_own_daily_means_back():
    small = parse_hospital(shipped("small"))
    off = holidays(small.country, 2025, 2025)

    made = simulate_year(small, days=182, seed=SEED)

    days, counts = whole_days(made), daily_counts(made, small).groupby("unique_id")["y"]
    for name, stream in small.arrivals.items():
        usual = [
            stream.weekday_factors[d.weekday()] * (stream.holiday_factor if d in off else 1)
            for d in days.date
        ]
        mean = stream.daily_mean * stream.factor * np.mean(usual)
        assert abs(counts.mean()[name] - mean) < SIGMAS * np.sqrt(stream.dispersion * mean / len(days)), name


def test_every_stream_has_every_day_of_the_year():
    counts = daily_counts(records(), house())

    assert counts.groupby("unique_id").size().to_dict() == {"door": 365, "letters": 365, "clinics": 365}
    assert counts["ds"].min().date() == date(2025, 1, 1)
    assert records().as_of == datetime(2026, 1, 1)


def test_the_clinic_is_empty_at_weekends_and_never_missing():
    counts = daily_counts(records(), house())
    weekend = counts[(counts["unique_id"] == "clinics") & (counts["ds"].dt.day_of_week >= 5)]

    assert len(weekend) == 104
    assert (weekend["y"] == 0).all()


def test_a_class_that_two_streams_send_keeps_its_stream():
    visits = records().arrivals()
    sick = visits[visits["patient_class"] == "sick"]["stream"].value_counts()

    assert sick["door"] / 365 == pytest.approx(6, rel=0.1)
    assert sick["letters"] / 365 == pytest.approx(2, rel=0.2)
    assert visits["stream"].notna().all()


def test_the_wards_are_as_full_as_arrivals_times_stay():
    table = ward_days(records(), house()).groupby("unique_id")["y"].mean()

    assert table["census/oak"] + table["census/elm"] == pytest.approx(8 * 4, rel=0.12)
    assert table["discharges/oak"] + table["discharges/elm"] == pytest.approx(8, rel=0.05)


def test_who_is_still_there_has_an_open_stay_and_no_outcome():
    frame = records(60).frame
    last = frame[~frame["encounter"].duplicated(keep="last")]

    assert (last["outcome"].isna() == last["ended"].isna()).all()
    assert last["ended"].isna().any()
    assert (frame[["started", "ended"]].max() < records(60).as_of).all()


def test_the_same_seed_writes_the_same_records(tmp_path):
    again = simulate_year(house(), days=60, seed=SEED)

    assert again.parquet() == records(60).parquet()
    (tmp_path / "r.parquet").write_bytes(again.parquet())
    read = load_encounters(tmp_path / "r.parquet")
    assert tuple(read.frame) == COLUMNS
    assert read.frame.equals(again.frame)
    assert (read.begins, read.as_of, read.made_by) == (again.begins, again.as_of, "simulated")


def test_a_year_that_can_never_be_carried_is_refused_in_words():
    full = house().model_copy(
        update={"arrivals": {"door": house().arrivals["door"].model_copy(update={"daily_mean": 9_000.0})}}
    )

    with pytest.raises(Overload, match="more wait than the run allows"):
        simulate_year(full, days=5, seed=SEED)


def test_a_snapshot_tells_the_beds_that_the_records_tell():
    table = ward_days(records(60), house())
    at = datetime(2025, 12, 20)
    night = table[table["ds"] == "2025-12-19"].set_index("unique_id")["y"]

    held = [patient.place for patient in snapshot(records(60), house(), at).patients]

    assert {ward: held.count(ward) for ward in house().wards} == {
        ward: night[f"census/{ward}"] for ward in house().wards
    }
