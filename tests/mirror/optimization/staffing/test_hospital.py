"""A hospital's people who work at steps: their weeks of shifts, planned, played, proved and explained."""

import json
from datetime import date, timedelta

import numpy as np
import pytest

from optimization.paths import TrainPaths
from optimization.staffing.counting import agreed, count_again
from optimization.staffing.hospital import plan_hospital
from optimization.staffing.house import Asked, task_groups, week_of
from optimization.staffing.pay import employed, shift_pay, usual_pay
from optimization.staffing.tasks import Work, weeks_of, work_of
from tests.houses import START
from twin.case import Case, Window, resolve
from twin.errors import ConfigError, Infeasible, TwinError, UsageError
from twin.hospital import Hospital
from twin.plan import Plan, Target
from twin.units import MS_DAY, MS_HOUR, MS_MINUTE

WINDOW = Window(START, days=15, warm_up=0, tail=1)
DAYS = range(1, 15)
DATES = [START + timedelta(days=d) for d in DAYS]
THREE = ("00:00-08:00", "08:00-16:00", "16:00-24:00")


def desk(*, nurses=None, more=None, mean=60, staff=None):
    """A desk at which each patient takes one nurse for 20 minutes, in no place."""
    step = {"name": "seen", "staff": {"nurses": 1}, "duration": {"mean": 20, "cv": 0.5, "unit": "minutes"}}
    return Hospital.model_validate(
        {
            "name": "a desk",
            "timezone": "UTC",
            "staff": {"nurses": {"title": "Nurses", "on_duty": 4, **(nurses or {})}, **(staff or {})},
            "arrivals": {"door": {"title": "door", "daily_mean": mean, "mix": {"patient": 1}}},
            "classes": {"patient": {"title": "patient", "priority": 1, "pathway": "way"}},
            "pathways": {"way": {"steps": [{**step, **(more or {})}]}},
        }
    )


@pytest.fixture(scope="module")
def planned():
    asked = Asked(shifts=THREE, share=0.8, limit_minutes=10)
    return plan_hospital(Case(desk()), WINDOW, asked, replications=60, targets=(), time_limit=10, threads=1)


def test_fewer_come_than_now_and_the_share_is_proved_on_futures_the_plan_has_not_seen(planned):
    proof = planned.certificate

    assert proof.holds
    assert planned.pay["planned"]["nurses"] < planned.pay["today"]["nurses"]
    assert proof.cost == pytest.approx(proof.objective)
    assert {look.change for look in proof.off_forecast} == {-0.2, -0.1, 0.0, 0.1, 0.2}


def test_of_a_plain_station_a_bound_is_proved(planned):
    proof = planned.certificate

    assert 0 < proof.bound <= proof.objective
    assert "more people delay nobody" in proof.bound_note


def test_the_plan_is_one_that_the_twin_reads_and_keeps_to(planned, tmp_path):
    planned.plan.write(tmp_path / "plan.toml")
    again = Plan.read(tmp_path / "plan.toml")

    levels = resolve(Case(desk(), plan=again), WINDOW).levels["nurses"]
    asked = again.cover["nurses"][DATES[0]]

    assert again.cover == planned.plan.cover
    assert START not in again.cover["nurses"]  # today stays as decided
    assert [levels.at(MS_DAY + h * MS_HOUR) for h in (4, 12, 20)] == [asked[s] for s in THREE]


def test_the_answer_is_told_as_a_document_and_in_words(planned):
    told = json.loads(json.dumps(planned.document()))

    assert told["plan"]["week"]["nurses"]["mon"].keys() == set(THREE)
    assert told["cost"]["planned"]["nurses"] == pytest.approx(told["certificate"]["cost"])
    assert "one more on" in told["explanation"]["one_more"][0]["what"]
    assert any("as decided now" in text for text in told["explanation"]["sentences"])


