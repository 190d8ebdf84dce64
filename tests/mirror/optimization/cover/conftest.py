"""A hospital of one ward whose nights are short of nurses, for whole plans."""

import pytest

from twin.hospital import Hospital

SHIFTS = {
    "early": {"from": "07:00", "to": "14:30", "on_duty": 5},
    "late": {"from": "14:30", "to": "22:00", "on_duty": 5},
    "night": {"from": "22:00", "to": "07:00", "on_duty": 1},
}


def ward_that_closes(*, daily_mean=5, **nurses):
    nursing = {"group": "nurses", "patients_per_nurse": 4, "by_shift": {"night": 8}}
    stay = {"name": "stay", "places": ["ward"], "duration": {"mean": 3, "cv": 0.5, "unit": "days"}}
    return Hospital.model_validate(
        {
            "name": "a ward that closes at night",
            "timezone": "UTC",
            "wards": {"ward": {"title": "Ward", "physical_beds": 20, "staffed_beds": 20, "nursing": nursing}},
            "staff": {"nurses": {"title": "Nurses", "shifts": SHIFTS, "absence": 0.05, **nurses}},
            "arrivals": {"door": {"title": "door", "daily_mean": daily_mean, "mix": {"patient": 1}}},
            "classes": {"patient": {"title": "patient", "priority": 1, "pathway": "way"}},
            "pathways": {"way": {"steps": [stay]}},
        }
    )


@pytest.fixture(scope="package")
def short_at_night():
    return ward_that_closes()
