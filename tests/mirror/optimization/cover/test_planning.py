"""A cover plan with proof, in a hospital whose nights are short of nurses."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from optimization.cover.planning import plan_cover
from optimization.cover.question import read_pins
from optimization.cover.targets import BEDS_CLOSED
from tests.houses import START
from tests.mirror.optimization.cover.conftest import ward_that_closes
from twin.case import Case, Window
from twin.errors import Cancelled, ConfigError, Infeasible, TwinError
from twin.plan import Plan, Target

WINDOW = Window(START, days=5, warm_up=10)
TOMORROW = START + timedelta(days=11)


def plan(hospital, *, under=None, **asked):
    return plan_cover(
        Case(hospital, plan=under or Plan.empty()),
        WINDOW,
        **{"replications": 8, "threads": 1, "time_limit": 20, **asked},
    )


def test_the_night_is_filled_within_notice_and_fewer_beds_close(short_at_night, tmp_path):
    answer = plan(short_at_night)

    assert answer.plan.people("nurses", START + timedelta(days=10), "night") is None  # today stays as it is
    assert answer.plan.people("nurses", TOMORROW, "night") >= 2
    now, was = (float(text.split(" %")[0].split()[-1]) for text in answer.explanation.sentences[0].split(";"))
    assert now < was
    proof = answer.certificate
    assert proof.bound <= proof.cost == pytest.approx(proof.objective, rel=1e-6)
    assert {r.target.measure for r in proof.targets} >= {"beds_closed"}
    document = json.loads(json.dumps(answer.document()))
    assert document["cost"]["agencies"] > 0
    night = next(row for row in document["shifts"] if row["shift"] == "night")
    assert night["today"] == 1 < night["planned"]
    assert night["agency"] == sum(days["night"] - 1 for days in document["plan"]["cover"]["nurses"].values())

    answer.plan.write(tmp_path / "plan.toml")
    assert Plan.read(tmp_path / "plan.toml").cover == answer.plan.cover


def test_the_certificate_says_how_the_cover_was_chosen_and_what_other_demand_would_do(short_at_night):
    proof = plan(short_at_night).certificate

    assert proof.selection.finalists > 1
    assert [off.change for off in proof.off_forecast] == [-0.2, -0.1, 0, 0.1, 0.2]
    closed = [off.targets[0].expected for off in proof.off_forecast]
    assert proof.off_forecast[0].cost < proof.off_forecast[-1].cost
    assert len(closed) == 5


def test_a_pinned_shift_has_its_number_and_every_other_is_free(short_at_night):
    answer = plan(short_at_night, pins={("nurses", TOMORROW, "night"): 5})

    assert answer.plan.people("nurses", TOMORROW, "night") == 5
    assert "Nurses" in answer.explanation.binds[-1] and "pinned at 5" in answer.explanation.binds[-1]
    assert f"--pin nurses@{TOMORROW}@night=5" in answer.certificate.command


def test_a_plan_that_is_kept_to_changes_only_where_a_pin_asks_for_it(short_at_night):
    before = plan(short_at_night).plan

    answer = plan(short_at_night, under=before, least_change=True, pins={("nurses", TOMORROW, "early"): 6})

    changed = {
        (day, shift)
        for day, shifts in before.cover["nurses"].items()
        for shift, people in shifts.items()
        if answer.plan.people("nurses", day, shift) != people
    }
    assert changed == {(TOMORROW, "early")}
    assert "1 people on shifts more or fewer" in " ".join(answer.explanation.sentences)


def test_a_least_cover_that_nobody_can_send_names_the_shift_and_the_cheapest_ways_out(short_at_night):
    with pytest.raises(Infeasible) as told:
        plan(short_at_night, at_least=4.0)

    words = str(told.value)
    assert "no cover meets all rules" in words
    assert f"Nurses, {TOMORROW:%A %d %B}" in words and "short" in words
    assert "1. " in words and "2. " in words
    assert "from agencies" in words and "in place of 400%" in words


def test_two_ways_out_of_a_pin_are_more_from_agencies_or_another_number(short_at_night):
    with pytest.raises(Infeasible) as told:
        plan(short_at_night, pins={("nurses", TOMORROW, "night"): 12})

    words = str(told.value)
    assert "12 asked for (pinned), at most 7 can be sent: 5 short" in words
    assert "Nurses 11" in words
    assert f"pin Nurses, {TOMORROW:%A %d %B}, night at 7" in words


def test_fewer_than_are_rostered_already_cannot_be_asked_within_the_notice(short_at_night):
    with pytest.raises(Infeasible, match="5 are rostered: 3 too many"):
        plan(short_at_night, pins={("nurses", TOMORROW, "early"): 2})


def test_a_target_that_beds_miss_is_told_and_no_attempt_is_spent_on_more_nurses(short_at_night):
    never = Target("Occupancy", "occupancy", "%", at_most=1)

    answer = plan(short_at_night, targets=[never])

    assert not answer.certificate.holds
    assert answer.certificate.attempt == 1
    assert "missed even if no nurse were missing" in " ".join(answer.explanation.sentences)


def test_a_cover_that_misses_its_target_is_raised_and_certified_on_futures_of_its_own(short_at_night):
    closed = Target("Beds closed", BEDS_CLOSED, "%", at_most=16, share=0.0)
    (first,) = plan(short_at_night, targets=[replace(closed, at_most=100)]).certificate.targets

    answer = plan(short_at_night, targets=[closed], replications=24)
    (held,) = answer.certificate.targets

    assert first.expected > 16 >= held.bound95
    assert answer.certificate.attempt == 2
    assert answer.certificate.alpha < 0.05 * 0.16
    assert 'Attempt 1 missed "Beds closed"' in " ".join(answer.explanation.sentences)


def test_what_cannot_be_planned_is_refused_before_anything_is_simulated(short_at_night):
    for asked, words in (
        ({"pins": {("nurse", TOMORROW, "night"): 2}}, "nurses"),
        ({"pins": {("nurses", TOMORROW, "nights"): 2}}, "night"),
        ({"pins": {("nurses", START, "night"): 2}}, "a day that can be planned"),
        ({"people": {"nobody": 3}}, "nobody"),
        ({"at_least": 0.0}, "above 0"),
        ({"wage": 0.0}, "above 0"),
        ({"notice": -1}, "0 days or more"),
        ({"time_limit": 0}, "above 0"),
    ):
        with pytest.raises(TwinError, match=words):
            plan(short_at_night, **asked)


def test_pins_are_typed_as_group_at_date_at_shift():
    assert read_pins(["nurses@2025-01-06@night=4"]) == {("nurses", START.replace(2025, 1, 6), "night"): 4}
    with pytest.raises(ConfigError) as told:
        read_pins(["nurses@night=4", "n@2025-01-06@night=4", "n@2025-01-06@night=5", "n@2025-01-06@night=x"])
    assert str(told.value).count("--pin") == 3


def test_progress_counts_up_to_the_end_and_a_plan_can_be_cancelled(short_at_night):
    told = []

    def stop():
        if told:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        plan(short_at_night, progress=lambda done, of: told.append((done, of)), check=stop)

    assert 0 < told[-1][0] <= told[-1][1]


def test_where_no_patient_comes_nobody_is_hired_and_nothing_is_short():
    answer = plan(ward_that_closes(daily_mean=0), targets=[])

    assert sum(row.agency for row in answer.shifts) == 0
    assert answer.certificate.cost == 0
    assert answer.explanation.short == ()
