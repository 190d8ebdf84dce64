"""Serving: a registered model answers tonight, so that a night costs seconds and not a training.

It answers as long as it is young, knows the same series for the same horizon, and the days since it
learned look like those it learned from. When it no longer does, training goes on from its weights. A model
that is damaged is never loaded: the last good one answers, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.card import ModelRefused
from forecasting.challengers import SAID, SEASONAL_NAIVE, SeasonalNaive, challengers_of
from forecasting.contest import Champion, Contest, Made, contest_with
from forecasting.features import Calendar
from forecasting.heads import MIDDLE
from forecasting.marginals import error_templates, ordered
from forecasting.mixture import mixture
from forecasting.pretrained import pack_for
from forecasting.registry import StoredModel, data_hash, last_good, register
from forecasting.service import ForecastResult
from forecasting.training import Clock
from forecasting.warm import Warm
from twin.errors import UsageError
from twin.records.history import History

OLDEST = pd.Timedelta(days=7)  # a model learns on after so long (assumed: once a week, a usual habit)
SHIFT = 5.0  # standard errors of the days since training that call for learning on; assumed: no chance
REPLAYING = ("base", "lstm", SEASONAL_NAIVE)  # who can speak again from what a model's files hold
REPLAYED = 0.03  # of the 80 % interval: a replay farther off than this on average is not the same forecast


@dataclass(frozen=True)
class Serving:
    """What will answer for a history.

    Attributes
    ----------
    model : the newest registered model that is whole and fits; None where there is none
    why : why it does not answer as it is; empty where it does
    refused : models that were not loaded, newest first
    warm : what training begins from; None: anew
    challengers : who else may serve, where a contest is held
    """

    model: StoredModel | None
    why: str
    refused: tuple[ModelRefused, ...]
    warm: Warm | None
    challengers: tuple[str, ...] = ()

    @property
    def trains(self) -> bool:
        """Whether somebody must learn before this night's forecast."""
        return bool(self.why)

    @property
    def contest(self) -> Contest:
        """What decides who serves, for ``forecasting.service.forecast``."""
        if self.model is not None and not self.why:
            return partial(serve, self.model)
        return partial(contest_with(self.challengers), warm=self.warm)

    @property
    def degraded(self) -> tuple[str, ...]:
        """What went wrong, in sentences with codes."""
        instead = "a new one is trained" if self.model is None else f"model {self.model.name} is used instead"
        return tuple(f"{error}; {instead}  [{error.code}]" for error in self.refused)


def choose(folder: Path, history: History, horizon: int, challengers: Iterable[str] = ()) -> Serving:
    """Whether a model registered in ``folder`` answers for this history, and if not, why.

    Where none answers, a contest is held that asks these challengers too.

    Raises
    ------
    UsageError
        There is no such challenger, or what it needs is not installed.
    """
    names = challengers_of(challengers)
    model, refused = last_good(folder)
    if model is None:
        return Serving(None, "no model is registered yet", refused, pack_for(history.frequency), names)
    why = _why_not(model, history, horizon)
    warm = (_warm(model) or pack_for(history.frequency)) if why else None
    return Serving(model, why, refused, warm, names)


def enter(
    folder: Path,
    history: History,
    result: ForecastResult,
    *,
    config: dict[str, Any],
    metrics: dict[str, Any] | None = None,
) -> str:
    """Register what made a forecast, with its guard, so that ``serve`` can answer with it; its name.

    Raises
    ------
    UsageError
        The history ends after the forecast begins. (``E_LEAKAGE``)
    """
    champion = result.champion
    if champion.made is None:
        raise UsageError("a forecast without its parts cannot be registered")
    parts = champion.made
    made = mixture(
        parts.values, parts.calendar, len(result.stamps), parts.base, champion.templates, champion.networks,
        parts.share, champion.challenger,
    ).quantiles  # fmt: skip
    guard = _guard_between(made, champion.quantiles)
    again = ordered(_moved(made, guard))
    width = np.mean(champion.quantiles[..., -2] - champion.quantiles[..., 1])
    off = float(np.abs(again - champion.quantiles).mean() / max(width, 1e-9))
    return register(
        folder,
        history,
        result,
        config=config,
        guard=guard,
        replays=off <= REPLAYED and champion.made_by in REPLAYING,
        metrics={"replay_off": off, **(metrics or {})},
    )