def test_where_patients_hold_places_no_bound_is_told_and_the_rules_are_named():
    house = Hospital.model_validate(
        {
            **desk(more={"places": ["rooms"]}).model_dump(by_alias=True, exclude_none=True),
            "places": {"rooms": {"title": "Rooms", "physical": 6, "staffed": 6}},
        }
    )

    answer = plan_hospital(
        Case(house), WINDOW, Asked(shifts=THREE), replications=20, targets=(), time_limit=5, threads=1
    )

    assert answer.certificate.bound is None
    assert (
        "none (rules: places that patients hold while they wait, or must find free (Nurses)"
        in answer.certificate.bound_note
    )


def test_what_is_decided_beforehand_stays():
    asked = Asked(shifts=THREE, pins={("nurses", "08:00-16:00"): 5})

    answer = plan_hospital(Case(desk()), WINDOW, asked, replications=20, targets=(), time_limit=5, threads=1)

    assert {day["08:00-16:00"] for day in answer.by_day("nurses").values()} == {5}


def test_with_the_least_change_people_are_only_added():
    lean = {day: {"00:00-08:00": 1, "08:00-16:00": 1, "16:00-24:00": 1} for day in DATES}
    case = Case(desk(), plan=Plan("in force", cover={"nurses": lean}))

    answer = plan_hospital(
        case,
        WINDOW,
        Asked(shifts=THREE, least_change=True),
        replications=20,
        targets=(),
        time_limit=5,
        threads=1,
    )

    week = answer.week["nurses"]
    assert min(week.values()) >= 1
    assert sum(week.values()) > 21
    assert week_of(case.plan, "nurses", DATES) == dict.fromkeys(week, 1)


def test_too_few_people_are_told_with_when_most_wait_and_the_cheapest_ways_out():
    with pytest.raises(Infeasible) as told:
        plan_hospital(
            Case(desk()),
            WINDOW,
            Asked(shifts=THREE, people={"nurses": 5}),
            replications=8,
            targets=(),
            threads=1,
        )

    words = str(told.value)
    assert "most wait" in words
    assert "the cheapest ways out:" in words
    assert "1." in words


def test_all_faults_of_what_is_asked_are_told_at_once():
    asked = Asked(
        groups=("nurse",), share=1.2, limit_minutes=-1, shifts=("8-16",), wages={"nurses": 0.0}, notice=-1
    )

    with pytest.raises(ConfigError) as told:
        plan_hospital(Case(desk()), WINDOW, asked)

    paths = {p.path for p in told.value.problems}
    assert {"groups.nurse", "share", "limit", "shifts", "wages.nurses", "notice"} <= paths


def test_a_hospital_in_which_nobody_works_at_steps_has_no_staffing_to_plan():
    with pytest.raises(UsageError, match="no staff group works at a step"):
        task_groups(desk(more={"staff": {}}))


def test_groups_that_nurse_wards_are_left_to_the_cover_plan():
    house = Hospital.model_validate(
        {
            **desk().model_dump(by_alias=True, exclude_none=True),
            "wards": {
                "ward": {
                    "title": "Ward",
                    "physical_beds": 4,
                    "staffed_beds": 4,
                    "nursing": {"group": "nurses", "patients_per_nurse": 4},
                }
            },
        }
    )

    with pytest.raises(UsageError):
        task_groups(house)


# ---- pay


def test_nights_saturdays_sundays_and_holidays_cost_more():
    monday, saturday, sunday = (date(2025, 1, d) for d in (13, 18, 19))
    day, night = (8 * MS_HOUR, 16 * MS_HOUR), (22 * MS_HOUR, 6 * MS_HOUR)

    assert shift_pay(monday, day, 10, None) == pytest.approx(80)
    assert shift_pay(monday, night, 10, None) == pytest.approx(80 * 1.3)
    assert shift_pay(saturday, day, 10, None) == pytest.approx(80 * 1.3)
    assert shift_pay(sunday, day, 10, None) == pytest.approx(80 * 1.6)
    assert shift_pay(sunday, night, 10, None) == pytest.approx(2 * 16 + 6 * 13)
    assert shift_pay(date(2025, 12, 25), day, 10, "GB-ENG") == pytest.approx(80 * 1.6)


