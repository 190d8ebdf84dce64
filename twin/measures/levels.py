"""Levels: how many beds, rooms or people there were, at instants and over time."""

from __future__ import annotations

import numpy as np

from twin.case import Level
from twin.measures.stays import LATER
from twin.units import IntArray


def levels_at(level: Level, at: IntArray) -> IntArray:
    """A level at each instant, shape of ``at``."""
    return level.values[np.searchsorted(level.times, at, side="right") - 1]


def open_time(level: Level, start: int, end: int) -> int:
    """Level integrated over [start, end). [beds x ms]"""
    begins = level.times
    ends = np.append(level.times[1:], LATER)
    spans = np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0, None)
    return int((spans * level.values).sum())


def time_open(level: Level, begin: IntArray, end: IntArray) -> IntArray:
    """Time in each [begin, end) during which the level was above 0, shape of ``begin``. [ms]"""
    is_open = (level.values > 0).astype(np.int64)
    spans = np.diff(level.times) * is_open[:-1]
    before = np.append(0, np.cumsum(spans))

    def until(at: IntArray) -> IntArray:
        i = np.searchsorted(level.times, at, side="right") - 1
        return before[i] + is_open[i] * (at - level.times[i])

    return until(end) - until(begin)
