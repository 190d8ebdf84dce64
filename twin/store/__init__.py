"""The store: everything the twin remembers, kept so that a crash loses nothing it confirmed.

``open_store(workspace)`` gives a ``Store`` with five books: ``runs`` (long work and its state),
``artefacts`` (files by content), ``forecasts`` (what was said and when), ``audit`` (who did what)
and ``workers`` (who is alive).
"""

from __future__ import annotations

from twin.store.artefacts import ArtefactDamaged
from twin.store.audit import AuditBroken
from twin.store.database import StoreUnusable
from twin.store.forecasts import AlreadyIssued, Issued
from twin.store.job import Job
from twin.store.lock import exclusive
from twin.store.runs import Claim, KeyTaken, Run, StaleLease
from twin.store.store import Store, open_store

__all__ = [
    "AlreadyIssued",
    "ArtefactDamaged",
    "AuditBroken",
    "Claim",
    "Issued",
    "Job",
    "KeyTaken",
    "Run",
    "StaleLease",
    "Store",
    "StoreUnusable",
    "exclusive",
    "open_store",
]
