"""A bed plan kept at hand: one slider is moved, and the same model answers again.

The model and the solver stay as they are between questions; only the number that was moved is changed. With
flex beds by day the answer is nearly the best, and says how nearly (``near.py``).
A question without an answer changes nothing. A plan in force can be kept to: of all plans that meet the
rules, the one that changes fewest bed-days, and of those the cheapest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import pyomo.environ as pyo

from optimization.beds.counting import Tables, agreed, broken_rules, cost_again
from optimization.beds.levels import tables_of
from optimization.beds.limits import BedPrices, pins_by_team
from optimization.beds.model import BedLevels, bed_model, cost_of, solve_beds
from optimization.beds.near import NearBest
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import BedParameters, Levels
from optimization.beds.shortage import explain_shortage, refuse_what_cannot_stand
from optimization.solving import NoPlan, Solved, solve, solver
from twin.errors import ConfigError, Problem, TwinError, did_you_mean
from twin.hospital import Hospital

#: half of what the solver may leave a whole number away from itself, when it is asked for again [bed-days]
_ROUNDING = 1e-6


@dataclass(frozen=True)
class KeptAnswer:
    """What the model answers where the sliders stand now.

    Attributes
    ----------
    cost : counted again from the needs, without the model [currency]
    changed : bed-days by which it differs from the plan in force; None where none was named [bed-days]
    """

    levels: BedLevels
    tables: Tables
    cost: float
    solved: Solved
    changed: int | None = None


class KeptBedPlan:
    """A bed model between questions.

    Parameters
    ----------
    given
        The numbers it starts with.
    needs, hospital
        What the cost is counted from again, and the names in errors.
    in_force
        (ward, period) -> open beds of the plan in force, for ``nearest``. [beds]
    time_limit
        Of each answer. [s]
    """

    def __init__(
        self,
        given: BedParameters,
        needs: WardNeeds,
        hospital: Hospital,
        *,
        in_force: Levels | None = None,
        time_limit: float = 20,
    ) -> None:
        self.given, self._needs, self._hospital = given, needs, hospital
        self._in_force = in_force
        self._highs = solver(time_limit=time_limit)
        self._time_limit = time_limit
        self._model = bed_model(given)
        self._near = NearBest(self._model, given) if len(self._model.OF_DAY) else None
        if in_force is not None:
            _measure_change(self._model, given, in_force)

    def now(self) -> KeptAnswer:
        """The cheapest plan where the sliders stand; with flex beds one at most ``NEAR`` dearer.

        Raises
        ------
        Infeasible
            No plan meets the rules: what is short, and the cheapest ways out.
        """
        refuse_what_cannot_stand(self.given, self._needs, self._hospital)
        try:
            if self._near is None:
                levels, solved = solve_beds(self._model, self._highs)
            else:
                levels, solved = self._near.solve(self._time_limit)
        except NoPlan as fault:
            raise explain_shortage(self.given, self._needs, self._hospital, self._highs) from fault
        return self._proved(levels, solved)

    def nearest(self) -> KeptAnswer:
        """The plan that changes fewest bed-days of the plan in force, and of those the cheapest.

        Raises
        ------
        TwinError
            No plan in force was named.
        Infeasible
            No plan meets the rules.
        """
        model = self._model
        if self._in_force is None:
            raise TwinError("there is no plan in force to keep to: name one")
        if not len(model.BEDS):
            return self.now()
        self.now()  # says why, where no plan meets the rules
        model.cost.deactivate()
        model.change_least.activate()
        try:
            least = round(solve(model, self._highs, what="bed plan").objective)
        finally:
            model.change_least.deactivate()
            model.cost.activate()
        model.most_change.set_value(least + _ROUNDING)
        try:
            return self._proved(*solve_beds(model, self._highs))
        finally:
            model.most_change.set_value(_anything(self.given))

    def with_total(self, total: int) -> KeptAnswer:
        """Move the total. [beds]"""
        if isinstance(total, bool) or not isinstance(total, int) or total < 0:
            raise _refused("total", total, "a whole number of beds, 0 or more")
        limits = self.given.limits
        total = min(total, sum(limits.ceiling.values()))
        return self._moved(replace(self.given, limits=replace(limits, total=total)))

    def with_price(self, **prices: float) -> KeptAnswer:
        """Move prices, by their names in ``BedPrices``. [currency]

        The price of an outlier follows that of a patient without a bed, and the price of a flex bed that of
        an open one, in proportion, unless they are named.
        """
        known = [name for name in BedPrices.__dataclass_fields__ if name not in ("currency", "nurses")]
        for name, price in prices.items():
            if name not in known:
                raise _refused(f"prices.{name}", price, "no such price", did_you_mean(name, known))
        now = self.given.prices
        moved: dict[str, Any] = {
            "outlier_day": now.outlier_day
            * prices.get("short_patient_day", now.short_patient_day)
            / now.short_patient_day,
            "flex_bed_day": now.flex_bed_day
            * prices.get("open_bed_day", now.open_bed_day)
            / now.open_bed_day,
            **prices,
        }
        return self._moved(replace(self.given, prices=replace(now, **moved)))

    def with_pin(self, ward: str, beds: int | None) -> KeptAnswer:
        """Fix a ward's open beds, or let them go with None. [beds]

        Raises
        ------
        ConfigError
            No such ward, more beds than can be opened, or a number that no whole teams make.
        """
        given, limits = self.given, self.given.limits
        if ward not in given.wards:
            raise _refused(f"pins.{ward}", beds, "no such ward", did_you_mean(ward, given.wards))
        pins = {name: level for name, level in limits.pins.items() if name != ward}
        if beds is not None:
            if isinstance(beds, bool) or not isinstance(beds, int) or not 0 <= beds <= limits.ceiling[ward]:
                raise _refused(f"pins.{ward}", beds, f"a whole number of beds, 0 to {limits.ceiling[ward]}")
            if problems := pins_by_team({ward: beds}, limits.teams, limits.flex, given.today):
                raise ConfigError("the bed plan", problems)
            pins[ward] = beds
        floor = dict(given.floor)
        for (name, p), least in self._floors_without_pins().items():
            if name == ward and (name, p) not in given.frozen:
                floor[name, p] = least if beds is None else beds
        return self._moved(replace(given, limits=replace(limits, pins=pins), floor=floor))

    def _floors_without_pins(self) -> Levels:
        """What each ward must open by its cover alone. [beds]"""
        given, cover = self.given, self.given.limits.cover
        return {
            (w, p): 0 if cover is None else self._needs.covered(w, given.periods[p], cover)
            for w, p in given.floor
        }

    def _moved(self, then: BedParameters) -> KeptAnswer:
        """Answer with other numbers; keep them only if there is an answer."""
        before = self.given
        self._set(then)
        try:
            return self.now()
        except TwinError:
            self._set(before)
            raise

    def _set(self, given: BedParameters) -> None:
        """Write the numbers into the model."""
        model, limits, prices = self._model, given.limits, given.prices
        self.given = given
        model.total.set_value(limits.total)
        for (w, p), floor in given.floor.items():
            model.floor[w, p].set_value(floor)
            model.highest[w, p].set_value(limits.pins.get(w, limits.ceiling[w]))
        model.short_price.set_value(prices.short_patient_day)
        model.outlier_price.set_value(prices.outlier_day)
        model.open_price.set_value(prices.open_bed_day)
        model.flex_price.set_value(prices.flex_bed_day - prices.open_bed_day)
        model.move_price.set_value(prices.move)
        for ward in given.wards:
            model.nurse_price[ward].set_value(prices.nurses.get(ward, 0.0))

    def _proved(self, levels: BedLevels, solved: Solved) -> KeptAnswer:
        """The answer, its cost counted again and its rules checked without the model."""
        given, tables = self.given, tables_of(self.given, levels)
        if broken := broken_rules(given, tables):
            raise TwinError(f"the plan breaks rules that the model should keep: {'; '.join(broken)}")
        cost = cost_again(self._needs, given.prices, tables, given.limits.pools)
        agreed(cost, cost_of(self._model, given, levels))
        changed = None
        if self._in_force is not None:
            apart = {(w, p): abs(levels.open[w, p] - n) for (w, p), n in self._in_force.items()}
            changed = sum(beds * len(given.periods[p]) for (_, p), beds in apart.items())
        return KeptAnswer(levels, tables, cost, solved, changed)


def _measure_change(m: Any, given: BedParameters, in_force: Levels) -> None:
    """Add to a model how far it is from the plan in force, and a limit that does not bind yet."""
    m.opened_more = pyo.Var(m.WARDS, m.PERIODS, domain=pyo.NonNegativeReals)
    m.opened_fewer = pyo.Var(m.WARDS, m.PERIODS, domain=pyo.NonNegativeReals)

    @m.Constraint(m.WARDS, m.PERIODS, doc="a change of the plan in force is an opening or a closing")
    def from_plan_in_force(m, w, p):  # type: ignore[no-untyped-def]
        if given.most(w, p) == 0:
            return pyo.Constraint.Skip
        return m.level[w, p] - in_force[w, p] == m.opened_more[w, p] - m.opened_fewer[w, p]

    days = [len(period) for period in given.periods]
    change = sum(days[p] * (m.opened_more[w, p] + m.opened_fewer[w, p]) for w in m.WARDS for p in m.PERIODS)
    m.most_change = pyo.Param(initialize=_anything(given), mutable=True)
    m.within_change = pyo.Constraint(expr=change <= m.most_change)
    m.change_least = pyo.Objective(expr=change)
    m.change_least.deactivate()


def _anything(given: BedParameters) -> float:
    """Bed-days by which no two plans differ. [bed-days]"""
    beds = sum(given.most(w, p) * len(given.periods[p]) for w, p in given.floor)
    return float(2 * beds + math.prod((given.periods[-1].stop, sum(given.today.values()))))


def _refused(path: str, value: object, rule: str, cure: str = "") -> ConfigError:
    return ConfigError("the bed plan", [Problem(path, value, rule, cure)])
