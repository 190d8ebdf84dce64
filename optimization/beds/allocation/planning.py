"""An allocation with proof: costs, the exact allocation, and how far it may be from the best.

With analytic costs the allocation is exact at once. With simulated ones it is exact for the futures it
learned from, bounded on fresh ones, and counted again by the twin's own engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np

from optimization.beds.allocation.costs import RefusalCosts, costs_of, steady_costs
from optimization.beds.allocation.loss_system import refusals
from optimization.beds.allocation.model import allocation_model, solve_allocation
from optimization.beds.allocation.proof import Distance, distance_from_best
from optimization.beds.allocation.sharing import by_marginal_analysis, in_proportion
from optimization.beds.allocation.specialties import Specialty, check_specialties, hospital_of
from optimization.beds.allocation.week import weekly_costs
from optimization.paths import split
from optimization.proof.certificate import versions
from optimization.solving import solver
from twin.case import Case, Window
from twin.errors import TwinError
from twin.plan import Certificate
from twin.replications import replicate
from twin.trace import Outcome, Trace
from twin.units import FloatArray, IntArray

#: one year of whole weeks, so that each weekday counts alike [days]
YEAR = 364
#: days in which an empty house fills: several mean stays (assumed; the longest specialties stay about 12)
WARM_UP = 84
#: any Monday: nothing here knows a season
MONDAY = date(2025, 1, 6)
#: the engine's count and the curve's may differ by rounding only [weighted refusals a day]
SAME = 1e-9


@dataclass(frozen=True)
class Allocation:
    """Beds by specialty, what they cost, and how good they are.

    Attributes
    ----------
    beds, in_proportion : specialty -> beds, as planned and by the rule of thumb [beds]
    cost, cost_in_proportion : of both [weighted refusals a day]; on fresh futures where simulated
    distance : how far from the best possible; None where costs are analytic and the plan is exact
    certificate : its proof; None where costs are analytic
    """

    beds: Mapping[str, int]
    in_proportion: Mapping[str, int]
    cost: float
    cost_in_proportion: float
    distance: Distance | None = None
    certificate: Certificate | None = None

    @property
    def fewer(self) -> float:
        """Weighted refusals that the plan saves, of those of shares in proportion. [fraction]"""
        return 1 - self.cost / self.cost_in_proportion if self.cost_in_proportion else 0.0


def allocate(specialties: Sequence[Specialty], total: int) -> Allocation:
    """Share out the total with analytic costs: exact, by marginal analysis.

    Arrivals at one rate all week cost what Erlang's formula says; arrivals that follow the week what
    the modified offered load says.

    Raises
    ------
    ConfigError
        Specialties or a total that cannot be planned with.
    """
    check_specialties(specialties, total)
    steady = all(len({*s.weekdays}) == 1 and len({*s.hours}) == 1 for s in specialties)
    costs = steady_costs(specialties, total) if steady else weekly_costs(specialties, total)
    beds, thumb = by_marginal_analysis(costs, total), thumb_of(specialties, total)
    return Allocation(_named(costs, beds), _named(costs, thumb), costs.of(beds), costs.of(thumb))


def allocate_by_simulation(
    specialties: Sequence[Specialty],
    total: int,
    *,
    replications: int = 40,
    days: int = YEAR,
    seed: int = 1,
    time_limit: float = 60,
    threads: int = 2,
) -> Allocation:
    """Share out the total with simulated costs, and prove it on fresh futures.

    Parameters
    ----------
    replications
        Even ones train, odd ones certify; each is so many ``days`` after a warm-up.
    time_limit
        Of the solver. [s]

    Raises
    ------
    ConfigError, UsageError
        Specialties, a total or replications that cannot be planned with.
    Infeasible
        The solver found nothing in time.
    """
    check_specialties(specialties, total)
    train, certify = split(replications)
    window = Window(MONDAY, days=days, warm_up=WARM_UP, tail=0)
    house = Case(hospital_of(specialties, {s.name: total for s in specialties}))
    learned, fresh = (
        refusals(house, window, seed=seed, replications=paths.replications, most=total) / days
        for paths in (train, certify)
    )
    costs = costs_of(specialties, learned.mean(axis=0), total)
    beds, solved = solve_allocation(allocation_model(costs, total), solver(time_limit=time_limit))

    weights = np.array([s.weight for s in specialties])
    by_future = fresh * weights[None, :, None]
    distance = distance_from_best(beds, costs, by_future, total)
    thumb = thumb_of(specialties, total)
    seen = costs_of(specialties, fresh.mean(axis=0), total)
    again = _counted_by_the_twin(specialties, beds, window, certify.replications, seed=seed, threads=threads)
    certificate = Certificate(
        cost=_agreed(again, seen.of(beds)),
        objective=solved.objective,
        bound=solved.bound,
        gap=solved.gap,
        bound_note=f"{solved.words}, over the training futures; {distance.words} "
        "(bound: separable loss system, every batch of fresh futures solved exactly)",
        targets=(),
        train_paths=len(train.replications),
        certify_paths=len(certify.replications),
        seed=seed,
        versions=versions(),
        command=f"allocate_by_simulation(specialties, {total}, replications={replications}, days={days}, "
        f"seed={seed})",
        wording="in simulation, if patients come and stay as described",
    )
    return Allocation(
        _named(costs, beds), _named(costs, thumb), seen.of(beds), seen.of(thumb), distance, certificate
    )


def thumb_of(specialties: Sequence[Specialty], total: int) -> IntArray:
    """Shares of the total in proportion to offered load, int (specialty,). [beds]"""
    return in_proportion(np.array([s.offered for s in specialties]), total)


def _counted_by_the_twin(
    specialties: Sequence[Specialty],
    beds: IntArray,
    window: Window,
    replications: Sequence[int],
    *,
    seed: int,
    threads: int,
) -> float:
    """Weighted refusals a day as the twin's engine plays them, which knows no curve."""
    named = {s.name: int(n) for s, n in zip(specialties, beds, strict=True)}
    case = Case(hospital_of(specialties, named))
    weights = np.array([s.weight for s in specialties])
    count = partial(_refused, window=window)
    counts = replicate(case, window, seed=seed, replications=replications, reduce=count, threads=threads)
    return float((np.mean(counts, axis=0) * weights).sum())


def _refused(trace: Trace, *, window: Window) -> FloatArray:
    """Refused patients a measured day by specialty: classes are in the order of the specialties."""
    work = trace.workload
    starts = work.clock.day_starts
    first, last = starts[window.warm_up], starts[window.warm_up + window.days]
    gone = (trace.outcome == Outcome.REFUSED) & (work.arrival >= first) & (work.arrival < last)
    wards = len(trace.places)
    return np.bincount(work.patient_class[gone], minlength=wards)[:wards] / window.days


def _agreed(again: float, said: float) -> float:
    if abs(again - said) > SAME * max(1.0, said):
        raise TwinError(f"the curves say {said:.6f} weighted refusals a day, the twin's engine {again:.6f}")
    return again


def _named(costs: RefusalCosts, beds: IntArray) -> dict[str, int]:
    return {name: int(n) for name, n in zip(costs.names, beds, strict=True)}
