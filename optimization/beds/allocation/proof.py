"""How far an allocation may be from the best there is, on futures it has not seen.

On each batch of fresh futures the best allocation of that batch is found exactly. It costs no more than
the truly best allocation does on them, so the plan's cost less the batch's best is, on average, no less
than how far the plan is from the optimum. Its one-sided bound over batches bounds that distance.

References
----------
Mak, Morton & Wood (1999), Oper. Res. Lett. 24, 47-56, doi:10.1016/S0167-6377(98)00054-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from optimization.beds.allocation.costs import RefusalCosts
from optimization.beds.allocation.sharing import exactly
from twin.errors import UsageError
from twin.units import FloatArray, IntArray

#: chance that the distance is told too small (convention)
ALPHA = 0.05
#: batches of fresh futures: fewer make the t bound wide, more make each batch's best look too good (assumed)
BATCHES = 10


@dataclass(frozen=True)
class Distance:
    """The plan's cost and the best possible, on fresh futures.

    Attributes
    ----------
    cost : mean cost of the plan [weighted refusals a day]
    error : half of the 95 % interval of that mean [weighted refusals a day]
    mean, at_most : the plan's cost less each batch's best: its mean, and its one-sided 95 % bound
    """

    cost: float
    error: float
    mean: float
    at_most: float

    @property
    def gap(self) -> float:
        """At most this far from the best possible, of the cost, with 95 % confidence [fraction]."""
        return self.at_most / self.cost if self.cost else 0.0

    @property
    def words(self) -> str:
        """How good the allocation is, for a planner."""
        return (
            f"at most {self.gap:.1%} from the best possible in simulation, with {1 - ALPHA:.0%} confidence: "
            f"{self.cost:.3g} weighted refusals a day (simulation error {self.error:.2g})"
        )


def distance_from_best(beds: IntArray, costs: RefusalCosts, by_future: FloatArray, total: int) -> Distance:
    """Bound the distance of an allocation from the optimum.

    Parameters
    ----------
    costs
        Whose floors and ceilings hold; its own numbers are not read.
    by_future
        Costs in each fresh future, float (future, specialty, beds). [weighted refusals a day]

    Raises
    ------
    UsageError
        Fewer than two futures a batch cannot be told apart from chance.
    """
    batches = min(BATCHES, by_future.shape[0])
    if batches < 2:
        raise UsageError("a bound needs two fresh futures or more: ask for 4 replications")
    size = by_future.shape[0] // batches
    means = by_future[: size * batches].reshape(batches, size, *by_future.shape[1:]).mean(axis=1)
    drawn = [replace(costs, weighted=batch) for batch in means]
    plan = np.array([batch.of(beds) for batch in drawn])
    best = np.array([batch.of(exactly(batch, total)) for batch in drawn])
    mean, half = _mean_and_half(plan, 1 - ALPHA / 2)
    apart, above = _mean_and_half(plan - best, 1 - ALPHA)
    return Distance(mean, half, apart, apart + above)


def _mean_and_half(x: Sequence[float] | FloatArray, level: float) -> tuple[float, float]:
    x = np.asarray(x)
    return float(x.mean()), float(stats.t.ppf(level, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size))
