"""``twin backup``: everything that the workspace keeps in one file, taken while others work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say

File = Annotated[
    Path | None,
    typer.Argument(
        help="The file to write; twin-backup-DATE-TIME.tar.gz here when omitted.", show_default=False
    ),
]
LeaveOut = Annotated[
    bool, typer.Option("--leave-out-damaged", help="Back up all else where kept files are damaged.")
]


def command(
    file: File = None,
    leave_out_damaged: LeaveOut = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Write rows, files, description and secret of the workspace into one file; keep it locked away."""
    from datetime import datetime

    from twin.errors import DEGRADED
    from twin.store import open_store
    from twin.store.backup import back_up
    from twin.workspace import Workspace as Folder

    place = file or Path(f"twin-backup-{datetime.now():%Y%m%d-%H%M%S}.tar.gz")
    with open_store(Folder(workspace).path) as store:
        done = back_up(store, place, leave_out_damaged=leave_out_damaged)
    words = [
        f"backup    {done.file}, {done.size:,} bytes; lock it away: it holds the secret of the pseudonyms",
        f"mark      {done.at:%Y-%m-%d %H:%M:%S} UTC; all that was confirmed before is in it",
        f"holds     {done.rows:,} rows, {done.files:,} files, the audit up to row {done.audit_rows:,}",
        *(f"missing   {digest}: damaged, and not in the backup" for digest in done.left_out),
        f"put back  twin restore {done.file} FOLDER",
    ]
    say(done if json else "\n".join(words), json)
    if done.left_out:
        raise typer.Exit(DEGRADED)
