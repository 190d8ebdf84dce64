"""Drawings: where the red begins, and that words in a drawing stay words."""

from xml.etree import ElementTree

import pytest

from dashboards.figures import svg
from dashboards.figures.band import Band, band_chart, beyond
from dashboards.figures.census import arrivals_band, daily_band, hourly_band
from dashboards.figures.dots import chance_ticks, dot_plot, dot_strip
from dashboards.figures.spark import shared_scale
from tests.answers import drawn_answer

NAMED = "{http://www.w3.org/2000/svg}"


def marks(drawing, tag, cls):
    root = ElementTree.fromstring(drawing)
    return [node for node in root.iter(NAMED + tag) if node.get("class") == cls]


def test_the_red_begins_at_the_stepped_line_and_not_at_a_slope():
    outline = beyond([0, 10, 20], [50, 50, 40], end=30, top=0)

    assert outline == [(0, 50), (10, 50), (10, 50), (20, 50), (20, 40), (30, 40), (30, 0), (0, 0)]


def test_twenty_outcomes_are_twenty_dots_and_those_beyond_the_beds_are_filled():
    needs = [26] * 3 + [28] * 2 + [29] * 10 + [33] * 5

    drawing = dot_plot(needs, 28, "15 of 20 outcomes need more than 28 beds")

    assert (len(marks(drawing, "circle", "within")), len(marks(drawing, "circle", "beyond"))) == (5, 15)


def test_half_a_bed_too_many_is_beyond():
    assert len(marks(dot_plot([28.5], 28, "one"), "circle", "beyond")) == 1


def test_a_wide_spread_of_outcomes_stays_within_the_picture():
    drawing = dot_plot([100 + 40 * i for i in range(20)], 500, "wide")

    x = [float(node.get("cx")) for node in ElementTree.fromstring(drawing).iter(NAMED + "circle")]
    assert min(x) >= 0 and max(x) <= 240


@pytest.mark.parametrize("make", [hourly_band, daily_band, lambda a: arrivals_band(a["streams"][0])])
def test_every_band_is_well_formed_and_named(make):
    root = ElementTree.fromstring(band_chart(make(drawn_answer())))

    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_words_in_a_drawing_cannot_become_marks():
    flat = {q: [1.0, 2.0] for q in ("q10", "q25", "q50", "q75", "q90")}
    band = Band("<script>alert(1)</script>", flat, ["<b>one</b>", "two"], [])

    assert "<script>" not in band_chart(band)
    assert "<b>" not in band_chart(band)


def test_a_chance_of_thirteen_in_twenty_fills_thirteen_bars():
    assert len(marks(chance_ticks(13, "amber", "13 in 20"), "rect", "amber")) == 13


def test_twenty_equal_outcomes_stay_within_the_picture():
    drawing = dot_plot([9.0] * 20, 3, "20 of 20")

    dots = marks(drawing, "circle", "beyond")
    assert len({(dot.get("cx"), dot.get("cy")) for dot in dots}) == 20
    assert min(float(dot.get("cy")) - float(dot.get("r")) for dot in dots) >= 0


def test_each_replication_is_a_dot_and_none_lies_on_another():
    drawing = dot_strip([5.0] * 6 + [6.0], [4.0, 4.01, 4.02], "strip")

    places = {(node.get("cx"), node.get("cy")) for node in marks(drawing, "circle", "hollow")}
    assert len(places) == 7
    assert len(marks(drawing, "circle", "solid")) == 3


def test_round_ticks_cover_the_range():
    assert svg.ticks(536, 612, 5) == [540, 560, 580, 600]
    assert svg.ticks(0.0, 0.0)  # a flat line still has an axis


def test_sparklines_share_one_scale_within_reason():
    quiet, wild = {"q10": [20.0], "q90": [22.0]}, {"q10": [1.0], "q90": [90.0]}

    assert shared_scale([(quiet, 25), (wild, 25)]) == (0.7, 1.5)
    assert shared_scale([]) == (0.7, 1.5)
