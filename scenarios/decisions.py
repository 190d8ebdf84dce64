"""Decisions: what needs one now, in words a bed manager can act on.

Who, how likely, what, when and its range; then why, by when, what to do and what that brings. A chance
is told as a number of twenty, with one word for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from scenarios.outlook import NEAR, Outlook
from twin.hospital import Hospital
from twin.plan import Certificate, Explanation, Plan

#: from so many chances in twenty a ward is short, or watched
SHORT_FROM, WATCH_FROM = 15, 10
#: wards told as decisions, likeliest first; the others stand in the table of wards
MOST_WARDS = 6
#: hours of notice to open a bed (a flex bed: one day)
NOTICE = 24
#: the afternoon bed meeting, by which a plan for tomorrow is agreed [hour of day] (assumed)
AFTERNOON = 16
#: signs of currencies that have one
SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


@dataclass(frozen=True)
class Tight:
    """A ward at the hour at which it is most likely to be short within the next three days.

    Attributes
    ----------
    ward, hour : places in the outlook's arrays
    chance, chance_planned : share of futures short of beds, today's beds and the plan's
    need : (replication,) [beds]
    """

    ward: int
    hour: int
    chance: float
    chance_planned: float
    need: np.ndarray
    open_beds: int
    planned_beds: int

    @property
    def of_twenty(self) -> int:
        """Chances in twenty."""
        return round(self.chance * 20)


@dataclass(frozen=True)
class Decision:
    """One entry of the list "what needs a decision"; fields as in ``answer.json``."""

    status: str
    ward: str | None
    headline: str
    range: str
    why: str
    decide_by: str
    act: str
    effect: str
    dots: list[int] | None = None
    open_beds: int | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def tight_hours(today: Outlook, planned: Outlook, now: int) -> list[Tight]:
    """Each ward at its tightest hour from ``now`` on, the ward most likely to be short first."""
    chance, after = today.chance_short(), planned.chance_short()
    last = min(now + NEAR, today.ms.size)
    rows = []
    for ward in range(len(today.wards)):
        spare = today.open_beds[ward] - np.median(today.need[:, ward], axis=0)
        hour = now + int(np.lexsort((spare[now:last], -chance[ward, now:last]))[0])
        rows.append(
            Tight(
                ward,
                hour,
                float(chance[ward, hour]),
                float(after[ward, hour]),
                today.need[:, ward, hour],
                int(today.open_beds[ward, hour]),
                int(planned.open_beds[ward, hour]),
            )
        )
    return sorted(rows, key=lambda t: (-t.chance, t.open_beds - float(np.median(t.need))))


def decide(
    today: Outlook,
    tight: list[Tight],
    now: int,
    plan: Plan,
    levels: Mapping[str, Mapping[str, int]],
    certificate: Certificate,
    explanation: Explanation,
) -> list[Decision]:
    """The wards that are short or to be watched, then the plan.

    Parameters
    ----------
    levels
        ``today`` and ``planned`` -> ward -> open beds. [beds]
    """
    wards = [t for t in tight if t.of_twenty >= WATCH_FROM][:MOST_WARDS]
    rows = [_ward(today, t, now, levels) for t in wards]
    return [*rows, _plan(today, now, plan, levels, certificate, explanation)]


def _ward(today: Outlook, t: Tight, now: int, levels: Mapping[str, Mapping[str, int]]) -> Decision:
    hospital, name = today.case.hospital, today.wards[t.ward]
    title, when = hospital.wards[name].title, today.at(t.hour)
    low, middle, high = (max(0, round(float(q)) - t.open_beds) for q in np.quantile(t.need, (0.1, 0.5, 0.9)))
    short = max(1, middle)
    need_now, waiting = (round(float(np.median(a[:, t.ward, now]))) for a in (today.need, today.waiting))
    act, effect = _act(today, t, levels)
    if t.hour == now:
        headline, spread = f"{title} is {short} {_beds(short)} short now", ""
    else:
        headline = f"{title} {chance_words(t.chance)} be {short} {_beds(short)} short on {when:%A %H:%M}"
        spread = f"80 %: {low} to {high} beds short"
    return Decision(
        status="short" if t.of_twenty >= SHORT_FROM else "watch",
        ward=name,
        headline=headline,
        range=spread,
        why=f"{need_now - waiting} patients are in its {int(today.open_beds[t.ward, now])} open beds now and "
        f"{waiting} wait for one; {round(float(np.median(t.need)))} are expected to need a bed then.",
        decide_by=_by(today, t.hour, now).isoformat(timespec="minutes"),
        act=act,
        effect=effect,
        dots=today.dots(t.ward, t.hour),
        open_beds=t.open_beds,
    )


def _act(today: Outlook, t: Tight, levels: Mapping[str, Mapping[str, int]]) -> tuple[str, str]:
    """What to do about a ward, and what it brings."""
    hospital, name = today.case.hospital, today.wards[t.ward]
    more = levels["planned"][name] - levels["today"][name]
    count, after = t.of_twenty, round(t.chance_planned * 20)
    if more > 0:
        price = money(hospital, more * hospital.money.open_bed_day)
        cost = f"; {price} a day" if hospital.money.open_bed_day else ""
        if t.planned_beds == t.open_beds:
            return (
                f"Open {more} {_beds(more)}, as planned from tomorrow",
                f"They come after this hour: a bed takes a day to open{cost}.",
            )
        effect = (
            f"Short in {after} of 20 instead of {count}"
            if after != count
            else f"Still short in {after} of 20"
        )
        return f"Open {more} {_beds(more)}, as planned", f"{effect}{cost}."
    helper = _helper(today, t)
    if helper is not None:
        title, free = helper
        return (
            f"Agree that {title} takes its patients",
            f"{title} is expected to have {free} {_beds(free)} free then; no bed is opened.",
        )
    return (
        "Bring discharges forward",
        "No ward that may take its patients is expected to have a bed free then; the plan opens none here.",
    )


def _helper(today: Outlook, t: Tight) -> tuple[str, int] | None:
    """The first ward in the hospital's order that may take this ward's patients and has a bed free."""
    hospital = today.case.hospital
    for other in stand_ins(hospital, today.wards[t.ward]):
        i = today.wards.index(other)
        free = int(today.open_beds[i, t.hour] - np.median(today.need[:, i, t.hour]))
        if free >= 1:
            return hospital.wards[other].title, free
    return None


def stand_ins(hospital: Hospital, ward: str) -> tuple[str, ...]:
    """Wards that patients of one ward may be put in."""
    found: dict[str, None] = {}
    for pathway in hospital.pathways.values():
        for step in pathway.steps:
            places = [a.place for a in step.alternatives()]
            if places and places[0] == ward:
                found.update(dict.fromkeys(p for p in places[1:] if p in hospital.wards))
    return tuple(found)


def _plan(
    today: Outlook,
    now: int,
    plan: Plan,
    levels: Mapping[str, Mapping[str, int]],
    certificate: Certificate,
    explanation: Explanation,
) -> Decision:
    hospital = today.case.hospital
    before, after = (sum(levels[side].values()) for side in ("today", "planned"))
    first = min((day for days in plan.beds.values() for day in days), default=today.at(now).date())
    by = datetime.combine(first - timedelta(days=1), datetime.min.time()) + timedelta(hours=AFTERNOON)
    kept = sum(result.holds for result in certificate.targets)
    all_of_them = len(certificate.targets)
    proof = f"{kept} of {all_of_them} targets hold on {certificate.certify_paths} futures it has not seen"
    changed = any(levels["planned"][w] != levels["today"][w] for w in levels["today"])
    if certificate.holds:
        headline = f"The bed plan from {first:%-d %B} is certified and waits for approval"
        why, act = (
            f"{explanation.headline}. {proof}.",
            "Approve the bed plan" if changed else "Keep today's beds",
        )
    else:
        headline = f"The bed plan from {first:%-d %B} does not meet every target: {proof}"
        why, act = f"{explanation.headline}. {_missed(certificate)}.", _way_out(explanation)
    return Decision(
        status="approve" if certificate.holds else "watch",
        ward=None,
        headline=headline,
        range="",
        why=why,
        decide_by=max(by, today.at(now) + timedelta(hours=1)).isoformat(timespec="minutes"),
        act=act,
        effect=_size(hospital, after - before),
    )


def _size(hospital: Hospital, more: int) -> str:
    """``6 beds more than today, +£1,950 a day.``"""
    if not more:
        return "As many beds as today."
    price = money(hospital, more * hospital.money.open_bed_day, sign=True)
    cost = f", {price} a day" if hospital.money.open_bed_day else ""
    return f"{abs(more)} {_beds(abs(more))} {'more' if more > 0 else 'fewer'} than today{cost}."


def _missed(certificate: Certificate) -> str:
    missed = [r for r in certificate.targets if not r.holds]
    return "; ".join(
        f"{r.target.name}: {r.expected:.1f} {r.target.unit}, {r.target.limit} asked, "
        f"met in {round(r.share_of_futures * 100)} % of futures"
        for r in missed
    )


def _way_out(explanation: Explanation) -> str:
    """The first step towards the missed targets: the bed that brings most, by the plan's own model."""
    useful = [(what, brings) for what, brings in explanation.one_more if " in the total" not in what]
    if not useful:
        return "Allow more beds, or accept the risk"
    what, brings = useful[0]
    return f"Allow more beds, first {what} ({brings.split(';')[0]}), or accept the risk"


def chance_words(chance: float) -> str:
    """``will probably`` for a chance; of twenty, as everywhere."""
    count = round(chance * 20)
    if count >= 19:
        return "will almost certainly"
    if count >= 15:
        return "will probably"
    if count >= 11:
        return "will more likely than not"
    return "may"


def money(hospital: Hospital, amount: float, *, sign: bool = False) -> str:
    """``£1,940``."""
    mark = "−" if amount < 0 else "+" if sign else ""
    currency = hospital.money.currency
    unit = SIGNS.get(currency, f"{currency} ")
    return f"{mark}{unit}{abs(amount):,.0f}"


def _by(today: Outlook, hour: int, now: int) -> datetime:
    """A day before the hour; where that is past, the next afternoon meeting, or in an hour."""
    here, when = today.at(now), today.at(hour)
    early = when - timedelta(hours=NOTICE)
    if early > here:
        return early
    meeting = here.replace(hour=AFTERNOON, minute=0, second=0, microsecond=0)
    return meeting if here < meeting < when else min(here + timedelta(hours=1), max(when, here))


def _beds(count: int) -> str:
    return "bed" if count == 1 else "beds"
