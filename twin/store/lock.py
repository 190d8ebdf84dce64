"""One at a time: a lock file says which process holds a piece of work, and since when.

The operating system frees the lock when its holder ends, however it ends.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from twin.errors import USAGE, Locked, TwinError
from twin.files import code_of

#: so long a holder who has just come is waited for, to say who he is [s] (assumed)
_MOMENT_SECONDS = 1.0


@contextmanager
def exclusive(workspace: Path | str, name: str) -> Iterator[None]:
    """Hold ``name`` in ``workspace`` for the length of the block.

    Raises
    ------
    Locked
        Another process (or thread) holds it; the message gives its number and since when. Exit code 75.
    TwinError
        The file of the lock cannot be made or written (a full disk, say).
    """
    with _opened(workspace, name) as file:
        if not _take(file):
            raise Locked(f"{name} is already under way in {workspace}: {_holder(file)}")
        with _held(workspace, name, file):
            yield


@contextmanager
def waiting_turn(workspace: Path | str, name: str, seconds: float) -> Iterator[None]:
    """As ``exclusive``, but wait up to ``seconds`` for the holder to finish."""
    with _opened(workspace, name) as file:
        last = time.monotonic() + seconds
        while not _take(file):
            if time.monotonic() > last:
                raise Locked(f"waited {seconds:g} s for {name} in {workspace}: {_holder(file)}")
            time.sleep(0.02)
        with _held(workspace, name, file):
            yield


@contextmanager
def _opened(workspace: Path | str, name: str) -> Iterator[int]:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", name):
        raise ValueError(f"not a name for a lock: {name!r}")
    folder = Path(workspace) / "locks"
    with _in_words(workspace, name):
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _held(workspace: Path | str, name: str, file: int) -> Iterator[None]:
    since = dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    with _in_words(workspace, name):
        os.ftruncate(file, 0)
        os.pwrite(file, f"held by process {os.getpid()} since {since}\n".encode(), 0)
    try:
        yield
    finally:
        with suppress(
            OSError
        ):  # a name left behind does no harm: it is read only while somebody holds the file
            os.ftruncate(file, 0)  # the file stays: removing it would let two holders in
        fcntl.flock(file, fcntl.LOCK_UN)


@contextmanager
def _in_words(workspace: Path | str, name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TwinError(
            f"the lock {name} in {workspace} cannot be taken ({error.strerror}); nothing was changed",
            exit_code=USAGE,
            code=code_of(error) or "E_STORE",
        ) from error


def _take(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: int) -> str:
    """Who holds it; one who has just taken it is given a moment to write that down."""
    until = time.monotonic() + _MOMENT_SECONDS
    while not (told := os.pread(file, 200, 0).decode(errors="replace").strip()):
        if time.monotonic() > until:
            return "its holder is just starting or ending"
        time.sleep(0.005)
    return told
