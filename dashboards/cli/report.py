"""``twin report``: the report of a finished main job as one file."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[
        str | None, typer.Argument(help="Id of a finished main job; the last one when omitted.")
    ] = None,
    format: Annotated[str, typer.Option(help="html; other formats are not written yet.")] = "html",
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; beside you, named by the run, when omitted.")
    ] = None,
    workspace: Annotated[Path, typer.Option(envvar="TWIN_WORKSPACE", help="Folder of the twin.")] = Path(
        "workspace"
    ),
) -> None:
    """Write the report of a finished run."""
    from dashboards.services.report import write_report

    typer.echo(write_report(workspace, run, format, out))
