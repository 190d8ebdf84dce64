"""``twin worker``: do the queued work of a workspace until told to end."""

from typing import Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Cluster, Workspace, say


def command(
    workspace: Workspace = DEFAULT_WORKSPACE,
    once: Annotated[bool, typer.Option("--once", help="Do what waits now, then leave.")] = False,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
    cluster: Cluster = None,
    json: AsJson = False,
) -> None:
    """Do the queued work of a workspace: main jobs, nightly jobs and what-if questions.

    Ctrl-C or SIGTERM puts the run in hand back in the queue.
    """
    from dashboards.cli.status import existing
    from dashboards.worker import log_to_stderr, work

    log_to_stderr()
    taken = work(existing(workspace), once, with_parent=with_parent, cluster=cluster)
    say({"runs_taken": taken} if json else f"{taken} run{'' if taken == 1 else 's'} taken", json)
