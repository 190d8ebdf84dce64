"""Training: the network learns from random windows of the past and stops before it learns noise.

The last stretch of history is kept aside to decide how long to learn. The networks that serve then
learn the whole history for that long, from different seeds, and their weights are averaged over time.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from torch import Tensor, nn

from forecasting.adamw import AdamW
from forecasting.heads import LEVELS, pinball
from forecasting.lstm import DemandLSTM
from forecasting.windows import Windows

BATCH = 64
RATE = 3e-3  # Adam's step; assumed: the usual for small LSTMs
CHECK_EVERY = 25  # batches
PATIENCE = 5  # checks without a better score
MEMORY = 0.97  # share of the averaged weights kept at each batch

_DRAWING = Lock()  # torch draws the first weights of a network from one source for all threads


@dataclass(frozen=True)
class Trained:
    """A network and how it came to be."""

    network: DemandLSTM
    batches: int
    scores: tuple[float, ...]
    cut_short: bool


class Clock:
    """Seconds left of a limit, as a clock on the wall counts them."""

    def __init__(self, seconds: float | None) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds

    def share(self, fraction: float) -> Clock:
        """A clock that ends after this fraction of what is left."""
        left = None if self.end is None else max(self.end - time.monotonic(), 0.0) * fraction
        return Clock(left)

    def stop(self) -> None:
        """The time is used up now."""
        self.end = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.end is not None and time.monotonic() >= self.end


def train(
    windows: Windows,
    start: np.ndarray,
    origins: np.ndarray,
    *,
    seed: int,
    batches: int,
    clock: Clock,
    check: tuple[np.ndarray, np.ndarray] | None = None,
    begin: Mapping[str, Tensor] | None = None,
) -> Trained:
    """Teach one network.

    Parameters
    ----------
    start
        Quantiles of the base's errors by lead, shape (horizon, level). [units of spread]
    origins
        Past periods from which windows may start, shape (origin,).
    batches
        How many batches of windows at most.
    check
        Rows and origins of the windows that decide when to stop; the best averaged weights are kept.
    begin
        Weights of a network of the same inputs to learn on from; drawn anew when omitted.
    """
    torch.set_num_threads(1)
    chance = np.random.default_rng(seed)
    with _DRAWING:
        torch.manual_seed(seed)
        network = DemandLSTM(windows.features, windows.each, torch.from_numpy(start))
    if begin is not None:
        learned = {
            name: weight for name, weight in begin.items() if name != "start"
        }  # that is of its own data
        network.load_state_dict({**network.state_dict(), **learned})
    averaged = copy.deepcopy(network)
    best, scores, kept, done = copy.deepcopy(averaged.state_dict()), [], 0, 0
    if check is not None:
        scores.append(_score(averaged, windows, check))
    optimizer = AdamW(network.parameters(), lr=RATE, weight_decay=1e-3)
    while done < batches and not clock.over:
        rows = chance.integers(len(windows.values), size=BATCH)
        steps, truth = windows.cut(rows, chance.choice(origins, size=BATCH))
        loss = pinball(network(steps), truth)
        optimizer.forget()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        done += 1
        _average(averaged, network, min(MEMORY, done / (done + 9)))
        if check is not None and done % CHECK_EVERY == 0:
            scores.append(_score(averaged, windows, check))
            if scores[-1] <= min(scores):
                best, kept = copy.deepcopy(averaged.state_dict()), done
            elif done - kept >= PATIENCE * CHECK_EVERY:
                break
    if check is not None:
        averaged.load_state_dict(best)
    return Trained(
        averaged.eval(), kept if check is not None else done, tuple(scores), done < batches and clock.over
    )


def train_side_by_side(teach: Callable[[int, Clock], Trained], count: int, clock: Clock) -> list[Trained]:
    """Teach so many networks at once, a thread each, all by one clock; one that fails stops the others.

    Each is the same as if it had been taught alone, unless the clock cuts it short.
    """
    with ThreadPoolExecutor(count) as hands:
        try:
            return list(hands.map(lambda k: teach(k, clock), range(count)))
        except BaseException:
            clock.stop()
            raise


def predict(
    networks: list[DemandLSTM], windows: Windows, rows: np.ndarray, origins: np.ndarray
) -> np.ndarray:
    """Quantiles averaged over networks, shape (window, horizon, level). [units of spread]"""
    torch.set_num_threads(1)
    parts = [np.zeros((0, windows.horizon, len(LEVELS)))]
    with torch.no_grad():
        for first in range(0, len(rows), 512):
            steps, _ = windows.cut(rows[first : first + 512], origins[first : first + 512])
            parts.append(torch.stack([network(steps) for network in networks]).mean(dim=0).numpy())
    return np.concatenate(parts)


def _average(averaged: nn.Module, network: nn.Module, memory: float) -> None:
    with torch.no_grad():
        for slow, fast in zip(averaged.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1.0 - memory)


def _score(network: DemandLSTM, windows: Windows, check: tuple[np.ndarray, np.ndarray]) -> float:
    """Mean pinball loss of some windows. [units of spread]"""
    rows, origins = check
    total = weight = 0.0
    with torch.no_grad():
        for first in range(0, len(rows), 512):
            steps, truth = windows.cut(rows[first : first + 512], origins[first : first + 512])
            seen = float(torch.isfinite(truth).sum())
            total += float(pinball(network(steps), truth)) * seen
            weight += seen
    return total / max(weight, 1.0)
