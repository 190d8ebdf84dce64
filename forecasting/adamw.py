"""AdamW: the steps by which the network learns, as torch computes them.

The optimizer classes of torch load its compiler when the first one is made, two seconds that a forecast of
a few does not have; the function that they call does not.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim.adamw import adamw


class AdamW:
    """Steps down the gradient by its running mean over the root of its running square.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization, arXiv:1711.05101; the decays of both
    means (0.9, 0.999) and the floor of the root (1e-8) are those of Kingma & Ba (2015), arXiv:1412.6980.
    """

    def __init__(self, parameters: Iterable[Tensor], *, lr: float, weight_decay: float) -> None:
        self.parameters = [part for part in parameters if part.requires_grad]
        self.lr, self.weight_decay = lr, weight_decay
        self._means = [torch.zeros_like(part) for part in self.parameters]
        self._squares = [torch.zeros_like(part) for part in self.parameters]
        self._steps = [torch.zeros(()) for _ in self.parameters]

    def forget(self) -> None:
        """Leave the gradients of the last step behind."""
        for part in self.parameters:
            part.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        found = [(k, part.grad) for k, part in enumerate(self.parameters) if part.grad is not None]
        use = [k for k, _ in found]
        with torch.no_grad():
            adamw(
                [self.parameters[k] for k in use],
                [grad for _, grad in found],
                [self._means[k] for k in use],
                [self._squares[k] for k in use],
                [],
                [self._steps[k] for k in use],
                foreach=False,
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=self.lr,
                weight_decay=self.weight_decay,
                eps=1e-8,
                maximize=False,
            )
