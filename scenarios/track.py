"""Track record: what was said about each day, what happened, and what "same as last week" would have said.

Rows come from forecasts as they were issued and are never recomputed. Until an issued day has come, the
held-out days stand in and carry a mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from scenarios.foresee import Foreseen
from twin.demand import DemandForecast
from twin.store import Store
from twin.store.forecasts import Issued


def track_record(store: Store, foreseen: Foreseen, source_key: str, timezone: str) -> list[dict[str, Any]]:
    """Rows of every stream, oldest day first.

    Parameters
    ----------
    source_key
        Only runs on the same source are compared with what happened in it.
    """
    rows: list[dict[str, Any]] = []
    for stream in foreseen.demand.series:
        issued = latest_said(store, stream, source_key)
        met = [_issued(row, foreseen, timezone) for row in issued]
        met = [row for row in met if row["happened"] is not None]
        rows += met or _held_out(foreseen, stream)
    return rows


def base_name(stream: str) -> str:
    """The name under which the base's own forecast of a stream is issued."""
    return f"{stream} (base)"


def issue(
    store: Store,
    run_id: str,
    demand: DemandForecast,
    days: int,
    as_of: datetime,
    timezone: str,
    *,
    of_base: bool = False,
) -> None:
    """Keep what this run says about its days; ``demand`` begins on the first day that is not known.

    With ``of_base`` it is what the base alone would have said, kept to judge the other by.
    """
    q10, q50, q90 = demand.quantiles((0.1, 0.5, 0.9))
    mean = demand.paths.mean(axis=0)
    ds = [demand.start + timedelta(days=d) for d in range(days)]
    for row, stream in enumerate(demand.series):
        store.forecasts.add(
            run_id,
            as_of.replace(tzinfo=ZoneInfo(timezone)),
            base_name(stream) if of_base else stream,
            ds,
            mean[row, :days],
            q10[row, :days],
            q50[row, :days],
            q90[row, :days],
        )


def latest_said(store: Store, stream: str, source_key: str) -> list[Issued]:
    """For each day, what was said last before it by runs on this source, oldest day first."""
    sources: dict[str, str | None] = {}
    newest: dict[Any, Issued] = {}
    for row in store.forecasts.list(stream):  # in order of issue
        if row.run_id not in sources:
            sources[row.run_id] = _source_of(store, row.run_id)
        if row.issued_at.date() <= row.ds and sources[row.run_id] == source_key:
            newest[row.ds] = row
    return [newest[day] for day in sorted(newest)]


def _source_of(store: Store, run_id: str) -> str | None:
    summary: Mapping[str, Any] = store.runs.get(run_id).summary or {}
    key = summary.get("source_key")
    return str(key) if key is not None else None


def _issued(row: Issued, foreseen: Foreseen, timezone: str) -> dict[str, Any]:
    said_on = row.issued_at.astimezone(ZoneInfo(timezone)).replace(tzinfo=None)
    return {
        "stream": row.stream,
        "ds": row.ds.isoformat(),
        "said": row.q50,
        "q10": row.q10,
        "q90": row.q90,
        "happened": foreseen.known(row.stream, row.ds),
        "last_week": foreseen.last_week(row.stream, row.ds, said_on.date()),
        "issued_at": said_on.isoformat(),
        "held_out": False,
    }


def _held_out(foreseen: Foreseen, stream: str) -> list[dict[str, Any]]:
    held = foreseen.held_out.get(stream)
    if held is None:
        return []
    return [
        {
            "stream": stream,
            "ds": day.isoformat(),
            "said": float(held.middle[i]),
            "q10": float(held.q10[i]),
            "q90": float(held.q90[i]),
            "happened": foreseen.known(stream, day),
            "last_week": foreseen.last_week(stream, day, held.days[0]),
            "issued_at": held.issued_at.isoformat(),
            "held_out": True,
        }
        for i, day in enumerate(held.days)
    ]
