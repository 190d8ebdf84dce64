"""Beds needed against open beds: the whole hospital as bands, then each ward in one line."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figures.band import band_chart
from dashboards.figures.census import daily_band, hourly_band
from dashboards.figures.dots import chance_ticks
from dashboards.figures.spark import shared_scale, sparkline
from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.answer import streams_in_order, tight_wards

WARD_COLUMNS = (
    Column("Ward"),
    Column("In beds / open", "num"),
    Column("Waiting", "num wait"),
    Column("Need in the next 72 hours against open beds", "spark"),
    Column("Tightest hour", "when"),
    Column("Need then (80 %)", "num"),
    Column("Last week", "num week"),
    Column("Chance of being short", "chance"),
)
MOST_WARDS = 10  # wards shown before the others are folded away


def key_numbers(answer: Any) -> parts.Part:
    """Five figures of the whole hospital, each with what it should be read beside."""
    return html.Dl(
        [
            html.Div(
                [
                    html.Dt(name),
                    html.Dd([html.B(main), html.Span(beside)]),
                    html.Dd(below, className="caption"),
                ]
            )
            for name, main, beside, below in _key_rows(answer)
        ],
        className="card numbers",
    )


def _key_rows(answer: Any) -> list[tuple[str, str, str, str]]:
    wards, plan = answer["wards"], answer["plan"]
    inside, waiting = sum(w["in_beds"] for w in wards), sum(w["waiting"] for w in wards)
    open_beds = sum(w["open_beds"] for w in wards)
    rows = [
        (
            "In beds now",
            words.number(inside, "beds"),
            f"of {open_beds} open",
            f"{words.percent(inside / open_beds)} of open beds" if open_beds else "no bed is open",
        ),
        ("Waiting for a bed", words.number(waiting, "patients"), "patients", "in the whole hospital, now"),
    ]
    daily = answer["census"]["daily"]
    peak = max(range(len(daily["q50"])), key=lambda i: daily["q50"][i])
    rows.append(
        (
            "Highest morning need",
            words.number(daily["q50"][peak], "beds"),
            f"80 %: {words.span(daily['q10'][peak], daily['q90'][peak])}",
            f"{words.day(daily['ds'][peak])} at 08:00; {daily['open_beds'][peak]:g} open",
        )
    )
    rows.append(
        (
            "Beds in the plan",
            words.number(plan["total"], "beds"),
            beside_today(plan["total"] - plan["total_today"]),
            f"once open, {price(plan)}" if price(plan) else "",
        )
    )
    return rows + [_arrivals_row(stream, answer["as_of"]) for stream in streams_in_order(answer)[:1]]


def _arrivals_row(stream: Any, as_of: str) -> tuple[str, str, str, str]:
    forecast = stream["forecast"]
    last = stream["last_week"]["y"]
    return (
        f"{stream['name']}, {words.day(forecast['ds'][0])}",
        words.number(forecast["q50"][0], "patients"),
        f"80 %: {words.span(forecast['q10'][0], forecast['q90'][0], 'patients')}",
        f"same day last week {words.number(last[0], 'patients')}"
        if last
        else "no week before to compare with",
    )


def beside_today(extra: int) -> str:
    """``+6 beside today``."""
    return f"{words.number(extra, 'beds', signed=True)} beside today" if extra else "as many as today"


def money(amount: float, currency: str) -> str:
    """``£1,940``; other currencies by their code."""
    sign = {"GBP": "£", "EUR": "€", "USD": "$"}.get(currency, f"{currency} ")
    return f"{words.MINUS if amount < 0 else ''}{sign}{abs(amount):,.0f}"


def price(plan: Any) -> str:
    """``£202,800 a day`` for the plan's open beds; nothing where the hospital names no price."""
    if plan["currency"] == "patient-days":
        return ""
    return f"{money(plan['cost_a_day'], plan['currency'])} a day"


def census_card(answer: Any, tables: bool = True) -> parts.Part:
    """Patients who need a bed: 72 hours and 28 mornings side by side."""
    hourly, daily = hourly_band(answer), daily_band(answer)
    charts = html.Div(
        [
            html.Div(
                [
                    html.H3("Next 72 hours"),
                    parts.drawing(band_chart(hourly, 640, 270), band_chart(hourly, 340, 220)),
                ],
                className="wide-part",
            ),
            html.Div(
                [
                    html.H3(f"Next {daily.steps} days, at 08:00"),
                    parts.drawing(band_chart(daily, 470, 270), band_chart(daily, 340, 220)),
                ],
                className="small-part",
            ),
        ],
        className="pair",
    )
    marks = [
        ("band", "Forecast: middle, 50 % and 80 % range"),
        ("capacity", "Open beds"),
        ("over", "Beyond open beds"),
    ]
    if list(daily.planned) != list(daily.capacity):
        marks.insert(2, ("planned", "Beds the plan opens"))
    content = [parts.legend(*marks), charts]
    if tables:
        content.append(_census_table(answer))
    return parts.card(
        "Patients who need a bed, whole hospital", "In a bed or waiting for one, all wards.", *content
    )


