"""When no bed plan meets the rules: what is short, where, when, by how much, and the cheapest ways out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.beds.model import BedParameters, Levels, bed_model, solve_beds
from optimization.beds.needs import WardNeeds
from optimization.solving import NoPlan
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
    p = max(range(len(given.periods)), key=lambda p: sum(given.floor[w, p] for w in given.wards))
    asked = sum(given.floor[w, p] for w in given.wards)
    total = given.limits.total
    first, last = needs.days[given.periods[p].start], needs.days[given.periods[p].stop - 1]
    must = f"{asked} beds must be open from {first} to {last}"
    lines = [f"no bed plan meets all rules: {must}, the total is {total}: {asked - total} short"]
    greedy = sorted(((given.floor[w, p], w) for w in given.wards if given.floor[w, p]), reverse=True)
    lines += [f"  {hospital.wards[w].title}: {n} beds ({_reason(given, w)})" for n, w in greedy[:8]]
    if len(greedy) > 8:
        lines.append(f"  and {len(greedy) - 8} more wards with {sum(n for n, _ in greedy[8:])} beds")
    lines.append("the cheapest ways out:")
    ways = sorted(_ways_out(given, needs, hospital, highs), key=lambda way: way[0])
    unit = given.prices.currency
    lines += [
        f"  {i}. {words} (the plan then costs {cost:,.0f} {unit})"
        for i, (cost, words) in enumerate(ways[:3], 1)
    ]
    return Infeasible("\n".join(lines))


def _reason(given: BedParameters, ward: str) -> str:
    return "pinned" if ward in given.limits.pins else f"to cover {given.limits.cover:.0%} of mornings"


def _ways_out(
    given: BedParameters, needs: WardNeeds, hospital: Hospital, highs: Any
) -> list[tuple[float, str]]:
    """Cost and words of each way out, each solved exactly; none gives up more than it must."""
    limits = given.limits
    missing = {
        p: max(0, sum(given.floor[w, p] for w in given.wards) - limits.total)
        for p in range(len(given.periods))
    }
    most = limits.total + max(missing.values())
    _, solved = solve_beds(bed_model(replace(given, limits=replace(limits, total=most))), highs)
    ways = [(solved.objective, f"allow {most} beds in total, {max(missing.values())} more")]
    pinned = [w for w in given.wards if w in limits.pins]
    covered = [w for w in given.wards if w not in limits.pins]
    kinds = {
        "pinned wards": pinned,
        "the wards' cover": covered,
        "pins and cover together": [*pinned, *covered],
    }
    for kind, wards in kinds.items():
        if not wards or (kind.startswith("pins and") and not (pinned and covered)):
            continue
        model = _may_fall(given, wards, missing)
        try:
            levels, solved = solve_beds(model, highs)
        except NoPlan:
            continue  # these wards alone cannot give up enough; the other ways are told
        lost = {w: max(given.floor[w, p] - levels[w, p] for p in model.PERIODS) for w in wards}
        named = ", ".join(_given_up(given, needs, hospital, levels, w, n) for w, n in lost.items() if n > 0)
        ways.append((solved.objective, f"lower {kind}: {named}"))
    return ways


def _may_fall(given: BedParameters, wards: Sequence[str], missing: Mapping[int, int]) -> Any:
    """The model in which some wards may open less than they must, by no more in all than is missing."""
    limits = given.limits
    no_more = {**limits.ceiling, **limits.pins}  # a pinned ward may now open fewer beds, never more
    model = bed_model(replace(given, limits=replace(limits, ceiling=no_more, pins={})))
    for ward in wards:
        for p in model.PERIODS:
            model.below_floor[ward, p].unfix()
    model.no_more_than_missing = pyo.Constraint(
        model.PERIODS, rule=lambda m, p: sum(m.below_floor[w, p] for w in m.WARDS) <= missing[p]
    )
    return model


def _given_up(
    given: BedParameters, needs: WardNeeds, hospital: Hospital, levels: Levels, ward: str, beds: int
) -> str:
    title = hospital.wards[ward].title
    if ward in given.limits.pins:
        return f"{title} by {beds}"
    worst = max(range(len(given.periods)), key=lambda p: given.floor[ward, p] - levels[ward, p])
    share = _share_covered(needs, ward, given.periods[worst], levels[ward, worst])
    return f"{title} by {beds} (to {share:.0%} of mornings)"


def _worst_day(needs: WardNeeds, ward: str, days: range) -> str:
    mornings = needs.mornings()[:, needs.wards.index(ward), days].mean(axis=0)
    return needs.days[days[int(np.argmax(mornings))]].strftime("%A %d %B")


def _share_covered(needs: WardNeeds, ward: str, days: range, beds: int) -> float:
    return float(np.mean(needs.mornings()[:, needs.wards.index(ward), days] <= beds))
