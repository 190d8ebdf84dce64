"""A whole plan of a house of two wards: needs, model, proof, reasons."""

import json
from datetime import timedelta

import pytest

from optimization.beds.planning import plan_beds
from tests.houses import START
from twin.errors import ConfigError, Infeasible, UsageError
from twin.plan import Target


@pytest.fixture(scope="module")
def answer(two_weeks):
    return plan_beds(*two_weeks, seed=1, replications=12)


def test_beds_move_to_the_ward_that_lacks_them(answer):
    assert answer.today == {"medicine": 15, "surgery": 16}
    assert answer.planned["medicine"] > 15
    assert answer.planned["surgery"] < 16
    assert sum(answer.planned.values()) <= 31


def test_on_fresh_futures_fewer_mornings_are_short(answer):
    before, after = (answer.chance_short[when]["medicine"] for when in ("today", "planned"))

    assert after < before


def test_today_keeps_its_calendar_and_every_later_day_is_named(answer):
    first_measured = START + timedelta(14)

    dates = sorted(answer.plan.beds["medicine"])
    assert dates[0] == first_measured + timedelta(1)
    assert dates[-1] == first_measured + timedelta(15)  # with the two days of the tail


def test_the_certificate_counts_odd_futures_and_says_how_sure(answer):
    proof = answer.certificate

    assert (proof.train_paths, proof.certify_paths) == (12, 6)  # 6 to make plans from, 6 to choose on
    assert proof.cost == pytest.approx(proof.objective)
    assert 0 <= proof.gap < 0.5
    assert {r.target.measure for r in proof.targets} == {
        "short_mornings",
        "boarding_hours_p90",
        "ed_within_4h",
    }
    assert all(r.bound95 >= r.expected for r in proof.targets if r.target.at_most is not None)
    assert "simulation" in proof.wording and "--seed 1" in proof.command


def test_the_explanation_says_what_one_more_bed_brings(answer):
    assert "medicine" in answer.explanation.headline
    assert answer.explanation.one_more[0][0] == "one more bed in the total"


def test_the_document_is_plain_json(answer):
    json.dumps(answer.document(), allow_nan=False)


def test_it_says_what_the_plan_does_where_demand_is_off_the_forecast(answer):
    looks = answer.certificate.off_forecast

    assert [look.change for look in looks] == [-0.2, -0.1, 0.0, 0.1, 0.2]
    short = [look.targets[0].expected for look in looks]
    assert short[0] < short[2] < short[-1], "more patients, more mornings short"
    as_forecast, proof = looks[2].targets[0], answer.certificate.targets[0]
    assert as_forecast.expected == pytest.approx(proof.expected)  # the same six futures
    assert any(text.startswith("If demand is off the forecast") for text in answer.explanation.sentences)


def test_the_same_seed_gives_the_same_plan(answer, two_weeks):
    assert plan_beds(*two_weeks, seed=1, replications=12, threads=1).plan == answer.plan


def test_progress_is_one_count_of_all_passes(two_weeks):
    told = []

    plan_beds(*two_weeks, seed=1, replications=4, progress=lambda done, of: told.append((done, of)))

    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_an_impossible_plan_says_what_is_short_and_the_ways_out(two_weeks):
    with pytest.raises(Infeasible) as told:
        plan_beds(*two_weeks, replications=4, total=10, pins={"medicine": 9, "surgery": 9})

    text = str(told.value)
    assert "18 beds must be open" in text and "the total is 10: 8 short" in text
    assert "allow 18 beds in total, 8 more" in text
    assert "lower pinned wards" in text
    assert told.value.exit_code == 4


def test_more_than_stands_in_a_ward_is_named_with_the_day(two_weeks):
    case, window = two_weeks
    medicine = case.hospital.wards["medicine"].model_copy(update={"physical_beds": 15})
    house = case.hospital.model_copy(update={"wards": {**case.hospital.wards, "medicine": medicine}})

    with pytest.raises(Infeasible, match=r"medicine: \d+ beds cover 95% of mornings, at most 15 can be open"):
        plan_beds(case.with_(hospital=house), window, replications=4, cover=0.95)


