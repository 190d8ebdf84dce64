"""Hospitals small enough to check by hand, patients set by hand, and what the trace tells of them.

Times are minutes since the run's first midnight. A patient is (class, arrival, steps), where steps are
(name, minutes) or (name, minutes, patience); a fourth entry says what else is known of him. In what the
trace tells, patients are numbered from 1 in the order in which the story names them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from twin.case import Case, Schedule, Sittings, Window, resolve
from twin.engine import Engine, simulate
from twin.hospital import Hospital
from twin.trace import UNSET, Kind, Trace
from twin.units import MS_MINUTE
from twin.workload import ARRIVES, FAR, NONE, ON_CUE, Workload, number_steps

START = date(2025, 1, 6)  # a Monday


def minutes_of(values: Iterable[int]) -> list[float | None]:
    """Milliseconds as minutes, None where unset."""
    return [None if v == UNSET else float(v) / MS_MINUTE for v in values]


# ---- the house -----------------------------------------------------------------------------------


def hospital(
    *,
    pathways: dict[str, list[dict[str, Any]]],
    places: dict[str, Any] | None = None,
    wards: dict[str, Any] | None = None,
    staff: dict[str, Any] | None = None,
    priorities: dict[str, int] | None = None,
    profiles: dict[str, Any] | None = None,
    classes: dict[str, dict[str, Any]] | None = None,
    items: dict[str, Any] | None = None,
    trays: dict[str, str] | None = None,
    kits: dict[str, dict[str, int]] | None = None,
    sessions: dict[str, list[str]] | None = None,
) -> Hospital:
    """A hospital of one class a pathway.

    ``places``, ``wards``, ``staff`` and ``items`` take a number or a table; ``classes`` what a class has
    beside its pathway; ``trays`` the class that is the tray's way through SPD, or a table; ``kits`` their
    contents; ``sessions`` their classes (when they are held a story says with :func:`sittings`).
    """

    def table(name: str, value: Any, *keys: str) -> dict[str, Any]:
        return {"title": name, **(value if isinstance(value, dict) else dict.fromkeys(keys, value))}

    def tables(section: Mapping[str, Any] | None, *keys: str) -> dict[str, Any]:
        return {name: table(name, value, *keys) for name, value in (section or {}).items()}

    steps = {
        name: {"steps": [{"duration": {"mean": 10, "unit": "minutes"}, **step} for step in rows]}
        for name, rows in pathways.items()
    }
    people = {
        name: {"title": name, "priority": (priorities or {}).get(name, 5), "pathway": name}
        | (classes or {}).get(name, {})
        for name in pathways
    }
    come = [name for name, entry in people.items() if entry.get("of") != "tray"]
    return Hospital.model_validate(
        {
            "name": "a small house",
            "timezone": "UTC",
            "profiles": profiles or {},
            "wards": tables(wards, "physical_beds", "staffed_beds"),
            "places": tables(places, "physical", "staffed"),
            "staff": tables(staff, "on_duty"),
            "items": tables(items, "stock"),
            "trays": {
                name: {"owned": 1} | table(name, value, "patient_class")
                for name, value in (trays or {}).items()
            },
            "kits": {name: {"contents": contents} for name, contents in (kits or {}).items()},
            "sessions": {name: {"title": name, "classes": of} for name, of in (sessions or {}).items()},
            "arrivals": {
                "door": {"title": "door", "daily_mean": 0, "mix": dict.fromkeys(come, 1 / len(come))}
            },
            "classes": people,
            "pathways": steps,
        }
    )


def profile_at(hour: int) -> dict[str, list[float]]:
    """A profile all of whose discharges fall into one hour of the day."""
    return {"hours": [float(h == hour) for h in range(24)]}


def level(*rows: tuple[str, str, int], usual: int = 1, **more: Any) -> dict[str, Any]:
    """A place with ``usual`` units but for stretches of the day: (from, to, units)."""
    calendar = [{"from": start, "to": end, "staffed": n} for start, end, n in rows]
    most = max([usual, *(n for _, _, n in rows)])
    return {"physical": most, "staffed": usual, "calendar": calendar, **more}


def duty(*rows: tuple[str, str, int], usual: int = 1, **more: Any) -> dict[str, Any]:
    """A staff group with ``usual`` people on duty but for stretches of the day: (from, to, people)."""
    calendar = [{"from": start, "to": end, "on_duty": n} for start, end, n in rows]
    return {"on_duty": usual, "calendar": calendar, **more}


# ---- the patients --------------------------------------------------------------------------------


def patients(
    house: Hospital,
    rows: Sequence[tuple[Any, ...]],
    *,
    days: int = 10,
    start: date = START,
    leads: Mapping[str, Sequence[float]] | None = None,
    cleaning: Iterable[tuple[str, float]] = (),
) -> Workload:
    """Patients by hand: (class, arrival minute, [(step name, minutes), ...]) in order of key.

    A fourth entry is a table of what else is known: ``origin``, ``since`` (else the arrival), ``held``,
    ``came``, ``shows``, ``late``, ``appointment``, ``session``, ``promised``, ``tray``, ``pooled`` (people
    by group), ``cue`` = (number of another patient, name of his step, kind, gap).
    """
    numbers = {(k.patient_class, k.name): i for i, k in enumerate(number_steps(house))}
    classes, places = list(house.classes), list(house.everywhere)
    more = [row[3] if len(row) > 3 else {} for row in rows]
    comes = [FAR if "cue" in m else round(r[1] * MS_MINUTE) for r, m in zip(rows, more, strict=True)]
    order = sorted(range(len(rows)), key=lambda i: (comes[i], i))

    first, step, duration, patience = [0], [], [], []
    for i in order:
        for name, length, *limit in rows[i][2]:
            step.append(numbers[rows[i][0], name])
            duration.append(round(length * MS_MINUTE))
            patience.append(round(limit[0] * MS_MINUTE) if limit else NONE)
        first.append(len(step))

    def column(key: str, kind: Any, usual: Any, value: Any = lambda v: round(v * MS_MINUTE)) -> Any:
        return np.array([value(more[i][key]) if key in more[i] else usual for i in order], kind)

    arrival = np.array([comes[i] for i in order], np.int64)
    origin = [ON_CUE if "cue" in more[i] else more[i].get("origin", ARRIVES) for i in order]
    there = np.array([o not in (ARRIVES, ON_CUE) for o in origin], bool)
    known = np.array(["since" in more[i] for i in order], bool)
    window = Window(start, days=days, tail=0)
    return Workload(
        seed=0,
        replication=0,
        window=window,
        clock=window.clock(house),
        key=np.array([i + 1 for i in order], np.int64),
        patient_class=np.array([classes.index(rows[i][0]) for i in order], np.int32),
        arrival=arrival,
        first=np.array(first, np.int64),
        origin=np.array(origin, np.int8),
        held=column("held", np.int32, NONE, places.index),
        since=np.where(known, column("since", np.int64, 0), np.where(there, arrival, 0)),
        step=np.array(step, np.int32),
        duration=np.array(duration, np.int64),
        wall=np.full(len(step), NONE, np.int64),
        came=np.array([round(more[i]["came"] * MS_MINUTE) if "came" in more[i] else comes[i] for i in order]),
        shows=column("shows", np.int8, 1, int),
        late=column("late", np.int64, 0),
        appointment=column("appointment", np.int64, NONE),
        session=column("session", np.int32, NONE, list(house.sessions).index),
        promised=column("promised", np.int32, NONE, places.index),
        tray=column("tray", np.int32, NONE, list(house.trays).index),
        patience=np.array(patience, np.int64),
        pooled=_pooled(house, more, order),
        **_cues(rows, more, order, first),
        **_leads(house, leads or {}),
        cleaning=np.array(
            [(places.index(place), round(until * MS_MINUTE)) for place, until in cleaning], np.int64
        ).reshape(-1, 2),
    )


def _pooled(house: Hospital, more: list[dict[str, Any]], order: list[int]) -> Any:
    groups = list(house.staff)
    lines = [
        (at, groups.index(group), n)
        for at, i in enumerate(order)
        for group, n in more[i].get("pooled", {}).items()
    ]
    return np.array(lines, np.int64).reshape(-1, 3)


def _cues(
    rows: Sequence[tuple[Any, ...]], more: list[dict[str, Any]], order: list[int], first: list[int]
) -> dict[str, Any]:
    lines = []
    for at, i in enumerate(order):
        if "cue" in more[i]:
            number, name, kind, gap = more[i]["cue"]
            steps = [step[0] for step in rows[number - 1][2]]
            lines.append(
                (first[order.index(number - 1)] + steps.index(name), kind, at, round(gap * MS_MINUTE))
            )
    table = np.array(sorted(lines), np.int64).reshape(-1, 4)
    names = ("cue_row", "cue_kind", "cue_patient", "cue_gap")
    return {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}


def _leads(house: Hospital, leads: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    times = [[round(m * MS_MINUTE) for m in leads.get(item, ())] for item in house.items]
    first = np.cumsum([0, *(len(t) for t in times)])
    return {"lead_from": first.astype(np.int64), "lead": np.array([t for ts in times for t in ts], np.int64)}


# ---- the run -------------------------------------------------------------------------------------


def case(house: Hospital, **parts: Any) -> Case:
    """A case of this house with nothing planned and nobody there."""
    return Case(house, **parts)


def sitting(
    session: str,
    opens: float,
    closes: float,
    *,
    books: float = 0,
    limit: float | None = None,
    slots: Sequence[float] = (),
) -> tuple[Any, ...]:
    """A session that is held: filled at ``books``; no case starts after ``limit`` (else its close)."""
    return books, opens, session, closes, closes if limit is None else limit, tuple(slots)


def sittings(house: Hospital, held: Iterable[tuple[Any, ...]]) -> Sittings:
    """The sessions of a run from :func:`sitting`, in order of (books, opens, session)."""
    names = list(house.sessions)
    rows = sorted(held, key=lambda s: (s[0], s[1], names.index(s[2])))

    def column(i: int) -> Any:
        return np.array([round(row[i] * MS_MINUTE) for row in rows], np.int64)

    return Sittings(
        session=np.array([names.index(row[2]) for row in rows], np.int64),
        books=column(0),
        opens=column(1),
        closes=column(3),
        limit=column(4),
        slot_from=np.cumsum([0, *(len(row[5]) for row in rows)]).astype(np.int64),
        slot=np.array([round(slot * MS_MINUTE) for row in rows for slot in row[5]], np.int64),
    )


def play(
    engine: Engine,
    house: Hospital,
    rows: Sequence[tuple[Any, ...]],
    *,
    days: int = 10,
    held: Iterable[tuple[Any, ...]] = (),
    leads: Mapping[str, Sequence[float]] | None = None,
    cleaning: Iterable[tuple[str, float]] = (),
    **parts: Any,
) -> Trace:
    """Play a story: these patients in this house; ``held`` are its sessions from :func:`sitting`."""
    work = patients(house, rows, days=days, leads=leads, cleaning=cleaning)
    today = case(house, **parts)
    schedule: Schedule = replace(resolve(today, work.window), sittings=sittings(house, held))
    return simulate(today, work, engine=engine, schedule=schedule)


# ---- what the trace tells ------------------------------------------------------------------------


def told(trace: Trace, column: str) -> list[list[float | None]]:
    """A column of times, a list of its steps for each patient in order of number. [minutes]"""
    values, first = minutes_of(getattr(trace, column)), trace.workload.first
    return [values[first[i] : first[i + 1]] for i in np.argsort(trace.workload.key)]


def starts(trace: Trace) -> list[float | None]:
    """When each patient's first step of the story began, in order of number. [minutes]"""
    return [steps[0] for steps in told(trace, "started")]


