"""The workspace: a folder with one hospital's description, its records and everything made from them.

``hospital.toml`` stands at its root, to be edited; ``records/encounters.parquet`` holds the records,
replaced whole or not at all. A new workspace appears complete in one step, or does not appear.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import pandas as pd

from twin.calendar import holidays
from twin.case import Snapshot
from twin.errors import NotFound, TwinError, UsageError
from twin.files import sync_folder, write_whole
from twin.hospital import Hospital, load_hospital, parse_hospital, shipped
from twin.records.daily import daily_counts, snapshot
from twin.records.encounters import Encounters, load_encounters, read_encounters
from twin.records.history import History, history_of
from twin.records.simulated import LAST_DAY, simulate_year

Size = Literal["reference", "small"]
Say = Callable[[str], None]

#: a day without arrivals is a gap where that weekday usually brings so many: by chance it comes once in
#: a thousand days, exp(-7), or less [patients a day]
USUALLY_MANY = 7


@dataclass(frozen=True)
class Holdings:
    """What records a workspace holds.

    Attributes
    ----------
    begins, as_of : first whole day, last instant
    in_house, waiting : patients in a place, and waiting for a step, at ``as_of``
    streams : arrivals by stream: whole days, patients, mean a day over all and over the last 28 days
    gaps : days, public holidays apart, on which a usually busy stream has no arrival: likely missing records
    """

    made_by: str
    begins: date
    as_of: datetime
    days: int
    encounters: int
    stays: int
    in_house: int
    waiting: int
    streams: dict[str, dict[str, float]]
    gaps: dict[str, tuple[date, ...]] = field(default_factory=dict)


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
    def records_file(self) -> Path:
        """The records, read only through this class."""
        return self.path / "records" / "encounters.parquet"

    def hospital(self) -> Hospital:
        """The hospital as described now.

        Raises
        ------
        NotFound, ConfigError
            There is no description, or it has faults, all told.
        """
        return load_hospital(self.hospital_file)

    def records(self) -> Encounters:
        """All records.

        Raises
        ------
        NotFound
            There are none yet.
        BadData
            The file is damaged.
        """
        if not self.records_file.is_file():
            raise NotFound(f"{self.path} holds no records; bring them in with: twin import FILE")
        return load_encounters(self.records_file)

    def history(self) -> History:
        """Daily arrivals of every stream.

        A day on which nobody at all came, where that weekday usually brings many, is no quiet day but one
        whose records are missing: it is kept as missing in every stream, and named among the repairs.
        """
        counts = daily_counts(self.records(), self.hospital())
        together = counts.groupby("ds")["y"].sum()
        silent = pd.DatetimeIndex(_gaps(together, ()))
        counts["y"] = counts["y"].mask(counts["ds"].isin(silent))
        history = history_of(counts, frequency="D", source="records")
        return history if silent.empty else replace(history, repairs=(_silence(silent),))

    def snapshot(self, at: datetime | None = None) -> Snapshot:
        """Who is there at ``at``, or at the last instant of the records."""
        return snapshot(self.records(), self.hospital(), at)

    def fingerprint(self) -> str:
        """sha256 of the description's content and the records: equal inputs have equal fingerprints."""
        digest = hashlib.sha256(self.hospital().fingerprint.encode())
        if self.records_file.is_file():
            with self.records_file.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def import_records(
        self,
        sources: Sequence[str | Path],
        *,
        begins: date | None = None,
        as_of: datetime | None = None,
        now: datetime | None = None,
    ) -> Encounters:
        """Replace the records by those of the files, all or nothing.

        The records that stood there are kept beside them as ``encounters.before.parquet``. ``now`` is the
        hospital's local time; nothing of the files may lie after it.

        Raises
        ------
        BadData
            With every fault; nothing was changed.
        """
        found = read_encounters(list(sources), self.hospital(), begins=begins, as_of=as_of, now=now)
        if self.records_file.is_file():
            write_whole(self.records_file.with_suffix(".before.parquet"), self.records_file.read_bytes())
        write_whole(self.records_file, found.parquet())
        return found

    def holdings(self) -> Holdings:
        """What records are there, how new they are and where they have gaps."""
        records, hospital = self.records(), self.hospital()
        counts = daily_counts(records, hospital)
        wide = counts.pivot(index="ds", columns="unique_id", values="y")[list(hospital.arrivals)]
        inside = snapshot(records, hospital).patients
        off = holidays(hospital.country, records.begins.year, records.as_of.year)
        return Holdings(
            made_by=records.made_by,
            begins=records.begins,
            as_of=records.as_of,
            days=len(wide),
            encounters=len(records.arrivals()),
            stays=records.rows,
            in_house=sum(patient.place is not None for patient in inside),
            waiting=sum(patient.waiting for patient in inside),
            streams={name: _stream(wide[name]) for name in wide},
            gaps={name: gaps for name in wide if (gaps := _gaps(wide[name], off))},
        )


