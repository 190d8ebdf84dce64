"""Wall: what a hospital's clocks show, turned into instants for whole columns at once.

In spring the clocks skip an hour: a time in it never was. In autumn they show one twice: the first of the
two instants is meant, unless the source gives the offset.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Ms = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: no time, as NumPy writes it
NOT_A_TIME = np.iinfo(np.int64).min
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Wall:
    """The clocks of one time zone, from 1900 to 2200; local times are milliseconds since 1970 local."""

    def __init__(self, timezone: str) -> None:
        changes, offsets = _changes(timezone)
        before, after = offsets[:-1], offsets[1:]
        self._offsets = offsets
        self._turns = changes + np.maximum(before, after)
        skips, repeats = after > before, after < before
        self._skips = (changes + before)[skips], (changes + after)[skips]
        self._repeats = (changes + after)[repeats], (changes + before)[repeats]
        self._changes = changes

    def instants(self, local: Ms) -> Ms:
        """The first instant at which the clocks show each local time. Same shape. [ms since 1970 UTC]"""
        return np.asarray(local - self._offsets[np.searchsorted(self._turns, local, side="right")])

    def local(self, instants: Ms) -> Ms:
        """What the clocks show at each instant. Same shape. [ms since 1970 local]"""
        return np.asarray(instants + self._offsets[np.searchsorted(self._changes, instants, side="right")])

    def skipped(self, local: Ms) -> Mask:
        """Whether a local time is never shown."""
        return _within(local, *self._skips)

    def repeated(self, local: Ms) -> Mask:
        """Whether a local time is shown twice."""
        return _within(local, *self._repeats)

    def second(self, instants: Ms) -> Ms:
        """The other instant at which the clocks show the same, where there is one."""
        starts, ends = self._repeats
        local = self.local(instants)
        at = np.searchsorted(starts, local, side="right") - 1
        longer = np.where(self.repeated(local), (ends - starts)[at] if len(starts) else 0, 0)
        return np.asarray(instants + longer)


def _within(local: Ms, starts: Ms, ends: Ms) -> Mask:
    if not len(starts):
        return np.zeros(len(local), bool)
    at = np.searchsorted(starts, local, side="right") - 1
    return np.asarray((at >= 0) & (local < ends[at]))


@lru_cache(maxsize=8)
def _changes(timezone: str) -> tuple[Ms, Ms]:
    """Instants at which the offset changes, and the offsets before, between and after. [ms]"""
    zone = ZoneInfo(timezone)
    changes: list[int] = []
    offsets = [_offset(_FIRST, zone)]
    day = _FIRST
    while day < _LAST:
        following = day + timedelta(days=7)
        if _offset(following, zone) != offsets[-1]:
            low, high = day, following  # the change lies after low, at high or before
            while high - low > _SECOND:
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                if _offset(middle, zone) == offsets[-1]:
                    low = middle
                else:
                    high = middle
            changes.append(int((high - _EPOCH) / timedelta(milliseconds=1)))
            offsets.append(_offset(following, zone))
        day = following
    return np.array(changes, np.int64), np.array(offsets, np.int64)


def _offset(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return int(offset / timedelta(milliseconds=1))