def serve(
    model: StoredModel,
    values: np.ndarray,
    calendar: Calendar,
    horizon: int,
    *,
    seed: int,
    clock: Clock,
    made_by: str = "auto",
) -> Champion:
    """Answer with a registered model: the base is fitted to all days known, nothing is trained.

    Called as ``forecasting.contest.hold_contest`` is; ``seed`` and ``clock`` have nothing to decide here.

    Raises
    ------
    UsageError
        ``made_by`` asks for something else than what was registered.
    """
    if made_by != "auto":
        raise UsageError(f'a registered model answers as it was judged, not "{made_by}" as asked')
    card = model.card
    base = fit_base(values, calendar, horizon)
    templates = error_templates(values, base, horizon)
    share = card.share[0] if len(card.share) == 1 else np.array(card.share)[:, None]
    naive = SeasonalNaive() if card.challenger == SEASONAL_NAIVE else None
    said = mixture(values, calendar, horizon, base, templates, model.networks, share, naive)
    quantiles = ordered(_moved(said.quantiles, card.guard))
    reason = f"model {model.name} of {card.train_end[:10]} serves; when it was trained, {card.reason}"
    moved = None if naive is None else (said.quantiles - said.plain)[..., MIDDLE]
    return Champion(
        quantiles,
        templates,
        said.mean,
        card.challenger or ("lstm" if model.networks else "base"),
        reason,
        dict(card.metrics.get("recent_origins", {})),
        model.networks,
        made=Made(values, calendar, base, said.plain[..., MIDDLE], share, moved),
        challenger=naive,
    )


def _guard_between(raw: np.ndarray, said: np.ndarray) -> list[list[float]]:
    """How far each level was moved from the middle, a row a lead; then a row a series, its width."""
    reach = np.abs(raw - raw[..., MIDDLE : MIDDLE + 1])
    moved = np.abs(said - said[..., MIDDLE : MIDDLE + 1])
    width = np.ones((len(raw), 1, 1))
    levels = np.ones(raw.shape[1:])
    for _ in range(3):  # each is fitted to what the other leaves
        levels = _over(moved.sum(axis=0), (reach * width).sum(axis=0))
        width = _over(moved.sum(axis=(1, 2)), (reach * levels).sum(axis=(1, 2)))[:, None, None]
    return [[float(factor) for factor in row] for table in (levels, width[:, 0]) for row in table]


def _over(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.where(below > 1e-9, top / np.maximum(below, 1e-9), 1.0)


def _moved(raw: np.ndarray, guard: list[list[float]]) -> np.ndarray:
    """Quantiles moved by a guard; one of an older card has no widths."""
    horizon = raw.shape[1]
    width = np.array(guard[horizon:]) if len(guard) > horizon else np.ones((len(raw), 1))
    middle = raw[..., MIDDLE : MIDDLE + 1]
    return middle + (raw - middle) * np.array(guard[:horizon]) * width[:, None]


def _warm(model: StoredModel) -> Warm | None:
    """What to learn on from: the judged network for the judged one, those that serve for those."""
    if model.learner is None:
        return None
    networks = model.networks or (model.learner,)
    return Warm(model.learner.state_dict(), tuple(network.state_dict() for network in networks))


def _why_not(model: StoredModel, history: History, horizon: int) -> str:
    """Why a model does not answer for a history as it is; empty where it does."""
    card = model.card
    learned_until = pd.Timestamp(card.train_end)
    if (card.frequency, card.horizon, card.series) != (history.frequency, horizon, len(history.ids)):
        return "the registered model is of other series, another frequency or another horizon"
    if card.challenger not in ("", *REPLAYING):
        return f"{SAID[card.challenger]} served, which is not kept on file and learns anew each time"
    if not card.replays:
        return "the registered model's forecast cannot be made again from its weights and card"
    if history.as_of < learned_until:
        return f"the registered model learned until {card.train_end}, after the last day known"
    if history.as_of - learned_until > OLDEST:
        return f"the registered model is of {card.train_end[:10]}, older than {OLDEST.days} days"
    if len(history.stamps) < card.periods or data_hash(history, card.periods) != card.data_sha256:
        return "days that the registered model learned from have changed since"
    return _shifted(history, card.periods)


def _shifted(history: History, learned: int) -> str:
    """Which series' new days lie too far from what the days before them foretold; empty where none does."""
    values = np.asarray(history.values)
    new = values.shape[1] - learned
    if not new:
        return ""
    if learned < 4 * history.season:  # assumed: fewer seasons show no spread to judge by
        return ""
    recent = values[:, max(learned - 8 * history.season, 0) : learned]
    same = np.stack([_same_place(values, learned + k, learned, history.season) for k in range(new)], axis=1)
    miss = (values[:, learned:] - same).sum(axis=1)
    seasonal = recent[:, history.season :] - recent[:, : -history.season]
    spread = np.nanstd(seasonal, axis=1) / np.sqrt(2.0)
    error = np.maximum(spread, 1e-9) * np.sqrt(new * (1 + 1 / 8) + 1)
    far = np.nan_to_num(np.abs(miss) / error)
    worst = int(np.argmax(far))
    if far[worst] <= SHIFT:
        return ""
    return f"{history.ids[worst]} moved away from its level since the registered model learned"


def _same_place(values: np.ndarray, at: int, learned: int, season: int) -> np.ndarray:
    """Mean of the same place in the last eight seasons before ``learned``, shape (series,)."""
    first = at - season * (-(-(at - learned + 1) // season))
    places = list(range(first, max(first - 8 * season, -1), -season))
    rows = values[:, places]
    seen = np.isfinite(rows)
    return np.where(seen, rows, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
