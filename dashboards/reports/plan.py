"""The report of one plan: a single HTML file with what it decides, its proof and its reasons."""

from __future__ import annotations

from dash import html

from dashboards.pages import parts
from dashboards.pages.off_forecast import off_forecast_card
from dashboards.pages.plan import certificate_card
from dashboards.pages.plan_parts import beds_card, cover_card, reasons_card
from dashboards.pages.plans import STATUS, plan_foot
from dashboards.reports.html import document_html
from dashboards.services import words
from dashboards.services.plan_words import size_words, target_words, verdict
from scenarios.plan_book import StoredPlan


def plan_report_html(found: StoredPlan) -> str:
    """The whole report as one HTML document that asks the network for nothing."""
    entry, answer = found.entry, found.answer
    title = f"{found.hospital}, plan {entry.number}: {entry.name}"
    head = html.Div(
        [html.Span(f"{found.hospital}, plan {entry.number}"), html.Span(size_words(found.plan))],
        className="running-head",
    )
    targets = [html.Li(target_words(target)) for target in answer["certificate"]["targets"]]
    first = html.Section(
        [
            head,
            html.H1(entry.name),
            html.P(words.sentence(answer["explanation"]["headline"]), className="under"),
            html.Div(
                [html.B(f"{STATUS[entry.status][1]}. "), _decided(found), verdict(answer["certificate"])],
                className="sure",
            ),
            html.Ul(targets, className="text listed"),
            reasons_card(answer),
            html.Footer(plan_foot(found), className="report-foot caption"),
        ],
        className="sheet",
    )
    parts_of_it = (beds_card(found), cover_card(found), certificate_card(answer), off_forecast_card(answer))
    page = html.Section(
        [html.H1("What it decides, and what stands behind it"), *parts_of_it],
        className="sheet evidence-pages",
    )
    foot = f"Plan {entry.number}, run {entry.run_id}, seed {answer['certificate']['seed']}"
    return document_html(title, [first, page], foot)


def _decided(found: StoredPlan) -> parts.Part:
    """Who decided on it, and when."""
    entry = found.entry
    if entry.decided_by is None or entry.decided_at is None:
        return ""
    at = entry.decided_at.astimezone()
    why = f" ({entry.note})" if entry.note else ""
    return f"By {entry.decided_by}, {at.day} {at:%b %Y %H:%M}{why}. "
