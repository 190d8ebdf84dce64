"""The quantile head: eleven levels of one future count that never cross.

The middle is free; every other level is the one beside it plus a positive step, so order holds by
construction and not by sorting.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS: tuple[float, ...] = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
MIDDLE = LEVELS.index(0.5)
SMALLEST_STEP = 1e-3  # units of spread


class QuantileHead(nn.Module):
    """From a hidden state to quantiles, starting from those of the base.

    Inputs: hidden state of shape (batch, step, width). Output: (batch, step, each, level), in units of
    spread around the base.
    """

    def __init__(self, width: int, each: int) -> None:
        super().__init__()
        self.each = each
        self.mix = nn.Linear(width, 32)
        self.out = nn.Linear(32, each * len(LEVELS))
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, hidden: Tensor, start: Tensor) -> Tensor:
        """``start``: quantiles of the base's errors, shape (step, each, level)."""
        shift = self.out(functional.silu(self.mix(hidden))).unflatten(-1, (self.each, len(LEVELS)))
        middle = start[..., MIDDLE] + shift[..., MIDDLE]
        steps = (start[..., 1:] - start[..., :-1]).clamp_min(SMALLEST_STEP)
        steps = steps * functional.softplus(shift[..., _beside()] + _ONE)
        up = middle[..., None] + steps[..., MIDDLE:].cumsum(-1)
        down = middle[..., None] - steps[..., :MIDDLE].flip(-1).cumsum(-1).flip(-1)
        return torch.cat([down, middle[..., None], up], dim=-1)


_ONE = float(np.log(np.e - 1.0))  # softplus(_ONE) = 1: no shift leaves the step as it was


def _beside() -> list[int]:
    """The outputs that widen the steps: every level but the middle."""
    return [k for k in range(len(LEVELS)) if k != MIDDLE]


def pinball(quantiles: Tensor, truth: Tensor) -> Tensor:
    """Mean pinball loss over levels, NaN truths left out; scalar.

    Parameters
    ----------
    quantiles
        Shape (..., level).
    truth
        Shape (...).

    References
    ----------
    Koenker & Bassett (1978), Econometrica 46, 33-50.
    """
    seen = torch.isfinite(truth)
    miss = torch.where(seen, truth, 0.0)[..., None] - quantiles
    level = torch.tensor(LEVELS, dtype=quantiles.dtype)
    loss = torch.maximum(level * miss, (level - 1) * miss).mean(-1)
    return (loss * seen).sum() / seen.sum().clamp_min(1)
