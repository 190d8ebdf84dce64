"""Nurses for beds: who comes to which shift when these are open, and what a bed more would cost in nurses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from optimization.beds.needs import WardNeeds, bed_needs
from optimization.cover.counting import Counted, broken_rules, count_as_solved
from optimization.cover.house import Family, nurses_needed, plan_of
from optimization.cover.needs import StaffNeeds
from optimization.cover.shortage import explain_shortage
from optimization.cover.solving import CoverSolution, solve_cover
from optimization.cover.terms import CoverTerms, WardCover
from optimization.together.question import Question
from twin.plan import Plan
from twin.units import DAYS_WEEK, FloatArray, IntArray


@dataclass(frozen=True)
class Nurses:
    """Who comes to which shift for given beds.

    Attributes
    ----------
    needs : beds filled by future, ward and hour, with these beds open
    families, solved, counted : an entry for each family of groups with the same shifts
    """

    needs: WardNeeds
    families: tuple[Family, ...]
    solved: tuple[CoverSolution, ...]
    counted: tuple[Counted, ...]

    @property
    def cover(self) -> Mapping[str, Mapping[date, Mapping[str, int]]]:
        """Staff group -> date -> shift -> people."""
        told = [(f, s.numbers) for f, s in zip(self.families, self.solved, strict=True)]
        return plan_of(told, "nurses").cover

    @property
    def parts(self) -> dict[str, float]:
        """What is paid beyond basic pay, by name; the weight of nurses missing is none of it. [currency]"""
        names = [name for name in self.counted[0].parts if name != "shortage"]
        return {name: sum(c.parts[name] for c in self.counted) for name in names}

    @property
    def pay(self) -> float:
        """What is paid beyond basic pay. [currency]"""
        return sum(self.parts.values())


def nurses_for(
    asked: Question, beds: Plan, open_beds: IntArray, *, weight: float, time_limit: float, **simulation: Any
) -> Nurses:
    """The cheapest nurses for patients as they lie when these beds are open.

    Parameters
    ----------
    beds, open_beds
        The beds as a plan and by planned day, int (ward, day). [beds]
    weight
        Of an hour without a nurse who is needed, against ``Question.nurse_hour``. [ratio]

    Raises
    ------
    Infeasible
        No nurses meet the rules of the shifts: what is short, where, when, and the cheapest ways out.
    TwinError
        The model and the count of its answer differ.
    """
    window, train = asked.window, asked.beds.train
    lying = bed_needs(asked.beds.case.with_(plan=beds), window, train, as_it_runs=True, **simulation)
    needs = filled(lying, open_beds)
    parts = _families(asked, beds, needs, weight)
    threads = int(simulation.get("threads", 2))

    def solve(family: Family) -> CoverSolution:
        return solve_cover(family.terms, time_limit=time_limit / len(parts), threads=threads)

    solved = [solve(family) for family in parts]
    if any(broken_rules(s.terms, s.numbers) for s in solved):
        raise explain_shortage(asked.nurses, parts, solved, solve)
    counted = [
        count_as_solved(f.terms, s.numbers, f.needs, s.solved.objective)
        for f, s in zip(parts, solved, strict=True)
    ]
    return Nurses(needs, tuple(parts), tuple(solved), tuple(counted))


def filled(needs: WardNeeds, open_beds: IntArray) -> WardNeeds:
    """Beds with somebody in them: needs up to the open beds of the day, int (ward, day)."""
    beds = np.minimum(needs.beds, open_beds[:, needs.day])
    return replace(needs, beds=beds)


def _families(asked: Question, beds: Plan, needs: WardNeeds, weight: float) -> list[Family]:
    plan = replace(asked.case.plan, beds=beds.beds)
    made = replace(asked.nurses, case=asked.case.with_(plan=plan)).families(needs)
    return [replace(f, terms=_weighed(f.terms, weight * asked.nurse_hour)) for f in made]


def _weighed(terms: CoverTerms, nurse_hour: float) -> CoverTerms:
    """The same terms where an hour without a nurse costs what the beds that close then cost."""
    return replace(terms, prices=replace(terms.prices, short=(nurse_hour,)))


# ---- what one more bed costs in nurses -----------------------------------------------------------


def bed_prices(
    asked: Question, nurses: Nurses, beds: Plan, unmet: WardNeeds, open_beds: IntArray
) -> dict[str, float]:
    """What nurses for one more open bed cost, by ward, a day in the mean. [currency a bed a day]

    Own people and those lent come as planned; who more is asked from agencies, and what is still missing, is
    weighed anew on every shift with the ward's patients as they would lie with that bed.

    Parameters
    ----------
    beds, open_beds
        The beds for which the nurses were planned, as a plan and by planned day, int (ward, day). [beds]
    unmet
        Beds needed if no ward ran out of them: who would lie in the further bed.
    """
    told = dict.fromkeys(nurses.needs.wards, 0.0)
    days = len(nurses.needs.days)
    for family, solution in zip(nurses.families, nurses.solved, strict=True):
        kinds = family.terms.patterns.shifts
        for ward in family.terms.wards:
            asked_to = solution.numbers.present(family.terms, ward.name)[:, :, 0]
            own = asked_to - solution.numbers.agency[ward.name][:, :, 0]
            before = _shifts_cost(family.terms, ward, ward.short[:, :, 0], own)
            for i, place in enumerate(nurses.needs.wards):
                nursing = asked.case.hospital.wards[place].nursing
                if nursing is None or nursing.group != ward.name:
                    continue
                more = _one_more(nurses.needs, unmet, open_beds, i)
                wider = {**beds.beds, place: {day: n + 1 for day, n in beds.beds[place].items()}}
                plan = replace(beds, beds=wider)
                needed = nurses_needed(asked.case.hospital, more, ward.name, kinds, plan)
                curves = StaffNeeds(needed, family.needs[ward.name].absence).curves(kinds)
                after = _shifts_cost(family.terms, ward, curves[:, :, 0], own)
                told[place] = max(0.0, after - before) / days
    return told


def _one_more(lying: WardNeeds, unmet: WardNeeds, open_beds: IntArray, ward: int) -> WardNeeds:
    """Beds filled if one ward had one more."""
    beds = lying.beds.copy()
    beds[:, ward] = np.maximum(beds[:, ward], np.minimum(unmet.beds[:, ward], open_beds[ward, unmet.day] + 1))
    return replace(lying, beds=beds)


def _shifts_cost(terms: CoverTerms, ward: WardCover, short: FloatArray, own: IntArray) -> float:
    """The cheapest agencies beside own people, and what is then missing, all shifts together. [currency]"""
    total = 0.0
    for (d, s), people in np.ndenumerate(own):
        most = ward.agency_most[0] if d >= terms.frozen else 0
        if ward.asked is not None:  # a pinned shift takes no more
            most = int(np.clip(ward.asked.most[d, s] - people, 0, most))
        hired = np.arange(most + 1)
        missing = short[d, s, np.minimum(people + hired, short.shape[-1] - 1)]
        cost = hired * terms.agency_shift(d, s, 0) + terms.prices.short[0] * missing
        total += float(cost.min())
    return total


def pay_as_rostered(parts: Sequence[Family]) -> float:
    """What the usual shifts cost beyond basic pay on days that can still be rostered. [currency]"""
    total = 0.0
    for family in parts:
        terms = family.terms
        paid = np.array([kind.paid for kind in terms.patterns.shifts])
        for crew in (*(w.crew for w in terms.wards), *(p.crew for p in terms.pools)):
            for week in terms.weeks:
                days = slice(week, week + DAYS_WEEK)
                hours = crew.rostered[days, :, 0] * paid * terms.premium[days]
                total += float(hours.sum()) * terms.prices.wage[0]
    return total
