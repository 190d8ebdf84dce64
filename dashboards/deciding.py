"""What happens when a plan is looked at and decided on in the app."""

from __future__ import annotations

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from dashboards.pages.frame import heading, shell
from dashboards.pages.parts import notice
from dashboards.pages.plans import decision, is_too_old, plan_page, plans_page, status
from dashboards.services.plans import Decided, decide, read_book, today_of
from dashboards.services.view import View, look
from scenarios.plan_book import read_plan
from twin.errors import TwinError
from twin.store import Store


def register_plans(app: Dash, store: Store) -> None:
    """Tie the buttons of a plan's page to the book of plans."""

    @app.callback(
        Output("plan-status", "children"),
        Output("plan-decision", "children"),
        Input({"type": "plan-do", "act": ALL}, "n_clicks"),
        State("plan-number", "data"),
        State("plan-who", "value"),
        State("plan-note", "value"),
        prevent_initial_call=True,
    )
    def press(clicks: list[int], number: int, who: str | None, note: str | None) -> Any:
        if not any(clicks) or not isinstance(ctx.triggered_id, dict):
            return no_update, no_update
        said = pressed(store, look(store), number, ctx.triggered_id["act"], who, note)
        return status(store.plans.get(number)), said


def pressed(store: Store, view: View, number: int, act: str, who: str | None, note: str | None) -> Any:
    """What stands in the decision of a plan after a button was pressed."""
    asked, _, sure = act.rpartition("-")
    if asked != "yes":
        came = None if act == "no" else _missing(who)
        return decision(view, store.plans.get(number), "" if came or act == "no" else act, came)
    old = is_too_old(view)
    if old and sure != "withdraw":
        came = Decided(old, False)
    else:
        came = decide(store, number, sure, who, note, supersede=sure == "supersede")
    return decision(view, store.plans.get(number), "", came)


def _missing(who: str | None) -> Decided | None:
    """Refuse a decision that nobody makes."""
    if (who or "").strip():
        return None
    return Decided("Say who decides: the name is kept with the decision and in the audit.", False)


def plans_for(store: Store, view: View, asked: dict[str, str]) -> Any:
    """The list of plans, or the one that the address names; words where it cannot be shown."""
    if "plan" not in asked:
        return plans_page(view, read_book(store, today_of(view)))
    try:
        number = int(asked["plan"]) if asked["plan"].isdecimal() else 0
        return plan_page(view, read_plan(store, number))
    except TwinError as wrong:
        told = notice("error", "This plan cannot be shown. ", str(wrong), role="alert")
        return shell("/plans", view, heading("Plans", ""), told)
