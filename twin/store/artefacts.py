"""Artefacts: the files a run makes (reports, plans, tables), kept by content and shown once the run is done.

A file is named by the SHA-256 of its bytes; it is whole on disk before its row is written, and its content is
checked each time it is read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite

from twin.errors import NotFound, TwinError
from twin.files import sync_folder, write_whole
from twin.store.columns import clean
from twin.store.database import Database, StoreUnusable
from twin.store.runs import Claim, hold
from twin.store.tables import DONE, artefact, run


class ArtefactDamaged(TwinError):
    """A stored file is gone or no longer has the content that it was stored with."""


class Artefacts:
    """The files of a store."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder, self._database = folder, database

    def put(self, claim: Claim, name: str, data: bytes, media: str = "application/json") -> str:
        """Keep ``data`` as ``name`` of the claimed run and return its SHA-256.

        Others see it when the run is done. The same name again replaces what this claim put there.

        Raises
        ------
        StaleLease
            Another worker holds the run by now.
        """
        digest = hashlib.sha256(data).hexdigest()
        self._keep(digest, data)
        content = {"sha256": digest, "size": len(data), "media": media}
        key = {"run_id": claim.run_id, "token": claim.token, "name": clean(name)}
        with self._database.writing() as connection:
            hold(connection, claim)
            insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
            row = insert(artefact).values(**key, **content)
            connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=content))
        return digest

    def get(self, run_id: str, name: str) -> bytes:
        """The content of ``name`` of a finished run.

        Raises
        ------
        NotFound
            The run is not done or made no such artefact.
        ArtefactDamaged
            The file is gone or altered.
        """
        with self._database.reading() as connection:
            digest = connection.scalar(_published(run_id).where(artefact.c.name == name))
        if digest is None:
            raise NotFound(f'no finished run "{run_id}" with an artefact "{name}"')
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise ArtefactDamaged(f'"{name}" of run {run_id} is gone from {self.path(digest)}') from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise ArtefactDamaged(f'"{name}" of run {run_id} was altered on disk: {self.path(digest)}')
        return data

    def names(self, run_id: str) -> tuple[str, ...]:
        """The artefacts of a finished run, by name; none before it is done."""
        with self._database.reading() as connection:
            rows = connection.execute(_published(run_id).with_only_columns(artefact.c.name))
            return tuple(sorted(rows.scalars()))

    def path(self, digest: str) -> Path:
        """Where the content with this SHA-256 lies."""
        return self._folder / digest[:2] / digest[2:]

    def _keep(self, digest: str, data: bytes) -> None:
        path = self.path(digest)
        try:
            if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
                return
            _make_folder(path.parent)
            write_whole(path, data)
        except OSError as error:
            raise StoreUnusable(f"cannot write {path} ({error.strerror})") from error


def _make_folder(folder: Path) -> None:
    """Make ``folder`` and sync each parent that gained a name."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def _published(run_id: str) -> Select[Any]:
    """The artefacts of the attempt that finished; those of an attempt that died stay unseen."""
    attempt = (artefact.c.run_id == run.c.id) & (artefact.c.token == run.c.token)
    wanted = (run.c.id == run_id) & (run.c.state == DONE)
    return select(artefact.c.sha256).join(run, attempt).where(wanted)
