"""What-if: from the numbers of a form to levers, and from rows to one sentence."""

import pytest

from dashboards.services import whatif
from tests.answers import drawn_answer, drawn_comparison
from twin.errors import ConfigError, NotFound
from twin.store import open_store

ANSWER = drawn_answer()


def test_only_what_was_moved_becomes_a_lever():
    levers = whatif.levers_of(ANSWER, "medicine_a", "emergency", {"beds": 4, "arrivals": 110, "discharge": 0})

    assert levers == [
        {"lever": "add_beds", "ward": "medicine_a", "beds": 4},
        {"lever": "scale_arrivals", "stream": "emergency", "factor": 1.1},
    ]


def test_every_fault_is_told_at_once():
    with pytest.raises(ConfigError) as told:
        whatif.levers_of(ANSWER, "nowhere", "emergency", {"beds": 4, "arrivals": 900, "discharge": -1})

    said = str(told.value)
    assert "3 problems" in said
    assert "from 50 to 150" in said and "choose the ward" in said


def test_a_form_at_rest_asks_nothing():
    with pytest.raises(ConfigError, match="change at least one number"):
        whatif.levers_of(ANSWER, "medicine_a", "emergency", {"beds": None, "arrivals": 100, "discharge": 0})


def test_a_run_fills_the_form_it_was_asked_with(tmp_path):
    with open_store(tmp_path) as store:
        levers = whatif.levers_of(
            ANSWER, "medicine_a", "emergency", {"beds": 4, "arrivals": 95, "discharge": 1.5}
        )

        run = whatif.find(store, whatif.submit(store, levers))

    assert whatif.filled(run.inputs) == whatif.Filled(
        "medicine_a", "emergency", {"beds": 4, "arrivals": 95.0, "discharge": 1.5}
    )
    assert whatif.scenario_words(run.inputs, ANSWER) == (
        "4 more beds in Medicine A, 5 % fewer: Emergency arrivals, discharges 1.5 h earlier"
    )


def test_another_kind_of_run_is_no_whatif(tmp_path):
    with open_store(tmp_path) as store, pytest.raises(NotFound, match="not a what-if"):
        whatif.find(store, store.runs.add("run", {}))


def test_the_finding_names_the_first_clear_change_and_what_gets_worse():
    rows = drawn_comparison()["rows"]

    said, rest = whatif.finding(rows)

    assert said == "Patients waiting at 08:00: 5.2 instead of 9.0 patients (95 %: −4.4 to −3.2)."
    assert rest == "Three measures of 4 clearly better, none clearly worse."


def test_margins_that_include_zero_are_no_clear_change():
    rows = [{**row, "clear": False} for row in drawn_comparison()["rows"]]

    assert whatif.finding(rows)[0] == "No clear change in any measure."


def test_the_clearest_change_is_told_first_and_the_price_last():
    row = {"unit": "h", "better": "down", "clear": True, "measure": "wait", "label": "Wait"}
    slight = {**row, "base": 4.0, "changed": 3.8, "difference": -0.2, "margin95": 0.1}
    strong = {**row, "label": "Stay", "base": 9.0, "changed": 7.0, "difference": -2.0, "margin95": 0.2}
    price = {**row, "measure": "open_bed_cost", "unit": "£ a day", "base": 100.0, "changed": 2050.0}
    price |= {"difference": 1950.0, "margin95": 0.0}

    said, rest = whatif.finding([slight, strong, price])

    assert said.startswith("Stay: 7.0 instead of 9.0 h")
    assert rest == "Two measures of 2 clearly better, none clearly worse. Open beds cost £1,950 more a day."
