"""Peers: what a user would pick instead, each with the settings its own documentation proposes.

Run by ``benchmarks/forecasting.py`` in the peers' environment, one process a forecast:

    .venv/bin/python peers.py METHOD IN.npz OUT.npz

``IN`` holds ``values`` (series, time; NaN where missing), ``filled`` (the same without gaps), ``season``,
``horizon``, ``levels``, ``stamps`` (past and future) and ``country``. ``OUT`` gets ``quantiles`` (series,
horizon, level), ``mean`` (series, horizon) and ``cpu_s``: seconds of processor time without imports.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import poisson

Data = dict[str, Any]
FREQUENCY = {168: "h", 7: "D", 52: "W", 12: "MS"}
ROWS = 120_000  # windows that LightGBM learns from
TREES = 200
STEPS = 400  # batches that NHITS learns from


def main() -> None:
    """Answer one request."""
    method, source, target = sys.argv[1:]
    with np.load(source, allow_pickle=False) as page:
        data: Data = {name: page[name] for name in page.files}
    for name in ("season", "horizon"):
        data[name] = int(data[name])
    answer = METHODS[method]
    answer(_small(data))  # compiled and imported before the clock starts
    begun = time.process_time()
    quantiles, mean = answer(data)
    spent = time.process_time() - begun
    np.savez(target, quantiles=np.maximum.accumulate(np.maximum(quantiles, 0), -1), mean=mean, cpu_s=spent)


def _small(data: Data) -> Data:
    """Two series of the data with a part of their past."""
    past = data["values"].shape[1]
    cut = max(0, past - max(20 * data["season"], 60)) if data["season"] < 168 else max(0, past - 8 * 168)
    small = {name: data[name][:2, cut:] for name in ("values", "filled")}
    return {**data, **small, "stamps": data["stamps"][cut:], "small": True}


def _statsforecast(model: Any, data: Data, *, intervals: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles from the model's own intervals; where it has none, of a Poisson count with its mean."""
    levels, horizon = data["levels"], data["horizon"]
    widths = [round(abs(200 * float(level) - 100), 6) for level in levels]
    quantiles = np.empty((len(data["filled"]), horizon, len(levels)))
    mean = np.empty(quantiles.shape[:2])
    for row, series in enumerate(data["filled"]):
        asked = {"level": sorted(set(widths) - {0.0})} if intervals else {}
        said = model.forecast(y=series[np.isfinite(series)], h=horizon, **asked)
        mean[row] = said["mean"]
        for k, (level, width) in enumerate(zip(levels, widths, strict=True)):
            if not intervals:
                quantiles[row, :, k] = poisson.ppf(level, np.maximum(mean[row], 1e-6))
            elif width == 0:
                quantiles[row, :, k] = said["mean"]
            else:
                quantiles[row, :, k] = said[f"{'lo' if level < 0.5 else 'hi'}-{width}"]
    return quantiles, mean


