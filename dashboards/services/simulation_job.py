"""Simulation as a run of the workspace: its row, its inputs, its answer as an artefact."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.services.simulation import (
    LoadRow,
    MeasureRow,
    SimulationAnswer,
    WaitRow,
    refuse_trace,
    run_simulation,
)
from scenarios.base_case import WARM_UP, Base, base_case
from scenarios.scenario import read_scenario
from twin.case import LONGEST_RUN
from twin.engine import ENGINES, Engine
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.plan import Plan
from twin.replications import MOST_REPLICATIONS, budget
from twin.store import Job

ANSWER = "simulation.json"


@dataclass(frozen=True)
class SimulationAsked:
    """What ``twin simulate`` asks, as it stands in the inputs of its row."""

    days: int
    warm_up: int | None
    replications: int
    seed: int
    engine: Engine
    plan: str | None = None
    scenario: str | None = None
    trace: str | None = None

    def inputs(self) -> dict[str, Any]:
        """The inputs of a row."""
        return dataclasses.asdict(self)


def refuse_question(asked: SimulationAsked) -> None:
    """Refuse what cannot be asked of any hospital, before anything is read.

    Raises
    ------
    UsageError
        A number out of range, a warm-up longer than the run, no such engine, nowhere to write the trace.
    """
    if asked.engine not in ENGINES:
        raise UsageError(f'no engine "{asked.engine}"; there are {", ".join(ENGINES)}')
    for name, value, least in (
        ("--days", asked.days, 1),
        ("--replications", asked.replications, 1),
        ("--warm-up", asked.warm_up, 0),
    ):
        if value is not None and value < least:
            raise UsageError(f"{name} {value:,} is too few; ask for {least} or more", code="E_RANGE")
    if asked.warm_up is not None and asked.warm_up > max(WARM_UP, asked.days):
        raise UsageError(
            f"--warm-up {asked.warm_up:,} is longer than the run of {asked.days:,} days that it is for; "
            f"{WARM_UP} days fill an empty hospital, and as many as --days may be asked for",
            code="E_WARMUP",
        )
    if asked.trace is not None:
        refuse_trace(Path(asked.trace))


def refuse_horizon(hospital: Hospital, asked: SimulationAsked) -> None:
    """Refuse days or replications beyond what the twin takes, with what they would have cost.

    Raises
    ------
    UsageError
        With the estimate.
    """
    days = asked.days + (WARM_UP if asked.warm_up is None else asked.warm_up)
    cost = budget(hospital, days, asked.replications)
    if days > LONGEST_RUN:
        raise UsageError(
            f"a run of {days:,} days, warm-up included, is longer than the {LONGEST_RUN:,} days allowed: "
            f"{cost}; ask for fewer days",
            code="E_BUDGET",
        )
    if asked.replications > MOST_REPLICATIONS:
        raise UsageError(f"{asked.replications:,} replications: {cost}; ask for fewer", code="E_BUDGET")


def applied(base: Base, asked: SimulationAsked) -> Base:
    """The base with the plan and the scenario that were asked."""
    case = base.case if asked.plan is None else base.case.with_(plan=Plan.read(asked.plan))
    if asked.scenario is not None:
        case = read_scenario(asked.scenario).apply(case)
    return dataclasses.replace(base, case=case)


def play(base: Base, asked: SimulationAsked, **watch: Any) -> SimulationAnswer:
    """Play what was asked; ``watch`` takes ``progress`` and ``check``."""
    base = applied(base, asked)
    return run_simulation(
        base.case,
        base.window,
        seed=asked.seed,
        replications=asked.replications,
        engine=asked.engine,
        trace_to=None if asked.trace is None else Path(asked.trace),
        origin=base.origin,
        **watch,
    )


def run_simulate(job: Job) -> Mapping[str, Any]:
    """Do a run of kind ``simulate``; its answer is kept as ``simulation.json``."""
    asked = SimulationAsked(**job.inputs)
    base = base_case(job.workspace, job.store, days=asked.days, warm_up=asked.warm_up)
    answer = play(
        base, asked, progress=lambda done, n: job.progress(done, n, "replications played"), check=job.check
    )
    job.put(ANSWER, json.dumps(_plain(dataclasses.asdict(answer)), allow_nan=False).encode())
    return {"replications": answer.replications, "demand": answer.demand}


def answer_of(data: bytes) -> SimulationAnswer:
    """The kept answer."""
    known: dict[str, Any] = json.loads(data)
    measures = tuple(MeasureRow(**_numbers(row)) for row in known.pop("measures"))
    waits = tuple(WaitRow(**_numbers(row)) for row in known.pop("waits"))
    loads = tuple(LoadRow(**_numbers(row)) for row in known.pop("loads", ()))
    notes = tuple(known.pop("notes"))
    return SimulationAnswer(**known, notes=notes, measures=measures, waits=waits, loads=loads)


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: math.nan if value is None else value for key, value in row.items()}


def _plain(value: Any) -> Any:
    """JSON has no "not a number" and no infinity: they become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
