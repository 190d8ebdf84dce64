"""Arrivals: what happened, what is forecast, and how the forecasts before it fared."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figures.band import band_chart
from dashboards.figures.census import arrivals_band
from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.answer import track_summary

MADE_BY = {"lstm": "LSTM with quantiles", "base": "Base forecast", "observed": "Observed"}


def arrivals_card(stream: Any, as_of: str, tables: bool = True) -> parts.Part:
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
    if stream["holdout"]:
        content.append(html.P(holdout_words(stream["holdout"]), className="text"))
    if tables:
        content.append(_forecast_table(stream))
    return parts.card(stream["name"], "".join(caption), *content, name=f"stream-{stream['stream']}")


def holdout_words(score: Any) -> list[parts.Part]:
    """How the same forecaster did on days it was not shown, beside the naive one."""
    better = score["mase"] < score["naive_mase"]
    first = "Better than" if better else "No better than"
    return [
        html.B(f"{first} “same as last week” on the {score['days']} days held out: "),
        f"scaled error (MASE) {score['mase']:.2f} against {score['naive_mase']:.2f}, quantile loss "
        f"(WQL) {score['wql']:.3f} against "
        f"{score['naive_wql']:.3f}; the 80 % range held {words.percent(score['coverage80'])} of days.",
    ]


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


def track_card(answer: Any, days: int = 7) -> parts.Part:
    """What was said, what happened, and what last week would have said."""
    rows = sorted(answer["track_record"], key=lambda row: row["ds"], reverse=True)
    columns = (
        Column("Day"),
        Column("Said (80 %)", "num"),
        Column("Happened", "num"),
        Column("Same as last week", "num"),
        Column("In range"),
    )
    if not rows:
        return parts.card(
            "Track record",
            "What was said before the day, beside what happened.",
            html.P(
                "No issued forecast has met its day yet; the first row stands here tomorrow.",
                className="text",
            ),
            name="track",
        )
    drawn = [_track_row(row) for row in rows]
    content = [parts.table("Track record", columns, drawn[:days], "tight")]
    if drawn[days:]:
        content.append(
            html.Details(
                [
                    html.Summary(f"{len(drawn) - days} earlier days"),
                    parts.table("Earlier days", columns, drawn[days:], "tight"),
                ],
                className="more",
            )
        )
    return parts.card(
        "Track record",
        f"Forecasts as they were issued, never recomputed. {track_summary(answer)}",
        *content,
        cls="flush",
        name="track",
    )


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
