"""The trial: recent origins at which everybody who may serve is asked what would have come, and judged alike.

Nobody has learned from what came after them. The loss is the mean pinball loss, in units of each series' own
spread, so that large and small series count alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from forecasting.base import fit_base
from forecasting.challengers import LEARN, LEAST_SEASONS
from forecasting.conformal import guard_factors
from forecasting.features import Calendar
from forecasting.heads import LEVELS
from forecasting.lstm import DemandLSTM
from forecasting.marginals import base_quantiles, error_quantiles, error_templates
from forecasting.mixture import in_counts, whole_counts
from forecasting.training import BATCH, CHECK_EVERY, Clock, predict
from forecasting.windows import Windows, windows_of

SMALLEST_GAIN = 0.002  # share of the base's loss; assumed: less is no gain
ONE_ORIGIN_PROVES = 0.02  # assumed: seen at one origin alone, a gain of 2 % may be luck; less so at several
PROVEN = 2.0  # standard errors of the gain over origins, from which one may serve alone (convention)
MOST_BATCHES = 500
PASSES = 20  # how often each window may be seen at most, on average; assumed
CHECKED_WINDOWS = 3000


@dataclass(frozen=True)
class Held:
    """Recent origins that nobody learns from, shape (origin,), and the periods learned before them."""

    origins: np.ndarray
    learned: int


def recent_origins(past: int, horizon: int, most: int = 6) -> Held | None:
    """Up to six origins within the last quarter of the past, half a horizon apart; None if none fits."""
    apart = max(1, horizon // 2)
    n = min(most, (past // 4 - horizon) // apart + 1)
    if n < 1:
        return None
    origins = past - 1 - horizon - apart * np.arange(n)[::-1]
    return Held(origins, int(origins[0]) + 1)


@dataclass(frozen=True)
class Rival:
    """A challenger at the trial.

    Attributes
    ----------
    said : what it would have said, shape (origin x series, horizon, level) [counts]
    score : its mean pinball loss [units of spread]
    cut_short : whether a time limit ended its learning
    """

    name: str
    said: np.ndarray = field(repr=False)
    score: float
    cut_short: bool = False


class Trial:
    """The recent origins, the base as it would have been there, and what it would have said."""

    def __init__(self, values: np.ndarray, calendar: Calendar, horizon: int, held: Held) -> None:
        self.values, self.calendar, self.horizon, self.held = values, calendar, horizon, held
        self.counts = whole_counts(values)
        self.base = fit_base(values, calendar, horizon, learned=held.learned)
        self.windows: Windows = windows_of(values, self.base, calendar, horizon)
        table = error_quantiles(error_templates(values[:, : held.learned], self.base, horizon), horizon)
        self.start = self.start_of(table)
        leads = np.arange(1, horizon + 1)
        means = [self.base.mean(int(origin), leads) for origin in held.origins]
        self.mean = np.concatenate(means)
        self.spread = np.concatenate([self.base.spread(mean) for mean in means])
        self.plain = np.concatenate([base_quantiles(mean, self.base, table, self.counts) for mean in means])
        self.truth = np.concatenate([values[:, origin + leads] for origin in held.origins])
        self.rows = np.tile(np.arange(len(values)), len(held.origins))
        self.at = np.repeat(held.origins, len(values))

    @property
    def first(self) -> int:
        """First past period from which a window may start."""
        return max(self.calendar.season, min(self.windows.past // 2, self.held.learned // 3))

    @property
    def most_batches(self) -> int:
        """Batches after which the network has seen the past often enough."""
        windows = len(self.values) * len(self.origins_before())
        return int(np.clip(PASSES * windows // BATCH, 2 * CHECK_EVERY, MOST_BATCHES))

    def start_of(self, table: np.ndarray) -> np.ndarray:
        """Error quantiles by lead, filled up to whole network steps."""
        missing = self.windows.horizon - len(table)
        return np.concatenate([table, np.repeat(table[-1:], missing, axis=0)])

    def origins_before(self) -> np.ndarray:
        """Origins whose whole future was learned."""
        last = self.held.learned - self.horizon
        return np.arange(min(self.first, last - 1), last)

    def sample(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Windows that decide when to stop learning; some of them where there are very many."""
        if len(self.rows) <= CHECKED_WINDOWS:
            return self.rows, self.at
        some = np.random.default_rng([seed, 3]).choice(len(self.rows), CHECKED_WINDOWS, replace=False)
        return self.rows[some], self.at[some]

    def lstm(self, networks: list[DemandLSTM]) -> np.ndarray:
        """What the networks would have said, shape (series x origin, horizon, level). [counts]"""
        away = predict(networks, self.windows, self.rows, self.at)[:, : self.horizon]
        return in_counts(away, self.mean, self.spread)

    def rivals(self, names: Sequence[str], seed: int, clock: Clock) -> tuple[Rival, ...]:
        """The challengers of these names, judged; none where too little is known to judge them."""
        if self.held.learned < LEAST_SEASONS * self.calendar.season or not np.isfinite(self.truth).any():
            return ()
        found = []
        for name in names:
            voice = LEARN[name](self.windows, self.horizon, self.held.learned, seed, clock)
            if voice is None:
                continue
            said = voice.say(self.windows, self.horizon, self.held.origins, self.held.learned)
            found.append(Rival(name, said, self.score(said), voice.cut_short))
        return tuple(found)

    def winner(self, rivals: Sequence[Rival], loss: float) -> Rival | None:
        """The challenger whose loss is lowest, if it is below ``loss`` and that is no luck."""
        base = self.score(self.plain)
        ahead = [
            rival for rival in rivals
            if rival.score < loss and 1 - rival.score / max(base, 1e-12) > self.needed
            and self.stands_out(rival.said)
        ]  # fmt: skip
        return min(ahead, key=lambda rival: rival.score, default=None)

    @property
    def needed(self) -> float:
        """Gain that is more than luck, as a share of the base's loss."""
        return SMALLEST_GAIN + ONE_ORIGIN_PROVES / len(self.held.origins) ** 2

    def score(self, quantiles: np.ndarray) -> float:
        """Mean pinball loss against what happened. [units of spread]"""
        return float(np.nanmean(self._losses(quantiles)))

    def stands_out(self, quantiles: np.ndarray) -> bool:
        """Whether the gain over the base is more than the spread of the gains of single origins explains.

        Origins overlap by half a horizon, so that half as many count as independent.
        """
        n = len(self.held.origins)
        if n < 2:
            return False
        both = (self._losses(said).reshape(n, -1) for said in (self.plain, quantiles))
        base, ours = (np.nanmean(losses, axis=1) for losses in both)
        gains = base - ours
        return bool(gains.mean() > PROVEN * gains.std(ddof=1) / np.sqrt(n / 2))

    def _losses(self, quantiles: np.ndarray) -> np.ndarray:
        """Pinball loss of each forecast, shape (forecast, horizon), NaN where unknown. [units of spread]"""
        miss = self.truth[..., None] - quantiles
        level = np.array(LEVELS)
        loss = np.maximum(level * miss, (level - 1) * miss).mean(axis=-1) / self.spread
        return np.clip(loss, 0, 50)

    def guard(self, quantiles: np.ndarray) -> np.ndarray:
        """Conformal factors of these forecasts; small counts are left as they are."""
        truth = np.where((self.mean < 5) & self.counts, np.nan, self.truth)
        return guard_factors(quantiles, truth, len(self.values))
