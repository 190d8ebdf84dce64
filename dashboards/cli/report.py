"""``twin report``: the report of a finished main job, or of a plan, as one file."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say


def command(
    run: Annotated[str | None, typer.Argument(help="A finished main job; the last one when omitted.")] = None,
    form: Annotated[str, typer.Option("--format", help="html; pdf and xlsx are not written yet.")] = "html",
    out: Annotated[Path | None, typer.Option("--out", help="report-RUN.html here when omitted.")] = None,
    plan: Annotated[
        int | None, typer.Option("--plan", help="A plan of the book, by its number.", show_default=False)
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Write the report of a finished run, or of a plan, and say where it is."""
    from dashboards.services.report import write_report

    written = write_report(workspace, run, form, out, plan=plan)
    say({"report": written} if json else str(written), json)
