"""The lines above a page: work under way, failure, old data, no worker; and the page before any run."""

from __future__ import annotations

from dash import html

from dashboards.pages import parts
from dashboards.services import words
from dashboards.services.view import View
from twin.store import Run

COMING = (
    "What needs a decision in the next 72 hours, with its chances and the recommended act",
    "Patients who need a bed, hour by hour and for 28 mornings, against the open beds",
    "Each ward's need beside its open beds, most likely short first",
    "A bed plan beside today, checked on futures it was not made from",
    "The forecast of emergency arrivals and how earlier forecasts fared",
)


def notices(view: View) -> list[parts.Part]:
    """Every line that stands above the first page now, the gravest first."""
    lines = []
    if view.fault:
        lines.append(
            parts.notice(
                "error",
                "The last answer cannot be read. ",
                f"{view.fault}. Run the main job again to replace it.",
                role="alert",
            )
        )
    if view.running is not None:
        lines.append(running_notice(view.running, "The main job", "cancel-run"))
    elif view.failed is not None:
        lines.append(
            parts.notice(
                "error",
                "The last main job failed. ",
                f"{first_line(view.failed.error)} ",
                "What stands below is the answer before it." if view.answer else "",
                role="alert",
            )
        )
    if not view.worker_seen:
        lines.append(
            parts.notice(
                "stale",
                "No worker answers. ",
                "What you ask for waits in the queue until one does: start it with ",
                html.Code("twin worker"),
                " or open the app with ",
                html.Code("twin serve"),
                ".",
            )
        )
    return lines + _trust(view)


def _trust(view: View) -> list[parts.Part]:
    if view.answer is None or view.fresh is None:
        return []
    lines = []
    if view.answer.get("simulated"):
        lines.append(
            parts.notice(
                "plain",
                "A hospital to try. ",
                f"Its records were simulated and end on {words.full(view.answer['as_of'])}; "
                "bring your own with: twin import FILE.",
            )
        )
    elif view.fresh.is_stale:
        lines.append(
            parts.notice(
                "stale",
                f"The data are {view.fresh.words}. ",
                f"They end on {words.full(view.answer['as_of'])}: approve nothing here for today; "
                "bring newer records and run the main job.",
            )
        )
    return lines + [parts.notice("stale", *fallback_words(reason)) for reason in view.answer["degraded"]]


def fallback_words(reason: str) -> tuple[str, str]:
    """What was used instead, and why."""
    what, colon, why = reason.partition(": ")
    return (f"{what}. ", words.sentence(why)) if colon else ("Fallback in use. ", words.sentence(reason))


def running_notice(run: Run, what: str, cancel_id: str, said: str = "") -> parts.Part:
    """Progress of a run with its way out; ``said`` stands in for the run's own words."""
    share = run.progress_done / run.progress_total if run.progress_total else 0.0
    told = "waits for a worker" if run.state == "queued" else run.note or "has started"
    bar = html.Div(
        html.Div(style={"width": f"{share * 100:.1f}%"}),
        className="bar",
        role="progressbar",
        **{
            "aria-valuenow": str(round(share * 100)),
            "aria-valuemin": "0",
            "aria-valuemax": "100",
            "aria-label": f"{what}: progress",
        },
    )
    stop = html.Button(
        "Cancel" if not run.cancel_asked else "Stopping…",
        id=cancel_id,
        className="button",
        type="button",
        disabled=run.cancel_asked,
        n_clicks=0,
    )
    return parts.notice("running", said or f"{what}: {told}", bar, stop)


def first_line(error: str | None) -> str:
    """The first line of an error, for a page; the whole of it stands on the page of runs."""
    line = (error or "It gave no reason").strip().splitlines()[0]
    return line if line.endswith((".", "?", "!")) else line + "."


def empty_page(view: View) -> parts.Part:
    """Before the first answer: what will stand here, and the one button that fills it."""
    busy = view.running is not None
    button = html.Button(
        [parts.sign("play", 16), "Run the main job"],
        id="ask-run",
        className="button filled",
        type="button",
        n_clicks=0,
        disabled=busy,
    )
    told = (
        "It is under way; this page fills itself when it is done."
        if busy
        else "It forecasts arrivals, plays the coming 28 days, plans beds and checks the plan: a few minutes."
    )
    return html.Section(
        [
            html.H2("No answer yet"),
            html.P(told),
            html.P("Here will stand:"),
            html.Ul([html.Li(line) for line in COMING]),
            html.Div(
                [button, html.Span(["or, in a terminal, ", html.Code("twin run")], className="soft")],
                className="buttons",
            ),
        ],
        className="card empty",
    )
