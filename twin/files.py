"""Files: written whole or not at all, so that nobody ever reads half a plan."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from twin.errors import TwinError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there complete after a crash, or is as it was before.

    Raises
    ------
    TwinError
        The file cannot be written; what stood there is unharmed.
    """
    folder = path.parent
    staged = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
        staged = None
        sync_folder(folder)
    except OSError as error:
        raise TwinError(f"{path}: cannot be written: {error.strerror}; nothing was changed") from error
    finally:
        if staged is not None and os.path.exists(staged):
            os.unlink(staged)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
