"""The app in the browser: one page frame, five pages, reports, and nothing loaded from anywhere else."""

from __future__ import annotations

import json
from pathlib import Path

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from flask import Response, abort, request

from dashboards.callbacks import register, sorry
from dashboards.reports.html import report_html
from dashboards.reports.plan import plan_report_html
from dashboards.services.answer import read_answer
from scenarios.plan_book import StoredPlan, read_plan
from twin.errors import TwinError
from twin.store import Store, StoreUnusable, open_store

HERE = Path(__file__).parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)
INDEX = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>{%metas%}<title>{%title%}</title><link rel="icon" type="image/svg+xml" href="assets/mark.svg">{%css%}
<script>(function () {
  var chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch (refused) { chosen = null; }
  var dark = chosen ? chosen === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.setAttribute("data-theme", dark ? "dark" : "light");
})();</script></head>
<body>{%app_entry%}<footer>{%config%}{%scripts%}{%renderer%}</footer></body></html>"""


def build_app(workspace: Path | str, store: Store | None = None) -> Dash:
    """Build the app of one workspace; it serves every script and style itself.

    Parameters
    ----------
    workspace
        The folder whose store is shown.
    store
        An open store of that workspace; opened here when omitted.

    Raises
    ------
    StoreUnusable
        The workspace cannot be opened.
    """
    book = store or open_store(workspace)
    app = Dash(
        "dashboards",
        assets_folder=str(HERE / "assets"),
        title="Hospital twin",
        update_title="",
        serve_locally=True,
        suppress_callback_exceptions=True,
        index_string=INDEX,
        on_error=sorry,
        enable_mcp=False,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = dmc.MantineProvider(
        [dcc.Location(id="url", refresh="callback-nav"), html.Div(_skeleton(), id="page")]
    )
    register(app, book)
    _documents(app, book)
    _guard(app)
    return app


def _skeleton() -> html.Div:
    """The shape of a page while it is fetched."""
    return html.Div(
        [
            html.Div(className="sidebar"),
            html.Div(
                [html.Div(className="bone"), html.Div(className="bone tall")],
                className="content",
                **{"aria-label": "Loading", "role": "status"},
            ),
        ],
        className="shell loading",
    )


def _documents(app: Dash, store: Store) -> None:
    """Reports, answers and plans as files."""

    def answer_of(run_id: str) -> dict[str, object]:
        try:
            return dict(read_answer(store, run_id))
        except StoreUnusable as error:
            abort(503, description=f"{error}. The page works again when the store does.")
        except TwinError:
            abort(404, description=f"There is no finished main job {run_id}.")

    def plan_of(number: int) -> StoredPlan:
        try:
            return read_plan(store, number)
        except StoreUnusable as error:
            abort(503, description=f"{error}. The page works again when the store does.")
        except TwinError as error:
            abort(404, description=f"{error}")

    @app.server.route("/plan/<int:number>.html")
    def plan_report(number: int) -> Response:
        return Response(plan_report_html(plan_of(number)), mimetype="text/html")

    @app.server.route("/plan/<int:number>.toml")
    def plan_file(number: int) -> Response:
        named = {"Content-Disposition": f'attachment; filename="plan-{number}.toml"'}
        return Response(plan_of(number).plan.toml(), mimetype="application/toml", headers=named)

    @app.server.route("/report/<run_id>")
    def report(run_id: str) -> Response:
        return Response(report_html(answer_of(run_id)), mimetype="text/html")

    @app.server.route("/answer/<run_id>.json")
    def answer(run_id: str) -> Response:
        return Response(json.dumps(answer_of(run_id), indent=1), mimetype="application/json")


def _guard(app: Dash) -> None:
    """Answer only to this machine's own names, and tell browsers to load nothing from elsewhere."""

    @app.server.before_request
    def own_name_only() -> None:
        host = (
            request.host.rsplit(":", 1)[0].strip("[]")
            if not request.host.endswith("]")
            else request.host.strip("[]")
        )
        if host not in LOOPBACK:
            abort(403, description="This app answers on this machine only, as 127.0.0.1 or localhost.")

    @app.server.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response
