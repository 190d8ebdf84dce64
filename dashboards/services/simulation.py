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
from twin.measures import MEASURES, StepWait, estimate, step_waits, summarise
from twin.trace import Trace

#: steps that the words name; the JSON document has them all
LONGEST_WAITS = 12


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
class WaitRow:
    """The wait before one step over all replications."""

    patient_class: str
    step: str
    patients: float  # a replication
    mean_minutes: float
    margin95: float
    share_who_wait: float


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
    demand: str
    notes: tuple[str, ...]
    measures: tuple[MeasureRow, ...]
    waits: tuple[WaitRow, ...]


def run_simulation(
    case: Case,
    window: Window,
    *,
    seed: int,
    replications: int,
    engine: Engine = "kernel",
    trace_to: Path | None = None,
    origin: str = "",
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
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
        return {
            **summarise(trace, case.hospital),
            "stopped": trace.stopped_why,
            "waits": step_waits(trace),
        }

    rows = replicate(
        case,
        window,
        seed=seed,
        replications=range(replications),
        reduce=reduce,
        engine=engine,
        progress=progress,
        check=check,
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
        demand=origin,
        notes=tuple(notes),
        measures=tuple(_row(key, [float(row[key]) for row in rows]) for key in MEASURES),
        waits=_waits([row["waits"] for row in rows]),
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
    told = [f"  demand: {answer.demand}"] if answer.demand else []
    lines = [head, *told, *(f"  note: {note}" for note in answer.notes), ""]
    lines.append(f"{'':36}{'mean':>9} {'+/- 95 %':>9}   {'80 % of futures':<18} unit")
    for row in answer.measures:
        if np.isfinite(row.mean):
            margin = f"{row.margin95:.2f}" if np.isfinite(row.margin95) else "-"
            span = f"{row.q10:.1f} to {row.q90:.1f}"
            lines.append(f"{row.label:<36}{row.mean:>9.2f} {margin:>9}   {span:<18} {row.unit}")
    longest = sorted(
        (w for w in answer.waits if w.mean_minutes > 0), key=lambda w: -w.patients * w.mean_minutes
    )
    if longest:
        lines += ["", f"{'wait before':<36}{'mean':>9} {'+/- 95 %':>9}   {'who wait':<18} unit"]
        for wait in longest[:LONGEST_WAITS]:
            margin = f"{wait.margin95:.2f}" if np.isfinite(wait.margin95) else "-"
            name, share = f"{wait.patient_class}, {wait.step}", f"{100 * wait.share_who_wait:.0f} %"
            lines.append(f"{name:<36}{wait.mean_minutes:>9.2f} {margin:>9}   {share:<18} min")
    return "\n".join(lines)


def _waits(replications: list[tuple[StepWait, ...]]) -> tuple[WaitRow, ...]:
    """The waits of all replications, step by step; the margin is over replications."""
    steps: dict[tuple[str, str], list[StepWait]] = {}
    for waits in replications:
        for wait in waits:
            steps.setdefault((wait.patient_class, wait.step), []).append(wait)
    rows = []
    for (patient_class, step), found in steps.items():
        known = estimate([w.mean for w in found])
        shares = float(np.mean([w.share_who_wait for w in found]))
        count = sum(w.patients for w in found) / len(replications)
        rows.append(WaitRow(patient_class, step, count, known.mean, known.margin95, shares))
    return tuple(rows)


def _row(key: str, values: list[float]) -> MeasureRow:
    measure, known = MEASURES[key], estimate(values)
    finite = [v for v in values if np.isfinite(v)]
    low, high = np.quantile(finite, (0.1, 0.9)) if finite else (np.nan, np.nan)
    return MeasureRow(key, measure.label, measure.unit, known.mean, known.margin95, float(low), float(high))
