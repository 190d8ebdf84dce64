"""Simulation: what a command may ask of the engines, and the answer as a table.

Two things are told of every measure and never mixed: the range of futures (80 % of replications) and
the simulation error of the mean (95 %). Where queues have no steady state the second is shown, but as
not converged: more days would move the mean itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dashboards.services.files_asked import refuse_file
from scenarios.refusals import with_forecast_means
from twin.case import Case, Window, resolve
from twin.engine import Engine
from twin.errors import UsageError
from twin.files import write_whole
from twin.hospital import Hospital
from twin.hospital.lists import list_in_words
from twin.hospital.load import (
    Pool,
    growing_lists,
    growth_a_day,
    hasty_in_words,
    just_full,
    left_out,
    overloaded,
    pools,
    refuse_nowhere_to_go,
    refuse_steady_overload,
)
from twin.measures import MEASURES, StepWait, estimate, event_log, measure, step_waits
from twin.measures.event_log import Style
from twin.replications import replicate
from twin.trace import Trace, table_bytes

#: steps that the words name; the JSON document has them all
LONGEST_WAITS = 12
#: places and groups that the words name, from this load on; the JSON document has them all
FULLEST, WORTH_NAMING = 8, 0.7
#: ways to write a trace, by the file's ending
TRACE_ENDINGS = (".parquet", ".csv")
#: the event log that the ending before it asks for: run.vidigi.csv, run.process.parquet
EVENT_LOGS: Mapping[str, Style] = {".vidigi": "vidigi", ".process": "process_mining"}
STEADY = "OK"


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
    converged: bool = True


@dataclass(frozen=True)
class LoadRow:
    """What is asked of places that stand in for each other, or of a group, and what is open on average.

    Attributes
    ----------
    offered, open : [beds, places or people]
    ratio : rho, by which the status is judged: ``lasting`` / ``open``
    lasting : of what is offered, by patients who wait for as long as it takes; the others leave or skip.
        Runs kept before it was told do not have it.
    """

    members: tuple[str, ...]
    offered: float
    open: float
    ratio: float
    lasting: float | None = None

    @property
    def needed(self) -> float:
        """What is asked for by those who wait for as long as it takes. [beds, places or people]"""
        return self.offered if self.lasting is None else self.lasting

    @property
    def is_worth_naming(self) -> bool:
        """Whether it is nearly full, were nobody to give up."""
        return max(self.offered, self.needed) >= WORTH_NAMING * self.open and self.offered > 0


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
    """The measures of a run, and all that is needed to run it again.

    Attributes
    ----------
    status : ``OK``, ``NO_STEADY_STATE rho=1`` or ``UNSTABLE rho=R``
    partial : whether a guard stopped a replication; the measures tell of the time up to there
    """

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
    status: str = STEADY
    partial: bool = False
    loads: tuple[LoadRow, ...] = ()


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
        raise UsageError(f"a run has 1 replication or more, not {replications}", code="E_RANGE")
    if trace_to is not None:
        refuse_trace(trace_to)
    notes = [*refuse_or_label(case, window), *resolve(case, window).notes, *left_out(case.hospital)]
    notes += [list_in_words(case.hospital, waiting) for waiting in growing_lists(case.hospital)]
    expected = with_forecast_means(case)
    status = status_of(expected)

    rows = replicate(
        case,
        window,
        seed=seed,
        replications=range(replications),
        reduce=partial(_kept, hospital=case.hospital, trace_to=trace_to),
        engine=engine,
        progress=progress,
        check=check,
    )
    stopped = sorted(row["stopped"] for row in rows if row["stopped"])
    if trace_to is not None:
        write_whole(trace_to, rows[0]["trace"])
        notes += _days_of_trace(window)
    converged = status == STEADY and not stopped
    return SimulationAnswer(
        hospital=case.hospital.name,
        start=window.start.isoformat(),
        days=window.days,
        warm_up=window.warm_up,
        replications=replications,
        seed=seed,
        engine=engine,
        demand=origin,
        notes=tuple(notes + _stops(stopped, replications)),
        measures=tuple(_row(key, [float(row[key]) for row in rows], converged) for key in MEASURES),
        waits=_waits([row["waits"] for row in rows]),
        status=status,
        partial=bool(stopped),
        loads=tuple(
            LoadRow(p.members, p.offered, p.open, p.lasting_ratio, p.lasting) for p in pools(expected)
        ),
    )


def _kept(trace: Trace, *, hospital: Hospital, trace_to: Path | None) -> Mapping[str, Any]:
    """What is kept of one replication; of the first the whole trace, if it is asked for."""
    is_first = trace.workload.replication == 0
    return {
        **measure(trace, hospital),
        "stopped": trace.stopped_why,
        "waits": step_waits(trace, hospital),
        "trace": trace_bytes(trace, trace_to) if trace_to is not None and is_first else None,
    }


def status_of(hospital: Hospital) -> str:
    """Whether the hospital can carry the demand it describes for ever; the fullest place speaks for all."""
    over = overloaded(hospital)
    if not over:
        return STEADY
    rho = max(pool.lasting_ratio for pool in over)
    return "NO_STEADY_STATE rho=1" if all(just_full(pool) for pool in over) else f"UNSTABLE rho={rho:.4g}"


def refuse_or_label(case: Case, window: Window) -> list[str]:
    """Refuse what has no answer; name what has one only for these days."""
    refuse_nowhere_to_go(case.hospital)
    if window.warm_up > 0 and not case.snapshot.patients and case.demand is None:
        refuse_steady_overload(case.hospital)
    expected = with_forecast_means(case)
    return [_label(expected, pool) for pool in overloaded(expected)]


def _label(hospital: Hospital, pool: Pool) -> str:
    where = " + ".join(pool.members)
    if just_full(pool):
        return f"no steady state before {where}: exactly what it can do is asked of it (offered load 1)"
    growth = growth_a_day(hospital, pool)
    more = hasty_in_words(pool.offered - pool.lasting)
    return f"queue grows by {growth:.1f} a day before {where} (offered load {pool.lasting_ratio:.2f}){more}"


def _days_of_trace(window: Window) -> list[str]:
    """What a trace holds beside the days that are measured."""
    if window.warm_up == 0 and window.tail == 0:
        return []
    return [
        f"the trace holds {window.total:,} days: {window.warm_up} of warm-up, the {window.days} measured and "
        f"{window.tail} after them, in which who came in the measured days goes on"
    ]


def _stops(stopped: Sequence[str], replications: int) -> list[str]:
    """One line for all replications that a guard stopped."""
    if not stopped:
        return []
    first = stopped[0].removeprefix("partial: stopped ")
    return [
        f"partial results: {len(stopped)} of {replications} replications were stopped, the first {first}; "
        "what is measured is the time up to there"
    ]


def refuse_trace(path: Path) -> None:
    """Refuse, before the work begins, a place where its trace cannot be written.

    Raises
    ------
    TwinError
        A folder stands there, the folder around it cannot be written, or the ending is not known.
    """
    if path.suffix not in TRACE_ENDINGS:
        rule = f"a trace is written as {' or '.join(TRACE_ENDINGS)}; the ending says which"
        raise UsageError(f"--trace {path}: {rule}", code="E_OUTPUT")
    refuse_file(path, "--trace")


def trace_bytes(trace: Trace, path: Path) -> bytes:
    """A trace, or the event log that its name asks for, as the bytes of a Parquet or CSV file."""
    style = EVENT_LOGS.get(Path(path.stem).suffix)
    return table_bytes(trace.table() if style is None else event_log(trace, style), path)


def words(answer: SimulationAnswer) -> str:
    """The answer as lines for a person."""
    head = (
        f"{answer.hospital}: {answer.days} day{'s' * (answer.days != 1)} from {answer.start}, "
        f"{answer.replications} replication{'s' * (answer.replications != 1)} "
        f"({answer.engine} engine, seed {answer.seed})"
    )
    told = [f"  demand: {answer.demand}"] if answer.demand else []
    if answer.status != STEADY or answer.partial:
        told.append(f"  status: {answer.status}{', PARTIAL RESULTS' if answer.partial else ''}")
    lines = [head, *told, *(f"  note: {note}" for note in answer.notes), *_load_lines(answer), ""]
    is_known = answer.status == STEADY and not answer.partial
    error = "+/- 95 %" if is_known else "not converged"
    lines.append(f"{'':36}{'mean':>9} {error:>13}   {'80 % of futures':<18} unit")
    for row in answer.measures:
        if np.isfinite(row.mean):
            span = f"{row.q10:.1f} to {row.q90:.1f}"
            margin = _margin(row.margin95, is_known)
            lines.append(f"{row.label:<36}{row.mean:>9.2f} {margin:>13}   {span:<18} {row.unit}")
    longest = sorted(
        (w for w in answer.waits if w.mean_minutes > 0), key=lambda w: -w.patients * w.mean_minutes
    )
    if longest:
        lines += ["", f"{'wait before':<36}{'mean':>9} {error:>13}   {'who wait':<18} unit"]
        for wait in longest[:LONGEST_WAITS]:
            margin = _margin(wait.margin95, is_known)
            name, share = f"{wait.patient_class}, {wait.step}", f"{100 * wait.share_who_wait:.0f} %"
            lines.append(f"{name:<36}{wait.mean_minutes:>9.2f} {margin:>13}   {share:<18} min")
    return "\n".join(lines)


def _margin(margin95: float, is_known: bool) -> str:
    shown = f"{margin95:.2f}" if np.isfinite(margin95) else "-"
    return shown if is_known else f"({shown})"


def _load_lines(answer: SimulationAnswer) -> list[str]:
    """The fullest places and groups: what is asked of them, and what is open."""
    full = sorted(
        (row for row in answer.loads if row.is_worth_naming), key=lambda row: (-row.ratio, -row.offered)
    )
    if not full:
        return []
    lines = ["", f"{'offered load':<36}{'needed':>9} {'open':>13}   load"]
    for row in full[:FULLEST]:
        name = row.members[0] + (f" and {len(row.members) - 1} more" if len(row.members) > 1 else "")
        more = hasty_in_words(row.offered - row.needed)
        lines.append(f"{name:<36}{row.needed:>9.1f} {row.open:>13.1f}   {row.ratio:.2f}{more}")
    return lines


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


def _row(key: str, values: list[float], converged: bool) -> MeasureRow:
    told, known = MEASURES[key], estimate(values)
    finite = [v for v in values if np.isfinite(v)]
    low, high = np.quantile(finite, (0.1, 0.9)) if finite else (np.nan, np.nan)
    span = float(low), float(high)
    return MeasureRow(key, told.label, told.unit, known.mean, known.margin95, *span, converged)
