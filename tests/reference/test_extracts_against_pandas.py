"""What is read of a well-formed extract is what pandas reads of it; samples of others are read whole.

pandas reads text as text (``dtype=str``, nothing missing); its own way with quotes, times and zones is
another than the reader's.
"""

import csv
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from twin.records.events import SCHEMA
from twin.records.reading.asked import Asked
from twin.records.reading.extracts import read
from twin.records.reading.pseudonyms import Pseudonyms
from twin.records.reading.told import Told

HOUSE = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("TWIN_SHARED_DATA") or HOUSE.parent / "shared" / "data") / "interop"
NAMES = Pseudonyms(b"a secret of sixteen bytes")
ROWS = 60_000


def statements(path: Path, mapping: str | None = None) -> tuple[pd.DataFrame, Told]:
    told = Told()
    asked = Asked(path.name, "Europe/London", datetime(2035, 1, 1, tzinfo=UTC), NAMES, mapping)
    return pa.Table.from_batches(list(read(path, asked, told)), SCHEMA).to_pandas(), told


def hospital_year(seed: int) -> pd.DataFrame:
    """Ward stays of a year, with whatever may stand between quotes."""
    chance = np.random.default_rng(seed)
    places = ["W1", "Élisabeth, 2nd floor", 'the "old" ward', "NA", "007", "A;B", "Maternité"]
    start = np.datetime64("2024-01-01") + chance.integers(0, 366 * 1440, ROWS).astype("timedelta64[m]")
    end = start + chance.integers(0, 20_000, ROWS).astype("timedelta64[m]")
    table = pd.DataFrame(
        {
            "stay": [f"{number:07d}" for number in range(ROWS)],
            "encounter": chance.integers(0, 9_999_999, ROWS).astype(str),
            "ward": chance.choice(places, ROWS),
            "start": start,
            "end": end,
            "comment": chance.choice(["", "line one\nline two", 'said "no"', "a, b"], ROWS),
        }
    )
    walls = [
        table[name].dt.tz_localize("Europe/London", nonexistent="NaT", ambiguous="NaT")
        for name in ("start", "end")
    ]
    table = table[walls[0].notna() & walls[1].notna()].reset_index(drop=True)
    table.loc[::7, "end"] = pd.NaT
    return table


@pytest.mark.parametrize(
    ("mark", "quoting", "ending"),
    [(",", csv.QUOTE_MINIMAL, "\n"), (";", csv.QUOTE_ALL, "\r\n"), ("\t", csv.QUOTE_MINIMAL, "\n")],
)
def test_a_well_formed_table_is_read_as_pandas_reads_it(tmp_path, mark, quoting, ending):
    path = tmp_path / "stays.csv"
    hospital_year(1).to_csv(path, sep=mark, quoting=quoting, lineterminator=ending, index=False)
    theirs = pd.read_csv(path, sep=mark, dtype=str, keep_default_na=False)

    ours, told = statements(path)

    assert (told.read, told.aside) == (len(theirs), 0)
    assert ours["row"].tolist() == list(range(2, len(theirs) + 2))
    assert ours["place"].tolist() == theirs["ward"].tolist()
    assert ours["key"].tolist() == [NAMES.encounter(stay) for stay in theirs["stay"]]
    assert ours["encounter"].tolist() == [NAMES.encounter(visit) for visit in theirs["encounter"]]
    for name, column in (("started", "start"), ("ended", "end")):
        local = pd.to_datetime(theirs[column].replace("", None))
        instants = local.dt.tz_localize("Europe/London").dt.tz_convert("UTC")
        assert (ours[name].isna() == instants.isna()).all()
        assert (ours[name].dropna() == instants.dropna()).all()


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
)
def test_clocks_are_those_of_the_time_zone_database(zone):
    from twin.records.reading.extracts.wall import Wall

    local = pd.Series(pd.date_range("1995-01-01", "2040-01-01", freq="17min"))
    theirs = local.dt.tz_localize(zone, nonexistent="NaT", ambiguous=np.ones(len(local), bool))
    wall, ms = Wall(zone), local.to_numpy("datetime64[ms]").astype(np.int64)

    skipped = wall.skipped(ms)
    assert (skipped == theirs.isna().to_numpy()).all()
    instants = (
        theirs.dropna().dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]").astype(np.int64)
    )
    assert (wall.instants(ms)[~skipped] == instants).all()
    assert (wall.local(instants) == ms[~skipped]).all()
    last = local.dt.tz_localize(zone, nonexistent="NaT", ambiguous=np.zeros(len(local), bool)).dropna()
    second = last.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]").astype(np.int64)
    assert (wall.second(instants) == second).all()


def sample(*parts: str) -> Path:
    path = SAMPLES.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the house")
    return path


def test_visits_of_the_omop_sample_are_all_read(tmp_path):
    with zipfile.ZipFile(sample("omop", "Synthea27Nj_5.4.zip")) as archive:
        for name in ("VISIT_OCCURRENCE.csv", "VISIT_DETAIL.csv"):
            archive.extract(name, tmp_path)
    theirs = pd.read_csv(tmp_path / "VISIT_OCCURRENCE.csv", dtype=str, keep_default_na=False)

    visits, told = statements(tmp_path / "VISIT_OCCURRENCE.csv")
    stays, _ = statements(tmp_path / "VISIT_DETAIL.csv")

    assert (told.read, told.aside) == (len(theirs), 0)
    kinds = theirs["visit_concept_id"].map({"9201": "inpatient", "9202": "outpatient", "9203": "emergency"})
    assert visits["kind"].tolist() == kinds.tolist()
    assert visits["patient"].nunique() == theirs["person_id"].nunique()
    assert set(stays["encounter"]) <= set(visits["encounter"])
    assert len(stays) == int((kinds != "outpatient").sum())


def test_arrivals_of_the_patientflow_sample_are_read_with_a_mapping_of_ones_own(tmp_path):
    path = sample("arrivals", "patientflow_inpatient_arrivals.csv")
    (tmp_path / "arrivals.toml").write_text(
        'name = "arrivals"\ntitle = "inpatient arrivals"\n[[tells]]\nthing = "encounter"\n'
        'key = [["arrived", "specialty", "sex"], ["arrived", "sex"]]\n[tells.take]\n'
        'arrived = { column = "arrival_datetime", filled = true }\nspecialty = "specialty"\n'
        'sex = { column = "sex", words = { f = "female", m = "male" } }\nkind = { is = "inpatient" }\n'
    )
    theirs = pd.read_csv(path, dtype=str, keep_default_na=False)

    ours, told = statements(path, str(tmp_path / "arrivals.toml"))

    assert told.read == len(theirs)
    assert told.aside <= 2  # in the hour that the clocks of London skip
    read = theirs.iloc[ours["row"].to_numpy() - 2]
    assert ours["specialty"].fillna("").tolist() == read["specialty"].tolist()
    assert ours["sex"].str[0].str.upper().tolist() == read["sex"].tolist()
    local = ours["arrived"].dt.tz_convert("Europe/London").dt.strftime("%Y-%m-%d %H:%M:%S")
    assert local.tolist() == read["arrival_datetime"].tolist()
