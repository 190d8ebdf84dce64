"""``twin forecast``: the coming hours, days, weeks or months of every series of a history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Challengers, Seed, Workspace, note, say

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from forecasting.covariates import CovariateTable
    from forecasting.service import ForecastResult
    from twin.records.history import History


class Futures(Protocol):
    """Joint paths (path, series, time), and the names of their series and periods."""

    @property
    def paths(self) -> np.ndarray: ...
    @property
    def ids(self) -> tuple[str, ...]: ...
    @property
    def stamps(self) -> pd.DatetimeIndex: ...


HistoryFile = Annotated[
    Path | None,
    typer.Argument(metavar="[HISTORY]", help="CSV with the columns unique_id, ds, y.", show_default=False),
]
Horizon = Annotated[
    int, typer.Option("--horizon", help="Periods ahead, up to ten years.", show_default=False)
]
HorizonOrHours = Annotated[
    int | None,
    typer.Option(
        "--horizon",
        help="Periods ahead, up to ten years; of --beds-now hours, 72 when omitted.",
        show_default=False,
    ),
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
TargetKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="TARGET",
        help="Without HISTORY: arrivals, admissions, discharges, census, bookings, attendances or supplies; "
        "all that the records give when omitted. Or beds, alone, as --beds-now; or kits, from "
        "the booked theatre list. May be repeated.",
        show_default=False,
    ),
]
LevelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--level",
        metavar="LEVEL",
        help="Without HISTORY: stream, ward, specialty, clinic, item, kit, store or hospital; all when "
        "omitted. May be repeated.",
        show_default=False,
    ),
]

BedsNow = Annotated[
    bool,
    typer.Option(
        "--beds-now", help="Without HISTORY: beds that each ward needs at the huddles of the next 72 hours."
    ),
]
Huddles = Annotated[
    list[int] | None,
    typer.Option(
        "--at", metavar="HOUR", help="Of --beds-now: an hour of the day; 6, 9, 12, 15 and 22 when omitted."
    ),
]
BookedFile = Annotated[
    Path | None,
    typer.Option(
        "--booked",
        metavar="LIST",
        help="Use of kits from a booked theatre list, CSV kit,planned,booked_at,cancelled_at,done.",
        show_default=False,
    ),
]
Today = Annotated[
    str | None,
    typer.Option(
        "--today",
        metavar="DATE",
        help="Of --booked: the first day ahead; the day after the list's last entry when omitted.",
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
    horizon: HorizonOrHours = None,
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
    challenger: Challengers = None,
    target: TargetKinds = None,
    level: LevelNames = None,
    beds_now: BedsNow = False,
    at: Huddles = None,
    booked: BookedFile = None,
    today: Today = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Forecast demand from a history file, or all that the workspace's records give to forecast."""
    from dashboards.cli.forecast_booked import is_of_kits, kits_ahead_of
    from dashboards.cli.forecast_targets import beds_ahead_of, is_of_beds, targets_ahead

    _refuse_places(out, paths)
    if is_of_kits(booked, target, today):
        _refuse_with_list(history, frequency, explain, covariates, at, beds_now, challenger)
        of_list: dict[str, Any] = {"today": today, "levels": level, "seed": seed, "n_paths": n_paths}
        kits = kits_ahead_of(booked, workspace, _needed(horizon), **of_list)
        _hand_out(kits.table, kits, kits.document(), None, out, paths, json)
        return
    if is_of_beds(history, target, beds_now, at):
        _refuse_with_beds(frequency, explain, covariates, challenger)
        drawn = {"seed": seed, "n_paths": n_paths, "country": country, "time_limit": time_limit}
        board = beds_ahead_of(workspace, horizon, at=at, levels=level, **drawn)
        _hand_out(board.table, board, board.document(), None, out, paths, json)
        return
    ahead = _needed(horizon)
    from forecasting.contest import contest_with

    asked: dict[str, Any] = {
        "seed": seed,
        "time_limit": time_limit,
        "contest": contest_with(challenger or ()),
    }
    asked["covariates"] = covariates_of(covariates)
    if history is None:
        chosen: dict[str, Any] = {"kinds": target or [], "levels": level or [], "frequency": frequency}
        told = targets_ahead(
            workspace, ahead, **chosen, explain=explain, **asked, country=country, n_paths=n_paths
        )
        _hand_out(told.table, told, told.document(), told.reasons, out, paths, json)
        return
    _refuse_of_records(target, level)
    asked |= {"country": country, "n_paths": n_paths if paths else 0, "progress": _progress}
    result, reasons, document = _of_file(history, ahead, frequency, explain, asked)
    _hand_out(result.table, result, document, reasons, out, paths, json)