def test_counted_again_hour_by_hour_a_plan_costs_the_same():
    shifts = {"08:00-16:00": 3, "22:00-06:00": 2}
    plan = Plan("p", cover={"nurses": dict.fromkeys(DATES, shifts)})

    again = count_again(plan, desk(), {"nurses": 17.0}, DATES)
    spans = {"08:00-16:00": (8 * MS_HOUR, 16 * MS_HOUR), "22:00-06:00": (22 * MS_HOUR, 6 * MS_HOUR)}
    paid = sum(n * shift_pay(day, spans[s], 17.0, None) for day in DATES for s, n in shifts.items())

    assert again["nurses"] == pytest.approx(paid)
    assert agreed(again["nurses"], paid) == again["nurses"]
    with pytest.raises(TwinError, match="counted again"):
        agreed(again["nurses"], paid + 1)


def test_what_people_cost_now_follows_from_the_hours_that_they_are_there():
    week = [date(2025, 1, 13) + timedelta(days=d) for d in range(7)]

    paid = usual_pay(desk(nurses={"on_duty": 1}), Plan.empty(), "nurses", 1.0, week)

    assert paid == pytest.approx(5 * (14 + 10 * 1.3) + 24 * 1.3 + 24 * 1.6)


def test_so_many_are_employed_as_work_the_hours_by_contract():
    assert employed(75, 0.0) == 2
    assert employed(75, 0.1) == 3


# ---- work


def test_work_is_what_is_asked_when_nobody_waits_for_the_group():
    work = work_of(
        Case(desk(nurses={"on_duty": 1})), WINDOW, ("nurses",), TrainPaths((0, 2)), seed=1, threads=1
    )

    tasks = work["nurses"][0]
    assert tasks.asked.size > 500
    assert (np.diff(tasks.asked) >= 0).all()
    assert 15 < tasks.lasts.mean() / MS_MINUTE < 25


def test_a_week_begins_on_monday_with_the_last_hours_of_the_week_before_played_and_not_counted():
    at = [0, 6 * MS_DAY + 20 * MS_HOUR, 7 * MS_DAY + 8 * MS_HOUR]  # the first Monday, its Sunday, next Monday
    work = Work(np.array(at), np.full(3, 10 * MS_MINUTE))

    days = weeks_of("nurses", [work], WINDOW, desk(), range(1, 15), 60)

    assert days.replications == 3  # the third week has one planned day and no task
    first, second, third = days.first[:-1]
    assert days.block[first:second].tolist() == [-1, 6 * 24 + 20]  # the first day is not planned
    assert days.block[second:third].tolist() == [-1, 8]  # Sunday night again, before its Monday
    assert days.by_block.sum() == 2


def test_a_target_that_these_people_cannot_make_sure_of_is_told_and_not_planned_for():
    never = Target("Beds full", "occupancy", "%", at_least=99, share=0.0)
    house = Hospital.model_validate(
        {
            **desk().model_dump(by_alias=True, exclude_none=True),
            "wards": {"ward": {"title": "Ward", "physical_beds": 4, "staffed_beds": 4}},
        }
    )

    answer = plan_hospital(
        Case(house), WINDOW, Asked(shifts=THREE), replications=8, targets=(never,), time_limit=2, threads=1
    )

    assert not answer.certificate.holds
    assert any("not even if nobody ever waited" in text for text in answer.notes)


def test_where_the_hospital_asks_more_than_the_groups_people_are_added_for_it():
    quick = Target("Wait, all together", "staff_use", "%", at_most=45, share=0.0)

    lean, ample = (
        plan_hospital(
            Case(desk()),
            WINDOW,
            Asked(shifts=THREE),
            replications=20,
            targets=others,
            time_limit=4,
            threads=1,
        )
        for others in ((), (quick,))
    )

    assert sum(ample.week["nurses"].values()) > sum(lean.week["nurses"].values())
    assert ample.certificate.holds
