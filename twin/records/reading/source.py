"""Source: what a file is, told by its first bytes before anything of it is read.

A name says what somebody meant, the content what is there. Both have to agree, and with what the user told;
a spreadsheet that was named ``.csv`` is refused by its own name instead of as ten thousand bad rows. Opening
never waits: a pipe, a device or a link that leads out of its folder is refused as what it is.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from twin.errors import BadData, NotFound, Problem, UsageError, did_you_mean
from twin.records.reading.content import BUNDLE, HEAD_BYTES, Kind, kind_of
from twin.records.reading.limits import MB, USUAL, Limits

#: names of mappings that are shipped: what they map is a table
MAPPINGS = (
    "encounters",
    "stays",
    "twin",
    "hes",
    "omop_visit_occurrence",
    "omop_visit_detail",
    "appointments",
    "theatre_cases",
    "supply_movements",
    "rosters",
)
#: what ``--as`` may say
NAMES = (*MAPPINGS, "hl7", "fhir", "journal")


@dataclass(frozen=True)
class Source:
    """A file that was looked at, and found to be one that can be read.

    Attributes
    ----------
    path
        Where it is, links followed.
    name
        As the user knows it, fit to be shown.
    size
        [bytes]
    kind
        What it holds.
    device, inode, modified
        Which file it was and when it was last written [ns]: what is read later has to be the same.
    """

    path: Path
    name: str
    size: int
    kind: Kind
    device: int = field(repr=False)
    inode: int = field(repr=False)
    modified: int = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """The source as it passes to the process that reads it."""
        return {**vars(self), "path": str(self.path), "kind": str(self.kind)}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Source:
        """What ``as_json`` wrote."""
        return cls(**{**data, "path": Path(data["path"]), "kind": Kind(data["kind"])})

    def sha256(self, cancelled: Callable[[], None] | None = None) -> str:
        """SHA-256 of the bytes, read once in pieces.

        Raises
        ------
        BadData
            The file is not the one that was looked at (``E_CHANGED``), or cannot be read.
        """
        digest = hashlib.sha256()
        with self.held() as handle, os.fdopen(os.dup(handle), "rb", buffering=0) as file:
            try:
                while piece := file.read(MB):
                    digest.update(piece)
                    if cancelled is not None:
                        cancelled()
            except OSError as error:
                raise _unreadable(self.name, self.path, error) from None
        return digest.hexdigest()

    @contextmanager
    def held(self) -> Iterator[int]:
        """The file open for reading, the same before and after.

        Raises
        ------
        BadData
            ``E_CHANGED``: another file stands there, or it was written to since it was looked at.
        """
        handle = _opened(self.path, self.name)
        try:
            self.check_unchanged(handle)
            yield handle
            self.check_unchanged(handle)
        finally:
            os.close(handle)

    def check_unchanged(self, handle: int) -> None:
        """Hold that the open file and the one at ``path`` are the one that was looked at."""
        mine = (self.device, self.inode, self.size, self.modified)
        try:
            same = _identity(os.fstat(handle)) == mine == _identity(os.stat(self.path))
        except OSError:
            same = False
        if not same:
            rule = "was changed or replaced while it was read"
            cure = "import it when it is written completely: write it under another name, then rename it"
            raise BadData(self.name, [Problem("file", None, rule, cure, "E_CHANGED")])


def recognise(
    path: str | Path, told_as: str | None = None, limits: Limits = USUAL, *, name: str | None = None
) -> Source:
    """Tell what a file is, from at most 64 KB of it.

    Parameters
    ----------
    told_as
        What the user says it is: one of ``NAMES`` or the path of a mapping (``.toml``); None to find out.
    name
        How the file is called towards the user; its own name when omitted.

    Raises
    ------
    NotFound
        There is no such file.
    UsageError
        ``told_as`` is none of the names.
    BadData
        ``E_NOT_REGULAR_FILE``, ``E_PERMISSION``, ``E_EMPTY``, ``E_TOO_LARGE``, ``E_FILE_TYPE`` (it is
        something else than its name or the user says), ``E_FORMAT`` (XML).
    """
    check_told(told_as)
    place = _followed(Path(path))
    shown = name or shown_name(path)
    handle = _opened(place, shown)
    try:
        about = os.fstat(handle)
        _check_size(shown, about.st_size, limits.file_bytes, "file")
        head = _head(handle, shown, place)
    finally:
        os.close(handle)
    suffix = PurePath(path).suffix
    kind = kind_of(head, shown, told_as, whole=len(head) == about.st_size, suffix=suffix)
    if kind is BUNDLE:
        _check_size(shown, about.st_size, limits.bundle_bytes, "bundle; larger sets come as NDJSON")
    device, inode, size, modified = _identity(about)
    return Source(place, shown, size, kind, device, inode, modified)


def check_told(told_as: str | None) -> None:
    """Hold that ``told_as`` is a name that ``--as`` knows, or the path of a mapping."""
    if told_as is not None and told_as not in NAMES and not told_as.endswith(".toml"):
        raise UsageError(
            f'--as "{told_as}": {did_you_mean(told_as, NAMES)}, or the path of a mapping (.toml)',
            code="E_UNKNOWN_NAME",
        )


def shown_name(path: str | Path) -> str:
    """The last part of a path as text that a terminal and a page can show."""
    return printable(os.fsencode(Path(path).name or str(path)).decode("utf-8", "replace"))


def printable(text: str) -> str:
    """The text with a mark in the place of whatever a terminal would obey or nobody can see."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _identity(about: os.stat_result) -> tuple[int, int, int, int]:
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns


