"""Foresee: the coming weeks' demand of a hospital, from its own records or from a history file.

A foreign series is brought to the hospital's own mean and says so. The last four weeks are forecast
once more as if they were not known, and scored beside "same as last week".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.challengers import seasonal_naive
from forecasting.contest import Contest, contest_with
from forecasting.explaining.stored import stored_accounts
from forecasting.heads import LEVELS
from forecasting.scores import score, seasonal_error
from forecasting.service import ForecastResult, forecast, to_demand
from forecasting.serving import Serving, choose, enter
from forecasting.unused import remove_unused
from scenarios.sources import Source
from twin.demand import DemandForecast
from twin.records.history import History
from twin.streams import mix, name_key, uniform
from twin.units import DAYS_WEEK, FloatArray, IntArray

#: days at the end of a history that are forecast as if unknown, and scored [days]
HOLDOUT = 28
#: a hold-out leaves at least so much to learn from (assumed: eight weeks show a weekday pattern) [days]
LEAST_LEARNED = 56
#: a history shorter than this says nothing about weekdays [days]
LEAST_HISTORY = 2 * DAYS_WEEK
#: days ahead whose forecast is explained: those for which something is still decided [days]
EXPLAINED = DAYS_WEEK
#: joint futures drawn, of which each replication lives one; more make smoother bands [paths]
PATHS = 200


@dataclass(frozen=True)
class HeldOut:
    """The last days of one stream, as the forecast would have said them. [patients a day]"""

    stream: str
    issued_at: datetime
    days: tuple[date, ...]
    middle: FloatArray
    q10: FloatArray
    q90: FloatArray
    scores: Mapping[str, float | int | None]


@dataclass(frozen=True)
class Foreseen:
    """Demand of the coming days, and what is known of the days before.

    Attributes
    ----------
    demand : from the first day that is not known, in the hospital's scale
    base : what the base alone says of the same days; the same forecast where the base serves
    observed : counts by stream and day, (stream, day), NaN where missing, in the hospital's scale
    first_day : local date of ``observed[:, 0]``
    factors : stream -> factor by which a foreign series was scaled
    held_out : stream -> its last days as they would have been foreseen
    reasons : stream -> what moved the forecast of each of the first days (``forecasting.explaining.stored``)
    degraded : why a fallback serves, in sentences
    notes : what else a reader should know
    """

    demand: DemandForecast
    base: DemandForecast
    observed: FloatArray
    first_day: date
    factors: Mapping[str, float]
    held_out: Mapping[str, HeldOut]
    degraded: tuple[str, ...]
    notes: tuple[str, ...]
    reasons: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def known_days(self) -> int:
        """Days of history. [days]"""
        return int(self.observed.shape[1])

    def known(self, stream: str, day: date) -> float | None:
        """Count of one stream on one day, None where it is not known. [patients a day]"""
        column = (day - self.first_day).days
        if stream not in self.demand.series or not 0 <= column < self.known_days:
            return None
        value = self.observed[self.demand.series.index(stream), column]
        return float(value) if np.isfinite(value) else None

    def last_week(self, stream: str, day: date, before: date) -> float | None:
        """Count on the same weekday of the last known week before ``before``. [patients a day]"""
        back = -(-((day - before).days + 1) // DAYS_WEEK) * DAYS_WEEK
        return self.known(stream, day - timedelta(days=max(back, DAYS_WEEK)))

    def warmed_up(self, days: int, seed: int) -> DemandForecast:
        """The demand with its last observed days before it; a missing day takes its weekday's recent mean."""
        recent = self.observed[:, -days:].copy()
        for row in range(recent.shape[0]):
            for column in np.flatnonzero(~np.isfinite(recent[row])):
                at = self.known_days - days + int(column)
                recent[row, column] = _weekday_mean(self.observed[row], at)
        start = self.demand.start - timedelta(days=days)
        counts = np.stack(
            [scaled_counts(recent[i], 1.0, name, start, seed) for i, name in enumerate(self.demand.series)]
        )
        return self.demand.preceded_by(start, counts)


