"""Watching: what was said about each day, as issued, against what happened, stream by stream.

The base is issued beside every forecast, under a name of its own, so that "worse than the base" is judged by
what the base said at the time, and never recomputed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import numpy as np

from forecasting.drift import Said, watch
from scenarios.foresee import Foreseen
from scenarios.track import base_name, latest_said
from twin.store import Store
from twin.store.forecasts import Issued


def watch_streams(store: Store, foreseen: Foreseen, source_key: str) -> list[dict[str, Any]]:
    """Drift of every stream whose forecasts have met their days, as plain values.

    Parameters
    ----------
    source_key
        Only runs on the same source are judged by what happened in it.
    """
    rows = []
    for stream in foreseen.demand.series:
        said = {row.ds: row for row in latest_said(store, stream, source_key)}
        base = {row.ds: row for row in latest_said(store, base_name(stream), source_key)}
        met = [day for day in sorted(said) if day <= _last_known(foreseen)]
        if met:
            streams = len(foreseen.demand.series)
            drift = asdict(watch(_said(foreseen, stream, met, said, base), streams))
            plain = {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in drift.items()}
            rows.append({"stream": stream, "since": met[0].isoformat(), **plain})
    return rows


def told(rows: list[dict[str, Any]], titles: Mapping[str, str]) -> tuple[str, ...]:
    """The alarms in sentences."""
    return tuple(
        f"Drift of {titles.get(row['stream'], row['stream'])}: {alarm['told']}"
        for row in rows
        for alarm in row["alarms"]
    )


def _said(
    foreseen: Foreseen, stream: str, met: list[date], said: Mapping[date, Issued], base: Mapping[date, Issued]
) -> Said:
    """Every day from the first that was foretold to the last known; a day nobody foretold is NaN."""
    days = [met[0] + timedelta(days=k) for k in range((_last_known(foreseen) - met[0]).days + 1)]
    nan = math.nan
    quantiles = [[s.q10, s.q50, s.q90] if (s := said.get(day)) else [nan] * 3 for day in days]
    happened = [_number(foreseen.known(stream, day)) for day in days]
    last_week = [_number(foreseen.known(stream, day - timedelta(days=7))) for day in days]
    plain = [b.q50 if (b := base.get(day)) else week for day, week in zip(days, last_week, strict=True)]
    return Said(np.array(quantiles), np.array(happened), np.array(plain), np.array(last_week))


def _last_known(foreseen: Foreseen) -> date:
    return foreseen.first_day + timedelta(days=foreseen.known_days - 1)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