def _census_table(answer: Any) -> parts.Part:
    rows = answer["census"]["daily"]
    lines = [
        [words.day(ds), words.number(mid, "beds"), words.span(low, high), f"{beds:g}", f"{planned:g}"]
        for ds, mid, low, high, beds, planned in zip(
            rows["ds"],
            rows["q50"],
            rows["q10"],
            rows["q90"],
            rows["open_beds"],
            rows["planned_beds"],
            strict=True,
        )
    ]
    columns = [
        Column("Morning, 08:00"),
        Column("Need, middle", "num"),
        Column("80 % range", "num"),
        Column("Open beds", "num"),
        Column("Planned beds", "num"),
    ]
    hours = answer["census"]["hourly"]
    hourly = [
        [words.hour(ds, answer["as_of"]), words.number(mid, "beds"), words.span(low, high), f"{beds:g}"]
        for ds, mid, low, high, beds in zip(
            hours["ds"], hours["q50"], hours["q10"], hours["q90"], hours["open_beds"], strict=True
        )
    ]
    return html.Div(
        [
            parts.as_table(
                "Need for beds, next 72 hours", [Column("Hour"), *columns[1:4]], hourly, "72 hours as a table"
            ),
            parts.as_table("Need for beds at 08:00", columns, lines, "Mornings as a table"),
        ],
        className="alternatives",
    )


def wards_card(answer: Any, everything: bool = False) -> parts.Part:
    """Every ward's need beside its open beds, most likely short first; calm wards folded away."""
    wards = answer["wards"]
    shown = wards if everything else (tight_wards(answer)[:MOST_WARDS] or wards[:3])
    limits = shared_scale([(ward["need"], ward["open_beds"]) for ward in shown])
    calm = [ward for ward in wards if ward not in shown]
    caption = (
        f"Every line is drawn on the same scale, {words.percent(limits[0])} to "
        f"{words.percent(limits[1])} of open beds (dashed). "
        "The dot is the tightest hour."
    )
    content = [_ward_table("Wards by chance of being short", shown, answer, limits)]
    if calm:
        said = f"{len(calm)} more ward{'s' if len(calm) != 1 else ''}, {_at_most(calm)}"
        content.append(
            html.Details(
                [html.Summary(said), _ward_table("Wards in order", calm, answer, limits)], className="more"
            )
        )
    return parts.card(
        "Wards by chance of being short in the next 72 hours", caption, *content, cls="flush", name="wards"
    )


def _at_most(wards: Any) -> str:
    highest = max(ward["chance_short"] for ward in wards)
    return f"short in at most {words.count_words(highest)}" if highest >= 0.2 else "in order (under 4 in 20)"


def _ward_table(caption: str, wards: Any, answer: Any, limits: tuple[float, float]) -> parts.Part:
    return parts.table(caption, WARD_COLUMNS, [_ward_row(ward, answer, limits) for ward in wards], "wards")


def _ward_row(ward: Any, answer: Any, limits: tuple[float, float]) -> list[parts.Part]:
    tight, beds = ward["tightest"], ward["open_beds"]
    when = words.hour(tight["ds"], answer["as_of"])
    at = ward["need"]["ds"].index(tight["ds"]) if tight["ds"] in ward["need"]["ds"] else 0
    label = (
        f"{ward['name']}: tightest {when}, need {words.number(tight['q50'], 'beds')} against {beds} open beds"
    )
    colour, count = words.tone(ward["chance_short"]), words.count_words(ward["chance_short"])
    ticks = chance_ticks(
        words.out_of_20(ward["chance_short"]), colour, f"{count}, {words.chance_words(ward['chance_short'])}"
    )
    return [
        ward["name"],
        f"{words.number(ward['in_beds'], 'beds')} / {beds}",
        words.number(ward["waiting"], "beds") if ward["waiting"] else words.DASH,
        parts.drawing(sparkline(ward["need"], beds, at, limits, label)),
        when,
        parts.value(words.number(tight["q50"], "beds"), words.span(tight["q10"], tight["q90"])),
        words.number(ward["last_week"], "beds"),
        html.Span(
            [parts.drawing(ticks, cls="fixed"), html.B(count, className=f"tone {colour}")], className="ticks"
        ),
    ]
