"""Answer: everything a finished main job says, as one JSON document that pages and reports read.

Format 1. Times are local ISO, every number is real, and nothing in it is computed again later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

import numpy as np

from optimization.beds.planning import BedPlanAnswer
from scenarios.comparison import Comparison
from scenarios.decisions import Decision, Tight
from scenarios.foresee import Foreseen
from scenarios.outlook import NEAR, Outlook
from scenarios.sources import Source
from twin.measures import MEASURES, band, estimate
from twin.units import DAYS_WEEK, FloatArray

FORMAT = 1
#: days of history shown beside a forecast [days]
SHOWN_DAYS = 56
BAND = ("q10", "q25", "q50", "q75", "q90")
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)

LastWeek = Callable[[str, datetime], float | None]


def streams_part(
    source: Source, foreseen: Foreseen, titles: dict[str, str], days: int
) -> list[dict[str, Any]]:
    """What comes: history, forecast and the hold-out's scores of each stream."""
    demand = foreseen.demand
    ahead = [demand.start + timedelta(days=d) for d in range(days)]
    quantiles, mean = demand.quantiles(LEVELS), demand.paths.mean(axis=0)
    rows = []
    for i, stream in enumerate(demand.series):
        first = max(0, foreseen.known_days - SHOWN_DAYS)
        past = [foreseen.first_day + timedelta(days=d) for d in range(first, foreseen.known_days)]
        held = foreseen.held_out.get(stream)
        factor = foreseen.factors.get(stream)
        rows.append(
            {
                "stream": stream,
                "name": titles[stream],
                "unit": "patients a day",
                "made_by": demand.made_by,
                "source": source.described(stream),
                "scale": factor,
                "scale_note": source.scale_note(stream) if factor is not None else None,
                "history": {"ds": _texts(past), "y": _numbers(foreseen.observed[i, first:])},
                "forecast": {
                    "ds": _texts(ahead),
                    "mean": _numbers(mean[i, :days]),
                    **{name: _numbers(quantiles[q, i, :days]) for q, name in enumerate(BAND)},
                },
                "last_week": {
                    "ds": _texts(ahead),
                    "y": [foreseen.last_week(stream, day, demand.start) for day in ahead],
                },
                "holdout": dict(held.scores) if held else None,
                "explanation": foreseen.reasons.get(stream, []),
            }
        )
    return rows


def census_part(today: Outlook, planned: Outlook, now: int) -> dict[str, Any]:
    """Beds needed in the whole house: hour by hour for three days, then each morning."""
    near = slice(now, min(now + NEAR, today.ms.size))
    mornings = today.mornings()
    open_beds, plan_beds = today.open_beds.sum(axis=0), planned.open_beds.sum(axis=0)
    return {
        "hourly": {
            "ds": [today.at(h).isoformat() for h in range(near.start, near.stop)],
            **_bands(today.total[:, near]),
            "open_beds": _numbers(open_beds[near]),
        },
        "daily": {
            "ds": [today.at(int(h)).isoformat() for h in mornings],
            **_bands(today.total[:, mornings]),
            "open_beds": _numbers(open_beds[mornings]),
            "planned_beds": _numbers(plan_beds[mornings]),
        },
    }


