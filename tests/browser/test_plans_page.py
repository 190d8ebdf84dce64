"""Plans in a real browser: listed, approved by somebody who is named, refused where they overlap."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from scenarios.plan_book import write_down
from tests.plans import beds_planned, cover_planned
from twin.hospital import parse_hospital, shipped

FIRST = date(2025, 3, 4)
WARDS = {"medicine": 18, "elderly_care": 12}


@pytest.fixture
def planned(house):
    """A small hospital with two bed plans that share dates, and one of people after them."""
    (house.store.workspace / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    small = parse_hospital(shipped("small"))
    later = FIRST + timedelta(days=7)
    for kind, made in (
        ("beds", beds_planned(FIRST, name="Beds now", **WARDS)),
        ("beds", beds_planned(later, name="Beds later", **WARDS)),
        ("cover", cover_planned(later + timedelta(days=20), 21)),
    ):
        write_down(house.store, kind, made, small, "a test")
    return house


def decide(page, who: str = "Ana Bed", act: str = "Approve") -> None:
    page.get_by_label("Who decides").fill(who)
    page.get_by_label("Who decides").blur()
    page.get_by_role("button", name=act, exact=True).click()


def test_a_plan_is_found_looked_at_and_approved_after_one_more_question(planned, watched):
    watched.goto(planned.url)
    watched.get_by_role("link", name="Plans", exact=True).click()
    expect(watched.locator("#answer")).to_contain_text("Three plans wait for a decision.")
    watched.get_by_role("link", name="1 Beds now").click()
    expect(watched.locator("#beds")).to_contain_text("Medicine")
    expect(watched.locator("#certificate")).to_contain_text("the second attempt")
    expect(watched.locator("#reasons")).to_contain_text("The total of 32 beds.")

    decide(watched)
    expect(watched.locator("#plan-decision")).to_contain_text("Approve plan 1?")
    assert planned.store.plans.get(1).status == "proposed"
    watched.get_by_role("button", name="Approve plan 1").click()

    expect(watched.locator("#plan-status")).to_contain_text("Approved Ana Bed")
    expect(watched.locator("#plan-decision")).to_contain_text("Plan 1 is approved.")
    assert planned.store.plans.holds(FIRST).decided_by == "Ana Bed"
    assert planned.store.audit.list(1)[-1].action == "plan.approve"
    assert watched.said == []


def test_a_plan_that_overlaps_is_told_and_may_take_the_others_place(planned, watched):
    planned.store.plans.approve(1, actor="Ana Bed")
    watched.goto(f"{planned.url}/plans?plan=2")

    decide(watched, "Ben Matron")
    watched.get_by_role("button", name="Approve plan 2").click()
    expect(watched.get_by_role("alert")).to_contain_text("Plan 1, “Beds now” (4 to 17 Mar 2025) holds")
    assert planned.store.plans.get(2).status == "proposed"
    watched.get_by_role("button", name="Approve in its place").click()

    expect(watched.locator("#plan-decision")).to_contain_text("in the place of plan 1")
    assert [planned.store.plans.get(n).status for n in (1, 2)] == ["superseded", "approved"]
    assert watched.said == []


def test_nobody_decides_without_a_name_and_not_now_changes_nothing(planned, watched):
    watched.goto(f"{planned.url}/plans?plan=3")
    expect(watched.locator("#cover")).to_contain_text("Week of")

    watched.get_by_role("button", name="Withdraw", exact=True).click()
    expect(watched.get_by_role("alert")).to_contain_text("Say who decides")
    decide(watched, act="Withdraw")
    watched.get_by_role("button", name="Not now").click()

    expect(watched.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    assert planned.store.plans.get(3).status == "proposed"


def test_a_plan_that_is_not_there_is_told_in_words(planned, watched):
    watched.goto(f"{planned.url}/plans?plan=99")

    expect(watched.get_by_role("alert")).to_contain_text("no plan 99")
    assert watched.said == []


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_of_plans_is_wider_than_the_screen(planned, watched, width):
    watched.set_viewport_size({"width": width, "height": 800})

    for path in ("/plans", "/plans?plan=1", "/plans?plan=3"):
        watched.goto(planned.url + path)
        expect(watched.locator("#answer")).to_be_visible()
        assert watched.evaluate("document.documentElement.scrollWidth") <= width


def test_today_leads_to_the_plan_of_the_main_job(planned, watched):
    run_id = planned.finish_main_job()
    sha = planned.store.plans.get(1).sha256
    number = planned.store.plans.propose(run_id, "Of the main job", sha, FIRST, FIRST)
    watched.goto(planned.url)

    expect(watched.locator("#planline")).to_contain_text("waits for a decision")
    watched.get_by_role("link", name="Decide on it").click()

    expect(watched.get_by_role("heading", name=f"Plan {number}", exact=True)).to_be_visible()
