"""Demand: what the twin is told will arrive, as drawn futures.

A *path* is one drawn future: on each local day a whole number of patients for each stream.
The paths are the truth of a forecast; its quantiles are their marginals. One replication of
the simulation lives on one path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from twin.errors import UsageError
from twin.units import FloatArray, IntArray


@dataclass(frozen=True)
class DemandForecast:
    """Sample paths of daily counts with axes (path, series, day).

    Attributes
    ----------
    start : local date of the first day
    series : names of the hospital's arrival streams, one an entry of axis 1
    paths : int64, shape (path, series, day), read-only [patients a day]
    made_by : ``lstm``, ``base``, ``seasonal_naive``, ``lightgbm`` or ``observed``
    as_of : the last instant of the data behind it, never the wall clock
    note : what a reader must be told, e.g. that a foreign series was scaled
    """

    start: date
    series: tuple[str, ...]
    paths: IntArray
    made_by: str
    as_of: datetime | None = None
    note: str = ""

    def __post_init__(self) -> None:
        paths = np.array(self.paths, dtype=np.int64, copy=True, order="C")
        if paths.ndim != 3 or paths.shape[1] != len(self.series) or 0 in paths.shape:
            raise UsageError(
                f"demand paths have shape {paths.shape}; expected (path, {len(self.series)} series, day)"
            )
        if (paths < 0).any():
            raise UsageError("demand paths hold a negative count of patients")
        paths.setflags(write=False)
        object.__setattr__(self, "paths", paths)

    @property
    def n_paths(self) -> int:
        """Number of drawn futures."""
        return int(self.paths.shape[0])

    @property
    def days(self) -> int:
        """Number of days ahead."""
        return int(self.paths.shape[2])

    def quantiles(self, levels: Sequence[float]) -> FloatArray:
        """Marginal quantiles, shape (level, series, day). [patients a day]"""
        return np.quantile(self.paths, levels, axis=0)

    def path(self, replication: int) -> IntArray:
        """Counts of the path that a replication lives on, shape (series, day). [patients a day]"""
        return self.paths[replication % self.n_paths]

    def only(self, paths: Sequence[int] | IntArray) -> DemandForecast:
        """The same forecast with these paths alone, in this order."""
        return replace(self, paths=self.paths[np.asarray(paths, dtype=np.int64)])

    def preceded_by(self, start: date, observed: IntArray) -> DemandForecast:
        """The same forecast with known days before it, equal in every path.

        Parameters
        ----------
        start
            Local date of the first observed day; the observed days must end where this begins.
        observed
            Shape (series, day). [patients a day]
        """
        counts = np.asarray(observed, dtype=np.int64)
        if (self.start - start).days != counts.shape[1]:
            raise UsageError(
                f"observed days from {start} ({counts.shape[1]} of them) do not end where the forecast "
                f"begins ({self.start})"
            )
        past = np.broadcast_to(counts, (self.n_paths, *counts.shape))
        return replace(self, start=start, paths=np.concatenate([past, self.paths], axis=2))
