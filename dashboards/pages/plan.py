"""The plan beside today, what it was checked on, and what it would bring."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboards.pages import parts
from dashboards.pages.beds import beside_today, price
from dashboards.pages.parts import Column
from dashboards.services import words
from dashboards.services.answer import plan_rows
from dashboards.services.plan_words import chosen_words, cost_words, futures_words

PLAN_COLUMNS = (
    Column("Ward"),
    Column("Need, 72 h (80 %)", "num"),
    Column("Open today", "num"),
    Column("Planned", "num"),
    Column("Change", "num"),
    Column("Physical", "num"),
    Column("Short today", "num"),
    Column("Short with the plan", "num"),
)
SHOWN_WARDS = 6  # wards shown before the others are folded away: those changed, or likeliest short
TARGET_COLUMNS = (
    Column("Target"),
    Column("Asked"),
    Column("Expected", "num"),
    Column("95 % sure", "num"),
    Column("Futures that meet it", "num"),
    Column("Certificate"),
)


def plan_card(answer: Any) -> parts.Part:
    """Beds needed, open today and in the plan, ward by ward, and the chance of being short of them."""
    plan, because = answer["plan"], answer["explanation"]
    rows = plan_rows(answer)
    changed = sum(bool(row["difference"]) for row in rows)
    shown = max(changed, SHOWN_WARDS)
    said = " ".join(map(words.sentence, because["sentences"]))
    folded = []
    if rows[shown:]:
        rest = _plan_table("The plan beside today, other wards", rows[shown:])
        summary = html.Summary(f"{words.plural(len(rows) - shown, 'more ward').capitalize()} as today")
        folded = [html.Details([summary, rest], className="more")]
    return parts.card(
        "Beds needed per ward against open beds: the plan beside today",
        f"{_size(plan)}. {_kept(changed)} Need is that of the tightest hour; "
        "short is the chance in 20 of needing more beds than are open then.",
        html.P([html.B(words.sentence(because["headline"])), " ", said], className="text"),
        _plan_table("The plan beside today", rows[:shown]),
        *folded,
        *_limits(because),
        name="plan",
        cls="flush",
    )


def _size(plan: Any) -> str:
    """How many beds, and what they cost when they are open."""
    said = f"{plan['name']}: {plan['total']} beds, {beside_today(plan['total'] - plan['total_today'])}"
    return f"{said}; once open they cost {price(plan)}" if price(plan) else said


def _kept(changed: int) -> str:
    return "" if changed else "No ward changes: those likeliest to be short stand first."


def _plan_table(caption: str, rows: Any) -> parts.Part:
    return parts.table(caption, PLAN_COLUMNS, [_plan_row(row) for row in rows], "stacked tight")


def _plan_row(row: Any) -> list[parts.Part]:
    ward, change = row["known"], row["difference"]
    figures = [words.DASH] * 4 if ward is None else _known(ward)
    return [
        row["name"],
        figures[0],
        str(row["today"]),
        html.B(str(row["planned"])),
        html.B(words.number(change, "beds", signed=True)) if change else words.DASH,
        *figures[1:],
    ]


def _known(ward: Any) -> list[parts.Part]:
    tight = ward["tightest"]
    need = parts.value(words.number(tight["q50"], "beds"), words.span(tight["q10"], tight["q90"]))
    return [
        need,
        str(ward["physical_beds"]),
        *map(_chance, (ward["chance_short"], ward["chance_short_planned"])),
    ]


def _chance(chance: float) -> parts.Part:
    return html.Span(words.count_words(chance), className=f"tone {words.tone(chance)}")


def _limits(explanation: Any) -> list[parts.Part]:
    """What keeps the plan from being better, and what one more bed would bring."""
    said: list[parts.Part] = []
    if explanation["binds"]:
        binds = words.sentence("; ".join(line.rstrip(".") for line in explanation["binds"]))
        said.append(html.P([html.B("What binds: "), binds], className="text binds"))
    if explanation["one_more"]:
        gains = [(words.sentence(row["what"]).rstrip("."), row["brings"]) for row in explanation["one_more"]]
        summary = html.Summary("What one more bed would bring")
        listed = html.Ul([html.Li(f"{what}: {brings}") for what, brings in gains], className="text points")
        said.append(html.Details([summary, listed], className="more"))
    return said


def certificate_card(answer: Any) -> parts.Part:
    """Whether the plan holds on futures it was not made from."""
    certificate = answer["certificate"]
    held = certificate["holds"]
    foot = [line for line in (cost_words(certificate), chosen_words(certificate)) if line]
    return parts.card(
        "Does the plan hold?",
        futures_words(certificate),
        html.P(
            [
                parts.chip("good" if held else "miss", "Certified" if held else "Not certified"),
                " ",
                f"{held_words(certificate)}, {certificate['wording']}.",
            ],
            className="text",
        ),
        parts.table(
            "Targets of the plan",
            TARGET_COLUMNS,
            [_target_row(row) for row in certificate["targets"]],
            "stacked",
        ),
        html.P(" ".join(foot), className="caption bound"),
        cls="flush",
        name="certificate",
    )


def held_words(certificate: Any) -> str:
    """``1 of 3 targets holds``."""
    held = sum(row["holds"] for row in certificate["targets"])
    return f"{held} of {len(certificate['targets'])} targets {'holds' if held == 1 else 'hold'}"


def _target_row(row: Any) -> list[parts.Part]:
    unit = row["unit"]
    return [
        parts.value(row["name"], unit),
        row["limit"],
        words.mean(row["expected"], unit),
        f"{_side(row['limit'])} {words.mean(row['bound95'], unit)}",
        parts.value(words.percent(row["share_of_futures"]), _share_words(row)),
        parts.chip("good" if row["holds"] else "miss"),
    ]


def _share_words(row: Any) -> str:
    """What was asked, and what is certain of all futures; a plan of before did not say."""
    sure = row.get("share_bound95")
    asked = f"at least {words.percent(row['asked_share'])} asked" if row["asked_share"] else "none asked"
    return asked if sure is None else f"{asked}; of all at least {words.percent(sure)}, 95 % sure"


BETTER = {"down": ("▼", "lower"), "up": ("▲", "higher")}


def _side(limit: str) -> str:
    return "above" if "least" in limit else "below"


def comparison_table(
    rows: Any, caption: str, base: str = "Today", changed: str = "With the plan"
) -> parts.Part:
    """Base and changed side by side; the margin is of the difference, on the same patients."""
    columns = [Column("Measure"), Column(base, "num"), Column(changed, "num"), Column("Difference", "num")]
    return parts.table(caption, columns, [_comparison_row(row) for row in rows])


def _comparison_row(row: Any) -> list[parts.Part]:
    unit = row["unit"]
    name = html.Span([row["label"], html.Span(f" {unit} ", className="soft"), _better(row["better"])])
    return [
        name,
        words.mean(row["base"], unit),
        html.B(words.mean(row["changed"], unit)),
        difference(row),
    ]


def _better(side: str) -> parts.Part:
    if side not in BETTER:
        return None
    mark, said = BETTER[side]
    return html.Span(mark, className="soft", title=f"{said} is better")


def difference(row: Any) -> parts.Part:
    """The signed difference over its 95 % margin; a margin that includes zero is no clear change."""
    unit, low, high = row["unit"], row["difference"] - row["margin95"], row["difference"] + row["margin95"]
    margin = html.Span(words.mean_span(low, high, unit, signed=True), className="margin")
    if row["clear"] and words.is_nothing(row["difference"], unit):
        return html.Span([html.Span("next to nothing", className="soft"), margin], className="difference")
    if not row["clear"]:
        if not row["margin95"]:
            return html.Span("no change", className="soft")
        return html.Span([html.Span("no clear change", className="soft"), margin], className="difference")
    worse = row["margin95"] > 0 and row["better"] == ("down" if row["difference"] > 0 else "up")
    said = words.mean(row["difference"], unit, signed=True) + (" worse" if worse else "")
    below = margin if row["margin95"] else html.Span("known beforehand", className="margin")
    return html.Span([html.B(said, className="tone amber" if worse else ""), below], className="difference")


def changes(answer: Any) -> bool:
    """Whether the plan changes any measure at all; where it is today's beds, none."""
    return any(row["difference"] or row["margin95"] for row in answer["comparison"]["rows"])


