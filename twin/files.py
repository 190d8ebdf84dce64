"""Files: written whole or not at all, so that nobody ever reads half a plan."""

from __future__ import annotations

import errno
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
        raise TwinError(
            f"{path}: cannot be written: {error.strerror}; nothing was changed", code=code_of(error)
        ) from error
    finally:
        if staged is not None and os.path.exists(staged):
            os.unlink(staged)


def code_of(error: OSError) -> str | None:
    """The code of what the system refused: a full disk, a place that may only be read; None for another."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "E_DISK_FULL"
    return "E_READ_ONLY" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
