"""``twin restore``: a workspace from a backup, whole and checked, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboards.cli.options import AsJson, say

File = Annotated[Path, typer.Argument(help="What twin backup wrote.", show_default=False)]
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The workspace to make: new or empty.", show_default=False)
]


def command(file: File, folder: Folder, json: AsJson = False) -> None:
    """Make a workspace from a backup; rows go into the empty database of DATABASE_URL, or into SQLite."""
    import os

    from twin.errors import DEGRADED
    from twin.store.restore import restore

    done = restore(file, folder, os.environ.get("DATABASE_URL") or None)
    words = [
        f"restored  {done.folder}, rows in {done.database}",
        f"mark      {done.at}",
        f"holds     {done.rows:,} rows, {done.files:,} files, an unbroken audit of {done.audit_rows:,} rows",
        *(f"missing   {digest}: was damaged when the backup was taken" for digest in done.left_out),
    ]
    say(done if json else "\n".join(words), json)
    if done.left_out:
        raise typer.Exit(DEGRADED)
