"""A station: people of one skill who serve one line, first come first served, over a day of blocks.

Tasks come in a Poisson stream whose rate changes by block and differs from future to future; each
brings its own time of service. All chance is drawn beforehand, by key, so that every staffing meets
the same tasks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special, stats

from twin.errors import ConfigError, Problem
from twin.streams import mix, name_key, root, uniform
from twin.units import MS_MINUTE, FloatArray, IntArray


@dataclass(frozen=True)
class Station:
    """Tasks of one skill over one day.

    Attributes
    ----------
    name : the skill
    rates : expected tasks by path and block, shape (path, block); replication r lives on path r modulo paths
    service_minutes : mean time of service [minutes]
    service_cv : its coefficient of variation; lognormal, 0 for always the same
    rate_cv : coefficient of variation of the day's factor on all rates (lognormal, mean 1): how unsure
        the day is beyond its path
    block_minutes : length of a block [minutes]
    warm_blocks : blocks of the day before that are played first and not counted [blocks]
    """

    name: str
    rates: FloatArray
    service_minutes: float
    service_cv: float = 1.0
    rate_cv: float = 0.0
    block_minutes: int = 30
    warm_blocks: int = 0

    def __post_init__(self) -> None:
        rates = np.atleast_2d(np.asarray(self.rates, dtype=np.float64))
        object.__setattr__(self, "rates", rates)
        checks = (
            (
                "rates",
                bool(np.isfinite(rates).all() and (rates >= 0).all()),
                "finite tasks a block, 0 or more",
            ),
            ("rates", rates.size > 0 and rates.shape[1] >= 1, "one block or more"),
            ("service_minutes", 0 < self.service_minutes < np.inf, "minutes above 0"),
            ("service_cv", 0 <= self.service_cv < np.inf, "a coefficient of variation, 0 or more"),
            ("rate_cv", 0 <= self.rate_cv < np.inf, "a coefficient of variation, 0 or more"),
            ("block_minutes", self.block_minutes >= 1, "whole minutes, 1 or more"),
            ("warm_blocks", 0 <= self.warm_blocks <= rates.shape[1], "blocks, no more than the day has"),
        )
        wrong = [
            Problem(f"stations.{self.name}.{field}", _short(getattr(self, field)), rule)
            for field, right, rule in checks
            if not right
        ]
        if wrong:
            raise ConfigError("the staffing", wrong)

    @property
    def blocks(self) -> int:
        """Blocks of the day."""
        return int(self.rates.shape[1])

    @property
    def block_ms(self) -> int:
        """Length of a block [ms]."""
        return self.block_minutes * MS_MINUTE

    @cached_property
    def mean_rates(self) -> FloatArray:
        """Expected tasks by block, mean of the paths, shape (block,)."""
        return self.rates.mean(axis=0)

    @property
    def load(self) -> FloatArray:
        """Tasks in service if all started at once, roughly: rate x mean service, shape (block,) [people]."""
        return self.mean_rates * self.service_minutes / self.block_minutes


def _short(value: object) -> object:
    return f"array of {value.shape}" if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Days:
    """Drawn days of one station: the tasks of each replication, in order of coming.

    Attributes
    ----------
    station : whose tasks these are
    first : where each replication begins in the columns, shape (replication + 1,)
    arrival : when the task comes, since the begin of the warm-up, shape (task,) [ms]
    service : how long it takes, shape (task,) [ms]
    block : block of the day in which it came; -1 in the warm-up, shape (task,)
    """

    station: Station
    first: IntArray
    arrival: IntArray
    service: IntArray
    block: IntArray

    @property
    def replications(self) -> int:
        """Days drawn."""
        return self.first.size - 1

    @cached_property
    def counted(self) -> IntArray:
        """Counted tasks by replication, shape (replication,)."""
        return np.add.reduceat(np.append(self.block >= 0, False), self.first[:-1]) * (np.diff(self.first) > 0)

    @cached_property
    def by_block(self) -> IntArray:
        """Counted tasks by block, all replications together, shape (block,)."""
        return np.bincount(self.block[self.block >= 0], minlength=self.station.blocks)


def late_allowed(days: Days, target: float) -> int:
    """Late tasks that a target leaves on drawn days. [tasks]"""
    return int(np.floor((1 - target) * int(days.by_block.sum()) + 1e-9))


def draw_days(station: Station, *, seed: int, replications: Sequence[int]) -> Days:
    """Draw days by key: a replication's tasks do not depend on which others are drawn.

    Counts by block are Poisson by inversion, instants uniform in their block.
    """
    warm, blocks, size = station.warm_blocks, station.blocks, station.block_ms
    which = np.asarray(replications, dtype=np.int64)
    keys = np.array([root(seed, int(r)) for r in which], dtype=np.uint64)
    keys = mix(keys, name_key(f"station {station.name}"))
    order = np.r_[np.arange(blocks - warm, blocks), np.arange(blocks)]
    day = _day_factor(station, keys)[:, None]
    expected = station.rates[which % station.rates.shape[0]][:, order] * day
    place = np.arange(order.size)
    counts = stats.poisson.ppf(uniform(mix(keys[:, None], name_key("count"), place[None, :])), expected)
    counts = counts.astype(np.int64)

    flat = counts.ravel()
    total = int(flat.sum())
    slot = np.repeat(np.arange(flat.size), flat)
    index = np.arange(total) - np.repeat(np.cumsum(flat) - flat, flat)
    task = mix(keys[slot // order.size], slot % order.size, index)
    begin = (slot % order.size) * size
    arrival = begin + np.minimum((uniform(mix(task, name_key("instant"))) * size).astype(np.int64), size - 1)
    service = _service(station, uniform(mix(task, name_key("service"))))
    replication = slot // order.size
    sort = np.lexsort((index, arrival, replication))
    block = np.where(slot % order.size >= warm, slot % order.size - warm, -1)
    first = np.r_[0, np.cumsum(counts.sum(axis=1))].astype(np.int64)
    return Days(station, first, arrival[sort], service[sort], block[sort])


def _day_factor(station: Station, keys: np.ndarray) -> FloatArray:
    if station.rate_cv == 0:
        return np.ones(keys.size)
    sigma = np.sqrt(np.log1p(station.rate_cv**2))
    return np.exp(sigma * special.ndtri(uniform(mix(keys, name_key("day factor")))) - sigma**2 / 2)


def _service(station: Station, u: FloatArray) -> IntArray:
    """Service times by inversion of a lognormal; at least 1 ms. [ms]"""
    sigma = np.sqrt(np.log1p(station.service_cv**2))
    minutes = station.service_minutes * np.exp(sigma * special.ndtri(u) - sigma**2 / 2)
    return np.maximum(np.rint(minutes * MS_MINUTE), 1).astype(np.int64)
