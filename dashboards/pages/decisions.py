"""What needs a decision: one row each, with its twenty dots, what to do, and what that would bring."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.figures.dots import dot_plot
from dashboards.pages import parts
from dashboards.services import words


def decision_list(answer: Any, links: bool = True) -> parts.Part:
    """All decisions, in the order the run gave them; a plain sentence where there are none."""
    if not answer["decisions"]:
        return parts.card(
            "Nothing needs a decision",
            "Every ward is more likely than not to have the beds it needs, and no plan waits for approval.",
            cls="calm",
        )
    first = [index == 0 for index in range(len(answer["decisions"]))]
    rows = [
        _row(row, answer, primary, links) for row, primary in zip(answer["decisions"], first, strict=True)
    ]
    return html.Section(
        [html.H2("What needs a decision", className="unseen"), html.Ol(rows, className="decisions")],
        className="card flush",
        id="decisions",
    )


def _row(row: Any, answer: Any, primary: bool, links: bool) -> parts.Part:
    range_said = f" ({row['range'].strip('()')})" if row["range"] else ""
    told = html.Div(
        [
            html.H3([row["headline"], html.Span(words.spaced(range_said), className="range")]),
            _why(row, answer["as_of"]),
        ],
        className="told",
    )
    return html.Li(
        [
            html.Div(parts.chip(row["status"]), className="status"),
            told,
            _evidence(row, answer),
            _act(row, primary, links),
        ],
        className="decision",
    )


def _why(row: Any, as_of: str) -> parts.Part:
    by, verb = row["decide_by"] or "", "Approve" if row["status"] == "approve" else "Decide"
    said = words.hour(by, as_of) if by and words.is_date(by) else by
    return html.P(
        [words.spaced(row["why"]), html.Span([" ", html.B(f"{verb} by {said}.")]) if said else None],
        className="why",
    )


def _evidence(row: Any, answer: Any) -> parts.Part:
    if row["dots"]:
        beyond = sum(need > row["open_beds"] for need in row["dots"])
        said = (
            f"{beyond} of {len(row['dots'])} equally likely outcomes need more than {row['open_beds']} beds"
        )
        return html.Div(
            [
                parts.drawing(dot_plot(row["dots"], row["open_beds"], said), cls="dots"),
                html.P(said, className="caption"),
            ],
            className="evidence",
        )
    targets = answer["certificate"]["targets"]
    held = sum(target["holds"] for target in targets)
    kind = "good" if targets and held == len(targets) else "miss"
    return html.Div(
        [
            parts.chip(kind, f"{held} of {len(targets)}"),
            html.P("targets held on fresh futures", className="caption"),
        ],
        className="evidence tally",
    )


def _act(row: Any, primary: bool, links: bool) -> parts.Part:
    said = [html.P(html.B(row["act"])), html.P(words.spaced(row["effect"]), className="soft")]
    if links:
        said.append(html.Div(_links(row, primary), className="buttons"))
    return html.Div(said, className="act")


def _links(row: Any, primary: bool) -> list[parts.Part]:
    look = "Review the plan" if row["status"] == "approve" else "See the plan"
    shown = [html.A(look, href="#plan", className="button filled" if primary else "button")]
    if row["ward"]:
        shown.append(html.A("Try in What-if", href=f"/what-if?ward={row['ward']}", className="button quiet"))
    return shown
