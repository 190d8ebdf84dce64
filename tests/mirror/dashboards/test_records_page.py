"""The page of records as a tree: what stands on it in each state, and its drawings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from dashboards.callbacks import page_for
from dashboards.figures.bars import place_bars
from dashboards.figures.days import day_strip, stretches, weekly
from dashboards.pages.frame import PAGES
from dashboards.pages.records import records_page
from dashboards.pages.today import records_line
from dashboards.services.answer import Freshness
from dashboards.services.findings import AsideBatch, AsideLine, FindingLine
from dashboards.services.records_view import Age, ImportLine, RecordsView, StreamLine, TableLine
from dashboards.services.view import View, look
from twin.store import NewFold, TableRef, open_store

NAMED = "{http://www.w3.org/2000/svg}"
NOBODY = View(answer=None, fresh=None, running=None, failed=None, worker_seen=True)
ENDS = datetime(2025, 3, 3)
STREAM = StreamLine(
    "ed", "Emergency attendances", date(2025, 1, 1), (9.0, 11.0, 0.0, 10.0), 7.5, 8.0, (date(2025, 1, 3),)
)
FOUND = FindingLine(
    "error", "E_X", "Two patients in one bed", "Mend it.", "2 of 9", "22 %", "", (("Oak", 2),)
)
ASIDE = AsideLine(3, "4, 5, 6", "place", "a-9", "No such ward", "name it", "E_UNKNOWN_WARD")
VIEW = RecordsView(
    kind="own",
    hospital="Town",
    first="The records are in order.",
    then="They reach to today.",
    age=Age(ENDS, 1.0),
    tables=(TableLine("encounters", "Encounters", 1234, "1 Jan 2025", "3 Mar 2025", "1 h old", "fresh"),),
    absent=("Clinic slots",),
    streams=(STREAM,),
)


def text(part):
    return json.dumps(part.to_plotly_json(), default=lambda inner: inner.to_plotly_json(), ensure_ascii=False)


def marks(drawing, tag, cls):
    root = ElementTree.fromstring(drawing)
    return [node for node in root.iter(NAMED + tag) if node.get("class") == cls]


def test_records_are_a_page_of_the_navigation_and_of_the_app(tmp_path):
    with open_store(tmp_path) as store:
        page = text(page_for(store, "/records", {}))

    assert ("/records", "Records", "database") in PAGES
    assert "No records yet." in page
    assert "twin import FILE" in page


def test_records_in_order_show_a_calm_line_and_no_rows_put_aside():
    page = text(records_page(NOBODY, VIEW))

    assert "No findings" in page
    assert "Rows put aside" not in page
    assert "Nothing yet of: clinic slots." in page


def test_a_simulated_year_says_how_to_bring_ones_own_and_claims_no_quality():
    page = text(records_page(NOBODY, replace(VIEW, kind="simulated")))

    assert "Bring your own records" in page
    assert "Data quality" not in page


def test_findings_and_rows_put_aside_stand_before_the_tables():
    batch = AsideBatch(1, "encounters.csv", "Mon 3 Mar 2025, 01:00", "3 of 900 rows, 1 in 300", (ASIDE,))
    page = text(records_page(NOBODY, replace(VIEW, findings=(FOUND,), asides=(batch,))))

    order = [page.index(said) for said in ("Two patients in one bed", "No such ward", "What is there")]
    assert order == sorted(order)
    assert "By place: Oak 2" in page


def test_findings_beyond_eight_are_folded_away():
    page = text(records_page(NOBODY, replace(VIEW, findings=(FOUND,) * 10)))

    assert "2 more findings" in page


def test_imports_are_listed_with_what_was_put_aside():
    line = ImportLine(1, "Mon 3 Mar 2025, 01:00", "adt.hl7", "HL7 v2", 400, 3, "3, 1 in 130", "night cycle")
    page = text(records_page(NOBODY, replace(VIEW, imports=(line,))))

    assert "adt.hl7" in page and "3, 1 in 130" in page and "night cycle" in page


def test_a_fault_is_told_in_place_of_the_tables():
    page = text(
        records_page(NOBODY, RecordsView("none", "", "The records cannot be read.", "", fault="gone"))
    )

    assert "gone" in page
    assert "What is there" not in page


def test_a_missing_day_is_a_field_with_a_diamond_and_breaks_the_line():
    drawing = day_strip((9.0, 11.0, 0.0, 10.0, 12.0), date(2025, 1, 1), {date(2025, 1, 3)}, "Emergency")

    (field,) = marks(drawing, "rect", "gap")
    assert field.find(NAMED + "title").text == "Fri 3 Jan 2025: nobody came"
    assert len(marks(drawing, "path", "amber")) == 1
    assert len(marks(drawing, "path", "eachday")) == 2


def test_missing_days_in_a_row_are_one_field():
    first = date(2025, 1, 1)
    gaps = {date(2025, 1, 3), date(2025, 1, 4), date(2025, 1, 9), date(2024, 12, 1)}

    runs = stretches(first, 30, gaps)

    assert runs == [(date(2025, 1, 3), date(2025, 1, 4)), (date(2025, 1, 9), date(2025, 1, 9))]


def test_the_weekly_mean_leaves_missing_days_out():
    assert weekly([2.0, None, 4.0]) == [3.0, None, 3.0]


@pytest.mark.parametrize("daily", [(), (0.0,), (0.0, 0.0), (5.0,) * 400])
def test_a_strip_of_any_length_is_well_formed_and_stays_within_its_frame(daily):
    root = ElementTree.fromstring(day_strip(daily, date(2025, 1, 1), (), "any"))

    x = [float(node.get("x")) for node in root.iter(NAMED + "text")]
    assert all(0 <= at <= 510 for at in x)
    assert "nan" not in ElementTree.tostring(root).decode()


def test_a_day_far_above_the_usual_stays_within_the_strip():
    drawing = day_strip((10.0,) * 20 + (500.0,), date(2025, 1, 1), (), "one mad day")

    down = [
        float(y)
        for path in marks(drawing, "path", "eachday")
        for y in path.get("d")[1:].replace("L", " ").split()[1::2]
    ]
    assert min(down) >= 8


def test_bars_by_place_begin_at_zero_and_carry_names_and_numbers():
    drawing = place_bars((("Critical care", 60), ("Oak", 30), ("<b>", 1)), "by place")

    bars = [float(bar.get("width")) for bar in marks(drawing, "rect", "count")]
    assert bars[1] == pytest.approx(bars[0] / 2)
    assert "<b>" not in drawing


@pytest.mark.parametrize("count", [1, 61, 3_100, 1_000_000, 12_345_678])
def test_the_number_beside_the_longest_bar_has_room(count):
    drawing = place_bars((("Critical care", count), ("Oak", 1)), "by place", width=250)

    (number,) = [node for node in marks(drawing, "text", "strong") if node.text == f"{count:,}"][:1]
    assert float(number.get("x")) + 7.2 * len(number.text) <= 250


def test_today_tells_the_age_of_the_records_and_warns_when_newer_should_have_come():
    drawn = {"as_of": "2025-03-03T00:00:00"}

    fresh = text(records_line(replace(NOBODY, answer=drawn, fresh=Freshness(9.0))))
    late = text(records_line(replace(NOBODY, answer=drawn, fresh=Freshness(37.0))))
    simulated = text(
        records_line(replace(NOBODY, answer={**drawn, "simulated": True}, fresh=Freshness(37.0)))
    )

    assert "Records as of Mon 00:00, 9 h old." in fresh
    assert "Newer ones should have come by now." in late
    assert "should have come" not in simulated
    assert '"/records"' in fresh


def test_today_asks_for_a_run_when_records_came_in_that_its_answer_does_not_know():
    old = replace(NOBODY, answer={"run_id": "r", "as_of": "2025-03-03T00:00:00"}, fresh=Freshness(37.0))
    told = replace(old, newest=datetime(2025, 3, 4, 12))
    same = replace(old, newest=datetime(2025, 3, 3, 0, 30))

    assert "Newer ones are in: run the main job" in text(records_line(told))
    assert "Newer ones are in" not in text(records_line(same))
    assert told.shown != same.shown


def test_how_far_the_records_reach_is_looked_up_in_the_newest_folding(tmp_path):
    with open_store(tmp_path) as store:
        before = look(store).newest
        with store.artefacts.staging() as folder:
            (folder / "kept").write_bytes(b"table")
            kept = store.artefacts.keep_file(folder / "kept")
        reach = TableRef(kept, 9, datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 3, 4, tzinfo=UTC))
        store.records.publish([], NewFold("b" * 64, {"encounters": reach}), expected_head=0)

        assert before is None
        assert look(store).newest == datetime(2025, 3, 4, tzinfo=UTC).astimezone().replace(tzinfo=None)
