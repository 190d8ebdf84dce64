"""Where replications are played: on this machine, or on a cluster that is named for all that is asked inside.

Where the work is done changes no result, so it is no part of a question and stands in no run's inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twin.replications.cluster import Cluster

_HERE: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def cluster_here() -> Cluster | None:
    """The cluster that was named for all that is asked here."""
    return _HERE.get()


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Play all replications that are asked for inside on a cluster; as before where none is named.

    Raises
    ------
    UsageError
        Nobody answers there, or not with the same results: never is the work silently done here instead.
    """
    if not address:
        yield
        return
    from twin.replications.cluster import Cluster

    with Cluster(address) as cluster:
        token = _HERE.set(cluster)
        try:
            yield
        finally:
            _HERE.reset(token)
