"""What-if: change a lever, run it on the same patients, read what it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards.controls import ARRIVALS, DISCHARGE, EXTRA_BEDS, Control
from dashboards.figures.dots import dot_strip
from dashboards.pages import parts
from dashboards.pages.frame import heading, shell
from dashboards.pages.plan import comparison_table
from dashboards.pages.states import first_line, running_notice
from dashboards.services import words
from dashboards.services.answer import Answer, streams_in_order
from dashboards.services.view import View
from dashboards.services.whatif import Filled, finding, scenario_words, seconds_left
from twin.store import Run

PULSE_MS = 700  # how often a running what-if is looked at


def whatif_page(
    view: View, form: Filled, followed: parts.Part, running: bool, asked: bool = False
) -> parts.Part:
    """The form at the left, the run and its result at the right."""
    lead = html.P("Change a lever, see what it does. Nothing here touches the plan.", className="answer")
    if view.answer is None:
        ask = html.Section(
            [
                html.H2("Run the main job first"),
                html.P("A what-if is told against the last answer of the main job, and there is none yet."),
                dcc.Link("Go to Today", href="/", className="button filled"),
            ],
            className="card empty",
        )
        return shell("/what-if", view, heading("What-if", ""), lead, ask)
    work = html.Div(
        [_form(view.answer, form, running), html.Div(followed, id="whatif-result", className="stack")],
        className="workbench asked" if asked else "workbench",
    )
    return shell(
        "/what-if",
        view,
        heading("What-if", ""),
        lead,
        work,
        dcc.Interval(id="whatif-pulse", interval=PULSE_MS, disabled=not running),
    )


def _form(answer: Answer, form: Filled, running: bool) -> parts.Part:
    wards = {
        row["ward"]: f"{row['name']} ({row['open_beds']} of {row['physical_beds']} open)"
        for row in answer["wards"]
    }
    streams = {row["stream"]: row["name"] for row in streams_in_order(answer)}
    fields = [
        html.Fieldset(
            [html.Legend("Beds"), _choice("ward", "Ward", wards, form.ward), _number(EXTRA_BEDS, form)]
        ),
        html.Fieldset(
            [
                html.Legend("Arrivals"),
                _choice("stream", "Stream", streams, form.stream),
                _number(ARRIVALS, form),
            ]
        ),
        html.Fieldset([html.Legend("Discharge"), _number(DISCHARGE, form)]),
    ]
    button = html.Button(
        [parts.sign("play", 16), "Run"],
        id="whatif-run",
        className="button filled",
        type="button",
        n_clicks=0,
        disabled=running,
    )
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Levers"),
                    html.P(
                        "The base is the hospital as open today, with the last forecast.", className="caption"
                    ),
                ],
                className="cardhead",
            ),
            *fields,
            html.Div([html.Div(id="whatif-said", role="alert"), button], className="buttons below"),
        ],
        className="card form",
    )


def _choice(name: str, label: str, known: Mapping[str, str], chosen: str | None) -> parts.Part:
    return dmc.Select(
        id=f"lever-{name}",
        label=label,
        data=[{"value": key, "label": said} for key, said in known.items()],
        value=chosen if chosen in known else next(iter(known), None),
        searchable=True,
        allowDeselect=False,
    )


def _number(control: Control, form: Filled) -> parts.Part:
    return dmc.NumberInput(
        id=f"lever-{control.name}",
        label=control.label,
        description=control.hint,
        suffix=f" {control.unit}",
        min=control.low,
        max=control.high,
        step=control.step,
        value=form.values.get(control.name, control.neutral),
        clampBehavior="blur",
        allowDecimal=control.step < 1,
    )


def waiting() -> parts.Part:
    """Before the first question: what will stand here."""
    return html.Section(
        [
            html.H2("Nothing has been asked yet"),
            html.P(
                "Set a lever and press Run. Here will stand the base and the changed hospital side "
                "by side, on the same patients, "
                "with the 95 % margin of every difference."
            ),
        ],
        className="card empty",
    )


def followed_run(run: Run, view: View, found: Mapping[str, Any] | None) -> list[parts.Part]:
    """A run as it stands: its progress, its result, or why it has none."""
    title = scenario_words(run.inputs, view.answer)
    if run.state in ("queued", "running"):
        return [*_absent(view), _progress(run), _title_card(title, "The result will stand here.")]
    if run.state == "cancelled":
        return [
            parts.notice("plain", "Cancelled. ", "Nothing was kept. Press Run to ask again."),
            _title_card(title, "This run was stopped."),
        ]
    if run.state == "failed" or found is None:
        return [
            parts.notice(
                "error",
                "This what-if failed. ",
                first_line(run.error),
                " Your levers are kept at the left.",
                role="alert",
            )
        ]
    return _result(title, found)


def _absent(view: View) -> list[parts.Part]:
    if view.worker_seen:
        return []
    return [
        parts.notice(
            "stale",
            "No worker answers. ",
            "The run waits in the queue: start one with ",
            html.Code("twin worker"),
            ".",
        )
    ]


def _progress(run: Run) -> parts.Part:
    left = seconds_left(run)
    counted = run.state == "running" and run.progress_total
    said = f"{run.progress_done:g} of {run.progress_total:g} replications: {run.note}" if counted else ""
    return html.Div(
        [
            running_notice(run, "What-if", "whatif-cancel", said),
            html.P(
                f"about {words.number(left, 'people')} s left" if left is not None else "",
                className="caption left",
            ),
        ],
        id="whatif-progress",
    )


def _title_card(title: str, below: str) -> parts.Part:
    return html.Section([html.H2(title), html.P(below, className="soft")], className="card empty")


def _result(title: str, found: Mapping[str, Any]) -> list[parts.Part]:
    said, rest = finding(found["rows"])
    head = html.Section(
        [html.P(title, className="caption"), html.H2(said), html.P(rest, className="soft")],
        className="card empty",
        id="whatif-finding",
    )
    caption = (
        f"{found['done']} of {found['replications']} replications. Difference: its mean and 95 % "
        f"margin, from the same patients in both runs. "
        "▼ lower is better, ▲ higher is better."
    )
    table = parts.card(
        "Every measure, before and after",
        caption,
        comparison_table(found["rows"], "Base and changed, by measure", "Base", "Changed"),
        cls="flush",
        name="whatif-table",
    )
    notes = [parts.notice("plain", "", note) for note in found.get("notes", [])]
    return [head, *notes, table, *_dots(found["rows"])]


def _dots(rows: Any) -> list[parts.Part]:
    drawn = [
        row
        for row in rows
        if row.get("dots_base") and row.get("dots_changed") and len(set(row["dots_base"])) > 1
    ]
    shown = sorted(drawn, key=lambda row: not row["clear"])[:2]
    cards = [
        parts.card(
            row["label"],
            f"Each dot is one replication, {row['unit']}; the upright line is the mean.",
            parts.drawing(dot_strip(row["dots_base"], row["dots_changed"], _dots_label(row), row["unit"])),
        )
        for row in shown
    ]
    return [html.Div(cards, className="pair even")] if cards else []


def _dots_label(row: Any) -> str:
    return (
        f"{row['label']} in each replication: mean {words.number(row['base'], row['unit'])} in the base and "
        f"{words.number(row['changed'], row['unit'])} with the change"
    )
