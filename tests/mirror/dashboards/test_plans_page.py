"""The page of plans without a browser: what it says of the book, of one plan, and of a decision."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboards.app import build_app
from dashboards.deciding import pressed
from dashboards.pages.plan_parts import beds_card, cover_card, reasons_card
from dashboards.reports.markup import to_html
from dashboards.reports.plan import plan_report_html
from dashboards.services.plan_words import cover_lines, proof_lines, stretches, weeks
from dashboards.services.plans import book_words, decide, read_book
from dashboards.services.report import write_report
from dashboards.services.view import look
from scenarios.plan_book import approve, read_plan, write_down
from tests.plans import Planned, beds_planned, certificate, cover_planned, days
from twin.errors import UsageError
from twin.hospital import parse_hospital, shipped
from twin.plan import Plan
from twin.store import Store, open_store

FIRST = date(2025, 3, 4)
WARDS = {"medicine": 18, "elderly_care": 12}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    (tmp_path / "hospital.toml").write_text(shipped("small"), encoding="utf-8")
    with open_store(tmp_path) as store:
        yield store


def kept(store: Store, planned: Planned, kind: str = "beds") -> int:
    return write_down(store, kind, planned, parse_hospital(shipped("small")), "a test")[0].number


def two(store: Store) -> tuple[int, int]:
    """Two bed plans that share dates."""
    later = beds_planned(FIRST + timedelta(days=7), name="Later", **WARDS)
    return kept(store, beds_planned(FIRST, name="Beds now", **WARDS)), kept(store, later)


def test_the_book_is_sorted_by_what_is_to_be_done(store):
    first, second = two(store)
    approve(store, first, actor="bed_manager")

    book = read_book(store, FIRST)

    assert [line.entry.number for line in book.waiting] == [second]
    assert [line.entry.number for line in book.holding] == [first]
    assert book_words(book) == (
        "One plan waits for a decision.",
        "Plan 1, “Beds now”, holds until 17 Mar 2025.",
    )
    assert read_book(store, FIRST + timedelta(days=60)).before == (*book.waiting, *book.holding)


def test_where_no_plan_holds_the_calendar_is_named(store):
    kept(store, beds_planned(FIRST, **WARDS))

    assert book_words(read_book(store, FIRST))[1] == "No plan holds: beds and people are the calendar's."


def test_a_decision_needs_a_name(store):
    number = kept(store, beds_planned(FIRST, **WARDS))

    came = decide(store, number, "approve", "  ", None)

    assert not came.done and "Say who decides" in came.said
    assert store.plans.get(number).status == "proposed"


def test_a_plan_in_the_way_is_named_with_what_becomes_of_it(store):
    first, second = two(store)
    decide(store, first, "approve", "Ana", None)

    refused = decide(store, second, "approve", "Ben", None)
    done = decide(store, second, "approve", "Ben", "as agreed", supersede=True)

    assert refused.overlaps and "Plan 1, “Beds now” (4 to 17 Mar 2025) holds" in refused.said
    assert done.done and "in the place of plan 1" in done.said
    assert [entry.status for entry in store.plans.list()] == ["approved", "superseded"]
    assert store.plans.get(second).note == "as agreed"


def test_what_was_decided_elsewhere_meanwhile_is_told(store):
    number = kept(store, beds_planned(FIRST, **WARDS))
    store.plans.withdraw(number, actor="somebody else")

    came = decide(store, number, "approve", "Ana", None)

    assert not came.done and "withdrawn" in came.said


def test_each_decision_is_asked_again_before_it_is_written(store):
    number = kept(store, beds_planned(FIRST, **WARDS))

    asked = to_html(list(pressed(store, look(store), number, "approve", "Ana", "")))

    assert "Approve plan 1?" in asked and "every forecast, what-if and plan starts from it" in asked
    assert store.plans.get(number).status == "proposed"
    pressed(store, look(store), number, "yes-approve", "Ana", "")
    assert store.plans.get(number).decided_by == "Ana"


def test_days_in_a_row_with_the_same_beds_are_one_stretch():
    levels = {**dict.fromkeys(days(FIRST, 7), 20), **dict.fromkeys(days(FIRST + timedelta(days=7), 3), 22)}

    found = stretches(levels)

    assert [(s.level, s.days) for s in found] == [(20, "4 to 10 Mar 2025"), (22, "11 to 13 Mar 2025")]


def test_people_stand_week_by_week_from_monday():
    shown = weeks(cover_planned(FIRST, 7).plan.cover["nurses"])

    assert [(week.monday.day, week.shift) for week in shown] == [
        (3, "day"), (3, "night"), (10, "day"), (10, "night"),
    ]  # fmt: skip
    assert shown[0].people == (None, 12, 12, 12, 12, 10, 10)


def test_shifts_to_which_nobody_comes_are_named_once_and_have_no_rows(store):
    people = {day: {"day": 4, "08:00-12:00": 0} for day in days(FIRST, 7)}
    found = read_plan(store, kept(store, Planned(Plan("Porters", cover={"porters": people})), "staffing"))

    told = to_html(cover_card(found))

    assert told.count("08:00-12:00") == 1 and "Nobody: 08:00-12:00." in told
    assert cover_lines(found)[-1] == "porters, nobody: 08:00-12:00"


def test_a_plan_of_beds_and_people_shows_both_and_one_of_beds_only_these(store):
    beds, cover = beds_planned(FIRST, **WARDS).plan, cover_planned(FIRST).plan
    both = read_plan(store, kept(store, Planned(Plan("Both", beds.beds, cover=cover.cover)), "together"))
    only = read_plan(store, kept(store, Planned(beds)))

    assert "Medicine" in to_html(beds_card(both)) and "nurses" in to_html(cover_card(both))
    assert cover_card(only) is None
    assert "the total of 32 beds" in to_html(reasons_card(both.answer)).lower()


def test_a_proof_says_its_cost_its_bound_its_attempt_and_each_target():
    told = "\n".join(proof_lines(certificate(holds=False))).replace("\u202f", " ")

    assert "Not certified: 1 of 2 targets held" in told
    assert "Emergency, left within 4 h, at least 78 %: expected 77.4 %, 95 % sure above 75.1" in told
    assert "no plan of the model costs less than 96,000 (within 0.4 % of the best possible)" in told
    assert "the second attempt" in told and "at most 0.8 %" in told
    assert "costs the least of 4 finalists, 95 % sure" in told
    assert "Demand +10 % off the forecast" in told


def test_a_proof_without_a_bound_says_so():
    told = "\n".join(proof_lines(certificate(bound=None)))

    assert "bound of the simulated optimum: none (rules: priorities, outliers, boarding)" in told


def test_the_report_of_a_plan_is_one_file_with_all_of_it(store, tmp_path):
    number = kept(store, cover_planned(FIRST), "cover")
    approve_words = store.plans.withdraw(number, actor="Ana", note="ward flooded")

    text = plan_report_html(read_plan(store, number))

    assert "<script" not in text and "Withdrawn." in text and "ward flooded" in text
    assert "People on shifts" in text and "Does the plan hold?" in text and "Why this plan" in text
    by_run = write_report(store.workspace, approve_words.run_id, out=tmp_path / "run.html")
    by_plan = write_report(store.workspace, plan=number, out=tmp_path / "plan.html")
    assert by_run.read_text() == by_plan.read_text() == text
    with pytest.raises(UsageError, match="not both"):
        write_report(store.workspace, approve_words.run_id, plan=number)


def test_the_app_gives_a_plan_as_a_report_and_as_a_file(store):
    number = kept(store, beds_planned(FIRST, **WARDS))
    client = build_app(store.workspace, store).server.test_client()

    page, file, none = (
        client.get(f"/plan/{name}", base_url="http://127.0.0.1")
        for name in (f"{number}.html", f"{number}.toml", "99.html")
    )

    assert "More medicine" in page.text
    assert Plan.parse(file.data, "the file").open_beds("medicine", FIRST) == 18
    assert none.status_code == 404 and "no plan 99" in none.text
