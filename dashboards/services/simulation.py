"""Simulation: what a command may ask of the engines, and the answer as a table.

Two things are told of every measure and never mixed: the range of futures (80 % of replications) and
the simulation error of the mean (95 %).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.case import Case, Window, resolve
from twin.engine import Engine
from twin.engine.replications import replicate
from twin.errors import UsageError
from twin.files import write_whole
from twin.hospital.load import growth_a_day, overloaded, refuse_nowhere_to_go, refuse_steady_overload
from twin.measures import MEASURES, estimate, summarise
from twin.trace import Trace


@dataclass(frozen=True)
class MeasureRow:
    """One measure over all replications."""

    measure: str
    label: str
    unit: str
    mean: float
    margin95: float
    q10: float
    q90: float


@dataclass(frozen=True)
class SimulationAnswer:
    """The measures of a run, and all that is needed to run it again."""

    hospital: str
    start: str
    days: int
    warm_up: int
    replications: int
    seed: int
    engine: str
    notes: tuple[str, ...]
    measures: tuple[MeasureRow, ...]


def run_simulation(
    case: Case,
    window: Window,
    *,
    seed: int,
    replications: int,
    engine: Engine = "kernel",
    trace_to: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationAnswer:
    """Simulate a case and measure it.

    Raises
    ------
    Overload
        Patients would wait for ever, or a steady state was asked for (warm-up > 0) where none exists.
    UsageError
        The run is too large.
    """
    if replications < 1:
        raise UsageError(f"a run has 1 replication or more, not {replications}")
    notes = [*refuse_or_label(case, window), *resolve(case, window).notes]

    def reduce(trace: Trace) -> Mapping[str, Any]:
        if trace_to is not None and trace.workload.replication == 0:
            write_trace(trace, trace_to)
        stopped = "" if trace.stopped_at is None else _stopped(trace)
        return {**summarise(trace, case.hospital), "stopped": stopped}

    rows = replicate(
        case,
        window,
        seed=seed,
        replications=range(replications),
        reduce=reduce,
        engine=engine,
        progress=progress,
    )
    notes += sorted({row["stopped"] for row in rows if row["stopped"]})
    return SimulationAnswer(
        hospital=case.hospital.name,
        start=window.start.isoformat(),
        days=window.days,
        warm_up=window.warm_up,
        replications=replications,
        seed=seed,
        engine=engine,
        notes=tuple(notes),
        measures=tuple(_row(key, [float(row[key]) for row in rows]) for key in MEASURES),
    )


def refuse_or_label(case: Case, window: Window) -> list[str]:
    """Refuse what has no answer; name what has one only for these days."""
    refuse_nowhere_to_go(case.hospital)
    if window.warm_up > 0 and not case.snapshot.patients and case.demand is None:
        refuse_steady_overload(case.hospital)
    return [
        f"queue grows by {growth_a_day(case.hospital, pool):.1f} a day before {' + '.join(pool.members)} "
        f"(offered load {pool.ratio:.2f})"
        for pool in overloaded(case.hospital)
    ]


def write_trace(trace: Trace, path: Path) -> None:
    """Write a trace as Parquet (``.parquet``) or CSV, whole or not at all."""
    table = trace.table()
    buffer = io.BytesIO()
    if path.suffix == ".parquet":
        table.to_parquet(buffer, index=False)
    else:
        table.to_csv(buffer, index=False)
    write_whole(path, buffer.getvalue())


def words(answer: SimulationAnswer) -> str:
    """The answer as lines for a person."""
    head = (
        f"{answer.hospital}: {answer.days} days from {answer.start}, {answer.replications} replications "
        f"({answer.engine} engine, seed {answer.seed})"
    )
    lines = [head, *(f"  note: {note}" for note in answer.notes), ""]
    lines.append(f"{'':36}{'mean':>9} {'+/- 95 %':>9}   {'80 % of futures':<18} unit")
    for row in answer.measures:
        if np.isfinite(row.mean):
            margin = f"{row.margin95:.2f}" if np.isfinite(row.margin95) else "-"
            span = f"{row.q10:.1f} to {row.q90:.1f}"
            lines.append(f"{row.label:<36}{row.mean:>9.2f} {margin:>9}   {span:<18} {row.unit}")
    return "\n".join(lines)


def _row(key: str, values: list[float]) -> MeasureRow:
    measure, known = MEASURES[key], estimate(values)
    finite = [v for v in values if np.isfinite(v)]
    low, high = np.quantile(finite, (0.1, 0.9)) if finite else (np.nan, np.nan)
    return MeasureRow(key, measure.label, measure.unit, known.mean, known.margin95, float(low), float(high))


def _stopped(trace: Trace) -> str:
    at = trace.workload.clock.at(trace.end)
    return f"partial: stopped on {at:%Y-%m-%d %H:%M} because more patients waited than a run may hold"
