"""A plan of any kind in words: its beds, its people, and what its certificate says.

It reads a plan and the document that a planner left with it, so that terminal, page and report say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dashboards.services import words
from scenarios.plan_book import StoredPlan
from twin.plan import Plan
from twin.units import DAYS_WEEK

#: what each kind of plan decides, as a title
KINDS = {
    "beds": "Beds",
    "cover": "People on shifts",
    "staffing": "People by hour",
    "together": "Beds and people",
}


@dataclass(frozen=True)
class Stretch:
    """Days in a row on which the same is decided."""

    first: date
    last: date
    level: int

    @property
    def days(self) -> str:
        """``24 Nov to 7 Dec 2026``."""
        return words.days([self.first, self.last], span=True)


@dataclass(frozen=True)
class Week:
    """One shift of a group in a week from Monday on; None on days that the plan does not name. [people]"""

    monday: date
    shift: str
    people: tuple[int | None, ...]


def stretches(levels: Mapping[date, int]) -> tuple[Stretch, ...]:
    """A ward's levels as stretches of days with the same level."""
    found: list[Stretch] = []
    for day, level in sorted(levels.items()):
        before = found[-1] if found else None
        if before and before.level == level and day - before.last == timedelta(days=1):
            found[-1] = Stretch(before.first, day, level)
        else:
            found.append(Stretch(day, day, level))
    return tuple(found)


def weeks(days: Mapping[date, Mapping[str, int]]) -> tuple[Week, ...]:
    """A group's people week by week, its shifts in the order in which the plan names them."""
    shifts = tuple(dict.fromkeys(shift for named in days.values() for shift in named))
    mondays = sorted({day - timedelta(days=day.weekday()) for day in days})
    return tuple(
        Week(
            monday,
            shift,
            tuple(days.get(monday + timedelta(days=d), {}).get(shift) for d in range(DAYS_WEEK)),
        )
        for monday in mondays
        for shift in shifts
    )


def worked(table: Sequence[Week]) -> tuple[tuple[Week, ...], tuple[str, ...]]:
    """Shifts to which somebody comes in some week, and the names of those to which nobody ever comes."""
    busy = {week.shift for week in table if any(week.people)}
    nobody = dict.fromkeys(week.shift for week in table if week.shift not in busy)
    return tuple(week for week in table if week.shift in busy), tuple(nobody)


def title_of(titles: Mapping[str, Mapping[str, str]], of: str, name: str) -> str:
    """What people call a ward or a group."""
    return titles.get(of, {}).get(name, name)


def beds_lines(found: StoredPlan) -> list[str]:
    """``Medicine A: 28 beds 24 Nov to 7 Dec 2026, 30 beds 8 to 21 Dec 2026``."""
    return [
        f"{title_of(found.titles, 'wards', ward)}: "
        + ", ".join(f"{words.many(s.level, 'bed')} {s.days}" for s in stretches(levels))
        for ward, levels in found.plan.beds.items()
    ]


def cover_lines(found: StoredPlan) -> list[str]:
    """``Ward nurses, week of 24 Nov, day: 14 14 14 14 14 12 12``, Monday first."""
    lines = []
    for group, days in found.plan.cover.items():
        title, (table, nobody) = title_of(found.titles, "groups", group), worked(weeks(days))
        lines += [
            f"{title}, week of {words.day(week.monday.isoformat())}, {week.shift}: "
            + " ".join(words.DASH if n is None else str(n) for n in week.people)
            for week in table
        ]
        lines += [f"{title}, nobody: {', '.join(nobody)}"] if nobody else []
    return lines


def size_words(plan: Plan) -> str:
    """How much a plan decides: ``12 wards and 3 staff groups, 24 Nov to 21 Dec 2026``."""
    named = [words.many(len(plan.beds), "ward")] if plan.beds else []
    named += [words.many(len(plan.cover), "staff group")] if plan.cover else []
    dates = words.days([plan.dates[0], plan.dates[-1]], span=True) if plan.dates else "no date"
    return f"{words.listed(named)}, {dates}" if named else dates


