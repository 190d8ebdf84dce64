"""Today: what needs a decision, and what stands behind it."""

from __future__ import annotations

from dash import dcc, html

from dashboards.pages import parts
from dashboards.pages.arrivals import stream_cards
from dashboards.pages.beds import census_card, key_numbers, wards_card
from dashboards.pages.decisions import decision_list
from dashboards.pages.frame import heading, print_button, shell
from dashboards.pages.off_forecast import off_forecast_card
from dashboards.pages.plan import certificate_card, changes, effect_card, measures_card, plan_card
from dashboards.pages.states import empty_page, notices
from dashboards.services import words
from dashboards.services.answer import Answer, headline, sources, told_once
from dashboards.services.records_view import Age
from dashboards.services.view import View

PULSE_MS = 2000  # how often the page asks whether anything is new


def today_page(view: View) -> parts.Part:
    """The whole first page; it looks again every two seconds and changes only what is new."""
    return shell(
        "/",
        view,
        html.Div(notices(view), id="notices"),
        html.Div(today_body(view), id="today"),
        dcc.Store(id="shown", data=view.shown),
        dcc.Store(id="news", data=view.news),
        dcc.Interval(id="pulse", interval=PULSE_MS),
    )


def today_body(view: View) -> list[parts.Part]:
    """Everything below the notices."""
    if view.answer is None:
        return [heading("Today", ""), empty_page(view)]
    first, *rest = answer_sections(view.answer)
    return [_heading(view.answer), first, records_line(view), plan_line(view), *rest]


def plan_line(view: View) -> parts.Part:
    """What became of this answer's plan, and where it is decided on."""
    if view.plan is None:
        return None
    words_of = {"proposed": ("waits for a decision", "Decide on it"), "approved": ("is approved", "See it")}
    said, link = words_of.get(view.plan.status, (f"was {view.plan.status}", "See it"))
    number = view.plan.number
    return html.P(
        [
            parts.sign("badge-check", 16),
            f"Its plan is number {number} of the book and {said}.",
            dcc.Link(link, href=f"/plans?plan={number}"),
        ],
        className="asof",
        id="planline",
    )


def records_line(view: View) -> parts.Part:
    """How old the records behind the answer are, with a warning where newer ones should have come."""
    if view.answer is None or view.fresh is None:
        return None
    age = Age(words.moment(view.answer["as_of"]), view.fresh.hours)
    late = age.is_late and not (view.has_newer_records or view.answer.get("simulated"))
    mark = parts.chip("watch", "Late") if late else parts.sign("database", 16)
    said = f"Records {age.words}."
    if view.has_newer_records:
        said += " Newer ones are in: run the main job to plan with them."
    elif late:
        said += " Newer ones should have come by now."
    return html.P([mark, said, dcc.Link("See the records", href="/records")], className="asof", id="asof")


def answer_sections(answer: Answer) -> list[parts.Part]:
    """The answer, most urgent first."""
    first, then = headline(answer)
    return [
        html.P([html.B(first), " ", then], className="answer", id="answer"),
        decision_list(answer),
        key_numbers(answer),
        census_card(answer),
        wards_card(answer),
        plan_card(answer),
        certificate_card(answer),
        off_forecast_card(answer),
        html.Div([effect_card(answer), measures_card(answer)], className="pair even")
        if changes(answer)
        else measures_card(answer),
        *stream_cards(answer),
        made_card(answer),
    ]


def _heading(answer: Answer) -> parts.Part:
    report = html.A(
        [parts.sign("file-text", 16), "Report"],
        href=f"/report/{answer['run_id']}",
        className="button",
        target="_blank",
    )
    return heading("Today", words.full(answer["as_of"]), report, print_button())


def made_card(answer: Answer) -> parts.Part:
    """How the answer was made: what was assumed or chosen on the way, and how to make it again."""
    said = [html.Li(words.sentence(note)) for note in told_once(answer)]
    return parts.card(
        "How this answer was made",
        "What was chosen or assumed on the way; nothing here asks for a decision.",
        html.Ul(said, className="text listed") if said else None,
        html.P(foot_words(answer), className="foot caption"),
        name="made",
    )


def foot_words(answer: Answer) -> str:
    """What this answer was made from, so that anyone can make it again."""
    return (
        f"Run {answer['run_id']}, seed {answer['seed']}, {answer['replications']} replications of "
        f"{answer['days']} days, "
        f"{answer['engine']} engine, twin {answer['version']}. Data: {sources(answer)}. Made "
        f"{words.full(answer['made_at'])}. "
        f"Command: {answer['command']}"
    )
