"""System calls that fail, tear, kill or are written down, in a process and all its children.

``calls.c`` is compiled with the machine's own compiler and loaded before the C library; what it is to do
stands in memory that this module and every process of the scene share. So the store's real file calls and
those of the ordinary SQLite, Parquet and Python libraries are met, not a model of them.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disk import Disk, File, Folder

OFF, COUNT, FAIL, KILL_BEFORE, KILL_AFTER, KILL_HALF, INTERRUPT, LOG = range(8)
OPEN, WRITE, SYNC, TRUNCATE, RENAME, UNLINK, MKDIR, SAY, LOOK, READ = (1 << n for n in range(10))
KINDS = {OPEN: "open", WRITE: "write", SYNC: "sync", TRUNCATE: "truncate", RENAME: "rename", UNLINK: "unlink"}
KINDS |= {MKDIR: "mkdir", SAY: "say", LOOK: "opening for reading", READ: "read"}
LOOKING = LOOK | READ
ALL = OPEN | WRITE | SYNC | TRUNCATE | RENAME | UNLINK | MKDIR
CONTROL = struct.Struct("=ii qqq ii q 512s512s512s")
RECORD = struct.Struct("=iiii qq")


def built(folder: Path) -> Path | None:
    """The library, compiled into ``folder``; None where the machine has no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or os.uname().sysname != "Linux":
        return None
    library, source = folder / "calls.so", Path(__file__).with_name("calls.c")
    if not library.exists():
        words = [compiler, "-O1", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl"]
        subprocess.run(words, check=True, capture_output=True)
    return library


@dataclass(frozen=True)
class Count:
    """How many calls were met, how many of them got their fate, and the first that did."""

    met: int
    done: int
    first: str


class Control:
    """What the calls below a folder are to do, for every process whose environment has ``TWIN_CALLS``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(CONTROL.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), CONTROL.size)

    @property
    def environment(self) -> dict[str, str]:
        """To be added to a process's own."""
        return {"TWIN_CALLS": str(self.path), "LD_PRELOAD": str(self.path.with_name("calls.so"))}

    def set(
        self,
        mode: int,
        root: Path,
        nth: int = 1,
        many: int = 1,
        kinds: int = ALL,
        error: int = errno.EIO,
        log: Path | None = None,
    ) -> None:
        """Meet the ``nth`` call of these kinds below ``root``, ``many`` of them (-1: all from there on)."""
        words = (str(root).encode(), str(log or "").encode(), b"")
        self._memory[:] = CONTROL.pack(mode, error, nth, many, 0, kinds, 0, 0, *words)

    def off(self) -> Count:
        """Leave the calls alone; what was met."""
        values = CONTROL.unpack(self._memory[:])
        self._memory[:] = bytes(CONTROL.size)
        kind, _, path = values[-1].rstrip(b"\0").decode().partition(" ")
        first = f"{KINDS[int(kind)]} of {Path(path).name}" if kind else ""
        return Count(met=values[4], done=values[7], first=first)


def replayed(
    log: Path, disk: Disk, forgets: Callable[[str], bool] = lambda path: False
) -> Iterator[tuple[str, str]]:
    """Play what was written down on ``disk``; before each call its word and path (``say``: what was said).

    ``forgets``: of which paths a sync is left out, as if the program had forgotten it.
    """
    data, place = log.read_bytes(), 0
    while place < len(data):
        kind, _, a, b, at, size = RECORD.unpack_from(data, place)
        place += RECORD.size
        path, other = data[place : place + a].decode(), data[place + a : place + a + b].decode()
        place += a + b
        given = data[place : place + size]
        place += size
        yield KINDS[kind], given.decode() if kind == SAY else path
        if not path.endswith("-shm") and not (kind == SYNC and forgets(path)):
            _play(disk, kind, path, other, at, given)


def _play(disk: Disk, kind: int, path: str, other: str, at: int, given: bytes) -> None:
    file = disk.file(path)
    if kind == OPEN:
        disk.make(path)
    elif kind == MKDIR:
        disk.make(path, Folder())
    elif kind == RENAME:
        disk.rename(path, other)
    elif kind == UNLINK:
        disk.remove(path)
    elif kind == SYNC and (file is None):
        disk.sync_folder(path)
    elif isinstance(file, File):
        if kind == WRITE:
            file.write(at, given)
        elif kind == TRUNCATE:
            file.truncate(at)
        elif kind == SYNC:
            file.sync()
