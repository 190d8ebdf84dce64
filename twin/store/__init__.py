"""The store: everything the twin remembers, kept so that a crash loses nothing it confirmed.

``open_store(workspace)`` gives a ``Store`` with its books: ``runs`` (long work and its state), ``artefacts``
(files by content), ``forecasts`` (what was said and when), ``records`` (what was imported and what it came
to), ``histories``, ``plans``, ``scenarios``, ``users``, ``audit`` (who did what) and ``workers`` (who lives).
"""

from __future__ import annotations

from twin.store.artefacts import ArtefactDamaged
from twin.store.audit import AuditBroken
from twin.store.database import StoreUnusable
from twin.store.forecasts import AlreadyIssued, Issued
from twin.store.histories import Held, Put
from twin.store.job import Job
from twin.store.lock import exclusive
from twin.store.plans import KeptPlan, NotOpen, PlanOverlaps
from twin.store.records import (
    AlreadyImported,
    Aside,
    Fold,
    HeadMoved,
    Import,
    NewFold,
    NewImport,
    Segment,
    TableRef,
)
from twin.store.runs import Claim, KeyTaken, Run, StaleLease
from twin.store.scenarios import KeptScenario
from twin.store.store import Store, open_store
from twin.store.users import User

__all__ = [
    "AlreadyImported",
    "AlreadyIssued",
    "ArtefactDamaged",
    "Aside",
    "AuditBroken",
    "Claim",
    "Fold",
    "HeadMoved",
    "Held",
    "Import",
    "Issued",
    "Job",
    "KeptPlan",
    "KeptScenario",
    "KeyTaken",
    "NewFold",
    "NewImport",
    "NotOpen",
    "PlanOverlaps",
    "Put",
    "Run",
    "Segment",
    "StaleLease",
    "Store",
    "StoreUnusable",
    "TableRef",
    "User",
    "exclusive",
    "open_store",
]
