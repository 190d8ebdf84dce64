"""``twin init``: a new workspace, with a hospital to edit and a simulated year of records."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Seed, Workspace, note, say


class Size(StrEnum):
    """Hospitals that come with the twin."""

    reference = "reference"
    small = "small"


def command(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A new or empty folder; the workspace when omitted.")
    ] = None,
    size: Annotated[Size, typer.Option(help="reference: about 600 beds; small: about 60.")] = Size.reference,
    seed: Seed = 1,
    until: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Last day of the simulated records.",
            show_default="2025-12-31",
        ),
    ] = datetime(2025, 12, 31),
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Make a workspace: a hospital to edit and a simulated year of records.

    The records end on 2025-12-31 unless --until says otherwise, so that the same seed writes the same
    records on any day. A folder that holds anything is left as it is.
    """
    from twin.workspace import create_workspace

    made = create_workspace(
        folder or workspace, size=size.value, seed=seed, until=until.date(), progress=note
    )
    holdings = made.holdings()
    told = {"workspace": made.path, "hospital": made.hospital().name, "seed": seed, "records": holdings}
    say(
        told
        if json
        else f"{made.path}: {made.hospital().name}, with {holdings.encounters:,} simulated encounters "
        f"from {holdings.begins} to {holdings.as_of:%Y-%m-%d %H:%M} (seed {seed})\n"
        f"edit {made.hospital_file}; then: twin run --workspace {made.path}",
        json,
    )
