"""The contest: the base serves, unless another foretold recent weeks better that it had not seen.

Base, LSTM and challengers forecast from the same recent origins. The best serves, or base and LSTM half and
half; the score of each is kept, so that a reader can see why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from forecasting.base import Base, fit_base
from forecasting.challengers import LEARN, SAID, SEASONAL_NAIVE, Voice, challengers_of
from forecasting.conformal import guarded
from forecasting.features import Calendar
from forecasting.heads import MIDDLE
from forecasting.lstm import DemandLSTM
from forecasting.marginals import error_quantiles, error_templates, ordered
from forecasting.mixture import Mixture, mixed, mixture
from forecasting.training import CHECK_EVERY, Clock, Trained, train, train_side_by_side
from forecasting.trial import Rival, Trial, recent_origins
from forecasting.warm import Warm
from forecasting.windows import windows_of

SEEDS = 2  # networks that serve together
SHARES = (1.0, 0.5)  # of the LSTM in what may serve
FEWEST_WINDOWS = 60  # assumed: fewer different windows teach a network nothing that the base has not


@dataclass(frozen=True)
class Made:
    """What a forecast was made of, kept so that it can be explained.

    Attributes
    ----------
    values, calendar, base : as fitted on the whole history
    plain : the base's middle before anything moves it, shape (series, horizon) [counts]
    share : of the LSTM in what serves, 0 (the base alone) to 1; one number, or shape (series, 1)
    moved : how far a challenger's middle lies from the base's, shape (series, horizon) [counts]; None where
        none serves
    """

    values: np.ndarray
    calendar: Calendar
    base: Base
    plain: np.ndarray
    share: float | np.ndarray
    moved: np.ndarray | None = None


@dataclass(frozen=True)
class Champion:
    """What serves, and why.

    Attributes
    ----------
    quantiles : shape (series, horizon, level) [counts]
    templates : errors that occurred together, shape (origin, series, horizon) [units of spread]
    made_by : ``lstm``, ``base`` or the name of a challenger
    reason : one sentence
    scores : mean pinball loss on recent origins of each contestant [units of spread]
    made : what the forecast was made of; None where the series were too many to keep it
    again : makes that again of the series in one row, with its row therein
    learner : the network that was judged, which has seen nothing of the recent origins
    challenger : what speaks in place of LSTM and base; None where they do
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
    challenger: Voice | None = field(default=None, repr=False)

    def made_of(self, row: int) -> tuple[Made, int] | None:
        """What the forecast of one series was made of, and its row therein; None where that is not known."""
        if self.made is not None:
            return self.made, row
        return None if self.again is None else self.again(row)


Contest = Callable[..., Champion]  # called as ``hold_contest`` is


def contest_with(challengers: Iterable[str]) -> Contest:
    """The contest that asks these challengers too.

    Raises
    ------
    UsageError
        There is no such challenger, or what it needs is not installed.
    """
    return partial(hold_contest, challengers=challengers_of(challengers))


def hold_contest(
    values: np.ndarray,
    calendar: Calendar,
    horizon: int,
    *,
    seed: int,
    clock: Clock,
    made_by: str = "auto",
    warm: Warm | None = None,
    challengers: tuple[str, ...] = challengers_of(()),
) -> Champion:
    """Fit base and LSTM, compare them and the challengers on recent origins, and forecast with the best.

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
    challengers
        Who else may serve where nobody is decided beforehand (``contest_with``).
    """
    past = values.shape[1]
    base = fit_base(values, calendar, horizon)
    templates = error_templates(values, base, horizon)
    said = mixture(values, calendar, horizon, base, templates)
    made = Made(values, calendar, base, said.plain[..., MIDDLE], 0.0)
    alone = Champion(ordered(said.plain), templates, said.mean, "base", "", made=made)
    names = challengers if made_by == "auto" else ()
    held = recent_origins(past, horizon)
    taught = held is not None and (
        len(values) * (held.learned - 2 * calendar.season - horizon) >= FEWEST_WINDOWS
    )
    if held is None or not (taught or warm):
        few = f"{past} periods are too few to train and to check an LSTM for {horizon} ahead"
        alone = replace(alone, reason=f"{few}; the base serves{_unheard(names, ())}")
        if held is None or not names:
            return alone
        return _without_network(Trial(values, calendar, horizon, held), alone, names, few, seed, clock)
    trial = Trial(values, calendar, horizon, held)
    if made_by == "base":
        served = ordered(guarded(said.plain, trial.guard(trial.plain)))
        return replace(alone, quantiles=served, reason="the base was asked for")
    return _Contest(trial, base, said, alone, names, seed, clock, made_by, warm, taught).held()


