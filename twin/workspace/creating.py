"""Creating: a new workspace with a shipped hospital and a simulated year; there in one step or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Literal

from twin.errors import TwinError, UsageError
from twin.files import sync_folder, write_whole
from twin.hospital import parse_hospital, shipped
from twin.records.simulated import LAST_DAY, simulate_year
from twin.workspace.workspace import Workspace

Size = Literal["reference", "small"]
Say = Callable[[str], None]


def create_workspace(
    folder: str | Path,
    *,
    size: Size = "reference",
    seed: int = 1,
    until: date = LAST_DAY,
    days: int = 365,
    progress: Say | None = None,
) -> Workspace:
    """Make a workspace with a shipped hospital and simulated records; it appears whole or not at all.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty.
    size
        ``reference`` (about 600 beds) or ``small`` (about 60).
    seed, until, days
        Seed, last day and number of days of the records.

    Raises
    ------
    UsageError
        The folder holds something already; nothing was changed.
    TwinError
        The folder cannot be written.
    """
    place = Path(folder)
    _refuse_if_taken(place)
    text = shipped(size)
    hospital = parse_hospital(text, source=f"{size}.toml")
    staged = place.absolute().parent / f".{place.absolute().name}.{secrets.token_hex(4)}.new"
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir()
        write_whole(staged / "hospital.toml", text.encode())
        records = simulate_year(hospital, end=until, days=days, seed=seed, progress=progress)
        write_whole(staged / "records" / "encounters.parquet", records.parquet())
        os.rename(staged, place.absolute())  # replaces an empty folder, refuses any other
        sync_folder(place.absolute().parent)
    except OSError as error:
        raise TwinError(f"{place}: cannot be made: {error.strerror}; nothing was changed") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Workspace(place)


def _refuse_if_taken(place: Path) -> None:
    if not place.exists() and not place.is_symlink():
        return
    if not place.is_dir():
        raise UsageError(f"{place} is not a folder; name a folder that is new or empty")
    names = sorted(entry.name for entry in place.iterdir())
    if "hospital.toml" in names:
        raise UsageError(f"{place} is a workspace already; nothing was changed; name another folder")
    if names:
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        raise UsageError(f"{place} is not empty ({shown}); name a folder that is new or empty")
