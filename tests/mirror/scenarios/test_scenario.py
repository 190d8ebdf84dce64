"""Scenarios: read whole, or refused with every fault."""

from __future__ import annotations

import pytest

from scenarios.scenario import parse_scenario, read_scenario, scenario_of, shipped_scenarios
from twin.errors import ConfigError, NotFound

GOOD = """
name = "More beds"
reason = "The ward is short on most mornings."
[[levers]]
lever = "add_beds"
ward = "medicine"
beds = 4
rationale = "assumed: one bay"
"""


def test_a_scenario_is_read_with_its_levers(case):
    scenario = parse_scenario(GOOD)

    assert scenario.words(case.hospital) == ("4 more beds in Medicine",)


def test_all_faults_are_told_at_once():
    text = """
nam = "typo"
[[levers]]
lever = "add_beds"
ward = "medicine"
bed = 4
[[levers]]
lever = "scale_arrival"
[[levers]]
lever = "scale_arrivals"
stream = "emergency"
factor = -1
[[levers]]
lever = "earlier_discharge"
hours = 2
from = 2025-02-01
to = 2025-01-01
"""

    with pytest.raises(ConfigError) as told:
        parse_scenario(text)

    words = str(told.value)
    for part in (
        'did you mean "name"?',
        "levers.0.beds",
        'did you mean "beds"?',
        'did you mean "scale_arrivals"?',
        "levers.2.factor = -1",
        "not before `from`",
        "leave out the dates",
        "a number needs its rationale",
    ):
        assert part in words, words


def test_a_file_that_is_not_toml_says_so():
    with pytest.raises(ConfigError, match="TOML"):
        parse_scenario("name = ")


def test_a_name_that_is_neither_file_nor_shipped_is_told():
    with pytest.raises(NotFound, match='did you mean "winter_surge"'):
        read_scenario("winter_surg")


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_are_whole(name):
    scenario = read_scenario(name)

    assert scenario.name and scenario.reason


def test_a_page_may_leave_the_rationale_out(case):
    scenario = scenario_of([{"lever": "scale_arrivals", "stream": "emergency", "factor": 1.1}])

    assert scenario.words(case.hospital) == ("10 % more: Emergency arrivals",)
