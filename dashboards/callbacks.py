"""What happens when a page is opened or a button pressed: each asks a service and shows the answer."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import parse_qs, urlencode

from dash import Dash, Input, Output, State, html, no_update

from dashboards.controls import CONTROLS
from dashboards.deciding import plans_for, register_plans
from dashboards.pages.frame import heading, shell
from dashboards.pages.records import records_page
from dashboards.pages.runs import runs_page
from dashboards.pages.states import notices
from dashboards.pages.today import today_body, today_page
from dashboards.pages.whatif import followed_run, waiting, whatif_page
from dashboards.services import whatif
from dashboards.services.answer import ask_for_run, running_job
from dashboards.services.records import records_view
from dashboards.services.view import look
from twin.errors import TwinError
from twin.store import Store

log = logging.getLogger(__name__)
RUNS_SHOWN = 30


def register(app: Dash, store: Store) -> None:
    """Tie every callback to the app; all of them read and write this one store."""
    _pages(app, store)
    _today(app, store)
    _whatif(app, store)
    register_plans(app, store)


def sorry(fault: Exception) -> None:
    """A fault of our own: kept in the log, told to the reader without its insides."""
    log.error("a callback failed", exc_info=fault)


def _pages(app: Dash, store: Store) -> None:
    @app.callback(Output("page", "children"), Input("url", "pathname"), Input("url", "search"))
    def show(pathname: str | None, search: str | None) -> Any:
        return page_for(store, (pathname or "/").rstrip("/") or "/", query(search))


def _today(app: Dash, store: Store) -> None:
    @app.callback(
        Output("notices", "children"),
        Output("today", "children"),
        Output("shown", "data"),
        Output("news", "data"),
        Input("pulse", "n_intervals"),
        State("shown", "data"),
        State("news", "data"),
        prevent_initial_call=True,
    )
    def look_again(_: int, shown: str, news: str) -> Any:
        view = look(store)
        body = (
            today_body(view)
            if view.shown != shown or (view.answer is None and view.news != news)
            else no_update
        )
        return notices(view) if view.news != news else no_update, body, view.shown, view.news

    @app.callback(
        Output("notices", "children", allow_duplicate=True),
        Input("ask-run", "n_clicks"),
        prevent_initial_call=True,
    )
    def ask(clicks: int | None) -> Any:
        if not clicks:
            return no_update
        ask_for_run(store)
        return notices(look(store))

    @app.callback(
        Output("notices", "children", allow_duplicate=True),
        Input("cancel-run", "n_clicks"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None) -> Any:
        run = running_job(store)
        if not clicks or run is None:
            return no_update
        store.runs.cancel(run.id)
        return notices(look(store))


def _whatif(app: Dash, store: Store) -> None:
    fields = [State(f"lever-{control.name}", "value") for control in CONTROLS]

    @app.callback(
        Output("url", "search"),
        Output("whatif-said", "children"),
        Input("whatif-run", "n_clicks"),
        State("lever-ward", "value"),
        State("lever-stream", "value"),
        *fields,
        prevent_initial_call=True,
    )
    def ask(clicks: int | None, ward: str | None, stream: str | None, *values: float | None) -> Any:
        return start(store, ward, stream, values) if clicks else (no_update, no_update)

    @app.callback(
        Output("whatif-result", "children"),
        Output("whatif-pulse", "disabled"),
        Output("whatif-run", "disabled"),
        Input("whatif-pulse", "n_intervals"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def follow_again(_: int, search: str | None) -> Any:
        content, running = follow(store, query(search).get("run"))
        return content, not running, running

    @app.callback(
        Output("whatif-result", "children", allow_duplicate=True),
        Input("whatif-cancel", "n_clicks"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    def stop(clicks: int | None, search: str | None) -> Any:
        run_id = query(search).get("run")
        if not clicks or run_id is None:
            return no_update
        whatif.cancel(store, run_id)
        return follow(store, run_id)[0]


def query(search: str | None) -> dict[str, str]:
    """The words after ``?`` of an address."""
    return {key: values[-1] for key, values in parse_qs((search or "").lstrip("?")).items()}


def page_for(store: Store, path: str, asked: dict[str, str]) -> Any:
    """The page of an address; a plain sentence where there is none."""
    view = look(store)
    if path == "/":
        return today_page(view)
    if path == "/runs":
        numbers = {entry.run_id: entry.number for entry in store.plans.list()}
        return runs_page(view, store.runs.list(RUNS_SHOWN), numbers)
    if path == "/plans":
        return plans_for(store, view, asked)
    if path == "/records":
        return records_page(view, records_view(store.workspace, store.records))
    if path == "/what-if":
        return _whatif_page(store, view, asked)
    return shell(
        path,
        view,
        heading("No such page", ""),
        html.P([f"There is no page at {path}. ", html.A("Go to Today", href="/")], className="answer"),
    )


def _whatif_page(store: Store, view: Any, asked: dict[str, str]) -> Any:
    content, running = follow(store, asked.get("run"))
    form = whatif.Filled(ward=asked.get("ward"))
    if "run" in asked:
        try:
            form = whatif.filled(whatif.find(store, asked["run"]).inputs)
        except TwinError:  # told in words by ``follow``, beside an empty form
            pass
    return whatif_page(view, form, content, running, asked="run" in asked)


def follow(store: Store, run_id: str | None) -> tuple[Any, bool]:
    """What stands at the right of the what-if page, and whether it will change."""
    if run_id is None:
        return waiting(), False
    try:
        run = whatif.find(store, run_id)
        found = whatif.result(store, run_id) if run.state == "done" else None
        return followed_run(run, look(store), found), not run.is_over
    except TwinError as wrong:
        return trouble("This run cannot be shown. ", str(wrong)), False


def start(store: Store, ward: str | None, stream: str | None, values: Any) -> tuple[Any, Any]:
    """Ask the question and put the run's id into the address; or say what is wrong and keep the form."""
    answer = look(store).answer
    if answer is None:
        return no_update, trouble("The main job has no answer yet. ", "Run it first.")
    numbers = dict(zip((control.name for control in CONTROLS), values, strict=True))
    try:
        levers = whatif.levers_of(answer, ward, stream, numbers)
    except TwinError as wrong:
        return no_update, trouble("Not run. ", str(wrong))
    return "?" + urlencode({"run": whatif.submit(store, levers)}), None


def trouble(title: str, said: str) -> Any:
    """A fault the reader can mend, in words."""
    return html.Div([html.B(title), html.Span(said)], className="notice error")
