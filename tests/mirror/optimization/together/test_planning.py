"""Beds and nurses in one plan, beside the house as decided and beside planning one after the other."""

import json
from datetime import timedelta

import numpy as np
import pytest

from optimization.together.planning import plan_together
from tests.houses import START
from tests.mirror.optimization.together.houses import described, shifts, two_wards
from twin.case import Case, Window, resolve
from twin.errors import Cancelled, ConfigError, Infeasible, UsageError
from twin.hospital import Hospital
from twin.plan import Plan

WINDOW = Window(START, days=8, warm_up=10)


@pytest.fixture(scope="module")
def answer():
    return plan_together(Case(two_wards()), WINDOW, total=42, replications=20, threads=1, time_limit=40)


def test_beds_move_to_the_full_ward_and_their_nurses_with_them(answer):
    assert answer.planned["medicine"] > answer.today["medicine"] == 16
    assert answer.planned["surgery"] < answer.today["surgery"] == 20
    first = min(answer.plan.cover["medical"])
    assert answer.plan.people("medical", first, "day") * 4 >= answer.planned["medicine"] - 4
    assert answer.paid["agencies"] + answer.paid["float pools"] > 0


def test_fewer_wait_than_as_decided_and_it_costs_no_more_than_one_after_the_other(answer):
    waits, today, in_sequence = answer.explanation.sentences[:3]
    now = float(waits.split(" patients wait")[0].split()[-1])
    was = float(waits.split("any one time, ")[1].split()[0])
    assert now < was / 2
    assert "clearly more" in today
    assert "clearly less" not in in_sequence


def test_the_certificate_claims_no_bound_that_nothing_proves(answer):
    proof = answer.certificate
    assert proof.bound is None and proof.gap is None
    assert proof.bound_note.startswith("bound: none (rules:")
    assert proof.selection is None or proof.selection.confidence == 0.95
    assert {r.target.measure for r in proof.targets} == {"short_mornings", "beds_closed"}
    assert [look.change for look in proof.off_forecast] == [-0.2, -0.1, 0.0, 0.1, 0.2]
    assert "twin optimize together --total 42 --days 8" in proof.command


def test_every_bed_opened_has_nurses_at_some_hour_of_its_day(answer):
    hospital = two_wards()
    schedule = resolve(Case(hospital, plan=answer.plan), WINDOW)
    starts = WINDOW.clock(hospital).day_starts
    for ward, group in (("medicine", "medical"), ("surgery", "surgical")):
        for d, day in enumerate(sorted(answer.plan.cover[group])):
            people = {s: answer.plan.people(group, day, s) for s in ("day", "night")}
            by_hand = max(4 * people["day"], 6 * people["night"])
            assert answer.plan.open_beds(ward, day) <= by_hand
            noon = int(starts[11 + d]) + 12 * 3_600_000
            assert schedule.levels[ward].at(noon) <= 4 * people["day"]


def test_the_plan_is_written_and_read_with_both_its_parts(answer, tmp_path):
    answer.plan.write(tmp_path / "plan.toml")
    again = Plan.read(tmp_path / "plan.toml")
    assert again.beds == answer.plan.beds and again.cover == answer.plan.cover
    told = json.loads(json.dumps(answer.document()))
    assert told["plan"]["beds"] == dict(answer.planned)
    assert set(told["plan"]["cover"]) == {"medical", "surgical", "float"}


def test_the_same_question_has_the_same_answer(answer):
    again = plan_together(Case(two_wards()), WINDOW, total=42, replications=20, threads=2, time_limit=40)
    one, other = answer.document(), again.document()
    assert one["plan"] == other["plan"] and one["certificate"]["targets"] == other["certificate"]["targets"]


def test_what_is_decided_now_is_not_chosen_where_it_breaks_the_rules():
    answer = plan_together(Case(two_wards()), WINDOW, total=30, replications=8, threads=1, time_limit=20)

    days = answer.plan.beds["medicine"]
    assert sum(answer.today.values()) == 36
    assert all(answer.plan.open_beds("medicine", d) + answer.plan.open_beds("surgery", d) <= 30 for d in days)


def test_a_house_that_names_no_nurses_is_planned_with_usual_ones_and_told_so():
    table = described()
    for ward in table["wards"].values():
        del ward["nursing"]
    table["staff"] = {}

    answer = plan_together(
        Case(Hospital.model_validate(table)), WINDOW, replications=8, threads=1, time_limit=20
    )

    assert not answer.names_groups
    assert any("usual ones were assumed" in note for note in answer.notes)
    assert set(answer.plan.cover) == {"medicine_nurses", "surgery_nurses", "float_nurses"}


def test_beds_that_no_rule_allows_are_told_with_ways_out():
    with pytest.raises(Infeasible, match="beds"):
        plan_together(
            Case(two_wards()), WINDOW, total=10, pins={"medicine": 8, "surgery": 8}, replications=8, threads=1
        )


def test_nurses_that_nobody_can_send_are_told_with_ways_out():
    with pytest.raises(Infeasible, match="nurses too few") as told:
        plan_together(
            Case(two_wards()), WINDOW, replications=8, threads=1, time_limit=20, nurses={"at_least": 3.0}
        )
    assert "the cheapest ways out:" in str(told.value)


def test_a_group_that_is_none_is_refused_by_name():
    with pytest.raises(ConfigError, match="medicall"):
        plan_together(Case(two_wards()), WINDOW, nurses={"people": {"medicall": 3}})
    with pytest.raises(UsageError, match="0 days or more"):
        plan_together(Case(two_wards()), WINDOW, nurses={"notice": -2})


def test_a_pinned_shift_and_the_people_of_other_groups_stay_as_they_are():
    day = START + timedelta(days=12)
    kept = Plan("porters", cover={"porters": {day: {"day": 3}}})
    table = described()
    table["staff"]["porters"] = {"title": "Porters", "shifts": shifts(2, 1)}
    case = Case(Hospital.model_validate(table), plan=kept)

    answer = plan_together(
        case, WINDOW, replications=8, threads=1, time_limit=20,
        nurses={"pins": {("medical", day, "night"): 5}},
    )  # fmt: skip

    assert answer.plan.people("medical", day, "night") == 5
    assert answer.plan.people("porters", day, "day") == 3
    assert f"--pin-shift medical@{day}@night=5" in answer.certificate.command


def test_it_can_be_stopped_and_tells_how_far_it_is():
    told = []

    def stop():
        if len(told) > 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        plan_together(
            Case(two_wards()),
            WINDOW,
            replications=8,
            threads=1,
            progress=lambda done, of: told.append((done, of)),
            check=stop,
        )
    assert told == sorted(told) and told[-1][0] < told[-1][1]


def test_a_house_that_names_no_price_says_what_was_taken():
    hospital = two_wards(bed_day=0.0)
    answer = plan_together(Case(hospital), WINDOW, replications=8, threads=1, time_limit=20)
    assert any("names no price of an open bed-day" in note and "102" in note for note in answer.notes)
    assert answer.currency == "GBP"
    assert np.isfinite(answer.certificate.cost)
