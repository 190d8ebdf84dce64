"""What moved the forecast that a run stores: in the hospital's scale, adding up to what pages show."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from scenarios.foresee import foresee
from scenarios.sources import Source
from tests.mirror.forecasting.test_challengers import clinics
from twin.records.history import history_of

STAMPS = pd.date_range("2023-01-02", periods=50, freq="D")


def two_doors(scale: str) -> Source:
    """Walk-ins and ambulances of another hospital, which together feed one stream of 50 a day."""
    chance = np.random.default_rng(6)
    monday = np.where(STAMPS.day_of_week == 0, 1.5, 1.0)
    tables = [
        pd.DataFrame({"unique_id": name, "ds": STAMPS, "y": chance.poisson(mean * monday)})
        for name, mean in (("walk_in", 60), ("ambulance", 30))
    ]
    return Source(
        name="other.csv",
        history=history_of(pd.concat(tables)),
        as_of=datetime(2023, 2, 21),
        streams={"walk_in": "emergency", "ambulance": "emergency"},
        scale=scale,
        means={"emergency": 50.0},
        fingerprint="0",
        country="none",
    )


@pytest.mark.parametrize("scale", ["keep", "none"])
def test_the_reasons_of_a_stream_add_up_to_the_middle_that_its_page_shows(scale):
    foreseen = foresee(two_doors(scale), days=10, seed=1)

    rows = foreseen.reasons["emergency"]
    shown = foreseen.demand.quantiles((0.1, 0.5, 0.9))[:, 0]
    assert [row["ds"][:10] for row in rows] == [f"2023-02-{day}" for day in range(21, 28)]
    for row, low, middle, high in zip(rows, *shown[:, :7], strict=True):
        assert (row["q10"], row["middle"], row["q90"]) == (low, middle, high)
        assert row["usual"] + sum(part["value"] for part in row["parts"]) == pytest.approx(middle)


def test_a_monday_of_a_larger_hospital_is_told_in_the_scale_of_this_one():
    small, as_it_is = (
        foresee(two_doors(scale), days=7, seed=1).reasons["emergency"][6] for scale in ("keep", "none")
    )

    both = [next(part for part in row["parts"] if part["reason"] == "weekday") for row in (small, as_it_is)]
    assert both[0]["said"] == "Monday"
    assert 14 < both[0]["value"] < 28  # half of 50, a little shrunk
    assert both[1]["value"] / both[0]["value"] == pytest.approx(as_it_is["usual"] / small["usual"])


def test_a_night_on_which_a_challenger_won_is_no_fallback_and_has_the_base_beside_it():
    repeating = clinics()
    source = replace(
        two_doors("none"),
        history=repeating,
        as_of=repeating.as_of.to_pydatetime(),
        streams={"clinic_0": "emergency", "clinic_1": "emergency"},
    )

    foreseen = foresee(source, days=7, seed=1)

    assert foreseen.demand.made_by == "seasonal_naive" and foreseen.base.made_by == "base"
    assert foreseen.degraded == ()
    assert "the seasonal naive's loss is" in foreseen.notes[0]
    for row in foreseen.reasons["emergency"]:
        assert row["usual"] + sum(part["value"] for part in row["parts"]) == pytest.approx(row["middle"])
        assert "as last week" in {part["said"] for part in row["parts"]}
