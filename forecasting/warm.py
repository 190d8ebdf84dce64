"""Warm start: networks that were taught before, to learn on from.

A hospital's own registered model is one, the shipped pack another. The network that is judged on recent
origins must not have seen them, so it goes on from weights that never did; those that serve go on from
weights that have seen all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Warm:
    """Weights to begin from.

    Attributes
    ----------
    learner : of a network that has seen nothing of the origins on which it will be judged
    networks : of those that will serve, one or more
    """

    learner: State
    networks: tuple[State, ...]