def _without_network(
    trial: Trial, alone: Champion, names: tuple[str, ...], few: str, seed: int, clock: Clock
) -> Champion:
    """Who serves where there is too little to teach a network."""
    rivals = trial.rivals(names, seed, clock)
    if not rivals:
        return alone
    base = trial.score(trial.plain)
    scores = {"base": base} | {rival.name: rival.score for rival in rivals}
    told = f"on {len(trial.held.origins)} recent origins"
    best = trial.winner(rivals, base)
    judged = replace(alone, scores=scores, cut_short=any(rival.cut_short for rival in rivals))
    if best is None:
        unheard = _unheard(names, rivals)
        return replace(judged, reason=f"{few}; the base serves ({told} {_losses(rivals, base)}){unheard}")
    reason = f"{few}; {told} {_losses([best], base)}; it serves{_unheard(names, rivals)}"
    return _served_by(best, trial, replace(judged, reason=reason), seed, clock)


def _served_by(best: Rival, trial: Trial, alone: Champion, seed: int, clock: Clock) -> Champion:
    """What the base would have served, said by a challenger that has now learned the whole past."""
    values, calendar, horizon, made = trial.values, trial.calendar, trial.horizon, alone.made
    assert made is not None
    windows = windows_of(values, made.base, calendar, horizon)
    voice = LEARN[best.name](windows, horizon, values.shape[1], seed, clock)
    assert voice is not None, "who could learn before the recent origins can learn with them"
    said = mixture(values, calendar, horizon, made.base, alone.templates, challenger=voice)
    moved = (said.quantiles - said.plain)[..., MIDDLE]
    return replace(
        alone,
        quantiles=ordered(guarded(said.quantiles, trial.guard(best.said))),
        made_by=best.name,
        made=replace(made, moved=moved),
        cut_short=alone.cut_short or voice.cut_short,
        challenger=voice,
    )


