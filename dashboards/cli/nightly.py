"""``twin nightly``: the main job for cron, one at a time, and once for a date and its data."""

from __future__ import annotations

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Challengers, Cluster, Seed, Workspace, say
from dashboards.cli.run import Days, HistoryFile, Mapping, Replications, Scale, Total, asked_of, finish, walk

LOCK = "nightly"


def command(
    history: HistoryFile = None,
    map: Mapping = None,
    scale: Scale = "keep",
    days: Days = 28,
    replications: Replications = 40,
    total: Total = None,
    seed: Seed = 1,
    challenger: Challengers = None,
    cluster: Cluster = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Do the main job once for the date and content of the data.

    A second call the same night says so and does nothing. A night that finds no new data keeps the last
    forecast, records how old it is, and ends with exit code 3.
    """
    from dashboards.cli.status import existing
    from scenarios.cycle import prepare
    from scenarios.nights import stale_night
    from twin.errors import BAD_DATA, TwinError
    from twin.store import exclusive, open_store
    from twin.store.tables import DONE

    asked = asked_of(history, map, scale, days, replications, total, seed, challenger)
    with exclusive(existing(workspace), LOCK):
        ready = prepare(workspace, asked)
        key = f"nightly:{ready.data_key}"
        with open_store(workspace) as store:
            before = store.runs.by_key(key)
            if before is not None and before.state == DONE:
                stale = stale_night(store, before, ready.source.as_of, asked.inputs(), key)
                if stale is not None:
                    raise TwinError(stale.told, exit_code=BAD_DATA, code="E_STALE")
                told = f"already done: run {before.id}, for data as of {ready.source.as_of:%Y-%m-%d %H:%M}"
                say(
                    {"run": before.id, "state": "already done", "as_of": ready.source.as_of}
                    if json
                    else told,
                    json,
                )
                return
            finish(store, walk(store, "nightly", asked, key, cluster=cluster), json)
