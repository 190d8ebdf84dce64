"""Why a cover is as it is: what it changes, what it costs, what binds, where it stays short."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimization.cover.answer import ShiftRow
from optimization.cover.one_more import one_more_in_words
from optimization.cover.playing import Played
from optimization.cover.proposal import Proposal
from optimization.cover.question import CoverQuestion
from optimization.cover.targets import BEDS_CLOSED
from optimization.proof.off_forecast import in_words
from twin.hospital import Hospital
from twin.measures import paired
from twin.plan import Explanation, OffForecast
from twin.units import DAYS_WEEK

#: lines of each list in an explanation
MOST_LINES = 5
#: a shift that lacks fewer nurse-hours than this in the mean is not named [nurse-hours]
WORTH_NAMING = 0.5


def explanation(
    question: CoverQuestion,
    chosen: Proposal,
    before: Sequence[Played],
    after: Sequence[Played],
    off: tuple[OffForecast, ...],
    tried: Sequence[str],
) -> Explanation:
    """The reasons; ``tried`` tells of earlier attempts to certify."""
    hospital = question.case.hospital
    agency = sum(int(n.sum()) for s in chosen.solved for n in s.numbers.agency.values())
    lent = sum(int(n.sum()) for s in chosen.solved for n in s.numbers.lent.values())
    days = len(chosen.parts[0].days)
    return Explanation(
        headline=f"{agency} shifts from agencies, {lent} lent by float pools over {days} days",
        sentences=(
            _closed(before, after),
            _lacking(before, after, question.window.days),
            _costs(chosen, hospital.money.currency),
            *_weight(chosen),
            *_changes(chosen),
            *tried,
            *(text for text in (in_words(off),) if text),
        ),
        binds=_binds(question, chosen),
        one_more=one_more_in_words(chosen.parts, chosen.solved, hospital),
        short=_still_short(hospital, chosen),
    )


def shift_rows(question: CoverQuestion, chosen: Proposal) -> tuple[ShiftRow, ...]:
    """Every shift of every group in a line."""
    rows = []
    for family, solution in zip(chosen.parts, chosen.solved, strict=True):
        terms, numbers = family.terms, solution.numbers
        for ward in terms.wards:
            people, hired = (
                numbers.present(terms, ward.name).sum(axis=2),
                numbers.agency[ward.name].sum(axis=2),
            )
            lent = sum(n.sum(axis=2) for (_, to), n in numbers.lent.items() if to == ward.name)
            lent = np.zeros_like(hired) + lent
            come = np.minimum(people, ward.short.shape[3] - 1)
            short = np.take_along_axis(ward.short[:, :, -1], come[..., None], axis=2)[..., 0]
            for s, kind in enumerate(terms.patterns.shifts):
                rows.append(
                    ShiftRow(
                        group=ward.name,
                        title=question.case.hospital.staff[ward.name].title,
                        shift=kind.name,
                        today=float(ward.crew.rostered[:, s].sum(axis=1).mean()),
                        planned=float(people[:, s].mean()),
                        lent=int(lent[:, s].sum()),
                        agency=int(hired[:, s].sum()),
                        short=float(short[:, s].mean() / kind.paid),
                    )
                )
    return tuple(rows)


def _closed(before: Sequence[Played], after: Sequence[Played]) -> str:
    """Beds closed under the plan and as decided now, pair by pair, with simulation error."""
    was, now = ([p.measures[BEDS_CLOSED] for p in side] for side in (before, after))
    told = (
        f"In futures the plan has not seen, {np.mean(now):.1f} % of bed-hours are closed for lack of nurses; "
        f"{np.mean(was):.1f} % as decided now"
    )
    if was == now:
        return told
    change = paired(was, now)
    verdict = "better" if change.mean < 0 else "worse"
    clear = f"clearly {verdict}" if change.is_clear else "no clear difference"
    return f"{told} ({clear}: {change.mean:+.2f}, simulation error {change.margin95:.2f})"


def _lacking(before: Sequence[Played], after: Sequence[Played], days: int) -> str:
    """Nurse-hours that patients lack as played; a bed that nobody needs may close."""
    was, now = (float(np.mean([p.short_hours for p in side])) / days for side in (before, after))
    return f"Patients in beds or waiting then lack {now:.1f} nurse-hours a day; {was:.1f} as decided now"


def _costs(chosen: Proposal, unit: str) -> str:
    names = ("agencies", "own people", "float pools", "shortage")
    cost = {name: sum(c.parts[name] for c in chosen.counted) for name in names}
    rostered = _rostered(chosen)
    now = f" ({rostered:,.0f} as rostered now)" if rostered else ""
    own = f"own people {cost['own people']:,.0f}{now}, float pools {cost['float pools']:,.0f}"
    weight = f"a weight of {cost['shortage']:,.0f} for nurses missing"
    return f"Beyond basic pay: agencies {cost['agencies']:,.0f} {unit}, {own}; {weight}"


def _rostered(chosen: Proposal) -> float:
    """Unsocial hours of the rosters decided now, on days that the plan rosters anew. [currency]"""
    total = 0.0
    for family in chosen.parts:
        terms = family.terms
        anew = [week + i for week in terms.weeks for i in range(DAYS_WEEK)]
        paid = np.array([kind.paid for kind in terms.patterns.shifts]) * terms.premium
        for crew in (*(w.crew for w in terms.wards), *(p.crew for p in terms.pools)):
            hours = (crew.rostered * paid[:, :, None])[anew].sum(axis=(0, 1))
            total += float(hours @ np.array(terms.prices.wage))
    return total


def _weight(chosen: Proposal) -> tuple[str, ...]:
    if chosen.weight == 1.0 or chosen.selection is None:
        return ()
    return (
        f"The cover was made with {chosen.how_weighed}: played on training futures, with closed beds and "
        "boarders, it comes out better than as asked",
    )


def _changes(chosen: Proposal) -> tuple[str, ...]:
    if not any(w.asked is not None and w.asked.near is not None for f in chosen.parts for w in f.terms.wards):
        return ()
    changed = sum(c.changed for c in chosen.counted)
    return (
        f"{changed} people on shifts more or fewer than in the plan in force, as few as the search found; "
        "none for cost alone",
    )


def _binds(question: CoverQuestion, chosen: Proposal) -> tuple[str, ...]:
    hospital, lines = question.case.hospital, []
    for family, solution in zip(chosen.parts, chosen.solved, strict=True):
        terms = family.terms
        if not terms.weeks:
            lines.append("the roster: every day lies within its notice and stays as decided")
        for ward in terms.wards:
            title = hospital.staff[ward.name].title
            full = int((solution.numbers.agency[ward.name] >= ward.agency_most[0]).sum())
            if full:
                lines.append(f"{title}: {ward.agency_most[0]} from agencies, the most, on {full} shifts")
            if ward.asked is not None and question.at_least is not None:
                people = solution.numbers.present(terms, ward.name).sum(axis=2)
                tight = int(((people == ward.asked.least) & (ward.asked.least > 0)).sum())
                if tight:
                    lines.append(
                        f"{title}: {question.at_least:.0%} of those needed, no more, on {tight} shifts"
                    )
    for (group, day, shift), n in question.pins.items():
        lines.append(f"{hospital.staff[group].title}, {day:%A %d %B}, {shift}: pinned at {n}")
    return tuple(dict.fromkeys(lines))


def _still_short(hospital: Hospital, chosen: Proposal) -> tuple[str, ...]:
    """Shifts that stay shortest: where, when, by how much in the mean of futures."""
    rows = []
    for family, solution in zip(chosen.parts, chosen.solved, strict=True):
        terms = family.terms
        for ward in terms.wards:
            asked = solution.numbers.present(terms, ward.name)[:, :, 0]
            for (d, s), n in np.ndenumerate(asked):
                curve = ward.short[d, s, 0]
                hours = float(curve[min(int(n), curve.size - 1)])
                kind, day = terms.patterns.shifts[s], family.days[d]
                where = f"{hospital.staff[ward.name].title}, {day:%A %d %B}, {kind.name}"
                rows.append(
                    (hours, f"{where}: {int(n)} asked, {hours / kind.paid:.1f} nurses short in the mean")
                )
    rows.sort(key=lambda row: -row[0])
    return tuple(text for hours, text in rows[:MOST_LINES] if hours > WORTH_NAMING)
