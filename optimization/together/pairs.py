"""Pairs of beds and nurses that are worth playing, each made for the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimization.beds.counting import Tables, broken_rules
from optimization.beds.levels import plan_of, tables_of
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.needs import WardNeeds, bed_needs
from optimization.beds.parameters import BedParameters, bed_parameters
from optimization.cover.playing import with_cover
from optimization.together.agreement import closed_on_paper, nursed
from optimization.together.nurses import Nurses, bed_prices, nurses_for, pay_as_rostered
from optimization.together.question import Question
from twin.errors import Infeasible
from twin.plan import Plan

#: turns in which beds are planned at the price of their nurses and nurses for those beds; prices settle
#: within three on hospitals of 2 to 24 wards (measured), and every turn's pair is played anyway
TURNS = 3
#: how much heavier or lighter an hour without a nurse weighs in further pairs [ratio]; the simulation then
#: says which weight was right (assumed: half and double)
WEIGHTS = (0.5, 2.0)

#: how pairs are called that others are compared with
AS_DECIDED, IN_SEQUENCE = "as decided now", "one after the other"


@dataclass(frozen=True)
class Pair:
    """Beds and nurses that go together.

    Attributes
    ----------
    how : how it was made, in words
    levels, tables : open beds by ward and period, and by planned day
    plan : both, as a plan
    nurses : who was planned for the beds; None where rosters stay as decided
    pay : beyond basic pay [currency]
    """

    how: str
    levels: BedLevels
    tables: Tables
    plan: Plan
    nurses: Nurses | None
    pay: float


class Maker:
    """Makes pairs for one question.

    Parameters
    ----------
    given, needs
        Numbers of the bed model, and the beds needed if no ward ran out of them.
    time_limit
        Of the solver for the nurses of one pair. [s]
    """

    def __init__(
        self,
        asked: Question,
        given: BedParameters,
        needs: WardNeeds,
        highs: Any,
        *,
        time_limit: float,
        simulation: dict[str, Any],
    ) -> None:
        self.asked, self.given, self.needs = asked, given, needs
        self.highs, self._time_limit, self._simulation = highs, time_limit, simulation

    def best_beds(self, nurses: Mapping[str, float], given: BedParameters | None = None) -> BedLevels:
        """The model's beds at the price of their nurses, by ward. [currency a bed a day]"""
        given = self.given if given is None else given
        priced = replace(given, prices=replace(given.prices, nurses=nurses))
        return solve_beds(bed_model(priced), self.highs)[0]

    def pair(self, how: str, levels: BedLevels, *, weight: float = 1.0) -> Pair:
        """These beds with nurses planned for them; beds for which nobody could be asked are closed."""
        beds = self.beds_alone(levels)
        open_beds = tables_of(self.given, levels).open
        nurses = nurses_for(
            self.asked, beds, open_beds, weight=weight, time_limit=self._time_limit, **self._simulation
        )
        return self.with_nurses(how, levels, nurses)

    def with_nurses(self, how: str, levels: BedLevels, nurses: Nurses) -> Pair:
        """These beds with nurses who were planned already."""
        cover = with_cover(self.asked.case.plan, Plan(how, cover=nurses.cover)).cover
        plan = replace(self.beds_alone(levels), cover=cover)
        at_best = nursed(self.asked, plan, len(self.needs.days))
        agreed = closed_on_paper(self.given, levels, at_best)
        if broken_rules(self.given, tables_of(self.given, agreed)):
            agreed = levels  # a rule (moves at a time, say) keeps the bed on paper; the answer names it
        tables = tables_of(self.given, agreed)
        plan = replace(self.beds_alone(agreed), name=self._name, note=self._note, cover=cover)
        return Pair(how, agreed, tables, plan, nurses, nurses.pay)

    def pair_if_any(self, how: str, levels: BedLevels, *, weight: float = 1.0) -> list[Pair]:
        """These beds with nurses for them, if any nurses keep the rules of the shifts."""
        try:
            return [self.pair(how, levels, weight=weight)]
        except Infeasible:  # one candidate fewer; what was asked for itself has been planned already
            return []

    def as_decided(self, nurses: Nurses) -> Pair:
        """Beds and rosters as they are decided now."""
        given = self.given
        levels = BedLevels({(w, p): given.frozen.get((w, p), given.today[w]) for w, p in given.needed})
        pay = pay_as_rostered(nurses.families)
        return Pair(
            AS_DECIDED, levels, Tables.kept(self.asked.beds.calendar), self.asked.case.plan, None, pay
        )

    def beds_alone(self, levels: BedLevels) -> Plan:
        """The beds alone, as a plan of the house where nurses close none."""
        question = self.asked.beds
        return plan_of(question.case, question.window, self.needs, tables_of(self.given, levels).open)

    @property
    def _name(self) -> str:
        return f"Beds and nurses from {self.needs.days[0]:%d %B %Y}"

    @property
    def _note(self) -> str:
        first, last = self.needs.days[0], self.needs.days[-1]
        return f"{self.asked.case.hospital.name}: open beds and people on each shift, {first} to {last}"


def in_turns(maker: Maker, *, tell: Callable[[int], None]) -> list[Pair]:
    """Beds, nurses for them, beds at the price of those nurses, and so on.

    Prices are the mean of all turns so far, so that they settle (successive averages: Robbins & Monro
    1951, Ann. Math. Statist. 22(3), 400-407).
    """
    pairs: list[Pair] = []
    prices = dict.fromkeys(maker.needs.wards, 0.0)
    for turn in range(TURNS):
        levels = maker.best_beds(prices)
        if any(levels == before.levels for before in pairs):
            break
        if turn == 0:
            found = [maker.pair(IN_SEQUENCE, levels)]
        else:
            found = maker.pair_if_any(f"turn {turn + 1}", levels)
        pairs += found
        tell(turn + 1)
        if not found or found[0].nurses is None:
            break
        beds, open_beds = maker.beds_alone(levels), tables_of(maker.given, levels).open
        new = bed_prices(maker.asked, found[0].nurses, beds, maker.needs, open_beds)
        prices = {w: (turn * prices[w] + new[w]) / (turn + 1) for w in prices}
    return pairs


def as_beds_are_lent(maker: Maker, pair: Pair, **simulation: Any) -> list[Pair]:
    """Beds for the patients as they lie and wait under a pair, closed beds and all, with nurses."""
    asked = maker.asked
    needs = bed_needs(
        asked.case.with_(plan=pair.plan), asked.window, asked.beds.train, as_it_runs=True, **simulation
    )
    question = asked.beds
    seen = bed_parameters(
        needs,
        question.limits,
        question.prices,
        question.today,
        period_days=question.period_days,
        calendar=question.calendar,
    )
    levels = maker.best_beds({}, replace(maker.given, needed=seen.needed, pooled=seen.pooled))
    return maker.pair_if_any("for patients as they lie with another pair", levels)


def different(pairs: Sequence[Pair]) -> list[Pair]:
    """Each pair once: those that open the same beds and ask the same people are one."""
    kept: list[Pair] = []
    for pair in pairs:
        same = (
            p
            for p in kept
            if p.plan.cover == pair.plan.cover and np.array_equal(p.tables.open, pair.tables.open)
        )
        if next(same, None) is None:
            kept.append(pair)
    return kept
