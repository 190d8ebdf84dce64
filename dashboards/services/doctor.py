"""Doctor: is everything here that the twin needs, and does it work?"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from twin.errors import TwinError

NEEDED = ("numpy", "pandas", "pyarrow", "numba", "simpy", "torch", "pyomo", "highspy", "dash", "sqlalchemy")
LEAST_DISK = 1 << 30  # 1 GiB: a year of records and a month of runs (assumed)


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    is_well: bool
    said: str


def examine(workspace: Path) -> tuple[Finding, ...]:
    """Look at the installation, and at the workspace where there is one."""
    findings = [
        _python(),
        *(_package(name) for name in NEEDED),
        _tried("engines agree", _engines),
        _disk(workspace),
    ]
    findings.append(_tried("store", lambda: _store(workspace)))
    if (workspace / "hospital.toml").is_file():
        findings.append(_tried("hospital.toml", lambda: _hospital(workspace)))
    else:
        findings.append(
            Finding("workspace", True, f"none at {workspace} yet; twin init {workspace} makes one")
        )
    return tuple(findings)


def _python() -> Finding:
    known = sys.version_info >= (3, 11)
    return Finding(
        "Python", known, f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores"
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, False, "is not installed; make run or make test installs it")


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except (TwinError, OSError) as error:
        return Finding(what, False, str(error))


def _engines() -> str:
    from twin.case import Case, Window
    from twin.engine import simulate
    from twin.hospital import parse_hospital, shipped
    from twin.workload import draw_workload

    case = Case(parse_hospital(shipped("small")))
    work = draw_workload(case, Window(date(2025, 1, 6), days=1, tail=0), seed=1)
    if not simulate(case, work, engine="reference").same_as(simulate(case, work, engine="kernel")):
        raise TwinError(
            "the two engines tell different stories of the same day; do not trust this installation"
        )
    return f"yes, on {work.patients} patients of the small hospital"


def _disk(workspace: Path) -> Finding:
    folder = next(p for p in [workspace.absolute(), *workspace.absolute().parents] if p.is_dir())
    free = shutil.disk_usage(folder).free
    return Finding("disk", free >= LEAST_DISK, f"{free / (1 << 30):.1f} GiB free at {folder}")


def _store(workspace: Path) -> str:
    if os.environ.get("DATABASE_URL"):
        return "DATABASE_URL names a database; twin status tries it"
    if not (workspace / "twin.db").is_file():
        return f"SQLite {sqlite3.sqlite_version}; no runs here yet"
    from twin.store import open_store

    with open_store(workspace) as store:
        rows, stray = store.audit.verify(), store.artefacts.sweep(dry=True)
    told = f"SQLite {sqlite3.sqlite_version}; {rows} audit rows in an unbroken chain"
    many = f"; {stray.files} files ({stray.size >> 20} MB) that nothing names, to go with the next import"
    return told + (many if stray.files else "")


def _hospital(workspace: Path) -> str:
    from twin.hospital import load_hospital
    from twin.hospital.load import overloaded, refuse_nowhere_to_go

    hospital = load_hospital(workspace / "hospital.toml")
    refuse_nowhere_to_go(hospital)
    over = overloaded(hospital)
    if over:
        names = ", ".join(" + ".join(pool.members) for pool in over)
        raise TwinError(f"more is asked than is open, so queues grow without end: {names}")
    beds = sum(ward.staffed_beds for ward in hospital.wards.values())
    return f"{hospital.name}: {len(hospital.wards)} wards, {beds} staffed beds, no overload"
