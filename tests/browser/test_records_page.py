"""The page of records in a real browser: reached by the navigation, on each screen, and by the keyboard."""

from dataclasses import replace
from datetime import date

import pytest
from playwright.sync_api import expect

from tests.books import finding
from twin.records.encounters import load_encounters
from twin.store import Aside, NewFold, NewImport, TableRef
from twin.workspace import Workspace, create_workspace
from twin.workspace.folding_in import names_key


@pytest.fixture
def simulated(house):
    """The house with a small hospital and forty simulated days."""
    folder = house.store.workspace
    made = create_workspace(folder / "made", size="small", until=date(2025, 3, 2), days=40, seed=3)
    (folder / "records").mkdir()
    made.hospital_file.rename(folder / "hospital.toml")
    made.records_file.rename(folder / "records" / "encounters.parquet")
    return house


@pytest.fixture
def imported(simulated):
    """The same days as if they were the hospital's own, with an import, a finding and rows put aside."""
    store = simulated.store
    file = store.workspace / "records" / "encounters.parquet"
    records = replace(load_encounters(file), made_by="imported")
    file.write_bytes(records.parquet())
    with store.artefacts.staging() as folder:
        (folder / "kept").write_bytes(b"statements")
        kept = store.artefacts.keep_file(folder / "kept")
    rule = "no ward of that code in hospital.toml or records.toml"
    faults = [Aside(row, "place", "a-9a", rule, "name it under [places]", "E_UNKNOWN_WARD") for row in (4, 9)]
    entry = NewImport(
        "stays.csv", "csv", "a" * 64, "stays v1", 900, 2, kept, 898,
        mapping="twin", counts=[("E_UNKNOWN_WARD", "place", rule, 2)], faults=faults,
    )  # fmt: skip
    names = names_key(store.workspace / "records.toml", Workspace(store.workspace).hospital())
    tables = {"encounters": TableRef(kept, 700, None, None), "ward_stays": TableRef(kept, 898, None, None)}
    found = [
        replace(finding("error", "Two patients in one bed"), examples=("bed 12 of oak: E12ab and E77c0",))
    ]
    store.records.publish([entry], NewFold(names, tables, found), expected_head=0)
    return simulated


def test_the_navigation_leads_to_what_wants_mending(imported, watched):
    watched.goto(imported.url)
    watched.get_by_role("link", name="Records", exact=True).click()

    expect(watched.locator("#answer")).to_contain_text(
        "One finding makes figures wrong: two patients in one bed."
    )
    expect(watched.locator("#quality")).to_contain_text("Two patients in one bed")
    expect(watched.locator("#aside")).to_contain_text("No ward of that code in hospital.toml or records.toml")
    expect(watched.locator("#aside")).to_contain_text("a-9a")
    expect(watched.locator("#imports")).to_contain_text("stays.csv")
    expect(watched.get_by_role("table", name="What is there")).to_contain_text("Ward stays")
    assert watched.title() == "Records · Hospital twin"
    assert watched.said == []
    assert [url for url in watched.asked if not url.startswith((imported.url, "data:"))] == []


def test_a_simulated_year_invites_the_hospital_s_own_records(simulated, watched):
    watched.goto(f"{simulated.url}/records")

    expect(watched.locator("#answer")).to_contain_text("A simulated year stands in")
    expect(watched.locator("#bring")).to_contain_text("twin import FILE")
    expect(watched.locator("#streams svg").first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1000, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_scrolls_sideways_and_every_drawing_has_a_name(imported, watched, width, scheme):
    watched.emulate_media(color_scheme=scheme)
    watched.set_viewport_size({"width": width, "height": 844})

    watched.goto(f"{imported.url}/records")

    expect(watched.locator("#quality .finding").first).to_be_visible()
    assert watched.evaluate("document.documentElement.scrollWidth") == width
    assert watched.locator("svg:not([aria-hidden]):not([aria-label])").count() == 0
    inside = "t => { const b = t.querySelector('table'); return b.scrollWidth <= t.clientWidth + 1 }"
    assert all(watched.locator(".tablebox").evaluate_all(f"boxes => boxes.map({inside})"))


def test_examples_are_opened_by_the_keyboard(imported, watched):
    watched.goto(f"{imported.url}/records")
    summary = watched.locator("#quality summary").first
    summary.focus()

    watched.keyboard.press("Enter")

    expect(watched.locator(".examples").first).to_contain_text("bed 12 of oak")


def test_today_leads_to_the_records_it_was_made_from(simulated, watched):
    simulated.finish_main_job()
    watched.goto(simulated.url)

    watched.get_by_role("link", name="See the records").click()

    expect(watched.get_by_role("heading", name="Records", exact=True)).to_be_visible()
