"""What one more bed brings: answered by solving the model again with that bed, not by a slope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyomo.environ as pyo

from optimization.beds.explain import MOST_LINES, in_a_row, title
from optimization.beds.model import BedLevels, bed_model, cost_of, solve_beds
from optimization.beds.parameters import BedParameters
from twin.hospital import Hospital


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


def one_more_bed(given: BedParameters, levels: BedLevels, highs: Any) -> tuple[OneMore, ...]:
    """Solve again with one more bed in the total, then with one more in each ward, most useful first.

    The plan's own beds stay open, flex beds as they are; a ward may go one bed beyond what stands there, to
    price that bed, and the bed asked about need be no whole team.
    """
    limits = given.limits
    periods = [p for p in range(len(given.periods)) if (given.wards[0], p) not in given.frozen]
    higher = {w: c + 1 for w, c in limits.ceiling.items()}
    wider = replace(limits, ceiling=higher, pins={}, teams={}, most_moves=None)
    model = bed_model(replace(given, limits=wider, floor=levels.open))
    for w, p in model.highest:
        model.highest[w, p].set_value(limits.pins.get(w, limits.ceiling[w]))
    for (w, p), flex in model.flex.items():
        flex.fix(levels.flex.get((w, p), 0))
    before = cost_of(model, given, levels)
    short = float(pyo.value(model.short_days))

    def ask(ward: str | None) -> OneMore:
        then, solved = solve_beds(model, highs)
        more = tuple(w for w in given.wards if any(then.open[w, p] > levels.open[w, p] for p in periods))
        return OneMore(ward, more, short - float(pyo.value(model.short_days)), before - solved.objective)

    model.total.set_value(max(sum(levels.open[w, p] for w in given.wards) for p in periods) + 1)
    answers = [ask(None)]
    for ward in given.wards:
        if ward in limits.pins:
            continue
        for p in periods:
            model.highest[ward, p].set_value(limits.ceiling[ward] + 1)
            model.floor[ward, p].set_value(levels.open[ward, p] + 1)
        answers.append(ask(ward))
        for p in periods:
            model.highest[ward, p].set_value(limits.ceiling[ward])
            model.floor[ward, p].set_value(levels.open[ward, p])
    return (answers[0], *sorted(answers[1:], key=lambda a: -a.saves))


def one_more_in_words(
    answers: Sequence[OneMore], given: BedParameters, hospital: Hospital, days: int
) -> tuple[tuple[str, str], ...]:
    """(what one more bed, what it brings)."""
    rows = []
    for answer in answers[: 1 + MOST_LINES]:
        what = (
            f"one more bed in {title(hospital, answer.ward)}" if answer.ward else "one more bed in the total"
        )
        if answer.ward is None and not answer.goes_to:
            rows.append((what, "nothing: no ward would open it at this price"))
            continue
        goes = "" if answer.ward else f"opens in {in_a_row(title(hospital, w) for w in answer.goes_to)}: "
        brings = f"{goes}{answer.fewer_short:.1f} fewer patient-days without a bed in {days} days"
        rows.append((what, f"{brings}; {_worth(answer.saves)}"))
    return tuple(rows)


def _worth(saves: float) -> str:
    """In words: the weight of a shortage is not money that anybody spends."""
    return "worth opening" if saves > 1e-6 else "needed too seldom to be worth opening"
