"""When no bed plan meets the rules: what is short, where, when, by how much, and the cheapest ways out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import BedParameters
from optimization.solving import NoPlan, solve
from twin.errors import Infeasible
from twin.hospital import Hospital


def refuse_what_cannot_stand(given: BedParameters, needs: WardNeeds, hospital: Hospital) -> None:
    """Refuse floors that are above what stands in a ward.

    Raises
    ------
    Infeasible
        Naming each ward, the day of its greatest need, and by how many beds it is short.
    """
    lines = []
    for ward in given.wards:
        worst = max(range(len(given.periods)), key=lambda p: given.floor[ward, p])
        floor, ceiling = given.floor[ward, worst], given.limits.ceiling[ward]
        if floor > ceiling:
            day = _worst_day(needs, ward, given.periods[worst])
            short, share = floor - ceiling, _share_covered(needs, ward, given.periods[worst], ceiling)
            lines += [
                f"  {hospital.wards[ward].title}: {floor} beds cover {given.limits.cover:.0%} of mornings, "
                f"at most {ceiling} can be open: {short} short, most of all on {day}",
                f"    ask this ward to cover {share:.0%} of mornings, or find {short} more beds there",
            ]
    if lines:
        raise Infeasible("\n".join(["no bed plan meets all rules", *lines]))


def explain_shortage(given: BedParameters, needs: WardNeeds, hospital: Hospital, highs: Any) -> Infeasible:
    """The error that tells why the rules contradict each other, and the cheapest ways out."""
    ways = sorted(_ways_out(given, needs, hospital, highs), key=lambda way: way.cost)
    lines = [f"no bed plan meets all rules: {_what_is_short(given, needs, ways)}"]
    p = _tightest(given)
    greedy = sorted(((given.floor[w, p], w) for w in given.wards if given.floor[w, p]), reverse=True)
    lines += [f"  {hospital.wards[w].title}: {n} beds ({_reason(given, w)})" for n, w in greedy[:8]]
    if len(greedy) > 8:
        lines.append(f"  and {len(greedy) - 8} more wards with {sum(n for n, _ in greedy[8:])} beds")
    unit = given.prices.currency
    lines.append("the cheapest ways out:" if ways else "giving up one rule alone is not enough")
    lines += [
        f"  {i}. {way.words} (the plan then costs {way.cost:,.0f} {unit})"
        for i, way in enumerate(ways[:3], 1)
    ]
    return Infeasible("\n".join(lines))


def _tightest(given: BedParameters) -> int:
    """The period in which most beds must be open."""
    return max(range(len(given.periods)), key=lambda p: sum(given.floor[w, p] for w in given.wards))


def _what_is_short(given: BedParameters, needs: WardNeeds, ways: Sequence[_WayOut]) -> str:
    """What, when and by how much."""
    limits, p = given.limits, _tightest(given)
    asked = sum(given.floor[w, p] for w in given.wards)
    first, last = needs.days[given.periods[p].start], needs.days[given.periods[p].stop - 1]
    if asked > limits.total:
        must = f"{asked} beds must be open from {first} to {last}"
        return f"{must}, the total is {limits.total}: {asked - limits.total} short"
    if (
        moves := next((way.more for way in ways if way.kind == "moves"), 0)
    ) and limits.most_moves is not None:
        change = f"{limits.most_moves + moves} beds must open or close at a time"
        return f"{change}, {limits.most_moves} may: {moves} too many"
    more = next((way.more for way in ways if way.kind == "total"), 0)
    whole = f"whole teams need {limits.total + more} beds, the total is {limits.total}: {more} short"
    return whole if more else f"{asked} beds must be open from {first} to {last}, and not all rules hold then"


def _reason(given: BedParameters, ward: str) -> str:
    return "pinned" if ward in given.limits.pins else f"to cover {given.limits.cover:.0%} of mornings"


@dataclass(frozen=True)
class _WayOut:
    """One rule given up as little as it must be.

    Attributes
    ----------
    more : beds that the rule gives way by [beds]
    cost : of the plan that is then the cheapest [currency]
    """

    kind: str
    more: int
    cost: float
    words: str


def _ways_out(given: BedParameters, needs: WardNeeds, hospital: Hospital, highs: Any) -> list[_WayOut]:
    """Each way out, solved exactly; none gives up more than it must."""
    limits, ways = given.limits, []
    pinned = [w for w in given.wards if w in limits.pins]
    covered = [w for w in given.wards if w not in limits.pins and limits.cover is not None]

    def tell(kind: str, model: Any, words: Callable[[int, BedLevels], str]) -> None:
        try:
            more, levels, cost = _give_way(model, highs)
        except NoPlan:
            return  # this rule alone is not enough; the other ways are told
        ways.append(_WayOut(kind, more, cost, words(more, levels)))

    tell("total", _wider(given), lambda n, _: f"allow {limits.total + n} beds in total, {n} more")
    for kind, wards in (("pinned wards", pinned), ("the wards' cover", covered)):
        if wards:
            tell("floors", _may_fall(given, wards), _fallen(given, needs, hospital, wards, kind))
    if pinned and covered:
        both = [*pinned, *covered]
        words = _fallen(given, needs, hospital, both, "pins and cover together")
        tell("floors", _may_fall(given, both), words)
    if limits.most_moves is not None:
        most = limits.most_moves
        model = _more_moves(given)
        tell("moves", model, lambda n, _: f"allow {most + n} beds opened or closed at a time, {n} more")
    if limits.teams:
        single = bed_model(replace(given, limits=replace(limits, teams={})))
        tell("teams", single, lambda *_: "open single beds in place of whole teams")
    return ways


def _give_way(model: Any, highs: Any) -> tuple[int, BedLevels, float]:
    """The least that must be given up, then the cheapest plan that gives up no more."""
    more = 0
    if model.component("given_up") is not None:
        model.cost.deactivate()
        model.least = pyo.Objective(expr=model.given_up)
        more = round(solve(model, highs, what="bed plan").objective)
        model.least.deactivate()
        model.cost.activate()
        model.no_more_than_must = pyo.Constraint(expr=model.given_up <= more)
    levels, solved = solve_beds(model, highs)
    return more, levels, solved.objective


def _wider(given: BedParameters) -> Any:
    """The model in which the total may grow."""
    model = bed_model(given)
    model.given_up = pyo.Var(domain=pyo.NonNegativeIntegers)
    model.within_total.deactivate()
    model.within_wider = pyo.Constraint(
        model.PERIODS,
        rule=lambda m, p: sum(m.level[w, p] for w in m.WARDS) <= m.total + m.over_total[p] + m.given_up,
    )
    return model


def _more_moves(given: BedParameters) -> Any:
    """The model in which more beds may open or close at a time."""
    model = bed_model(given)
    model.given_up = pyo.Var(domain=pyo.NonNegativeIntegers)
    limited = list(model.few_moves)
    model.few_moves.deactivate()
    model.more_moves = pyo.Constraint(
        limited,
        rule=lambda m, p: (
            sum(m.more[w, q] + m.fewer[w, q] for w, q in m.CHANGES if q == p) <= m.most_moves + m.given_up
        ),
    )
    return model


def _may_fall(given: BedParameters, wards: Sequence[str]) -> Any:
    """The model in which some wards may open less than they must."""
    model = bed_model(given)
    for ward in wards:
        for p in model.PERIODS:
            model.below_floor[ward, p].unfix()
    model.given_up = pyo.Expression(expr=sum(model.below_floor[w, p] for w in wards for p in model.PERIODS))
    return model


def _fallen(
    given: BedParameters, needs: WardNeeds, hospital: Hospital, wards: Sequence[str], kind: str
) -> Callable[[int, BedLevels], str]:
    """Words for the wards that open less than they must."""

    def words(_: int, levels: BedLevels) -> str:
        periods = range(len(given.periods))
        lost = {w: max(given.floor[w, p] - levels.open[w, p] for p in periods) for w in wards}
        named = (_given_up(given, needs, hospital, levels, w, n) for w, n in lost.items() if n > 0)
        return f"lower {kind}: {', '.join(named)}"

    return words


def _given_up(
    given: BedParameters, needs: WardNeeds, hospital: Hospital, levels: BedLevels, ward: str, beds: int
) -> str:
    title = hospital.wards[ward].title
    if ward in given.limits.pins:
        return f"{title} by {beds}"
    worst = max(range(len(given.periods)), key=lambda p: given.floor[ward, p] - levels.open[ward, p])
    share = _share_covered(needs, ward, given.periods[worst], levels.open[ward, worst])
    return f"{title} by {beds} (to {share:.0%} of mornings)"


def _worst_day(needs: WardNeeds, ward: str, days: range) -> str:
    mornings = needs.mornings()[:, needs.wards.index(ward), days].mean(axis=0)
    return needs.days[days[int(np.argmax(mornings))]].strftime("%A %d %B")


def _share_covered(needs: WardNeeds, ward: str, days: range, beds: int) -> float:
    return float(np.mean(needs.mornings()[:, needs.wards.index(ward), days] <= beds))
