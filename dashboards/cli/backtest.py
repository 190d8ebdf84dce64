"""``twin backtest``: how good the forecast would have been, beside simple rivals."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dashboards.cli.forecast import (
    Country,
    CovariatesFile,
    FrequencyName,
    HistoryFile,
    Horizon,
    TimeLimit,
    country_of,
    covariates_of,
    read,
)
from dashboards.cli.options import DEFAULT_WORKSPACE, AsJson, Challengers, Seed, Workspace, say


def command(
    horizon: Horizon,
    history: HistoryFile = None,
    origins: Annotated[
        int, typer.Option("--origins", min=1, max=100, help="Past dates to forecast from.")
    ] = 4,
    frequency: FrequencyName = None,
    country: Country = None,
    seed: Seed = 0,
    time_limit: TimeLimit = None,
    covariates: CovariatesFile = None,
    challenger: Challengers = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
    json: AsJson = False,
) -> None:
    """Score the forecast on the past beside simple rivals."""
    from forecasting.backtest import backtest
    from forecasting.contest import contest_with

    contest = contest_with(challenger or ())
    known = read(history, frequency, workspace)
    asked: dict[str, Any] = {"country": country_of(history, country, workspace), "time_limit": time_limit}
    done = backtest(
        known, horizon, origins, seed=seed, covariates=covariates_of(covariates), contest=contest, **asked
    )
    summary = done.summary()
    if json:
        rows = done.table.assign(origin=done.table["origin"].astype(str)).to_dict("records")
        say({"horizon": horizon, "frequency": done.frequency, "mean": summary, "origins": rows}, json)
        return
    say(f"{'method':<16}{'MASE':>8}{'WQL':>9}{'cov 80':>8}{'cov 95':>8}{'CPU s':>8}")
    for method, row in summary.items():
        say(
            f"{method:<16}{row['mase']:>8.4f}{row['wql']:>9.4f}{row['coverage_80']:>8.1%}"
            f"{row['coverage_95']:>8.1%}{row['cpu_s']:>8.1f}"
        )
