"""The report: one file, no network, no script, escaped, and signed with what it was made from."""

import json
import re

import pytest
from dash import dcc, html

from dashboards.reports.html import report_html
from dashboards.reports.markup import to_html
from dashboards.services.report import write_report
from tests.answers import drawn_answer
from twin.errors import NotFound, UsageError
from twin.store import open_store


def test_the_report_is_whole_in_one_file():
    text = report_html(drawn_answer())

    assert "<script" not in text and "<link" not in text
    addresses = set(re.findall(r"https?://[^\"' )<]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\([\"']?(\w+):", text)) == {"data"}


def test_the_answer_stands_before_the_evidence_and_the_foot_says_what_it_was_made_from():
    text = report_html(drawn_answer(seed=7, run_id="r-42"))

    assert text.index("Four decisions, one approval.") < text.index("What stands behind it")
    assert "Run r-42, seed 7, 60 replications of 28 days" in text
    assert "counter(pages)" in text


def test_a_name_with_marks_in_it_stays_a_name():
    answer = drawn_answer()
    answer["wards"][0]["name"] = '<img src=x onerror="alert(1)">'
    answer["command"] = "twin run </style><script>"

    text = report_html(answer)

    assert "<img src=x" not in text and "<script" not in text


def test_an_answer_without_decisions_forecast_or_record_is_still_a_report():
    bare = {**drawn_answer(), "decisions": [], "streams": [], "track_record": []}

    assert "Nothing needs a decision." in report_html(bare)


def test_a_part_is_written_as_html_and_what_needs_a_script_is_refused():
    assert (
        to_html(html.P(["5 < 6 ", html.B("beds")], className="x")) == '<p class="x">5 &lt; 6 <b>beds</b></p>'
    )
    with pytest.raises(TypeError, match="Slider"):
        to_html(dcc.Slider())


def test_the_report_of_the_last_run_is_written_where_asked(tmp_path):
    with open_store(tmp_path) as store:
        claim = store.runs.start("run", {}, owner="test")
        store.artefacts.put(claim, "answer.json", json.dumps(drawn_answer(run_id=claim.run_id)).encode())
        store.runs.finish(claim, {})

    written = write_report(tmp_path, out=tmp_path / "r.html")

    assert written.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_report_that_cannot_be_is_refused_in_words(tmp_path):
    with pytest.raises(UsageError, match="pdf"):
        write_report(tmp_path, form="pdf")
    with pytest.raises(NotFound, match="no finished main job yet"):
        write_report(tmp_path)
    with pytest.raises(NotFound, match="no workspace"):
        write_report(tmp_path / "nowhere")
