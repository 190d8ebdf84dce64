"""``twin serve``: the app in the browser, with one worker beside it, on this machine only."""

from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, Workspace, note


def command(
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="The next free one if in use.")
    ] = 8050,
    host: Annotated[str, typer.Option("--host", help="An address of this machine itself.")] = "127.0.0.1",
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Queued work waits for `twin worker`.")
    ] = False,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Open the app in a browser, with its worker. Ctrl-C ends both."""
    from dashboards.services.serving import serve

    serve(workspace, host, port, with_worker=not no_worker, say=note)
