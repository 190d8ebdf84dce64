"""Files asked for: refused before the work begins where they could not be written after it."""

from __future__ import annotations

import os
from pathlib import Path

from twin.errors import TwinError, UsageError


def refuse_file(path: Path, option: str) -> None:
    """Refuse, before the work begins, a place where a file cannot be written.

    Raises
    ------
    TwinError
        A folder stands there, or the folder around it cannot be written.
    """
    if path.is_dir():
        raise UsageError(f"{option} {path}: a folder stands there; name a file in it", code="E_OUTPUT")
    around = next(folder for folder in path.absolute().parents if folder.exists())
    if not around.is_dir() or not os.access(around, os.W_OK | os.X_OK):
        raise TwinError(f"{option} {path}: {around} is not a folder that can be written", code="E_OUTPUT")
