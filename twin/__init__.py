"""The twin: a hospital, its clock, its patients, two engines that play them, measures and records.

The public words stand here; each is loaded when it is first used, so that ``twin --help`` stays quick.

>>> from twin import Case, Window, draw_workload, load_hospital, simulate, summarise
>>> hospital = load_hospital("workspace/hospital.toml")                     # doctest: +SKIP
>>> case, window = Case(hospital), Window(date(2026, 1, 5), days=28, warm_up=56)   # doctest: +SKIP
>>> summarise(simulate(case, draw_workload(case, window, seed=1)), hospital)       # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.case import Case, Schedule, Snapshot, Window, resolve
    from twin.checkpoint import read_snapshot, snapshot_at, write_snapshot
    from twin.demand import DemandForecast
    from twin.engine import simulate
    from twin.errors import TwinError
    from twin.hospital import Hospital, load_hospital
    from twin.measures import need, summarise
    from twin.plan import Certificate, Explanation, Plan
    from twin.replications import replicate
    from twin.trace import Trace
    from twin.workload import Workload, draw_workload

_WHERE = {
    "Case": "twin.case",
    "Certificate": "twin.plan",
    "DemandForecast": "twin.demand",
    "Explanation": "twin.plan",
    "Hospital": "twin.hospital",
    "Plan": "twin.plan",
    "Schedule": "twin.case",
    "Snapshot": "twin.case",
    "Trace": "twin.trace",
    "TwinError": "twin.errors",
    "Window": "twin.case",
    "Workload": "twin.workload",
    "draw_workload": "twin.workload",
    "load_hospital": "twin.hospital",
    "need": "twin.measures",
    "read_snapshot": "twin.checkpoint",
    "replicate": "twin.replications",
    "resolve": "twin.case",
    "simulate": "twin.engine",
    "snapshot_at": "twin.checkpoint",
    "summarise": "twin.measures",
    "write_snapshot": "twin.checkpoint",
}

__all__ = [
    "Case",
    "Certificate",
    "DemandForecast",
    "Explanation",
    "Hospital",
    "Plan",
    "Schedule",
    "Snapshot",
    "Trace",
    "TwinError",
    "Window",
    "Workload",
    "draw_workload",
    "load_hospital",
    "need",
    "read_snapshot",
    "replicate",
    "resolve",
    "simulate",
    "snapshot_at",
    "summarise",
    "write_snapshot",
]


def __getattr__(name: str) -> Any:
    """Load a public word when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module 'twin' has no {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    """The public words."""
    return sorted(__all__)
