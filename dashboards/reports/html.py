"""The report of one main job: a single HTML file that needs no network and prints on A4.

The first page is the answer: what to decide, by when, and how sure it is. The pages after it are the
evidence.
"""

from __future__ import annotations

import base64
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from dash import html

from dashboards.figures.band import band_chart
from dashboards.figures.census import hourly_band
from dashboards.figures.dots import dot_plot
from dashboards.pages import parts
from dashboards.pages.arrivals import stream_cards
from dashboards.pages.beds import census_card, key_numbers, wards_card
from dashboards.pages.off_forecast import off_forecast_card
from dashboards.pages.parts import Column
from dashboards.pages.plan import certificate_card, changes, effect_card, held_words, measures_card, plan_card
from dashboards.pages.states import fallback_words
from dashboards.pages.today import foot_words, made_card
from dashboards.reports.markup import to_html
from dashboards.services import words
from dashboards.services.answer import Answer, headline, streams_in_order, track_of, track_summary

ASSETS = Path(__file__).parent.parent / "assets"
FIRST = 4  # decisions on the first page
SHEETS = ("1-tokens.css", "2-base.css", "3-drawing.css", "report.css")


def report_html(answer: Answer) -> str:
    """The whole report as one HTML document.

    Parameters
    ----------
    answer
        The document a finished main job left behind; nothing is recomputed from it.

    Returns
    -------
    str
        HTML with its styles, letters and drawings inside; it asks the network for nothing and runs no script.
    """
    title = f"{answer['hospital']}, operations report, {words.full(answer['as_of'])}"
    foot = f"Run {answer['run_id']}, seed {answer['seed']}, twin {answer['version']}, "
    foot += f"data until {words.full(answer['as_of'])}"
    return document_html(title, [first_page(answer), evidence(answer)], foot)


def document_html(title: str, body: parts.Part, foot: str) -> str:
    """A report with its styles inside; ``foot`` stands on every printed page beside the page number."""
    text = to_html(body).replace(
        '<details class="more">', '<details class="more" open>'
    )  # paper is not pressed
    return (
        f'<!DOCTYPE html>\n<html lang="en" data-theme="light">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title>\n<style>{_styles()}{_foot_style(foot)}</style></head>\n"
        f'<body class="report">{text}</body>\n</html>\n'
    )


def first_page(answer: Answer) -> parts.Part:
    """The answer on one page of A4."""
    first, then = headline(answer)
    head = html.Div(
        [html.Span(f"{answer['hospital']}, operations report"), html.Span(words.full(answer["as_of"]))],
        className="running-head",
    )
    rows = _decisions(answer)
    here, later = rows[:FIRST], rows[FIRST:]
    return html.Section(
        [
            head,
            html.H1(first),
            html.P(then, className="under"),
            *_warnings(answer),
            html.Ol(here, className="report-decisions") if here else None,
            html.P(
                f"{words.plural(len(later), 'more decision').capitalize()} overleaf. " * bool(later)
                + "Each dot is one of 20 equally likely outcomes; filled red is beyond the line.",
                className="caption right",
            )
            if any(row["dots"] for row in answer["decisions"][:FIRST])
            else None,
            _chart(answer),
            _targets(answer),
            html.Div([html.B("How sure is this? "), _track(answer), " ", _holdout(answer)], className="sure"),
            html.Footer(foot_words(answer), className="report-foot caption"),
        ],
        className="sheet",
    )


def evidence(answer: Answer) -> parts.Part:
    """The pages after the first: all wards, the plan, the forecast, the record."""
    return html.Section(
        [
            *_further(answer),
            html.H1("What stands behind it"),
            key_numbers(answer),
            census_card(answer, tables=False),
            wards_card(answer, everything=True),
            plan_card(answer),
            certificate_card(answer),
            off_forecast_card(answer),
            effect_card(answer) if changes(answer) else None,
            measures_card(answer),
            *stream_cards(answer, days=28, tables=False),
            made_card(answer),
        ],
        className="sheet evidence-pages",
    )


def _warnings(answer: Answer) -> list[parts.Part]:
    return [
        html.P([html.B(what), why], className="report-warning")
        for what, why in map(fallback_words, answer["degraded"])
    ]


def _decisions(answer: Answer) -> list[parts.Part]:
    names = {ward["ward"]: ward["name"] for ward in answer["wards"]}
    return [
        _decision(number, row, answer["as_of"], names.get(row["ward"], ""))
        for number, row in enumerate(answer["decisions"], start=1)
    ]


