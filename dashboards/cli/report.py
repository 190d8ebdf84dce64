"""``twin report``: the report of a finished main job as one file."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say


def command(
    run: Annotated[str | None, typer.Argument(help="A finished main job; the last one when omitted.")] = None,
    form: Annotated[str, typer.Option("--format", help="html; pdf and xlsx are not written yet.")] = "html",
    out: Annotated[Path | None, typer.Option("--out", help="report-RUN.html here when omitted.")] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Write the report of a finished run and say where it is."""
    from dashboards.services.report import write_report

    written = write_report(workspace, run, form, out)
    say({"report": written} if json else str(written), json)
