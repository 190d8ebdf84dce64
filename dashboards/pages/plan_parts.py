"""The parts of a plan of any kind: beds by ward, people by date and shift, and the reasons.

The page of a plan and its printed report show the very same parts.
"""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.pages import parts
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.plan_words import Stretch, Week, stretches, title_of, weeks, worked
from scenarios.plan_book import StoredPlan

SHOWN_WARDS = 8  # wards shown before those that stay as they are are folded away
BED_COLUMNS = (
    Column("Ward"),
    Column("Open today", "num"),
    Column("Planned", "num"),
    Column("Change", "num"),
    Column("Days"),
)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
WEEK_COLUMNS = (Column("Week of"), Column("Shift"), *(Column(day, "num") for day in DAYS))


def beds_card(found: StoredPlan) -> parts.Part:
    """Open beds by ward, those that change first; nothing where the plan names no beds."""
    if not found.plan.beds:
        return None
    known = found.answer.get("plan", {}).get("today") or {}
    rows = [
        (abs(_change(levels, known.get(ward)) or 0), _bed_row(found, ward, levels, known.get(ward)))
        for ward, levels in ((ward, stretches(days)) for ward, days in found.plan.beds.items())
    ]
    rows.sort(key=lambda row: -row[0])
    shown = max(SHOWN_WARDS, sum(bool(change) for change, _ in rows))
    content = [parts.table("Beds by ward", BED_COLUMNS, [row for _, row in rows[:shown]], "stacked")]
    if rows[shown:]:
        rest = parts.table("Beds by ward, others", BED_COLUMNS, [row for _, row in rows[shown:]], "stacked")
        summary = html.Summary(f"{words.plural(len(rows) - shown, 'more ward').capitalize()} as today")
        content.append(html.Details([summary, rest], className="more"))
    said = "Those that change stand first." if known else "As this plan decides them."
    return parts.card("Open beds", f"Staffed beds by ward. {said}", *content, cls="flush", name="beds")


def _change(levels: tuple[Stretch, ...], today: int | None) -> int | None:
    """Beds by which the plan differs most from today on any of its days; None where today is not known."""
    if today is None:
        return None
    return max((s.level - today for s in levels), key=abs)


def _bed_row(
    found: StoredPlan, ward: str, levels: tuple[Stretch, ...], today: int | None
) -> list[parts.Part]:
    change = _change(levels, today)
    return [
        title_of(found.titles, "wards", ward),
        words.DASH if today is None else str(today),
        html.B(" to ".join(dict.fromkeys(str(n) for n in (min(s.level for s in levels), _top(levels))))),
        html.B(words.number(change, "beds", signed=True)) if change else words.DASH,
        levels[0].days if len(levels) == 1 else _by_stretch(levels),
    ]


def _top(levels: tuple[Stretch, ...]) -> int:
    return max(s.level for s in levels)


def _by_stretch(levels: tuple[Stretch, ...]) -> parts.Part:
    """``28: 24 Nov to 7 Dec``, one line a stretch."""
    lines = [html.Li([html.B(str(s.level)), f" {s.days}"]) for s in levels]
    return html.Ul(lines, className="plainlist")


def cover_card(found: StoredPlan) -> parts.Part:
    """People of each group, week by week and shift by shift; nothing where the plan names none."""
    if not found.plan.cover:
        return None
    groups = []
    for n, (group, days) in enumerate(found.plan.cover.items()):
        title, (table, nobody) = title_of(found.titles, "groups", group), worked(weeks(days))
        summary = html.Summary([html.B(title), html.Span(f" {_levels(table) or 'nobody'}", className="soft")])
        drawn = parts.table(f"People, {title}", WEEK_COLUMNS, _week_rows(table), "weeks tight")
        said = html.P(f"Nobody: {', '.join(nobody)}.", className="caption bound") if nobody else None
        shown = [summary, drawn if table else None, said]
        groups.append(html.Details(shown, className="more", open=n == 0))
    caption = "How many come to each shift, the absent among them included; a night belongs to its evening."
    return parts.card("People on shifts", caption, *groups, cls="flush", name="cover")


def _levels(table: tuple[Week, ...]) -> str:
    """``day 10 to 14, night 8``: what each shift asks for."""
    said = []
    for shift in dict.fromkeys(week.shift for week in table):
        asked = [n for week in table if week.shift == shift for n in week.people if n is not None]
        said.append(f"{shift} {' to '.join(dict.fromkeys(str(n) for n in (min(asked), max(asked))))}")
    return ", ".join(said)


def _week_rows(table: tuple[Week, ...]) -> list[list[parts.Part]]:
    rows: list[list[parts.Part]] = []
    before = None
    for week in table:
        monday = f"{week.monday.day} {week.monday:%b}" if week.monday != before else ""
        people = [html.Span(words.DASH, className="soft") if n is None else str(n) for n in week.people]
        rows.append([monday or html.Span(f"{week.monday.day} {week.monday:%b}", className="unseen"),
                     week.shift, *people])  # fmt: skip
        before = week.monday
    return rows


def reasons_card(answer: Any) -> parts.Part:
    """Why the plan is as it is: what it does, what binds, what one more would bring, what stays short."""
    because = answer["explanation"]
    lists = [
        ("What binds", because["binds"]),
        ("One more", [f"{row['what']}: {row['brings']}" for row in because["one_more"]]),
        ("Still short", because["short"]),
        ("Also told", answer.get("notes", [])),
    ]
    content: list[parts.Part] = [
        html.P(words.sentence(text), className="text") for text in because["sentences"]
    ]
    for title, rows in lists:
        if rows:
            content += [html.H3(title), html.Ul([html.Li(words.sentence(row)) for row in rows])]
    return parts.card("Why this plan", "", html.Div(content, className="reading"), name="reasons")
