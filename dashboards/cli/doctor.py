"""``twin doctor``: check the installation and the workspace."""

from __future__ import annotations

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say


def command(workspace: Workspace = DEFAULT_WORKSPACE, json: AsJson = False) -> None:
    """Check the installation and the workspace."""
    from dashboards.services.doctor import examine

    findings = examine(workspace)
    lines = [f"{'ok  ' if f.is_well else 'FAIL'}  {f.what:<16} {f.said}" for f in findings]
    say({"findings": findings} if json else "\n".join(lines), json)
    if not all(f.is_well for f in findings):
        raise typer.Exit(1)
