"""Arrivals: what happened, what is forecast, and how the forecasts before it fared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboards.figures.band import band_chart
from dashboards.figures.census import arrivals_band
from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.pages.reasons import reasons_part
from dashboards.services import words
from dashboards.services.answer import streams_in_order, track_of, track_summary

TRACK_COLUMNS = (
    Column("Day"),
    Column("Said (80 %)", "num"),
    Column("Happened", "num"),
    Column("Same as last week", "num"),
    Column("In range"),
)
MADE_BY = {
    "lstm": "LSTM with quantiles",
    "base": "Base forecast",
    "seasonal_naive": "Seasonal naive",
    "lightgbm": "Gradient boosting",
    "observed": "Observed",
}


def arrivals_card(stream: Any, tables: bool = True) -> parts.Part:
    """One stream of arrivals with its past, its forecast and the score of the hold-out."""
    band = arrivals_band(stream)
    caption = [
        f"{stream['unit'].capitalize()}. {MADE_BY.get(stream['made_by'], stream['made_by'])}, from "
        f"{stream['source']}"
    ]
    caption += [f"; {stream['scale_note']}." if stream["scale_note"] else "."]
    content = [
        parts.legend(
            ("ink", "Happened"),
            ("band", "Forecast: middle, 50 % and 80 % range"),
            ("dotted", "Same day of last week"),
        ),
        parts.drawing(band_chart(band, 1130, 250), band_chart(arrivals_band(stream, 14), 340, 220)),
    ]
    content += reasons_part(stream, tables)
    if stream["holdout"]:
        content.append(html.P(holdout_words(stream["holdout"]), className="text"))
    if tables:
        content.append(_forecast_table(stream))
    return parts.card(stream["name"], "".join(caption), *content, name=f"stream-{stream['stream']}")


def holdout_words(score: Any) -> list[parts.Part]:
    """How the same forecaster did on days it was not shown, beside the naive one."""
    held = f"on the {score['days']} days held out"
    if score["mase"] is None or score["naive_mase"] is None:
        first = f"Scored {held}: "
    elif score["mase"] < score["naive_mase"]:
        first = f"Better than “same as last week” {held}: "
    else:
        first = f"No better than “same as last week” {held}: "
    inside = words.DASH if score["coverage80"] is None else words.percent(score["coverage80"])
    return [
        html.B(first),
        f"scaled error (MASE) {_score(score['mase'], 2)} against {_score(score['naive_mase'], 2)}, "
        f"quantile loss "
        f"(WQL) {_score(score['wql'], 3)} against {_score(score['naive_wql'], 3)}; the 80 % range "
        f"held {inside} of days.",
    ]


def _score(value: float | None, decimals: int) -> str:
    return words.DASH if value is None else f"{value:.{decimals}f}"


def _forecast_table(stream: Any) -> parts.Part:
    forecast = stream["forecast"]
    last = stream["last_week"]["y"] or [None] * len(forecast["ds"])
    rows = [
        [
            words.day(ds),
            words.number(mid, "patients"),
            words.span(low, high, "patients"),
            words.number(week, "patients"),
        ]
        for ds, mid, low, high, week in zip(
            forecast["ds"], forecast["q50"], forecast["q10"], forecast["q90"], last, strict=True
        )
    ]
    columns = (
        Column("Day"),
        Column("Forecast, middle", "num"),
        Column("80 % range", "num"),
        Column("Same day last week", "num"),
    )
    return parts.as_table(f"{stream['name']}, forecast", columns, rows)


def stream_cards(answer: Any, days: int = 7, tables: bool = True) -> list[parts.Part]:
    """Every stream with its record: the first at full length, the others folded away."""
    streams = streams_in_order(answer)
    pairs = [
        [arrivals_card(stream, tables), track_card(stream, track_of(answer, stream["stream"]), days)]
        for stream in streams
    ]
    if len(pairs) < 2:
        return [card for pair in pairs for card in pair]
    said = f"{len(pairs) - 1} more stream{'s' if len(pairs) > 2 else ''} of arrivals"
    names = ", ".join(stream["name"] for stream in streams[1:])
    rest = html.Div([card for pair in pairs[1:] for card in pair], className="stack")
    return [*pairs[0], html.Details([html.Summary(f"{said}: {names}"), rest], className="streams")]


def track_card(stream: Any, record: Sequence[Any], days: int = 7) -> parts.Part:
    """What was said of a stream, what happened, and what last week would have said."""
    title, name = f"Track record, {stream['name'].lower()}", f"track-{stream['stream']}"
    if not record:
        said = "No forecast has met its day yet; the first row stands here tomorrow."
        told = "What was said before the day, beside what happened."
        return parts.card(title, told, html.P(said, className="text"), name=name)
    drawn = [_track_row(row) for row in record]
    content = [parts.table(title, TRACK_COLUMNS, drawn[:days], "tight")]
    if drawn[days:]:
        earlier = parts.table(f"{title}, earlier", TRACK_COLUMNS, drawn[days:], "tight")
        summary = html.Summary(f"{len(drawn) - days} earlier days")
        content.append(html.Details([summary, earlier], className="more"))
    return parts.card(title, f"{_origin(record)} {track_summary(record)}", *content, cls="flush", name=name)


def _origin(record: Sequence[Any]) -> str:
    """Whether the rows were said before their days, or held out and forecast as if."""
    if all(row.get("held_out") for row in record):
        return "No issued forecast has met its day yet: these days were held out and then forecast."
    return "Forecasts as they were issued, never recomputed."


def _track_row(row: Any) -> list[parts.Part]:
    said = parts.value(words.number(row["said"], "patients"), words.span(row["q10"], row["q90"], "patients"))
    if row["happened"] is None:
        return [words.day(row["ds"]), said, words.DASH, words.number(row["last_week"], "patients"), "not yet"]
    inside = row["q10"] <= row["happened"] <= row["q90"]
    mark = (
        html.Span("● inside", className="tone ink")
        if inside
        else html.Span("○ outside", className="tone amber")
    )
    return [
        words.day(row["ds"]),
        said,
        html.B(words.number(row["happened"], "patients")),
        words.number(row["last_week"], "patients"),
        mark,
    ]
