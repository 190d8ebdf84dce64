"""Numbers and chances as a bed manager says them."""

from datetime import date

import pytest

from dashboards.services import words


@pytest.mark.parametrize(
    ("chance", "count", "said", "tone"),
    [
        (0.97, "19 in 20", "almost certain", "red"),
        (0.75, "15 in 20", "probable", "red"),
        (0.5, "10 in 20", "possible", "amber"),
        (0.2, "4 in 20", "unlikely", "ink"),
        (0.01, "under 1 in 20", "very unlikely", "ink"),
        (0.0, "none in 20", "very unlikely", "ink"),
    ],
)
def test_a_chance_is_told_in_words_and_with_its_count(chance, count, said, tone):
    assert (words.count_words(chance), words.chance_words(chance), words.tone(chance)) == (count, said, tone)


def test_people_are_whole_hours_have_a_decimal_and_a_mean_of_people_has_one_too():
    assert words.number(33.6, "beds") == "34"
    assert words.number(7.44, "hours") == "7.4"
    assert words.mean(14.23, "patients") == "14.2"
    assert words.number(1940.4, "£ a day") == "1,940"
    assert words.number(None, "beds") == "–"


def test_a_difference_has_a_sign_and_the_minus_is_a_true_one():
    assert words.number(2, "beds", signed=True) == "+2"
    assert words.number(-2, "beds", signed=True) == "−2"
    assert words.number(-0.04, "hours", signed=True) == "0.0"


def test_an_hour_within_a_week_has_its_day_and_a_later_one_its_date():
    assert words.hour("2026-11-23T08:00", "2026-11-22T06:00") == "Mon 08:00"
    assert words.hour("2026-12-07T08:00", "2026-11-22T06:00") == "7 Dec 08:00"


def test_age_is_told_in_the_unit_that_fits():
    assert [words.age(h) for h in (0.5, 9, 80, 24 * 365 * 8)] == ["30 min", "9 h", "3 days", "8 years"]


def test_per_cent_and_minus_are_set_as_in_print():
    assert words.sentence("short on 10.5% of mornings (-6.0)") == (
        f"Short on 10.5{words.THIN}% of mornings ({words.MINUS}6.0)."
    )


def test_days_in_a_row_are_one_stretch():
    days = [date(2025, 2, 28), date(2025, 3, 1), date(2025, 3, 2), date(2025, 4, 7), date(2026, 1, 1)]

    assert words.days(days) == "28 Feb to 2 Mar 2025, 7 Apr 2025, 1 Jan 2026"
    assert words.days([days[0], days[-1]], span=True) == "28 Feb 2025 to 1 Jan 2026"


def test_names_are_listed_with_an_and_before_the_last():
    assert [words.listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
