"""Pseudonyms: a person's or visit's number under another name, the same each time, told by nobody.

A keyed hash with the workspace's own secret: without the secret nobody can try out numbers, and two
workspaces give one person two names. The number itself is kept nowhere. Every byte counts: 00123 and 123 are
two people.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from twin.errors import TwinError
from twin.files import sync_folder, write_whole

SECRET_BYTES = 32
_BYTES = 12  # 96 bits: among 10^9 people two share a name with a chance of 6e-12


class Pseudonyms:
    """Pseudonyms under one secret.

    Parameters
    ----------
    secret
        At least 16 bytes; kept by the workspace, never beside the records it protects.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 16:
            raise ValueError("a secret has at least 16 bytes")
        self._secret = secret
        self._patient = hashlib.blake2b(key=secret[:64], person=b"patient", digest_size=_BYTES)
        self._encounter = hashlib.blake2b(key=secret[:64], person=b"encounter", digest_size=_BYTES)

    def secret_for_a_reader(self) -> bytes:
        """The secret, for the process that reads; never to be written down or told."""
        return self._secret

    def patient(self, number: str) -> str | None:
        """Pseudonym of a person; None where there is no number."""
        return _named(self._patient, "P", number)

    def encounter(self, number: str) -> str | None:
        """Pseudonym of a visit, an appointment or a case; None where there is no number."""
        return _named(self._encounter, "E", number)


def _named(hasher: hashlib.blake2b, letter: str, number: str) -> str | None:
    if not number:
        return None
    own = hasher.copy()
    own.update(number.encode("utf-8", "surrogatepass"))
    return letter + own.hexdigest()


def _make_secret(path: Path) -> None:
    """Write a new secret, whole, unless another process has meanwhile: the first one holds."""
    staged = path.with_name(f".secret-{secrets.token_hex(4)}")
    write_whole(staged, secrets.token_hex(SECRET_BYTES).encode() + b"\n")
    try:
        os.chmod(staged, 0o600)
        with suppress(FileExistsError):
            os.link(staged, path)
    finally:
        os.unlink(staged)
    sync_folder(path.parent)


def secret_file(folder: Path) -> Path:
    """Where the secret of a workspace stands."""
    return folder / "records" / "secret"


def secret_of(folder: Path) -> bytes:
    """The secret of a workspace, made on first use; only its owner may read it.

    Raises
    ------
    TwinError
        It is there and cannot be read, or is damaged: records read with another would not fit.
    """
    path = secret_file(folder)
    try:
        if not path.exists():
            _make_secret(path)
        return bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise TwinError(
            f"{path}: the secret of the pseudonyms cannot be read ({error}); put it back from a backup"
        ) from None
