"""Decisions and refusals in words: how likely, what, when, by when; and what is named before a run."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from scenarios.decisions import Tight, chance_words, decide, money, stand_ins, tight_hours
from scenarios.entry import emergency_stream, stream_called
from scenarios.foresee import scaled_counts
from scenarios.outlook import look_ahead
from scenarios.refusals import named_before_the_run
from twin.case import Case, Window
from twin.demand import DemandForecast
from twin.errors import ConfigError
from twin.plan import Certificate, Explanation, Plan, Target, TargetResult


@pytest.mark.parametrize(
    ("chance", "words"),
    [
        (1.0, "will almost certainly"),
        (0.8, "will probably"),
        (0.6, "will more likely than not"),
        (0.5, "may"),
    ],
)
def test_a_chance_has_one_word(chance, words):
    assert chance_words(chance) == words


def test_money_has_its_sign_and_currency(town):
    assert money(town, 1940) == "£1,940"
    assert money(town, -650, sign=True) == "−£650"


def test_a_ward_s_stand_ins_are_those_of_its_patients(town):
    assert stand_ins(town, "medicine") == ("surgery",)
    assert stand_ins(town, "surgery") == ()


def test_emergency_is_the_stream_that_enters_by_the_department_whatever_its_name(town):
    renamed = town.model_copy(
        update={
            "arrivals": {"attendances": town.arrivals["emergency"], "elective": town.arrivals["elective"]}
        }
    )

    assert emergency_stream(renamed) == "attendances" == stream_called(renamed, "emergency")
    assert stream_called(renamed, "elective") == "elective"
    assert stream_called(renamed, "walk_in") is None


def test_scaled_counts_are_whole_and_keep_their_mean():
    counts = scaled_counts(np.full(4000, 10), 1.73, "x", date(2025, 1, 1), seed=1)

    assert set(np.unique(counts)) == {17, 18}
    assert counts.mean() == pytest.approx(17.3, abs=0.03)
    assert scaled_counts(np.arange(50), 1.0, "x", date(2025, 1, 1), seed=1).tolist() == list(range(50))


def certificate(holds: bool) -> Certificate:
    target = Target("Wait for a bed", "boarding_hours_p90", "h", at_most=4)
    result = TargetResult(target, 3.0 if holds else 9.0, 3.5 if holds else 9.5, 1.0 if holds else 0.1)
    return Certificate(1, 1, 1, 0, "", (result,), 2, 2, 1, {}, "twin optimize beds")


def test_a_short_ward_is_told_with_its_range_reason_and_act(case):
    case_start = date(2025, 1, 6)
    window = Window(case_start, days=7, warm_up=14)
    crowded = case.with_(
        plan=Plan("tight", {"medicine": {case_start + timedelta(days=d): 15 for d in range(14, 23)}})
    )
    outlook = look_ahead(crowded, window, replications=4, seed=1)
    tight = tight_hours(outlook, outlook, now=6)

    rows = decide(
        outlook,
        tight,
        6,
        Plan("p", {"medicine": {case_start + timedelta(days=15): 17}}),
        {"today": {"medicine": 15, "surgery": 12}, "planned": {"medicine": 17, "surgery": 12}},
        certificate(holds=True),
        Explanation("Open 2 more"),
    )

    first, last = rows[0], rows[-1]
    assert isinstance(tight[0], Tight) and outlook.wards[tight[0].ward] == "medicine"
    assert first.ward == "medicine" and first.status in ("short", "watch") and "short" in first.headline
    assert first.act.startswith("Open 2 beds") and "£200 a day" in first.effect
    assert len(first.dots or []) == 20 and first.open_beds == 15
    assert (last.status, last.act) == ("approve", "Approve the bed plan")
    assert last.effect == "2 beds more than today, +£200 a day."


def test_a_plan_that_misses_its_targets_does_not_ask_for_approval(case, fortnight):
    outlook = look_ahead(case, fortnight, replications=2, seed=1)
    levels = {side: {"medicine": 20, "surgery": 12} for side in ("today", "planned")}

    (*_, last) = decide(
        outlook, [], 0, Plan.empty(), levels, certificate(holds=False), Explanation("Keep the beds")
    )

    assert last.status == "watch"
    assert "9.0 h, at most 4 asked, met in 10 % of futures" in last.why


def test_a_queue_that_grows_is_named_with_its_pace(town, fortnight):
    flood = DemandForecast(fortnight.start, ("emergency",), np.full((2, 1, 30), 90), "observed")

    (told,) = named_before_the_run(Case(town, flood), fortnight)

    assert "Medicine" in told and "the queue grows by" in told


def test_a_step_that_no_open_place_serves_is_refused(town, fortnight):
    wards = {name: ward.model_copy(update={"staffed_beds": 0}) for name, ward in town.wards.items()}

    with pytest.raises(ConfigError, match=r"medicine \+ surgery"):
        named_before_the_run(Case(town.model_copy(update={"wards": wards})), fortnight)