@dataclass(frozen=True)
class _Contest:
    """Base, LSTM and challengers, and who of them serves."""

    trial: Trial
    base: Base
    said: Mixture
    alone: Champion
    names: tuple[str, ...]
    seed: int
    clock: Clock
    made_by: str
    warm: Warm | None
    taught: bool

    def held(self) -> Champion:
        """Judge all, and forecast with the best."""
        trial, asked = self.trial, self.made_by == "auto"
        rivals = trial.rivals(self.names, self.seed, self.clock)
        learner = self._learner()
        moved = trial.lstm([learner.network])
        scores = {"base": trial.score(trial.plain)}
        for share in SHARES:
            scores[f"lstm {share:.0%}"] = trial.score(mixed(trial.plain, moved, share))
        best = min((name for name in scores if name != "base"), key=scores.__getitem__)
        share = dict(zip((f"lstm {s:.0%}" for s in SHARES), SHARES, strict=True))[best]
        if asked and share == 1 and not trial.stands_out(moved):
            share, best = 0.5, "lstm 50%"
        gain = 1 - scores[best] / max(scores["base"], 1e-12)
        base_serves = asked and gain <= trial.needed
        winner = trial.winner(rivals, scores["base" if base_serves else best])
        judged = replace(
            self.alone, scores=scores | {rival.name: rival.score for rival in rivals},
            cut_short=learner.cut_short or any(rival.cut_short for rival in rivals), learner=learner.network,
        )  # fmt: skip
        on, unheard = f"on {len(trial.held.origins)} recent origins", _unheard(self.names, rivals)
        if winner is not None:
            than = f"{_losses([winner], scores['base'])} and {_than(winner.score, scores[best])} the LSTM's"
            judged = replace(judged, reason=f"{on} {than}; it serves{unheard}")
            return _served_by(winner, trial, judged, self.seed, self.clock)
        others = f" ({_losses(rivals, scores['base'])})" if rivals else ""
        told = f"{on} the LSTM's loss is {_than(scores[best], scores['base'])} the base's{others}"
        if base_serves:
            served = ordered(guarded(self.said.plain, trial.guard(trial.plain)))
            return replace(judged, quantiles=served, reason=f"{told}; the base serves{unheard}")
        serves = "it serves" if share == 1 else "the two serve half and half"
        judged = replace(judged, reason=f"{told}; {serves}{unheard}")
        return self._served_by_lstm(judged, share, mixed(trial.plain, moved, share), learner.batches)

    def _learner(self) -> Trained:
        """The network that is judged: it has seen nothing of the recent origins."""
        trial = self.trial
        return train(
            trial.windows, trial.start, trial.origins_before(), seed=self.seed,
            batches=trial.most_batches if self.taught else 0, clock=self.clock.share(0.45),
            check=trial.sample(self.seed), begin=None if self.warm is None else self.warm.learner,
        )  # fmt: skip

    def _served_by_lstm(self, judged: Champion, share: float, at_trial: np.ndarray, batches: int) -> Champion:
        """Networks that learn the whole past for as long as the judged one learned."""
        trial, warm, values = self.trial, self.warm, self.trial.values
        start = trial.start_of(error_quantiles(judged.templates, trial.horizon))
        windows = windows_of(values, self.base, trial.calendar, trial.horizon)
        origins = np.arange(trial.first, values.shape[1] - trial.horizon)

        def teach(k: int, clock: Clock) -> Trained:
            return train(
                windows, start, origins, seed=self.seed + 1 + k,
                batches=max(batches, CHECK_EVERY if warm is None else 0), clock=clock,
                begin=None if warm is None else warm.networks[k % len(warm.networks)],
            )  # fmt: skip

        taught = train_side_by_side(teach, SEEDS, self.clock.share(0.95))
        networks = [one.network for one in taught]
        cut = judged.cut_short or any(one.cut_short for one in taught)
        served = mixture(
            values, trial.calendar, trial.horizon, self.base, judged.templates, networks, share
        ).quantiles
        made = Made(values, trial.calendar, self.base, self.said.plain[..., MIDDLE], share)
        return replace(
            judged, quantiles=ordered(guarded(served, trial.guard(at_trial))), made_by="lstm",
            networks=tuple(networks), cut_short=cut, made=made,
        )  # fmt: skip


def _losses(rivals: Iterable[Rival], base: float) -> str:
    """``the seasonal naive's loss is 3.0% below the base's``, of each."""
    return ", ".join(
        f"{SAID[rival.name]}'s loss is {_than(rival.score, base)} the base's" for rival in rivals
    )


def _unheard(names: Iterable[str], rivals: Iterable[Rival]) -> str:
    """Who was asked for by name and had too little to learn from; empty where nobody."""
    heard = {SEASONAL_NAIVE, *(rival.name for rival in rivals)}
    return "".join(f"; {SAID[name]} had too little to learn from" for name in names if name not in heard)


def _than(loss: float, other: float) -> str:
    """``3.0% below``."""
    gain = 1 - loss / max(other, 1e-12)
    return f"{abs(gain):.1%} {'below' if gain >= 0 else 'above'}"
