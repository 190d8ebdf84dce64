"""Tasks: real demand series, each with its horizon, its past origins, and the figures that it should reach.

Built from a folder that holds the published files under the names given here; what is a gap in the
source stays a gap. Origins lie inside the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from twin.records.history import History, history_of

MOST_MISSING = 0.05  # share of days without a count above which a trust is left out
SMALLEST_MEDIAN = 20.0  # patients a day below which a trust is left out

Bars = Mapping[str, tuple[float, float]]
DAILY_COVER: Bars = {"coverage_80": (0.03, 0.01), "coverage_95": (0.02, 0.005)}  # at most so far from nominal


@dataclass(frozen=True)
class Task:
    """One thing to forecast.

    Attributes
    ----------
    horizon : periods ahead
    apart : periods between origins
    country : whose holidays a peer is told of; ours finds them in the history
    bars : measure -> the figure that must be reached, and the one aimed at (coverage: distance from nominal)
    peers : the peers that fit such series
    told : whether ours is told of the country too
    """

    name: str
    history: History
    horizon: int
    apart: int
    country: str = ""
    bars: Bars = field(default_factory=dict)
    peers: tuple[str, ...] = ()
    told: bool = False


def tasks_of(folder: Path, wanted: tuple[str, ...] = ()) -> list[Task]:
    """Every task whose file is in the folder, or those named."""
    unknown = sorted(set(wanted) - set(MAKERS))
    if unknown:
        raise SystemExit(f"no task {', '.join(unknown)}; there are {', '.join(MAKERS)}")
    return [MAKERS[name](folder) for name in wanted or MAKERS]


STEADY = ("auto_ets", "dynamic_optimized_theta", "lightgbm", "nhits")
RARE = ("imapa", "croston_sba", "tsb", "auto_ets", "lightgbm")


def _hospital(folder: Path) -> Task:
    return Task(
        "hospital monthly", _long(folder / "hospital_monthly.csv"), 12, 4,
        bars={"mase": (0.740, 0.725), "wql": (0.0490, 0.0465), "cpu_s": (30, 30)}, peers=STEADY,
    )  # fmt: skip


def _parts(folder: Path) -> Task:
    table = pd.read_csv(folder / "carparts_monthly.csv")
    table["y"] = table["y"].fillna(0.0)  # the publisher's note: nothing stands for none
    return Task(
        "car parts monthly", history_of(table), 12, 2,
        bars={"wql": (0.875, 0.855), "total_error": (3.43, 3.35), "cpu_s": (30, 30)},
        peers=RARE,
    )  # fmt: skip


def _trusts(column: str, bars: Bars) -> Callable[[Path], Task]:
    def make(folder: Path) -> Task:
        wide = pd.read_csv(folder / "nhs_trust_discharges_daily.csv").pivot(
            index="ds", columns="unique_id", values=column
        )
        wide = wide.where(wide != 0)
        keep = (wide.isna().mean() < MOST_MISSING) & (wide.fillna(0).median() >= SMALLEST_MEDIAN)
        table = wide.loc[:, keep].reset_index().melt("ds", var_name="unique_id", value_name="y")
        known = history_of(table[["unique_id", "ds", "y"]])
        told = "discharges" if column == "discharged_total" else "could leave"
        return Task(
            f"{told} daily",
            known,
            28,
            63,
            "GB-ENG",
            {**DAILY_COVER, "sums_80": (0.06, 0.02), **bars},
            peers=STEADY,
        )

    return make


def _regions(horizon: int, mase: tuple[float, float]) -> Callable[[Path], Task]:
    def make(folder: Path) -> Task:
        table = pd.read_csv(folder / "ambulance_daily.csv")
        table = table[~table["unique_id"].isin(["Trust", "OOA"])]  # the sum of the others, and out of area
        bars = {**DAILY_COVER, "mase": mase, "cpu_s": (60, 60)}
        return Task(
            f"ambulance daily, {horizon}", history_of(table), horizon, 91, "GB-ENG", bars, peers=STEADY
        )

    return make


def _hours(folder: Path) -> Task:
    bars = {"mase": (0.726, 0.720), "wql": (0.2445, 0.2425), "cpu_s": (60, 60)}
    known = _long(folder / "ed_arrivals_hourly.csv")
    return Task("emergency hourly", known, 168, 91 * 24, "US", bars, peers=("mstl", "lightgbm"))


def _hours_as_days(folder: Path) -> Task:
    bars = {**DAILY_COVER, "mase": (0.805, 0.785), "wql": (0.0620, 0.0605), "cpu_s": (60, 60)}
    known = _long(folder / "ed_arrivals_hourly.csv").daily()
    return Task("emergency by day", known, 28, 91, "US", bars, peers=STEADY)


def _long(path: Path) -> History:
    return history_of(pd.read_csv(path), source=path.name)


MAKERS: dict[str, Callable[[Path], Task]] = {
    "hospital": _hospital,
    "parts": _parts,
    "discharges": _trusts(
        "discharged_total", {"mase": (0.715, 0.700), "wql": (0.0865, 0.0845), "cpu_s": (60, 60)}
    ),
    "could_leave": _trusts(
        "do_not_meet_criteria_to_reside", {"mase": (0.815, 0.790), "wql": (0.0645, 0.0620), "cpu_s": (60, 60)}
    ),
    "ambulance_7": _regions(7, (0.670, 0.655)),
    "ambulance_28": _regions(28, (0.675, 0.660)),
    "ambulance_84": _regions(84, (0.695, 0.680)),
    "hours": _hours,
    "hours_by_day": _hours_as_days,
}  # fmt: skip


def filled(values: np.ndarray, season: int) -> np.ndarray:
    """Gaps take the count one season before (else after), for peers that cannot read a gap."""
    out = values.copy()
    first = np.isfinite(out).argmax(axis=1)
    for column in range(season, out.shape[1]):
        gap = ~np.isfinite(out[:, column]) & (first < column)
        out[gap, column] = out[gap, column - season]
    usual = np.nanmean(values, axis=1)
    late = ~np.isfinite(out) & (np.arange(out.shape[1]) >= first[:, None])
    out[late] = np.repeat(usual[:, None], out.shape[1], axis=1)[late]
    return out
