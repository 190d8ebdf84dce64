"""A cover plan with proof, in a hospital whose nights are short of nurses."""

import json
from datetime import timedelta

import pytest

from optimization.cover.planning import plan_cover
from tests.houses import START
from twin.case import Case, Window
from twin.hospital import Hospital
from twin.plan import Plan

SHIFTS = {
    "early": {"from": "07:00", "to": "14:30", "on_duty": 5},
    "late": {"from": "14:30", "to": "22:00", "on_duty": 5},
    "night": {"from": "22:00", "to": "07:00", "on_duty": 1},
}


@pytest.fixture(scope="module")
def short_at_night():
    nursing = {"group": "nurses", "patients_per_nurse": 4, "by_shift": {"night": 8}}
    stay = {"name": "stay", "places": ["ward"], "duration": {"mean": 3, "cv": 0.5, "unit": "days"}}
    return Hospital.model_validate(
        {
            "name": "a ward that closes at night",
            "timezone": "UTC",
            "wards": {"ward": {"title": "Ward", "physical_beds": 20, "staffed_beds": 20, "nursing": nursing}},
            "staff": {"nurses": {"title": "Nurses", "shifts": SHIFTS, "absence": 0.05}},
            "arrivals": {"door": {"title": "door", "daily_mean": 5, "mix": {"patient": 1}}},
            "classes": {"patient": {"title": "patient", "priority": 1, "pathway": "way"}},
            "pathways": {"way": {"steps": [stay]}},
        }
    )


def test_the_night_is_filled_within_notice_and_fewer_beds_close(short_at_night, tmp_path):
    answer = plan_cover(
        Case(short_at_night), Window(START, days=5, warm_up=10), replications=8, threads=1, time_limit=20
    )

    tomorrow = START + timedelta(days=11)
    assert answer.plan.people("nurses", START + timedelta(days=10), "night") is None  # today stays as it is
    assert answer.plan.people("nurses", tomorrow, "night") >= 2
    now, was = (float(text.split(" %")[0].split()[-1]) for text in answer.explanation.sentences[0].split(";"))
    assert now < was
    proof = answer.certificate
    assert proof.bound <= proof.cost == pytest.approx(proof.objective, rel=1e-6)
    assert {r.target.measure for r in proof.targets} >= {"beds_closed"}
    assert json.loads(json.dumps(answer.document()))["cost"]["agencies"] > 0

    answer.plan.write(tmp_path / "plan.toml")
    assert Plan.read(tmp_path / "plan.toml").cover == answer.plan.cover