def _auto_ets(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import AutoETS

    return _statsforecast(AutoETS(season_length=data["season"]), data)


def _theta(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import DynamicOptimizedTheta

    return _statsforecast(DynamicOptimizedTheta(season_length=data["season"]), data)


def _mstl(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import MSTL

    return _statsforecast(MSTL(season_length=[24, 168]), data)


def _imapa(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import IMAPA

    return _statsforecast(IMAPA(), data, intervals=False)


def _croston(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import CrostonSBA

    return _statsforecast(CrostonSBA(), data, intervals=False)


def _tsb(data: Data) -> tuple[np.ndarray, np.ndarray]:
    from statsforecast.models import TSB

    return _statsforecast(TSB(alpha_d=0.2, alpha_p=0.2), data, intervals=False)


def _lightgbm(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """One gradient-boosted forest a quantile over all series, on lags, recent means and the calendar."""
    import lightgbm

    values, horizon = data["values"], data["horizon"]
    past = values.shape[1]
    chance = np.random.default_rng(0)
    first = min(past // 3, 2 * max(12, data["season"]) + horizon)
    rows = min(ROWS, 20 * values.size) if "small" not in data else 500
    series = chance.integers(len(values), size=rows)
    origin = chance.integers(min(first, past - 2), past - 1, size=rows)
    lead = chance.integers(1, horizon + 1, size=rows)
    inside = origin + lead < past
    series, origin, lead = series[inside], origin[inside], lead[inside]
    x, unit = _table(data, series, origin, lead)
    y = values[series, origin + lead] / unit
    seen = np.isfinite(y)
    now = np.repeat(np.arange(len(values)), horizon), np.tile(np.arange(1, horizon + 1), len(values))
    ahead, own = _table(data, now[0], np.full(len(now[0]), past - 1), now[1])
    settings = {"num_leaves": 31, "learning_rate": 0.05, "min_data_in_leaf": 50, "num_threads": 1,
                "verbose": -1, "bagging_fraction": 0.8, "bagging_freq": 1, "seed": 0}  # fmt: skip
    kinds = ["series", "place", "mark"]
    learned = lightgbm.Dataset(x[seen], y[seen], categorical_feature=kinds, free_raw_data=False)
    trees = 2 if "small" in data else TREES

    def forest(**objective: Any) -> np.ndarray:
        grown = lightgbm.train({**settings, **objective}, learned, num_boost_round=trees)
        return (grown.predict(ahead) * own).reshape(len(values), horizon)

    out = [forest(objective="quantile", alpha=float(level)) for level in data["levels"]]
    return np.stack(out, axis=-1), np.maximum(forest(objective="regression"), 0)


def _table(
    data: Data, series: np.ndarray, origin: np.ndarray, lead: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Features of each (series, origin, lead), and the recent mean that everything is divided by."""
    values, season = data["values"], data["season"]
    seen = np.isfinite(values)
    running = np.pad(np.where(seen, values, 0).cumsum(axis=1), ((0, 0), (1, 0)))
    counted = np.pad(seen.cumsum(axis=1), ((0, 0), (1, 0)))

    def recent(width: int) -> np.ndarray:
        start = np.maximum(origin + 1 - width, 0)
        n = counted[series, origin + 1] - counted[series, start]
        total = running[series, origin + 1] - running[series, start]
        return np.where(n > 0, total / np.maximum(n, 1), np.nan)

    wide = {12: (1, 3, 6, 24), 7: (7, 14, 28, 112), 168: (24, 168, 672, 2688)}[season]
    level = recent({12: 12, 7: 56, 168: 1344}[season])
    unit = np.maximum(np.nan_to_num(level), 0.05)
    columns: dict[str, np.ndarray] = {"lead": lead, "size": np.log(unit), "series": series}
    columns |= {f"mean_{w}": recent(w) / unit for w in wide}
    target = origin + lead
    back = -(-lead // season) * season
    for k in range(3):
        at = target - back - k * season
        columns[f"same_{k}"] = np.where(at >= 0, values[series, np.maximum(at, 0)], np.nan) / unit
    if season != 12:
        year = target - {7: 364, 168: 364 * 24}[season]
        good = (year >= 0) & (year <= origin)
        columns["last_year"] = np.where(good, values[series, np.clip(year, 0, origin)], np.nan) / unit
    stamps = pd.DatetimeIndex(data["stamps"])[target]
    columns["place"] = np.asarray(stamps.month if season == 12 else stamps.dayofweek)
    columns["hour"], columns["day_of_year"] = np.asarray(stamps.hour), np.asarray(stamps.dayofyear)
    columns["mark"] = _marks(data)[target]
    return pd.DataFrame(columns), unit


def _marks(data: Data) -> np.ndarray:
    """A number for each holiday and each day from it, of every period; -1 on usual days."""
    import holidays

    stamps = pd.DatetimeIndex(data["stamps"])
    mark = np.full(len(stamps), -1)
    if not str(data["country"]) or data["season"] == 12:
        return mark
    place, _, part = str(data["country"]).partition("-")
    named = holidays.country_holidays(
        place, subdiv=part or None, years=range(stamps[0].year - 1, stamps[-1].year + 2)
    )
    numbers = {name: 4 * k for k, name in enumerate(sorted(set(named.values())))}
    for offset, k in ((2, 3), (-1, 2), (1, 1), (0, 0)):
        days = (stamps.normalize() - pd.Timedelta(days=offset)).date
        mark = np.array(
            [numbers[named[day]] + k if day in named else old for day, old in zip(days, mark, strict=True)]
        )
    return mark


def _nhits(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """NHITS with quantiles as its loss, over all series together."""
    import logging

    import torch
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import NHITS

    torch.set_num_threads(1)
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    levels, horizon, season = [float(level) for level in data["levels"]], data["horizon"], data["season"]
    stamps = pd.DatetimeIndex(data["stamps"])[: data["filled"].shape[1]]
    table = pd.DataFrame({
        "unique_id": np.repeat(np.arange(len(data["filled"])), len(stamps)),
        "ds": np.tile(stamps, len(data["filled"])),
        "y": data["filled"].ravel(),
    }).dropna()  # fmt: skip
    model = NHITS(
        h=horizon, input_size=2 * max(season, horizon), loss=MQLoss(quantiles=levels), scaler_type="robust",
        max_steps=2 if "small" in data else STEPS, windows_batch_size=128, random_seed=0,
        accelerator="cpu", devices=1, enable_progress_bar=False,
        logger=False, enable_checkpointing=False, start_padding_enabled=True,
    )  # fmt: skip
    network = NeuralForecast(models=[model], freq=FREQUENCY[season])
    network.fit(df=table)
    said = network.predict().sort_values(["unique_id", "ds"])
    columns = [name for name in said.columns if name not in ("unique_id", "ds")]
    out = said[columns].to_numpy().reshape(len(data["filled"]), horizon, len(levels))
    out = np.sort(out, axis=-1)
    return out, out[..., len(levels) // 2]


METHODS = {
    "auto_ets": _auto_ets,
    "dynamic_optimized_theta": _theta,
    "mstl": _mstl,
    "imapa": _imapa,
    "croston_sba": _croston,
    "tsb": _tsb,
    "lightgbm": _lightgbm,
    "nhits": _nhits,
}

if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main()
