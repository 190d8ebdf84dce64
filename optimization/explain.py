"""Why a bed plan is as it is: what moves, what binds, what one more bed brings, what stays short.

"One more bed" is answered by solving the model again with that bed, not by a slope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.beds import BedParameters, Levels, bed_model, cost_of, solve_beds
from optimization.certify import SHORT_MORNINGS, Played
from twin.hospital import Hospital
from twin.measures import paired

#: lines of each list in an explanation
MOST_LINES = 5
#: a ward-morning that is short in fewer futures than this is not named [fraction]
WORTH_NAMING = 0.2


@dataclass(frozen=True)
class OneMore:
    """What one more bed brings, by exact re-solve.

    Attributes
    ----------
    ward : where it would stand; None for one more in the total, wherever it does most good
    goes_to : wards that open more with it
    fewer_short : patient-days beyond open beds that it saves over the planned days [patient-days]
    saves : what it saves after its own price; below 0 where it costs more than it brings [currency]
    """

    ward: str | None
    goes_to: tuple[str, ...]
    fewer_short: float
    saves: float


def one_more_bed(given: BedParameters, levels: Levels, highs: Any) -> tuple[OneMore, ...]:
    """Solve again with one more bed in the total, then with one more in each ward, most useful first.

    The plan's own beds stay open; a ward may go one bed beyond what stands there, to price that bed.
    """
    limits, periods = given.limits, range(len(given.periods))
    wider = replace(limits, ceiling={w: c + 1 for w, c in limits.ceiling.items()}, pins={})
    model = bed_model(replace(given, limits=wider, floor=levels))
    for (w, _, k), bed in model.opened.items():
        if k > limits.pins.get(w, limits.ceiling[w]):
            bed.fix(0)
    before = cost_of(model, levels)
    short = float(pyo.value(model.short_days))

    def ask(ward: str | None) -> OneMore:
        then, solved = solve_beds(model, highs)
        more = tuple(w for w in given.wards if any(then[w, p] > levels[w, p] for p in periods))
        return OneMore(ward, more, short - float(pyo.value(model.short_days)), before - solved.objective)

    model.total.set_value(max(sum(levels[w, p] for w in given.wards) for p in periods) + 1)
    answers = [ask(None)]
    for ward in given.wards:
        if ward in limits.pins:
            continue
        beyond = [model.opened[ward, p, limits.ceiling[ward] + 1] for p in periods]
        for p in periods:
            beyond[p].unfix()
            model.floor[ward, p].set_value(levels[ward, p] + 1)
        answers.append(ask(ward))
        for p in periods:
            beyond[p].fix(0)
            model.floor[ward, p].set_value(levels[ward, p])
    return (answers[0], *sorted(answers[1:], key=lambda a: -a.saves))


def one_more_in_words(
    answers: Sequence[OneMore], given: BedParameters, hospital: Hospital, days: int
) -> tuple[tuple[str, str], ...]:
    """(what one more bed, what it brings)."""
    rows = []
    for answer in answers[: 1 + MOST_LINES]:
        what = (
            f"one more bed in {_title(hospital, answer.ward)}" if answer.ward else "one more bed in the total"
        )
        if answer.ward is None and not answer.goes_to:
            rows.append((what, "nothing: no ward would open it at this price"))
            continue
        goes = "" if answer.ward else f"opens in {_and(_title(hospital, w) for w in answer.goes_to)}: "
        brings = f"{goes}{answer.fewer_short:.1f} fewer patient-days without a bed in {days} days"
        rows.append((what, f"{brings}; {_worth(answer.saves)}"))
    return tuple(rows)


def _worth(saves: float) -> str:
    """In words: the weight of a shortage is not money that anybody spends."""
    return "worth opening" if saves > 1e-6 else "needed too seldom to be worth opening"


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


def binds(given: BedParameters, levels: Levels, hospital: Hospital) -> tuple[str, ...]:
    """The rules that keep the plan from doing better."""
    lines = []
    limits = given.limits
    most = max(sum(levels[w, p] for w in given.wards) for p in range(len(given.periods)))
    if most >= limits.total:
        lines.append(f"the total of {limits.total} beds")
    for ward in given.wards:
        reached = max(levels[ward, p] for p in range(len(given.periods)))
        if reached >= limits.ceiling[ward] and ward not in limits.pins:
            lines.append(
                f"{_title(hospital, ward)}: all {limits.ceiling[ward]} beds that can be opened are open"
            )
    lines += [f"{_title(hospital, w)}: pinned at {n}" for w, n in limits.pins.items()]
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
                    f"{_title(hospital, ward)}, {when} 08:00: short in {chance[i, worst]:.0%} of futures, "
                    f"by {short[short > 0].mean():.1f} beds when it is",
                )
            )
    return tuple(text for _, text in sorted(rows)[:MOST_LINES])


def _moves(hospital: Hospital, moves: Mapping[str, int]) -> str:
    order = sorted(moves, key=lambda w: -moves[w])
    named = [f"{_title(hospital, w)} {moves[w]}" for w in order[:4]]
    rest = len(order) - 4
    return ", ".join(named) + (f" and {rest} more ward{'s' if rest > 1 else ''}" if rest > 0 else "")


def _title(hospital: Hospital, ward: str) -> str:
    return hospital.wards[ward].title


def _and(names: Any) -> str:
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else str(last)
