"""What the model has been told of a station: its cuts as arrays, to ask what they say of given levels."""

from __future__ import annotations

import numpy as np

from optimization.staffing.late import LateCut
from twin.units import FloatArray, IntArray


class Known:
    """The cuts of one station, to ask what the model knows of given levels."""

    def __init__(self, stretches: int, most: int) -> None:
        self.stretches, self.most = stretches, most
        self.base: list[float] = []
        self.stretch: list[int] = []
        self.brings: list[FloatArray] = []
        self._matrix = np.zeros((0, stretches * (most + 1)))

    def add(self, cut: LateCut) -> None:
        """One more cut."""
        row = np.zeros((self.stretches, self.most + 1))
        for (g, n), b in cut.brings.items():
            row[g, n] = b
        self.base.append(cut.base)
        self.stretch.append(cut.stretch)
        self.brings.append(row.ravel())

    def late(self, levels: IntArray) -> FloatArray:
        """Late tasks at least, by stretch, shape (stretch,)."""
        late = np.zeros(self.stretches)
        if len(self._matrix) < len(self.brings):
            self._matrix = np.array(self.brings)
        if self.base:
            taken = (np.arange(self.most + 1)[None, :] <= levels[:, None]).astype(np.float64).ravel()
            np.maximum.at(late, self.stretch, np.array(self.base) - self._matrix @ taken)
        return late
