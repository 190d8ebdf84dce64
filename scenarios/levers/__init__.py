"""Levers: what a what-if may change, one record each.

A lever is ``Case -> Case`` and changes nothing else. This table is the one place where levers are
registered; scenario files, pages and reports read it.
"""

from __future__ import annotations

from scenarios.levers.beds import AddBeds
from scenarios.levers.demand import ScaleArrivals
from scenarios.levers.discharge import EarlierDischarge
from scenarios.levers.lever import Lever
from scenarios.levers.turnaround import FasterTurnaround

LEVERS: dict[str, type[Lever]] = {
    lever.key: lever for lever in (AddBeds, ScaleArrivals, EarlierDischarge, FasterTurnaround)
}

__all__ = ["LEVERS", "AddBeds", "EarlierDischarge", "FasterTurnaround", "Lever", "ScaleArrivals"]
