"""Futures to learn from, and fresh futures to prove with: never the same ones.

A plan that was fitted to some futures looks better on them than it is. So even replications
train and odd ones certify, and the two are different types that a function cannot mix up.
"""

from __future__ import annotations

from dataclasses import dataclass

from twin.case import Case
from twin.errors import UsageError


@dataclass(frozen=True)
class TrainPaths:
    """Replications that a plan may learn from: the even ones."""

    replications: tuple[int, ...]

    def __post_init__(self) -> None:
        _require(self.replications, remainder=0, name="training")


@dataclass(frozen=True)
class CertifyPaths:
    """Replications that prove a plan and that no plan has seen: the odd ones."""

    replications: tuple[int, ...]

    def __post_init__(self) -> None:
        _require(self.replications, remainder=1, name="certifying")


def split(replications: int) -> tuple[TrainPaths, CertifyPaths]:
    """Half of the futures to train, half to certify.

    Raises
    ------
    UsageError
        Fewer than 4 replications: a spread needs two futures on each side.
    """
    if replications < 4:
        raise UsageError(
            f"a plan with proof needs 4 replications or more (half train, half certify); got {replications}"
        )
    return TrainPaths(tuple(range(0, replications, 2))), CertifyPaths(tuple(range(1, replications, 2)))


def after(train: TrainPaths, case: Case) -> TrainPaths:
    """As many even futures again, so that finalists are compared on none that they were made for.

    A plan that was fitted to twenty futures looks better on those than it is. Where the forecast of the case
    has no further paths the same ones serve.
    """
    last, many = train.replications[-1], len(train.replications)
    further = tuple(range(last + 2, last + 2 + 2 * many, 2))
    demand = case.demand
    return train if demand is not None and further[-1] >= demand.n_paths else TrainPaths(further)


def apart(case: Case) -> Case:
    """The same case with a forecast whose even and odd paths never meet.

    Replication r lives on path r modulo the number of paths, so that number must be even; of an
    odd number the last path is left out.

    Raises
    ------
    UsageError
        The forecast has one path only: nothing is left to certify with.
    """
    demand = case.demand
    if demand is None or demand.n_paths % 2 == 0:
        return case
    if demand.n_paths == 1:
        raise UsageError(
            "the forecast has one path; a plan needs other paths to prove it on than those it learns from"
        )
    return case.with_(demand=demand.only(range(demand.n_paths - 1)))


def _require(replications: tuple[int, ...], *, remainder: int, name: str) -> None:
    wrong = [r for r in replications if r < 0 or r % 2 != remainder]
    if wrong or not replications:
        raise UsageError(
            f"{'odd' if remainder else 'even'} replications are for {name}; got {wrong or 'none'}"
        )
