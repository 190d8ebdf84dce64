"""A what-if in a real browser: asked, followed, reloaded, cancelled, read by a second browser."""

import re

from playwright.sync_api import expect


def ask_for_beds(page, url, beds="4"):
    page.goto(f"{url}/what-if?ward=medicine_a")
    page.get_by_label("Extra open beds").fill(beds)
    page.get_by_label("Extra open beds").blur()
    page.get_by_role("button", name="Run", exact=True).click()


def test_a_whatif_runs_with_progress_to_its_result(house, watched):
    house.finish_main_job()
    house.store.workers.heartbeat("w")
    ask_for_beds(watched, house.url)
    expect(watched.locator("#whatif-progress")).to_contain_text("waits for a worker")

    claim = house.claim()
    house.store.runs.progress(claim, 19, 60, "simulating base")
    expect(watched.locator("#whatif-progress")).to_contain_text("19 of 60 replications")
    house.finish_whatif(claim)

    expect(watched.locator("#whatif-finding")).to_contain_text("instead of")
    expect(watched.locator("#whatif-table")).to_contain_text("no clear change")
    assert claim.inputs["levers"] == [{"lever": "add_beds", "ward": "medicine_a", "beds": 4}]
    assert watched.said == []


def test_a_run_survives_a_reload_and_a_second_browser_sees_it(house, watched, browser):
    house.finish_main_job()
    ask_for_beds(watched, house.url)
    claim = house.claim()
    house.store.runs.progress(claim, 7, 60, "simulating base")
    watched.wait_for_url(re.compile("run="))

    watched.reload()
    other = browser.new_page()
    other.goto(watched.url)

    for page in (watched, other):
        expect(page.locator("#whatif-progress")).to_contain_text("7 of 60")
        expect(page.get_by_label("Extra open beds")).to_have_value("4 beds")
    other.close()


def test_cancel_stops_a_running_whatif(house, watched):
    house.finish_main_job()
    ask_for_beds(watched, house.url)
    claim = house.claim()
    house.store.runs.progress(claim, 7, 60, "simulating base")

    watched.get_by_role("button", name="Cancel").click()
    expect(watched.get_by_role("button", name="Stopping…")).to_be_disabled()
    assert house.store.runs.cancel_asked(claim)
    house.store.runs.cancelled(claim)

    expect(watched.locator("#whatif-result")).to_contain_text("Cancelled")
    expect(watched.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_a_question_that_changes_nothing_is_refused_and_the_form_is_kept(house, watched):
    house.finish_main_job()

    ask_for_beds(watched, house.url, beds="0")

    expect(watched.locator("#whatif-said")).to_contain_text("change at least one number")
    assert [run.kind for run in house.store.runs.list(5)] == ["run"]


def test_an_unknown_run_is_told_in_words(house, watched):
    house.finish_main_job()

    watched.goto(f"{house.url}/what-if?run=nonsense")

    expect(watched.locator("#whatif-result")).to_contain_text('no run "nonsense"')
    assert watched.said == []
