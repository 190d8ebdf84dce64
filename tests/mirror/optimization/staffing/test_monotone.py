"""Which staff groups are plain stations, and what stands against a bound for others."""

import pytest

from optimization.staffing.monotone import bound_note, plain_stations, rules_against
from tests.houses import hospital
from twin.errors import NotFound
from twin.hospital import parse_hospital, shipped

HOME = {"unlimited": True}


def house(*, step=None, group=None, before=(), after=(), classes=None, more=None, **parts):
    """A triage desk: one task with one nurse, in no place; and what the story changes of it."""
    task = {"name": "triage", "staff": {"nurse": 1}, **(step or {})}
    return hospital(
        pathways={"visit": [*before, task, *after], **(more or {})},
        staff={"nurse": {"on_duty": 2, **(group or {})}, "doctor": 1, **parts.pop("staff", {})},
        classes=classes,
        **parts,
    )


def test_one_line_and_one_nurse_a_task_is_a_plain_station():
    assert rules_against(house(), "nurse") == ()
    assert "more people delay nobody" in bound_note(house(), "nurse")
    assert plain_stations(house()) == ("nurse",)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        ("bundles", {"step": {"staff": {"nurse": 1, "doctor": 1}}}),
        ("bundles", {"step": {"staff": {"nurse": 2}}}),
        ("places", {"step": {"places": ["cubicle"]}, "places": {"cubicle": 3}}),
        ("do not wait", {"step": {"patience": {"mean": 2, "unit": "hours"}}}),
        ("stopped when the level falls", {"group": {"on_fall": "stop"}}),
        ("float pool", {"group": {"float_pool": "doctor"}}),
        ("holding the line", {"step": {"holds_the_line": True}}),
        (
            "priorities",
            {"more": {"urgent": [{"name": "triage", "staff": {"nurse": 1}}]}, "priorities": {"urgent": 1}},
        ),
        ("come back", {"after": [{"name": "again", "staff": {"nurse": 1}}]}),
        ("priorities that age", {"classes": {"visit": {"ages": [{"priority": 1, "after_hours": 2}]}}}),
    ],
)
def test_a_rule_under_which_one_more_may_delay_somebody_is_named(rule, changes):
    told = rules_against(house(**changes), "nurse")

    assert any(rule in line for line in told)
    assert bound_note(house(**changes), "nurse").startswith("none (rules: ")


def test_an_unlimited_place_stands_against_nothing():
    waiting_room = house(step={"places": ["room"]}, places={"room": HOME})

    assert rules_against(waiting_room, "nurse") == ()


def test_who_waits_before_for_what_others_use_after_stands_against_a_bound():
    scan_after = [{"name": "scan", "places": ["scanner"]}]
    scan_before = {
        "other": [{"name": "scan", "places": ["scanner"]}, {"name": "triage", "staff": {"nurse": 1}}]
    }

    assert rules_against(house(after=scan_after, places={"scanner": 1}), "nurse") == ()
    loop = house(after=scan_after, more=scan_before, places={"scanner": 1})
    assert any("wait before" in line for line in rules_against(loop, "nurse"))


def test_the_shipped_hospitals_name_their_rules():
    for size in ("small", "reference"):
        whole = parse_hospital(shipped(size))
        for group in whole.staff:
            assert rules_against(whole, group) or group in plain_stations(whole)


def test_an_unknown_group_is_told_with_the_nearest_name():
    with pytest.raises(NotFound, match="nurse"):
        rules_against(house(), "nurs")


def test_a_way_that_leads_back_to_the_task_stands_against_a_bound():
    back = {"next": {"triage": 0.2, "home": 0.8}}
    told = rules_against(house(after=[{"name": "look", **back}]), "nurse")

    assert any("come back" in line for line in told)
