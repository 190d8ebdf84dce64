"""Replications: the same case lived many times, each on its own chance and its own path.

The words are loaded when they are first used, so that a worker who waits for work stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.replications.limits import MOST_REPLICATIONS, Budget, budget
    from twin.replications.playing import play
    from twin.replications.question import Side
    from twin.replications.together import replicate, replicate_sides
    from twin.replications.where import on_cluster

_WHERE = {
    "MOST_REPLICATIONS": "limits",
    "Budget": "limits",
    "Side": "question",
    "budget": "limits",
    "on_cluster": "where",
    "play": "playing",
    "replicate": "together",
    "replicate_sides": "together",
}

__all__ = [
    "MOST_REPLICATIONS",
    "Budget",
    "Side",
    "budget",
    "on_cluster",
    "play",
    "replicate",
    "replicate_sides",
]


def __getattr__(name: str) -> Any:
    """Load a public word when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module 'twin.replications' has no {name!r}")
    return getattr(importlib.import_module(f"twin.replications.{_WHERE[name]}"), name)