def proof_lines(certificate: Mapping[str, Any]) -> list[str]:
    """A certificate in sentences, the verdict first."""
    return [verdict(certificate), *map(target_words, certificate["targets"]), *evidence(certificate)]


def verdict(certificate: Mapping[str, Any]) -> str:
    """Whether the certificate holds."""
    held = sum(target["holds"] for target in certificate["targets"])
    count = len(certificate["targets"])
    said = "Certified" if certificate["holds"] else "Not certified"
    return f"{said}: {held} of {words.many(count, 'target')} held, {certificate['wording']}."


def target_words(target: Mapping[str, Any]) -> str:
    """A target: what was asked, the expected level with its bound, the share of futures with its own."""
    unit, side = target["unit"], "above" if "least" in target["limit"] else "below"
    bound = target["bound95"]
    sure = f", 95 % sure {side} {bound:,.3g}" if bound is not None else ""
    share = f"met in {target['share_of_futures']:.0%} of futures"
    asked = f", {target['asked_share']:.0%} asked" if target["asked_share"] else ", no share asked"
    least = target.get("share_bound95")
    share += asked if least is None else f"{asked}, of all futures at least {least:.0%}"
    held = "holds" if target["holds"] else "missed"
    expected = "not known" if target["expected"] is None else f"{target['expected']:,.3g} {unit}"
    return words.spaced(
        f"{target['name']}, {target['limit']} {unit}: expected {expected}{sure}; {share}: {held}"
    )


def evidence(certificate: Mapping[str, Any]) -> list[str]:
    """Cost and bound, futures, attempts, the choice among finalists, and demand that is off the forecast."""
    lines = (
        cost_words(certificate),
        futures_words(certificate),
        chosen_words(certificate),
        *_off(certificate),
    )
    return [line for line in lines if line]


def cost_words(certificate: Mapping[str, Any]) -> str:
    """What the plan costs as weighed, and how far that is from the best possible."""
    gap, bound = certificate["gap"], certificate["bound"]
    said = f"Cost as weighed {certificate['cost']:,.0f}, counted again without the model"
    note = certificate["bound_note"]
    if bound is not None:
        said += f"; no plan of the model costs less than {bound:,.0f}"
        said += f" (within {100 * gap:.1f} % of the best possible)" if gap is not None else ""
    elif "bound: none" not in note:
        said += "; bound: none"
    return words.spaced(f"{said}; {note}." if note else f"{said}.")


def futures_words(certificate: Mapping[str, Any]) -> str:
    """Futures to learn from and to prove on, and what chance of error the attempt spends."""
    attempt, alpha = certificate.get("attempt", 1), certificate.get("alpha")
    said = f"Made from {certificate['train_paths']} futures, checked on {certificate['certify_paths']} others"
    if attempt > 1:
        said += f", the {words.ordinal(attempt)} attempt, each on futures of its own"
    if alpha is not None:
        said += f"; a target missed passes for held with a chance of at most {100 * alpha:.1f} %"
    return words.spaced(f"{said}.")


def chosen_words(certificate: Mapping[str, Any]) -> str:
    """How sure the choice among finalists is; nothing where there was none."""
    chosen = certificate.get("selection")
    if not chosen:
        return ""
    more = f"at most {chosen['within']:,.0f} more than the best" if chosen["within"] else "the least"
    return words.spaced(
        f"Played on {chosen['futures']} training futures it costs {more} of {chosen['finalists']} finalists, "
        f"{100 * chosen['confidence']:.0f} % sure."
    )


def _off(certificate: Mapping[str, Any]) -> Iterator[str]:
    """A line for each demand that was looked at, but the forecast's own."""
    looks: Sequence[Any] = certificate.get("off_forecast") or ()
    for look in sorted(looks, key=lambda look: look["change"]):
        if not look["change"]:
            continue
        told = look["note"] or ", ".join(
            f"{row['name']} {row['expected']:,.3g} {row['unit']}"
            for row in look["targets"]
            if row["expected"] is not None
        )
        yield words.spaced(f"Demand {100 * look['change']:+.0f} % off the forecast: {told}.")
