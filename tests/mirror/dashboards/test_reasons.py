"""What moves a forecast, on the page: a drawing that adds up, and a line a day."""

from xml.etree import ElementTree

import pytest

from dashboards.figures.waterfall import REST, Waterfall, figure, waterfall
from dashboards.pages.reasons import fall_of, reasons_part, reasons_words
from dashboards.reports.html import report_html
from tests.answers import drawn_answer

NAMED = "{http://www.w3.org/2000/svg}"
FALL = Waterfall(
    "Emergency on Mon 23 Nov: usually 200, forecast 219",
    200.0, 219.0, 203.0, 236.0,
    [("Monday", 15.0), ("recent weeks", 8.0), ("time of year", -5.0), ("rounding", 0.6), ("other", 0.4)],
)  # fmt: skip


def bars(drawing: str) -> list[tuple[str, float, float]]:
    boxes = list(ElementTree.fromstring(drawing).iter(NAMED + "rect"))
    return [
        (box.get("class"), float(box.get("x")), float(box.get("x")) + float(box.get("width")))
        for box in boxes
    ]


def dots(drawing: str) -> list[float]:
    return [float(node.get("cx")) for node in ElementTree.fromstring(drawing).iter(NAMED + "circle")]


@pytest.mark.parametrize("width", [620, 340])
def test_each_bar_begins_where_the_one_above_ended_and_the_last_ends_at_the_forecast(width):
    drawing = waterfall(FALL, width)

    (usual, forecast), drawn = dots(drawing), bars(drawing)
    assert [kind for kind, _, _ in drawn] == ["adds", "adds", "takes", "adds"]
    assert drawn[0][1] == pytest.approx(usual, abs=0.2)
    assert drawn[1][1] == pytest.approx(drawn[0][2], abs=0.2)
    assert drawn[2][2] == pytest.approx(drawn[1][2], abs=0.2)
    assert drawn[3][2] == pytest.approx(forecast, abs=0.2)


def test_what_is_too_small_for_a_row_is_told_together():
    assert FALL.rows()[-1] == (REST, pytest.approx(1.0))
    assert sum(value for _, value in FALL.rows()) == pytest.approx(19.0)


@pytest.mark.parametrize("width", [620, 340])
def test_nothing_is_drawn_outside_the_picture_and_words_stay_words(width):
    fall = Waterfall("<b>", 10.0, 11.0, 0.0, 30.0, [("<script>a very long name of a holiday</script>", 1.0)])

    drawing = waterfall(fall, width)

    assert "<script>" not in drawing and "<b>" not in drawing
    assert all(0 <= left <= right <= width for _, left, right in bars(drawing))


@pytest.mark.parametrize(("value", "said"), [(14.2, "+14"), (-2.12, "−2.1"), (0.03, "0")])
def test_a_figure_carries_its_sign(value, said):
    assert figure(value) == said


def test_a_day_is_told_by_its_largest_reasons():
    row = drawn_answer()["streams"][0]["explanation"][0]

    assert reasons_words(row).startswith("Monday +23, day after Boxing Day +14, recent weeks +6.5")
    assert "usually" in fall_of(row, "Emergency arrivals").label


def test_the_page_draws_the_next_day_and_the_report_too():
    answer = drawn_answer()

    assert len(reasons_part(answer["streams"][0])) == 1
    assert "What moves" in report_html(answer)


def test_an_answer_without_reasons_is_a_page_without_them():
    assert reasons_part({**drawn_answer()["streams"][0], "explanation": []}) == []
