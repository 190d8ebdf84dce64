"""The first page in a real browser: decisions, states, themes, small screens, and nothing from elsewhere."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import expect


def test_the_first_page_says_what_needs_a_decision(house, watched):
    house.finish_main_job()

    watched.goto(house.url)

    expect(watched.locator("#answer")).to_contain_text("decision")
    first = watched.locator(".decision").first
    expect(first).to_contain_text("Medicine A will probably be")
    expect(first).to_contain_text("equally likely outcomes need more than 28 beds")
    assert first.locator("svg circle").count() == 20
    expect(watched.locator("#plan")).to_contain_text("Medicine A")
    assert watched.said == []
    assert [url for url in watched.asked if not url.startswith((house.url, "data:"))] == []


def test_an_empty_workspace_shows_what_will_stand_there_and_one_button_fills_it(house, watched):
    house.store.workers.heartbeat("w")
    watched.goto(house.url)

    watched.get_by_role("button", name="Run the main job").click()

    expect(watched.locator("#notices")).to_contain_text("waits for a worker")
    waiting = house.store.runs.list(5)
    assert [(run.kind, run.state) for run in waiting] == [("run", "queued")]


def test_the_page_fills_itself_when_the_first_job_is_done(house, watched):
    watched.goto(house.url)
    expect(watched.get_by_role("heading", name="No answer yet")).to_be_visible()

    house.finish_main_job()

    expect(watched.locator("#answer")).to_contain_text("decision", timeout=8000)
    assert watched.said == []


def test_old_data_and_an_absent_worker_are_told_above_everything(house, watched):
    house.finish_main_job(as_of=(datetime.now() - timedelta(days=3)).isoformat(timespec="seconds"))

    watched.goto(house.url)

    expect(watched.locator("#notices")).to_contain_text("The data are 3 days old")
    expect(watched.locator("#notices")).to_contain_text("No worker answers")


def test_a_failed_job_is_told_in_one_line_without_its_insides(house, watched):
    house.finish_main_job()
    claim = house.store.runs.start("run", {}, owner="test")
    house.store.runs.fail(claim, "history.csv is empty\nmore for the log")

    watched.goto(house.url)

    expect(watched.locator("#notices")).to_contain_text("history.csv is empty.")
    expect(watched.locator("#notices")).not_to_contain_text("more for the log")


def test_the_theme_is_changed_and_remembered(house, watched):
    house.finish_main_job()
    watched.goto(house.url)
    watched.get_by_role("button", name="Light or dark").click()

    watched.reload()

    expect(watched.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_small_screen_needs_no_sideways_scroll(house, watched):
    house.finish_main_job()
    watched.set_viewport_size({"width": 390, "height": 844})

    watched.goto(house.url)

    expect(watched.locator(".decision").first).to_be_visible()
    assert watched.evaluate("document.documentElement.scrollWidth") == 390
    assert watched.get_by_role("link", name="See the plan").first.bounding_box()["height"] >= 44


def test_every_drawing_has_a_name_and_every_chart_a_table(house, watched):
    house.finish_main_job()

    watched.goto(house.url)

    expect(watched.locator("#answer")).to_be_visible()
    unnamed = watched.locator("svg:not([aria-hidden]):not([aria-label])").count()
    assert unnamed == 0
    watched.get_by_text("Mornings as a table").click()
    expect(watched.get_by_role("table", name="Need for beds at 08:00")).to_be_visible()


def test_the_report_opens_from_the_page_and_asks_nobody_for_anything(house, watched):
    run_id = house.finish_main_job()

    watched.goto(f"{house.url}/report/{run_id}")

    expect(watched.locator("h1").first).to_have_text(re.compile("decision"))
    assert [url for url in watched.asked if not url.startswith("data:")] == [f"{house.url}/report/{run_id}"]
    assert watched.said == []


def test_how_the_answer_was_made_stands_at_its_end_and_the_plan_names_every_ward(house, watched):
    house.finish_main_job(shortest=0.7)

    watched.goto(house.url)

    expect(watched.locator("#made")).to_contain_text("twin run")
    plan = watched.get_by_role("table", name="The plan beside today", exact=True)
    expect(plan.get_by_role("columnheader", name="Physical")).to_be_visible()
    assert watched.locator("#plan tbody tr").count() == 12
