"""A house of two wards, and needs set by hand."""

from datetime import timedelta

import numpy as np
import pytest

from optimization.beds.needs import WardNeeds
from tests.houses import START, hospital
from twin.case import Case, Window
from twin.hospital import Hospital
from twin.units import HOURS_DAY


def needs_by_hand(beds: dict[str, list[list[int]]]) -> WardNeeds:
    """Needs that last all day: ward -> one list of days a future."""
    table = np.array([beds[w] for w in beds]).transpose(1, 0, 2)
    days = table.shape[2]
    return WardNeeds(
        wards=tuple(beds),
        days=tuple(START + timedelta(d) for d in range(days)),
        day=np.repeat(np.arange(days), HOURS_DAY),
        morning=np.arange(days) * HOURS_DAY + 8,
        beds=np.repeat(table, HOURS_DAY, axis=2),
    )


@pytest.fixture(scope="session")
def two_wards() -> Hospital:
    """Medicine has too few beds open, surgery too many; seven patients a day between them."""
    house = hospital(
        pathways={
            "medical": [
                {
                    "name": "seen",
                    "places": ["ed"],
                    "duration": {"mean": 2, "unit": "hours"},
                    "keeps_place": True,
                },
                {"name": "stay", "places": ["medicine"], "duration": {"mean": 4, "cv": 0.7, "unit": "days"}},
            ],
            "surgical": [
                {"name": "stay", "places": ["surgery"], "duration": {"mean": 2, "cv": 0.5, "unit": "days"}}
            ],
        },
        wards={
            "medicine": {"physical_beds": 24, "staffed_beds": 15, "turnaround_minutes": 60},
            "surgery": {"physical_beds": 16, "staffed_beds": 16},
        },
        places={"ed": {"physical": 12, "staffed": 12, "department": "emergency"}},
    ).model_dump(by_alias=True)
    house["arrivals"] = {
        "emergency": {"title": "Emergency", "daily_mean": 4, "mix": {"medical": 1.0}},
        "elective": {"title": "Elective", "daily_mean": 3, "mix": {"surgical": 1.0}},
    }
    house["money"] = {"open_bed_day": 400}
    return Hospital.model_validate(house)


@pytest.fixture(scope="session")
def two_weeks(two_wards: Hospital) -> tuple[Case, Window]:
    """Two measured weeks after two of warm-up."""
    return Case(two_wards), Window(START, days=14, warm_up=14)
