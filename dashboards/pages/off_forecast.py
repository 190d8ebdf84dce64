"""What the plan would do where more or fewer patients come than was forecast."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words


def off_forecast_card(answer: Any) -> parts.Part:
    """Each target of the plan at five demands; nothing where an answer of before did not look at it."""
    looks = sorted(answer["certificate"].get("off_forecast") or (), key=lambda look: look["change"])
    if not looks:
        return None
    columns = [Column("Target"), Column("Asked"), *(Column(_demand(look), "num") for look in looks)]
    names = list(dict.fromkeys(row["name"] for look in looks for row in look["targets"]))
    rows = [_target_row(name, looks) for name in names]
    weighed = "Open beds and weighed shortage" if answer["plan"].get("beds") else "Cost as weighed"
    rows += [_cost_row(weighed, looks)]
    notes = [f"At {_demand(look)}: {look['note']}" for look in looks if look.get("note")]
    return parts.card(
        "And if demand is off the forecast?",
        "The same plan where so many fewer or more patients come from its first day on: the expected level, "
        "and beneath it the futures that meet the target. What misses it on average is marked.",
        parts.table("The plan where demand is off the forecast", columns, rows, "stacked"),
        html.P(words.sentence("; ".join(notes)), className="caption bound") if notes else None,
        cls="flush",
        name="off-forecast",
    )


def _demand(look: Any) -> str:
    change = round(100 * look["change"])
    return f"{change:+d}{words.THIN}%".replace("-", "−") if change else "As forecast"


def _target_row(name: str, looks: Any) -> list[parts.Part]:
    found = [next((row for row in look["targets"] if row["name"] == name), None) for look in looks]
    about = next(row for row in found if row is not None)
    return [parts.value(name, about["unit"]), about["limit"], *map(_level, found)]


def _level(row: Any) -> parts.Part:
    if row is None:
        return words.DASH
    missed = not row["met_on_average"]
    level = html.B(words.mean(row["expected"], row["unit"]), className="tone amber" if missed else "")
    said = " missed" if missed else ""
    return html.Span(
        [level, said, html.Span(words.percent(row["share_of_futures"]), className="margin")],
        className="difference",
    )


def _cost_row(weighed: str, looks: Any) -> list[parts.Part]:
    """Beds and weighed shortage together, beside the forecast: the weight of a shortage is no money."""
    base = next((look["cost"] for look in looks if look["change"] == 0), None)
    cells: list[parts.Part] = []
    for look in looks:
        if look["cost"] is None or not base:
            cells.append(words.DASH)
        elif look["change"] == 0:
            cells.append("100" + words.THIN + "%")
        else:
            cells.append(f"{100 * look['cost'] / base:.0f}{words.THIN}%")
    return [parts.value(weighed, "as played"), "", *cells]
