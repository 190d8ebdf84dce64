"""Plans: open beds by ward and date, people by group, date and shift, read as they were written."""

import pickle
from datetime import date

import pytest

from twin.errors import ConfigError, NotFound
from twin.plan import Plan, Target

TUESDAY = date(2025, 1, 7)


def test_a_plan_is_read_as_it_was_written(tmp_path):
    plan = Plan(
        "winter",
        {"medical": {TUESDAY: 24, date(2025, 1, 6): 20}, "surgical": {TUESDAY: 0}},
        'for "influenza"',
        {"ward nurses": {TUESDAY: {"night": 3, "late": 0}, date(2025, 1, 6): {"night": 4}}},
    )

    plan.write(tmp_path / "plan.toml")

    assert Plan.read(tmp_path / "plan.toml") == plan


def test_a_date_that_the_plan_does_not_name_keeps_the_calendar():
    plan = Plan("p", {"medical": {TUESDAY: 24}})

    assert plan.open_beds("medical", TUESDAY) == 24
    assert plan.open_beds("medical", date(2025, 1, 8)) is None
    assert plan.open_beds("surgical", TUESDAY) is None


def test_a_shift_that_the_plan_does_not_name_keeps_its_own_people():
    plan = Plan("p", cover={"nurses": {TUESDAY: {"night": 3}}})

    assert plan.people("nurses", TUESDAY, "night") == 3
    assert plan.people("nurses", TUESDAY, "early") is None
    assert plan.people("porters", TUESDAY, "night") is None


def test_a_plan_sent_to_another_process_is_the_same_plan():
    plan = Plan("p", {"medical": {TUESDAY: 24}}, "why", {"nurses": {TUESDAY: {"night": 3}}})

    assert pickle.loads(pickle.dumps(plan)) == plan


def test_hours_that_a_plan_names_are_read_back_as_they_were_written(tmp_path):
    plan = Plan("p", cover={"doctors": {TUESDAY: {"08:00-16:00": 4, "22:00-06:00": 2}}})
    plan.write(tmp_path / "plan.toml")

    assert Plan.read(tmp_path / "plan.toml") == plan


def test_a_plan_cannot_be_changed_once_made():
    beds = {"medical": {TUESDAY: 24}}
    plan = Plan("p", beds)
    beds["medical"][TUESDAY] = 1

    assert plan.open_beds("medical", TUESDAY) == 24
    with pytest.raises(TypeError):
        plan.beds["medical"][TUESDAY] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        Plan("p", cover={"nurses": {TUESDAY: {"night": 3}}}).cover["nurses"][TUESDAY]["night"] = 1  # type: ignore[index]


def test_all_faults_of_a_plan_are_told_at_once(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text('colour = "red"\n[beds.medical]\n"7 January" = 3\n2025-01-07 = -1\n2025-01-08 = 2.5\n')

    with pytest.raises(ConfigError) as told:
        Plan.read(file)

    assert [p.path.rpartition(".")[2] for p in told.value.problems] == [
        "colour",
        "7 January",
        "2025-01-07",
        "2025-01-08",
    ]


def test_all_faults_of_a_plan_for_people_are_told_at_once(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(
        'beds = 3\n[cover.nurses]\n"7 January" = { night = 3 }\n2025-01-07 = 4\n'
        "2025-01-08 = { night = -1, late = true, early = 2 }\n"
    )

    with pytest.raises(ConfigError) as told:
        Plan.read(file)

    assert [p.path for p in told.value.problems] == [
        "beds",
        "cover.nurses.7 January",
        "cover.nurses.2025-01-07",
        "cover.nurses.2025-01-08.night",
        "cover.nurses.2025-01-08.late",
    ]


def test_a_plan_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"lost\.toml"):
        Plan.read(tmp_path / "lost.toml")


def test_a_target_holds_on_its_limit_and_says_it_in_words():
    boarding = Target("boarding", "boarding_hours_mean", "h", at_most=4)

    assert (boarding.holds(4.0), boarding.holds(4.1), boarding.limit) == (True, False, "at most 4")
    assert Target("four hours", "ed_within_4h", "%", at_least=76).limit == "at least 76"
