"""``twin forecast``: the coming hours, days, weeks or months of every series of a history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Seed, Workspace, note, say

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.service import ForecastResult
    from twin.records.history import History

HistoryFile = Annotated[
    Path | None,
    typer.Argument(metavar="[HISTORY]", help="CSV with the columns unique_id, ds, y.", show_default=False),
]
Horizon = Annotated[
    int, typer.Option("--horizon", help="Periods ahead, up to ten years.", show_default=False)
]
FrequencyName = Annotated[
    str | None, typer.Option("--frequency", help="h, D, W or MS; found from the stamps when omitted.")
]
Country = Annotated[
    str | None,
    typer.Option(
        "--country", help="Public holidays, e.g. GB-ENG or none; the hospital's, or found in HISTORY."
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", min=0.1, help="Seconds for learning; what was learned by then serves."),
]

Explain = Annotated[
    str | None,
    typer.Option(
        "--explain",
        metavar="SERIES[:DATE]",
        help="Say which inputs moved the forecast of a series, in place of the table.",
        show_default=False,
    ),
]

CovariatesFile = Annotated[
    Path | None,
    typer.Option(
        "--covariates",
        metavar="TABLE",
        help="CSV ds[,unique_id],NAME...: what is known beforehand, e.g. school_term, closed, region.",
        show_default=False,
    ),
]


def command(
    horizon: Horizon,
    history: HistoryFile = None,
    frequency: FrequencyName = None,
    country: Country = None,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Write the table (CSV) here.")] = None,
    paths: Annotated[
        Path | None, typer.Option("--paths", help="Write joint paths (CSV or Parquet) here.")
    ] = None,
    n_paths: Annotated[int, typer.Option("--n-paths", min=1, max=10_000, help="Joint paths to draw.")] = 200,
    time_limit: TimeLimit = None,
    explain: Explain = None,
    covariates: CovariatesFile = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Forecast demand from a history file or the workspace's records."""
    from dashboards.services.explaining import asked_for, reasons_document, reasons_text
    from forecasting.covariates import read_covariates
    from forecasting.service import check_horizon, forecast

    known = read(history, frequency, workspace)
    check_horizon(horizon, known.frequency)
    why = None if explain is None else asked_for(explain, known.ids, known.ahead(horizon))
    result = forecast(
        known,
        horizon,
        seed=seed,
        country=country_of(history, country, workspace),
        time_limit=time_limit,
        n_paths=n_paths if paths else 0,
        covariates=None if covariates is None else read_covariates(covariates),
    )
    for line in result.notes:
        note(line)
    if paths:
        _write_paths(paths, result)
        note(f"{n_paths} joint paths written to {paths}")
    if out:
        from twin.files import write_whole

        write_whole(out, _csv(result.table))
        note(f"forecast written to {out}")
    if json:
        say(_document(result) | ({} if why is None else reasons_document(result, *why)), json)
    elif why is not None:
        typer.echo(reasons_text(result, *why))
    elif not out:
        typer.echo(_csv(result.table).decode(), nl=False)


def read(history: Path | None, frequency: str | None, workspace: Path) -> History:
    """The named history file, or the workspace's own counts."""
    from twin.records.history import read_history

    if history is None:
        from twin.workspace import Workspace as Place

        return Place(workspace).history()
    return read_history(history, frequency=frequency)


def country_of(history: Path | None, named: str | None, workspace: Path) -> str | None:
    """The holidays the user named; with the workspace's own counts, else those of its hospital."""
    if named is not None or history is not None:
        return named
    from twin.workspace import Workspace as Place

    return Place(workspace).hospital().country


def _csv(table: pd.DataFrame) -> bytes:
    """The table as CSV; stamps of whole days as dates."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode()


def _document(result: ForecastResult) -> dict[str, object]:
    table = result.table.assign(ds=result.table["ds"].astype(str))
    return {
        "as_of": str(result.as_of),
        "frequency": result.frequency,
        "made_by": dict(zip(result.ids, result.made_by, strict=True)),
        "notes": list(result.notes),
        "forecast": table.to_dict("records"),
    }


def _write_paths(path: Path, result: ForecastResult) -> None:
    """Paths as a long table ``path, unique_id, ds, y``."""
    import io

    import numpy as np
    import pandas as pd

    from twin.files import write_whole

    n, series, time = result.paths.shape
    long = pd.DataFrame(
        {
            "path": np.repeat(np.arange(n), series * time),
            "unique_id": np.tile(np.repeat(np.array(result.ids, dtype=object), time), n),
            "ds": np.tile(result.stamps.to_numpy(), n * series),
            "y": result.paths.ravel(),
        }
    )
    if path.suffix == ".parquet":
        page = io.BytesIO()
        long.to_parquet(page, index=False)
        write_whole(path, page.getvalue())
    else:
        write_whole(path, _csv(long))
