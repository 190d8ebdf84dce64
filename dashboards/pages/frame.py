"""The frame around every page: where one is, where one can go, and how fresh the data are."""

from __future__ import annotations

from dash import dcc, html

from dashboards.figures.icons import mark
from dashboards.pages import parts
from dashboards.pages.arrivals import MADE_BY
from dashboards.services import words
from dashboards.services.view import View

PAGES = (
    ("/", "Today", "sun"),
    ("/what-if", "What-if", "sliders-horizontal"),
    ("/plans", "Plans", "badge-check"),
    ("/records", "Records", "database"),
    ("/runs", "Runs and reports", "file-text"),
)


def shell(active: str, view: View, *content: parts.Part) -> parts.Part:
    """The frame with one page in it."""
    return html.Div(
        [
            html.A("Skip to the page", href="#main", className="skip"),
            _sidebar(active, view),
            html.Main(list(content), id="main", className="content", tabIndex=-1),
        ],
        className="shell",
    )


def heading(title: str, beside: str, *tools: parts.Part) -> parts.Part:
    """The title of a page with its tools at the right."""
    return html.Header(
        [
            html.H1(title),
            html.Span(beside, className="beside") if beside else None,
            html.Div([*tools, theme_button()], className="tools"),
        ],
        className="heading",
    )


def theme_button() -> parts.Part:
    """Changes between the light and the dark theme, in this browser only."""
    return html.Button(
        [parts.sign("moon"), html.Span("Light or dark", className="unseen")],
        id="theme",
        className="button icon",
        type="button",
        title="Light or dark",
    )


def print_button() -> parts.Part:
    """Prints the page as it stands."""
    return html.Button([parts.sign("printer", 16), "Print"], id="print", className="button", type="button")


def _sidebar(active: str, view: View) -> parts.Part:
    links = [html.Li(_link(path, name, mark, path == active)) for path, name, mark in PAGES]
    hospital = view.answer["hospital"] if view.answer else "Hospital twin"
    below = f"{view.answer['beds']} beds" if view.answer else "no answer yet"
    brand = html.Div(
        [
            html.Span(className="sign", **{"data-svg": mark()}),
            html.Div([html.B(hospital), html.Span(below, className="caption")]),
        ],
        className="brand",
    )
    return html.Aside(
        [brand, html.Nav(html.Ul(links), **{"aria-label": "Pages"}), freshness_box(view)], className="sidebar"
    )


def _link(path: str, name: str, mark: str, here: bool) -> parts.Part:
    extra = {"aria-current": "page"} if here else {}
    short, _, rest = name.partition(" and ")  # a small screen has room for the first word
    word = [short, html.Span(f" and {rest}", className="rest")] if rest else name
    inside = html.Span([parts.sign(mark), html.Span(word, className="word")], className="inside", **extra)
    return dcc.Link(inside, href=path, className="navlink here" if here else "navlink", title=name)


def freshness_box(view: View) -> parts.Part:
    """How old the data are, what made the forecast, and whether a worker is there."""
    if view.answer is None or view.fresh is None:
        rows = [("Data", "none yet"), ("Worker", "ready" if view.worker_seen else "absent")]
        return _box("stale" if not view.worker_seen else "plain", "Waiting for the first run", rows)
    made = view.answer["streams"][0]["made_by"] if view.answer["streams"] else ""
    rows = [
        (
            "Data until",
            words.hour(view.answer["as_of"], view.answer["as_of"])
            if not view.fresh.is_stale
            else f"{words.moment(view.answer['as_of']).day} {words.moment(view.answer['as_of']):%b %Y}",
        ),
        ("Forecast", {"lstm": "LSTM", "base": "base"}.get(made, MADE_BY.get(made, made)) or words.DASH),
        ("Main job", f"{words.moment(view.answer['made_at']):%H:%M} done"),
        ("Worker", "ready" if view.worker_seen else "absent"),
    ]
    title = (
        f"Data {view.fresh.words}"
        if view.fresh.is_stale
        else "Everything is fresh"
        if view.worker_seen
        else "No worker"
    )
    return _box("stale" if view.fresh.is_stale or not view.worker_seen else "plain", title, rows)


def _box(kind: str, title: str, rows: list[tuple[str, str]]) -> parts.Part:
    mark = parts.sign("triangle-alert" if kind == "stale" else "circle-check", 16)
    return html.Div(
        [
            html.P([mark, html.B(title)]),
            html.Dl([html.Div([html.Dt(name), html.Dd(said)]) for name, said in rows]),
        ],
        className=f"fresh {kind}",
        id="fresh",
    )