def _followed(path: Path) -> Path:
    """The path without links; one whose last link leads out of its own folder is refused."""
    name = shown_name(path)
    try:
        real = Path(os.path.realpath(path))
        if path.is_symlink() and not real.is_relative_to(os.path.realpath(path.parent)):
            raise _not_regular(name, "a link that leads out of its folder", "name the file it leads to")
    except (OSError, ValueError) as error:
        raise NotFound(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    return real


def _opened(path: Path, name: str) -> int:
    """The file open for reading, if it is a regular one; never waits for anybody."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_NOCTTY
    try:
        _check_regular(name, os.stat(path, follow_symlinks=False))
        handle = os.open(path, flags)
    except FileNotFoundError:
        raise NotFound(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise _unreadable(name, path, error) from None
    try:
        _check_regular(name, os.fstat(handle))
    except BadData:
        os.close(handle)
        raise
    return handle


def _check_regular(name: str, about: os.stat_result) -> None:
    mode = about.st_mode
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_IFDIR: ("a folder", "name the files in it"),
        stat.S_IFIFO: ("a pipe", "write what comes out of it into a file first"),
        stat.S_IFLNK: ("a link", "name the file it leads to"),
        stat.S_IFSOCK: ("a socket", "HL7 over the network comes in by a listener"),
    }
    raise _not_regular(name, *kinds.get(stat.S_IFMT(mode), ("a device", "name a file")))


def _not_regular(name: str, what: str, cure: str) -> BadData:
    return BadData(name, [Problem("file", what, "records are a regular file", cure, "E_NOT_REGULAR_FILE")])


def _unreadable(name: str, path: Path, error: OSError | ValueError) -> BadData | NotFound:
    if isinstance(error, PermissionError):
        rule, cure = "may not be read by this user", "give the user who runs the twin the right to read it"
        return BadData(name, [Problem("file", str(path), rule, cure, "E_PERMISSION")])
    said = getattr(error, "strerror", None) or str(error)
    if isinstance(error, ValueError) or not Path(path).exists():
        return NotFound(f"{name}: {said}")
    return BadData(name, [Problem("file", str(path), f"cannot be read: {said}", "", "E_DATA")])


def _check_size(name: str, size: int, most: int, what: str) -> None:
    if size == 0:
        cure = "ask the source for it again; nothing was changed"
        raise BadData(name, [Problem("file", None, "is empty", cure, "E_EMPTY")])
    if size > most:
        rule = f"at most {most / MB:,.0f} MB a {what}"
        problem = Problem("file", f"{size / MB:,.0f} MB", rule, "split it, by month say", "E_TOO_LARGE")
        raise BadData(name, [problem])


def _head(handle: int, name: str, path: Path) -> bytes:
    try:
        return os.pread(handle, HEAD_BYTES, 0)
    except OSError as error:
        raise _unreadable(name, path, error) from None
