"""Plans: what was planned, what waits for a decision, what holds; and one plan with its decision."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboards.pages import parts
from dashboards.pages.frame import heading, print_button, shell
from dashboards.pages.off_forecast import off_forecast_card
from dashboards.pages.parts import Column
from dashboards.pages.plan import certificate_card
from dashboards.pages.plan_parts import beds_card, cover_card, reasons_card
from dashboards.services import words
from dashboards.services.plan_words import KINDS, size_words
from dashboards.services.plans import APPROVED, PROPOSED, SHOWN, Book, Decided, Line, book_words
from dashboards.services.view import View
from scenarios.plan_book import StoredPlan
from twin.store import KeptPlan

STATUS = {
    "proposed": ("approve", "Proposed"),
    "approved": ("calm", "Approved"),
    "withdrawn": ("plain", "Withdrawn"),
    "superseded": ("plain", "Superseded"),
}
COLUMNS = (
    Column("Plan"),
    Column("Decides"),
    Column("Dates"),
    Column("Certificate"),
    Column("Status"),
    Column("By"),
)
#: what is asked before a decision is written: the question, and the words of the button
ASKED = {
    "approve": ("Approve plan {n}?", "Approve plan {n}"),
    "supersede": ("Approve plan {n} in that place?", "Approve in its place"),
    "withdraw": ("Withdraw plan {n}?", "Withdraw plan {n}"),
}


def plans_page(view: View, book: Book) -> parts.Part:
    """The list, what waits for a decision first."""
    head = heading("Plans", "", print_button())
    if not (book.waiting or book.holding or book.before):
        return shell("/plans", view, head, _empty())
    first, then = book_words(book)
    lead = html.P([html.B(first), " ", then], className="answer", id="answer")
    shown, older = book.waiting[:SHOWN], book.waiting[SHOWN:]
    return shell(
        "/plans",
        view,
        head,
        lead,
        _list("Waiting for a decision", "Proposed, newest first.", shown, "waiting", older),
        _list("Approved", "On any date one plan holds.", book.holding, "holding"),
        _list(
            "Earlier plans",
            "Withdrawn, superseded, or for days gone by.",
            book.before[:SHOWN],
            "before",
            book.before[SHOWN:],
        ),
    )


def _empty() -> parts.Part:
    said = ["Every plan that is made will stand here, with its proof, until somebody approves it. ",
            html.Code("twin optimize beds"), " makes one, and so does each main job."]  # fmt: skip
    return html.Section([html.H2("No plan yet"), html.P(said)], className="card empty")


def _list(
    title: str, caption: str, lines: tuple[Line, ...], name: str, folded: tuple[Line, ...] = ()
) -> parts.Part:
    if not lines:
        return None
    content = [parts.table(title, COLUMNS, [_row(line) for line in lines], "book stacked")]
    if folded:
        rest = parts.table(f"{title}, older", COLUMNS, [_row(line) for line in folded], "book stacked")
        content.append(html.Details([html.Summary(f"{len(folded)} older"), rest], className="more"))
    return parts.card(title, caption, *content, cls="flush", name=name)


def _row(line: Line) -> list[parts.Part]:
    entry = line.entry
    certificate = {True: parts.chip("good"), False: parts.chip("miss"), None: words.DASH}[line.holds]
    return [
        dcc.Link([html.B(f"{entry.number} "), entry.name], href=f"/plans?plan={entry.number}"),
        line.kind,
        line.dates,
        certificate,
        parts.chip(*STATUS[entry.status]),
        _by(entry),
    ]


def _by(entry: KeptPlan) -> str:
    if entry.decided_by is None or entry.decided_at is None:
        return words.DASH
    at = entry.decided_at.astimezone()
    why = f": {entry.note}" if entry.note else ""
    return f"{entry.decided_by}, {at.day} {at:%b %H:%M}{why}"


def plan_page(view: View, found: StoredPlan) -> parts.Part:
    """One plan: what it does, the decision, and what stands behind it."""
    entry, answer = found.entry, found.answer
    report = html.A(
        [parts.sign("file-text", 16), "Report"], href=f"/plan/{entry.number}.html", target="_blank",
        className="button",
    )  # fmt: skip
    file = html.A("TOML", href=f"/plan/{entry.number}.toml", className="button", title="The plan as a file")
    lead = html.P(
        [html.B(words.sentence(answer["explanation"]["headline"])), f" {size_words(found.plan)}."],
        className="answer",
        id="answer",
    )
    back = html.P(dcc.Link("All plans", href="/plans"), className="asof")
    return shell(
        "/plans",
        view,
        heading(f"Plan {entry.number}", entry.name, report, file, print_button()),
        lead,
        back,
        decision_card(view, entry),
        beds_card(found),
        cover_card(found),
        certificate_card(answer),
        off_forecast_card(answer),
        reasons_card(answer),
        html.P(plan_foot(found), className="foot caption"),
    )


def plan_foot(found: StoredPlan) -> str:
    """What the plan was made from, so that anyone can make it again."""
    proof, entry = found.answer["certificate"], found.entry
    kind = KINDS.get(found.kind, found.kind).lower()
    made_by = f"run {entry.run_id}, seed {proof['seed']}, twin {proof['versions'].get('hospital-twin', '')}"
    demand = f" Demand: {found.origin}." if found.origin else ""
    return f"Plan {entry.number} ({kind}) of {found.hospital}, {made_by}.{demand} Command: {proof['command']}"


def decision_card(view: View, entry: KeptPlan) -> parts.Part:
    """How the plan stands, who decides, and the buttons."""
    open_now = entry.status in (PROPOSED, APPROVED)
    return html.Section(
        [
            html.Div([html.H2("Decision"), html.Div(status(entry), id="plan-status")], className="cardhead"),
            _fields() if open_now else None,
            html.Div(decision(view, entry), id="plan-decision", className="stack"),
            dcc.Store(id="plan-number", data=entry.number),
        ],
        className="card decide",
        id="decision",
    )


def _fields() -> parts.Part:
    return html.Div(
        [
            dmc.TextInput(
                id="plan-who",
                label="Who decides",
                description="Kept with the plan and in the audit.",
                persistence=True,
                required=True,
            ),
            dmc.TextInput(
                id="plan-note", label="Note", description="Why, if it should be known later.", value=""
            ),
        ],
        className="fields",
    )


def status(entry: KeptPlan) -> parts.Part:
    """How the plan stands, by whom and since when."""
    by = _by(entry)
    return html.P([parts.chip(*STATUS[entry.status]), f" {by}" if by != words.DASH else ""], className="text")


def decision(view: View, entry: KeptPlan, asked: str = "", came: Decided | None = None) -> list[parts.Part]:
    """What was just decided or refused, and what may be done now.

    Parameters
    ----------
    asked
        The decision that waits for its confirmation.
    came
        What came of the last one.
    """
    lines: list[parts.Part] = []
    if came is not None:
        title = "Done. " if came.done else "Not decided. "
        lines.append(
            parts.notice("plain" if came.done else "error", title, html.Span(came.said), role="alert")
        )
    question = "supersede" if came is not None and came.overlaps else asked
    if question:
        return [*lines, _confirm(entry, question)]
    return [*lines, *_buttons(view, entry)]


def _confirm(entry: KeptPlan, question: str) -> parts.Part:
    title, yes = (text.format(n=entry.number) for text in ASKED[question])
    dates = words.days([entry.valid_from, entry.valid_to], span=True)
    means = (
        f"From then on it is what was decided for {dates}: every forecast, what-if and plan starts from it."
        if question != "withdraw"
        else f"Its dates, {dates}, keep the calendar."
        if entry.status == APPROVED
        else "It can be made again, and is then another plan."
    )
    return html.Div(
        [
            html.P([html.B(title), " ", means], className="text"),
            html.Div(
                [_button(f"yes-{question}", yes, "filled"), _button("no", "Not now")], className="buttons"
            ),
        ],
        role="group",
        **{"aria-label": title},
    )


def _buttons(view: View, entry: KeptPlan) -> list[parts.Part]:
    if entry.status not in (PROPOSED, APPROVED):
        return []
    shown: list[parts.Part] = []
    old = is_too_old(view)
    if entry.status == PROPOSED:
        shown.append(_button("approve", "Approve", "filled", disabled=bool(old)))
    shown.append(_button("withdraw", "Withdraw"))
    row = html.Div(shown, className="buttons")
    return (
        [parts.notice("stale", "Approve is off. ", old), row] if old and entry.status == PROPOSED else [row]
    )


def is_too_old(view: View) -> str:
    """Why nothing should be approved now, in words; nothing where it may."""
    if view.answer is None or view.fresh is None or view.answer.get("simulated") or not view.fresh.is_stale:
        return ""
    return f"The data are {view.fresh.words}: bring newer records and run the main job first."


def _button(act: str, said: str, kind: str = "", **more: Any) -> parts.Part:
    return html.Button(
        said,
        id={"type": "plan-do", "act": act},
        className=f"button {kind}".strip(),
        type="button",
        n_clicks=0,
        **more,
    )
