"""A hospital for records: an emergency department, two wards and a clinic; its records by hand."""

from functools import cache

from twin.hospital import Hospital
from twin.records.encounters import Encounters
from twin.records.simulated import simulate_year

SEED = 11
HEADER = "encounter,patient_class,stream,place,step,requested,started,ended,arrived,outcome"


@cache
def house(ward_beds: int = 22) -> Hospital:
    """Door and letters send ``sick``; ``well`` comes by the door, ``booked`` to the clinic on weekdays."""
    ward = {"physical_beds": ward_beds, "staffed_beds": ward_beds, "discharge_profile": "leave"}
    return Hospital.model_validate(
        {
            "name": "a house with records",
            "timezone": "Europe/London",
            "profiles": {"leave": {"hours": [0.0] * 10 + [0.125] * 8 + [0.0] * 6}},
            "wards": {"oak": {"title": "Oak", **ward}, "elm": {"title": "Elm", **ward}},
            "places": {
                "cubicles": {"title": "Cubicles", "physical": 12, "staffed": 12},
                "clinic": {"title": "Clinic", "physical": 4, "staffed": 4},
            },
            "staff": {"nurses": {"title": "Nurses", "on_duty": 6}},
            "arrivals": {
                "door": {
                    "title": "Door", "daily_mean": 30, "mix": {"well": 0.8, "sick": 0.2}, "dispersion": 1.5,
                },
                "letters": {"title": "Letters", "daily_mean": 2, "mix": {"sick": 1.0}},
                "clinics": {
                    "title": "Clinics", "daily_mean": 10, "mix": {"booked": 1.0},
                    "weekday_factors": [1.4] * 5 + [0, 0],
                },
            },
            "classes": {
                "well": {"title": "Well", "priority": 3, "pathway": "minor"},
                "sick": {"title": "Sick", "priority": 2, "pathway": "major"},
                "booked": {"title": "Booked", "priority": 5, "pathway": "clinic"},
            },
            "pathways": {
                "minor": {
                    "steps": [
                        {"name": "triage", "staff": {"nurses": 1},
                         "duration": {"mean": 8, "unit": "minutes"}},
                        {"name": "treat", "places": ["cubicles"],
                         "duration": {"mean": 2, "cv": 0.6, "unit": "hours"}},
                    ]
                },
                "major": {
                    "steps": [
                        {"name": "treat", "places": ["cubicles"], "keeps_place": True,
                         "duration": {"mean": 3, "cv": 0.5, "unit": "hours"}},
                        {"name": "decide", "in_place": True, "keeps_place": True, "staff": {"nurses": 1},
                         "duration": {"mean": 20, "unit": "minutes"}},
                        {"name": "stay", "places": ["oak", {"place": "elm", "after_hours": 4}],
                         "duration": {"mean": 4, "cv": 0.9, "unit": "days"}},
                    ]
                },
                "clinic": {
                    "steps": [
                        {"name": "visit", "places": ["clinic"], "duration": {"mean": 20, "unit": "minutes"}}
                    ]
                },
            },
        }
    )  # fmt: skip


@cache
def records(days: int = 365) -> Encounters:
    """Simulated records of the house, made once."""
    return simulate_year(house(), days=days, seed=SEED)


def stay(encounter: str = "00042", **fields: str) -> str:
    """One row of a file by hand: a patient treated on 1 March 2025 from 10:00 to 12:00."""
    row = {
        "encounter": encounter, "patient_class": "sick", "stream": "door",
        "place": "cubicles", "step": "treat",
        "requested": "2025-03-01 10:00", "started": "2025-03-01 10:00", "ended": "2025-03-01 12:00",
        "arrived": "2025-03-01 10:00", "outcome": "",
    }  # fmt: skip
    return ",".join({**row, **fields}.values())


def written(path, *rows: str, header: str = HEADER):
    """A file of these rows."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
