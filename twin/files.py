"""Files: written whole or not at all, so that nobody ever reads half a plan."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from twin.errors import TwinError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there complete after a crash, or is as it was before.

    Raises
    ------
    TwinError
        The file cannot be written; what stood there is unharmed. Or it is in place and the disk would not
        confirm its name; the message says which.
    """
    folder = path.parent
    staged = None
    outcome = "nothing was changed"
    try:
        make_folder(folder)
        handle, staged = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
        staged, outcome = None, "it is in place, but a power cut may take it back: write it again"
        sync_folder(folder)
    except OSError as error:
        raise TwinError(
            f"{path}: cannot be written: {error.strerror}; {outcome}", code=code_of(error)
        ) from error
    finally:
        if staged is not None:
            with suppress(OSError):  # the fault that is told comes first
                os.unlink(staged)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, so that their names outlast a crash."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


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