def _further(answer: Answer) -> list[parts.Part]:
    """Decisions that the first page has no room for."""
    rows = _decisions(answer)[FIRST:]
    return [html.H1("Further decisions"), html.Ol(rows, className="report-decisions")] if rows else []


def _act(row: Any, ward: str) -> str:
    """``General surgery B: open 2 beds, as planned``."""
    act = row["act"] or row["headline"]
    return f"{ward}: {act[:1].lower()}{act[1:]}" if ward and row["act"] and ward not in act else act


def _decision(number: int, row: Any, as_of: str, ward: str) -> parts.Part:
    by = row["decide_by"] or ""
    when = words.hour(by, as_of) if by and words.is_date(by) else by
    beyond = sum(need > (row["open_beds"] or 0) for need in row["dots"] or [])
    drawn = (
        parts.drawing(
            dot_plot(
                row["dots"],
                row["open_beds"],
                f"{beyond} of 20 outcomes need more than {row['open_beds']} beds",
                220,
                76,
            )
        )
        if row["dots"]
        else None
    )
    range_said = f" ({row['range'].strip('()')})" if row["range"] else ""
    return html.Li(
        [
            html.Span(str(number), className="ordinal"),
            html.Div(
                [
                    html.H2(_act(row, ward)),
                    html.P(words.spaced(f"{row['headline'].rstrip('.')}{range_said}. {row['effect']}")),
                    html.P(words.spaced(row["why"])) if row["ward"] is None else None,
                ]
            ),
            html.Div(drawn) if drawn is not None else None,
            html.Div(
                [html.Span("Decide by", className="caption"), html.B(when)] if when else None, className="by"
            ),
        ],
        className="" if row["dots"] else "plain",
    )


def _chart(answer: Answer) -> parts.Part:
    return html.Div(
        [
            html.H2("Patients who need a bed, whole hospital"),
            html.P(
                "In a bed or waiting for one, next 72 hours. Blue: middle, 50 % and 80 % range. Red: "
                "beyond the open beds (dashed).",
                className="caption",
            ),
            parts.drawing(band_chart(hourly_band(answer), 700, 210)),
        ],
        className="report-chart",
    )


def _targets(answer: Answer) -> parts.Part:
    certificate = answer["certificate"]
    columns = (
        Column("Target of the plan"),
        Column("Asked"),
        Column("Expected", "num"),
        Column("Futures that meet it", "num"),
        Column("Certificate"),
    )
    rows = [
        [
            f"{row['name']}, {row['unit']}",
            row["limit"],
            words.mean(row["expected"], row["unit"]),
            words.percent(row["share_of_futures"]),
            parts.chip("good" if row["holds"] else "miss"),
        ]
        for row in certificate["targets"]
    ]
    return html.Div(
        [
            html.H2(f"With the plan “{answer['plan']['name']}”"),
            parts.table("Targets of the plan", columns, rows),
            html.P(f"{held_words(certificate)}, {certificate['wording']}.", className="caption"),
        ]
    )


def _track(answer: Answer) -> str:
    streams = streams_in_order(answer)
    return track_summary(track_of(answer, streams[0]["stream"])) if streams else track_summary([])


def _holdout(answer: Answer) -> str:
    scored = [
        stream for stream in streams_in_order(answer) if stream["holdout"] and stream["holdout"]["naive_mase"]
    ]
    if not scored:
        return ""
    score = scored[0]["holdout"]
    return (
        f"On {score['days']} days held out, the forecast of {scored[0]['name'].lower()} scored "
        f"{score['mase']:.2f} (MASE) against "
        f"{score['naive_mase']:.2f} for “same as last week”."
    )


@cache
def _styles() -> str:
    sheet = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in SHEETS)
    letters = base64.b64encode((ASSETS / "inter-latin.woff2").read_bytes()).decode()
    return sheet.replace('url("inter-latin.woff2")', f'url("data:font/woff2;base64,{letters}")')


def _foot_style(said: str) -> str:
    """Foot of every printed page: what it was made from, and the page number."""
    quoted = said.replace("\\", "\\\\").replace('"', "'").replace("<", "").replace("\n", " ")
    return (
        f'@page {{ @bottom-left {{ content: "{quoted}"; font: 8pt var(--sans); color: #596673; }} '
        '@bottom-right { content: "Page " counter(page) " of " counter(pages); '
        "font: 8pt var(--sans); color: #596673; } }"
    )
