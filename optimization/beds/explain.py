"""Why a bed plan is as it is: what moves, what it changes, what binds, what stays short."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np

from optimization.beds.counting import Tables, short_and_open, short_and_outliers
from optimization.beds.limits import BedPrices
from optimization.beds.model import BedLevels
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import BedParameters
from optimization.beds.playing import SHORT_MORNINGS, Played, mean_waiting
from twin.hospital import Hospital
from twin.measures import paired
from twin.units import IntArray

#: lines of each list in an explanation
MOST_LINES = 5
#: a ward-morning that is short in fewer futures than this is not named [fraction]
WORTH_NAMING = 0.2
#: said where another finalist was better than the model's own plan
WHY_KEPT = (
    "The model's own plan was not chosen: played on training futures with queues, outliers and boarders, "
    "this one comes out better"
)


def sentences(
    needs: WardNeeds,
    given: BedParameters,
    calendar: IntArray,
    tables: Tables,
    costs: Mapping[str, float],
    base: Sequence[Played],
    changed: Sequence[Played],
) -> tuple[str, ...]:
    """What the plan changes, on paper and on the certifying futures."""
    days, prices, pools = len(needs.days), given.prices, given.limits.pools
    (short_now, _), (short_then, _) = short_and_open(needs, calendar), short_and_open(needs, tables.open)
    weight = {name: cost / days / prices.open_bed_day for name, cost in costs.items()}
    return (
        f"Ward by ward, {short_then / days:.1f} patients at a time need a bed beyond those open, on average; "
        f"{short_now / days:.1f} with today's beds",
        fresh_futures(base, changed),
        f"In those futures {mean_waiting(changed) / days:.1f} patients wait for a ward bed at any one time, "
        f"{mean_waiting(base) / days:.1f} with today's beds",
        *_in_pools(needs, tables, pools),
        *_flexed(tables),
        *_weighed(prices, weight),
    )


def _in_pools(needs: WardNeeds, tables: Tables, pools: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """What pooling does on paper, where every free bed of the pool is found at once."""
    if not pools:
        return ()
    short, outliers = short_and_outliers(needs, tables.open, pools)
    days = len(needs.days)
    return (
        f"If wards of a pool take each other's patients, {outliers / days:.1f} patients at a time lie in "
        f"another ward and {short / days:.1f} need a bed beyond those of all its wards",
    )


def _flexed(tables: Tables) -> tuple[str, ...]:
    """How many beds are opened for single days."""
    beds = int(tables.flex.sum())
    return (f"{beds} bed-days are flex beds, opened for the day",) if beds else ()


def _weighed(prices: BedPrices, weight: Mapping[str, float]) -> tuple[str, ...]:
    """When a bed is worth opening, where the hospital names a price; the weight of a shortage is no money."""
    if prices.currency == "patient-days":
        return ()
    return (
        f"A bed is opened where it is needed more than {prices.break_even:.0%} of the time: a patient-day "
        f"without a bed weighs as much as {1 / prices.break_even:.0f} open bed-days. So weighed, beds and "
        f"shortage together are {weight['planned']:,.0f} bed-days a day, {weight['today']:,.0f} with today's "
        f"beds, {weight['proportional']:,.0f} with shares in proportion to need",
    )


def headline(hospital: Hospital, today: Mapping[str, int], planned: Mapping[str, int]) -> str:
    """The plan in one sentence."""
    up = {w: planned[w] - today[w] for w in planned if planned[w] > today[w]}
    down = {w: today[w] - planned[w] for w in planned if planned[w] < today[w]}
    if not up and not down:
        return f"Keep the beds as they are: {sum(planned.values())} open"
    parts = []
    if up:
        parts.append(f"open {sum(up.values())} more ({_moves(hospital, up)})")
    if down:
        parts.append(f"close {sum(down.values())} ({_moves(hospital, down)})")
    text = " and ".join(parts)
    return f"{text[0].upper()}{text[1:]}: {sum(planned.values())} beds open, {sum(today.values())} today"


def fresh_futures(today: Sequence[Played], planned: Sequence[Played]) -> str:
    """Today's beds beside the plan on the certifying futures, pair by pair, with simulation error."""
    before, after = ([p.measures[SHORT_MORNINGS] for p in played] for played in (today, planned))
    if before == after:
        return (
            f"In {len(planned)} futures that were not used to plan, {np.mean(after):.1f} % of ward-mornings "
            "are short of beds"
        )
    change = paired(before, after)
    verdict = "better" if change.mean < 0 else "worse"
    return (
        f"In {len(planned)} futures the plan has not seen, {np.mean(after):.1f} % of ward-mornings are short "
        f"of beds, against {np.mean(before):.1f} % with today's beds: "
        f"{f'clearly {verdict}' if change.is_clear else 'no clear difference'} "
        f"({change.mean:+.1f}, simulation error {change.margin95:.1f})"
    )


def binds(given: BedParameters, levels: BedLevels, hospital: Hospital) -> tuple[str, ...]:
    """The rules that keep the plan from doing better."""
    lines, limits, opened = [], given.limits, levels.open
    free = [p for p in range(len(given.periods)) if (given.wards[0], p) not in given.frozen]
    if max(sum(opened[w, p] for w in given.wards) for p in free) >= limits.total:
        lines.append(f"the total of {limits.total} beds")
    for ward in given.wards:
        if max(opened[ward, p] for p in free) >= limits.ceiling[ward] and ward not in limits.pins:
            lines.append(
                f"{title(hospital, ward)}: all {limits.ceiling[ward]} beds that can be opened are open"
            )
    lines += [f"{title(hospital, w)}: pinned at {n}" for w, n in limits.pins.items()]
    lines += [f"{title(hospital, w)}: opens in teams of {n}" for w, n in limits.teams.items() if n > 1]
    if limits.most_moves is not None:
        lines.append(f"at most {limits.most_moves} beds opened or closed at a time")
    if limits.notice_days > 1:
        lines.append(f"the first {limits.notice_days} days are within the notice: staffed beds stay")
    return tuple(lines)


def still_short(played: Sequence[Played], days: Sequence[date], hospital: Hospital) -> tuple[str, ...]:
    """Wards that stay short under the plan: where, when, in what share of futures, by how much."""
    beyond = np.stack([p.beyond for p in played])
    chance = (beyond > 0).mean(axis=0)
    rows = []
    for i, ward in enumerate(hospital.wards):
        worst = int(np.argmax(chance[i]))
        if chance[i, worst] >= WORTH_NAMING:
            short = beyond[:, i, worst]
            when = days[worst].strftime("%A %d %B")
            rows.append(
                (
                    -chance[i, worst],
                    f"{title(hospital, ward)}, {when} 08:00: short in {chance[i, worst]:.0%} of futures, "
                    f"by {short[short > 0].mean():.1f} beds when it is",
                )
            )
    return tuple(text for _, text in sorted(rows)[:MOST_LINES])


def _moves(hospital: Hospital, moves: Mapping[str, int]) -> str:
    order = sorted(moves, key=lambda w: -moves[w])
    named = [f"{title(hospital, w)} {moves[w]}" for w in order[:4]]
    rest = len(order) - 4
    return ", ".join(named) + (f" and {rest} more ward{'s' if rest > 1 else ''}" if rest > 0 else "")


def title(hospital: Hospital, ward: str) -> str:
    """The ward's name on screens."""
    return hospital.wards[ward].title


def in_a_row(names: Iterable[str]) -> str:
    """Names as in a sentence: a, b and c."""
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else str(last)
