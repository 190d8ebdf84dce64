"""One hospital's folder: its description, and its records wherever they came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from twin.case import Snapshot
from twin.errors import NotFound, TwinError
from twin.hospital import Hospital, load_hospital
from twin.records.daily import daily_counts, snapshot
from twin.records.encounters import Encounters, load_encounters, load_parts
from twin.records.folding.job import VISITS
from twin.records.history import History, history_of
from twin.records.reading.pseudonyms import Pseudonyms, secret_file, secret_of
from twin.store import Store, open_store
from twin.workspace.holdings import Holdings, Table, gaps_of, holdings_of, silence_in_words


class Workspace:
    """One hospital's folder.

    Raises
    ------
    NotFound
        There is no such folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise NotFound(f"no workspace at {self.path}; make one with: twin init {self.path}")

    @property
    def hospital_file(self) -> Path:
        """The description, to be edited."""
        return self.path / "hospital.toml"

    @property
    def names_file(self) -> Path:
        """The hospital's codes in the description's words, where they differ; optional."""
        return self.path / "records.toml"

    @property
    def records_file(self) -> Path:
        """The simulated year that the workspace was made with, read only through this class."""
        return self.path / "records" / "encounters.parquet"

    def hospital(self) -> Hospital:
        """The hospital as described now.

        Raises
        ------
        NotFound, ConfigError
            There is no description, or it has faults, all told.
        """
        return load_hospital(self.hospital_file)

    @contextmanager
    def store(self) -> Iterator[Store | None]:
        """The store, where anything was ever stored; None before."""
        if not (os.environ.get("DATABASE_URL") or (self.path / "twin.db").exists()):
            yield None
            return
        with open_store(self.path) as store:
            yield store

    def pseudonyms(self) -> Pseudonyms:
        """The names of persons and visits here.

        Raises
        ------
        TwinError
            Their secret is gone, or damaged: under a new one everybody would be told twice.
        """
        file = secret_file(self.path)
        if not file.exists():
            with self.store() as store:
                if store is not None and store.records.imports(limit=1):
                    raise TwinError(
                        f"{file}: the secret of the pseudonyms is gone; put it back from a backup: under a "
                        "new one nobody would be known again",
                        code="E_DAMAGED",
                    )
        return Pseudonyms(secret_of(self.path))

    def records(self) -> Encounters:
        """All records: what was brought in, or else the simulated year.

        Where ``hospital.toml`` or ``records.toml`` names things otherwise than when they were brought in,
        they are worked out again first.

        Raises
        ------
        NotFound
            There are none yet.
        BadData, ArtefactDamaged
            A file is damaged.
        """
        return load_encounters(self._of_today())

    def history(self) -> History:
        """Daily arrivals of every stream.

        A day on which nobody at all came, where that weekday usually brings many, is no quiet day but one
        whose records are missing: it is kept as missing in every stream, and named among the repairs.
        """
        hospital = self.hospital()
        counts, *more = (daily_counts(part, hospital) for part in load_parts(self._of_today()))
        counts["y"] += sum(part["y"] for part in more)
        together = counts.groupby("ds")["y"].sum()
        silent = pd.DatetimeIndex(gaps_of(together, ()))
        counts["y"] = counts["y"].mask(counts["ds"].isin(silent))
        history = history_of(counts, frequency="D", source="records")
        return history if silent.empty else replace(history, repairs=(silence_in_words(silent),))

    def snapshot(self, at: datetime | None = None) -> Snapshot:
        """Who is there at ``at``, or at the last instant of the records."""
        return snapshot(self.records(), self.hospital(), at)

    def fingerprint(self) -> str:
        """sha256 of the description's content and the records: equal inputs have equal fingerprints."""
        digest = hashlib.sha256(self.hospital().fingerprint.encode())
        file = self._visits() or self.records_file
        if file.is_file():
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
        return digest.hexdigest()

    def import_records(
        self,
        sources: Sequence[str | Path],
        *,
        begins: date | None = None,
        as_of: datetime | None = None,
        now: datetime | None = None,
        say: Callable[[str], None] | None = None,
    ) -> Encounters:
        """Bring files in, each whole or not at all, and give all records (see ``bring_in``).

        Raises
        ------
        BadData
            A file was refused, with every fault of it; the others are in.
        """
        from twin.workspace.asking import Asking
        from twin.workspace.bringing import bring_in

        bring_in(self, sources, Asking(begins=begins, as_of=as_of, now=now, say=say)).or_raise()
        return self.records()

    def holdings(self) -> Holdings:
        """What records are there, how new they are and where they have gaps."""
        records, hospital = load_parts(self._of_today()), self.hospital()
        with self.store() as store:
            if store is None or not store.records.head():
                return holdings_of(records, hospital)
            tables = {
                name: Table(table.rows, table.first, table.last)
                for name, table in store.records.tables().items()
                if name != VISITS
            }
            imports, findings = len(store.records.imports()), store.records.findings()
        return holdings_of(records, hospital, tables=tables, imports=imports, findings=findings)

    def _of_today(self) -> Path:
        """The file of all records."""
        file = self._visits() or self.records_file
        if not file.is_file():
            raise NotFound(f"{self.path} holds no records; bring them in with: twin import FILE")
        return file

    def _visits(self) -> Path | None:
        """The file of what was brought in, under the names that hold today; None before the first import."""
        from twin.workspace.bringing import fold_again, is_stale

        with self.store() as store:
            if store is None:
                return None
            if is_stale(store, self):
                fold_again(self)
            if VISITS not in store.records.tables():
                return None
            return store.artefacts.open_file(store.records.tables()[VISITS].sha256, "the records")
