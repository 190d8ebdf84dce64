"""``twin listen``: messages of the hospital's systems, as they come."""

from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, note, say


def command(
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; MLLP has no password and no encryption.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port; 0 takes a free one.")] = 2575,
    every: Annotated[
        float,
        typer.Option(
            "--every", min=1, max=86_400, metavar="SECONDS",
            help="How often to bring in what was heard; all records are worked out anew each time.",
        ),
    ] = 900,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Take HL7 v2 messages (ADT, SIU) over MLLP until told to end.

    A message is acknowledged when what it says is on disk: AA taken, AE unusable, AR send it again later.
    Ctrl-C or SIGTERM ends it; what was acknowledged is kept, and brought in at the next start at the latest.
    """
    from dashboards.listening import heard, listen

    told = listen(workspace, host, port, every, say=note)
    say(told if json else heard(told), json)