def foresee(
    source: Source,
    *,
    days: int,
    seed: int,
    n_paths: int = PATHS,
    time_limit: float | None = None,
    models: Path | None = None,
    challengers: Sequence[str] = (),
) -> Foreseen:
    """Forecast every stream of a source.

    Parameters
    ----------
    source
        Daily history and which of its series feeds which stream.
    days
        Days ahead.
    time_limit
        Seconds for each of the two forecasts.
    models
        Folder of registered models: the newest answers while it is fresh, and what is trained is registered
        there. Trained anew and registered nowhere when omitted.
    challengers
        Who else may serve where a contest is held (``forecasting.contest.contest_with``).

    Raises
    ------
    UsageError
        There is no such challenger, or what it needs is not installed.
    """
    history = source.history
    contest = contest_with(challengers)
    serving = None if models is None else choose(models, history, days, challengers)
    result = forecast(
        history, days, seed=seed, n_paths=n_paths, country=source.country, time_limit=time_limit,
        contest=contest if serving is None else serving.contest,
    )  # fmt: skip
    streams = tuple(dict.fromkeys(source.streams.values()))
    plain = to_demand(result, source.streams)
    factors = {stream: source.factor(stream) for stream in streams}
    demand = _in_scale(plain, source, factors, seed)
    observed = np.stack([source.observed(stream) * factors[stream] for stream in streams])
    held_out = _kept_hold_out(serving, factors)
    if held_out is None:
        held_out = _hold_out(source, factors, seed=seed, time_limit=time_limit, contest=contest)
    told: tuple[str, ...] = ()
    if models is not None and serving is not None and serving.trains:
        kept = {"held_out": [_on_card(held, factors[held.stream]) for held in held_out.values()]}
        enter(models, history, result, config={"seed": seed, "time_limit": time_limit}, metrics=kept)
        told = remove_unused(models)
    base = demand
    if result.champion.made_by != "base":
        alone = forecast(history, days, seed=seed, n_paths=n_paths, country=source.country, made_by="base")
        base = _in_scale(to_demand(alone, source.streams), source, factors, seed)
    return Foreseen(
        demand=demand,
        base=base,
        observed=observed,
        first_day=history.stamps[0].date(),
        factors={s: f for s, f in factors.items() if source.is_foreign},
        held_out=held_out,
        degraded=(*_fallback(result), *(() if serving is None else serving.degraded)),
        notes=(*result.notes, *_learned(serving), *told),
        reasons=_reasons(result, source, demand, factors),
    )


def _reasons(
    result: ForecastResult, source: Source, demand: DemandForecast, factors: Mapping[str, float]
) -> dict[str, list[dict[str, Any]]]:
    """What moved the forecast of each stream on the first days, in the hospital's scale."""
    if result.champion.made is None:
        return {}
    shown = demand.quantiles((0.1, 0.5, 0.9))[:, :, :EXPLAINED]
    own = {stream: [name for name, to in source.streams.items() if to == stream] for stream in demand.series}
    return {
        stream: stored_accounts(result, own[stream], factors[stream], shown[:, i])
        for i, stream in enumerate(demand.series)
    }


def _in_scale(
    plain: DemandForecast, source: Source, factors: Mapping[str, float], seed: int
) -> DemandForecast:
    """A forecast in the hospital's own scale, with a note of what was scaled."""
    paths = np.stack([_scaled(plain, i, factors[s], seed) for i, s in enumerate(plain.series)], axis=1)
    note = "; ".join(source.scale_note(stream) for stream in plain.series if factors[stream] != 1)
    return replace(plain, paths=paths, note=note)


def _scaled(demand: DemandForecast, row: int, factor: float, seed: int) -> IntArray:
    """All paths of one stream times a factor, shape (path, day)."""
    name = demand.series[row]
    paths = enumerate(demand.paths[:, row])
    return np.stack(
        [scaled_counts(path, factor, f"{name} path {p}", demand.start, seed) for p, path in paths]
    )


def scaled_counts(
    counts: FloatArray | IntArray, factor: float, name: str, start: date, seed: int
) -> IntArray:
    """Counts times a factor as whole patients; rounded by a keyed uniform, the mean stays. Shape (day,)."""
    ordinals = start.toordinal() + np.arange(len(counts))
    u = uniform(mix(name_key(f"seed {seed}"), name_key("scaled demand"), name_key(name), ordinals))
    return np.floor(np.asarray(counts, np.float64) * factor + u * (1 - 1e-12)).astype(np.int64)


