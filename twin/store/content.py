"""Content: files named by the SHA-256 of their bytes, whole on disk before anybody is told of them.

A file is written or moved beside its place, synced, renamed into it, and the folder's names are synced: after
a power cut it is there whole or not at all. The same content is kept once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from twin.errors import TwinError
from twin.files import code_of, sync_folder
from twin.store.database import StoreUnusable

STAGED = ".staged-"
BLOCK = 1 << 20  # bytes read at a time


class ArtefactDamaged(TwinError):
    """A stored file is gone or no longer has the content that it was stored with."""

    code = "E_DAMAGED"


@dataclass(frozen=True)
class Swept:
    """Files that no row names."""

    files: int
    size: int  # bytes


class Content:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Where the content with this SHA-256 lies."""
        return self.folder / digest[:2] / digest[2:]

    def keep(self, data: bytes) -> str:
        """Keep these bytes and return their SHA-256."""
        digest = hashlib.sha256(data).hexdigest()
        with self._in_words(digest):
            if not self._is_there(digest):
                with self.staging() as folder:
                    staged = folder / digest
                    staged.write_bytes(data)
                    self._take(staged, digest)
            self._settle(digest)
        return digest

    def keep_file(self, staged: Path) -> str:
        """Take a file of any size in, by content, and return its SHA-256; ``staged`` is there no more.

        Raises
        ------
        StoreUnusable
            It cannot be read or taken; what was kept before is unharmed.
        """
        with self._in_words(str(staged)):
            if not stat.S_ISREG(os.lstat(staged).st_mode):
                raise OSError(errno.EINVAL, "not a file", str(staged))
            digest = digest_of(staged)
            if self._is_there(digest):
                os.unlink(staged)
            else:
                self._take(staged, digest)
            self._settle(digest)
        return digest

    def open(self, digest: str, name: str = "a kept file") -> Path:
        """The file with this content, read and compared first.

        Raises
        ------
        ArtefactDamaged
            It is gone or altered.
        """
        path = self.path(digest)
        try:
            found = digest_of(path)
        except FileNotFoundError:
            raise ArtefactDamaged(f"{name} is gone from {path}; put it back from a backup") from None
        except OSError as error:
            raise ArtefactDamaged(f"{name} cannot be read: {path} ({error.strerror})") from error
        if found != digest:
            raise ArtefactDamaged(f"{name} was altered on disk: {path}; put it back from a backup")
        return path

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to make files in that are to be kept, on the same file system; gone afterwards.

        Raises
        ------
        StoreUnusable
            Also where a file in it cannot be written inside the block (a full disk, say).
        """
        with self._in_words(str(self.folder)):
            self.folder.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.folder, prefix=STAGED))
        try:
            yield folder
        except OSError as error:
            if error.filename is not None and not Path(error.filename).is_relative_to(self.folder):
                raise  # of another file than those that are made here
            with self._in_words(f"files in {folder}"):
                raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kept(self) -> Iterator[tuple[str, Path]]:
        """Every file of the folder with the SHA-256 it is named by."""
        for path in sorted(self.folder.glob("??/*")):
            digest = path.parent.name + path.name
            if re.fullmatch("[0-9a-f]{64}", digest):
                yield digest, path

    def sweep(self, named: set[str], older_than_seconds: float, *, dry: bool) -> Swept:
        """Remove files that are not ``named`` and that nobody has touched for so long."""
        before = time.time() - older_than_seconds
        files = size = 0
        for digest, path in self.kept():
            with suppress(FileNotFoundError):
                found = path.stat()
                if digest not in named and found.st_mtime < before:
                    if not dry:
                        path.unlink()
                    files, size = files + 1, size + found.st_size
        for folder in self.folder.glob(f"{STAGED}*"):
            with suppress(FileNotFoundError):
                if folder.stat().st_mtime < before and not dry:
                    shutil.rmtree(folder, ignore_errors=True)
        return Swept(files, size)

    def _is_there(self, digest: str) -> bool:
        try:
            return digest_of(self.path(digest)) == digest
        except FileNotFoundError:
            return False

    def _take(self, staged: Path, digest: str) -> None:
        place = self.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        _sync_file(staged)
        try:
            os.replace(staged, place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with self.staging() as folder:  # from another file system: a copy, then the same steps
                copy = folder / digest
                shutil.copyfile(staged, copy)
                _sync_file(copy)
                os.replace(copy, place)
            os.unlink(staged)

    def _settle(self, digest: str) -> None:
        """Make file and names durable, those too that a process left that died before it could."""
        place = self.path(digest)
        os.utime(place)  # in use again: not to be swept
        _sync_file(place)
        for folder in (place.parent, self.folder, self.folder.parent):
            sync_folder(folder)

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnusable(
                f"cannot keep {what} in {self.folder} ({error.strerror}); nothing was changed",
                code=code_of(error) or StoreUnusable.code,
            ) from error


def digest_of(path: Path) -> str:
    """SHA-256 of a file of any size."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
