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
from twin.store.store import Store, open_store

__all__ = [
    "AlreadyImported",
    "AlreadyIssued",
    "ArtefactDamaged",
    "Aside",
    "AuditBroken",
    "Claim",
    "Fold",
    "HeadMoved",
    "Import",
    "Issued",
    "Job",
    "KeyTaken",
    "NewFold",
    "NewImport",
    "Run",
    "Segment",
    "StaleLease",
    "Store",
    "StoreUnusable",
    "TableRef",
    "exclusive",
    "open_store",
]