def effect_card(answer: Any) -> parts.Part:
    """What the plan would change beside today, on the same patients."""
    return parts.card(
        "What the plan changes",
        f"Means over {answer['days']} days and {answer['replications']} replications, the same "
        "patients in both; 95 % margin beneath each difference. ▼ lower is better, ▲ higher is better.",
        comparison_table(answer["comparison"]["rows"], "The plan beside today, by measure"),
        cls="flush",
        name="effect",
    )


def measures_card(answer: Any) -> parts.Part:
    """What to expect of the hospital as it is open today: how well the mean is known, and what may happen."""
    columns = (
        Column("Measure"),
        Column("Mean", "num"),
        Column("95 % margin of the mean", "num"),
        Column("80 % range of futures", "num"),
    )
    rows = [
        [
            html.Span(
                [
                    html.Span(row["label"], title=row["definition"]),
                    html.Span(f" {row['unit']}", className="soft"),
                ]
            ),
            html.B(words.mean(row["mean"], row["unit"])),
            f"± {words.mean(row['margin95'], row['unit'])}",
            words.mean_span(row["q10"], row["q90"], row["unit"]),
        ]
        for row in answer["measures"]
    ]
    return parts.card(
        f"The next {answer['days']} days as open today",
        "The margin says how well the mean is known; the range says what may happen.",
        parts.table("Measures of the hospital as open today", columns, rows, "stacked"),
        cls="flush",
        name="measures",
    )
