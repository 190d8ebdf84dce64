"""The base case of a what-if: the workspace's hospital, with the demand that its last main job foresaw.

Before the first main job the hospital's own model of demand serves, after a warm-up from an empty house. Beds
and people are those of the approved plans, where one holds, and else the calendar's.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

from scenarios.plan_book import in_force
from twin.case import Case, Snapshot, Window
from twin.demand import DemandForecast
from twin.hospital import load_hospital
from twin.store import Store
from twin.workspace import Workspace

#: days an empty house runs before anything is measured (measured on the reference hospital: its census is
#: 6 % below its level after four weeks, 2 % after eight)
WARM_UP = 56
#: first day of a run that has neither records nor a forecast; a Monday in a month without daylight saving
FIRST_DAY = date(2025, 1, 6)
DEMAND = "demand.npz"


@dataclass(frozen=True)
class Base:
    """A case, the days it is played on, where its demand came from, and which plans hold (or nothing)."""

    case: Case
    window: Window
    demand: str
    decided: str = ""

    @property
    def origin(self) -> str:
        """Demand and plans in words."""
        return "; ".join(filter(None, (self.demand, self.decided)))


def base_case(workspace: Path, store: Store, *, days: int, warm_up: int | None = None) -> Base:
    """The case a what-if of this workspace starts from.

    Raises
    ------
    ConfigError
        Faults in ``hospital.toml``, or an approved plan that the hospital no longer fits.
    ArtefactDamaged
        The document of an approved plan is gone or altered.
    """
    hospital = load_hospital(workspace / "hospital.toml")
    found = _last_demand(store)
    if found is not None:
        run_id, demand = found
        known = all(name in hospital.arrivals for name in demand.series)
        before = demand_warm_up(demand)
        snapshot = _snapshot(workspace, demand) if before == 0 else Snapshot.empty()
        if known and snapshot is not None and demand.days >= before + days:
            window = Window(demand.start, days=days, warm_up=before, tail=min(2, demand.days - before - days))
            known_to = "" if demand.as_of is None else f", of data up to {demand.as_of:%Y-%m-%d %H:%M}"
            origin = f"the forecast of run {run_id}{known_to}"
            return _as_decided(store, Case(hospital, demand, snapshot=snapshot), window, origin)
    window = Window(FIRST_DAY, days=days, warm_up=WARM_UP if warm_up is None else warm_up)
    return _as_decided(store, Case(hospital), window, "the hospital's own model of demand")


def _as_decided(store: Store, case: Case, window: Window, demand: str) -> Base:
    """The case with what is approved for its measured days."""
    held = in_force(store, case.hospital, window.start + timedelta(days=window.warm_up))
    return Base(case.with_(plan=held.plan), window, demand, held.told)


def pack_demand(demand: DemandForecast) -> bytes:
    """A forecast's paths as bytes that need no code to read back."""
    about = {
        "start": demand.start.isoformat(),
        "series": list(demand.series),
        "made_by": demand.made_by,
        "as_of": demand.as_of.isoformat() if demand.as_of else None,
        "note": demand.note,
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, paths=demand.paths, about=np.frombuffer(json.dumps(about).encode(), np.uint8))
    return buffer.getvalue()


def unpack_demand(data: bytes) -> DemandForecast:
    """The forecast that ``pack_demand`` packed."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        about = json.loads(arrays["about"].tobytes())
        return DemandForecast(
            start=date.fromisoformat(about["start"]),
            series=tuple(about["series"]),
            paths=arrays["paths"],
            made_by=about["made_by"],
            as_of=datetime.fromisoformat(about["as_of"]) if about["as_of"] else None,
            note=about["note"],
        )


def demand_warm_up(demand: DemandForecast) -> int:
    """Observed days at the beginning of a forecast: those before the day after its data end. [days]"""
    if demand.as_of is None:
        return 0
    first = (
        demand.as_of.date()
        if demand.as_of.time() == datetime.min.time()
        else demand.as_of.date() + timedelta(1)
    )
    return max(0, (first - demand.start).days)


def _snapshot(workspace: Path, demand: DemandForecast) -> Snapshot | None:
    """Who was there when the forecast begins, if the records still tell."""
    place = Workspace(workspace)
    if not place.records_file.is_file():
        return None
    records = place.records()
    midnight = datetime.combine(demand.start, datetime.min.time())
    if not datetime.combine(records.begins, datetime.min.time()) <= midnight <= records.as_of:
        return None
    return place.snapshot(midnight)


def _last_demand(store: Store) -> tuple[str, DemandForecast] | None:
    """The demand of the last finished main job, by hand or by night."""
    done = [run for run in (store.runs.latest(kind) for kind in ("run", "nightly")) if run is not None]
    for run in sorted(done, key=lambda run: run.ended or run.created, reverse=True):
        if DEMAND in store.artefacts.names(run.id):
            return run.id, unpack_demand(store.artefacts.get(run.id, DEMAND))
    return None
