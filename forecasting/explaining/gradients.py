"""Integrated gradients: what each input of a network adds to its answer, against a usual input.

The inputs go in a straight line from the usual ones to the real ones, and the slope of the answer is
summed on the way. The parts sum to the whole move, up to the error of the quadrature, which is measured.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from forecasting.heads import MIDDLE
from forecasting.lstm import DemandLSTM

FIRST_NODES, MOST_NODES = 8, 256  # assumed: the network is smooth; nodes are doubled until the error is small
LARGEST_ERROR = 0.005  # share of the move that may stay unexplained; the promise is 1 %
NOTHING = 1e-4  # units of spread: smaller moves and errors are no news


@dataclass(frozen=True)
class Moves:
    """What moved a network's middle.

    Attributes
    ----------
    slopes : mean slope on the way, shape (lead, step, feature); times ``away`` it is what an input adds
    away : real inputs less the usual ones, shape (step, feature)
    usual : middle for the usual inputs, shape (lead,) [units of spread]
    said : middle for the real inputs, shape (lead,) [units of spread]
    """

    slopes: np.ndarray
    away: np.ndarray
    usual: np.ndarray
    said: np.ndarray

    @property
    def parts(self) -> np.ndarray:
        """What each input adds, shape (lead, step, feature). [units of spread]"""
        return self.slopes * self.away

    @property
    def error(self) -> np.ndarray:
        """Part of the move that the parts do not hold, shape (lead,). [share of the move]"""
        moved = self.said - self.usual
        missed = np.abs(self.parts.sum(axis=(1, 2)) - moved)
        return missed / np.maximum(np.abs(moved), NOTHING)


def moves(networks: Sequence[DemandLSTM], here: Tensor, usual: Tensor, leads: Sequence[int]) -> Moves:
    """Attribute the mean middle of some networks to their inputs.

    Parameters
    ----------
    here, usual
        Inputs of one window, shape (step, feature).
    leads
        Future periods to explain, counted from 0.

    References
    ----------
    Sundararajan, Taly & Yan (2017), Axiomatic attribution for deep networks, ICML, arXiv:1703.01365;
    the integral is a Gauss-Legendre sum, whose nodes are doubled until the parts are complete.
    """
    torch.set_num_threads(1)
    exact = [copy.deepcopy(network).double().eval() for network in networks]
    here, usual = here.double(), usual.double()
    nodes = FIRST_NODES
    while True:
        found = _along(exact, here, usual, list(leads), nodes)
        if nodes >= MOST_NODES or (found.error <= LARGEST_ERROR).all():
            return found
        nodes *= 2


def _along(networks: list[DemandLSTM], here: Tensor, usual: Tensor, leads: list[int], nodes: int) -> Moves:
    at, weight = np.polynomial.legendre.leggauss(nodes)
    share = torch.from_numpy((at + 1) / 2)[:, None, None]
    path = (usual + share * (here - usual)).requires_grad_(True)
    middle = torch.stack([network(path)[..., MIDDLE] for network in networks]).mean(dim=0)
    slopes = np.empty((len(leads), *here.shape))
    for k, lead in enumerate(leads):
        (slope,) = torch.autograd.grad(middle[:, lead].sum(), path, retain_graph=k + 1 < len(leads))
        slopes[k] = np.einsum("n,nsf->sf", weight / 2, slope.numpy())
    with torch.no_grad():
        ends = torch.stack([usual, here])
        both = torch.stack([network(ends)[..., MIDDLE] for network in networks]).mean(dim=0)[:, leads].numpy()
    return Moves(slopes, (here - usual).numpy(), both[0], both[1])
