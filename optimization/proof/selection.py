"""Selection: the best of a few finalists, played on the same futures until they are told apart.

The finalist with the least mean of a few futures is often not the best one. So all are played on the same
patients (common random numbers), those that are clearly worse are left behind at looks fixed beforehand, and
the rest go on until the leader costs at most ``worth`` more than any of them, or the futures are used up.

What is guaranteed: with the confidence asked, the plan chosen costs at most ``Selection.within`` more than
the best of the finalists. If the best is better than all others by ``worth`` and ``within`` has come down to
it, the plan chosen *is* the best; finalists nearer than that count as equally good. This holds whatever the
correlation of the finalists and however their spreads differ. It asks that means of paired differences are
nearly normal but for skewness, which is corrected.

Why: let b be the best. At each look of at most M, each difference of another plan from b lies below its upper
bound but for a chance of (1 - confidence) / (M (k - 1)); so all of them do at once, with the confidence asked
(Bonferroni). Then b is never left behind, since no plan is clearly better; and at any stop the leader is at
most its own bound against b, who is still there, above b.

References
----------
Nelson & Matejcik (1995), Using common random numbers for indifference-zone selection and multiple
comparisons in simulation, Management Science 41(12), 1935-1945, doi:10.1287/mnsc.41.12.1935 (bounds of
differences from the best under common random numbers).
Nelson, Swann, Goldsman & Song (2001), Simple procedures for selecting the best simulated system when the
number of alternatives is large, Operations Research 49(6), 950-963 (leaving the clearly worse behind).
Clark & Yang (1986), A Bonferroni selection procedure when using common random numbers with unknown
variances, Proc. Winter Simulation Conf., 313-315.
Eckman & Henderson (2021), Fixed-confidence, fixed-tolerance guarantees for ranking-and-selection
procedures, ACM Trans. Model. Comput. Simul. 31(2) ("within delta of the best" is what is promised).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimization.paths import TrainPaths
from optimization.proof.estimates import upper_bounds
from twin.errors import TwinError, UsageError
from twin.plan import Selection
from twin.units import FloatArray

#: chance that the plan chosen is as good as is told (convention of this field: Nelson & Matejcik 1995)
CONFIDENCE = 0.95
#: more finalists than this are screened by something cheaper first
MOST_FINALISTS = 50
#: futures before the first look (Nelson et al. 2001 advise 10 or more, for the spread to be known)
FIRST = 10

#: costs of some finalists on some futures, shape (finalist, future): the same patients for all of them
Costs = Callable[[Sequence[int], TrainPaths], FloatArray]


@dataclass(frozen=True)
class Selected:
    """The finalist chosen.

    Attributes
    ----------
    index : which
    selection : how sure that is
    left : finalists that were never told apart from it or from each other, the chosen one among them
    played : futures of all finalists together, the budget spent
    """

    index: int
    selection: Selection
    left: tuple[int, ...]
    played: int


def select(
    costs: Costs,
    finalists: int,
    train: TrainPaths,
    *,
    worth: float,
    confidence: float = CONFIDENCE,
    first: int = FIRST,
    picked_from: int | None = None,
) -> Selected:
    """Choose the finalist of least expected cost.

    Parameters
    ----------
    costs
        Plays finalists on futures; a fault or a cancel that it raises ends the selection, and nothing of it
        is kept.
    train
        The most futures that may be played, a budget; certifying futures are never touched.
    worth
        A difference in expected cost that is not worth more futures, 0 or more. [unit of the costs]
    first
        Futures before the first look; they double from look to look.
    picked_from
        Plans of which these are the ones that looked best by something else seen on the same futures. Which
        of them is the best finalist then depends on chance, so every pair of them is bounded.

    Raises
    ------
    UsageError
        No finalist or more than 50, or numbers with which nothing can be chosen.
    TwinError
        A cost that is not a finite number.
    """
    _check(finalists, worth, confidence, first)
    looks = looks_of(len(train.replications), first)
    if finalists == 1:
        return Selected(0, Selection(1, 0, 0.0, confidence, float(worth)), (0,), 0)
    pairs = finalists - 1 if picked_from is None else picked_from * (picked_from - 1)
    alpha = (1 - confidence) / (len(looks) * pairs)
    left, seen, played = np.arange(finalists), np.empty((finalists, 0)), 0
    for futures in looks:
        fresh = TrainPaths(train.replications[seen.shape[1] : futures])
        seen = np.concatenate([seen, _played(costs, left, fresh)], axis=1)
        played += left.size * len(fresh.replications)
        above = _above(seen, alpha)
        leader, still = int(np.argmin(seen.mean(axis=1))), _not_clearly_worse(above)
        within = max(0.0, float(above[leader, still].max()))
        leader = int(np.flatnonzero(np.flatnonzero(still) == leader)[0])
        left, seen = left[still], seen[still]
        if within <= worth:
            break
    told = Selection(finalists, seen.shape[1], within, confidence, float(worth))
    return Selected(int(left[leader]), told, tuple(int(i) for i in left), played)


def looks_of(budget: int, first: int = FIRST) -> tuple[int, ...]:
    """Futures played at each look: ``first``, doubled, up to the budget."""
    looks, futures = [], first
    while futures < budget:
        looks.append(futures)
        futures *= 2
    return (*looks, budget)


def _above(seen: FloatArray, alpha: float) -> FloatArray:
    """Upper bounds of how much more plan i costs than plan j, shape (i, j); infinite from one future."""
    if seen.shape[1] < 2:
        return np.where(np.eye(seen.shape[0], dtype=bool), 0.0, math.inf)
    bounds = upper_bounds(seen[:, None, :] - seen[None, :, :], alpha)
    np.fill_diagonal(bounds, 0.0)
    return bounds


def _not_clearly_worse(above: FloatArray) -> NDArray[np.bool_]:
    """Plans that no other is clearly better than: i is left behind if some j - i is below 0 for sure."""
    return np.asarray((above >= 0).all(axis=0), dtype=np.bool_)


def _played(costs: Costs, left: NDArray[np.int64], paths: TrainPaths) -> FloatArray:
    plans = [int(i) for i in left]
    told = np.asarray(costs(plans, paths), dtype=np.float64)
    if told.shape != (len(plans), len(paths.replications)):
        raise UsageError(
            f"{len(plans)} finalists on {len(paths.replications)} futures; got costs of shape {told.shape}"
        )
    wrong = np.argwhere(~np.isfinite(told))
    if wrong.size:
        plan, future = plans[wrong[0][0]], paths.replications[wrong[0][1]]
        raise TwinError(
            f"finalist {plan} costs {told[tuple(wrong[0])]} in replication {future}: no number to choose by",
            code="E_NOT_FINITE",
        )
    return told


def _check(finalists: int, worth: float, confidence: float, first: int) -> None:
    if not 1 <= finalists <= MOST_FINALISTS:
        raise UsageError(f"1 to {MOST_FINALISTS} finalists are compared; got {finalists}", code="E_RANGE")
    if not (math.isfinite(worth) and worth >= 0):
        raise UsageError(f"a difference worth nothing is finite, 0 or more; got {worth}", code="E_RANGE")
    if not 0.5 < confidence < 1:
        raise UsageError(f"a confidence lies between 0.5 and 1; got {confidence}", code="E_RANGE")
    if first < 2:
        raise UsageError(f"2 futures or more come before a look; got {first}", code="E_RANGE")