def _progress(done: int, series: int) -> None:
    """One line each time a tenth of very many series is answered."""
    from forecasting.blocks import BLOCK

    tenth = -(-series // 10)
    if done == series or done // tenth > (done - BLOCK) // tenth:
        note(f"{done:,} of {series:,} series forecast")


def _refuse_places(out: Path | None, paths: Path | None) -> None:
    """Refuse, before the work begins, files that could not be written after it."""
    from dashboards.services.files_asked import refuse_file

    for option, file in (("--out", out), ("--paths", paths)):
        if file is not None:
            refuse_file(file, option)


def _needed(horizon: int | None) -> int:
    from twin.errors import UsageError

    if horizon is None:
        raise UsageError("how far ahead? name --horizon N, in hours, days, weeks or months")
    return horizon


def _refuse_with_beds(
    frequency: str | None, explain: str | None, covariates: Path | None, challenger: list[str] | None
) -> None:
    from twin.errors import UsageError

    given = {
        "--frequency": frequency, "--explain": explain, "--covariates": covariates,
        "--challenger": challenger or None,
    }  # fmt: skip
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{', '.join(named)}: not with the beds of the next hours; leave it out")


def _refuse_with_list(
    history: Path | None,
    frequency: str | None,
    explain: str | None,
    covariates: Path | None,
    at: list[int] | None,
    beds_now: bool,
    challenger: list[str] | None,
) -> None:
    from twin.errors import UsageError

    given = {
        "HISTORY": history, "--frequency": frequency, "--explain": explain, "--covariates": covariates,
        "--at": at, "--beds-now": beds_now or None, "--challenger": challenger or None,
    }  # fmt: skip
    if named := [name for name, value in given.items() if value is not None]:
        raise UsageError(f"{', '.join(named)}: not with a booked list, whose days are its own; leave it out")


def covariates_of(table: Path | None) -> CovariateTable | None:
    """The table that the user brought; None where none was."""
    from forecasting.covariates import read_covariates

    return None if table is None else read_covariates(table)


def _refuse_of_records(target: list[str] | None, level: list[str] | None) -> None:
    from twin.errors import UsageError

    if target or level:
        raise UsageError("--target and --level choose among the workspace's records; leave HISTORY out")


def _of_file(
    history: Path, horizon: int, frequency: str | None, explain: str | None, asked: dict[str, Any]
) -> tuple[ForecastResult, str | None, dict[str, object]]:
    """The forecast of a file's series, the reasons asked for as text, and all as a document."""
    from dashboards.services.explaining import asked_for, reasons_document, reasons_text
    from forecasting.service import check_horizon, forecast
    from twin.records.history import read_history

    known = read_history(history, frequency=frequency)
    check_horizon(horizon, known.frequency)
    why = None if explain is None else asked_for(explain, known.ids, known.ahead(horizon))
    if why is not None and why[1] is not None and known.frequency == "h":
        asked |= {"n_paths": _paths_of_a_day(asked["n_paths"], len(known.ids) * horizon)}
    result = forecast(known, horizon, **asked)
    for line in result.notes:
        note(line)
    document = _document(result)
    if why is None:
        return result, None, document
    return result, reasons_text(result, *why), document | reasons_document(result, *why)


def _paths_of_a_day(n_paths: int, cells: int) -> int:
    """Joint paths to draw where the range of a day of hours is told: 200, or as many as memory holds."""
    from forecasting.service import MOST_CELLS

    return max(n_paths, min(200, MOST_CELLS // cells))


def _hand_out(
    table: pd.DataFrame,
    futures: Futures,
    document: dict[str, object],
    reasons: str | None,
    out: Path | None,
    paths: Path | None,
    json: bool,
) -> None:
    """The table to a file or standard output, the joint paths to theirs."""
    if paths:
        _write_paths(paths, futures)
        note(f"{len(futures.paths)} joint paths written to {paths}")
    if out:
        from twin.files import write_whole

        write_whole(out, _csv(table))
        note(f"forecast written to {out}")
    if json:
        say(document, json)
    elif reasons is not None:
        typer.echo(reasons)
    elif not out:
        typer.echo(_csv(table).decode(), nl=False)


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


def _write_paths(path: Path, result: Futures) -> None:
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
