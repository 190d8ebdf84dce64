"""The parts that every page is built from: card, table, chip, drawing, notice.

They are plain HTML components, so that the same parts make the page in the browser and the printed report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dash import html

from dashboards.figures.icons import icon

Part = Any
CHIPS = {
    "short": "Short",
    "watch": "Watch",
    "approve": "Approve",
    "good": "Holds",
    "miss": "Missed",
    "calm": "In order",
    "plain": "Note",
}
SHAPES = {
    "short": '<path d="M6 1 11 11H1Z"/>',
    "watch": '<path d="M6 .5 11.5 6 6 11.5 .5 6Z"/>',
    "approve": '<circle cx="6" cy="6" r="4.4" fill="none" stroke-width="2"/>',
    "good": '<path d="M1.5 6.5 4.5 9.5 10.5 3" fill="none" stroke-width="2"/>',
    "miss": '<path d="M2 2 10 10M10 2 2 10" fill="none" stroke-width="2"/>',
    "calm": '<path d="M1.5 6.5 4.5 9.5 10.5 3" fill="none" stroke-width="2"/>',
    "plain": '<circle cx="6" cy="6" r="4.4" fill="none" stroke-width="2"/>',
}


@dataclass(frozen=True)
class Column:
    """One column of a table: its head, and the class that aligns its cells (``num`` for figures)."""

    head: str
    cls: str = ""


def drawing(svg: str, narrow: str | None = None, cls: str = "") -> Part:
    """A drawing; where ``narrow`` is given it stands in for the wide one on a small screen."""
    if narrow is None:
        return html.Div(className=f"drawing {cls}".strip(), **{"data-svg": svg})
    return html.Div(
        [
            html.Div(className="drawing wide", **{"data-svg": svg}),
            html.Div(className="drawing narrow", **{"data-svg": narrow}),
        ],
        className="drawings",
    )


def sign(name: str, size: int = 18) -> Part:
    """One small sign that stands beside a word."""
    return html.Span(className="sign", **{"data-svg": icon(name, size)})


def chip(kind: str, said: str = "") -> Part:
    """What a row asks for: told by shape, word and colour together."""
    shape = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" viewBox="0 0 12 12" '
        'aria-hidden="true" '
        f'class="shape">{SHAPES[kind]}</svg>'
    )
    return html.Span(
        [html.Span(className="sign", **{"data-svg": shape}), said or CHIPS[kind]], className=f"chip {kind}"
    )


def card(title: str, caption: Part, *content: Part, name: str = "", cls: str = "") -> Part:
    """One question and its answer, under a heading and a line that says what is counted."""
    head = html.Div(
        [html.H2(title), html.P(caption, className="caption") if caption else None], className="cardhead"
    )
    extra = {"id": name} if name else {}
    return html.Section([head, *content], className=f"card {cls}".strip(), **extra)


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Part]],
    cls: str = "",
    kinds: Sequence[str] = (),
) -> Part:
    """A table; the first cell of a row names it. ``kinds`` may give each row a class."""
    head = html.Tr([html.Th(column.head, scope="col", className=column.cls) for column in columns])
    body = []
    for index, row in enumerate(rows):
        cells = [html.Th(row[0], scope="row", className=columns[0].cls)]
        cells += [
            html.Td(cell, className=column.cls, **{"data-head": column.head})
            for column, cell in zip(columns[1:], row[1:], strict=True)
        ]
        body.append(html.Tr(cells, className=kinds[index] if kinds else ""))
    return html.Div(
        html.Table(
            [html.Caption(caption), html.Thead(head), html.Tbody(body)], className=f"table {cls}".strip()
        ),
        className="tablebox",
        tabIndex=0,
        role="region",
        **{"aria-label": caption},
    )


def as_table(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Part]], said: str = "As a table"
) -> Part:
    """The same figures as the drawing above, for who would rather read or copy them."""
    return html.Details(
        [html.Summary([sign("table-2", 16), said]), table(caption, columns, rows)], className="alternative"
    )


def value(main: str, after: str = "") -> Part:
    """A figure in bold with its range or margin in grey after it."""
    return html.Span(
        [html.B(main), html.Span(f" {after}", className="soft") if after else None], className="value"
    )


def notice(kind: str, title: str, *content: Part, role: str = "status") -> Part:
    """A line above the page: ``stale``, ``error``, ``running`` or ``plain``."""
    mark = {"error": "triangle-alert", "stale": "triangle-alert", "running": "history"}.get(
        kind, "circle-check"
    )
    return html.Div([sign(mark), html.Div([html.B(title), *content])], className=f"notice {kind}", role=role)


def legend(*marks: tuple[str, str]) -> Part:
    """What the marks of a drawing mean: pairs of a class and its words."""
    return html.Ul(
        [html.Li([html.Span(className=f"swatch {cls}"), said]) for cls, said in marks], className="legend"
    )
