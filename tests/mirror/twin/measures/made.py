"""Traces made by hand: what happened to each patient, in minutes, with no engine asked.

A visit is (class, came, steps) and perhaps what else is known: ``outcome``, ``listed`` and what
``tests.houses.patients`` takes. A step is (name, place, requested, started, ended, left), with None for
what did not happen; ended and left may be left out together. A line of the log is (kind, at, number of the
patient's row among all rows, or of the patient, what, n), with names for places, groups and supplies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.houses import patients, sittings
from twin.case import Case, resolve
from twin.hospital import Hospital
from twin.measures import measure, summarise
from twin.trace import UNSET, Kind, Log, Outcome, Trace
from twin.units import MS_MINUTE
from twin.workload import number_steps

_OF_GROUPS = (Kind.FLOATED,)
_OF_SUPPLIES = (
    *(Kind.MISSED, Kind.RESERVE, Kind.SUBSTITUTED, Kind.TAKEN),
    *(Kind.ORDERED, Kind.DELIVERED, Kind.EXPIRED),
)
_TIMES = (Kind.BOOKED, Kind.ABANDONED)


def ms(minute: float | None) -> int:
    """A minute of the run; unset for None. [ms]"""
    return int(UNSET) if minute is None else round(minute * MS_MINUTE)


def made(
    house: Hospital,
    visits: Sequence[tuple[Any, ...]],
    *,
    days: int = 1,
    held: Iterable[tuple[Any, ...]] = (),
    log: Iterable[tuple[Any, ...]] = (),
    exchanges: int = 0,
    **parts: Any,
) -> Trace:
    """A trace of these visits, in order of coming (or of listing, for those who were on a list).

    What a study counts of it is found to be what the definitions say.
    """
    more = [visit[3] if len(visit) > 3 else {} for visit in visits]
    rows = []
    for (name, came, steps, *_), known in zip(visits, more, strict=True):
        lengths = [
            (step[0], _length(step), *((known["patience"],) if "patience" in known else ())) for step in steps
        ]
        other = {k: v for k, v in known.items() if k not in ("outcome", "listed", "patience", "delay")}
        rows.append((name, known.get("listed", came), lengths, other))
    work = patients(house, rows, days=days)
    assert work.key.tolist() == list(range(1, len(rows) + 1)), "visits stand in order of coming"
    delay = [
        ms(known.get("delay", 0))
        for (_, _, steps, *_), known in zip(visits, more, strict=True)
        for _ in steps
    ]
    work = replace(
        work, delay=np.array(delay, np.int64), reason=np.where(np.array(delay, np.int64) > 0, 0, -1)
    )
    schedule = replace(resolve(Case(house, **parts), work.window), sittings=sittings(house, held))
    places = tuple(house.everywhere)
    steps = [step for visit in visits for step in visit[2]]

    def column(i: int) -> Any:
        return np.array([ms(step[i] if len(step) > i else None) for step in steps], np.int64)

    trace = Trace(
        workload=work,
        schedule=schedule,
        places=places,
        steps=number_steps(house),
        classes=tuple(house.classes),
        place=np.array([-1 if step[1] is None else places.index(step[1]) for step in steps], np.int32),
        requested=column(2),
        started=column(3),
        ended=column(4),
        left=column(5),
        exchanges=exchanges,
        engine="by hand",
        came=np.array([ms(visit[1]) for visit in visits], np.int64),
        outcome=np.array([int(known.get("outcome", Outcome.OPEN)) for known in more], np.int8),
        log=Log.of(np.array([_line(house, *line) for line in log], np.int64).reshape(-1, 5)),
    )
    assert measure(trace, house) == pytest.approx(summarise(trace, house), rel=1e-9, nan_ok=True)
    return trace


def _length(step: tuple[Any, ...]) -> float:
    started, ended = (step[i] if len(step) > i else None for i in (3, 4))
    return ended - started if started is not None and ended is not None else 1


def _line(house: Hospital, kind: Kind, at: float, who: int, what: Any, n: float = 0) -> tuple[int, ...]:
    if isinstance(what, str):
        names = (
            house.supplies
            if kind in _OF_SUPPLIES
            else house.staff
            if kind in _OF_GROUPS
            else house.everywhere
        )
        what = list(names).index(what)
    return ms(at), int(kind), who, -1 if what is None else what, ms(n) if kind in _TIMES else int(n)


def with_slots(house: Hospital, *names: str) -> Hospital:
    """The same hospital, some of whose sessions are clinics: they have slots of 10 minutes."""
    sessions = {
        name: session.model_copy(update={"slot_minutes": 10.0}) if name in names else session
        for name, session in house.sessions.items()
    }
    return house.model_copy(update={"sessions": sessions})