def _fallback(result: ForecastResult) -> tuple[str, ...]:
    """Why the base serves without having won; where it won a whole contest, that is a choice and a note.

    A challenger serves only where it has won.
    """
    champion = result.champion
    judged = any(name.startswith("lstm") for name in champion.scores)
    if champion.made_by != "base" or (judged and not champion.cut_short):
        return ()
    return (f"Base forecast in use: {result.notes[0]}",)


def _learned(serving: Serving | None) -> tuple[str, ...]:
    """Why a night did more than answer with the registered model."""
    return (f"trained tonight, because {serving.why}",) if serving is not None and serving.trains else ()


def _on_card(held: HeldOut, factor: float) -> dict[str, Any]:
    """A hold-out as it stands on a model's card."""
    row = asdict(held) | {"issued_at": held.issued_at.isoformat(), "factor": factor}
    row["days"] = [day.isoformat() for day in held.days]
    return row | {name: getattr(held, name).tolist() for name in ("middle", "q10", "q90")}


def _kept_hold_out(serving: Serving | None, factors: Mapping[str, float]) -> dict[str, HeldOut] | None:
    """The hold-out that was made when the model that answers was trained; None where it must be made."""
    if serving is None or serving.trains or serving.model is None:
        return None
    rows = {}
    for row in serving.model.card.metrics.get("held_out", []):
        factor = factors[row["stream"]] / row["factor"]
        middle, q10, q90 = (np.array(row[name]) * factor for name in ("middle", "q10", "q90"))
        days = tuple(date.fromisoformat(day) for day in row["days"])
        issued_at = datetime.fromisoformat(row["issued_at"])
        rows[row["stream"]] = HeldOut(row["stream"], issued_at, days, middle, q10, q90, row["scores"])
    return rows


def _hold_out(
    source: Source, factors: Mapping[str, float], *, seed: int, time_limit: float | None, contest: Contest
) -> dict[str, HeldOut]:
    """The last days as they would have been foreseen; nothing where too little would be left to learn."""
    history = source.history
    if len(history.stamps) < LEAST_LEARNED + HOLDOUT:
        return {}
    known = history.until(HOLDOUT)
    said = forecast(
        known, HOLDOUT, seed=seed, n_paths=0, country=source.country, time_limit=time_limit, contest=contest
    )
    naive = seasonal_naive(known, HOLDOUT)
    rows = {}
    for stream in dict.fromkeys(source.streams.values()):
        own = [name for name, to in source.streams.items() if to == stream]
        if len(own) != 1 or own[0] not in known.ids:
            continue  # quantiles of several series do not add up; only their paths do
        rows[stream] = _held_out_of(stream, own[0], history, known, said, naive, factors[stream])
    return rows


def _held_out_of(
    stream: str,
    series: str,
    history: History,
    known: History,
    said: ForecastResult,
    naive: np.ndarray,
    factor: float,
) -> HeldOut:
    row = known.ids.index(series)
    quantiles = said.champion.quantiles[row : row + 1]
    truth = np.asarray(history.values)[history.ids.index(series), -HOLDOUT:][None]
    scale = seasonal_error(np.asarray(known.values)[row : row + 1], known.season)
    ours, theirs = score(quantiles, truth, scale), score(naive[row : row + 1], truth, scale)
    scores = {
        "days": HOLDOUT,
        "mase": _finite(ours["mase"]),
        "wql": _finite(ours["wql"]),
        "coverage80": _finite(ours["coverage_80"]),
        "naive_mase": _finite(theirs["mase"]),
        "naive_wql": _finite(theirs["wql"]),
    }
    at = {level: quantiles[0, :, LEVELS.index(level)] * factor for level in (0.1, 0.5, 0.9)}
    days = tuple(stamp.date() for stamp in pd.DatetimeIndex(said.stamps))
    return HeldOut(stream, said.as_of.to_pydatetime(), days, at[0.5], at[0.1], at[0.9], scores)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _weekday_mean(counts: FloatArray, at: int) -> float:
    """Mean of the known days of the same weekday in the eight weeks around a missing one."""
    same = counts[max(at % DAYS_WEEK, at - 8 * DAYS_WEEK) : at + 4 * DAYS_WEEK + 1 : DAYS_WEEK]
    seen = same[np.isfinite(same)]
    return float(seen.mean()) if seen.size else float(np.nanmean(counts))
