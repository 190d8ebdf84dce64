"""The contest: the LSTM serves only if it beats the base on recent weeks it has not seen.

Both forecast from the same recent origins. The better one serves, or their even mixture; the score of
each is kept, so that a reader can see why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from forecasting.base import Base, fit_base
from forecasting.conformal import guard_factors, guarded
from forecasting.features import Calendar
from forecasting.heads import LEVELS, MIDDLE
from forecasting.lstm import DemandLSTM
from forecasting.marginals import base_quantiles, error_quantiles, error_templates, ordered
from forecasting.mixture import Mixture, in_counts, mixed, mixture, whole_counts
from forecasting.training import BATCH, CHECK_EVERY, Clock, predict, train
from forecasting.warm import Warm
from forecasting.windows import Windows, windows_of

SEEDS = 2  # networks that serve together
SMALLEST_GAIN = 0.002  # share of the base's loss; assumed: less is no gain
ONE_ORIGIN_PROVES = 0.02  # assumed: seen at one origin alone, a gain of 2 % may be luck; less so at several
SHARES = (1.0, 0.5)  # of the LSTM in what may serve
PROVEN = 2.0  # standard errors of the gain over origins, from which the LSTM may serve alone (convention)
MOST_BATCHES = 500
PASSES = 20  # how often each window may be seen at most, on average; assumed
FEWEST_WINDOWS = 60  # assumed: fewer different windows teach a network nothing that the base has not
CHECKED_WINDOWS = 3000


@dataclass(frozen=True)
class Made:
    """What a forecast was made of, kept so that it can be explained.

    Attributes
    ----------
    values, calendar, base : as fitted on the whole history
    plain : the base's middle before anything moves it, shape (series, horizon) [counts]
    share : of the LSTM in what serves, 0 (the base alone) to 1; one number, or shape (series, 1)
    """

    values: np.ndarray
    calendar: Calendar
    base: Base
    plain: np.ndarray
    share: float | np.ndarray


@dataclass(frozen=True)
class Champion:
    """What serves, and why.

    Attributes
    ----------
    quantiles : shape (series, horizon, level) [counts]
    templates : errors that occurred together, shape (origin, series, horizon) [units of spread]
    made_by : ``lstm`` or ``base``
    reason : one sentence
    scores : mean pinball loss on recent origins of each contestant [units of spread]
    made : what the forecast was made of; None where the series were too many to keep it
    again : makes that again of the series in one row, with its row therein
    learner : the network that was judged, which has seen nothing of the recent origins
    """

    quantiles: np.ndarray
    templates: np.ndarray
    mean: np.ndarray
    made_by: str
    reason: str
    scores: dict[str, float] = field(default_factory=dict)
    networks: tuple[DemandLSTM, ...] = ()
    cut_short: bool = False
    made: Made | None = field(default=None, repr=False)
    learner: DemandLSTM | None = field(default=None, repr=False)
    again: Callable[[int], tuple[Made, int]] | None = field(default=None, repr=False)

    def made_of(self, row: int) -> tuple[Made, int] | None:
        """What the forecast of one series was made of, and its row therein; None where that is not known."""
        if self.made is not None:
            return self.made, row
        return None if self.again is None else self.again(row)


Contest = Callable[..., Champion]  # called as ``hold_contest`` is


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


def hold_contest(
    values: np.ndarray,
    calendar: Calendar,
    horizon: int,
    *,
    seed: int,
    clock: Clock,
    made_by: str = "auto",
    warm: Warm | None = None,
) -> Champion:
    """Fit both, compare them on recent origins, and forecast with the better.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    calendar
        Of the past and the whole horizon, in whole network steps.
    made_by
        ``auto``, or ``base`` / ``lstm`` to decide beforehand.
    warm
        Networks to learn on from; with them even a history too short to teach one may be served by one.
    """
    past = values.shape[1]
    base = fit_base(values, calendar, horizon)
    templates = error_templates(values, base, horizon)
    alone = mixture(values, calendar, horizon, base, templates)
    mean, plain = alone.mean, alone.plain
    made = Made(values, calendar, base, plain[..., MIDDLE], 0.0)
    held = recent_origins(past, horizon)
    taught = held is not None and (
        len(values) * (held.learned - 2 * calendar.season - horizon) >= FEWEST_WINDOWS
    )
    if held is None or not (taught or warm):
        reason = (
            f"{past} periods are too few to train and to check an LSTM for {horizon} ahead; the base serves"
        )
        return Champion(ordered(plain), templates, mean, "base", reason, made=made)
    trial = _Trial(values, calendar, horizon, held)
    if made_by == "base":
        factors = trial.guard(trial.plain)
        served = ordered(guarded(plain, factors))
        return Champion(served, templates, mean, "base", "the base was asked for", made=made)
    return _contest(trial, base, alone, templates, seed, clock, made_by, warm, taught)


def _contest(
    trial: _Trial,
    base: Base,
    alone: Mixture,
    templates: np.ndarray,
    seed: int,
    clock: Clock,
    made_by: str,
    warm: Warm | None,
    taught: bool,
) -> Champion:
    mean, plain = alone.mean, alone.plain
    start = trial.start_of(error_quantiles(templates, trial.horizon))
    learner = train(
        trial.windows, trial.start, trial.origins_before(), seed=seed,
        batches=trial.most_batches if taught else 0, clock=clock.share(0.45), check=trial.sample(seed),
        begin=None if warm is None else warm.learner,
    )  # fmt: skip
    moved = trial.lstm([learner.network])
    scores = {"base": trial.score(trial.plain)}
    for share in SHARES:
        scores[f"lstm {share:.0%}"] = trial.score(mixed(trial.plain, moved, share))
    best = min((name for name in scores if name != "base"), key=scores.__getitem__)
    share = dict(zip((f"lstm {s:.0%}" for s in SHARES), SHARES, strict=True))[best]
    if made_by == "auto" and share == 1 and not trial.stands_out(moved):
        share, best = 0.5, "lstm 50%"
    gain = 1 - scores[best] / max(scores["base"], 1e-12)
    needed = SMALLEST_GAIN + ONE_ORIGIN_PROVES / len(trial.held.origins) ** 2
    than = f"{abs(gain):.1%} {'below' if gain >= 0 else 'above'}"
    told = f"on {len(trial.held.origins)} recent origins the LSTM's loss is {than} the base's"
    if made_by == "auto" and gain <= needed:
        factors = trial.guard(trial.plain)
        reason = f"{told}; the base serves"
        made = Made(trial.values, trial.calendar, base, plain[..., MIDDLE], 0.0)
        served = ordered(guarded(plain, factors))
        return Champion(
            served, templates, mean, "base", reason, scores, cut_short=learner.cut_short, made=made,
            learner=learner.network,
        )  # fmt: skip
    windows = windows_of(trial.values, base, trial.calendar, trial.horizon)
    origins = np.arange(trial.first, trial.values.shape[1] - trial.horizon)
    networks = []
    cut = learner.cut_short
    for k in range(SEEDS):
        full = train(
            windows,
            start,
            origins,
            seed=seed + 1 + k,
            batches=max(learner.batches, CHECK_EVERY if warm is None else 0),
            clock=clock.share(0.95 / (SEEDS - k)),
            begin=None if warm is None else warm.networks[k % len(warm.networks)],
        )
        networks.append(full.network)
        cut |= full.cut_short
    served = mixture(trial.values, trial.calendar, trial.horizon, base, templates, networks, share).quantiles
    factors = trial.guard(mixed(trial.plain, moved, share))
    reason = f"{told}; {'it serves' if share == 1 else 'the two serve half and half'}"
    made = Made(trial.values, trial.calendar, base, plain[..., MIDDLE], share)
    return Champion(
        ordered(guarded(served, factors)), templates, mean, "lstm", reason, scores, tuple(networks), cut,
        made, learner.network,
    )  # fmt: skip


class _Trial:
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
