"""Sources: where a run's history comes from, and which of its series feeds which stream of the hospital.

A workspace's own records feed every stream. A file may be of another hospital: its series are mapped
to streams, and scaled to this hospital's mean unless told not to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from scenarios.entry import emergency_stream, stream_called
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital
from twin.records.history import History, read_history
from twin.units import FloatArray
from twin.workspace import Workspace

KEEP, NONE = "keep", "none"
SCALES = (KEEP, NONE)
#: the recent past whose mean a foreign series is scaled from: whole weeks of about a year [days]
RECENT = 364


@dataclass(frozen=True)
class Source:
    """A daily history and its use.

    Attributes
    ----------
    name : of the file, or "records"
    history : daily
    as_of : last instant of the data, before hours were summed to days
    streams : series -> stream of the hospital
    scale : ``keep`` the hospital's mean, or ``none``
    means : stream -> the hospital's own mean [patients a day]
    fingerprint : sha256 of the data
    country : holiday calendar; found from the history when None
    is_simulated : drawn by the twin itself, to try it on
    """

    name: str
    history: History = field(repr=False)
    as_of: datetime
    streams: Mapping[str, str]
    scale: str
    means: Mapping[str, float]
    fingerprint: str
    country: str | None = None
    is_foreign: bool = True
    is_simulated: bool = False
    notes: tuple[str, ...] = ()

    def observed(self, stream: str) -> FloatArray:
        """Counts of a stream as they stand in the data, NaN where missing, shape (day,). [patients a day]"""
        rows = [self.history.ids.index(series) for series, to in self.streams.items() if to == stream]
        return np.asarray(self.history.values)[rows].sum(axis=0)

    def recent_mean(self, stream: str) -> float:
        """Mean over the last year of the data, or all of it. [patients a day]"""
        return float(np.nanmean(self.observed(stream)[-RECENT:]))

    def factor(self, stream: str) -> float:
        """What a count is multiplied by to become this hospital's."""
        if not self.is_foreign or self.scale == NONE:
            return 1.0
        return self.means[stream] / self.recent_mean(stream)

    def described(self, stream: str) -> str:
        """``UIHC_ED from ed_arrivals.csv``."""
        if not self.is_foreign:
            return "this hospital's records"
        series = " + ".join(name for name, to in self.streams.items() if to == stream)
        return f"{series} from {self.name}"

    def scale_note(self, stream: str) -> str:
        """How a foreign series was brought to this hospital, in words."""
        recent = self.recent_mean(stream)
        if self.scale == NONE:
            return f"{self.described(stream)} is used as it is, {recent:.1f} a day"
        return (
            f"{self.described(stream)} has {recent:.1f} a day; scaled by {self.factor(stream):.3f} to this "
            f"hospital's mean of {self.means[stream]:.1f} a day"
        )


def own_records(workspace: Workspace, hospital: Hospital) -> Source:
    """The workspace's records: every stream that ever had a patient."""
    history = workspace.history()
    patients = dict(zip(history.ids, np.nansum(np.asarray(history.values), axis=1), strict=True))
    busy = {name: name for name in hospital.arrivals if patients.get(name, 0) > 0}
    quiet = [name for name in hospital.arrivals if name not in busy]
    notes = tuple(f"{name}: no arrivals in the records; the hospital's own model serves" for name in quiet)
    if not busy:
        raise UsageError("the records hold no arrivals; bring records in with: twin import FILE")
    kept = _only(history, list(busy))
    records = workspace.records()
    return Source(
        name="records",
        history=kept,
        as_of=records.as_of,
        streams=busy,
        scale=NONE,
        means=hospital_means(hospital),
        fingerprint=workspace.fingerprint(),
        country=hospital.country,
        is_foreign=False,
        is_simulated=records.made_by == "simulated",
        notes=notes,
    )


def history_file(
    path: Path, hospital: Hospital, *, mapping: Mapping[str, str] | None = None, scale: str = KEEP
) -> Source:
    """A file ``unique_id, ds, y`` of hours or days.

    Parameters
    ----------
    mapping
        Series -> stream. When omitted, series named like streams feed them, and a single series
        feeds the emergency stream.

    Raises
    ------
    BadData
        The file cannot be used; every fault is told. (exit code 3)
    ConfigError
        The mapping names series or streams that are not there, or none can be guessed. (exit code 2)
    """
    if scale not in SCALES:
        raise UsageError(f'--scale "{scale}" is not one of {", ".join(SCALES)}')
    hourly = read_history(path)
    history = hourly.daily()
    streams = _mapping(history, hospital, dict(mapping or {}))
    left_out = [name for name in history.ids if name not in streams]
    source = Source(
        name=path.name,
        history=_only(history, list(streams)),
        as_of=hourly.as_of.to_pydatetime(),
        streams=streams,
        scale=scale,
        means=hospital_means(hospital),
        fingerprint=hashlib.sha256(path.read_bytes() + hospital.fingerprint.encode()).hexdigest(),
        notes=(f"{len(left_out)} series of {path.name} feed no stream and were left out",)
        if left_out
        else (),
    )
    _refuse_silent(source)
    return source


def hospital_means(hospital: Hospital) -> dict[str, float]:
    """Mean of each stream as the hospital describes it, over a week. [patients a day]"""
    return {
        name: stream.daily_mean * float(np.mean(stream.weekday_factors))
        for name, stream in hospital.arrivals.items()
    }


def _mapping(history: History, hospital: Hospital, asked: dict[str, str]) -> dict[str, str]:
    problems = []
    for series, stream in asked.items():
        if series not in history.ids:
            problems.append(
                Problem(f"--map {series}", None, "no such series", did_you_mean(series, history.ids))
            )
        if stream_called(hospital, stream) is None:
            cure = did_you_mean(stream, hospital.arrivals)
            problems.append(Problem(f"--map {series}={stream}", None, "no such stream", cure))
    named = {series: stream_called(hospital, stream) or stream for series, stream in asked.items()}
    found = named or {name: name for name in history.ids if name in hospital.arrivals}
    emergency = emergency_stream(hospital)
    if not found and len(history.ids) == 1 and emergency is not None:
        found = {history.ids[0]: emergency}
    if not found:
        cure = f"--map SERIES=STREAM, with a stream of: {', '.join(hospital.arrivals)}"
        problems.append(Problem("--map", None, f"which of {len(history.ids)} series feeds what?", cure))
    if problems:
        raise ConfigError("the history's mapping", problems)
    return found


def _refuse_silent(source: Source) -> None:
    silent = [s for s in dict.fromkeys(source.streams.values()) if not source.recent_mean(s) > 0]
    if silent and source.scale == KEEP:
        rule = "nobody came in its last year, so it cannot be scaled to this hospital"
        raise ConfigError(
            source.name, [Problem(s, 0, rule, "map another series, or --scale none") for s in silent]
        )


def _only(history: History, series: list[str]) -> History:
    frame = history.frame[history.frame["unique_id"].isin(series)].reset_index(drop=True)
    return History(frame, history.frequency, history.repairs)
