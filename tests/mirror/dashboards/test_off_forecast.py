"""The table of a plan where demand is off its forecast, on the page and in the report."""

import re

from dashboards.pages.off_forecast import off_forecast_card
from dashboards.pages.plan import certificate_card
from dashboards.reports.html import report_html
from dashboards.reports.markup import to_html
from tests.answers import drawn_answer


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_each_target_stands_beside_five_demands_and_what_misses_is_said_in_words():
    told = text_of(to_html(off_forecast_card(drawn_answer())))

    assert all(head in told for head in ("−20 %", "−10 %", "As forecast", "+10 %", "+20 %"))
    assert told.count("missed") == 4  # all at +20 %; patients outside their specialty at +10 %, too


def test_a_demand_that_could_not_be_played_says_why():
    answer = drawn_answer()
    answer["certificate"]["off_forecast"][-1] |= {"cost": None, "targets": [], "note": "a queue grows"}

    told = text_of(to_html(off_forecast_card(answer)))

    assert "At +20 %: a queue grows" in told


def test_the_report_tells_it_behind_the_certificate():
    text = report_html(drawn_answer())

    assert text.index("Does the plan hold?") < text.index("And if demand is off the forecast?")


def test_a_plan_kept_before_anybody_looked_is_shown_as_it_was():
    answer = drawn_answer()
    del answer["certificate"]["off_forecast"]

    assert off_forecast_card(answer) is None
    assert "off the forecast" not in report_html(answer)
    assert "95 % sure" in text_of(to_html(certificate_card(answer)))


def test_how_sure_the_choice_is_and_the_exact_share_are_told_where_they_are_known():
    answer = drawn_answer()
    answer["certificate"]["selection"] = {
        "finalists": 4,
        "futures": 20,
        "within": 0.0,
        "confidence": 0.95,
        "worth": 28.0,
        "reached": True,
    }
    answer["certificate"]["targets"][0]["share_bound95"] = 0.81

    told = text_of(to_html(certificate_card(answer)))

    assert "it costs the least of 4 finalists, 95 % sure" in told
    assert "of all at least 81" in told
