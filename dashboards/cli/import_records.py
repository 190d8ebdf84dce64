"""``twin import``: the hospital's own records into the workspace, all or nothing."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Workspace, note, say


def command(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE", help="CSV (UTF-8) or Parquet files of encounters.")
    ],
    begins: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="First day from which every arrival is in the files."
        ),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"], metavar="TIME",
            help="Last instant of the data; the hour of the last event when omitted.",
        ),
    ] = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:  # fmt: skip
    """Read records in, all or nothing, faults told by row.

    One row a stay: encounter, patient_class, stream, place, step, started, ended; and, where they are
    kept, requested, arrived, outcome. Times are local; `ended` is empty while the stay goes on. The
    files replace the workspace's records, which are kept beside them as encounters.before.parquet.
    """
    from dashboards.cli.records import words
    from twin.workspace import Workspace as Folder

    folder = Folder(workspace)
    now = datetime.now(ZoneInfo(folder.hospital().timezone)).replace(tzinfo=None)
    folder.import_records(sources, begins=begins.date() if begins else None, as_of=as_of, now=now)
    note(f"imported {', '.join(str(source) for source in sources)}")
    holdings = folder.holdings()
    say(holdings if json else words(holdings), json)