def _stream(daily: pd.Series) -> dict[str, float]:
    return {
        "patients": int(daily.sum()),
        "mean_a_day": float(daily.mean()),
        "mean_of_last_28_days": float(daily.iloc[-28:].mean()),
    }


def _silence(days: pd.DatetimeIndex) -> str:
    """One sentence about days of which there are no records."""
    many = "s" if len(days) > 1 else ""
    span = f"{days[0]:%Y-%m-%d}" + (f" to {days[-1]:%Y-%m-%d}" if many else "")
    return f"no records of {len(days)} day{many} ({span}): kept as missing, not as days on which nobody came"


def _gaps(daily: pd.Series, off: Container[date]) -> tuple[date, ...]:
    """Working days without any arrival on weekdays that usually bring many."""
    usual = daily.groupby(daily.index.day_of_week).transform("median")
    empty = daily.index[(daily == 0) & (usual >= USUALLY_MANY)]
    return tuple(day.date() for day in empty if day.date() not in off)


def create_workspace(
    folder: str | Path,
    *,
    size: Size = "reference",
    seed: int = 1,
    until: date = LAST_DAY,
    days: int = 365,
    progress: Say | None = None,
) -> Workspace:
    """Make a workspace with a shipped hospital and simulated records; it appears whole or not at all.

    Parameters
    ----------
    folder
        A folder that is not there yet, or is empty.
    size
        ``reference`` (about 600 beds) or ``small`` (about 60).
    seed, until, days
        Seed, last day and number of days of the records.

    Raises
    ------
    UsageError
        The folder holds something already; nothing was changed.
    TwinError
        The folder cannot be written.
    """
    place = Path(folder)
    _refuse_if_taken(place)
    text = shipped(size)
    hospital = parse_hospital(text, source=f"{size}.toml")
    staged = place.absolute().parent / f".{place.absolute().name}.{secrets.token_hex(4)}.new"
    try:
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir()
        write_whole(staged / "hospital.toml", text.encode())
        records = simulate_year(hospital, end=until, days=days, seed=seed, progress=progress)
        write_whole(staged / "records" / "encounters.parquet", records.parquet())
        os.rename(staged, place.absolute())  # replaces an empty folder, refuses any other
        sync_folder(place.absolute().parent)
    except OSError as error:
        raise TwinError(f"{place}: cannot be made: {error.strerror}; nothing was changed") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Workspace(place)


def _refuse_if_taken(place: Path) -> None:
    if not place.exists() and not place.is_symlink():
        return
    if not place.is_dir():
        raise UsageError(f"{place} is not a folder; name a folder that is new or empty")
    names = sorted(entry.name for entry in place.iterdir())
    if "hospital.toml" in names:
        raise UsageError(f"{place} is a workspace already; nothing was changed; name another folder")
    if names:
        shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        raise UsageError(f"{place} is not empty ({shown}); name a folder that is new or empty")