def wards_part(
    today: Outlook, tight: Sequence[Tight], plan: BedPlanAnswer, now: int, last_week: LastWeek
) -> list[dict[str, Any]]:
    """Every ward, the most likely to be short first."""
    hospital = today.case.hospital
    near = slice(now, min(now + NEAR, today.ms.size))
    hours = [today.at(h).isoformat() for h in range(near.start, near.stop)]
    rows = []
    for t in tight:
        key = today.wards[t.ward]
        ward = hospital.wards[key]
        in_beds = today.need[:, t.ward, now] - today.waiting[:, t.ward, now]
        low, middle, high = (float(q) for q in np.quantile(t.need, (0.1, 0.5, 0.9)))
        rows.append(
            {
                "ward": key,
                "name": ward.title,
                "open_beds": int(today.open_beds[t.ward, now]),
                "physical_beds": ward.physical_beds,
                "planned_beds": plan.planned[key],
                "in_beds": round(float(np.median(in_beds))),
                "waiting": round(float(np.median(today.waiting[:, t.ward, now]))),
                "need": {"ds": hours, **_bands(today.need[:, t.ward, near])},
                "tightest": {
                    "ds": today.at(t.hour).isoformat(),
                    "q10": low,
                    "q50": middle,
                    "q90": high,
                    "dots": today.dots(t.ward, t.hour),
                    "open_beds": t.open_beds,
                },
                "chance_short": t.chance,
                "chance_short_planned": t.chance_planned,
                "last_week": last_week(key, today.at(t.hour) - timedelta(days=DAYS_WEEK)),
            }
        )
    return rows


def plan_part(plan: BedPlanAnswer) -> dict[str, Any]:
    """Plan, certificate and explanation."""
    document = plan.document()
    certificate = {k: _real(v) for k, v in document["certificate"].items() if k != "targets"}
    targets = [{k: _real(v) for k, v in row.items()} for row in document["certificate"]["targets"]]
    return {
        "plan": {k: _real(v) for k, v in document["plan"].items()},
        "certificate": {**certificate, "targets": targets},
        "explanation": document["explanation"],
    }


def measures_part(today: Outlook) -> list[dict[str, Any]]:
    """Each measure with its simulation error and its range of futures, kept apart."""
    rows = []
    for key, measure in MEASURES.items():
        values = np.array([m.get(key, math.nan) for m in today.measures])
        values = values[np.isfinite(values)]
        if values.size < 2:
            continue
        about = estimate(values)
        low, high = band(values, (0.1, 0.9))
        rows.append(
            {
                "measure": key,
                "label": measure.label,
                "unit": measure.unit,
                "mean": about.mean,
                "margin95": about.margin95,
                "q10": float(low),
                "q90": float(high),
                "definition": measure.definition,
            }
        )
    return rows


def answer_document(
    *,
    about: dict[str, Any],
    source: Source,
    foreseen: Foreseen,
    today: Outlook,
    planned: Outlook,
    tight: Sequence[Tight],
    plan: BedPlanAnswer,
    comparison: Comparison,
    decisions: Sequence[Decision],
    track: list[dict[str, Any]],
    last_week: LastWeek,
    notes: Iterable[str],
) -> dict[str, Any]:
    """The whole answer; ``about`` says who ran what, when and how."""
    hospital, days, now = today.case.hospital, today.window.days, today.hour_of(source.as_of)
    titles = {name: stream.title for name, stream in hospital.arrivals.items()}
    return {
        "format": FORMAT,
        **about,
        "hospital": hospital.name,
        "beds": int(today.open_beds[:, now].sum()),
        "as_of": source.as_of.isoformat(),
        "simulated": source.is_simulated,
        "engine": "kernel",
        "version": version("hospital-twin"),
        "days": days,
        "degraded": list(foreseen.degraded),
        "notes": list(dict.fromkeys(notes)),
        "streams": streams_part(source, foreseen, titles, days),
        "track_record": track,
        "census": census_part(today, planned, now),
        "wards": wards_part(today, tight, plan, now, last_week),
        **plan_part(plan),
        "decisions": [decision.to_json() for decision in decisions],
        "measures": measures_part(today),
        "comparison": comparison.to_json(dots=False),
    }


def _bands(values: np.ndarray) -> dict[str, list[float | None]]:
    return {name: _numbers(row) for name, row in zip(BAND, band(values, LEVELS), strict=True)}


def _numbers(values: FloatArray) -> list[float | None]:
    return [round(float(x), 3) if math.isfinite(x) else None for x in values]


def _real(value: Any) -> Any:
    """Numbers that JSON can hold."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _texts(days: Iterable[Any]) -> list[str]:
    return [day.isoformat() for day in days]
