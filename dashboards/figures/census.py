"""Patients who need a bed, in one or waiting for one: the next 72 hours, and the next 28 mornings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.figures.band import RANGE, Band, Tick
from dashboards.services.words import day, hour, moment, number, span


def hourly_band(answer: Mapping[str, Any]) -> Band:
    """Need for beds hour by hour from now, against the open beds. [patients]"""
    rows = answer["census"]["hourly"]
    seen = answer["as_of"]
    peak = _highest(rows["q50"])
    return Band(
        label=f"Patients who need a bed, next 72 hours; highest middle on {hour(rows['ds'][peak], seen)} "
        f"with {number(rows['q50'][peak], 'beds')} against {rows['open_beds'][peak]:g} open beds",
        quantiles=_quantiles(rows),
        hints=_hints(rows, [hour(ds, seen) for ds in rows["ds"]]),
        ticks=hour_ticks(rows["ds"]),
        capacity=rows["open_beds"],
        now=f"Now, {hour(seen, seen)}",
        peaks=[(peak, f"{hour(rows['ds'][peak], seen)}: {number(rows['q50'][peak], 'beds')}")],
    )


def daily_band(answer: Mapping[str, Any]) -> Band:
    """Need for beds at 08:00 of each morning, against open and planned beds. [patients]"""
    rows = answer["census"]["daily"]
    peak = _highest(rows["q50"])
    return Band(
        label=f"Patients who need a bed at 08:00 on the next {len(rows['ds'])} mornings; highest middle on "
        f"{day(rows['ds'][peak])} with {number(rows['q50'][peak], 'beds')}",
        quantiles=_quantiles(rows),
        hints=_hints(rows, [day(ds) for ds in rows["ds"]]),
        ticks=monday_ticks(rows["ds"]),
        capacity=rows["open_beds"],
        planned=rows["planned_beds"],
        peaks=[(peak, f"{day(rows['ds'][peak])}: {number(rows['q50'][peak], 'beds')}")],
    )


def arrivals_band(stream: Mapping[str, Any], history_days: int = 28) -> Band:
    """One stream of arrivals: what happened, what is forecast, and last week's. [patients a day]"""
    forecast = stream["forecast"]
    past = stream["history"]["y"][-history_days:]
    dates = [*stream["history"]["ds"][-history_days:], *forecast["ds"]]
    shown: dict[str, Sequence[float]] = {q: [*_joint(past, forecast[q][0]), *forecast[q]] for q in RANGE}
    hints = [
        f"{day(ds)}: {number(mid, 'patients')}, 80 % {span(low, high, 'patients')}"
        for ds, mid, low, high in zip(
            forecast["ds"], forecast["q50"], forecast["q10"], forecast["q90"], strict=True
        )
    ]
    first = f"{day(dates[len(past) - 1])}: {number(past[-1], 'patients')} happened" if past else ""
    ticks = monday_ticks(dates, shift=max(len(past) - 1, 0))
    return Band(
        label=f"{stream['name']} a day: {len(past)} days happened, {len(forecast['ds'])} days forecast",
        quantiles=shown,
        hints=[first, *hints] if past else hints,
        ticks=ticks,
        happened=past,
        baseline=[None, *stream["last_week"]["y"]] if past and stream["last_week"]["y"] else [],
        now=f"Now, {day(dates[len(past) - 1])}" if past else "",
        unit=stream["unit"],
    )


def _joint(past: Sequence[float | None], first: float) -> list[float]:
    """Where the forecast leaves the past: its last value, or the forecast's first where that is unknown."""
    return [first if past[-1] is None else past[-1]] if past else []


def hour_ticks(ds: Sequence[str]) -> list[Tick]:
    """Marks at 00 and 12, the day's name under each noon."""
    at = [(i, moment(text)) for i, text in enumerate(ds)]
    return [
        Tick(i, f"{t:%H}", f"{t:%a}" if t.hour == 12 else "")
        for i, t in at
        if t.hour % 12 == 0 and t.minute == 0
    ]


def monday_ticks(ds: Sequence[str], shift: int = 0) -> list[Tick]:
    """Marks on Mondays; ``shift`` is the place of the step that the drawing counts as zero."""
    at = [(i - shift, moment(text)) for i, text in enumerate(ds)]
    mondays = [(i, t) for i, t in at if t.weekday() == 0]
    every = 2 if len(mondays) > 5 else 1
    return [Tick(i, f"{t.day} {t:%b}", "Mon") for i, t in mondays[::every]]


def _quantiles(rows: Mapping[str, Any]) -> dict[str, Sequence[float]]:
    return {q: rows[q] for q in RANGE}


def _highest(values: Sequence[float]) -> int:
    return max(range(len(values)), key=lambda i: values[i])


def _hints(rows: Mapping[str, Any], when: Sequence[str]) -> list[str]:
    return [
        f"{at}: {number(mid, 'beds')} need a bed, 80 % {span(low, high)}; {beds:g} open"
        for at, mid, low, high, beds in zip(
            when, rows["q50"], rows["q10"], rows["q90"], rows["open_beds"], strict=True
        )
    ]
