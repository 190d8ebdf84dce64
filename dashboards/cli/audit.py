"""``twin audit``: who did what to which thing, and whether anybody altered the account of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, say


class Asked(StrEnum):
    """What to do with the audit."""

    VERIFY = "verify"
    LIST = "list"


What = Annotated[Asked, typer.Argument(help="verify the chain, or list its rows.", show_default=False)]
Last = Annotated[int, typer.Option("--last", min=1, max=100_000, help="How many of the newest rows to list.")]


def command(
    what: What, last: Last = 20, workspace: Workspace = DEFAULT_WORKSPACE, json: AsJson = False
) -> None:
    """Verify the audit (exit 1 names the first bad row), or list its newest rows."""
    from twin.store import open_store
    from twin.workspace import Workspace as Folder

    with open_store(Folder(workspace).path) as store:
        if what is Asked.VERIFY:
            rows = store.audit.verify()
            say(
                {"rows": rows, "unbroken": True} if json else f"{rows:,} audit rows in an unbroken chain",
                json,
            )
            return
        listed = store.audit.list(last)
    lines = [
        f"{row.number:>8}  {row.at:%Y-%m-%d %H:%M:%S} UTC  {row.actor:<12}  {row.action:<18}  {row.subject}"
        for row in listed
    ]
    say({"rows": listed} if json else "\n".join(lines) or "no audit rows yet", json)
