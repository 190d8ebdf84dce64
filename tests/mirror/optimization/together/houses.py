"""Two wards with nurses of their own and a float pool: one is full and short of nurses, one has both."""

from twin.hospital import Hospital


def shifts(day, night):
    return {
        "day": {"from": "07:00", "to": "19:00", "on_duty": day},
        "night": {"from": "19:00", "to": "07:00", "on_duty": night},
    }


def _ward(title, beds, staffed, group):
    nursing = {"group": group, "patients_per_nurse": 4, "by_shift": {"night": 6}}
    return {"title": title, "physical_beds": beds, "staffed_beds": staffed, "nursing": nursing}


def _way(ward, days):
    stay = {"name": "stay", "places": [ward], "duration": {"mean": days, "cv": 0.6, "unit": "days"}}
    return {"steps": [stay]}


def two_wards(**parts):
    """The house of ``described``."""
    return Hospital.model_validate(described(**parts))


def described(*, medicine=(4, 3), surgery=(5, 4), arrivals=(5.0, 2.5), bed_day=60.0):
    """Nurses by (day, night) of each ward, patients a day of each, price of an open bed-day."""
    group = {"absence": 0.04, "float_pool": "float"}
    return {
        "name": "two wards",
        "timezone": "UTC",
        "money": {"open_bed_day": bed_day},
        "wards": {
            "medicine": _ward("Medicine", 24, 16, "medical"),
            "surgery": _ward("Surgery", 24, 20, "surgical"),
        },
        "staff": {
            "medical": {"title": "Medical nurses", "shifts": shifts(*medicine), **group},
            "surgical": {"title": "Surgical nurses", "shifts": shifts(*surgery), **group},
            "float": {"title": "Float pool", "shifts": shifts(1, 1), "absence": 0.04},
        },
        "arrivals": {
            "ill": {"title": "ill", "daily_mean": arrivals[0], "mix": {"ill": 1}},
            "hurt": {"title": "hurt", "daily_mean": arrivals[1], "mix": {"hurt": 1}},
        },
        "classes": {
            "ill": {"title": "ill", "priority": 1, "pathway": "ill"},
            "hurt": {"title": "hurt", "priority": 1, "pathway": "hurt"},
        },
        "pathways": {"ill": _way("medicine", 3.5), "hurt": _way("surgery", 4)},
    }
