"""Artefacts: the files a run makes (reports, plans, tables), kept by content and shown once the run is done.

A file is named by the SHA-256 of its bytes; it is whole on disk before its row is written, and its content is
checked each time it is read.
"""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects import postgresql, sqlite

from twin.errors import NotFound
from twin.store.audit import append
from twin.store.columns import clean
from twin.store.content import ArtefactDamaged, Content, Swept
from twin.store.database import Database
from twin.store.named import named
from twin.store.runs import Claim, hold
from twin.store.tables import DONE, artefact, run
from twin.units import MS_DAY, MS_SECOND

__all__ = ["ArtefactDamaged", "Artefacts", "Swept"]

SWEEP_AFTER_SECONDS = MS_DAY // MS_SECOND  # assumed: no work keeps a file for longer before its row names it


class Artefacts:
    """The files of a store."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._content, self._database = Content(folder), database

    def put(self, claim: Claim, name: str, data: bytes, media: str = "application/json") -> str:
        """Keep ``data`` as ``name`` of the claimed run and return its SHA-256.

        Others see it when the run is done. The same name again replaces what this claim put there.

        Raises
        ------
        StaleLease
            Another worker holds the run by now.
        """
        digest = self._content.keep(data)
        content = {"sha256": digest, "size": len(data), "media": media}
        key = {"run_id": claim.run_id, "token": claim.token, "name": clean(name)}
        with self._database.writing() as connection:
            hold(connection, claim)
            insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
            row = insert(artefact).values(**key, **content)
            connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=content))
            if not self.path(digest).exists():  # swept away at this very moment
                self._content.keep(data)
        return digest

    def keep(self, data: bytes) -> str:
        """Keep content and return its SHA-256; a row must name it within a day, or it is swept away."""
        return self._content.keep(data)

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
        where = f'"{name}" of run {run_id}'
        try:
            data = self.path(digest).read_bytes()
        except FileNotFoundError:
            raise ArtefactDamaged(f"{where} is gone from {self.path(digest)}") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise ArtefactDamaged(f"{where} was altered on disk: {self.path(digest)}")
        return data

    def names(self, run_id: str) -> tuple[str, ...]:
        """The artefacts of a finished run, by name; none before it is done."""
        with self._database.reading() as connection:
            rows = connection.execute(_published(run_id).with_only_columns(artefact.c.name))
            return tuple(sorted(rows.scalars()))

    def path(self, digest: str) -> Path:
        """Where the content with this SHA-256 lies."""
        return self._content.path(digest)

    def staging(self) -> AbstractContextManager[Path]:
        """A folder on the store's own file system, to make files in for ``keep_file``; gone afterwards."""
        return self._content.staging()

    def keep_file(self, staged: Path) -> str:
        """Take a file of any size in by its content and return its SHA-256; ``staged`` is there no more.

        A row must name it within a day (``publish`` of the book of records, say), or it is swept away.

        Raises
        ------
        StoreUnusable
            It cannot be read or kept; what was kept before is unharmed.
        """
        return self._content.keep_file(Path(staged))

    def open_file(self, digest: str, name: str = "a kept file") -> Path:
        """The file with this content; it is read through and compared first. Never write to it.

        Raises
        ------
        ArtefactDamaged
            It is gone or altered; ``name`` says which one in the message.
        """
        return self._content.open(digest, name)

    def sweep(self, *, dry: bool = False, older_than_seconds: float = SWEEP_AFTER_SECONDS) -> Swept:
        """Remove the files that no row names, if nobody touched them for a day; ``dry`` counts only.

        Named are the files of runs and plans, all segments, and the tables of the last two foldings.
        """
        if dry:
            with self._database.reading() as connection:
                return self._content.sweep(named(connection), older_than_seconds, dry=True)
        with self._database.writing() as connection:  # the audit's end is held: nobody publishes meanwhile
            append(connection, "store", "artefacts.sweep", "artefacts")
            return self._content.sweep(named(connection), older_than_seconds, dry=False)


def _published(run_id: str) -> Select[Any]:
    """The artefacts of the attempt that finished; those of an attempt that died stay unseen."""
    attempt = (artefact.c.run_id == run.c.id) & (artefact.c.token == run.c.token)
    wanted = (run.c.id == run_id) & (run.c.state == DONE)
    return select(artefact.c.sha256).join(run, attempt).where(wanted)