def test_questions_that_make_no_sense_are_refused_before_any_patient(two_weeks):
    with pytest.raises(UsageError, match="4 replications"):
        plan_beds(*two_weeks, replications=3)
    with pytest.raises(ConfigError, match="between 0 and 100"):
        plan_beds(*two_weeks, targets=[Target("Too much", "ed_within_4h", "%", at_least=101)])
    with pytest.raises(ConfigError, match="no such measure"):
        plan_beds(*two_weeks, targets=[Target("What?", "ed_within_5h", "%", at_least=90)])


@pytest.fixture(scope="module")
def ruled(two_weeks):
    return plan_beds(
        *two_weeks,
        replications=8,
        total=34,
        pools=[["medicine", "surgery"]],
        teams={"medicine": 3, "surgery": 4},
        flex={"medicine": 2},
        most_moves=7,
        notice_days=3,
        period_days=7,
        targets=[
            Target("Outside their ward", "outlier_share", "%", at_most=10),
            Target("Refused", "refused", "%", at_most=1),
            Target("Beds occupied", "occupancy", "%", at_most=92),
        ],
    )


def test_the_first_days_of_a_plan_with_notice_keep_the_calendar(ruled):
    first_measured = START + timedelta(14)

    medicine = ruled.plan.beds["medicine"]
    assert {medicine[first_measured + timedelta(d)] for d in (1, 2)} <= {15, 16, 17}  # with flex beds


def test_a_plan_by_teams_moves_whole_teams_and_no_more_than_allowed(ruled):
    surgery = ruled.planned["surgery"]

    assert (surgery - 16) % 4 == 0
    assert abs(surgery - 16) + max(0, ruled.planned["medicine"] - 15 - 2) <= 7
    assert any("teams of 4" in line for line in ruled.explanation.binds)


def test_what_a_pool_does_is_said_and_what_cannot_be_measured_too(ruled):
    assert any("lie in another ward" in line for line in ruled.explanation.sentences)
    assert any("Refused" in note for note in ruled.notes)
    assert [r.target.measure for r in ruled.certificate.targets] == ["outlier_share", "occupancy"]
    assert "--pool medicine,surgery" in ruled.certificate.command
    assert '--target "outlier_share<=10"' in ruled.certificate.command


def test_too_few_moves_are_told_with_the_beds_that_must_move(two_weeks):
    with pytest.raises(Infeasible) as told:
        plan_beds(*two_weeks, replications=4, total=40, pins={"medicine": 20}, most_moves=2)

    text = str(told.value)
    assert "5 beds must open or close at a time, 2 may: 3 too many" in text
    assert "allow 5 beds opened or closed at a time, 3 more" in text
    assert "lower pinned wards: medicine by 3" in text


def test_teams_that_do_not_fit_under_the_total_are_told(two_weeks):
    with pytest.raises(Infeasible) as told:
        plan_beds(
            *two_weeks, replications=4, total=32, pins={"surgery": 10}, cover=0.7, teams={"medicine": 9}
        )

    text = str(told.value)
    assert "whole teams need 34 beds, the total is 32: 2 short" in text
    assert "open single beds in place of whole teams" in text


def test_nobody_comes_and_every_bed_closes(two_weeks):
    case, window = two_weeks
    arrivals = {name: a.model_copy(update={"daily_mean": 0}) for name, a in case.hospital.arrivals.items()}
    empty = case.with_(hospital=case.hospital.model_copy(update={"arrivals": arrivals}))

    answer = plan_beds(empty, window, replications=4)

    assert set(answer.planned.values()) == {0}
    json.dumps(answer.document(), allow_nan=False)


def test_a_plan_in_force_is_changed_no_more_than_a_pin_asks_for(two_weeks):
    answer = plan_beds(*two_weeks, replications=4, pins={"surgery": 13}, least_change=True)

    assert answer.planned == {"medicine": 15, "surgery": 13}  # though three more in medicine would pay
    assert "changes fewer than 39 bed-days" in answer.certificate.bound_note
    assert answer.certificate.cost == pytest.approx(answer.certificate.objective)
