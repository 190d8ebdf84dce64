"""Studies: the same patients in two hospitals."""

from __future__ import annotations

import json

import pytest

from scenarios.scenario import Scenario, scenario_of
from scenarios.study import comparison_document, run_study
from twin.case import Window
from twin.errors import Cancelled, ConfigError, UsageError

MORE_BEDS = [{"lever": "add_beds", "ward": "medicine", "beds": 8}]


def study(case, window, levers, **options):
    options = {"replications": 4, "seed": 1, **options}
    return run_study(case, scenario_of(levers), window=window, **options)


def rows_of(comparison):
    return {row.measure: row for row in comparison.rows}


def test_a_scenario_that_changes_nothing_has_no_difference_at_all(case, fortnight):
    comparison = run_study(case, Scenario("base"), window=fortnight, replications=3, seed=1)

    assert all(row.difference == 0 and row.margin95 == 0 and not row.clear for row in comparison.rows)


def test_more_beds_shorten_the_wait_for_a_bed_and_cost_what_they_cost(case, fortnight):
    rows = rows_of(study(case, fortnight, MORE_BEDS, replications=8))

    assert rows["boarding_hours_mean"].difference < 0
    assert rows["boarding_hours_mean"].better == "down"
    assert rows["open_beds"].difference == pytest.approx(8)
    assert rows["open_bed_cost"].difference == pytest.approx(800)
    assert rows["open_bed_cost"].unit == "£ a day"


def test_earlier_discharge_frees_beds(case, fortnight):
    rows = rows_of(study(case, fortnight, [{"lever": "earlier_discharge", "hours": 4}], replications=8))

    assert rows["length_of_stay_days"].difference < 0


def test_progress_counts_both_hospitals_and_a_cancel_stops(case, fortnight):
    told = []

    def stop():
        if len(told) >= 2:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        study(case, fortnight, MORE_BEDS, progress=lambda *p: told.append(p), check=stop, threads=1)

    assert [row[:2] for row in told] == [(2, 8), (4, 8)]


def test_a_margin_needs_two_pairs(case, fortnight):
    with pytest.raises(UsageError, match="2 replications"):
        study(case, fortnight, MORE_BEDS, replications=1)


def test_a_horizon_of_ten_thousand_days_is_refused_before_the_run(fortnight):
    with pytest.raises(UsageError, match="10,002 days"):
        Window(fortnight.start, days=10_000)


def test_an_unknown_ward_is_refused_before_the_run(case, fortnight):
    with pytest.raises(ConfigError, match="no such ward"):
        study(case, fortnight, [{"lever": "add_beds", "ward": "nowhere", "beds": 1}])


def test_the_document_is_json_with_dots(case, fortnight):
    document = comparison_document(study(case, fortnight, MORE_BEDS), run_id="r-1")

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["scenario"]["levers"] == ["8 more beds in Medicine"]
    row = document["rows"][0]
    assert len(row["dots_base"]) == len(row["dots_changed"]) == 4
