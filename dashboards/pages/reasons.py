"""Reasons: what moves the forecast of the next day away from the usual, and that of the days after it."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figures.waterfall import Waterfall, figure, waterfall
from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words

COLUMNS = (
    Column("Day"),
    Column("Forecast (80 %)", "num"),
    Column("What moves it most"),
)
NAMED = 3  # reasons in a line of the table; our choice
WORTH = 0.01  # share of the forecast below which a reason is not named; our choice


def reasons_part(stream: Any, tables: bool = True) -> list[parts.Part]:
    """The reasons of a stream's forecast; nothing where the answer holds none."""
    told = stream.get("explanation") or []
    if not told:
        return []
    first = told[0]
    drawn = fall_of(first, stream["name"])
    chart = html.Div(
        [
            html.H3(f"What moves {words.day(first['ds'])}"),
            html.P(
                "From a usual day of the past year to the forecast; filled adds, hollow takes away.",
                className="caption",
            ),
            parts.drawing(waterfall(drawn, 620), waterfall(drawn, 340)),
        ],
        className="reason",
    )
    if not tables or len(told) < 2:
        return [chart]
    rows = [
        [
            html.Span(words.day(row["ds"]), className="oneline"),
            parts.value(
                words.number(row["middle"], "patients"), words.span(row["q10"], row["q90"], "patients")
            ),
            reasons_words(row) or words.DASH,
        ]
        for row in told
    ]
    title = f"{stream['name']}, what moves the next {words.plural(len(told), 'day')}"
    week = html.Div([html.H3("The days after it"), parts.table(title, COLUMNS, rows[1:], "tight")])
    return [html.Div([chart, week], className="pair reasons")]


def fall_of(row: Any, name: str) -> Waterfall:
    """One day's reasons as the table that is drawn."""
    told = reasons_words(row)
    label = f"{name} on {words.day(row['ds'])}: usually {words.number(row['usual'], 'patients')}, forecast "
    label += f"{words.number(row['middle'], 'patients')}" + (f"; {told}" if told else "")
    pairs = [(part["said"], part["value"]) for part in row["parts"]]
    return Waterfall(label, row["usual"], row["middle"], row["q10"], row["q90"], pairs)


def reasons_words(row: Any) -> str:
    """``Monday +12, day after Boxing Day +14``: the largest reasons of one day; empty where all are small."""
    least = WORTH * max(row["middle"], row["usual"])
    told = [part for part in row["parts"] if abs(part["value"]) >= least and figure(part["value"]) != "0"]
    return ", ".join(f"{part['said']} {figure(part['value'])}" for part in told[:NAMED])
