"""``twin serve``: the app in the browser, with one worker beside it, on this machine only."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="The next free one is taken when this one is in use.")
    ] = 8050,
    host: Annotated[
        str, typer.Option(help="This machine's own address; there are no users yet, so no other is served.")
    ] = "127.0.0.1",
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Start no worker; queued work waits for `twin worker`.")
    ] = False,
    workspace: Annotated[Path, typer.Option(envvar="TWIN_WORKSPACE", help="Folder of the twin.")] = Path(
        "workspace"
    ),
) -> None:
    """Open the app in a browser, with its worker. Ends with Ctrl+C."""
    from dashboards.services.serving import serve

    serve(workspace, host, port, with_worker=not no_worker, say=lambda line: typer.echo(line, err=True))
