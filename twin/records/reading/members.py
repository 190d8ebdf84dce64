"""Members: what a ZIP or gzip file holds, every one checked before any of it is unpacked."""

from __future__ import annotations

import errno
import gzip
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO

from twin.errors import BadData, Problem
from twin.records.reading.content import Kind
from twin.records.reading.limits import MB, Limits
from twin.records.reading.source import Source, printable

#: unpacked size up to which the ratio is not asked: small files of one repeated row pack well (assumed)
_SMALL_BYTES = 64 * MB
TOLD = 20  # members named one by one
_PACKED_BY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, struct.error)


@contextmanager
def members_of(
    source: Source, handle: int, limits: Limits
) -> Iterator[tuple[list[Member], Callable[[], int]]]:
    """The members of an archive that is open, and how far it has been read [bytes].

    Raises
    ------
    BadData
        ``E_ARCHIVE_PATH``, ``E_ARCHIVE``, ``E_TOO_LARGE``, as ``unpack``; also while members are read.
    """
    try:
        with open(handle, "rb", closefd=False) as file:
            found = _of_zip(file, source, limits) if source.kind is Kind.ZIP else _of_gzip(file, source)
            yield found, file.tell
    except _DAMAGES as error:
        raise _damaged(source, error) from None
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile) or error.errno == errno.EINVAL:  # it points to nowhere
            raise _damaged(source, error) from None
        raise


def _damaged(source: Source, error: Exception) -> BadData:
    rule = f"the archive is damaged: {printable(str(error))[:100]}"
    return refused(source, "file", None, rule, "ask the source for it again")


@dataclass(frozen=True)
class Member:
    """One file of an archive: its name there, and how to open it."""

    name: str
    opened: Callable[[], AbstractContextManager[IO[bytes]]]


def _of_zip(file: IO[bytes], source: Source, limits: Limits) -> list[Member]:
    archive = zipfile.ZipFile(file)
    infos = archive.infolist()
    if len(infos) > limits.members:
        rule, cure = f"at most {limits.members:,} files an archive", "make several"
        raise refused(source, "members", f"{len(infos):,}", rule, cure, "E_TOO_LARGE")
    problems = [problem for info in infos for problem in _faults(info)]
    paths = [problem for problem in problems if problem.code == "E_ARCHIVE_PATH"]
    names = [info.filename for info in infos]
    if not problems and len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        problems = [Problem(shown(twice), None, "stands there twice", "keep one", "E_ARCHIVE")]
    if problems:
        raise BadData(source.name, (paths or problems)[:TOLD])
    check_unpacked(source, limits, sum(info.file_size for info in infos))
    return [Member(info.filename, partial(archive.open, info)) for info in infos if not info.is_dir()]


def _of_gzip(file: IO[bytes], source: Source) -> list[Member]:
    @contextmanager
    def opened() -> Iterator[IO[bytes]]:
        file.seek(0)
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            yield unpacked  # type: ignore[misc]

    return [Member(re.sub(r"\.gz$", "", source.name, flags=re.IGNORECASE), opened)]


def _faults(info: zipfile.ZipInfo) -> Iterator[Problem]:
    """What makes a member one that is not unpacked, nor any other of its archive."""
    name, mode = info.orig_filename, info.external_attr >> 16
    cure = "make the archive again from plain files"
    parts = re.split(r"[/\\]", name)
    if not name.strip() or name[0] in "/\\" or ".." in parts or re.match(r"[A-Za-z]:", name) or "\0" in name:
        yield Problem(shown(name), None, "the path leads out of the archive", cure, "E_ARCHIVE_PATH")
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a link" if stat.S_ISLNK(mode) else "no file"
        yield Problem(shown(name), None, f"is {what}", cure, "E_ARCHIVE_PATH")
    elif info.flag_bits & _ENCRYPTED:
        yield Problem(shown(name), None, "is encrypted", "unpack it first", "E_ARCHIVE")
    elif info.compress_type not in _PACKED_BY:
        rule = "is packed in a way that is not read"
        yield Problem(shown(name), None, rule, "pack it as ZIP with deflate", "E_ARCHIVE")


def check_unpacked(source: Source, limits: Limits, size: int) -> None:
    """Hold that an archive unpacks to no more than the caps [bytes]."""
    most = min(limits.unpacked_bytes, max(_SMALL_BYTES, limits.unpacked_times * source.size))
    if size > most:
        rule = f"an archive of {source.size / MB:,.1f} MB unpacks to at most {most / MB:,.0f} MB"
        raise refused(source, "members", f"more than {most / MB:,.0f} MB", rule, "unpack it", "E_TOO_LARGE")


def shown(name: str) -> str:
    """A member's name, fit to be shown."""
    return printable(name[:200])


def refused(
    source: Source, where: str, value: object, rule: str, cure: str, code: str = "E_ARCHIVE"
) -> BadData:
    """A refusal of the archive for one reason."""
    return BadData(source.name, [Problem(where, value, rule, cure, code)])
