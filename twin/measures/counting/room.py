"""Room: arrays in which the passes work, kept by each thread from one run to the next.

To ask the system for fresh memory, and to have it cleared, takes longer than many a pass; and threads
wait for each other while it is done.
"""

from __future__ import annotations

import math
import threading

import numpy as np

from twin.units import IntArray

#: of what is asked, so that a run a little longer than the last finds room too
_SPARE = 1.25


class Room(threading.local):
    """Whole numbers under a name; what was written under it before is lost."""

    def __init__(self) -> None:
        self._kept: dict[str, IntArray] = {}

    def of(self, name: str, *shape: int) -> IntArray:
        """Room of a shape, filled with anything."""
        size = math.prod(shape)
        if name not in self._kept or self._kept[name].size < size:
            self._kept[name] = np.empty(int(size * _SPARE) + 1, np.int64)
        return self._kept[name][:size].reshape(shape)


room = Room()
