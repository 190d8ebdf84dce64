"""``twin simulate``: play a hospital's days many times and measure them."""

from __future__ import annotations

from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Seed, Workspace, note, say

if TYPE_CHECKING:
    from dashboards.services.simulation import SimulationAnswer
    from dashboards.services.simulation_job import SimulationAsked
    from scenarios.base_case import Base
    from twin.hospital import Hospital

#: what is played where neither the question nor an example says how long and how often
DAYS, REPLICATIONS = 28, 20


def _examples() -> str:
    """Names of the examples, from their folder: to load their package would make the help slow."""
    files = (resources.files("twin") / "hospital" / "examples").iterdir()
    return ", ".join(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


HospitalFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="[HOSPITAL]", help="A hospital.toml; the workspace's when omitted.", show_default=False
    ),
]


def command(
    hospital: HospitalFile = None,
    days: Annotated[
        int | None, typer.Option("--days", help="Days to measure.", show_default=str(DAYS))
    ] = None,
    warm_up: Annotated[
        int | None,
        typer.Option(
            "--warm-up",
            help="Days before them that are not measured: 56, or at most as many as --days if that is more.",
            show_default="56",
        ),
    ] = None,
    replications: Annotated[
        int | None,
        typer.Option("--replications", help="How many futures.", show_default=str(REPLICATIONS)),
    ] = None,
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
        Path | None,
        typer.Option(
            "--trace",
            help="Write the first replication's trace (.parquet or .csv), the warm-up and the two days after "
            "those measured included; as an event log: NAME.vidigi.csv, NAME.process.csv.",
        ),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option(
            "--example",
            help=f"Play a shipped page, for as long as its source if you do not say: {_examples()}.",
        ),
    ] = None,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Play a hospital's coming weeks many times and measure them."""
    from dashboards.services.simulation import words
    from dashboards.services.simulation_job import SimulationAsked, play, refuse_question
    from twin.hospital import load_hospital
    from twin.replications.where import on_cluster

    if example is not None:
        days, warm_up, replications = _run_of(example, days, warm_up, replications)
    asked = SimulationAsked(
        days=DAYS if days is None else days,
        warm_up=warm_up,
        replications=REPLICATIONS if replications is None else replications,
        seed=seed,
        engine=engine,  # type: ignore[arg-type]
        plan=None if plan is None else str(plan.absolute()),
        scenario=scenario,
        trace=None if trace is None else str(trace.absolute()),
    )
    refuse_question(asked)
    with on_cluster(cluster):
        if example is not None:
            answer = play(_base(_example(example, hospital), asked, start), asked)
        elif hospital is None and start is None:
            answer = _in_workspace(workspace, asked)
        else:
            chosen = load_hospital(workspace / "hospital.toml" if hospital is None else hospital)
            answer = play(_base(chosen, asked, start), asked)
    say(answer if json else words(answer), json)


def _in_workspace(workspace: Path, asked: SimulationAsked) -> SimulationAnswer:
    """Play the workspace's hospital with its last forecast, and keep the run."""
    from dashboards.cli.status import existing
    from dashboards.services.simulation_job import ANSWER, answer_of, refuse_horizon
    from dashboards.worker import run_now
    from twin.hospital import load_hospital
    from twin.store import open_store

    refuse_horizon(load_hospital(existing(workspace) / "hospital.toml"), asked)
    with open_store(workspace) as store:
        run = run_now(store, "simulate", asked.inputs())
        answer = answer_of(store.artefacts.get(run.id, ANSWER))
    note(f"kept as run {run.id}")
    return answer


def _example(name: str, hospital: Path | None) -> Hospital:
    """The hospital of an example's page."""
    from twin.errors import UsageError
    from twin.hospital import parse_hospital
    from twin.hospital.examples import example

    if hospital is not None:
        raise UsageError(f"either {hospital} or --example {name}, not both")
    return parse_hospital(example(name), source=f"{name}.toml")


def _run_of(
    name: str, days: int | None, warm_up: int | None, replications: int | None
) -> tuple[int, int, int]:
    """Days, warm-up and replications: those asked for, and for the rest those of the example's own run."""
    from scenarios.base_case import WARM_UP
    from twin.hospital.examples import example_run

    own, said = example_run(name), []
    if days is None:
        days = own.days
        said.append(f"--days {days}")
    if warm_up is None:
        warm_up = min(own.warm_up, max(WARM_UP, days))
        said.append(f"--warm-up {warm_up}")
    if replications is None:
        replications = own.replications
        said.append(f"--replications {replications}")
    if said:
        note(f"{name} is played with {' '.join(said)}: {own.why}")
    return days, warm_up, replications


def _base(hospital: Hospital, asked: SimulationAsked, start: datetime | None) -> Base:
    """The named hospital alone, from the named day; nothing is kept."""
    from dashboards.services.simulation_job import refuse_horizon
    from scenarios.base_case import FIRST_DAY, WARM_UP, Base
    from twin.case import Case, Window

    refuse_horizon(hospital, asked)
    first = FIRST_DAY if start is None else start.date()
    window = Window(first, days=asked.days, warm_up=WARM_UP if asked.warm_up is None else asked.warm_up)
    return Base(Case(hospital), window, "the hospital's own model of demand")
