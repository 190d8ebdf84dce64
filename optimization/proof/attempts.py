"""Attempts: a plan that fails its proof is improved and tried again, and that costs certainty.

Who tries often enough passes once by luck. So each attempt has futures of its own, which no earlier one
has used, and only a part of the chance of error; all attempts together, however many, keep to the whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from optimization.paths import CertifyPaths
from twin.errors import UsageError

#: chance that a plan that misses a target is certified, all targets and attempts together (convention)
ALPHA = 0.05


@dataclass(frozen=True)
class Attempt:
    """One attempt to certify a plan.

    Attributes
    ----------
    number : 1 for the first
    alpha : chance of error that it may spend
    paths : its own futures
    """

    number: int
    alpha: float
    paths: CertifyPaths

    def __post_init__(self) -> None:
        if self.number < 1 or not 0 < self.alpha < 1:
            raise UsageError(
                f"attempts count from 1 and spend a chance between 0 and 1; got {self.number} "
                f"and {self.alpha:g}",
                code="E_RANGE",
            )


@dataclass(frozen=True)
class Attempts:
    """The attempts made so far.

    Attributes
    ----------
    made : in their order
    alpha : chance of error of all attempts together
    """

    made: tuple[Attempt, ...] = ()
    alpha: float = ALPHA

    def next(self, futures: int, *, n_paths: int | None = None) -> Attempt:
        """The next attempt, on the first odd futures that none has used.

        Parameters
        ----------
        n_paths
            Paths of the forecast, where there is one: replication r lives on path r modulo their number, so
            beyond them a future would not be fresh.

        Raises
        ------
        UsageError
            Fewer than 2 futures, or the forecast has no fresh ones left.
        """
        if futures < 2:
            raise UsageError(f"an attempt takes 2 futures or more; got {futures}", code="E_RANGE")
        first = max((r for attempt in self.made for r in attempt.paths.replications), default=-1) + 2
        paths = tuple(range(first, first + 2 * futures, 2))
        if n_paths is not None and paths[-1] >= n_paths:
            fresh = max(0, (n_paths - first + 1) // 2)
            raise UsageError(
                f"attempt {len(self.made) + 1} asks for {futures} fresh futures; of the forecast's {n_paths} "
                f"paths {fresh} are left to certify with: draw more paths, or ask for fewer futures",
                code="E_BUDGET",
            )
        number = len(self.made) + 1
        return Attempt(number, share_of(number) * self.alpha, CertifyPaths(paths))

    def with_(self, attempt: Attempt) -> Attempts:
        """These attempts and one more.

        Raises
        ------
        UsageError
            It is not the next one, spends more than its part, or uses a future that another has used.
        """
        used = {r for each in self.made for r in each.paths.replications}
        again = used.intersection(attempt.paths.replications)
        if again:
            raise UsageError(f"futures {sorted(again)[:5]} have been used by an earlier attempt")
        number = len(self.made) + 1
        part = share_of(number) * self.alpha
        if attempt.number != number or attempt.alpha > part * (1 + 1e-12):
            raise UsageError(
                f"attempt {number} comes next and may spend {part:.4f}; got attempt {attempt.number} "
                f"with {attempt.alpha:.4f}",
                code="E_RANGE",
            )
        return Attempts((*self.made, attempt), self.alpha)

    @property
    def spent(self) -> float:
        """Chance of error spent so far."""
        return sum(attempt.alpha for attempt in self.made)


def share_of(number: int) -> float:
    """The part of the whole chance of error that an attempt may spend: 6 / (pi k)^2. [fraction]

    These parts sum to one over all attempts without end, so a plan that never meets its target is certified
    at some attempt with at most the whole chance: P(any of them) <= sum of alpha_k (Bonferroni).

    References
    ----------
    Foster & Stine (2008), Alpha-investing: a procedure for sequential control of expected false discoveries,
    J. R. Stat. Soc. B 70(2), 429-444 (spending over a sequence of tests).
    """
    return 6 / (math.pi * number) ** 2
