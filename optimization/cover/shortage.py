"""When no cover meets the rules: who is short, where, when, by how many, and the cheapest ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimization.cover.counting import Broken, broken_rules
from optimization.cover.house import Family
from optimization.cover.question import CoverQuestion, mean_needed, with_rules
from optimization.cover.solving import CoverSolution
from optimization.cover.terms import PoolCover
from twin.errors import Infeasible

#: shifts that are named; the rest are counted
MOST_NAMED = 6
#: ways out that are told
MOST_WAYS = 3

Again = Callable[[Family], CoverSolution]


@dataclass(frozen=True)
class _WayOut:
    """One thing given way, and what the cheapest cover then costs. [currency]"""

    cost: float
    words: str


def explain_shortage(
    question: CoverQuestion, parts: Sequence[Family], solved: Sequence[CoverSolution], again: Again
) -> Infeasible:
    """The error that names the shifts whose rules cannot be met, and the cheapest ways out.

    Parameters
    ----------
    again
        Solves a family whose rules or people have changed.
    """
    broken = [
        (f, row) for f, s in zip(parts, solved, strict=True) for row in broken_rules(s.terms, s.numbers)
    ]
    ways = sorted(_ways_out(question, parts, solved, again), key=lambda way: way.cost)
    certain = "no cover meets all rules" if _is_exact(parts) else "no cover that meets all rules was found"
    lines = [f"{certain}: {_how_much([row for _, row in broken])}"]
    lines += [f"  {_named(question, family, row)}" for family, row in broken[:MOST_NAMED]]
    if len(broken) > MOST_NAMED:
        lines.append(f"  and {len(broken) - MOST_NAMED} more shifts")
    lines.append("the cheapest ways out:" if ways else "giving way in one thing alone is not enough")
    unit = parts[0].terms.prices.currency
    lines += [
        f"  {i}. {way.words} (beyond basic pay the plan then costs {way.cost:,.0f} {unit}, shortage weighed)"
        for i, way in enumerate(ways[:MOST_WAYS], 1)
    ]
    return Infeasible("\n".join(lines))


def _is_exact(parts: Sequence[Family]) -> bool:
    """Whether all rosters are decided, so that each shift was shared out as well as can be."""
    return not any(family.terms.weeks for family in parts)


def _how_much(broken: Sequence[Broken]) -> str:
    few = sum(row.short for row in broken if row.short > 0)
    many = -sum(row.short for row in broken if row.short < 0)
    told = [f"{few} nurses too few"] if few else []
    told += [f"{many} too many"] if many else []
    shifts = f"on {len(broken)} shifts" if len(broken) > 1 else "on one shift"
    return f"{' and '.join(told)} {shifts}"


def _named(question: CoverQuestion, family: Family, row: Broken) -> str:
    """Who, when, how many are to be had, how many are asked for, and by which rule."""
    title, day = question.case.hospital.staff[row.ward].title, family.days[row.day]
    where = f"{title}, {day:%A %d %B}, {row.shift}"
    rule = "pinned" if (row.ward, day, row.shift) in question.pins else f"{_share(question)} of those needed"
    if row.short > 0:
        return f"{where}: {row.rule} asked for ({rule}), at most {row.people} can be sent: {row.short} short"
    return f"{where}: {row.rule} asked for ({rule}), {row.people} are rostered: {-row.short} too many"


def _share(question: CoverQuestion) -> str:
    return "" if question.at_least is None else f"{question.at_least:.0%}"


def _ways_out(
    question: CoverQuestion, parts: Sequence[Family], solved: Sequence[CoverSolution], again: Again
) -> Iterator[_WayOut]:
    """Each way out that is enough by itself, by as little as the shortest shifts ask for."""
    broken = [broken_rules(s.terms, s.numbers) for s in solved]
    tries: list[tuple[str, list[Family]]] = []
    few = any(row.short > 0 for rows in broken for row in rows)
    if few:
        tries += [_more_from_agencies(question, parts, broken), _more_in_pools(question, parts, broken)]
    if question.at_least is not None:
        tries.append(_ask_less(question, parts, broken))
    if question.pins:
        tries.append(_other_pins(question, parts, broken))
    for words, families in tries:
        if not words:
            continue
        then = [again(family) for family in families]
        if not any(broken_rules(s.terms, s.numbers) for s in then):
            yield _WayOut(sum(s.solved.objective for s in then), words)


def _more_from_agencies(
    question: CoverQuestion, parts: Sequence[Family], broken: Sequence[Sequence[Broken]]
) -> tuple[str, list[Family]]:
    told, families = [], []
    for family, rows in zip(parts, broken, strict=True):
        more = {
            w.name: max((r.short for r in rows if r.ward == w.name), default=0) for w in family.terms.wards
        }
        wards = tuple(
            replace(w, agency_most=(*w.agency_most[:-1], w.agency_most[-1] + max(more[w.name], 0)))
            for w in family.terms.wards
        )
        families.append(replace(family, terms=replace(family.terms, wards=wards)))
        told += [
            f"{question.case.hospital.staff[w.name].title} {w.agency_most[-1]}"
            for w, was in zip(wards, family.terms.wards, strict=True)
            if w.agency_most != was.agency_most
        ]
    return f"allow more people from agencies on one shift: {', '.join(told)}" if told else "", families


def _more_in_pools(
    question: CoverQuestion, parts: Sequence[Family], broken: Sequence[Sequence[Broken]]
) -> tuple[str, list[Family]]:
    """More people in the float pools, on the shifts that are short and on rosters still to be made."""
    told, families = [], []
    for family, rows in zip(parts, broken, strict=True):
        pools = []
        for pool in family.terms.pools:
            bigger, most = _bigger(family, pool, rows)
            pools.append(bigger)
            if most:
                told.append(f"{question.case.hospital.staff[pool.name].title} {most} more")
        families.append(replace(family, terms=replace(family.terms, pools=tuple(pools))))
    return (
        f"bring in more float nurses on the shifts that are short: {', '.join(told)}" if told else "",
        families,
    )


def _bigger(family: Family, pool: PoolCover, rows: Sequence[Broken]) -> tuple[PoolCover, int]:
    names = [kind.name for kind in family.terms.patterns.shifts]
    more = np.zeros((family.terms.days, family.terms.shifts), np.int64)
    for row in rows:
        if row.short > 0 and row.ward in pool.wards:
            more[row.day, names.index(row.shift)] += row.short
    most = int(more.max(initial=0))
    rostered = pool.crew.rostered.copy()
    rostered[:, :, -1] += more
    people = (*pool.crew.people[:-1], pool.crew.people[-1] + most)
    return replace(pool, crew=replace(pool.crew, people=people, rostered=rostered)), most


def _ask_less(
    question: CoverQuestion, parts: Sequence[Family], broken: Sequence[Sequence[Broken]]
) -> tuple[str, list[Family]]:
    """The least cover lowered, for all wards alike, to what the shortest shift can have."""
    reached = [
        row.people / max(float(mean_needed(family, row.ward)[row.day, _place(family, row.shift)]), 1e-9)
        for family, rows in zip(parts, broken, strict=True)
        for row in rows
        if row.short > 0 and (row.ward, family.days[row.day], row.shift) not in question.pins
    ]
    if not reached:
        return "", []
    share = np.floor(100 * min(reached)) / 100
    families = [
        with_rules(f, question.pins, share if share > 0 else None, keep=question.least_change) for f in parts
    ]
    told = f"ask for {share:.0%} of the nurses needed" if share > 0 else "ask for no least cover"
    return f"{told}, in place of {_share(question)}", families


def _other_pins(
    question: CoverQuestion, parts: Sequence[Family], broken: Sequence[Sequence[Broken]]
) -> tuple[str, list[Family]]:
    """Pins that cannot be met moved to what can be sent."""
    pins, told = dict(question.pins), []
    for family, rows in zip(parts, broken, strict=True):
        for row in rows:
            pin = (row.ward, family.days[row.day], row.shift)
            if pin in pins:
                pins[pin] = row.people
                title = question.case.hospital.staff[row.ward].title
                told.append(f"{title}, {pin[1]:%A %d %B}, {row.shift} at {row.people}")
    families = [with_rules(f, pins, question.at_least, keep=question.least_change) for f in parts]
    return f"pin {', '.join(told[:MOST_NAMED])}" if told else "", families


def _place(family: Family, shift: str) -> int:
    return [kind.name for kind in family.terms.patterns.shifts].index(shift)