def ends(trace: Trace) -> list[float | None]:
    """When each patient's last step of the story ended, in order of number. [minutes]"""
    return [steps[-1] for steps in told(trace, "ended")]


def came(trace: Trace) -> list[float | None]:
    """When each patient came, in order of number. [minutes]"""
    return [minutes_of(trace.came)[i] for i in np.argsort(trace.workload.key)]


def outcomes(trace: Trace) -> list[int]:
    """How each patient's visit ended, in order of number."""
    return [int(trace.outcome[i]) for i in np.argsort(trace.workload.key)]


def where(trace: Trace) -> list[str | None]:
    """The place of each row in the order of the workload."""
    return [None if p == NONE else trace.places[p] for p in trace.place]


#: kinds whose ``who`` is a patient; of the others with a ``who`` it is a row
_OF_PATIENTS = (Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED)
_OF_PLACES = (Kind.STOPPED, Kind.RESUMED, Kind.MOVED, Kind.ABANDONED, Kind.PROMISED)
_OF_SITTINGS = _OF_PATIENTS
#: kinds whose ``n`` is a time
_TIMES = (Kind.BOOKED, Kind.ABANDONED)
_WITHOUT_N = (Kind.RESUMED, Kind.MOVED, Kind.PROMISED, Kind.NO_SHOW, Kind.CANCELLED)


def lines(trace: Trace, house: Hospital, kind: Kind) -> list[tuple[Any, ...]]:
    """The log's lines of one kind: (minute, number of the patient, what, n).

    Deliveries and the like have no patient; lines that say nothing with ``n`` are without it.
    """
    log, found = trace.log.only(kind), []
    for at, who, what, n in zip(log.at, log.who, log.what, log.n, strict=True):
        line: list[Any] = [float(at) / MS_MINUTE]
        if who != NONE:
            patient = who if kind in _OF_PATIENTS else trace.patient[who]
            line.append(int(trace.workload.key[patient]))
        line.append(_named(house, kind, int(what)))
        if kind in _WITHOUT_N:
            assert n == 0, "nothing is said with n"
        else:
            line.append(float(n) / MS_MINUTE if kind in _TIMES else int(n))
        found.append(tuple(line))
    return found


def _named(house: Hospital, kind: Kind, what: int) -> str | int | None:
    if kind in _OF_SITTINGS:
        return what
    if what == NONE:
        return None
    if kind in _OF_PLACES:
        return list(house.everywhere)[what]
    return list(house.staff if kind == Kind.FLOATED else house.supplies)[what]
