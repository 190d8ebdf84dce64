"""``twin simulate``: play a hospital's days many times and measure them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Seed, Workspace, note, say

if TYPE_CHECKING:
    from scenarios.base_case import Base

HospitalFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[HOSPITAL]", help="A hospital.toml; the workspace's when omitted.", show_default=False
    ),
]


def command(
    hospital: HospitalFile = None,
    days: Annotated[int, typer.Option("--days", help="Days to measure.")] = 28,
    warm_up: Annotated[
        int | None,
        typer.Option("--warm-up", help="Days before them that are not measured.", show_default="56"),
    ] = None,
    replications: Annotated[int, typer.Option("--replications", help="How many futures.")] = 20,
    seed: Seed = 1,
    engine: Annotated[
        str, typer.Option("--engine", help="kernel, or reference (the one to read).")
    ] = "kernel",
    plan: Annotated[Path | None, typer.Option("--plan", help="A plan.toml to follow.")] = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", help="A scenario to apply: name or file.")
    ] = None,
    start: Annotated[
        datetime | None, typer.Option("--start", formats=["%Y-%m-%d"], help="First day of the run.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Write the first replication's trace (.parquet or .csv).")
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Play a hospital's coming weeks many times and measure them."""
    from dashboards.services.simulation import run_simulation, words
    from scenarios.scenario import read_scenario
    from twin.engine import ENGINES
    from twin.errors import UsageError
    from twin.plan import Plan

    if engine not in ENGINES:
        raise UsageError(f'no engine "{engine}"; there are {", ".join(ENGINES)}')
    base = _base(hospital, workspace, days, warm_up, start)
    case = base.case if plan is None else base.case.with_(plan=Plan.read(plan))
    if scenario is not None:
        case = read_scenario(scenario).apply(case)
    note(f"demand: {base.origin}")
    answer = run_simulation(
        case,
        base.window,
        seed=seed,
        replications=replications,
        engine=engine,  # type: ignore[arg-type]
        trace_to=trace,
    )
    say(answer if json else words(answer), json)


def _base(
    hospital: Path | None, workspace: Path, days: int, warm_up: int | None, start: datetime | None
) -> Base:
    """The case to play: the named file's alone, or the workspace's with its last forecast."""
    from scenarios.base_case import FIRST_DAY, WARM_UP, Base, base_case
    from twin.case import Case, Window
    from twin.hospital import load_hospital
    from twin.store import open_store

    if hospital is None and start is None:
        from dashboards.cli.status import existing

        with open_store(existing(workspace)) as store:
            return base_case(workspace, store, days=days, warm_up=warm_up)
    first = FIRST_DAY if start is None else start.date()
    window = Window(first, days=days, warm_up=WARM_UP if warm_up is None else warm_up)
    case = Case(load_hospital(workspace / "hospital.toml" if hospital is None else hospital))
    return Base(case, window, "the hospital's own model of demand")
